"""All of it at once on this machine: 10,000 pages read every 30 s, and meanwhile one event for 100,000 places."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench import queue, replicas, rows, sink
from bench.apart import new_database, postgresql
from bench.parsing import Row
from bench.world import world
from cryptography.fernet import Fernet
from sqlalchemy import text

from bot.vault import Vault
from storage import migrate
from storage.database import Database

PAGES, EVERY, ENDPOINTS = 10_000, 30.0, 100_000
HOSTS = 1_000
"""That the endpoints are on, as those of many workspaces are."""
CALM = 2 * EVERY
"""Seconds of reading alone, after as many in which who begins catches up."""
POLLERS, DELIVERERS = 2, 2
PATIENCE = 600.0


@dataclass
class Lateness:
    """By how many seconds pages were overdue, as looked at once a second."""

    seconds: list[float] = field(default_factory=list)

    def shown(self) -> str:
        """The worst of it."""
        return f"pages at most {max(self.seconds, default=0.0):.1f} s late"


async def everything_times() -> list[Row]:
    """(o) How late pages are read, calm and while everybody is told; how long that takes."""
    with postgresql() as server, sink.sink() as port, world() as address:
        url, key = await new_database(server), Fernet.generate_key().decode()
        database = Database(url)
        await migrate.upgrade(database)
        told = await _filled(database, Vault([key]), port, address)
        with replicas.started(1, replicas.poll, url, EVERY) as (go, _):  # each page is read for the first time
            go.set()
            await replicas.read(database)
        with (
            replicas.started(POLLERS, replicas.poll, url, EVERY) as (reading, _),
            replicas.started(DELIVERERS, replicas.deliver, url, key) as (telling, _),
        ):
            reading.set()
            telling.set()
            found = await _measured(database, port, *told)
        await database.aclose()
    return found


async def _filled(database: Database, vault: Vault, port: int, address: str) -> tuple[int, int]:
    """The page that everybody follows, and the incident that they are to be told of."""
    await rows.add_providers(database, address, PAGES)
    provider_id = await queue.add_provider(database, "everybody")
    urls = [f"{sink.endpoint(port, place % HOSTS)}/{place}" for place in range(ENDPOINTS)]
    await queue.add_endpoints(database, provider_id, urls, vault.seal)
    [subject_id] = await queue.add_subjects(database, provider_id, 1)
    return provider_id, subject_id


async def _measured(database: Database, port: int, provider_id: int, subject_id: int) -> list[Row]:
    calm, busy = Lateness(), Lateness()
    await asyncio.sleep(CALM)
    async with _looked_at(database, calm):
        await asyncio.sleep(CALM)
    sink.clear(port)
    async with _looked_at(database, busy):
        began = time.time()
        await queue.publish(database, provider_id, [subject_id])
        published = time.time() - began
        while (found := await asyncio.to_thread(sink.told, port))["requests"] < ENDPOINTS:
            if time.time() - began > PATIENCE:
                break
            await asyncio.sleep(1)
        took = found["last"] - began
    what = f"(o) {PAGES:,} pages every {EVERY:.0f} s, {POLLERS} pollers and {DELIVERERS} deliverers"
    return [
        (what, calm.shown(), "nothing to tell"),
        (f"{what}: one event for {ENDPOINTS:,}", busy.shown(), f"published in {published:.1f} s"),
        ("(o) … all of them have it", f"after {took:.0f} s", f"{found['requests'] / took:,.0f} a second"),
    ]


@asynccontextmanager
async def _looked_at(database: Database, lateness: Lateness) -> AsyncIterator[None]:
    task = asyncio.create_task(_look(database, lateness.seconds))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _look(database: Database, seconds: list[float]) -> None:
    overdue = text(
        "SELECT coalesce(extract(epoch FROM now() - min(due_at)), 0) FROM providers WHERE due_at < now()"
    )
    while True:
        async with database.read() as session:
            seconds.append(float(await session.scalar(overdue) or 0.0))
        await asyncio.sleep(1)
