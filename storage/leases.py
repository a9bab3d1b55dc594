"""What one process holds alone for a while, and what a process that died held on to."""

from sqlalchemy import delete, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.claims import PARKED
from storage.database import from_now, insert
from storage.tables import Destination, Lease, Notice, Provider, Thread

FAR = 2 * 86400.0
"""Seconds: nothing waits that long, the last of all tries included."""
_QUIETLY = {"synchronize_session": False}


async def take(session: AsyncSession, name: str, holder: str, seconds: float) -> bool:
    """Whether `holder` has it now, alone, for so many seconds: nobody had it, or its time was over, or it was
    the holder's own."""
    statement = (
        insert(session, Lease)
        .values(name=name, holder=holder, until_at=from_now(seconds))
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "until_at": from_now(seconds)},
            where=or_(Lease.holder == holder, Lease.until_at <= from_now()),
        )
    )
    return (await session.execute(statement.returning(Lease.name))).first() is not None


async def release(session: AsyncSession, name: str, holder: str) -> None:
    """Gives it back before its time is over."""
    await session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


async def release_all(session: AsyncSession) -> None:
    """Makes everything that is claimed due at once. Only for the one process of an embedded database, when it
    starts: whoever claimed it is dead. (Among several processes the leases end by themselves.) So does what would
    wait for days: a clock that was wrong has written that down."""
    await session.execute(delete(Lease))
    for table in (Provider, Thread, Notice):
        await session.execute(
            update(table)
            .where(table.token.is_not(None), table.token != PARKED, table.due_at.is_not(None))
            .values(due_at=from_now(), token=None),
            execution_options=_QUIETLY,
        )
    for column in (Provider.due_at, Thread.due_at, Destination.paused_until):
        far = update(column.class_).where(column > from_now(FAR)).values({column.key: from_now()})
        await session.execute(far, execution_options=_QUIETLY)
