"""Wake-ups: whoever wrote work down wakes those who wait for it, in this process and in the others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from storage.database import Database
from storage.wakeups import DELIVER, POLL, Wakeups

CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
)


async def soon(awaited: Awaitable[object]) -> None:
    async with asyncio.timeout(60):
        await awaited


@pytest.fixture(autouse=True)
def _no_hurry_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine takes to connect."""
    monkeypatch.setattr("storage.wakeups.LAST_WITHIN", 60.0)


@asynccontextmanager
async def listening(url: str, channel: str = DELIVER) -> AsyncIterator[asyncio.Event]:
    """Another process, as it were: what is set when it is woken. It has looked once, as one does that begins to
    listen, before anybody calls."""
    database, woken = Database(url), asyncio.Event()
    wakeups = Wakeups(database)
    wakeups.on(channel, woken.set)
    wakeups.start()
    try:
        await soon(woken.wait())
        woken.clear()
        yield woken
    finally:
        await wakeups.aclose()
        await database.aclose()


@pytest.fixture
async def postgresql(new_postgresql: str) -> AsyncIterator[Database]:
    opened = Database(new_postgresql)
    yield opened
    await opened.aclose()


async def test_who_wakes_is_woken_at_once(database: Database) -> None:
    heard = list[str]()
    wakeups = Wakeups(database)
    wakeups.on(DELIVER, lambda: heard.append("deliver"))
    wakeups.on(POLL, lambda: heard.append("poll"))
    wakeups.wake(DELIVER)
    assert heard == ["deliver"]
    wakeups.wake(DELIVER, POLL)
    assert heard == ["deliver", "deliver", "poll"]
    await wakeups.aclose()


async def test_another_process_is_woken(postgresql: Database, new_postgresql: str) -> None:
    async with listening(new_postgresql) as woken:
        caller = Wakeups(postgresql)
        caller.start()
        for _ in range(3):
            caller.wake(DELIVER)
            await soon(woken.wait())
            woken.clear()
        await caller.aclose()


async def test_a_command_that_ends_has_woken_the_others(postgresql: Database, new_postgresql: str) -> None:
    """It was never started: all it does is to say so in the end."""
    async with listening(new_postgresql) as woken:
        caller = Wakeups(postgresql)
        caller.wake(DELIVER, POLL)
        await caller.aclose()
        await soon(woken.wait())


async def test_only_who_waits_for_it_is_woken(postgresql: Database, new_postgresql: str) -> None:
    async with listening(new_postgresql) as deliverer, listening(new_postgresql, POLL) as poller:
        caller = Wakeups(postgresql)
        caller.wake(POLL)
        await caller.aclose()
        await soon(poller.wait())
        assert not deliverer.is_set()


async def test_a_connection_that_is_lost_is_made_anew_and_nothing_is_missed(
    postgresql: Database, new_postgresql: str
) -> None:
    async with listening(new_postgresql) as woken:
        for _ in range(2):
            async with postgresql.write() as session:
                assert (await session.scalars(text(CUT))).all() == [True]
            await soon(woken.wait())  # it listens again, and has looked: what was said meanwhile is not missed
            woken.clear()
        caller = Wakeups(postgresql)
        caller.wake(DELIVER)
        await caller.aclose()
        await soon(woken.wait())


async def test_who_waits_for_nothing_keeps_no_connection(postgresql: Database) -> None:
    wakeups = Wakeups(postgresql)
    wakeups.start()
    wakeups.wake(DELIVER)
    assert {"notify"} == {task.get_name() for task in asyncio.all_tasks()} & {"notify", "listen"}
    await wakeups.aclose()


async def test_without_a_database_nobody_is_woken_and_nothing_breaks(unused_port: int) -> None:
    database = Database(f"postgresql://nobody@127.0.0.1:{unused_port}/nothing")
    wakeups = Wakeups(database)
    wakeups.on(DELIVER, lambda: None)
    wakeups.start()
    wakeups.wake(DELIVER)
    await soon(wakeups.aclose())
    await database.aclose()
