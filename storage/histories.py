"""The last days of a provider and of its components, in any zone: kept days, and what is known of the others."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import evidence, kept_days
from storage.days import Day, Evidence, History, days_of, joined
from storage.tables import Component, Provider


@dataclass(frozen=True)
class Histories:
    """Of a provider as a whole and of those of its components that were asked for, by id."""

    whole: History
    components: Mapping[int, History] = field(default_factory=dict)


async def last_days(
    session: AsyncSession,
    provider: Provider,
    days: int,
    now: datetime,
    zone: tzinfo = UTC,
    *,
    components: Collection[int] = (),
) -> Histories:
    """The last so many days up to today."""
    today = now.astimezone(zone).date()
    return await between(
        session, provider, today - timedelta(days=days - 1), today, now, zone, components=components
    )


async def between(
    session: AsyncSession,
    provider: Provider,
    first: date,
    last: date,
    now: datetime,
    zone: tzinfo = UTC,
    *,
    components: Collection[int] = (),
) -> Histories:
    """The days from the first to the last, both included.

    Days in UTC are read where they are kept, the others are told from what is known. In another zone all of them
    are told so, but for those of which only the kept days (UTC) are left after pruning.
    """
    kept_until = min(_kept_until(provider, zone), last)
    live_from = max(first, kept_until + timedelta(days=1))
    rows, rows_of = (
        await kept_days.kept(session, provider.id, components, first, kept_until)
        if kept_until >= first
        else ([], {})
    )
    kept = joined(rows, first, kept_until)
    since = datetime.combine(live_from, time(), zone).astimezone(UTC)
    found = await _components(session, provider.id) if components else []
    ids = {one.external_id: one.id for one in found}
    known, parts = (
        await evidence.gather(session, provider, since, now, ids) if live_from <= last else (Evidence(), {})
    )
    whole = History((*kept, *days_of(known, live_from, last, now, zone)))
    if not components:
        return Histories(whole)
    implied = kept_days.implied(kept)
    nothing = days_of(Evidence(), live_from, last, now, zone)
    return Histories(
        whole,
        {
            one.id: History(
                (
                    *_component_days(implied.of(one.first_seen_at, one.removed_at), rows_of.get(one.id)),
                    *(days_of(parts[one.id], live_from, last, now, zone) if one.id in parts else nothing),
                )
            )
            for one in found
            if one.id in components
        },
    )


async def _components(session: AsyncSession, provider_id: int) -> Sequence[Any]:
    rows = await session.execute(
        select(Component.id, Component.external_id, Component.first_seen_at, Component.removed_at).where(
            Component.provider_id == provider_id
        )
    )
    return rows.all()


def _kept_until(provider: Provider, zone: tzinfo) -> date:
    pruned = provider.pruned_until or date.min
    if zone == UTC:
        return max(provider.closed_until or date.min, pruned)
    return pruned + timedelta(days=1)  # a part of the next day in UTC is the zone's


def _component_days(implied: Sequence[Day], rows: Sequence[Day] | None) -> Sequence[Day]:
    """Those that are kept, and of the others what the provider's own days tell."""
    if not rows:
        return implied
    own = {one.day: one for one in rows}
    return [own.get(one.day, one) for one in implied]
