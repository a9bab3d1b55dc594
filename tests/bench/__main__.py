"""`make bench`: the figures of the README, measured here and now. Each stands beside its yardstick.

PYTHONPATH=.:tests python -m bench e f    # these sections alone
"""

import asyncio
import contextlib
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import httpx
from bench import crash, drain, everything, history, parsing, replicas, rivals, rows, slack, trouble
from bench.world import world
from httpx_aiohttp import AiohttpTransport
from rich.console import Console
from sqlalchemy import insert, select, text

from adapters import ADAPTERS
from adapters.egress import guarded_connector
from bot import logs
from bot.commands import COMMANDS
from bot.commands.reply import Request
from bot.commands.services import Services
from bot.parts import opened, services, transports
from bot.settings import Settings
from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.poll import Poller
from relay.transports.slack_bulletin import bulletin_message
from storage import follows, providers
from storage.database import Database
from storage.tables import Destination, Follow, Provider

AT_ONCE = 50


@dataclass
class Bench:
    """One database with what is measured on it."""

    settings: Settings
    parts: Services
    metrics: Metrics

    @property
    def database(self) -> Database:
        return self.parts.database


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="uptimus-bench-") as folder:
        settings = Settings(
            database_url=f"sqlite:///{folder}/bench.db", allow_private_networks=True, poll_interval=60, port=0
        )
        async with opened(settings) as database, services(settings, database) as parts:
            yield Bench(settings, parts, Metrics())


async def polls(address: str, number: int = 2000) -> None:
    """(a) unchanged pages a second, beside as many bare GETs with the same client."""
    async with bench() as on:
        await rows.add_providers(on.database, address, number)
        fetcher = on.parts.fetcher
        poller = Poller(
            on.database, fetcher, ADAPTERS, pace=on.parts.pace, metrics=on.metrics, recorded=lambda: None,
            at_once=AT_ONCE,
        )  # fmt: skip
        poller.start()
        await poller.tick()
        await poller.idle()
        rates, bare, per_cpu, bare_per_cpu = [], [], [], []
        for _ in range(3):
            await rows.everything_due(on.database)
            wall, cpu = await timed(lambda: _poll_all(poller))
            rates.append(number / wall)
            per_cpu.append(number / cpu)
            wall, cpu = await timed(lambda: _bare(address, number))
            bare.append(number / wall)
            bare_per_cpu.append(number / cpu)
        await poller.aclose()
    beside("(a) unchanged polls a second", median(rates), median(bare))
    beside("(a) … a CPU-second", median(per_cpu), median(bare_per_cpu))


async def _poll_all(poller: Poller) -> None:
    await poller.tick()
    await poller.idle()


async def _bare(address: str, number: int) -> None:
    slots = asyncio.Semaphore(AT_ONCE)
    connector = guarded_connector(allow_private=True, limit=AT_ONCE)
    session = aiohttp.ClientSession(connector=connector)
    client = httpx.AsyncClient(transport=AiohttpTransport(client=session))

    async def get(place: int) -> None:
        async with slots:
            response = await client.get(
                f"{address}/p/{place}/api/v2/summary.json", headers={"If-None-Match": 'W/"0"'}
            )
            assert response.status_code == 304

    async with client:
        await asyncio.gather(*(get(place) for place in range(number)))


async def latency(address: str, followers: int, rounds: int) -> None:
    """(b) from the answer that shows a change to the request at each receiver."""
    async with bench() as on:
        await rows.add_providers(on.database, address, 1)
        await _add_hooks(on, address, followers)
        made = transports(on.settings, on.database, Console(file=open(os.devnull, "w")))  # noqa: ASYNC230, SIM115
        deliverer = Deliverer(on.database, made, metrics=on.metrics, open_secret=on.parts.vault.open)
        poller = Poller(
            on.database,
            on.parts.fetcher,
            ADAPTERS,
            pace=on.parts.pace,
            metrics=on.metrics,
            recorded=deliverer.wake,
        )
        poller.start()
        deliverer.start()
        await _poll_all(poller)
        delays: list[float] = []
        async with aiohttp.ClientSession() as control:
            for round_ in range(rounds + 1):
                await control.post(f"{address}/change/0")
                await rows.everything_due(on.database)
                await _poll_all(poller)
                arrived = await _arrived(control, address, followers)
                if round_:  # the first opens every connection and fills the caches
                    delays += arrived
        await poller.aclose()
        await deliverer.aclose()
        for transport in made.values():
            await transport.aclose()
    ordered = sorted(delays)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    line(
        f"(b) change → receiver, {followers} followers",
        f"median {median(ordered) * 1000:,.0f} ms",
        f"p99 {p99 * 1000:,.0f} ms, all {ordered[-1]:.2f} s",
    )


async def _arrived(control: aiohttp.ClientSession, address: str, followers: int) -> list[float]:
    while True:
        async with control.get(f"{address}/arrivals") as response:
            found = await response.json()
        if len(found["arrivals"]) >= followers:
            return [moment - found["shown_at"] for moment in found["arrivals"]]
        await asyncio.sleep(0.02)


