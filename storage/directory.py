"""All providers that are followed, as a list that people page through: whoever is in trouble first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from adapters.schema import Status
from storage.tables import Incident, Maintenance, Provider

_SHOWN = case((Provider.failure.is_not(None), str(Status.UNKNOWN)), else_=Provider.status)
"""What is known now: what a page said before it became unreadable is not."""
WORST_FIRST = (
    Status.MAJOR_OUTAGE,
    Status.PARTIAL_OUTAGE,
    Status.DEGRADED,
    Status.MAINTENANCE,
    Status.UNKNOWN,
    Status.OPERATIONAL,
)
_RANK = case({str(status): place for place, status in enumerate(WORST_FIRST)}, value=_SHOWN, else_=4)
IN_TROUBLE = WORST_FIRST[:3]
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Glance:
    """A provider without what only its own page needs."""

    id: int
    slug: str
    name: str
    category: str | None
    status: Status
    since: datetime | None
    checked_at: datetime | None
    failure: str | None
    active: bool
    followed: bool
    adapter: str


_COLUMNS = (
    Provider.id, Provider.slug, Provider.name, Provider.category, _SHOWN.label("shown"), Provider.status_since,
    Provider.failing_since, Provider.last_read_at, Provider.failure, Provider.active, Provider.due_at,
    Provider.adapter,
)  # fmt: skip


def _glance(row: Any) -> Glance:
    return Glance(
        id=row.id,
        slug=row.slug,
        name=row.name,
        category=row.category,
        status=Status(row.shown),
        since=row.status_since if row.failure is None else row.failing_since,
        checked_at=row.last_read_at,
        failure=row.failure,
        active=row.active,
        followed=row.due_at is not None,
        adapter=row.adapter,
    )


@dataclass(frozen=True)
class Numbers:
    """Of everything that is followed."""

    followed: int
    operational: int
    in_trouble: int
    categories: tuple[tuple[str, int], ...]
    """By name, with how many there are of each."""


async def numbers(session: AsyncSession) -> Numbers:
    """Counted anew."""
    rows = (
        await session.execute(
            select(_SHOWN.label("shown"), Provider.category, func.count().label("number"))
            .where(Provider.due_at.is_not(None))
            .group_by(_SHOWN, Provider.category)
        )
    ).all()
    kinds: dict[str, int] = {}
    for row in rows:
        if row.category is not None:
            kinds[row.category] = kinds.get(row.category, 0) + row.number
    return Numbers(
        followed=sum(row.number for row in rows),
        operational=sum(row.number for row in rows if row.shown == Status.OPERATIONAL),
        in_trouble=sum(row.number for row in rows if row.shown in IN_TROUBLE),
        categories=tuple(sorted(kinds.items(), key=lambda kind: kind[0].casefold())),
    )


async def page(
    session: AsyncSession, *, text: str, category: str, also: Sequence[str], offset: int, limit: int
) -> tuple[list[Glance], int]:
    """Some of those that fit, and how many fit in all. Whoever searches finds by the slug or the name, or by being
    one of `also` (slugs), and also those that are not followed any more."""
    wanted: list[ColumnElement[bool]] = []
    if text:
        plain = text.lower()
        wanted.append(
            or_(
                Provider.slug.contains(plain, autoescape=True),
                func.lower(Provider.name).contains(plain, autoescape=True),
                Provider.slug.in_(also),
            )
        )
    else:
        wanted.append(Provider.due_at.is_not(None))
    if category:
        wanted.append(Provider.category == category)
    number = await session.scalar(select(func.count()).select_from(Provider).where(*wanted)) or 0
    ordered = select(*_COLUMNS).where(*wanted).order_by(_RANK, func.lower(Provider.name), Provider.id)
    rows = await session.execute(ordered.offset(offset).limit(limit))
    return [_glance(row) for row in rows], number


async def alike(session: AsyncSession, column: InstrumentedAttribute[Any], value: str, limit: int) -> list[Glance]:
    """Those that are followed and have this value in the column, those in trouble first."""
    rows = await session.execute(
        select(*_COLUMNS)
        .where(column == value, Provider.due_at.is_not(None))
        .order_by(_RANK, func.lower(Provider.name))
        .limit(limit)
    )
    return [_glance(row) for row in rows]


@dataclass(frozen=True)
class CaseNumbers:
    """How many are known of a provider; one more than MOST_COUNTED means: more."""

    incidents: int
    maintenances: int


def _some(table: type[Incident] | type[Maintenance]) -> ScalarSelect[int]:
    of_it = table.provider_id == bindparam("provider_id")
    counted = select(literal(1)).where(of_it, ~table.removed).limit(MOST_COUNTED + 1)
    return select(func.count()).select_from(counted.subquery()).scalar_subquery()


_CASE_NUMBERS = select(_some(Incident), _some(Maintenance))


async def case_numbers(session: AsyncSession, provider_id: int) -> CaseNumbers:
    """Counted anew."""
    row = (await session.execute(_CASE_NUMBERS, {"provider_id": provider_id})).one()
    return CaseNumbers(*row)


async def changed(session: AsyncSession, offset: int, limit: int) -> list[tuple[str, datetime | None]]:
    """The slugs of providers that were ever read, by their age, and when what is known of each last changed."""
    of_cases = [
        select(
            table.provider_id.label("provider_id"),
            func.max(func.coalesce(table.changed_at, table.first_seen_at)).label("at"),
        )
        .group_by(table.provider_id)
        .subquery()
        for table in (Incident, Maintenance)
    ]
    chosen = select(Provider.slug, Provider.status_since, Provider.first_read_at, *(one.c.at for one in of_cases))
    for one in of_cases:
        chosen = chosen.outerjoin(one, one.c.provider_id == Provider.id)
    ordered = chosen.where(Provider.first_read_at.is_not(None)).order_by(Provider.id).offset(offset).limit(limit)
    return [(row[0], max(filter(None, row[1:]), default=None)) for row in await session.execute(ordered)]


async def readable_number(session: AsyncSession) -> int:
    """How many providers were ever read."""
    chosen = select(func.count()).select_from(Provider).where(Provider.first_read_at.is_not(None))
    return int(await session.scalar(chosen) or 0)
