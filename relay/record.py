"""From a snapshot to rows: state, numbered events and woken threads, in one transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.adapter import Reading
from adapters.detect import Detected
from adapters.schema import Snapshot
from relay import diff, filters
from relay.events import Event, EventType, Stream, Subject, SubjectKind
from relay.move import Move, move
from storage import events as event_rows
from storage import providers, state, threads
from storage.tables import Observation, Provider

FAILURES_BEFORE_UNREADABLE = 3
TIME_BEFORE_UNREADABLE = timedelta(minutes=5)


class ImplausibleError(Exception):
    """A page was read and parsed, and what it says can't be believed; the message is one line."""


@dataclass(frozen=True)
class Pace:
    """When pages are read. Seconds."""

    interval: float
    active_interval: float
    hold: timedelta
    gap: float
    """Without a read for this long, the time between is not called observed."""


async def record_snapshot(
    session: AsyncSession, provider: Provider, reading: Reading, pace: Pace, jitter: float = 1.0
) -> list[Event]:
    """Writes what a read found into the caller's transaction; the events that it made, in order.

    Raises ImplausibleError when the snapshot can't be believed: then nothing was written.
    """
    now = await providers.database_now(session)
    change = None
    if reading.snapshot is not None:
        before = await state.load(session, provider, _mentioned(reading.snapshot))
        doubt = diff.implausible(before, reading.snapshot)
        if doubt:
            raise ImplausibleError(doubt)
        change = diff.diff(before, reading.snapshot, now, pace.hold)
        await _save(session, provider, before, change, reading.snapshot, now)
    return await _told(session, provider, reading, change, pace, jitter, now)


async def record_move(
    session: AsyncSession, provider: Provider, found: Detected, pace: Pace, jitter: float = 1.0
) -> list[Event]:
    """Writes what was read at a page that changed its platform or its address: what was known, its threads and its
    followers are the same, under the new ids."""
    now = await providers.database_now(session)
    snapshot = found.reading.snapshot
    assert snapshot is not None
    known = await state.load(session, provider, all_cases=True)
    provider.adapter, provider.url = found.adapter, found.url
    if provider.first_read_at is None or provider.last_read_at is None:
        moved = Move(known, known)
    else:
        moved = move(known, snapshot, provider.last_read_at)
    await state.rename(session, provider.id, moved.components, moved.incidents, moved.maintenances)
    change = diff.diff(moved.before, snapshot, now, pace.hold)
    await _save(session, provider, moved.stored, change, snapshot, now)
    return await _told(session, provider, found.reading, change, pace, jitter, now)


def _mentioned(snapshot: Snapshot) -> frozenset[str]:
    return frozenset([case.id for case in snapshot.incidents] + [case.id for case in snapshot.maintenances])


async def _save(
    session: AsyncSession,
    provider: Provider,
    stored: state.State,
    change: diff.Change,
    snapshot: Snapshot,
    now: datetime,
) -> None:
    positions = {component.id: place for place, component in enumerate(snapshot.components or ())}
    await state.save(session, provider.id, stored, change.after, positions, now)
    _remember(provider, change, now)


async def _told(
    session: AsyncSession,
    provider: Provider,
    reading: Reading,
    change: diff.Change | None,
    pace: Pace,
    jitter: float,
    now: datetime,
) -> list[Event]:
    """The page was read: its events are published, and it is due again."""
    events = list(change.events) if change else []
    if provider.unreadable and provider.failing_since:
        events.append(diff.readable(await state.load(session, provider), provider.failing_since))
    _read_well(session, provider, pace, now)
    await session.flush()
    provider.memory = dict(reading.memory)
    await publish(session, provider.id, events, now)
    if change:
        await _adopt(session, provider.id, change.adoptions)
    _schedule(provider, now, jitter * (pace.active_interval if provider.active else pace.interval))
    return events


def _remember(provider: Provider, change: diff.Change, now: datetime) -> None:
    after = change.after
    if provider.status != after.status or provider.status_since is None:
        provider.status, provider.status_since = str(after.status), now
    provider.page_id = after.page_id
    provider.first_read_at = after.first_read_at
    provider.hold_at = change.hold_at
    provider.active = any(known.active for known in after.incidents.values())


