"""check: one page, read once and shown as uptimus understands it; nothing is stored."""

from datetime import datetime

from adapters import ADAPTERS, catalogue, detect, named
from adapters.adapter import Page, Reading
from adapters.compose import OF_IMPACT
from adapters.fetch import AdapterError, Fetcher
from adapters.schema import OVER, Component, Incident, Maintenance, Snapshot
from bot.commands.reply import CommandError, Reply, Row, Section
from bot.commands.services import counted, phase_words, words
from bot.settings import Settings

MOST_ROWS = 15


async def check(settings: Settings, page: str, adapter: str | None, now: datetime) -> Reply:
    """Reads a page by its address or by a slug of the catalogue. Raises AdapterError and CommandError."""
    chosen = named(adapter) if adapter is not None else None
    if adapter is not None and chosen is None:
        raise CommandError(f"There is no adapter {adapter[:40]!r}; there are {', '.join(sorted(ADAPTERS))}")
    fetcher = Fetcher(
        user_agent=settings.agent,
        allow_private_networks=settings.allow_private_networks,
        denied_ports=settings.closed_ports,
        trust_proxy=settings.trust_proxy,
    )
    try:
        if chosen is not None:
            reading = await chosen.read(Page(url=_address(page), now=now), fetcher)
            evidence: tuple[str, ...] = (f"it reads whole as {chosen.title}",)
        else:
            reading, evidence = await _look(page, fetcher, now)
    finally:
        await fetcher.aclose()
    assert reading.snapshot is not None
    return _reply(reading.snapshot, evidence)


def _address(page: str) -> str:
    entry = catalogue.load().find(page)
    return entry.url if entry is not None else page


async def _look(page: str, fetcher: Fetcher, now: datetime) -> tuple[Reading, tuple[str, ...]]:
    """As the catalogue has it; where that fails, or it doesn't say, by what the page looks like."""
    entry = catalogue.load().find(page)
    doubt: tuple[str, ...] = ()
    if entry is not None and entry.adapter is not None:
        adapter = ADAPTERS[entry.adapter]
        try:
            reading = await adapter.read(Page(url=entry.url, now=now), fetcher)
        except AdapterError as error:
            doubt = (f"the catalogue has it as {adapter.title}: {error.reason}",)
        else:
            return reading, (f"the catalogue has it as {entry.name}", f"it reads whole as {adapter.title}")
    found = await detect.detect(_address(page), fetcher, now)
    return found.reading, doubt + found.evidence


def _reply(snapshot: Snapshot, evidence: tuple[str, ...]) -> Reply:
    sections = (
        Section("Evidence", note="\n".join(evidence)),
        Section("Components", tuple(_component_row(one) for one in snapshot.components or ())),
        Section("Incidents", tuple(_row(one) for one in snapshot.incidents[:MOST_ROWS]), note=_more(snapshot)),
        Section("Maintenance", tuple(_window_row(one) for one in snapshot.maintenances[:MOST_ROWS])),
    )
    read = snapshot.provider
    said = f"{read.name}: {words(snapshot.status)} ({read.adapter}, {read.url})"
    return Reply(
        text=said,
        sections=tuple(one for one in sections if one.rows or one.note),
        data=snapshot.public() | {"evidence": list(evidence)},
    )


def _component_row(one: Component) -> Row:
    title = f"{one.group} · {one.name}" if one.group else one.name
    return Row(title=title, status=one.status, detail=words(one.status))


def _window_row(one: Maintenance) -> Row:
    return Row(title=one.title, detail=phase_words(one.phase, "announced"), at=one.starts_at, url=one.url)


def _row(one: Incident) -> Row:
    said = f"{phase_words(one.phase)}, impact {words(one.impact)}, {counted(len(one.updates), 'update')}"
    status = None if one.phase in OVER else OF_IMPACT[one.impact]
    return Row(title=one.title, status=status, detail=said, at=one.started_at, url=one.url)


def _more(snapshot: Snapshot) -> str:
    more = len(snapshot.incidents) - MOST_ROWS
    return f"… and {more} more" if more > 0 else ""
