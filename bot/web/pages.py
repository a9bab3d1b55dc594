"""The public pages as HTML: templates, and how states, times and addresses read in them."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from adapters.schema import OVER, Component, Incident, Status, rfc3339
from bot.commands.reply import DayCell
from bot.commands.services import ago, counted
from bot.web.views import DirectoryView, ProviderView
from relay.messages import capital, lasting, plain, utc

HERE = Path(__file__).parent
STYLE = (HERE / "static" / "status.css").read_bytes()
STYLE_VERSION = hashlib.sha256(STYLE).hexdigest()[:12]

SIGNS = {
    Status.OPERATIONAL: "✓",
    Status.DEGRADED: "▾",
    Status.PARTIAL_OUTAGE: "!",
    Status.MAJOR_OUTAGE: "✕",
    Status.MAINTENANCE: "⚙",
    Status.UNKNOWN: "?",
}
"""Beside the colour and the word: state is never told by colour alone."""
SENTENCES = {
    Status.OPERATIONAL: "All systems operational",
    Status.DEGRADED: "Degraded performance",
    Status.PARTIAL_OUTAGE: "Partial outage",
    Status.MAJOR_OUTAGE: "Major outage",
    Status.MAINTENANCE: "Under maintenance",
    Status.UNKNOWN: "State unknown",
}
DAY_STATES = ("operational", "degraded", "outage", "maintenance", "unknown")
HEIGHTS = {"operational": 40, "degraded": 28, "maintenance": 20, "outage": 12, "unknown": 4}
"""Of a day's cell: each state has its own."""


def provider_page(view: ProviderView, now: datetime) -> str:
    """The page of one provider."""
    counts = Counter(day.state for day in view.days)
    return _TEMPLATES.get_template("provider.html").render(
        view=view,
        now=now,
        groups=_groups(view.components),
        counts=", ".join(f"{counts[state]} {state}" for state in DAY_STATES),
        notable=[day for day in reversed(view.days) if day.state not in ("operational", "unknown")],
        names={component.id: component.name for component in view.components},
    )


def directory_page(view: DirectoryView, now: datetime) -> str:
    """Everything followed, at a glance."""
    operational = sum(entry.status == Status.OPERATIONAL for entry in view.entries)
    return _TEMPLATES.get_template("directory.html").render(view=view, now=now, operational=operational)


def words_page(title: str, text: str) -> str:
    """A page that says one thing, for what can't be shown."""
    return _TEMPLATES.get_template("words.html").render(title=title, text=text)


def _groups(components: Iterable[Component]) -> list[tuple[str | None, list[Component]]]:
    return [(name, list(members)) for name, members in groupby(components, key=lambda one: one.group)]


def _time(moment: datetime) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(rfc3339(moment), utc(moment))


def _web_address(url: str | None) -> str | None:
    """None for what must not become a link (`javascript:` and the like)."""
    return url if url is not None and url.startswith(("https://", "http://")) else None


def _duration(incident: Incident) -> str | None:
    start, end = incident.started_at, incident.resolved_at
    if all(update.phase in OVER for update in incident.updates):
        return None  # told only when it was over, and dated back: when it was posted is not when it ended
    return lasting(end - start) if start and end and end > start else None


def _named(ids: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Components that the page does not list any more are left out."""
    return [names[id_] for id_ in ids if id_ in names]


def _cells(days: tuple[DayCell, ...]) -> list[tuple[int, int, DayCell]]:
    """Place, height and day of each cell."""
    return [(place * 10, HEIGHTS[day.state], day) for place, day in enumerate(days)]


def _environment() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(
        time=_time,
        words=lambda word: capital(plain(str(word))),
        web_address=_web_address,
        duration=_duration,
        cells=_cells,
        named=_named,
        counted=counted,
    )
    templates.globals.update(
        ago=ago, signs=SIGNS, sentences=SENTENCES, style_version=STYLE_VERSION, over=OVER, heights=HEIGHTS
    )
    return templates


_TEMPLATES = _environment()
