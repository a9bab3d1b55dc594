"""The home tab's smaller dialogs: who may change things, the digest of a channel, a last question. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.commands.spoken import WEEKDAYS
from bot.slack import inputs
from bot.slack.dialog_view import zone_menu
from bot.slack.inputs import Block, Option, View, asked, one_of, option
from relay.transports.slack_text import short

SETTINGS, DIGEST, UNFOLLOW = "settings", "digest", "unfollow"
DIGEST_CHANNEL = "digest_channel"
MOST_PEOPLE = 15

_EDITORS = (
    option("everyone", "Everyone"),
    option("admins", "Admins of the workspace"),
    option("chosen", "People I choose"),
)
_EVERY = (option("daily", "Every day"), option("weekly", "Every week"), option("off", "No digest"))
_DAYS = tuple(option(name, name.capitalize()) for name in WEEKDAYS)


def settings_view(editors: str, chosen: Sequence[str], home: int | None) -> View:
    """Who may change what is followed."""
    people: Block = {
        "type": "multi_users_select",
        "placeholder": inputs.plain("People", 150),
        "max_selected_items": MOST_PEOPLE,
    }
    people |= {"initial_users": list(chosen)[:MOST_PEOPLE]} if chosen and editors == "chosen" else {}
    hint = "Only where you choose people. You stay among them, so that nobody is locked out."
    blocks = [
        asked("editors", "Who may follow, change, mute and unfollow?", one_of("radio_buttons", _EDITORS, editors)),
        asked("chosen", "Which people", people, optional=True, hint=hint),
    ]
    return inputs.modal(SETTINGS, "Settings", blocks, submit="Save", close="Cancel", metadata=_metadata(home))


def settings_words(answers: Mapping[str, Any]) -> tuple[str, ...]:
    """As the command is told."""
    editors = inputs.value_of(answers.get("editors")) or "everyone"
    return ("changes", *(answers.get("chosen") or ())) if editors == "chosen" else ("changes", editors)


def settings_faults(answers: Mapping[str, Any]) -> dict[str, str]:
    """What can be said at once to be wrong."""
    chosen = inputs.value_of(answers.get("editors")) == "chosen"
    return {"chosen": "Which people?"} if chosen and not answers.get("chosen") else {}


@dataclass(frozen=True)
class Digest:
    """What a channel's digest is set to."""

    channel: str | None = None
    every: str = "daily"
    at: str = "09:00"
    weekday: str = WEEKDAYS[0]
    zone: Option | None = None


def digest_view(digest: Digest, home: int | None) -> View:
    """When a channel gets a summary."""
    channel: Block = {
        "type": "conversations_select",
        "placeholder": inputs.plain("A channel", 150),
        "filter": {"include": ["public", "private"]},
    }
    channel |= {"initial_conversation": digest.channel} if digest.channel else {}
    # named by the channel: what was set for one must not stay when another is chosen
    named = {name: f"{name}:{digest.channel}" for name in ("every", "at", "weekday", "zone")}
    day, zone_hint = one_of("static_select", _DAYS, digest.weekday), "UTC where you choose none."
    blocks = [
        inputs.section("A summary of incidents, minutes of trouble, uptime and coming maintenance."),
        asked(DIGEST_CHANNEL, "For which channel?", channel) | {"dispatch_action": True},
        asked(named["every"], "How often?", one_of("radio_buttons", _EVERY, digest.every)),
        asked(named["at"], "At what time?", {"type": "timepicker", "initial_time": digest.at}),
        asked(
            named["weekday"],
            "On which day?",
            day,
            hint="Of a weekly one.",
        ),
        asked(named["zone"], "In which time zone?", zone_menu(digest.zone), optional=True, hint=zone_hint),
    ]
    return inputs.modal(DIGEST, "Digest", blocks, submit="Save", close="Cancel", metadata=_metadata(home))


def digest_of(channel: str, plan: Mapping[str, Any] | None) -> Digest:
    """What is set for a channel."""
    if plan is None:
        return Digest(channel=channel)
    zone = str(plan["zone"])
    return Digest(
        channel=channel,
        every="weekly" if plan["every"] == "week" else "daily",
        at=str(plan["at"]),
        weekday=WEEKDAYS[int(plan.get("weekday", 0))],
        zone=option(zone, zone.replace("_", " ")),
    )


def digest_fields(answers: Mapping[str, Any], workspace: str) -> dict[str, Any]:
    """The fields of the Request that `digest` is asked with."""
    every = inputs.value_of(answers.get("every")) or "daily"
    fields: dict[str, Any] = {"text": every, "words": (every,), "to": f"{workspace}/{answers.get(DIGEST_CHANNEL)}"}
    if every == "off":
        return fields
    fields |= {"at": answers.get("at") or "09:00", "zone": inputs.value_of(answers.get("zone")) or "UTC"}
    return fields | ({"on": inputs.value_of(answers.get("weekday"))} if every == "weekly" else {})


def unfollow_view(name: str, place: str, follow_id: int, home: int | None) -> View:
    """Whether it is meant. `place` is mrkdwn."""
    said = f"*{short(name.replace('*', '∗'), 100)}* will not be told in {place} any more."
    block = inputs.section(f"{said} Threads that there are stay where they are.")
    metadata = _metadata(home, follow=follow_id)
    return inputs.modal(UNFOLLOW, "Unfollow", [block], submit="Unfollow", close="Keep it", metadata=metadata)


def _metadata(home: int | None, **more: Any) -> str:
    return json.dumps(more | ({"home": home} if home is not None else {}))
