"""The dead man's switch: a beat while all is well, none when it isn't, and one for several processes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import text, update
from standins import rows
from standins.followed import followed
from structlog.testing import capture_logs

from bot import vital_signs
from bot.heartbeat import LEASE, Heartbeat
from relay.metrics import Metrics
from relay.poll import pace
from storage.database import Database
from storage.tables import Delivery, Lease, Provider, Thread

PACE = pace(60, 60)


class House:
    """Who counts the beats; `status` is what it answers."""

    def __init__(self) -> None:
        self.beats: list[tuple[str, str]] = []
        self.status = 200
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.beats.append((request.method, request.headers["User-Agent"]))
        return web.Response(status=self.status)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    app = web.Application()
    app.router.add_route("*", "/ping/hunter2", house.answer)
    async with TestServer(app) as server:
        house.url = str(server.make_url("/ping/hunter2"))
        yield house


def _heart(database: Database, url: str, metrics: Metrics | None = None) -> Heartbeat:
    async def problems() -> dict[str, str]:
        return await vital_signs.problems(database, PACE)

    return Heartbeat(url, database, problems, metrics=metrics or Metrics(), user_agent="uptimus/test")


def _counted(metrics: Metrics) -> dict[str, float]:
    lines = [
        line for line in metrics.exposition().decode().splitlines() if line.startswith("uptimus_heartbeats_total")
    ]
    return {line.split('"')[1]: float(line.split()[-1]) for line in lines}


async def test_it_beats_while_all_is_well(database: Database, house: House) -> None:
    metrics = Metrics()
    heart = _heart(database, house.url, metrics)
    await heart.tick()
    await heart.tick()
    assert house.beats == [("GET", "uptimus/test")] * 2
    assert _counted(metrics) == {"sent": 2}


async def test_it_is_withheld_while_a_page_is_overdue(database: Database, house: House) -> None:
    late = datetime.now(UTC) - timedelta(minutes=5)
    provider_id = await rows.provider(database, due_at=late)
    metrics = Metrics()
    heart = _heart(database, house.url, metrics)
    with capture_logs() as logs:
        await heart.tick()
    assert house.beats == []
    assert _counted(metrics) == {"withheld": 1}
    assert "a page is overdue by 3" in str(logs[0]["because"])
    async with database.write() as session:
        await session.execute(
            update(Provider)
            .where(Provider.id == provider_id)
            .values(due_at=datetime.now(UTC) - timedelta(seconds=170))
        )
    await heart.tick()
    assert len(house.beats) == 1, "that late a page may well be"


async def test_it_is_withheld_while_nothing_is_delivered_though_it_is_due(
    database: Database, house: House
) -> None:
    await followed(database, "slack:T1/C1")
    heart = _heart(database, house.url)
    await heart.tick()
    assert len(house.beats) == 1, "it is due just now"
    long_ago = datetime.now(UTC) - timedelta(minutes=20)
    async with database.write() as session:
        await session.execute(update(Thread).values(due_at=long_ago))
    await heart.tick()
    assert len(house.beats) == 1
    async with database.write() as session:  # a long queue, from which something arrives, is none
        [thread_id] = (await session.scalars(text("SELECT id FROM threads"))).all()
        finished = datetime.now(UTC) - timedelta(minutes=5)
        session.add(Delivery(thread_id=thread_id, sequence=1, state="delivered", finished_at=finished))
    await heart.tick()
    assert len(house.beats) == 2


@pytest.mark.parametrize("status", [404, 500, 302])
async def test_what_it_is_answered_is_counted_and_never_fatal(
    database: Database, house: House, status: int
) -> None:
    house.status = status
    metrics = Metrics()
    with capture_logs() as logs:
        await _heart(database, house.url, metrics).tick()
    assert _counted(metrics) == {"failed": 1}
    assert logs == [{"event": "heartbeat failed", "host": "127.0.0.1", "status": status, "log_level": "warning"}]


async def test_an_address_that_is_not_there_is_never_fatal_nor_told(database: Database, unused_port: int) -> None:
    metrics = Metrics()
    with capture_logs() as logs:
        await _heart(database, f"http://127.0.0.1:{unused_port}/ping/hunter2", metrics).tick()
    assert _counted(metrics) == {"failed": 1}
    assert "hunter2" not in str(logs)


async def test_of_several_processes_one_beats_until_it_stops_or_dies(database: Database, house: House) -> None:
    metrics = Metrics()
    first, second = _heart(database, house.url, metrics), _heart(database, house.url)
    await first.tick()
    await second.tick()
    assert len(house.beats) == 1
    await first.aclose()
    await second.tick()
    assert len(house.beats) == 2, "it was given up"
    await first.tick()
    assert len(house.beats) == 2
    async with database.write() as session:
        gone = datetime.now(UTC) - timedelta(seconds=1)
        await session.execute(update(Lease).where(Lease.name == LEASE).values(until_at=gone))
    await first.tick()
    assert len(house.beats) == 3, "whoever had it has died"
