"""A database that goes away, is slow, says nothing, or has no room: the process lives, says what is wrong, and
tells everything once when it is back."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from aiohttp import ClientSession
from cryptography.fernet import Fernet
from faults.works import SECRET, grows, left, telling, told
from replicas.outside import page
from sqlalchemy import event
from standins.receiver import Answer, Receiver
from standins.replica import Replica, environment, running
from standins.wire import Wire
from structlog.testing import capture_logs

from bot.vault import Vault
from relay.metrics import Metrics
from storage import migrate
from storage.database import Database

PLACES = 4
ANSWER_WITHIN = 4.0
BACK_WITHIN = 50.0
"""Seconds; a lease lasts sixty."""
ENDED_WITHIN = 25.0
"""Seconds: it ends itself after ten, and would wait for an answer for thirty."""
LISTENS = '"event": "wake-ups are heard"'


async def ready(process: Replica) -> tuple[int, dict[str, Any]]:
    """What its /readyz says."""
    port = process.said.partition('"port": ')[2].partition(",")[0]
    async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/readyz") as answer:
        return answer.status, await answer.json()


@asynccontextmanager
async def whole(url: str, real: str, folder: Path) -> AsyncIterator[tuple[Replica, Receiver, Database]]:
    """A process with every role whose database is at `url`, and that database."""
    key = Fernet.generate_key().decode()
    database = Database(real)
    await migrate.upgrade(database)
    async with Receiver() as receiver:
        uris = [f"{receiver.url}/{place}" for place in range(PLACES)]
        await page(database, "stormy", uris, "webhook", [Vault([key]).seal(SECRET)])
        async with running(1, env=environment(url, key), folder=folder) as [process]:
            yield process, receiver, database
    await database.aclose()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", ["cut", "stalled", "lost"])
async def test_postgresql_goes_away_and_comes_back(new_postgresql: str, tmp_path: Path, way: str) -> None:
    async with Wire(new_postgresql) as wire:
        quick = f"{wire.url}?command_timeout={ANSWER_WITHIN:g}"
        async with whole(quick, new_postgresql, tmp_path) as (one, receiver, database):
            await goes_and_comes_back(wire, way, one, receiver, database, seconds=1.5)


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", ["cut", "stalled", "lost"])
async def test_postgresql_goes_away_for_a_minute(new_postgresql: str, tmp_path: Path, way: str) -> None:
    async with (
        Wire(new_postgresql) as wire,
        whole(wire.url, new_postgresql, tmp_path) as (one, receiver, database),
    ):
        await goes_and_comes_back(wire, way, one, receiver, database, seconds=60)


async def goes_and_comes_back(
    wire: Wire, way: str, one: Replica, receiver: Receiver, database: Database, *, seconds: float
) -> None:
    """The process lives, says so, and is there again soon; everything is told once, and in order."""
    assert (await ready(one))[0] == 200
    receiver.default = Answer(delay=0.05)
    await grows(database, incidents=6, updates=1)
    await receiver.until(PLACES * 2)
    began = monotonic()
    away(wire, way)
    await grows(database, incidents=6, updates=3)  # others are not kept from it by what the process had locked
    status, body = await ready(one)
    assert (status, list(body["problems"])) == (503, ["database"])
    await asyncio.sleep(max(1.5, began + seconds - monotonic()))
    assert one.process.returncode is None
    listens = one.said.count(LISTENS)
    wire.mend()
    mended = monotonic()
    await receiver.until(PLACES * 6 * 3, within=BACK_WITHIN)
    listens += way != "stalled"  # a connection that answers before anybody asks was never away
    while one.said.count(LISTENS) < listens or (await ready(one))[0] != 200:
        assert monotonic() < mended + BACK_WITHIN
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    assert await one.stop() == 0
    assert list(told(receiver.received).values()) == [[1, 2, 3]] * (PLACES * 6)


def away(wire: Wire, way: str) -> None:
    if way == "cut":
        wire.cut()
    elif way == "stalled":
        wire.stalled = True
    else:
        wire.lose()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("way", ["cut", "stalled"])
async def test_a_process_ends_in_time_though_its_database_is_away(
    new_postgresql: str, tmp_path: Path, way: str
) -> None:
    async with (
        Wire(new_postgresql) as wire,
        whole(wire.url, new_postgresql, tmp_path) as (one, receiver, database),
    ):
        receiver.default = Answer(delay=0.3)
        await grows(database, incidents=3, updates=1)
        await receiver.until(1)
        away(wire, way)
        await asyncio.sleep(1)
        began = monotonic()
        code = await one.stop()
        assert monotonic() - began < ENDED_WITHIN
        assert code == (0 if way == "cut" else 1), one.said[-3000:]
    assert "not written down" in one.said or "ended without" in one.said


@pytest.mark.timeout(180)
async def test_postgresql_is_slow(new_postgresql: str) -> None:
    async with Wire(new_postgresql) as wire, Receiver() as receiver:
        near, far = Database(new_postgresql), Database(wire.url)
        await migrate.upgrade(near)
        await page(near, "stormy", [f"{receiver.url}/{place}" for place in range(PLACES)], "webhook", [SECRET])
        await grows(near, incidents=2, updates=2)
        wire.delay = 0.05
        async with telling(far, Metrics()):
            await receiver.until(PLACES * 4)
            while await left(near):
                await asyncio.sleep(0.05)
        await near.aclose()
        await far.aclose()
    assert list(told(receiver.received).values()) == [[1, 2]] * (PLACES * 2)


@pytest.mark.timeout(180)
async def test_another_writer_holds_a_sqlite_file_longer_than_anybody_waits(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/uptimus.db", busy_timeout=0.3)
    await migrate.upgrade(database)
    async with Receiver() as receiver:
        receiver.default = Answer(delay=0.3)
        await page(database, "stormy", [f"{receiver.url}/{place}" for place in range(PLACES)], "webhook", [SECRET])
        await grows(database, incidents=4, updates=3)
        with capture_logs() as logs, closing(other_writer(tmp_path)) as other:
            async with telling(database, Metrics()):
                await receiver.until(1)
                await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
                await said(logs, lambda one: "database is locked" in str(one.get("detail")), times=3)
                other.execute("COMMIT")
                await receiver.until(PLACES * 12)
                while await left(database):
                    await asyncio.sleep(0.05)
    await database.aclose()
    assert list(told(receiver.received).values()) == [[1, 2, 3]] * (PLACES * 4)
    assert {"claim failed", "write failed"} <= {one["event"] for one in logs}


def other_writer(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "uptimus.db", isolation_level=None, check_same_thread=False, timeout=20)


async def said(logs: list[Any], fits: Callable[[Any], bool], times: int) -> None:
    async with asyncio.timeout(60):
        while sum(fits(one) for one in logs) < times:
            await asyncio.sleep(0.02)


class Disk:
    """A disk that is full when a test says so."""

    def __init__(self, database: Database) -> None:
        self.is_full = False
        event.listen(database.engine.sync_engine, "begin", self._begin)

    def _begin(self, connection: Any) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages if self.is_full else 1_000_000}")


@pytest.mark.timeout(180)
async def test_a_sqlite_file_has_no_room_to_grow(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/uptimus.db")
    await migrate.upgrade(database)
    disk = Disk(database)
    async with Receiver() as receiver:
        receiver.default = Answer(500, body=b"x" * 10_000)  # what it says is kept, and takes up room
        await page(database, "stormy", [receiver.url], "webhook", [SECRET])
        await grows(database, incidents=4, updates=1)
        disk.is_full = True
        with capture_logs() as logs:
            async with telling(database, Metrics()):
                await said(logs, lambda one: "database or disk is full" in str(one.get("detail")), times=2)
                tries = len(receiver.received)
                disk.is_full, receiver.default = False, Answer()
                while await left(database) > tries:
                    await asyncio.sleep(0.02)
                await receiver.until(4)
    await database.aclose()
    assert {one["log_level"] for one in logs if one["event"] == "write failed"} == {"warning"}
