"""What a running process does again and again: one scheduler, and no job that ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger("jobs")


@dataclass(frozen=True)
class Job:
    """Something to be done every so many seconds; never twice at the same time."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]


def start(jobs: list[Job]) -> Callable[[], None]:
    """Begins at once; what it returns ends it."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    for job in jobs:
        scheduler.add_job(
            _guarded, "interval", args=[job], id=job.name, seconds=job.seconds, max_instances=1, coalesce=True,
            misfire_grace_time=None, next_run_time=datetime.now(UTC) + timedelta(seconds=0.05),
        )  # fmt: skip
    scheduler.start()
    return lambda: scheduler.shutdown(wait=False)


async def _guarded(job: Job) -> None:
    try:
        await job.work()
    except asyncio.CancelledError:
        return  # the process stops; the scheduler would write that down as an error
    except Exception as error:  # the database went away: the next time asks again
        log.warning("job failed", job=job.name, error=type(error).__name__, detail=str(error)[:200])