def _read_well(session: AsyncSession, provider: Provider, pace: Pace, now: datetime) -> None:
    """The page was read: an unbroken stretch of observation goes on, or a new one begins."""
    since, last = provider.observed_since, provider.last_read_at
    if since is None or last is None or (now - last).total_seconds() > pace.gap:
        if since is not None and last is not None:
            session.add(Observation(provider_id=provider.id, from_at=since, until_at=last))
        provider.observed_since = now
    provider.last_read_at = now
    provider.failures, provider.failing_since, provider.failure, provider.unreadable = 0, None, None, False


def _schedule(provider: Provider, now: datetime, delay: float) -> None:
    due_at = now + timedelta(seconds=delay)
    provider.due_at = min(due_at, provider.hold_at) if provider.hold_at and provider.hold_at > now else due_at
    provider.token = None


async def record_failure(session: AsyncSession, provider: Provider, reason: str, delay: float) -> list[Event]:
    """Writes down that a page could not be read. What was known of it stays true; after a while of failing, its
    followers are told, once."""
    now = await providers.database_now(session)
    provider.failures += 1
    provider.failing_since = provider.failing_since or now
    provider.failure = reason[:500]
    events: list[Event] = []
    failing = now - provider.failing_since
    if (
        provider.failures >= FAILURES_BEFORE_UNREADABLE
        and failing >= TIME_BEFORE_UNREADABLE
        and not provider.unreadable
    ):
        known = await state.load(session, provider)
        events.append(diff.unreadable(known, reason, provider.failing_since))
        provider.unreadable = True
    _schedule(provider, now, delay)
    await session.flush()
    await publish(session, provider.id, events, now)
    return events


async def publish(
    session: AsyncSession,
    provider_id: int,
    events: list[Event],
    seen_at: datetime,
    *,
    only_follow: int | None = None,
) -> None:
    """Numbers and stores events, and opens or wakes the threads of those who follow."""
    if not events:
        return
    for numbered in await event_rows.add(session, provider_id, [_row(event) for event in events], seen_at):
        await threads.publish(
            session,
            provider_id,
            numbered.subject_id,
            first=numbered.first,
            last=numbered.last,
            streams=_streams(numbered.types),
            only_follow=only_follow,
        )


def _row(event: Event) -> event_rows.NewEvent:
    return event_rows.NewEvent(
        type=str(event.type),
        key=event.key,
        subject_kind=str(event.subject.kind),
        subject_id=event.subject.id,
        update_id=event.data.update.id if event.data.update else None,
        data=event.data.public(),
        context=event.context.model_dump(mode="json", exclude_defaults=True),
    )


def _streams(types: tuple[str, ...]) -> threads.Streams:
    chosen = {filters.stream(EventType(type_)) for type_ in types}
    every = None in chosen  # an event about the provider itself
    return threads.Streams(
        incidents=every or Stream.INCIDENTS in chosen,
        components=every or Stream.COMPONENTS in chosen,
        maintenance=every or Stream.MAINTENANCE in chosen,
        signals=every or Stream.SIGNALS in chosen,
    )


async def _adopt(session: AsyncSession, provider_id: int, adoptions: tuple[tuple[Subject, Subject], ...]) -> None:
    for adopting, adopted in adoptions:
        new = await event_rows.subject(session, provider_id, str(adopting.kind), adopting.id)
        old = await event_rows.subject(session, provider_id, str(adopted.kind), adopted.id)
        if new and old:
            await threads.adopt(session, new.id, old.id)


async def open_threads(session: AsyncSession, provider: Provider, follow_id: int) -> None:
    """For a follow that was just made: a thread for each incident and maintenance that is active now, with one
    message that holds the story so far, and for nothing older."""
    now = await providers.database_now(session)
    known = await state.load(session, provider)
    opening = [diff.opening(known, case) for case in known.incidents.values() if case.active]
    opening += [diff.opening(known, case) for case in known.maintenances.values() if case.active]
    for event in opening:
        subject = await event_rows.subject(session, provider.id, str(event.subject.kind), event.subject.id)
        if subject is None:
            await publish(session, provider.id, [event], now, only_follow=follow_id)
            continue
        is_incident = event.subject.kind == SubjectKind.INCIDENT
        await threads.publish(
            session,
            provider.id,
            subject.id,
            first=await event_rows.last_of_kind(session, subject),
            last=subject.last_sequence,
            streams=threads.Streams(incidents=is_incident, maintenance=not is_incident),
            only_follow=follow_id,
        )
