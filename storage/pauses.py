"""What is known of a destination's health: since when it fails, and until when nothing is sent to it.

While a destination is paused its threads are parked, all but one: what waits behind a dead receiver is not even
looked at when threads are claimed. A parked thread is due by itself an hour after the pause.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.claims import PARKED
from storage.database import from_now
from storage.tables import Destination, Thread

HEALED = 3600.0
"""Seconds after the end of a pause."""

_QUIETLY = {"synchronize_session": False}


@dataclass(frozen=True)
class Health:
    """What a try, or its omission, says of a destination.

    probe: it was the one try that a paused destination gets, after so many pauses running. works: it succeeded.
    fails: it failed, and the one before had not (or had long ago). pause: nothing is to be sent for so many
    seconds. warn: whoever owns it should know. gave_up: why it is to be disabled.
    """

    destination_id: int
    probe: bool = False
    pauses: int = 0
    works: bool = False
    fails: bool = False
    pause: float | None = None
    warn: bool = False
    gave_up: str | None = None


async def hold(session: AsyncSession, destination_ids: Collection[int]) -> None:
    """Whoever writes of destinations and of their threads begins with the destinations, in the order of their ids:
    so no process waits for one that waits for it."""
    wanted = select(Destination.id).where(Destination.id.in_(destination_ids)).order_by(Destination.id)
    await session.execute(wanted.with_for_update())


async def fails(session: AsyncSession, destination_id: int, forgiven: float) -> None:
    """It fails from now on. If it has failed before and not succeeded since, that counts, but for what is longer
    ago than `forgiven` seconds."""
    long_ago = Destination.failing_since <= from_now(-forgiven)
    await session.execute(
        update(Destination)
        .where(Destination.id == destination_id, or_(Destination.failing_since.is_(None), long_ago))
        .values(failing_since=from_now()),
        execution_options=_QUIETLY,
    )


async def failing_since(session: AsyncSession, destination_id: int) -> datetime | None:
    """Since when it fails; None: it works."""
    return await session.scalar(select(Destination.failing_since).where(Destination.id == destination_id))


async def works(session: AsyncSession, destination_id: int) -> None:
    """Something arrived. A pause that began meanwhile stays: its own try ends it."""
    await session.execute(
        update(Destination).where(Destination.id == destination_id).values(failing_since=None),
        execution_options=_QUIETLY,
    )


async def pause(session: AsyncSession, destination_id: int, seconds: float, *, probed: bool) -> datetime | None:
    """Nothing is sent there for so many seconds, and then one try. probed: that try has just failed; otherwise
    pauses that overlap count once, the longer one. Until when; None: it is gone, or disabled."""
    until = from_now(seconds)
    row = (
        await session.execute(
            select(Destination.paused_until, Destination.pauses)
            .where(Destination.id == destination_id, Destination.disabled_at.is_(None))
            .with_for_update()
        )
    ).one_or_none()
    if row is None:
        return None
    began = probed or row.paused_until is None
    longer = until if began else case((Destination.paused_until > until, Destination.paused_until), else_=until)
    ends = await session.scalar(
        update(Destination)
        .where(Destination.id == destination_id)
        .values(paused_until=longer, pauses=row.pauses + began)
        .returning(Destination.paused_until),
        execution_options=_QUIETLY,
    )
    if began and ends is not None:
        await _park(session, destination_id, ends)
    return ends


async def _park(session: AsyncSession, destination_id: int, until: datetime) -> None:
    """Those that would be due before the end of the pause; one of them, the one tried least, is due then."""
    left = (await session.scalars(select(from_now()))).one()
    waits = or_(Thread.token.is_(None), Thread.token == PARKED)
    await session.execute(
        update(Thread)
        .where(Thread.destination_id == destination_id, Thread.due_at <= until, waits)
        .values(due_at=from_now((until - left).total_seconds() + HEALED), token=PARKED),
        execution_options=_QUIETLY,
    )
    await _make_due(session, destination_id, until)


async def _make_due(session: AsyncSession, destination_id: int, at: datetime) -> None:
    least_tried = (
        select(Thread.id)
        .where(Thread.destination_id == destination_id, Thread.token == PARKED, Thread.due_at.is_not(None))
        .order_by(Thread.attempt, Thread.due_at, Thread.id)
        .limit(1)
        .scalar_subquery()
    )
    await session.execute(
        update(Thread).where(Thread.id == least_tried).values(due_at=at, token=None), execution_options=_QUIETLY
    )


async def probe_again(session: AsyncSession, destination_id: int) -> None:
    """The one try was none (filters left its event out, its turn had not come): another thread may have it now."""
    now = (await session.scalars(select(from_now()))).one()
    still = await session.scalar(
        update(Destination)
        .where(Destination.id == destination_id, Destination.paused_until.is_not(None))
        .values(paused_until=now)
        .returning(Destination.id),
        execution_options=_QUIETLY,
    )
    if still is not None:
        await _make_due(session, destination_id, now)


async def recover(session: AsyncSession, destination_id: int, pauses: int) -> None:
    """The one try succeeded, after so many pauses running: what was parked is due now.

    Where it was not only overloaded for a moment, what waits for its own next try is due as well: that try is an
    extra one, and a destination that comes and goes uses up nobody's tries.
    """
    await session.execute(
        update(Destination)
        .where(Destination.id == destination_id)
        .values(paused_until=None, pauses=0, failing_since=None),
        execution_options=_QUIETLY,
    )
    mine = and_(Thread.destination_id == destination_id, Thread.due_at > from_now())
    fresh = and_(Thread.token.is_(None), Thread.attempt == 0)
    await session.execute(
        update(Thread).where(mine, or_(Thread.token == PARKED, fresh)).values(due_at=from_now(), token=null()),
        execution_options=_QUIETLY,
    )
    if pauses > 1:
        await session.execute(
            update(Thread)
            .where(mine, Thread.token.is_(None), Thread.attempt > 0)
            .values(due_at=from_now(), attempt=Thread.attempt - 1),
            execution_options=_QUIETLY,
        )
