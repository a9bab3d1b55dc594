"""The days that are over: each is told once from all that is known of it, and kept: ninety days are ninety rows.

Closing is caught up with, in small transactions, and can be done again at any time: `providers.closed_until` says
how far it has come, and whatever changes what is known of a day that is closed (state.reopen) sets it back. What
is asked in the meantime is told from what is known, so that an answer never waits for the closing.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import evidence, providers
from storage.database import Database
from storage.days import Day, Source, days_of, midnight
from storage.history import DayState
from storage.seconds import Seconds
from storage.tables import Component, Incident, KeptDay, Maintenance, Observation, PastDay, Provider, Span

AT_ONCE = 2
"""Providers in one transaction: thirty days of twenty components take some hundredths of a second each, and
whoever else writes waits meanwhile."""
LONGEST_GAP = timedelta(days=4)
"""A page that is silent for longer was not being read meanwhile, however slowly it is read (record.Pace.gap)."""
FURTHEST = 5 * 366
"""Days: nothing older is kept."""


async def keep(database: Database, history_days: int) -> None:
    """Closes what is over, and then forgets what it was told from where that is older. Meant to be called every
    hour or so."""
    async with database.read() as session:
        now = await providers.database_now(session)
    await close_days(database, now)
    await prune(database, now, history_days)


async def close_days(database: Database, now: datetime) -> int:
    """Keeps each day that is over of every provider that was ever read; how many providers had some. It may run
    anywhere and at any time, also twice."""
    done = 0
    for ids in _batches(await _open(database, now)):
        async with database.write(relaxed=True) as session:
            for provider in await _locked(session, ids):
                done += await close(session, provider, now)
        await asyncio.sleep(0)  # whoever waits for the database comes first
    return done


def _batches(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


async def _open(database: Database, now: datetime) -> list[int]:
    """Those with days that are over and not closed."""
    async with database.read() as session:
        rows = await session.execute(
            select(Provider.id, Provider.closed_until, Provider.last_read_at)
            .where(
                Provider.first_read_at.is_not(None),
                or_(Provider.closed_until.is_(None), Provider.closed_until < now.date() - timedelta(days=1)),
            )
            .order_by(Provider.id)
        )
        return [
            row.id
            for row in rows
            if row.closed_until is None or row.closed_until < last_over(row.last_read_at, now)
        ]


async def _locked(session: AsyncSession, ids: list[int]) -> Collection[Provider]:
    chosen = select(Provider).where(Provider.id.in_(ids)).order_by(Provider.id)
    return (await session.scalars(chosen.with_for_update(skip_locked=True))).all()


def last_over(last_read_at: datetime | None, now: datetime) -> date:
    """The last day of which no more will be observed: a read after midnight still observes the time before."""
    yesterday = now.date() - timedelta(days=1)
    if last_read_at is None or now - last_read_at > LONGEST_GAP:
        return yesterday
    return min(yesterday, last_read_at.date() - timedelta(days=1))


async def close(session: AsyncSession, provider: Provider, now: datetime) -> bool:
    """Keeps what is over of this provider's days; whether there were any. The provider's row is locked."""
    last = last_over(provider.last_read_at, now)
    first = await _first(session, provider, now)
    if last < first:
        return False
    components = (await session.scalars(select(Component).where(Component.provider_id == provider.id))).all()
    ids = {one.external_id: one.id for one in components}
    whole, parts = await evidence.gather(session, provider, midnight(first), now, ids)
    wholes = days_of(whole, first, last, now)
    await _forget(session, provider.id, ids.values(), first, last)
    rows = [
        _row(provider.id, None, day) for day in wholes if day.state != DayState.UNKNOWN or day.seconds.observed
    ]
    told = implied(wholes)
    for one in components:
        days = days_of(parts[one.id], first, last, now) if one.id in parts else [Day(day.day) for day in wholes]
        rows += [
            _row(provider.id, one.id, day)
            for day, expected in zip(days, told.of(one.first_seen_at, one.removed_at), strict=True)
            if not _alike(day, expected)
        ]
    if rows:
        await session.execute(insert(KeptDay), rows)
    await session.execute(
        update(Provider).where(Provider.id == provider.id).values(closed_until=last),
        execution_options={"synchronize_session": False},
    )
    return True


async def _forget(
    session: AsyncSession, provider_id: int, component_ids: Collection[int], first: date, last: date
) -> None:
    """What was kept of these days. In two statements, since an index has either the wholes or the parts: one for
    both goes through the days of everybody."""
    for of in (KeptDay.component_id.is_(None), KeptDay.component_id.in_(component_ids)):
        await session.execute(
            delete(KeptDay).where(KeptDay.provider_id == provider_id, of, KeptDay.day.between(first, last)),
            execution_options={"synchronize_session": False},
        )


async def _first(session: AsyncSession, provider: Provider, now: datetime) -> date:
    """The day to begin with: the one behind those that are closed, or the first of which anything is known."""
    furthest = now.date() - timedelta(days=FURTHEST)
    if provider.pruned_until is not None:
        furthest = max(furthest, provider.pruned_until + timedelta(days=1))
    if provider.closed_until is not None:
        return max(furthest, provider.closed_until + timedelta(days=1))
    found = [provider.first_read_at.date()] if provider.first_read_at is not None else []
    for column, of in (
        (Incident.started_at, Incident.provider_id),
        (Maintenance.starts_at, Maintenance.provider_id),
        (Observation.from_at, Observation.provider_id),
    ):
        moment = await session.scalar(select(func.min(column)).where(of == provider.id))
        found += [moment.date()] if moment is not None else []
    day = await session.scalar(
        select(func.min(PastDay.day))
        .join(Component, Component.id == PastDay.component_id)
        .where(Component.provider_id == provider.id)
    )
    found += [day] if day is not None else []
    return max(furthest, min(found, default=now.date()))


@dataclass(frozen=True)
class Implied:
    """What a provider's days tell of those of its components of which none is kept."""

    listed: tuple[Day, ...]
    """Operational for as long as the provider was observed."""
    unlisted: tuple[Day, ...]

    def of(self, first_seen_at: datetime | None, removed_at: datetime | None) -> Sequence[Day]:
        """As a component was while its page listed it; unknown otherwise."""
        since = first_seen_at.date() if first_seen_at is not None else date.min
        until = removed_at.date() if removed_at is not None else date.max
        if not self.listed or (since <= self.listed[0].day and self.listed[-1].day <= until):
            return self.listed
        return [
            up if since <= up.day <= until else unknown
            for up, unknown in zip(self.listed, self.unlisted, strict=True)
        ]


