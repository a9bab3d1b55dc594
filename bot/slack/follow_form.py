"""What somebody chose in the dialog of a follow: from a follow, from the dialog, as the command is asked. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.slack import inputs
from bot.slack.inputs import Option, option
from relay.events import USUAL_STREAMS, Stream
from relay.manner import REMIND_MINUTES, Loud, Shape
from storage.tables import Follow

ANY = "none"
"""As the command says it: any impact, no reminder, no exception."""
_LESS_USUAL = ("shape", "loud", "people", "everybody", "kept", "mention_impact", "remind", "begins")
"""What stands behind "More options", unless it was chosen before."""


@dataclass(frozen=True)
class Form:
    """What was chosen so far. `provider`, `components` and `zone` are whole options, as their menus need them.

    follow_id: of the follow that is changed; its provider and its place are fixed then. kept: mentions that the
    dialog can't show (groups). listed: how many components the provider is known to have, None where that isn't
    known yet; problem: why not. more: the less usual questions are shown, too. home: the page of the home
    tab over which it was opened.
    """

    provider: Option | None = None
    channel: str | None = None
    components: tuple[Option, ...] = ()
    streams: tuple[str, ...] = USUAL_STREAMS
    least: str = ANY
    shape: str = Shape.THREADS
    loud: tuple[str, ...] = tuple(Loud)
    people: tuple[str, ...] = ()
    everybody: tuple[str, ...] = ()
    mention_impact: str = ANY
    remind: str = str(REMIND_MINUTES)
    begins: str | None = None
    ends: str | None = None
    zone: Option | None = None
    quiet_except: str = ANY
    follow_id: int | None = None
    kept: tuple[str, ...] = ()
    listed: int | None = None
    problem: str = ""
    more: bool = False
    home: int | None = None


def of_follow(row: Follow, provider: Option, channel: str, components: Sequence[Option]) -> Form:
    """A follow as it is now, what is unusual about it shown. `components`: all that its provider has."""
    quiet = row.quiet or {}
    zone = quiet.get("zone")
    form = Form(
        provider=provider,
        channel=channel,
        components=tuple(one for one in components if one["value"] in set(row.component_ids)),
        streams=tuple(stream for stream in Stream if getattr(row, stream)),
        least=row.min_impact or ANY,
        shape=row.shape,
        loud=tuple(one for one in Loud if one in row.loud),
        people=tuple(one for one in row.mention if _is_person(one)),
        everybody=tuple(one for one in row.mention if one in ("here", "channel")),
        mention_impact=row.mention_impact or ANY,
        remind=str(row.remind_minutes) if row.remind_minutes is not None else ANY,
        begins=quiet.get("from"),
        ends=quiet.get("until"),
        zone=option(zone, zone.replace("_", " ")) if zone else None,
        quiet_except=quiet.get("except") or ANY,
        follow_id=row.id,
        kept=tuple(one for one in row.mention if not _is_person(one) and one not in ("here", "channel")),
        listed=len(components),
    )
    usual = Form()
    return replace(form, more=any(getattr(form, name) != getattr(usual, name) for name in _LESS_USUAL))


def _is_person(mention: str) -> bool:
    return mention[:1] in ("U", "W") and mention[1:].isalnum()


def metadata(form: Form) -> str:
    """What the dialog itself doesn't show and needs once more; far below Slack's 3,000."""
    kept = {
        "follow": form.follow_id,
        "provider": form.provider if form.follow_id is not None else None,
        "channel": form.channel if form.follow_id is not None else None,
        "kept": list(form.kept)[:50],
        "listed": form.listed,
        "problem": form.problem[:300],
        "more": form.more,
        "home": form.home,
    }
    return json.dumps({key: value for key, value in kept.items() if value is not None}, separators=(",", ":"))


def form_of(view: Mapping[str, Any]) -> Form:
    """What was chosen in the dialog as it is now."""
    about = json.loads(view.get("private_metadata") or "{}")
    form = Form(
        provider=about.get("provider"),
        channel=about.get("channel"),
        follow_id=about.get("follow"),
        kept=tuple(about.get("kept", ())),
        listed=about.get("listed"),
        problem=about.get("problem", ""),
        more=about.get("more", False),
        home=about.get("home"),
    )
    return replace(form, **_answered(inputs.answers(view)))


def _answered(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The form's fields that the dialog asks for at this moment."""
    whole = {"provider", "zone", "channel", "begins", "ends"}
    found: dict[str, Any] = {name: answers[name] for name in whole & answers.keys()}
    for name in {"least", "shape", "mention_impact", "remind", "quiet_except"} & answers.keys():
        if answers[name]:
            found[name] = answers[name]["value"]
    for name in {"streams", "loud", "everybody"} & answers.keys():
        found[name] = inputs.values_of(answers[name])
    for name in {"components", "people"} & answers.keys():
        found[name] = tuple(answers[name] or ())
    return found


def faults(form: Form) -> dict[str, str]:
    """What can be said at once to be wrong, by the question it is wrong in."""
    found = {}
    if form.follow_id is None and (form.channel or "D").startswith("D"):
        found["channel"] = "Please choose a channel: direct messages can't be followed in"
    if not form.streams:
        found["streams"] = "Please choose at least one"
    if form.more:
        found |= _quiet_faults(form)
    return found


def _quiet_faults(form: Form) -> dict[str, str]:
    if form.begins is None and form.ends is None:
        return {}
    if form.begins is None or form.ends is None:
        missing = "begins" if form.begins is None else "ends"
        return {missing: "Quiet hours need both a beginning and an end"}
    if form.begins == form.ends:
        return {"ends": "Quiet hours must end at another time than they begin"}
    return {} if form.zone else {"zone": "In which time zone?"}


def wanted(form: Form, workspace: str) -> dict[str, Any]:
    """The fields of the Request that `follow` is asked with."""
    place = f"{workspace}/{form.channel}"
    fields: dict[str, Any] = {
        "provider": inputs.value_of(form.provider),
        "to": place,
        "streams": form.streams,
        "components": inputs.values_of(form.components) or ("all",),
        "min_impact": form.least,
    }
    return fields | (_manner(form) if form.more else {})


def _manner(form: Form) -> dict[str, Any]:
    quiet = f"{form.begins}-{form.ends} {form.zone['value']}" if form.begins and form.ends and form.zone else ANY
    return {
        "shape": form.shape,
        "loud": form.loud,
        "mention": (*form.people, *form.everybody, *form.kept),
        "mention_impact": form.mention_impact,
        "remind": form.remind,
        "quiet": quiet,
        "quiet_except": form.quiet_except if quiet != ANY else None,
    }
