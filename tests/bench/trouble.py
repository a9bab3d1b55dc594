"""What receivers in trouble cost the healthy ones: some that hang, and one that is dead."""

import asyncio
import statistics
import tempfile
import time

from bench import queue, sink
from bench.apart import apart, new_database, postgresql
from bench.drain import LOOK, delivering, ours, ready
from bench.parsing import Row
from cryptography.fernet import Fernet

from bot.vault import Vault
from storage import migrate
from storage.database import Database

MANY, EVERY = 10_000, 20
"""So many endpoints, of which one in twenty hangs."""
HEALTHY = MANY - MANY // EVERY
PATIENCE = 120.0
BACKLOG = 100_000
ROUNDS = 3


async def wide_times() -> list[Row]:
    """(k) One event to 10,000 endpoints, each on a host of its own, of which 5 % never answer."""
    found = list[Row]()
    with sink.sink() as port, postgresql() as server:
        for name, url in (("SQLite", None), ("PostgreSQL", await new_database(server))):
            for in_flight, seconds in zip((200, 1_000), await apart(wide, url, port, (200, 1_000)), strict=True):
                found.append(
                    (
                        f"(k) one event, 10,000 endpoints, 5 % hang, {name}, {in_flight:,} in flight",
                        f"the other 95 % after {seconds:.1f} s" if seconds else f"not within {PATIENCE:.0f} s",
                        "aim 5 s",
                    )
                )
    return found


def wide(url: str | None, port: int, in_flights: tuple[int, ...]) -> list[float | None]:
    """Seconds from the event until the healthy endpoints have it, or None; once for each number in flight."""
    return asyncio.run(_wide(url, port, in_flights))


async def _wide(url: str | None, port: int, in_flights: tuple[int, ...]) -> list[float | None]:
    with tempfile.TemporaryDirectory(prefix="uptimus-bench-") as folder:
        database, vault = Database(url or f"sqlite:///{folder}/bench.db"), Vault([Fernet.generate_key().decode()])
        await migrate.upgrade(database)
        provider_id = await queue.add_provider(database, "bench")
        urls = [sink.endpoint(port, place, "hook" if place % EVERY else "hang") for place in range(MANY)]
        await queue.add_endpoints(database, provider_id, urls, vault.seal)
        subjects = await queue.add_subjects(database, provider_id, len(in_flights))
        found = [
            await _spread(database, vault, port, provider_id, subject_id, in_flight)
            for subject_id, in_flight in zip(subjects, in_flights, strict=True)
        ]
        await database.aclose()
    return found


async def _spread(
    database: Database, vault: Vault, port: int, provider_id: int, subject_id: int, in_flight: int
) -> float | None:
    sink.clear(port)
    async with delivering(database, vault, in_flight) as deliverer:
        deliverer.start()
        began = time.time()
        await queue.publish(database, provider_id, [subject_id])
        deliverer.wake()
        while (found := await asyncio.to_thread(sink.told, port))["paths"] < HEALTHY:
            if time.time() - began > PATIENCE:
                break
            await asyncio.sleep(LOOK)
        await deliverer.aclose(patience=1)
    await queue.forget(database)
    return sink.times(port)[HEALTHY - 1] - began if found["paths"] >= HEALTHY else None


async def dead_times() -> list[Row]:
    """(l) Healthy deliveries a second while 100,000 events wait behind one endpoint that answers 500."""
    found = list[Row]()
    with sink.sink() as port, postgresql() as server:
        for name, url in (("SQLite", None), ("PostgreSQL", await new_database(server))):
            without, threads, events = await apart(dead, url, port)
            for what, rate in (("100,000 threads", threads), ("one thread of 100,000 events", events)):
                found.append(
                    (
                        f"(l) deliveries a second beside {what} of a dead endpoint, {name}",
                        f"{rate:,.0f}",
                        f"without {without:,.0f}, share {rate / without:.0%}",
                    )
                )
    return found


def dead(url: str | None, port: int) -> tuple[float, float, float]:
    """Rates: without a backlog, beside one of many threads, and beside one of many events in one thread."""
    return asyncio.run(_dead(url, port))


async def _dead(url: str | None, port: int) -> tuple[float, float, float]:
    async with ready(url, port) as (database, vault):
        await ours(database, vault, port)  # warms up
        provider_id = await queue.add_provider(database, "dead")
        [dead_id] = await queue.add_endpoints(
            database, provider_id, [sink.endpoint(port, 60_000, "dead")], vault.seal
        )
        many = await queue.add_subjects(database, provider_id, BACKLOG)
        long_id = await queue.add_provider(database, "long")
        [one] = await queue.add_subjects(database, long_id, 1, events=BACKLOG)
        found: list[list[float]] = [[], [], []]
        for _ in range(ROUNDS):  # by turns, so that all meet the same machine
            for rates, subjects, head in zip(found, ([], many, [one]), (0, 1, BACKLOG), strict=True):
                await queue.untell(database, but=[dead_id])
                await queue.drop_threads(database, dead_id)
                await queue.add_threads(database, dead_id, subjects, head)
                rates.append((await ours(database, vault, port, alone=not subjects)).rate)
    without, threads, events = (statistics.median(rates) for rates in found)
    return without, threads, events