def implied(wholes: Sequence[Day]) -> Implied:
    """Once for all components."""
    return Implied(
        tuple(_up(one) if one.source is Source.OBSERVED else _unknown(one) for one in wholes),
        tuple(_unknown(one) for one in wholes),
    )


def _up(one: Day) -> Day:
    lasted = Seconds(one.seconds.observed, passed=one.seconds.passed)
    return Day(one.day, DayState.OPERATIONAL, Source.OBSERVED, lasted)


def _unknown(one: Day) -> Day:
    return Day(one.day, seconds=Seconds(passed=one.seconds.passed))


def _alike(one: Day, other: Day) -> bool:
    """A day that is unknown is like any other, however long it was."""
    return (one.state, one.source, _told(one.seconds)) == (other.state, other.source, _told(other.seconds))


def _told(lasted: Seconds) -> tuple[float, ...]:
    return lasted.operational, lasted.degraded, lasted.partial_outage, lasted.major_outage, lasted.maintenance


def _row(provider_id: int, component_id: int | None, day: Day) -> dict[str, Any]:
    lasted = day.seconds
    return {
        "provider_id": provider_id, "component_id": component_id, "day": day.day, "state": day.state.name.lower(),
        "source": str(day.source), "operational": lasted.operational, "degraded": lasted.degraded,
        "partial_outage": lasted.partial_outage, "major_outage": lasted.major_outage,
        "maintenance": lasted.maintenance,
    }  # fmt: skip


_COLUMNS = (
    KeptDay.component_id, KeptDay.day, KeptDay.state, KeptDay.source, KeptDay.operational, KeptDay.degraded,
    KeptDay.partial_outage, KeptDay.major_outage, KeptDay.maintenance,
)  # fmt: skip


async def kept(
    session: AsyncSession, provider_id: int, ids: Collection[int], first: date, last: date
) -> tuple[list[Day], Mapping[int, list[Day]]]:
    """The kept days of a provider, and of these of its components: those that `implied` does not tell."""
    chosen = select(*_COLUMNS).where(KeptDay.provider_id == provider_id, KeptDay.day.between(first, last))
    whole = chosen.where(KeptDay.component_id.is_(None))
    parts = [chosen.where(KeptDay.component_id.in_(ids))] if ids else []
    wholes, found = list[Day](), dict[int, list[Day]]()
    for row in await session.execute(union_all(whole, *parts)):
        (wholes if row.component_id is None else found.setdefault(row.component_id, [])).append(_day(row))
    return wholes, found


def _day(row: Any) -> Day:
    return Day(
        row.day,
        DayState[row.state.upper()],
        Source(row.source),
        Seconds(
            row.operational, row.degraded, row.partial_outage, row.major_outage, row.maintenance, passed=86400.0
        ),
    )


async def prune(database: Database, now: datetime, keep_days: int) -> int:
    """Forgets the spans and observations that ended more than so many days ago and whose days are closed: the days
    keep what they were like. How many rows went."""
    cutoff = now.date() - timedelta(days=keep_days)
    gone = 0
    for ids in _batches(await _to_prune(database, cutoff)):
        async with database.write(relaxed=True) as session:
            closed = [
                one.id for one in await _locked(session, ids) if one.closed_until and one.closed_until >= cutoff
            ]
            for table in (Span, Observation):
                dropped = await session.execute(
                    delete(table)
                    .where(table.provider_id.in_(closed), table.until_at < midnight(cutoff))
                    .returning(table.id)
                )
                gone += len(dropped.all())
            await session.execute(
                update(Provider).where(Provider.id.in_(closed)).values(pruned_until=cutoff - timedelta(days=1)),
                execution_options={"synchronize_session": False},
            )
        await asyncio.sleep(0)
    return gone


async def _to_prune(database: Database, cutoff: date) -> list[int]:
    async with database.read() as session:
        rows = await session.scalars(
            select(Provider.id)
            .where(
                Provider.closed_until >= cutoff,
                or_(Provider.pruned_until.is_(None), Provider.pruned_until < cutoff - timedelta(days=1)),
            )
            .order_by(Provider.id)
        )
        return list(rows)
