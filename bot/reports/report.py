"""What a report tells: a month of a provider, with every figure beside what it was made from."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import Maintenance
from bot.commands import spoken
from bot.commands.reply import CommandError
from bot.commands.services import Services, known_provider
from storage import accounts, analysis, histories, providers
from storage.analysis import Case, Figures, Month, Part
from storage.days import History
from storage.tables import Provider

EARLIEST = 2000
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Report:
    """`incidents` and `works` are oldest first, `components` in the page's order."""

    slug: str
    name: str
    url: str
    """The provider's own page."""
    first: date
    """The month's first day."""
    last: date
    """The last day that is told of: the month's, or today."""
    zone: str
    made_at: datetime
    history: History
    components: tuple[tuple[str, History], ...]
    figures: Figures
    months: tuple[Month, ...]
    """The year up to this month, as far as anything of it is known; oldest first."""
    parts: tuple[Part, ...]
    """The components that incidents named."""
    incidents: tuple[Case, ...]
    works: tuple[Maintenance, ...]
    names: dict[str, str]
    """Of components, by the page's own id."""

    @property
    def so_far(self) -> bool:
        """The month is not over."""
        return analysis.next_month(self.first) - timedelta(days=1) > self.last


async def month(services: Services, provider: str, text: str | None, zone: str | None) -> Report:
    """The report on that month (`2026-10`; the present one where none is said). Raises CommandError."""
    where = ZoneInfo(spoken.zone(zone or "UTC"))
    now = services.now()
    today = now.astimezone(where).date()
    first = _first(text, today)
    async with services.database.read() as session:
        found = await known_provider(services, session, provider)
        return await _gathered(session, found, first, today, now, where)


def _first(text: str | None, today: date) -> date:
    if text is None:
        return today.replace(day=1)
    given = re.fullmatch(r"(\d{4})-(\d{1,2})", text.strip(), re.ASCII)
    if given is None or not 1 <= int(given[2]) <= 12 or int(given[1]) < EARLIEST:
        raise CommandError(f"{text[:20]!r} is no month; write it as 2026-10")
    first = date(int(given[1]), int(given[2]), 1)
    if first > today:
        raise CommandError(f"{text[:20]} has not begun yet")
    return first


async def _gathered(
    session: AsyncSession, provider: Provider, first: date, today: date, now: datetime, zone: ZoneInfo
) -> Report:
    after = analysis.next_month(first)
    last = min(after - timedelta(days=1), today)
    since, until = analysis.moment_of(first, zone), analysis.moment_of(after, zone)
    components = await providers.components(session, provider.id)
    days = await histories.between(
        session, provider, first, last, now, zone, components=[one.id for one in components]
    )
    incidents = await accounts.cases(session, provider, since, until)
    year = await accounts.cases(session, provider, since - YEAR, until)
    works = await accounts.works(session, provider, since, until)
    names = await accounts.component_names(session, provider.id)
    return Report(
        slug=provider.slug,
        name=provider.name,
        url=provider.url,
        first=first,
        last=last,
        zone=zone.key,
        made_at=now,
        history=days.whole,
        components=tuple((one.name, days.components[one.id]) for one in components),
        figures=analysis.figures(incidents, since, until, now),
        months=analysis.last_months(
            year, first, now, zone, read_since=provider.first_read_at, whole=len(year) < accounts.MOST
        ),
        parts=analysis.by_component(incidents, names, since, until, now),
        incidents=tuple(reversed(incidents)),
        works=tuple(reversed(works)),
        names=names,
    )
