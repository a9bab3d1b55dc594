"""Jobs: done again and again, whatever goes wrong, and ended without a word."""

import asyncio
import logging

import pytest
from structlog.testing import capture_logs

from bot import jobs
from bot.jobs import Alone, Job
from storage.database import Database


async def test_a_job_that_fails_is_done_again() -> None:
    done, times = asyncio.Event(), 0

    async def work() -> None:
        nonlocal times
        times += 1
        if times == 1:
            raise OSError("the database went away")
        done.set()

    with capture_logs() as logs:
        stop = jobs.start([Job("work", 0.01, work)])
        async with asyncio.timeout(60):
            await done.wait()
        stop()
    assert [(entry["job"], entry["error"]) for entry in logs] == [("work", "OSError")]


async def test_a_job_under_way_ends_with_the_process_and_nothing_is_said_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    stop = jobs.start([Job("work", 3600, work)])
    async with asyncio.timeout(60):
        await began.wait()
        with caplog.at_level(logging.WARNING):
            stop()
            await ended.wait()
            await asyncio.sleep(0)
    assert caplog.records == []


async def test_a_job_that_is_wanted_soon_need_not_wait_for_its_time() -> None:
    done = asyncio.Queue[int]()

    async def work() -> None:
        done.put_nowait(1)

    running = jobs.start([Job("work", 3600, work)])
    async with asyncio.timeout(60):
        await done.get()
        running.soon("work")
        await done.get()
    running.soon("another")
    running()


async def test_of_several_processes_one_does_the_work_until_it_gives_it_back(database: Database) -> None:
    done = list[str]()

    def process(name: str) -> Alone:
        async def work() -> None:
            done.append(name)

        return Alone(database, "purge", 60, work)

    first, second = process("first"), process("second")
    for one in (first, second, first, second):
        await one.tick()
    assert done == ["first", "first"]
    await second.aclose()  # it never had it
    await second.tick()
    assert done == ["first", "first"]
    await first.aclose()
    await second.tick()
    assert done == ["first", "first", "second"]
