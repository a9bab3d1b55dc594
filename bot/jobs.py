"""What a running process does again and again: one scheduler, and no job that ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from storage import leases
from storage.database import Database

log = structlog.get_logger("jobs")


@dataclass(frozen=True)
class Job:
    """Something to be done every so many seconds; never twice at the same time."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]
    first: float = 0.05
    """Seconds until the first time."""


class Running:
    """Jobs that are done again and again until it is called."""

    def __init__(self, scheduler: AsyncIOScheduler) -> None:
        self._scheduler = scheduler
        self._watching = asyncio.create_task(self._watch_clock(), name="clock")

    def __call__(self) -> None:
        """Ends them."""
        self._watching.cancel()
        self._scheduler.shutdown(wait=False)

    def soon(self, name: str) -> None:
        """There is something to do for this job now. While it is under way it is not begun once more."""
        job = self._scheduler.get_job(name)
        if job is not None:
            job.modify(next_run_time=datetime.now(UTC))

    async def _watch_clock(self) -> None:
        """The scheduler goes by the time of day: where the clock was set back, it would wait until it has caught
        up. No job waits longer than from one time to the next."""
        while True:
            await asyncio.sleep(1)
            now = datetime.now(UTC)
            for job in self._scheduler.get_jobs():
                if job.next_run_time - now > job.trigger.interval + timedelta(seconds=1):
                    job.modify(next_run_time=now)


class Alone:
    """Work that one process at a time does, again and again for as long as it lives. The others ask each time
    whether it still does; `seconds` after it has asked for the last time, one of them takes over."""

    def __init__(
        self, database: Database, name: str, seconds: float, work: Callable[[], Awaitable[object]]
    ) -> None:
        self._database, self._name, self._seconds, self._work = database, name, seconds, work
        self._holder = token_hex(8)

    async def tick(self) -> None:
        """Does it, or leaves it to whoever does it."""
        async with self._database.write(relaxed=True) as session:
            mine = await leases.take(session, self._name, self._holder, self._seconds)
        if mine:
            await self._work()

    async def aclose(self) -> None:
        """Another process may do it from now on."""
        async with self._database.write(relaxed=True) as session:
            await leases.release(session, self._name, self._holder)


def start(jobs: list[Job]) -> Running:
    """Begins at once."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    for job in jobs:
        scheduler.add_job(
            _guarded, "interval", args=[job], id=job.name, seconds=job.seconds, max_instances=1, coalesce=True,
            misfire_grace_time=None, next_run_time=datetime.now(UTC) + timedelta(seconds=job.first),
        )  # fmt: skip
    scheduler.start()
    return Running(scheduler)


async def _guarded(job: Job) -> None:
    try:
        await job.work()
    except asyncio.CancelledError:
        return  # the process stops; the scheduler would write that down as an error
    except Exception as error:  # the database went away: the next time asks again
        log.warning("job failed", job=job.name, error=type(error).__name__, detail=str(error)[:200])
