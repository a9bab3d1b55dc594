"""Everything fails at once: all names, all pages, all receivers. No storm of events, no busy loop, and afterwards
everything is read and told, once and in order; on both databases."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest
from faults.works import SECRET, grows, settled, telling, told
from replicas.outside import page
from sqlalchemy import func, insert, select, update
from standins.receiver import Answer, Receiver

from adapters import ADAPTERS
from adapters.fetch import Fetcher
from bot.demo import LOGIN_OUTAGE, documents, load
from relay.hosts import Hosts
from relay.metrics import Metrics
from relay.poll import AT_ONCE_PER_HOST, Poller, pace
from storage import providers
from storage.claims import PARKED
from storage.database import Database, from_now
from storage.tables import Destination, Event, Provider, Thread

BROKEN = {
    "503": Answer(503),
    "garbage": Answer(200, {"Content-Type": "application/json"}, b"\x00{{{<html>"),
    "closed": Answer(close=True),
    "not HTTP": Answer(raw=b"\xff\xfe\r\n\r\n"),
}


class Pages(Receiver):
    """One server with many status pages."""

    well = documents(load(LOGIN_OUTAGE), 0)
    is_well = True

    async def _reply(self, request: aiohttp.web.Request, answer: Answer) -> aiohttp.web.StreamResponse:
        if not self.is_well:
            return await super()._reply(request, answer)
        path = "/" + request.path.split("/", 2)[2]
        found = self.well.get(path)
        return aiohttp.web.json_response(found) if found else aiohttp.web.Response(status=404)


async def followed(database: Database, address: str, numbers: range) -> None:
    """So many pages of one host, due now: those with the low numbers first."""
    async with database.write() as session:
        now = await providers.database_now(session)
        rows: list[dict[str, object]] = [
            {"slug": f"p{n}", "name": f"P{n}", "url": f"{address}/{n}", "adapter": "statuspage", "source": "user",
             "verification": "pending", "status": "unknown", "memory": {}, "active": False, "failures": 0,
             "unreadable": False, "due_at": now - timedelta(seconds=numbers.stop - n)}
            for n in numbers
        ]  # fmt: skip
        await session.execute(insert(Provider), rows)


@asynccontextmanager
async def polling(database: Database, fetcher: Fetcher, metrics: Metrics) -> AsyncIterator[Poller]:
    poller = Poller(database, fetcher, ADAPTERS, pace=pace(60, 0), metrics=metrics, recorded=lambda: None)
    poller.start()
    yield poller
    await poller.aclose()
    await fetcher.aclose()


async def all_due(database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(Provider).values(due_at=from_now(-1)))


async def round_of(database: Database, poller: Poller) -> None:
    await all_due(database)
    await poller.tick()
    await poller.idle()


async def counted(database: Database) -> tuple[int, int, float]:
    """Events; pages that fail; for how many seconds the first of them is left alone."""
    async with database.read() as session:
        events = await session.scalar(select(func.count()).select_from(Event)) or 0
        failing = await session.scalar(select(func.count()).where(Provider.failures > 0)) or 0
        due, now = (await session.execute(select(func.min(Provider.due_at), from_now()))).one()
        return events, failing, (due - now).total_seconds()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [40, pytest.param(200, marks=pytest.mark.soak)])
@pytest.mark.parametrize("way", [*BROKEN, "no names"])
async def test_all_pages_fail_at_once(database: Database, way: str, number: int) -> None:
    if way not in ("503", "no names") and not database.is_sqlite:
        pytest.skip("what a page answers is the same to both databases")
    metrics = Metrics()
    pages = Pages()
    async with pages:
        await followed(database, pages.url.removesuffix("/hook"), range(number))
        async with polling(database, Fetcher(user_agent="test", allow_private_networks=True), metrics) as poller:
            await round_of(database, poller)
            assert (await counted(database))[:2] == (0, 0)
            pages.is_well = False
            if way != "no names":
                pages.default = BROKEN[way]
            else:
                async with database.write() as session:
                    gone = func.replace(Provider.url, "127.0.0.1", "gone.invalid")
                    await session.execute(update(Provider).values(url=gone))
            asked, waits = 0, list[float]()
            for _ in range(4):
                before = len(pages.received)
                await round_of(database, poller)
                asked = len(pages.received) - before
                events, failing, wait = await counted(database)
                assert (events, failing) == (0, number)
                waits.append(wait)
            assert waits[0] > 20
            assert waits[-1] > 200, "they are read less and less often"
            assert asked <= 10 * number, "once, and now and then a look at what it is now"
            async with database.write() as session:  # for longer than a while
                await session.execute(update(Provider).values(failing_since=from_now(-900)))
            for _ in range(2):
                await round_of(database, poller)
            assert (await counted(database))[0] == number, "once each"
            pages.is_well = True
            async with database.write() as session:
                back = func.replace(Provider.url, "gone.invalid", "127.0.0.1")
                await session.execute(update(Provider).values(url=back))
            while (await counted(database))[1]:  # all on one host: some may have to wait for another round
                await round_of(database, poller)
            assert (await counted(database))[0] == 2 * number
    assert metrics.registry.get_sample_value("uptimus_polls_total", {"outcome": "lost"}) is None


async def test_a_host_that_hangs_keeps_nobody_from_reading_elsewhere(database: Database) -> None:
    async with Receiver() as hung, Pages() as pages:
        hung.default = Answer(hang=True)
        await followed(database, hung.url.removesuffix("/hook"), range(150))
        await followed(database, pages.url.removesuffix("/hook"), range(150, 170))
        fetcher = Fetcher(user_agent="test", allow_private_networks=True, total_timeout=60)
        async with polling(database, fetcher, Metrics()) as poller, asyncio.timeout(60):
            await poller.tick()
            await poller.tick()
            while await read(database) < 20:
                await asyncio.sleep(0.05)
            assert (await counted(database))[1] == 0, "those that hang were waited for"
            assert len(hung.received) == AT_ONCE_PER_HOST


async def read(database: Database) -> int:
    """How many pages were."""
    async with database.read() as session:
        found = select(func.count()).select_from(Provider).where(Provider.last_read_at.is_not(None))
        return await session.scalar(found) or 0


async def test_a_page_whose_turn_does_not_come_is_left_for_later() -> None:
    began = list[str]()
    hosts = Hosts(1, 0.1, lambda: began.append("waits"))
    async with hosts.turn("https://one.example.com/a") as first, hosts.turn("https://two.example.com") as other:
        assert (first, other, began) == (True, True, [])
        async with hosts.turn("https://one.example.com/b") as second:
            assert (second, began, hosts.waiting) == (False, ["waits"], 0)
    async with hosts.turn("https://one.example.com/b") as again:
        assert again


@pytest.mark.timeout(300)
async def test_all_receivers_fail_at_once(database: Database) -> None:
    places, incidents = 40, 15
    async with Receiver() as receiver:
        receiver.default = Answer(503)
        uris = [f"{receiver.url}/{place}" for place in range(places)]
        await page(database, "stormy", uris, "webhook", [SECRET])
        await grows(database, incidents=incidents, updates=1)
        async with telling(database, Metrics()) as parts:
            await quiet(database)
            tried = len(receiver.received)
            assert tried <= places * incidents
            began, used = time.monotonic(), time.process_time()
            await asyncio.sleep(1.5)
            share = (time.process_time() - used) / (time.monotonic() - began)
            assert share < 0.5, "nobody runs in circles"
            assert len(receiver.received) == tried
            receiver.default = Answer()
            await grows(database, incidents=incidents, updates=3)
            receiver.received.clear()
            await settled(database, parts)
    assert list(told(receiver.received).values()) == [[1, 2, 3]] * (places * incidents)


async def quiet(database: Database) -> None:
    """Everything waits for a while: nothing is being told, and what is due has a destination that is paused."""
    async with asyncio.timeout(60):
        while True:
            async with database.read() as session:
                held = Thread.token.is_not(None) & (Thread.token != PARKED)
                paused = select(Destination.id).where(Destination.paused_until > from_now(3))
                due = (Thread.due_at <= from_now(3)) & Thread.destination_id.not_in(paused)
                busy = await session.scalar(select(func.count()).where(Thread.due_at.is_not(None), held | due))
            if not busy:
                return
            await asyncio.sleep(0.05)
