"""A page that changes without end: memory, open files and tasks are afterwards what they were."""

import asyncio
import gc
import os
from pathlib import Path

import pytest
from faults.works import SECRET, left, telling
from replicas.outside import page, says
from sqlalchemy import func, select, update
from standins.pages import incident
from standins.pages import update as post
from standins.receiver import Receiver

from relay.metrics import Metrics
from relay.purge import purge
from storage.database import Database, from_now
from storage.tables import Delivery, Event

PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")


def memory() -> int:
    """Bytes that the process has in memory, after what is not needed is gone."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_SIZE


def files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def changes(database: Database, receiver: Receiver, numbers: range) -> None:
    """Each an incident of its own, one after the other, all told; what was told is soon long ago."""
    for number in numbers:
        opened = post(f"u{number}", "resolved", number, "x" * 2000)
        await says(database, "stormy", incident(opened, id_=f"inc{number}", title=f"Trouble {number}"))
        if number % 50 == 49:
            while await left(database):
                await asyncio.sleep(0.01)
            receiver.received.clear()
            async with database.write() as session:
                await session.execute(update(Event).values(seen_at=from_now(-30 * 86400)))
                await session.execute(update(Delivery).values(finished_at=from_now(-30 * 86400)))
            await purge(database, keep_days=7)


async def grown(database: Database, first: int, more: int) -> tuple[int, int, int]:
    """After the first changes and many more: bytes of memory, open files, tasks, each by how much it grew."""
    async with Receiver() as receiver:
        await page(database, "stormy", [receiver.url], "webhook", [SECRET])
        async with telling(database, Metrics()):
            await changes(database, receiver, range(first))
            before = memory(), files(), len(asyncio.all_tasks())
            await changes(database, receiver, range(first, first + more))
            await asyncio.sleep(0.1)
            after = memory(), files(), len(asyncio.all_tasks())
    bytes_, open_, tasks = (now - then for now, then in zip(after, before, strict=True))
    return bytes_, open_, tasks


@pytest.mark.timeout(120)
async def test_files_and_tasks_are_what_they_were_after_a_few_hundred_changes(database: Database) -> None:
    memory_, open_, tasks = await grown(database, first=50, more=100)
    assert memory_ < 40 * 1024**2
    assert (open_ <= 2, tasks <= 1) == (True, True)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_memory_is_bounded_over_a_simulated_week(database: Database) -> None:
    """A change every minute: ten thousand."""
    memory_, open_, tasks = await grown(database, first=1000, more=9000)
    assert memory_ < 60 * 1024**2
    assert (open_ <= 2, tasks <= 1) == (True, True)
    async with database.read() as session:
        assert (await session.scalar(select(func.count()).select_from(Event)) or 0) < 1000
