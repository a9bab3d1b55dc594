"""Where the view of a provider's page comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from adapters import schema
from adapters.schema import OVER, Component, Impact, Status
from bot import signals
from bot.commands.services import Services, meant_slugs, shown_status
from bot.commands.uptime import in_words
from bot.web.happened import ByDay, by_day, days_view, happenings
from bot.web.relatives import Related, Relatives
from bot.web.views import ANYTHING, Asked, ComponentList, ComponentRow, Listed, Missing, ProviderView
from storage import accounts, analysis, directory, histories, providers, state
from storage.analysis import Case
from storage.days import History
from storage.histories import Histories
from storage.tables import Component as ComponentColumns
from storage.tables import Provider

DAYS = 90
YEAR, FURTHEST = timedelta(days=365), timedelta(days=3650)
RECENT = timedelta(days=30)
PATIENCE = 1.0
"""Seconds that a page waits to learn when everybody's troubles began: without them it is better than late."""
AT_ONCE = 50
"""Components of one page."""
MOST_CASES = 100
"""Incidents that lists and figures are made from: the latest. The report of a month takes all."""
MOST_PAST, MOST_WORKS, MOST_LIVELY = 12, 5, 5


async def provider_view(
    services: Services, slug: str, asked: Asked = ANYTHING, *, relatives: Relatives | None = None
) -> ProviderView | Missing | None:
    """One provider whole; what may be meant where there is none of this name. `relatives` remembers those of every
    page for a while."""
    began = await services.troubles.began(services.database, services.now(), patience=PATIENCE)
    async with services.database.read() as session:
        found = await providers.by_slug(session, slug.replace("\0", ""))
        if found is None:
            return await _missing(services, session, slug)
        related = await (relatives or Relatives()).of(session, found, began)
        return await _view(services, session, found, asked, related)


async def _missing(services: Services, session: AsyncSession, slug: str) -> Missing:
    entry = services.catalogue.find(slug)
    near = await meant_slugs(services, session, slug) if entry is None else []
    names = dict(await providers.slugs_and_names(session)) if near else {}
    names |= {one.slug: one.name for slug in near if (one := services.catalogue.find(slug)) is not None}
    listed = Listed(entry.slug, entry.name, entry.category, entry.url) if entry is not None else None
    return Missing(listed, tuple((one, names.get(one, one)) for one in near))


@dataclass(frozen=True)
class _Past:
    """The latest incidents and planned work, and what they mean for the days."""

    found: Sequence[Case]
    works: Sequence[schema.Maintenance]
    happened: ByDay


async def _past(session: AsyncSession, found: Provider, services: Services) -> _Past:
    now = services.now()
    incidents = await accounts.cases(session, found, now - YEAR, now, most=MOST_CASES)
    if len(incidents) < MOST_CASES and len(_troubles(incidents)) < MOST_PAST:
        incidents = await accounts.cases(session, found, now - FURTHEST, now, most=MOST_CASES)
    works = await accounts.works(session, found, now - timedelta(days=DAYS), now, most=MOST_CASES)
    today = now.date()
    happened = by_day(happenings(incidents, works, now), today - timedelta(days=DAYS - 1), today)
    return _Past(incidents, works, happened)


async def _view(
    services: Services, session: AsyncSession, found: Provider, asked: Asked, related: Related
) -> ProviderView:
    rows = await providers.components(session, found.id)
    shown, listed = _shown(rows, asked)
    now = services.now()
    kept = await histories.last_days(session, found, DAYS, now, components=[row.id for row in shown])
    past = await _past(session, found, services)
    active = [state.incident(row) for row in await providers.active_incidents(session, [found.id])]
    windows = await providers.coming_maintenances(session, [found.id])
    components = tuple(state.component(row) for row in rows)
    known = await directory.case_numbers(session, found.id)
    adapter = services.adapters.get(found.adapter)
    return ProviderView(
        slug=found.slug,
        name=found.name,
        url=found.url,
        status=shown_status(found) if found.due_at is not None else Status.UNKNOWN,
        since=found.status_since if found.failure is None else found.failing_since,
        checked_at=found.last_read_at,
        failure=found.failure,
        category=found.category,
        platform=adapter.title if adapter is not None else None,
        followed=found.due_at is not None,
        components=components,
        listed=_with_days(listed, shown, kept, past.happened),
        incidents=tuple(active),
        maintenances=tuple(state.maintenance(row) for row in windows),
        past=_troubles(past.found),
        works=tuple(one for one in past.works if one.phase in OVER)[:MOST_WORKS],
        days=days_view(kept.whole, past.happened),
        uptime=in_words(kept.whole.uptime),
        figure=kept.whole.uptime,
        filled=kept.whole.filled,
        figures=analysis.figures(past.found, now - timedelta(days=DAYS), now, now),
        months=analysis.last_months(
            past.found, now.date(), now, read_since=found.first_read_at, whole=len(past.found) < MOST_CASES
        ),
        trust=analysis.figures(past.found, now - YEAR, now, now).trust,
        only_latest=_only_latest(past.found, now),
        lively=_lively(components, past, services),
        known_incidents=_number(known.incidents),
        known_maintenances=_number(known.maintenances),
        relatives=related,
        signal=await signals.raised(session, found),
    )


def _shown(rows: Sequence[ComponentColumns], asked: Asked) -> tuple[Sequence[ComponentColumns], ComponentList]:
    """The components of the page that was asked for; of one that there isn't the last."""
    wanted = asked.text.casefold()
    fitting = [
        row
        for row in rows
        if not wanted or any(wanted in (text or "").casefold() for text in (row.name, row.group, row.description))
    ]
    pages = max(1, -(-len(fitting) // AT_ONCE))
    page = min(max(asked.page, 1), pages)
    listed = ComponentList(asked=Asked(asked.text, page), matching=len(fitting), pages=pages)
    return fitting[(page - 1) * AT_ONCE : page * AT_ONCE], listed


def _with_days(
    listed: ComponentList,
    shown: Sequence[ComponentColumns],
    kept: Histories,
    happened: ByDay,
) -> ComponentList:
    rows = tuple(_row(row, kept.components.get(row.id, History(())), happened) for row in shown)
    return ComponentList(rows, listed.asked, listed.matching, listed.pages)


def _row(row: ComponentColumns, history: History, happened: ByDay) -> ComponentRow:
    days = days_view(history, happened, row.external_id)
    return ComponentRow(state.component(row), days, in_words(history.uptime))


def _only_latest(found: Sequence[Case], now: datetime) -> int | None:
    """How many they are, where the year has more."""
    full = len(found) == MOST_CASES
    return MOST_CASES if full and (found[-1].incident.started_at or now) > now - YEAR else None


def _troubles(found: Sequence[Case]) -> tuple[Case, ...]:
    over = (one for one in found if one.over and one.incident.impact != Impact.NONE)
    return tuple(over)[:MOST_PAST]


def _lively(components: Sequence[Component], past: _Past, services: Services) -> tuple[analysis.Lively, ...]:
    names: Mapping[str, str] = {one.id: one.name for one in components}
    changed = {one.id: one.changed_at for one in components if one.changed_at is not None}
    since = services.now() - RECENT
    return analysis.lively(past.found, past.works, changed, names, since)[:MOST_LIVELY]


def _number(number: int) -> str:
    return f"{number:,}" if number <= directory.MOST_COUNTED else f"more than {directory.MOST_COUNTED:,}"
