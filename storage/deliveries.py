"""Deliveries: what was told, what was given up, what is still to be told; and telling it again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import from_now
from storage.tables import Attempt, Delivery, Destination, Event, Provider, Thread


@dataclass(frozen=True)
class Listed:
    """One event in one thread, told or not. Its public name is `thread.sequence`."""

    thread_id: int
    sequence: int
    state: str
    """`pending`, `delivered`, `dead` or `held`."""
    destination: str
    provider: str
    type: str
    event_id: str
    seen_at: datetime
    finished_at: datetime | None
    due_at: datetime | None
    attempts: int
    reason: str | None
    """Why the last try failed."""

    @property
    def name(self) -> str:
        """As people and commands name it."""
        return f"{self.thread_id}.{self.sequence}"


async def listed(session: AsyncSession, workspace_id: int, state: str | None, limit: int) -> list[Listed]:
    """The newest deliveries of a workspace, newest first; of one state, or of all."""
    tried = (
        select(func.count(Attempt.id))
        .where(Attempt.thread_id == Thread.id, Attempt.sequence == Event.sequence)
        .correlate(Thread, Event)
    )
    reason = (
        select(Attempt.reason)
        .where(Attempt.thread_id == Thread.id, Attempt.sequence == Event.sequence)
        .order_by(Attempt.id.desc())
        .limit(1)
        .correlate(Thread, Event)
    )
    statement = (
        select(
            Thread.id.label("thread_id"),
            Event.sequence,
            func.coalesce(Delivery.state, "pending").label("state"),
            Destination.uri.label("destination"),
            Provider.slug.label("provider"),
            Event.type,
            Event.uid.label("event_id"),
            Event.seen_at,
            Delivery.finished_at,
            Thread.due_at,
            tried.scalar_subquery().label("attempts"),
            reason.scalar_subquery().label("reason"),
        )
        .join(Event, Event.subject_id == Thread.subject_id)
        .join(Provider, Provider.id == Event.provider_id)
        .join(Destination, Destination.id == Thread.destination_id)
        .outerjoin(Delivery, and_(Delivery.thread_id == Thread.id, Delivery.sequence == Event.sequence))
        .where(
            Destination.workspace_id == workspace_id,
            or_(
                Delivery.state.is_not(None),
                and_(Event.sequence > Thread.cursor, Event.sequence <= Thread.head),
            ),
        )
        .order_by(Event.id.desc(), Thread.id)
        .limit(limit)
    )
    if state == "pending":
        statement = statement.where(Event.sequence > Thread.cursor)
    elif state is not None:
        statement = statement.where(Delivery.state == state, Event.sequence <= Thread.cursor)
    return [Listed(**row._mapping) for row in await session.execute(statement)]


async def belongs(session: AsyncSession, workspace_id: int, thread_id: int) -> bool:
    """Whether the thread is one of the workspace's."""
    found = await session.scalar(
        select(Thread.id)
        .join(Destination, Destination.id == Thread.destination_id)
        .where(Thread.id == thread_id, Destination.workspace_id == workspace_id)
    )
    return found is not None


async def replay_since(
    session: AsyncSession, workspace_id: int, since: datetime, destination_id: int | None
) -> int:
    """Puts back every thread of the workspace (or of one destination) to before its first event since then. The
    number of threads."""
    first = (
        select(Event.subject_id, func.min(Event.sequence).label("first"))
        .where(Event.seen_at >= since)
        .group_by(Event.subject_id)
        .subquery()
    )
    wanted = [Destination.workspace_id == workspace_id, Destination.disabled_at.is_(None)]
    if destination_id is not None:
        wanted.append(Destination.id == destination_id)
    rows = (
        await session.execute(
            select(Thread.id, first.c.first)
            .join(first, first.c.subject_id == Thread.subject_id)
            .join(Destination, Destination.id == Thread.destination_id)
            .join(Delivery, and_(Delivery.thread_id == Thread.id, Delivery.sequence >= first.c.first))
            .where(*wanted)
            .distinct()
        )
    ).all()
    for row in rows:
        await session.execute(
            update(Thread)
            .where(Thread.id == row.id, Thread.cursor >= row.first)
            .values(cursor=row.first - 1, due_at=from_now(), attempt=0, token=None),
            execution_options={"synchronize_session": False},
        )
    return len(rows)
