"""One, two and four processes on one PostgreSQL: how many deliveries and polls a second they do together, and what
that costs each side."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event as Signal
from pathlib import Path
from typing import Any

from bench import queue, rows, sink
from bench.apart import new_database, postgresql
from bench.drain import ENDPOINTS, IN_FLIGHT, SUBJECTS, delivering
from bench.parsing import Row
from bench.world import world
from cryptography.fernet import Fernet
from sqlalchemy import text

from adapters import ADAPTERS
from adapters.fetch import Fetcher
from bot.vault import Vault
from relay.metrics import Metrics
from relay.poll import Poller, pace
from storage import migrate, threads
from storage.database import Database
from storage.wakeups import DELIVER, Wakeups

NUMBERS = (1, 2, 4)
PAGES = 1_000
RARELY = 3600.0
LOOK = 0.1
TICK = os.sysconf("SC_CLK_TCK")
spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Done:
    """What so many processes did together a second; seconds of CPU for a thousand, theirs and PostgreSQL's."""

    rate: float
    cpu: float
    server_cpu: float


async def replica_times() -> AsyncIterator[Row]:
    """(n) Deliveries and unchanged polls with several processes; everything shares the machine's cores."""
    with postgresql() as server:
        for number in NUMBERS:
            yield _told(f"durable deliveries a second, {_processes(number)}", await drained(server, number))
        for number in NUMBERS:
            yield _told(f"unchanged polls a second, {_processes(number)}", await polled(server, number))


def _processes(number: int) -> str:
    return f"{number} process{'es' if number > 1 else ''} on PostgreSQL"


def _told(what: str, done: Done) -> Row:
    beside = f"CPU seconds per 1,000: {done.cpu:.2f} of uptimus, {done.server_cpu:.2f} of PostgreSQL"
    return f"(n) {what}", f"{done.rate:,.0f}", beside


async def drained(server: str, number: int) -> Done:
    """10,000 deliveries wait, and so many processes begin at once to tell them."""
    url, key = await new_database(server), Fernet.generate_key().decode()
    database, vault = Database(url), Vault([key])
    await migrate.upgrade(database)
    provider_id = await queue.add_provider(database, "bench")
    with sink.sink() as port:
        urls = [sink.endpoint(port, place) for place in range(ENDPOINTS)]
        await queue.add_endpoints(database, provider_id, urls, vault.seal)
        subjects = await queue.add_subjects(database, provider_id, SUBJECTS)
        await queue.publish(database, provider_id, subjects)
        async with Measured(database) as measured:
            with started(number, deliver, url, key) as (go, used):
                await measured.begin()
                go.set()
                while (found := await asyncio.to_thread(sink.told, port))["requests"] < ENDPOINTS * SUBJECTS:
                    await asyncio.sleep(LOOK)
                while await _waiting(database):
                    await asyncio.sleep(LOOK)
                took = max(found["last"], time.time() - LOOK) - measured.began
            return await measured.done(ENDPOINTS * SUBJECTS, took, used)


async def polled(server: str, number: int) -> Done:
    """A thousand pages are due that say what they said before, and so many processes begin to read them."""
    url = await new_database(server)
    database = Database(url)
    await migrate.upgrade(database)
    with world() as address:
        await rows.add_providers(database, address, PAGES)
        with started(1, poll, url, RARELY) as (go, _):  # each page is read for the first time
            go.set()
            await read(database)
        async with Measured(database) as measured:
            await rows.everything_due(database)
            with started(number, poll, url, RARELY) as (go, used):
                await measured.begin()
                go.set()
                await read(database)
                took = time.time() - measured.began
            return await measured.done(PAGES, took, used)


async def read(database: Database) -> None:
    """Waits until no page is due or being read."""
    behind = text("SELECT count(*) FROM providers WHERE due_at <= now() OR token IS NOT NULL")
    while True:
        async with database.read() as session:
            if not await session.scalar(behind):
                return
        await asyncio.sleep(LOOK)


async def _waiting(database: Database) -> int:
    async with database.read() as session:
        return (await threads.waiting(session))[0]


