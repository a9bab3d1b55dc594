"""How long people in Slack wait while much is to be told: `uptimus run` in its own process, asked over HTTP."""

import asyncio
import math
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection

import aiohttp
from aiohttp import web
from bench import rows
from bench.parsing import Row
from sqlalchemy import select, update
from standins.slack import SlackServer

from bot.parts import opened
from bot.settings import Settings
from storage import threads
from storage.database import Database, from_now
from storage.tables import Provider

CHANNELS = 50
COMMANDS = 300
A_SECOND = 10.0
"""Commands that people type, at a steady rate."""
SOMETHING_WRONG = 1_300
"""Pages on which an incident begins: as many deliveries, more than Slack takes in the time that is measured."""
WAITING = 1_000


@dataclass(frozen=True)
class Waited:
    """Seconds of each command until it was acknowledged, and until its answer was there."""

    acknowledged: Sequence[float]
    answered: Sequence[float]


async def answer_times(address: str, number: int = 5_000) -> list[Row]:
    """(g) `/uptimus status` while 1,000 deliveries wait for their turn in Slack's channels, beside the same with
    nothing to deliver, and beside a bare aiohttp handler. Everything is polled meanwhile."""
    async with SlackServer() as slack, running(slack, address, number) as database:
        calm = await type_commands(slack)
        await break_pages(address, database)
        before = await waiting(database)
        busy = await type_commands(slack)
        after = await waiting(database)
        assert after >= WAITING, f"only {after} deliveries waited"
        with bare_handler() as url:
            slack.request_url = url
            bare = [await _acknowledged(slack) for _ in range(COMMANDS)]
        slack.assert_clean()
    what = f"{number:,} providers, {before:,} to {after:,} deliveries waiting"
    return [
        *_rows(f"(g) status acknowledged, {what}", busy.acknowledged, calm.acknowledged, bare),
        *_rows(f"(g) … answered, {what}", busy.answered, calm.answered),
    ]


def _rows(what: str, busy: Sequence[float], calm: Sequence[float], bare: Sequence[float] = ()) -> Iterator[Row]:
    for share in (50, 99):
        beside = f"nothing waiting {_ms(calm, share)}"
        yield (
            f"{what}, p{share}",
            _ms(busy, share),
            f"{beside}, a bare handler {_ms(bare, share)}" if bare else beside,
        )


def _ms(seconds: Sequence[float], share: int) -> str:
    return f"{sorted(seconds)[math.ceil(len(seconds) * share / 100) - 1] * 1000:.1f} ms"


@asynccontextmanager
async def running(slack: SlackServer, address: str, number: int) -> AsyncIterator[Database]:
    """`uptimus run` over a year of history, once every page has been read."""
    channels = [f"C{100 + place}" for place in range(CHANNELS)]
    for channel in channels:
        slack.add_channel(channel)
    places = [f"slack:T1/{channel}" for channel in channels]
    with tempfile.TemporaryDirectory(prefix="uptimus-bench-") as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/bench.db")
        async with opened(settings) as database:
            await rows.add_providers(database, address, number, workspace="slack:T1", places=places)
            await rows.add_history(database, incidents=False)
            began, port = datetime.now(UTC), unused_port()
            slack.request_url = f"http://127.0.0.1:{port}/slack/events"
            with _process(settings, slack, port):
                while await rows.read_since(database, began) < number:
                    await asyncio.sleep(0.2)
                yield database


@contextmanager
def _process(settings: Settings, slack: SlackServer, port: int) -> Iterator[None]:
    environment = os.environ | {
        "DATABASE_URL": settings.database_url, "UPTIMUS_ALLOW_PRIVATE_NETWORKS": "1", "UPTIMUS_HOST": "127.0.0.1",
        "PORT": str(port), "UPTIMUS_LOG_FORMAT": "json", "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_SIGNING_SECRET": slack.signing_secret,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"], env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def unused_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def break_pages(address: str, database: Database) -> None:
    """An incident begins on many pages, and all of that waits to be told."""
    async with aiohttp.ClientSession() as control:
        for place in range(SOMETHING_WRONG):
            await (await control.post(f"{address}/change/{place}")).read()
    async with database.write() as session:
        names = [f"provider-{place}" for place in range(SOMETHING_WRONG)]
        await session.execute(update(Provider).where(Provider.slug.in_(names)).values(due_at=from_now(-1)))
    while await _open_incidents(database) < SOMETHING_WRONG:
        await asyncio.sleep(0.1)


async def _open_incidents(database: Database) -> int:
    async with database.read() as session:
        active = await session.scalars(select(Provider.id).where(Provider.active))
        return len(active.all())


async def waiting(database: Database) -> int:
    """How many threads have something to tell."""
    async with database.read() as session:
        return (await threads.waiting(session))[0]


async def type_commands(slack: SlackServer) -> Waited:
    """Somebody types a command, again and again, at a steady rate, whether the one before was answered or not."""
    slack.acks.clear()
    begun = time.perf_counter()
    typed = []
    for place in range(COMMANDS):
        await asyncio.sleep(max(0.0, begun + place / A_SECOND - time.perf_counter()))
        typed.append(asyncio.create_task(_answered(slack, f"C{100 + place % CHANNELS}")))
    return Waited(answered=await asyncio.gather(*typed), acknowledged=list(slack.acks))


async def _answered(slack: SlackServer, channel: str) -> float:
    begun = time.perf_counter()
    [answer] = await slack.slash("/uptimus", "status", channel=channel)
    assert "providers" in answer.text
    return time.perf_counter() - begun


async def _acknowledged(slack: SlackServer) -> float:
    begun = time.perf_counter()
    assert await slack.slash("/uptimus", "status", answers=0) == []
    return time.perf_counter() - begun


@contextmanager
def bare_handler() -> Iterator[str]:
    """The least that could acknowledge a command, in a process of its own: its address."""
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{mine.recv()}/slack/events"
    process.terminate()
    process.join(10)


def _serve(connection: Connection) -> None:
    async def acknowledge(request: web.Request) -> web.Response:
        await request.read()
        return web.Response()

    async def serve() -> None:
        site = web.Application()
        site.router.add_post("/slack/events", acknowledge)
        runner = web.AppRunner(site, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        connection.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    with suppress(KeyboardInterrupt):
        asyncio.run(serve())
