"""(h) What it costs to ask for ninety days, with 5,000 providers and five years of history, and whether that
depends on how many incidents there are."""

import asyncio
import gc
import itertools
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from aiohttp import web
from bench import rows
from sqlalchemy import select

from bot import app
from bot.commands import COMMANDS
from bot.commands.reply import Request
from bot.commands.services import Services
from bot.reports import as_html
from bot.reports.report import month
from bot.settings import Settings
from relay.metrics import Metrics
from storage import accounts, analysis, coincidences, histories, kept_days, providers
from storage.database import Database
from storage.tables import Provider

YEARS = 5
STORMY = 25_000
"""Incidents more of the first provider, as years.sql has it; the others have one in a fortnight."""
STATEMENTS = Path(__file__).with_name("years.sql").read_text()

Row = tuple[str, str, str]


async def add_years(database: Database, now: datetime) -> None:
    """Five years of every provider, several GB: in several transactions, so that the log stays small. Over a
    connection of its own, which need not be safe and may keep the indexes in memory."""
    await asyncio.to_thread(_fill, database.url.database or "", f"{now:%Y-%m-%d %H:%M:%S}")


def _fill(path: str, now: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        for statement in STATEMENTS.split(";\n"):
            connection.execute(statement, {"now": now} if ":now" in statement else {})


async def answer_times(
    settings: Settings, parts: Services, number: int = 5000, calls: int = 400
) -> AsyncIterator[Row]:
    """Each row of the table as soon as it is known."""
    now = datetime.now(UTC)
    await rows.add_providers(parts.database, "http://127.0.0.1:9", number)
    await add_years(parts.database, now)
    began = time.perf_counter()
    closed = await kept_days.close_days(parts.database, now)
    took = time.perf_counter() - began
    yield (
        f"(h) 30 days of {closed} providers closed",
        f"{took:.0f} s",
        f"{took / max(1, closed) * 1000:.1f} ms each",
    )
    async with parts.database.read() as session:
        slugs = list(await session.scalars(select(Provider.slug).order_by(Provider.id)))
    calm, stormy = slugs[1 :: max(1, number // calls)], [slugs[0]] * (calls // 4)
    for name, ask in (
        ("`uptime`, 90 days, 20 components", _uptime),
        ("the days of the page alone", _days),
        ("a year's analysis", _analysis),
        ("in trouble at the same times", _together),
        ("a month's report, as HTML", _report),
    ):
        calm_times = await _times(parts, ask, calm)
        stormy_times = await _times(parts, ask, stormy)
        yield (
            f"(h) {name}, {number} providers, {YEARS} years",
            _shown(calm_times),
            f"one with {STORMY:,} incidents: {_shown(stormy_times)}",
        )
    gc.freeze()  # as `run` does
    gc.set_threshold(*app.COLLECTED)
    await parts.troubles.began(parts.database, parts.now())  # a process gathers them once, in its first seconds
    async with _pages(settings, parts) as page:
        await page(slugs[-1], 1)
        for name, measured, clock in (
            ("made anew", _made_anew, time.perf_counter),
            ("made anew, CPU", _made_anew, time.process_time),
            ("kept", _kept, time.perf_counter),
            ("kept, CPU", _kept, time.process_time),
        ):
            calm_times, stormy_times = [await measured(page, some, clock) for some in (calm, stormy)]
            yield (
                f"(h) the provider's page over HTTP, {name}",
                _shown(calm_times),
                f"one with {STORMY:,} incidents: {_shown(stormy_times)}",
            )


Page = Callable[[str, int], Awaitable[None]]
"""By slug; one with another number says the same, and is another one to those who keep it."""


@asynccontextmanager
async def _pages(settings: Settings, parts: Services) -> AsyncIterator[Page]:
    """The pages as `run` answers them, to a client in the same process."""
    runner = web.AppRunner(app.application(settings, parts, Metrics()), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as client:

        async def page(slug: str, number: int) -> None:
            async with client.get(f"/status/{slug}", params={"page": str(number)}) as response:
                assert response.status == 200, await response.text()
                await response.read()

        yield page
    await runner.cleanup()


Clock = Callable[[], float]
_ANEW = itertools.count(2)


async def _made_anew(page: Page, slugs: list[str], clock: Clock) -> list[float]:
    return sorted([await _time(page(slug, next(_ANEW)), clock) for slug in slugs])


async def _kept(page: Page, slugs: list[str], clock: Clock, times: int = 10) -> list[float]:
    found = []
    for slug in slugs:
        await page(slug, 1)
        found += [await _time(page(slug, 1), clock) for _ in range(times)]
    return sorted(found)


async def _time(work: Awaitable[object], clock: Clock = time.perf_counter) -> float:
    """With the clock of the process, the client's share is in it, too."""
    began = clock()
    await work
    return clock() - began


Ask = Callable[[Services, str], Awaitable[object]]


async def _times(parts: Services, ask: Ask, slugs: list[str]) -> list[float]:
    return sorted([await _time(ask(parts, slug)) for slug in slugs])


def _shown(times: list[float]) -> str:
    middle, late = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))]
    return f"median {middle * 1000:.1f} ms, p99 {late * 1000:.1f} ms"


async def _uptime(parts: Services, slug: str) -> object:
    return await COMMANDS["uptime"](parts, Request(workspace="local", provider=slug))


async def _days(parts: Services, slug: str) -> object:
    async with parts.database.read() as session:
        found = await providers.by_slug(session, slug)
        assert found is not None
        ids = [one.id for one in await providers.components(session, found.id)]
        return await histories.last_days(session, found, 90, parts.now(), components=ids)


async def _analysis(parts: Services, slug: str) -> object:
    now = parts.now()
    since = now - timedelta(days=365)
    async with parts.database.read() as session:
        found = await providers.by_slug(session, slug)
        assert found is not None
        return analysis.figures(await accounts.cases(session, found, since, now), since, now, now)


async def _together(parts: Services, slug: str) -> object:
    began = await parts.troubles.began(parts.database, parts.now())
    async with parts.database.read() as session:
        found = await providers.by_slug(session, slug)
        assert found is not None
        return await coincidences.with_provider(session, began, found.id, 5)


async def _report(parts: Services, slug: str) -> object:
    return as_html.document(await month(parts, slug, None, None))
