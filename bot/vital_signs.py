"""Whether polling and delivering go on, as `/readyz` and the heartbeat see it."""

from relay.record import Pace
from storage import providers, vitals
from storage.database import Database

STUCK = 900.0
"""Seconds without any delivery, though some are due."""


async def poller_problems(database: Database, pace: Pace) -> dict[str, str]:
    """What keeps pages from being read in time, by part, in one line each; empty: nothing."""
    async with database.read() as session:
        lag = await providers.poller_lag(session)
    late = max(60.0, 3 * pace.interval)
    return {"poller": f"a page is overdue by {lag:.0f} s"} if lag is not None and lag > late else {}


async def problems(database: Database, pace: Pace) -> dict[str, str]:
    """The same, and what keeps messages from being delivered."""
    found = await poller_problems(database, pace)
    async with database.read() as session:
        if await vitals.stuck(session, STUCK):
            found["deliveries"] = f"messages are due, and none was delivered for {STUCK / 60:.0f} minutes"
    return found
