"""The composition root: builds every part by plain calls, in one straight function, and closes them in reverse."""

from __future__ import annotations

import asyncio
import fcntl
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from rich.console import Console

from adapters import ADAPTERS, catalogue
from adapters.fetch import Fetcher
from bot import jobs, vault
from bot.commands import COMMANDS, answer
from bot.commands.services import Services
from bot.jobs import Job
from bot.settings import Settings
from bot.web import data, server
from bot.web.server import Door
from relay import poll
from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.notices import Notices
from relay.poll import Poller
from relay.purge import purge
from relay.remind import Reminder
from relay.transports import TRANSPORTS, Outside
from relay.transports.transport import Transport
from storage import leases, migrate, providers, threads
from storage.database import Database

if TYPE_CHECKING:
    from bot.slack.door import SlackDoor
    from relay.transports.slack_clients import Clients

ROLES = ("all", "poll", "deliver", "bot", "web")

TICK = 0.25
"""Seconds between two looks for pages that are due."""
NOTICES_EVERY, REMIND_EVERY, PURGE_EVERY = 5.0, 15.0, 3600.0

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
            transports=lambda: transports(settings, database, Console(highlight=False)),
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
        made = transports(settings, parts.database, console)
        for transport in made.values():
            closing.push_async_callback(transport.aclose)
        deliverer = Deliverer(parts.database, made, metrics=metrics, open_secret=parts.vault.open)
        parts = replace(parts, wake=deliverer.wake)
        work = list[Job]()
        if "deliver" in wanted:
            deliverer.start()
            closing.push_async_callback(deliverer.aclose)
            notices = Notices(parts.database, made, metrics=metrics)
            closing.push_async_callback(notices.aclose)
            work.append(Job("notices", NOTICES_EVERY, notices.tick))
        if "poll" in wanted:
            poller = _poller(parts, metrics, deliverer)
            poller.start()
            closing.push_async_callback(poller.aclose)
            reminder = Reminder(parts.database, metrics=metrics, recorded=deliverer.wake)
            work += [
                Job("poll", TICK, poller.tick),
                Job("remind", REMIND_EVERY, reminder.tick),
                Job("purge", PURGE_EVERY, partial(purge, parts.database)),
            ]
        closing.callback(jobs.start(work))
        door = None
        if "bot" in wanted:
            door = await _slack_door(settings, parts, closing)
            await _discord_door(settings, parts, closing)
        if "web" in wanted or slack_routes(settings, door):
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


def transports(settings: Settings, database: Database, console: Console) -> dict[str, Transport]:
    """The transports that the settings provide for."""
    outside = Outside(
        user_agent=settings.agent,
        allow_private_networks=settings.allow_private_networks,
        console=console,
        slack_clients=partial(_slack_clients, settings, database) if settings.slack is not None else None,
        discord_token=settings.discord_token.get_secret_value() if settings.discord_token is not None else None,
        discord_api_url=settings.discord_api_url,
    )
    made = {name: make(outside) for name, make in TRANSPORTS.items()}
    return {name: transport for name, transport in made.items() if transport is not None}


def _poller(parts: Services, metrics: Metrics, deliverer: Deliverer) -> Poller:
    return Poller(
        parts.database, parts.fetcher, parts.adapters, pace=parts.pace, metrics=metrics, recorded=deliverer.wake
    )


def _slack_clients(settings: Settings, database: Database) -> Clients:
    from bot.slack import ways  # its library is large, and many run without it

    return ways.clients(settings, database, vault.from_settings(settings))


async def _slack_door(settings: Settings, parts: Services, closing: AsyncExitStack) -> SlackDoor | None:
    if settings.slack is None:
        return None
    from bot.slack.door import SlackDoor  # its library is large, and many run without it

    if settings.slack_signing_secret is None and settings.slack_app_token is None:
        log.warning("slack hears nobody", missing="SLACK_SIGNING_SECRET or SLACK_APP_TOKEN")
    door = SlackDoor(settings, COMMANDS, parts, answer)
    await door.start()
    closing.push_async_callback(door.aclose)
    return door


async def _discord_door(settings: Settings, parts: Services, closing: AsyncExitStack) -> None:
    if settings.discord_token is None:
        return
    from bot.discord.door import DiscordDoor  # its library is large, and many run without it

    door = DiscordDoor(settings, COMMANDS, parts, answer)
    await door.start()
    closing.push_async_callback(door.aclose)


def slack_routes(settings: Settings, door: SlackDoor | None) -> dict[tuple[str, str], Door]:
    """What this server answers Slack, and people whom Slack sends."""
    routes: dict[tuple[str, str], Door] = {}
    if door is not None and settings.slack_signing_secret is not None:
        routes["POST", "/slack/events"] = door.handle
    if door is not None and door.install is not None:
        routes["GET", "/slack/install"] = door.install.begin
        routes["GET", "/slack/oauth_redirect"] = door.install.finish
    return routes


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
        slack=slack_routes(settings, door),
    )
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=5)
    await runner.setup()
    closing.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        raise StartError(f"PORT: {settings.port} can't be listened on ({error.strerror})") from None
    log.info("listening", port=runner.addresses[0][1])