class Measured:
    """The CPU that PostgreSQL takes: of the processes that it has, and of those that have ended."""

    def __init__(self, database: Database) -> None:
        self._database, self.began, self._before, self._postmaster = database, 0.0, 0.0, 0

    async def __aenter__(self) -> "Measured":
        async with self._database.read() as session:
            backend = (await session.scalars(text("SELECT pg_backend_pid()"))).one()
        self._postmaster = int(_stat(backend)[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._database.aclose()

    async def begin(self) -> None:
        self._before, self.began = self._cpu(), time.time()

    async def done(self, number: int, took: float, used: Callable[[], float]) -> Done:
        """After so many seconds, in which so much was done."""
        server = self._cpu() - self._before
        return Done(number / took, used() / number * 1000, server / number * 1000)

    def _cpu(self) -> float:
        own = _stat(self._postmaster)
        found = sum(int(one) for one in own[11:15])
        for folder in Path("/proc").glob("[0-9]*"):
            stat = _stat(int(folder.name))
            if stat and int(stat[1]) == self._postmaster:
                found += int(stat[11]) + int(stat[12])
        return found / TICK


def _stat(pid: int) -> list[str]:
    """What Linux says of a process, from its state on (proc(5): the parent, and from the 12th on its times)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


@contextmanager
def started(number: int, work: Callable[..., None], *given: Any) -> Iterator[tuple[Signal, Callable[[], float]]]:
    """So many processes that begin when they are told to; and what CPU they took, once they have ended."""
    go, stop, results = spawn.Event(), spawn.Event(), spawn.Queue()
    ready = [spawn.Event() for _ in range(number)]
    processes: list[SpawnProcess] = [
        spawn.Process(target=work, args=(*given, one, go, stop, results), daemon=True) for one in ready
    ]
    for process in processes:
        process.start()
    for one in ready:
        one.wait(60)
    found: list[float] = []
    yield go, lambda: sum(found)
    stop.set()
    found += [results.get(timeout=30) for _ in processes]
    for process in processes:
        process.join(10)


def deliver(url: str, key: str, ready: Signal, go: Signal, stop: Signal, results: Any) -> None:
    """What `uptimus run --role deliver` does."""
    _quiet()
    asyncio.run(_deliver(url, key, ready, go, stop, results))


async def _deliver(url: str, key: str, ready: Signal, go: Signal, stop: Signal, results: Any) -> None:
    database = Database(url)
    async with delivering(database, Vault([key]), IN_FLIGHT) as deliverer:
        wakeups = Wakeups(database)
        wakeups.on(DELIVER, deliverer.wake)
        wakeups.start()
        ready.set()
        await asyncio.to_thread(go.wait)
        cpu = time.process_time()
        deliverer.start()
        await asyncio.to_thread(stop.wait)
        results.put(time.process_time() - cpu)
        await deliverer.aclose()
        await wakeups.aclose()
    await database.aclose()


def poll(url: str, interval: float, ready: Signal, go: Signal, stop: Signal, results: Any) -> None:
    """What `uptimus run --role poll` does with pages."""
    _quiet()
    asyncio.run(_poll(url, interval, ready, go, stop, results))


async def _poll(url: str, interval: float, ready: Signal, go: Signal, stop: Signal, results: Any) -> None:
    database = Database(url)
    fetcher = Fetcher(user_agent="uptimus/bench", allow_private_networks=True)
    poller = Poller(
        database, fetcher, ADAPTERS, pace=pace(interval, 0), metrics=Metrics(), recorded=lambda: None
    )  # fmt: skip
    poller.start()
    ready.set()
    await asyncio.to_thread(go.wait)
    cpu = time.process_time()
    while not stop.is_set():
        await poller.tick()
        await asyncio.sleep(LOOK)
    results.put(time.process_time() - cpu)
    await poller.aclose()
    await fetcher.aclose()
    await database.aclose()


def _quiet() -> None:
    from bench.__main__ import quiet_logs

    quiet_logs()
    sink.many_connections()
