"""Threads: opened and woken when something is to tell. (Claiming them: claims.py; what came of that: outcomes.py)

Work is scheduled by thread and never by searching deliveries: with 100,000 events behind one dead receiver, a
row per delivery falls to tens of claims a second, threads don't notice.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    false,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from storage.claims import PARKED
from storage.database import from_now, insert
from storage.tables import Delivery, Destination, Event, Follow, Thread


@dataclass(frozen=True)
class Streams:
    """Which follows an event may concern, by what they chose; all of them for events about the provider itself."""

    incidents: bool = False
    components: bool = False
    maintenance: bool = False
    signals: bool = False


def _no(session: AsyncSession) -> ColumnElement[Any]:
    """False, as a value to be inserted."""
    return false() if session.get_bind().dialect.name == "postgresql" else literal(0)


async def publish(
    session: AsyncSession,
    provider_id: int,
    subject_id: int,
    *,
    first: int,
    last: int,
    streams: Streams,
    only_follow: int | None = None,
) -> None:
    """Opens or wakes the thread of every follow that may want the subject's events `first` to `last`, in one
    statement. Threads of disabled destinations learn what there is and stay asleep; those of a paused one are due
    when the pause is over."""
    wanted: list[ColumnElement[bool]] = [
        column.is_(True)
        for column, chosen in (
            (Follow.incidents, streams.incidents),
            (Follow.components, streams.components),
            (Follow.maintenance, streams.maintenance),
            (Follow.signals, streams.signals),
        )
        if chosen
    ]
    due = case(
        (Destination.disabled_at.is_not(None), null()),
        (Destination.paused_until > from_now(), Destination.paused_until),
        else_=from_now(),
    )
    chosen = (
        select(
            Follow.destination_id,
            literal(subject_id),
            literal(first - 1),
            literal(last),
            due,
            literal(0),
            _no(session),
            _no(session),
        )
        .join(Destination, Destination.id == Follow.destination_id)
        .where(Follow.provider_id == provider_id, or_(*wanted))
    )
    if only_follow is not None:
        chosen = chosen.where(Follow.id == only_follow)
    statement = insert(session, Thread).from_select(
        ["destination_id", "subject_id", "cursor", "head", "due_at", "attempt", "begun", "muted"], chosen
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["destination_id", "subject_id"],
            set_={
                "head": statement.excluded.head,
                "due_at": case(
                    (statement.excluded.due_at.is_(None), null()),
                    else_=func.coalesce(Thread.due_at, statement.excluded.due_at),
                ),
            },
        )
    )


async def adopt(session: AsyncSession, subject_id: int, adopted_subject_id: int) -> None:
    """The threads about one subject take over the first messages of those about another, destination by
    destination. What was still to tell there is not told any more: the other subject tells it."""
    old = Thread.__table__.alias("old")
    await session.execute(
        update(Thread)
        .where(Thread.subject_id == subject_id, Thread.reference.is_(None))
        .values(
            adopts_id=select(old.c.id)
            .where(old.c.subject_id == adopted_subject_id, old.c.destination_id == Thread.destination_id)
            .scalar_subquery()
        ),
        execution_options={"synchronize_session": False},
    )
    await session.execute(
        update(Thread)
        .where(Thread.subject_id == adopted_subject_id, or_(Thread.token.is_(None), Thread.token == PARKED))
        .values(cursor=Thread.head, due_at=None, attempt=0),
        execution_options={"synchronize_session": False},
    )


@dataclass(frozen=True)
class First:
    """The first message of a thread that is to be taken over or joined. in_flight: it is being told just now."""

    reference: str | None = None
    in_flight: bool = False
    muted: bool = False


async def first_of(session: AsyncSession, thread_id: int) -> First:
    """Of a thread; nothing of one that is gone."""
    in_flight = and_(Thread.token.is_not(None), Thread.token != PARKED, Thread.due_at > from_now())
    row = (
        await session.execute(
            select(Thread.reference, in_flight.label("in_flight"), Thread.muted).where(Thread.id == thread_id)
        )
    ).one_or_none()
    return First(row.reference, bool(row.in_flight), row.muted) if row else First()


async def carrier(session: AsyncSession, thread_id: int, update_id: str, before: int) -> str | None:
    """The message in which the thread told an update of the provider's."""
    return await session.scalar(
        select(Delivery.message)
        .join(Thread, Thread.id == Delivery.thread_id)
        .join(Event, and_(Event.subject_id == Thread.subject_id, Event.sequence == Delivery.sequence))
        .where(
            Delivery.thread_id == thread_id,
            Delivery.sequence < before,
            Event.update_id == update_id,
            Delivery.message.is_not(None),
        )
        .order_by(Delivery.sequence)
        .limit(1)
    )


async def destination_of(session: AsyncSession, thread_id: int) -> int:
    """The id of a thread's destination."""
    return (await session.scalars(select(Thread.destination_id).where(Thread.id == thread_id))).one()


async def refusing(session: AsyncSession, thread_id: int, *, everywhere: bool) -> Sequence[int]:
    """The ids of the destinations that a refusal concerns: the thread's own, or all of its workspace
    (`slack:TEAM/…`), whoever made them."""
    row = (
        await session.execute(
            select(Destination.id, Destination.uri)
            .join(Thread, Thread.destination_id == Destination.id)
            .where(Thread.id == thread_id)
        )
    ).one()
    if not everywhere:
        return [row.id]
    return await in_workspace(session, row.uri.partition("/")[0])


async def in_workspace(session: AsyncSession, key: str) -> Sequence[int]:
    """The ids of the destinations in a chat's workspace (`slack:TEAM`), also those that the terminal made."""
    rows = await session.scalars(
        select(Destination.id).where(Destination.uri.startswith(f"{key}/", autoescape=True))
    )
    return rows.all()


async def disable(session: AsyncSession, destination_ids: Collection[int], reason: str) -> list[int]:
    """Nothing can be sent to these destinations: all their threads sleep until they are enabled. What is being
    sent at this moment is still acknowledged. The ids of those that were not disabled before."""
    disabled = await session.scalars(
        update(Destination)
        .where(Destination.id.in_(destination_ids), Destination.disabled_at.is_(None))
        .values(disabled_at=from_now(), disabled_because=reason[:500])
        .returning(Destination.id),
        execution_options={"synchronize_session": False},
    )
    await session.execute(
        update(Thread).where(Thread.destination_id.in_(destination_ids)).values(due_at=None),
        execution_options={"synchronize_session": False},
    )
    return list(disabled)


async def enable(session: AsyncSession, destination_id: int) -> None:
    """Brings a destination back, as if it had never failed: what waits in its threads is due now."""
    await session.execute(
        update(Destination)
        .where(Destination.id == destination_id)
        .values(disabled_at=None, disabled_because=None, paused_until=None, pauses=0, failing_since=None)
    )
    await session.execute(
        update(Thread)
        .where(Thread.destination_id == destination_id, Thread.cursor < Thread.head)
        .values(due_at=from_now(), attempt=0),
        execution_options={"synchronize_session": False},
    )


async def waiting(session: AsyncSession) -> tuple[int, float]:
    """How many threads have something to tell, and for how many seconds the most overdue has been due."""
    count, oldest, now = (
        await session.execute(
            select(func.count(), func.min(Thread.due_at), from_now()).where(Thread.due_at.is_not(None))
        )
    ).one()
    return count, max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
