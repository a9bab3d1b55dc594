"""Looks after what users report: raises a signal, and clears it."""

from collections.abc import Callable
from datetime import datetime
from secrets import token_hex

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import OVER
from relay import record, signals
from relay.cases import names_of, provider_of
from relay.events import Event
from relay.metrics import Metrics
from relay.signals import LEAST, LEVEL, WINDOW, Official, Page
from storage import leases, providers, state
from storage import signals as rows
from storage.database import Database
from storage.signals import quarter
from storage.tables import Incident, Provider, RaisedSignal

LEASE = 60.0
LATEST = 20
"""Incidents that are looked at."""

log = structlog.get_logger("signals")


class SignalWatch:
    """Publishes what users report, each signal once, whoever else does the same. `recorded` is called when there
    is something new to tell."""

    def __init__(self, database: Database, *, metrics: Metrics, recorded: Callable[[], None]) -> None:
        self._database = database
        self._metrics = metrics
        self._recorded = recorded
        self._holder = token_hex(8)

    async def tick(self) -> list[Event]:
        """What was published. Meant to be called every half a minute, in every process: one of them at a time does
        the work. Where nobody reports anything it is two questions to an index."""
        async with self._database.read() as session:
            now = await providers.database_now(session)
            people = await rows.since(session, now - WINDOW)
            raised = await rows.raised(session)
        concerned = [id_ for id_, number in people.items() if number >= LEAST] + list(raised)
        if not concerned or not await self._is_ours():
            return []
        published = list[Event]()
        for provider_id in dict.fromkeys(concerned):
            published += await self._look(provider_id)
        return published

    async def aclose(self) -> None:
        """Another process may do the work from now on."""
        async with self._database.write(relaxed=True) as session:
            await leases.release(session, "signals", self._holder)

    async def _is_ours(self) -> bool:
        async with self._database.write(relaxed=True) as session:
            return await leases.take(session, "signals", self._holder, LEASE)

    async def _look(self, provider_id: int) -> list[Event]:
        try:
            async with self._database.write() as session:
                events = await looked(session, provider_id, await providers.database_now(session))
        except Exception:  # one provider's trouble is not the others': the next tick tries again
            log.exception("signal failed", provider_id=provider_id)
            return []
        for event in events:
            self._metrics.event(str(event.type))
            log.info("signal", provider=event.data.provider.slug, type=str(event.type))
        if events:
            self._recorded()
        return events


async def looked(session: AsyncSession, provider_id: int, now: datetime) -> list[Event]:
    """Raises or clears a provider's signal, within the caller's transaction; the events that it published. Nobody
    is told of a provider whose page nobody reads: it could not confirm anything."""
    # The poll of the page locks the provider as well: what is told here is what it says at this moment.
    provider = await session.get(Provider, provider_id, with_for_update=True)
    if provider is None:
        return []
    standing = await rows.raised_at(session, provider_id)
    if standing is not None:
        events = await _watched(session, provider, standing, now)
    else:
        events = await _risen(session, provider, now) if provider.due_at is not None else []
    await record.publish(session, provider_id, events, now)
    return events


async def _risen(session: AsyncSession, provider: Provider, now: datetime) -> list[Event]:
    reports = await rows.reports(session, provider.id, now - WINDOW)
    if len(reports) < LEAST:
        return []
    present = quarter(now - WINDOW)
    numbers = await rows.numbers(session, provider.id, present - LEVEL, present)
    needed = signals.needed(signals.usual(numbers, now))
    page = await _page(session, provider)
    if len(reports) < needed or signals.confirmation(page, reports[0].at) is not None:
        return []
    session.add(
        RaisedSignal(
            provider_id=provider.id, since_at=reports[0].at, raised_at=now, above_at=now, needed=needed,
            peak=len(reports),
        )
    )  # fmt: skip
    return [signals.raised(page, reports, now)]


async def _watched(
    session: AsyncSession, provider: Provider, standing: RaisedSignal, now: datetime
) -> list[Event]:
    people = len(await rows.reports(session, provider.id, now - WINDOW))
    peak = max(people, standing.peak)
    page = await _page(session, provider)
    confirmed = signals.confirmation(page, standing.since_at)
    if confirmed is None and people >= standing.needed:
        await rows.still(session, provider.id, now, peak)
        return []
    if confirmed is None and not signals.is_over(standing.above_at, now):
        return []
    await rows.clear(session, provider.id)
    return [signals.cleared(page, standing.raised_at, standing.since_at, peak, confirmed)]


async def _page(session: AsyncSession, provider: Provider) -> Page:
    known = await state.load(session, provider)
    latest = await providers.incidents(session, provider.id, limit=LATEST)
    return Page(
        provider=provider_of(known),
        status_since=provider.status_since,
        incidents=tuple(_official(one) for one in latest),
        components=names_of(known, None),
    )


def _official(row: Incident) -> Official:
    ended = row.resolved_at or row.changed_at or row.first_seen_at
    return Official(
        id=row.external_id,
        title=row.title,
        url=row.url,
        began_at=row.started_at or row.first_seen_at,
        ended_at=ended if row.phase in OVER else None,
    )
