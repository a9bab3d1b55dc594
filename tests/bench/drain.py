"""How many durable deliveries a second: what waits in the database is told to endpoints that answer at once."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import StringIO

import aiohttp
from bench import queue, sink
from bench.apart import apart, new_database, postgresql
from bench.parsing import Row
from cryptography.fernet import Fernet
from rich.console import Console

from bot.vault import Vault
from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.transports import TRANSPORTS, Outside
from relay.transports.sign import signatures
from storage import migrate, threads
from storage.database import Database

ENDPOINTS, SUBJECTS = 250, 40
"""Ten thousand deliveries: forty incidents, told to each endpoint in a thread of its own."""
IN_FLIGHT = 100
ROUNDS = 3
LOOK = 0.25
"""Seconds between two looks at the receiver, which cost the sender something, too."""


@dataclass(frozen=True)
class Drained:
    """What one way did a second and, per thousand, in seconds of the sender's core."""

    rate: float
    cpu: float


@asynccontextmanager
async def delivering(database: Database, vault: Vault, in_flight: int) -> AsyncIterator[Deliverer]:
    """What `uptimus run --role deliver` delivers webhooks with, not begun yet."""
    outside = Outside(
        user_agent="uptimus/bench", allow_private_networks=True, console=Console(file=StringIO(), width=80)
    )
    webhook = TRANSPORTS["webhook"](outside)
    assert webhook is not None
    yield Deliverer(database, {"webhook": webhook}, metrics=Metrics(), open_secret=vault.open, in_flight=in_flight)
    await webhook.aclose()


async def drain_times() -> list[Row]:
    """(i) The drain on SQLite and on PostgreSQL, beside a bare aiohttp client with as many requests."""
    found = list[Row]()
    with sink.sink() as port, postgresql() as server:
        for name, url in (("SQLite", None), ("PostgreSQL", await new_database(server))):
            rounds = await apart(both, url, port)
            ours, bare = _median([pair[0] for pair in rounds]), _median([pair[1] for pair in rounds])
            found.append(
                (
                    f"(i) durable deliveries a second, {name}, one core",
                    f"{ours.rate:,.0f}",
                    f"bare aiohttp {bare.rate:,.0f}, ratio {ours.rate / bare.rate:.2f}",
                )
            )
            found.append(
                (
                    "(i) … CPU seconds per 1,000",
                    f"{ours.cpu:.3f}",
                    f"bare aiohttp {bare.cpu:.3f}, ratio {ours.cpu / bare.cpu:.2f}",
                )
            )
    return found


def _median(rounds: Sequence[Drained]) -> Drained:
    return Drained(statistics.median(one.rate for one in rounds), statistics.median(one.cpu for one in rounds))


def both(url: str | None, port: int, rounds: int = ROUNDS) -> list[tuple[Drained, Drained]]:
    """Ours and the bare client by turns, so that both meet the same machine; the first round warms up. url: of an
    empty database; None: SQLite."""
    return asyncio.run(_both(url, port, rounds))


async def _both(url: str | None, port: int, rounds: int) -> list[tuple[Drained, Drained]]:
    async with ready(url, port) as (database, vault):
        found = []
        for _ in range(rounds + 1):
            found.append((await ours(database, vault, port), await bare(port)))
            await queue.untell(database)
    return found[1:]


@asynccontextmanager
async def ready(url: str | None, port: int) -> AsyncIterator[tuple[Database, Vault]]:
    """A database in which ten thousand deliveries wait."""
    with tempfile.TemporaryDirectory(prefix="uptimus-bench-") as folder:
        database, vault = Database(url or f"sqlite:///{folder}/bench.db"), Vault([Fernet.generate_key().decode()])
        await migrate.upgrade(database)
        provider_id = await queue.add_provider(database, "bench")
        urls = [sink.endpoint(port, number) for number in range(ENDPOINTS)]
        await queue.add_endpoints(database, provider_id, urls, vault.seal)
        subjects = await queue.add_subjects(database, provider_id, SUBJECTS)
        await queue.publish(database, provider_id, subjects)
        yield database, vault
        await database.aclose()


async def ours(database: Database, vault: Vault, port: int, *, alone: bool = True) -> Drained:
    """Until everything is told and written down. alone: nothing else waits."""
    number = ENDPOINTS * SUBJECTS
    sink.clear(port)
    async with delivering(database, vault, IN_FLIGHT) as deliverer:
        began, cpu = time.time(), time.process_time()
        deliverer.start()
        while (found := await asyncio.to_thread(sink.told, port))["requests"] < number:
            await asyncio.sleep(LOOK)
        closing = time.time()
        await deliverer.aclose()
        wall, cpu = found["last"] - began + time.time() - closing, time.process_time() - cpu
    async with database.read() as session:
        assert not alone or (await threads.waiting(session))[0] == 0
    return Drained(number / wall, cpu / number * 1000)


async def bare(port: int) -> Drained:
    """The same requests, signed beforehand, with nothing written down."""
    number = ENDPOINTS * SUBJECTS
    requests = [signed(sink.endpoint(port, place % ENDPOINTS), place) for place in range(number)]
    left = iter(requests)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=IN_FLIGHT, keepalive_timeout=60), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(_post_all(session, left) for _ in range(IN_FLIGHT)))
        return Drained(number / (time.perf_counter() - wall), (time.process_time() - cpu) / number * 1000)


@dataclass(frozen=True)
class Signed:
    """One request, as it is sent."""

    url: str
    body: bytes
    headers: dict[str, str]


def signed(url: str, place: int) -> Signed:
    """What uptimus would post there."""
    id_, timestamp, body = f"evt_1_{place}_1", int(time.time()), queue.BODY
    return Signed(
        url,
        body,
        {
            "Content-Type": "application/json",
            "webhook-id": id_,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures((queue.SECRET,), id_, timestamp, body),
        },
    )


async def post(session: aiohttp.ClientSession, one: Signed) -> None:
    """Sends one request; raises where it is not taken."""
    async with session.post(one.url, data=one.body, headers=one.headers, allow_redirects=False) as response:
        await response.read()
        assert response.status == 200


async def _post_all(session: aiohttp.ClientSession, left: Iterator[Signed]) -> None:
    for one in left:
        await post(session, one)
