"""The composition root: builds every part by plain calls, in one straight function, and closes them in reverse."""

from __future__ import annotations

import asyncio
import fcntl
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from rich.console import Console

from adapters import ADAPTERS, catalogue
from adapters.fetch import Fetcher
from bot import vault
from bot.commands import COMMANDS
from bot.commands.services import Services
from bot.settings import Settings, SettingsError
from bot.web import data, server
from relay import poll
from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.poll import Poller
from relay.transports import TRANSPORTS, Outside
from relay.transports.transport import Transport
from storage import leases, migrate, providers, threads
from storage.database import Database

if TYPE_CHECKING:
    from bot.slack import SlackDoor

ROLES = ("all", "poll", "deliver", "bot", "web")

TICK = 0.25
"""Seconds between two looks for pages that are due."""

log = structlog.get_logger("app")


class StartError(Exception):
    """uptimus can't start as it is set up; the message is one line."""


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database, in step with the tables: an embedded one is upgraded, PostgreSQL is only looked at."""
    vault.from_settings(settings)  # without a key there is no use in going on
    database = Database(settings.database_url)
    try:
        await _bring_in_step(database, settings)
        yield database
    finally:
        await database.aclose()


async def _bring_in_step(database: Database, settings: Settings) -> None:
    try:
        if database.is_sqlite:
            await migrate.upgrade(database)
        in_step = await migrate.at_head(database)
    except Exception as error:
        name = settings.sqlite_path or "the PostgreSQL it names"
        reason = str(getattr(error, "orig", error)).splitlines()[0][:200]
        raise StartError(f"DATABASE_URL: {name} can't be used ({reason})") from error
    if not in_step:
        raise StartError("the database is not up to date: run `uptimus db upgrade`")


@asynccontextmanager
async def services(
    settings: Settings, database: Database, *, known: catalogue.Catalogue | None = None
) -> AsyncIterator[Services]:
    """What commands work with, for one command line call or for a running process."""
    fetcher = Fetcher(user_agent=settings.agent, allow_private_networks=settings.allow_private_networks)
    try:
        yield Services(
            database=database,
            fetcher=fetcher,
            adapters=ADAPTERS,
            catalogue=known or catalogue.load(),
            vault=vault.from_settings(settings),
            pace=poll.pace(settings.poll_interval, settings.component_hold),
            allow_private_networks=settings.allow_private_networks,
            home=settings.home,
            transports=lambda: transports(settings, Console(highlight=False)),
            wake=lambda: None,
            now=lambda: datetime.now(UTC),
        )
    finally:
        await fetcher.aclose()


@contextmanager
def only_process(database: Path | None) -> Iterator[None]:
    """Refuses a second `run` on the same embedded database. (PostgreSQL is made for several.)"""
    if database is None:
        yield
        return
    try:
        lock = database.with_name(database.name + ".lock").open("w")
    except OSError as error:
        raise StartError(f"DATABASE_URL: {database} can't be used ({error.strerror})") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartError(
                f"another uptimus is running on {database}; for several processes use PostgreSQL"
            ) from None
        yield


async def run(settings: Settings, roles: Sequence[str] = ("all",), *, stop: asyncio.Event | None = None) -> None:
    """Runs until SIGTERM, SIGINT or `stop`. Raises StartError and SettingsError."""
    stop = stop or stopped_by_signals()
    with only_process(settings.sqlite_path):
        async with opened(settings) as database, services(settings, database) as parts:
            if database.is_sqlite:
                async with database.write() as session:
                    await leases.release_all(session)
            await run_parts(settings, parts, roles, stop, Console(soft_wrap=False))


async def run_parts(
    settings: Settings, parts: Services, roles: Sequence[str], stop: asyncio.Event, console: Console
) -> None:
    """Starts what the roles ask for, waits for `stop`, and closes everything, the last started first."""
    wanted = set(ROLES) if "all" in roles else set(roles)
    metrics = Metrics()
    async with AsyncExitStack() as closing:
        deliverer = _deliverer(settings, parts, metrics, console, closing)
        parts = replace(parts, wake=deliverer.wake)
        if "deliver" in wanted:
            deliverer.start()
            closing.push_async_callback(deliverer.aclose)
        if "poll" in wanted:
            poller = _poller(parts, metrics, deliverer)
            poller.start()
            closing.push_async_callback(poller.aclose)
            _schedule(poller, closing)
        door = None
        if "bot" in wanted:
            door = await _slack_door(settings, parts, closing)
        if "web" in wanted or (door is not None and settings.slack_signing_secret is not None):
            await _serve(settings, parts, metrics, door, closing)
        log.info(
            "started",
            roles=sorted(wanted - {"all"}),
            database="sqlite" if parts.database.is_sqlite else "postgresql",
        )
        await stop.wait()
        log.info("stopping")
    log.info("stopped")


def stopped_by_signals() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def transports(settings: Settings, console: Console) -> dict[str, Transport]:
    """The transports that the settings provide for."""
    token = settings.slack_bot_token
    outside = Outside(
        user_agent=settings.agent,
        allow_private_networks=settings.allow_private_networks,
        console=console,
        slack_token=token.get_secret_value() if token else None,
        slack_api_url=settings.slack_api_url,
    )
    made = {name: make(outside) for name, make in TRANSPORTS.items()}
    return {name: transport for name, transport in made.items() if transport is not None}


def _deliverer(
    settings: Settings, parts: Services, metrics: Metrics, console: Console, closing: AsyncExitStack
) -> Deliverer:
    made = transports(settings, console)
    for transport in made.values():
        closing.push_async_callback(transport.aclose)
    return Deliverer(parts.database, made, metrics=metrics, open_secret=parts.vault.open)


def _poller(parts: Services, metrics: Metrics, deliverer: Deliverer) -> Poller:
    return Poller(
        parts.database, parts.fetcher, parts.adapters, pace=parts.pace, metrics=metrics, recorded=deliverer.wake
    )


def _schedule(poller: Poller, closing: AsyncExitStack) -> None:
    async def tick() -> None:
        try:
            await poller.tick()
        except Exception as error:  # the database went away: the next tick asks again
            log.warning("tick failed", error=type(error).__name__, detail=str(error)[:200])

    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.add_job(
        tick, "interval", seconds=TICK, max_instances=1, coalesce=True, misfire_grace_time=None,
        next_run_time=datetime.now(UTC) + timedelta(seconds=0.05),
    )  # fmt: skip
    scheduler.start()
    closing.callback(scheduler.shutdown, wait=False)


async def _slack_door(settings: Settings, parts: Services, closing: AsyncExitStack) -> SlackDoor | None:
    if settings.slack_bot_token is None:
        if settings.slack_app_token is not None:
            raise SettingsError("SLACK_BOT_TOKEN is missing, though SLACK_APP_TOKEN is set")
        return None
    from bot.slack import SlackDoor  # its library is large, and many run without it

    door = SlackDoor(settings, COMMANDS, parts)
    await door.start()
    closing.push_async_callback(door.aclose)
    return door


async def _serve(
    settings: Settings, parts: Services, metrics: Metrics, door: SlackDoor | None, closing: AsyncExitStack
) -> None:
    async def waiting() -> None:
        async with parts.database.read() as session:
            metrics.threads(*await threads.waiting(session))

    async def problems() -> dict[str, str]:
        async with parts.database.read() as session:
            lag = await providers.poller_lag(session)
        late = max(60.0, 3 * parts.pace.interval)
        return {"poller": f"a page is overdue by {lag:.0f} s"} if lag is not None and lag > late else {}

    application = server.build(
        provider=partial(data.provider_view, parts),
        directory=partial(data.directory_view, parts),
        metrics=metrics,
        problems=problems,
        before_scrape=waiting,
        slack_events=door.handle if door is not None else None,
    )
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=5)
    await runner.setup()
    closing.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        raise StartError(f"PORT: {settings.port} can't be listened on ({error.strerror})") from None
    log.info("listening", port=runner.addresses[0][1])
