"""The home tab: what is active first, then what is coming, then everything that the workspace follows. Pure."""

import json
from collections.abc import Sequence
from datetime import datetime

from adapters.schema import Status
from bot.commands import wishes
from bot.commands.addresses import named
from bot.commands.services import counted, phase_words, shown_status
from bot.slack import inputs
from bot.slack.inputs import Block, Option, View, button, option
from relay.transports.slack_blocks import EMOJI
from relay.transports.slack_bulletin import place_words
from relay.transports.slack_text import SECTION, date, near, short
from relay.wording import plain
from storage import state
from storage.overview import Overview
from storage.tables import Destination, Follow, Incident, Maintenance, Provider

HOME = "home"
FOLLOW, SETTINGS, DIGEST, HISTORY, REFRESH = (
    f"home.{name}" for name in ("follow", "settings", "digest", "history", "refresh")
)
MENU, PAGE, BEFORE, AFTER = "home.menu", "home.page", "home.before", "home.after"
FOLLOWS_A_PAGE = 40
MOST_INCIDENTS = 10
MOST_COMING = 5
MOST_PAGES = 100
"""Of a menu; more than four thousand follows are listed by the command."""


def home_view(overview: Overview, page: int, *, team: str, checked_at: datetime) -> View:
    """The tab with one page of the follows, numbered from 0. At most 79 blocks."""
    if not overview.names:
        return _view(_empty(), 0)
    pages = pages_of(overview.names)
    page = min(page, len(pages) - 1)
    blocks = [
        *_top(overview, checked_at),
        *_incidents(overview),
        *_coming(overview),
        inputs.header("Followed"),
        *(_follow(*one, overview=overview, team=team) for one in overview.page),
        *_turning(pages, page),
    ]
    return _view(blocks, page)


def refused_view(text: str) -> View:
    """When it can't be shown: why, and a way to try again."""
    return _view([inputs.section(f"⚠️ {short(text, SECTION - 3)}"), inputs.actions(_refresh())], 0)


def page_of(private_metadata: str) -> int:
    """The page that a tab shows."""
    return int(json.loads(private_metadata or "{}").get("page", 0))


def pages_of(names: Sequence[str]) -> list[str]:
    """Each page in words: by the beginnings of its first and its last name."""
    starts = [names[at : at + FOLLOWS_A_PAGE] for at in range(0, len(names), FOLLOWS_A_PAGE)]
    return [f"{_beginning(part[0])} – {_beginning(part[-1])}" for part in starts]


def _beginning(name: str) -> str:
    return " ".join(name.split())[:12].strip() or "—"


def _view(blocks: list[Block], page: int) -> View:
    return {
        "type": "home",
        "callback_id": HOME,
        "private_metadata": json.dumps({"page": page}),
        "blocks": blocks[: inputs.MOST_BLOCKS],
    }


def _empty() -> list[Block]:
    return [
        inputs.header("Know when what you depend on is down"),
        inputs.section(
            "Nothing is followed yet. Follow a service, and each of its incidents gets a thread in the channel you"
            " choose: one message that always shows the present state, and every update below it."
        ),
        inputs.actions(
            button("Follow something", FOLLOW, style="primary"), button("Settings", SETTINGS), _refresh()
        ),
        inputs.context("In any channel: `/uptimus follow chargeover` · `/uptimus status` · `/uptimus help`"),
    ]


def _refresh() -> Block:
    return button("Refresh", REFRESH)


def _top(overview: Overview, checked_at: datetime) -> list[Block]:
    return [
        inputs.header(headline(overview)),
        inputs.actions(
            button("Follow something", FOLLOW, style="primary"),
            button("Digest", DIGEST, means="Set a digest for a channel"),
            button("Settings", SETTINGS, means="Who may change what is followed"),
            button("History", HISTORY, means="Who changed what"),
            _refresh(),
        ),
        inputs.context(f"As of {date(checked_at)}"),
    ]


def headline(overview: Overview) -> str:
    """The whole in one sentence."""
    if not overview.in_trouble:
        one = overview.followed == 1
        return f"🟢 {'The one provider' if one else f'All {overview.followed} providers'} operational"
    return f"🟠 {overview.in_trouble} of {counted(overview.followed, 'provider')} not operational"


def _incidents(overview: Overview) -> list[Block]:
    if not overview.incidents:
        return []
    names = overview.component_names or {}
    rows = [inputs.section(_incident(one, provider, names)) for one, provider in overview.incidents]
    more = overview.more_incidents
    return [inputs.header("Active incidents"), *rows, *([inputs.context(f"… and {more} more")] if more else [])]


