"""Deliveries: what was told, what was given up, what is still to be told; and telling it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, func, not_, or_, select, update
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


async def listed(
    session: AsyncSession, workspace_id: int, state: str | None, limit: int, *, destination_id: int | None = None
) -> list[Listed]:
    """The newest deliveries of a workspace (or of one destination), newest first; of one state, or of all."""
    statement = _listed(workspace_id).order_by(Event.id.desc(), Thread.id).limit(limit)
    if destination_id is not None:
        statement = statement.where(Destination.id == destination_id)
    if state == "pending":
        statement = statement.where(_WAITS)
    elif state is not None:
        statement = statement.where(Delivery.state == state, not_(_WAITS))
    return [Listed(**row._mapping) for row in await session.execute(statement)]


async def one(session: AsyncSession, workspace_id: int, thread_id: int, sequence: int) -> Listed | None:
    """A delivery by its name; None: the workspace has none of that name."""
    statement = _listed(workspace_id).where(Thread.id == thread_id, Event.sequence == sequence)
    row = (await session.execute(statement)).one_or_none()
    return Listed(**row._mapping) if row is not None else None


_WAITS = and_(
    Event.sequence > Thread.cursor,
    Event.sequence <= Thread.head,
    or_(not_(Thread.only_dead), Delivery.state.is_(None), Delivery.state == "dead"),
)
"""It is still to be told, or to be told again."""


def _listed(workspace_id: int) -> Select[Any]:
    of_one = and_(Attempt.thread_id == Thread.id, Attempt.sequence == Event.sequence)
    tried = select(func.count(Attempt.id)).where(of_one).correlate(Thread, Event)
    reason = select(Attempt.reason).where(of_one).order_by(Attempt.id.desc()).limit(1).correlate(Thread, Event)
    return (
        select(
            Thread.id.label("thread_id"),
            Event.sequence,
            case((_WAITS, "pending"), else_=func.coalesce(Delivery.state, "pending")).label("state"),
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
        .where(Destination.workspace_id == workspace_id, or_(Delivery.state.is_not(None), _WAITS))
    )


async def attempts_of(session: AsyncSession, thread_id: int, sequence: int) -> Sequence[Attempt]:
    """Every try at a delivery, the oldest first. Whose it is, who asks has to see (`one`, `belongs`)."""
    rows = await session.scalars(
        select(Attempt).where(Attempt.thread_id == thread_id, Attempt.sequence == sequence).order_by(Attempt.id)
    )
    return rows.all()


async def missed(session: AsyncSession, destination_id: int) -> int:
    """How many deliveries to a destination were given up."""
    return await _given_up(session, Thread.destination_id == destination_id)


async def _given_up(session: AsyncSession, *wanted: ColumnElement[bool]) -> int:
    number = await session.scalar(
        select(func.count())
        .select_from(Delivery)
        .join(Thread, Thread.id == Delivery.thread_id)
        .where(Delivery.state == "dead", Delivery.sequence <= Thread.cursor, *wanted)
    )
    return number or 0


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
    """Puts back every thread of the workspace (or of one destination) to before its first event since then: all of
    them are told again, in order. The number of threads."""
    first = (
        select(func.min(Event.sequence))
        .join(Delivery, and_(Delivery.thread_id == Thread.id, Delivery.sequence == Event.sequence))
        .where(Event.subject_id == Thread.subject_id, Event.seen_at >= since)
        .correlate(Thread)
        .scalar_subquery()
    )
    return await _put_back(session, first, _enabled(workspace_id, destination_id), only_dead=False)


async def replay_dead(session: AsyncSession, workspace_id: int, destination_id: int | None) -> int:
    """Puts back every thread of the workspace (or of one destination) to before the first event that was given up:
    those are told again, in order, and nothing that was delivered. The number of deliveries."""
    mine = _enabled(workspace_id, destination_id)
    number = await _given_up(session, mine)
    first = (
        select(func.min(Delivery.sequence))
        .where(Delivery.thread_id == Thread.id, Delivery.state == "dead")
        .correlate(Thread)
        .scalar_subquery()
    )
    await _put_back(session, first, mine, only_dead=True)
    return number


def _enabled(workspace_id: int, destination_id: int | None) -> ColumnElement[bool]:
    wanted = [Destination.workspace_id == workspace_id, Destination.disabled_at.is_(None)]
    if destination_id is not None:
        wanted.append(Destination.id == destination_id)
    return Thread.destination_id.in_(select(Destination.id).where(*wanted))


async def _put_back(
    session: AsyncSession, first: ScalarSelect[int], wanted: ColumnElement[bool], *, only_dead: bool
) -> int:
    """What is told at this moment is told again, too: its claim holds no more. A paused destination gets it when
    it works again."""
    put_back = await session.scalars(
        update(Thread)
        .where(wanted, Thread.cursor >= first)
        .values(cursor=first - 1, due_at=from_now(), attempt=0, token=None, only_dead=only_dead)
        .returning(Thread.id),
        execution_options={"synchronize_session": False},
    )
    return len(put_back.all())