async def _add_hooks(on: Bench, address: str, followers: int) -> None:
    async with on.database.write() as session:
        await session.execute(text("DELETE FROM follows"))
        workspace_id = await follows.workspace(session, "local")
        now = await providers.database_now(session)
        sealed = [on.parts.vault.seal("whsec_" + "A" * 43 + "=")]
        await session.execute(
            insert(Destination),
            [
                {"workspace_id": workspace_id, "uri": f"{address}/hook/{place}", "transport": "webhook",
                 "secrets": sealed, "created_at": now}
                for place in range(followers)
            ],
        )  # fmt: skip
        ids = await session.scalars(select(Destination.id).where(Destination.transport == "webhook"))
        [provider_id] = await session.scalars(select(Provider.id))
        await session.execute(insert(Follow), [rows.follow(provider_id, id_, now) for id_ in ids])


async def memory(address: str, numbers: tuple[int, ...] = (10, 1000, 5000)) -> None:
    """(c) resident memory of `uptimus run` once every page has been read twice."""
    measured = []
    for number in numbers:
        with tempfile.TemporaryDirectory(prefix="uptimus-bench-") as folder:
            settings = Settings(database_url=f"sqlite:///{folder}/bench.db")
            async with opened(settings) as database:
                await rows.add_providers(database, address, number)
                measured.append(await _resident(database, settings, number))
        line(f"(c) memory at {number} providers", f"{measured[-1]:.0f} MB", "")
    growth = (measured[-1] - measured[0]) * 1024 / (numbers[-1] - numbers[0])
    line("(c) … growth a provider", f"{growth:.1f} KB", "")


async def _resident(database: Database, settings: Settings, number: int) -> float:
    environment = os.environ | {
        "DATABASE_URL": settings.database_url, "UPTIMUS_ALLOW_PRIVATE_NETWORKS": "1", "PORT": "0",
        "UPTIMUS_POLL_INTERVAL": "10",
    }  # fmt: skip
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-m", "bot", "run"], env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        began = datetime.now(UTC)
        while await rows.read_since(database, began) < number:
            await asyncio.sleep(0.2)
        again = datetime.now(UTC)
        while await rows.read_since(database, again) < number:
            await asyncio.sleep(0.2)
        return _rss(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _rss(pid: int) -> float:
    for entry in Path(f"/proc/{pid}/status").read_text().splitlines():
        if entry.startswith("VmRSS:"):
            return int(entry.split()[1]) / 1024
    raise RuntimeError("no such process")


async def status(number: int = 5000, calls: int = 300) -> None:
    """(d) `/uptimus status` answered as Slack gets it, with so many providers and a year of history."""
    async with bench() as on:
        await rows.add_providers(on.database, "http://127.0.0.1:9", number)
        await rows.add_history(on.database)
        delays = []
        for _ in range(calls):
            began = time.perf_counter()
            bulletin_message(await COMMANDS["status"](on.parts, Request(workspace="local")))
            delays.append(time.perf_counter() - began)
    ordered = sorted(delays)
    line(
        f"(d) status, {number} providers",
        f"p99 {ordered[int(calls * 0.99)] * 1000:.0f} ms",
        f"median {median(ordered) * 1000:.0f} ms",
    )


async def timed(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Wall and CPU seconds of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - wall, time.process_time() - cpu


def median(values: list[float]) -> float:
    return statistics.median(values)


def beside(what: str, ours: float, bare: float) -> None:
    line(what, f"{ours:,.0f}", f"bare GETs {bare:,.0f}, ratio {ours / bare:.2f}")


def line(what: str, figure: str, yardstick: str) -> None:
    print(f"| {what} | {figure} | {yardstick} |", flush=True)


def quiet_logs() -> None:
    """As in production, one JSON line a poll and an attempt: to nowhere."""
    with contextlib.redirect_stderr(open(os.devnull, "w")):
        logs.configure("json")


async def everybody_told() -> None:
    for followers, rounds in ((1, 200), (100, 20), (1000, 5)):
        with world() as address:
            await latency(address, followers, rounds)


async def beside_a_world(section: Callable[[str], Awaitable[None]]) -> None:
    with world() as address:
        await section(address)


def show(found: Iterable[parsing.Row]) -> None:
    for row in found:
        line(*row)


async def commands() -> None:
    with world() as address:
        show(await slack.answer_times(address))


async def years() -> None:
    async with bench() as on:
        async for row in history.answer_times(on.settings, on.parts):
            line(*row)


async def together() -> None:
    async for row in replicas.replica_times():
        line(*row)


async def shown(section: Callable[[], Awaitable[Iterable[parsing.Row]]]) -> None:
    show(await section())


SECTIONS: dict[str, Callable[[], Awaitable[None]]] = {
    "a": lambda: beside_a_world(polls),
    "b": everybody_told,
    "c": lambda: beside_a_world(memory),
    "d": status,
    "e": lambda: asyncio.to_thread(show, parsing.parse_times()),
    "f": lambda: asyncio.to_thread(show, parsing.search_times()),
    "g": commands,
    "h": years,
    "i": lambda: shown(drain.drain_times),
    "j": lambda: shown(rivals.rival_times),
    "k": lambda: shown(trouble.wide_times),
    "l": lambda: shown(trouble.dead_times),
    "m": lambda: shown(crash.crash_counts),
    "n": together,
    "o": lambda: shown(everything.everything_times),
}


async def main(wanted: list[str]) -> None:
    """All sections, or those of these letters."""
    if unknown := set(wanted) - SECTIONS.keys():
        sys.exit(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    quiet_logs()
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {machine}; SQLite where none is named\n"
    )
    print("| what | figure | beside |\n|---|---|---|")
    for letter, section in SECTIONS.items():
        if not wanted or letter in wanted:
            await section()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