_IMPACT = {"minor": Status.DEGRADED, "major": Status.PARTIAL_OUTAGE, "critical": Status.MAJOR_OUTAGE}


def _incident(row: Incident, provider: Provider, names: dict[tuple[int, str], str]) -> str:
    case = state.incident(row)
    status = _IMPACT.get(case.impact, Status.UNKNOWN)
    named = [name for id_ in case.component_ids if (name := names.get((provider.id, id_)))]
    lines = [f"{EMOJI[status]} *{_titled(provider, case.title, case.url)}*"]
    said = [phase_words(case.phase), f"impact {plain(case.impact)}"]
    about = " · ".join([", ".join(said), *([f"since {date(case.started_at)}"] if case.started_at else [])])
    lines.append(about[:1].upper() + about[1:])
    lines += [short(_listed(named, 6), 600)] if named else []
    return "\n".join(lines)


def _titled(provider: Provider, title: str, url: str | None) -> str:
    whole = " ".join(f"{provider.name}: {title}".replace("*", "∗").split())
    return near(url or provider.url, whole if len(whole) <= 200 else f"{whole[:199].rstrip()}…")


def _listed(names: Sequence[str], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _coming(overview: Overview) -> list[Block]:
    if not overview.maintenances:
        return []
    lines = [_maintenance(one, provider) for one, provider in overview.maintenances]
    more = overview.more_maintenances
    lines += [f"… and {more} more"] if more else []
    return [inputs.header("Maintenance"), *(inputs.section(line) for line in lines)]


def _maintenance(row: Maintenance, provider: Provider) -> str:
    case = state.maintenance(row)
    moments = [f"from {date(case.starts_at)}"] if case.starts_at else []
    moments += [f"to {date(case.ends_at)}"] if case.ends_at else []
    said = " · ".join([phase_words(case.phase, "announced"), *([" ".join(moments)] if moments else [])])
    return f"{EMOJI[Status.MAINTENANCE]} *{_titled(provider, case.title, case.url)}*\n{said[:1].upper()}{said[1:]}"


def _follow(
    follow: Follow, provider: Provider, destination: Destination, *, overview: Overview, team: str
) -> Block:
    status = shown_status(provider)
    name = short(provider.name.replace("*", "∗"), 100)
    lines = [f"{EMOJI[status]} *{name}*: {plain(status)} · {place_of(destination.uri, team)}"]
    lines += [f"⚠️ Nothing can be sent there: {short(destination.disabled_because or 'disabled', 200)}"] if (
        destination.disabled_at is not None
    ) else []  # fmt: skip
    lines += [f"Its page can't be read: {short(provider.failure, 200)}"] if provider.failure else []
    unusual = wishes.unusual(follow)
    lines += [short(" · ".join(unusual), 400)] if unusual else []
    return inputs.section("\n".join(lines), _menu(follow, (overview.muted or {}).get(follow.id)))


def place_of(uri: str, team: str) -> str:
    """A destination as everybody of the workspace may read it: a webhook's address may hold a secret."""
    return place_words(named(uri), team)


def _menu(follow: Follow, muted: bool | None) -> Block:
    options: list[Option] = [
        option(f"change:{follow.id}", "Change …"),
        option(f"unfollow:{follow.id}", "Unfollow …"),
    ]
    if muted is not None:
        words = ("unmute", "Unmute what is active") if muted else ("mute", "Mute what is active")
        options.append(option(f"{words[0]}:{follow.id}", words[1]))
    return {"type": "overflow", "action_id": MENU, "options": options}


def _turning(pages: Sequence[str], page: int) -> list[Block]:
    """Where there is more than one page: the one before, the one after, and all of them by name."""
    if len(pages) == 1:
        return []
    elements = (
        [button("◀ Before", BEFORE, str(page - 1), means=f"The page before, {pages[page - 1]}")] if page else []
    )
    choices = [option(str(number), f"{number + 1}: {name}") for number, name in enumerate(pages[:MOST_PAGES])]
    elements.append(inputs.one_of("static_select", choices, str(page)) | {"action_id": PAGE})
    if page + 1 < len(pages):
        elements.append(button("After ▶", AFTER, str(page + 1), means=f"The page after, {pages[page + 1]}"))
    return [inputs.context(f"Page {page + 1} of {len(pages)}"), inputs.actions(*elements)]
