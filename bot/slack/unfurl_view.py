"""The card that stands below a link to a status page: how things are there now. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.schema import Incident, Status
from bot.commands.services import counted, phase_words
from bot.slack import inputs
from relay.transports.slack_blocks import EMOJI
from relay.transports.slack_text import date, near, short
from relay.wording import plain

MOST_INCIDENTS = 3
NEAR_LINKS = 600
"""Characters of each link: all stand in one text."""


@dataclass(frozen=True)
class Page:
    """A status page as it is known now. checked_at: None where nobody follows it, so that nothing is known."""

    slug: str
    name: str
    url: str
    status: Status = Status.UNKNOWN
    checked_at: datetime | None = None
    failure: str | None = None
    incidents: Sequence[Incident] = field(default=())


def unfurl(page: Page) -> dict[str, Any]:
    """A link's preview, as chat.unfurl takes it."""
    name = near(page.url, page.name.replace("*", "∗")[:100], NEAR_LINKS)
    if page.checked_at is None and page.failure is None:
        said = (
            f"*{name}*: not followed here, so its state is not known. `/uptimus follow {page.slug}` changes that."
        )
        return {"blocks": [inputs.section(said)]}
    lines = [f"{EMOJI[page.status]} *{name}*: {plain(page.status)}", *_incidents(page)]
    checked = f"Checked {date(page.checked_at)}" if page.checked_at else "Never read"
    if page.failure:
        checked += f" · its page can't be read now: {short(page.failure, 200)}"
    return {"blocks": [inputs.section("\n".join(lines)), inputs.context(checked)]}


def _incidents(page: Page) -> list[str]:
    lines = [_incident(one, page) for one in page.incidents[:MOST_INCIDENTS]]
    more = len(page.incidents) - MOST_INCIDENTS
    return [*lines, *([f"… and {counted(more, 'more active incident')}"] if more > 0 else [])]


def _incident(one: Incident, page: Page) -> str:
    title = " ".join(one.title.split())
    title = title if len(title) <= 100 else f"{title[:99].rstrip()}…"
    named = near(one.url or page.url, title, NEAR_LINKS)
    since = f" · since {date(one.started_at)}" if one.started_at else ""
    return f"• {named}: {phase_words(one.phase)}, impact {plain(one.impact)}{since}"
