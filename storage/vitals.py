"""How the whole is doing, by figures that the database alone knows: for health, metrics and the heartbeat."""

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import providers, threads
from storage.database import from_now
from storage.tables import Delivery, Destination, Provider


@dataclass(frozen=True)
class Vitals:
    """poller_lag: seconds since the page that should have been read longest ago was due. waiting, oldest: threads
    that have something to tell, and for how many seconds the most overdue has been due. providers:
    how many that are followed are `readable` and `unreadable`. destinations: how many are `working`, `paused` and
    `disabled`."""

    poller_lag: float
    waiting: int
    oldest: float
    providers: dict[str, int]
    destinations: dict[str, int]


async def read(session: AsyncSession) -> Vitals:
    """The figures as they are now."""
    waiting, oldest = await threads.waiting(session)
    fails = Provider.failure.is_not(None)
    readable, unreadable = (
        await session.execute(
            select(func.count().filter(~fails), func.count().filter(fails)).where(Provider.due_at.is_not(None))
        )
    ).one()
    return Vitals(
        poller_lag=await providers.poller_lag(session) or 0.0,
        waiting=waiting,
        oldest=oldest,
        providers={"readable": readable, "unreadable": unreadable},
        destinations=await _destinations(session),
    )


async def _destinations(session: AsyncSession) -> dict[str, int]:
    state = case(
        (Destination.disabled_at.is_not(None), "disabled"),
        (Destination.paused_until.is_not(None), "paused"),
        else_="working",
    )
    counted = select(state.label("state")).subquery()  # PostgreSQL sees no group in bound parameters
    rows = await session.execute(select(counted.c.state, func.count()).group_by(counted.c.state))
    return dict.fromkeys(("working", "paused", "disabled"), 0) | {str(name): number for name, number in rows}


async def stuck(session: AsyncSession, seconds: float) -> bool:
    """Whether something has been due for so long, and nothing at all was told meanwhile: nobody delivers. (A long
    queue before a slow channel is none: from it something arrives again and again.)"""
    _, oldest = await threads.waiting(session)
    if oldest <= seconds:
        return False
    lately = select(Delivery.thread_id).where(Delivery.finished_at > from_now(-seconds)).limit(1)
    return await session.scalar(lately) is None
