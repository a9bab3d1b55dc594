"""A machine's clock that is set: what is due in so many seconds stays due in so many seconds.

Only of an embedded database, whose clock is that of its one process. (PostgreSQL's is the server's, whatever the
clocks of the processes say.)
"""

import time

import structlog
from sqlalchemy import Text, func, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Destination, Lease, Provider, Thread

LEAST = 5.0
"""Seconds: less is a clock that is kept right, a little at a time."""
STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""It goes on while the machine sleeps: waking up is no jump."""

log = structlog.get_logger("clock")


class ClockSetError(OSError):
    """The clock was set in the middle of a transaction."""


class Clock:
    """Notices when the machine's clock was set."""

    def __init__(self) -> None:
        self._ahead = _ahead()

    def jump(self) -> float:
        """By how many seconds it was set forth (or back: less than 0) and nobody has followed; mostly 0."""
        seconds = _ahead() - self._ahead
        return seconds if abs(seconds) >= LEAST else 0.0

    def followed(self, seconds: float) -> None:
        """That jump is over."""
        self._ahead += seconds


def _ahead() -> float:
    return time.time() - time.clock_gettime(STEADY)


async def follow(session: AsyncSession, seconds: float) -> None:
    """What waits for a while, and what is held for a while, does so no longer and no shorter than before. (What is
    told at a time of day, as digests are, follows the clock.)"""
    log.warning("the clock was set", seconds=round(seconds))
    by = f"{seconds:+.3f} seconds"
    for column in (Provider.due_at, Thread.due_at, Destination.paused_until, Lease.until_at):
        moved = func.strftime("%Y-%m-%d %H:%M:%f", column, by, type_=Text).concat("000")
        statement = update(column.class_).where(column.is_not(None)).values({column.key: moved})
        await session.execute(statement, execution_options={"synchronize_session": False})
