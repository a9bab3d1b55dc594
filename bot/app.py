"""The composition root: builds every part by plain calls, in one straight function, and closes them in reverse."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from rich.console import Console

from bot import jobs, push_key, tracing, vital_signs
from bot.commands import COMMANDS, answer
from bot.commands.services import Services
from bot.heartbeat import EVERY as HEARTBEAT_EVERY
from bot.heartbeat import Heartbeat
from bot.jobs import Alone, Job
from bot.parts import ROLES, StartError, only_process, opened, refuse_damage, services, transports
from bot.settings import Settings
from bot.web import data, listed, mail, programs, push, server, signals
from bot.web.relatives import Relatives
from bot.web.server import Door
from bot.web.views import Facts
from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.notices import Notices
from relay.poll import Poller
from relay.purge import purge
from relay.remind import Reminder
from relay.watch import SignalWatch
from storage import kept_days, leases, sealed, turns, vitals
from storage.database import Database
from storage.wakeups import DELIVER, POLL, Wakeups

if TYPE_CHECKING:
    from bot.slack.door import SlackDoor

TICK = 0.25
"""Seconds between two looks for pages that are due."""
NOTICES_EVERY, REMIND_EVERY, PURGE_EVERY = 5.0, 15.0, 3600.0
DAYS_EVERY = 3600.0
SIGNALS_EVERY = 30.0
ADDRESSES_EVERY = 3600.0
UPDATE_TAKES = 600.0
"""Seconds until no process of an older version runs beside this one any more."""
COLLECTED = (5_000, 20, 20)
"""When garbage is looked for. Python's own 700 made some pages wait until all that is kept was gone through;
50,000 would, for what all pages before them left."""
GIVE_BACK_WITHIN = 1.5
STOP_WITHIN = 9.5
"""Seconds: hosts kill after ten."""

log = structlog.get_logger("app")


async def run(settings: Settings, roles: Sequence[str] = ("all",), *, stop: asyncio.Event | None = None) -> None:
    """Runs until SIGTERM, SIGINT or `stop`. Raises StartError and SettingsError."""
    allow_many_files()
    stop = stop or stopped_by_signals()
    with only_process(settings.sqlite_path):
        await refuse_damage(settings)
        async with opened(settings) as database, services(settings, database) as parts:
            if database.is_sqlite:
                async with database.write() as session:
                    await leases.release_all(session)
            gc.freeze()  # what is loaded stays: to look through it held everything for a tenth of a second
            gc.set_threshold(*COLLECTED)
            await run_parts(settings, parts, roles, stop, Console(soft_wrap=False))


async def run_parts(
    settings: Settings, parts: Services, roles: Sequence[str], stop: asyncio.Event, console: Console
) -> None:
    """Starts what the roles ask for, waits for `stop`, and closes everything, the last started first."""
    wanted = set(ROLES) if "all" in roles else set(roles)
    metrics = Metrics()
    async with AsyncExitStack() as closing:
        traced = tracing.start(tracing.variables())
        if traced is not None:
            closing.push_async_callback(traced)
        if settings.mail is not None and settings.public_url is None:
            log.warning("links in mails lead nowhere but on this machine", missing="UPTIMUS_PUBLIC_URL")
        made = transports(settings, parts.database, console)
        for transport in made.values():
            closing.push_async_callback(transport.aclose)
        deliverer = Deliverer(
            parts.database,
            made,
            metrics=metrics,
            open_secret=parts.vault.open,
            in_flight=settings.in_flight,
        )
        wakeups = Wakeups(parts.database)
        closing.push_async_callback(wakeups.aclose)
        parts = replace(parts, wake=partial(wakeups.wake, DELIVER, POLL))
        work = list[Job]()
        if "deliver" in wanted:
            closing.push_async_callback(_hand_over, parts.database, wakeups)
            await _name_workspaces(parts.database)
            wakeups.on(DELIVER, deliverer.wake)
            deliverer.start()
            closing.push_async_callback(deliverer.aclose)
            notices = Notices(parts.database, made, metrics=metrics)
            closing.push_async_callback(notices.aclose)
            work.append(Job("notices", NOTICES_EVERY, notices.tick))
            first = 0.0 if parts.database.is_sqlite else UPDATE_TAKES
            work.append(Job("addresses", ADDRESSES_EVERY, partial(_seal_addresses, parts), first))
        if "poll" in wanted:
            poller = _poller(parts, metrics, wakeups)
            poller.start()
            closing.push_async_callback(poller.aclose)
            work.append(Job("poll", TICK, poller.tick))
            work += _alone(settings, parts, metrics, wakeups, closing)
            work += _heartbeat(settings, parts, metrics, closing)
        running = jobs.start(work)
        closing.callback(running)
        if "poll" in wanted:
            wakeups.on(POLL, partial(running.soon, "poll"))
        wakeups.start()
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


def allow_many_files() -> None:
    """As many open files as the system lets us have: connections to receivers are kept, one or more of each."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and (soft < hard or hard == resource.RLIM_INFINITY):
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def stopped_by_signals() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def begin() -> None:
        stop.set()
        loop.call_later(STOP_WITHIN, _end)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, begin)
    return stop


def _end() -> None:
    """Something that is to be closed does not answer. Whoever comes next goes on, as after a crash."""
    log.error("ended without having closed everything", seconds=STOP_WITHIN)
    os._exit(1)


def _poller(parts: Services, metrics: Metrics, wakeups: Wakeups) -> Poller:
    recorded = partial(wakeups.wake, DELIVER)
    return Poller(
        parts.database, parts.fetcher, parts.adapters, pace=parts.pace, metrics=metrics, recorded=recorded
    )


def _alone(
    settings: Settings, parts: Services, metrics: Metrics, wakeups: Wakeups, closing: AsyncExitStack
) -> list[Job]:
    """What one of the processes that poll does at a time, by a lease that it gives back when it ends."""
    database, recorded = parts.database, partial(wakeups.wake, DELIVER)
    watch = SignalWatch(database, metrics=metrics, recorded=recorded)
    reminder = Reminder(database, metrics=metrics, recorded=recorded)
    days = Alone(database, "days", 1.5 * DAYS_EVERY, partial(kept_days.keep, database, settings.history_days))
    purging = Alone(
        database, "purge", 1.5 * PURGE_EVERY, partial(purge, database, keep_days=settings.retention_days)
    )

    async def give_back() -> None:
        for one in (watch, reminder, days, purging):
            await one.aclose()

    closing.push_async_callback(_if_possible, give_back)
    return [
        Job("remind", REMIND_EVERY, reminder.tick),
        Job("signals", SIGNALS_EVERY, watch.tick),
        Job("days", DAYS_EVERY, days.tick),
        Job("purge", PURGE_EVERY, purging.tick),
    ]


async def _name_workspaces(database: Database) -> None:
    if not database.is_sqlite:
        async with database.write() as session:
            await turns.name_workspaces(session)


async def _seal_addresses(parts: Services) -> None:
    """Of destinations that an older version made."""
    done = await sealed.reseal(parts.database, parts.vault.renewed, sealed.OPEN_ADDRESSES)
    if done.anew:
        log.info("addresses sealed", number=done.anew)
    if done.refused:
        log.warning("addresses stay open", rows=done.refused[:5], why="too long, or there a second time")


async def _hand_over(database: Database, wakeups: Wakeups) -> None:
    """The workspaces that this process told are the others' at once."""

    async def release() -> None:
        async with database.write(relaxed=True) as session:
            await turns.release(session)

    if not database.is_sqlite:
        await _if_possible(release)
        wakeups.wake(DELIVER)


async def _if_possible(give_back: Callable[[], Awaitable[None]]) -> None:
    """Gives a lease back. Without a database it ends by itself."""
    try:
        async with asyncio.timeout(GIVE_BACK_WITHIN):
            await give_back()
    except Exception as error:
        log.info("not given back", error=type(error).__name__)


def _heartbeat(settings: Settings, parts: Services, metrics: Metrics, closing: AsyncExitStack) -> list[Job]:
    if settings.heartbeat_url is None:
        return []
    heartbeat = Heartbeat(
        settings.heartbeat_url.get_secret_value(),
        parts.database,
        partial(vital_signs.problems, parts.database, parts.pace),
        metrics=metrics,
        user_agent=settings.agent,
        trust_proxy=settings.trust_proxy,
    )
    closing.push_async_callback(_if_possible, heartbeat.aclose)
    return [Job("heartbeat", HEARTBEAT_EVERY, heartbeat.tick)]


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


def application(
    settings: Settings, parts: Services, metrics: Metrics, door: SlackDoor | None = None
) -> web.Application:
    """Everything that is answered over HTTP."""

    async def measured() -> None:
        async with parts.database.read() as session:
            now = await vitals.read(session)
        metrics.threads(now.waiting, now.oldest)
        metrics.vitals(now.poller_lag, now.providers, now.destinations)

    return server.build(
        provider=partial(data.provider_view, parts, relatives=Relatives()),
        directory=partial(listed.directory_view, parts),
        metrics=metrics,
        problems=partial(vital_signs.poller_problems, parts.database, parts.pace),
        before_scrape=measured,
        slack=slack_routes(settings, door),
        mail=mail.routes(parts),
        push=push.routes(parts, partial(push_key.kept, settings, parts.database), proxies=settings.proxies),
        facts=_facts(settings),
        routes=[*programs.routes(parts, settings.proxies), *signals.routes(parts, proxies=settings.proxies)],
        middlewares=programs.middlewares(parts, settings.proxies),
    )


async def _serve(
    settings: Settings, parts: Services, metrics: Metrics, door: SlackDoor | None, closing: AsyncExitStack
) -> None:
    runner = web.AppRunner(application(settings, parts, metrics, door), access_log=None, shutdown_timeout=5)
    await runner.setup()
    closing.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        raise StartError(f"PORT: {settings.port} can't be listened on ({error.strerror})") from None
    log.info("listening", port=runner.addresses[0][1])


def _facts(settings: Settings) -> Facts:
    return Facts(
        home=settings.home,
        signals=True,
        slack=settings.slack is not None,
        slack_install=settings.slack_install_url,
        discord=settings.discord_token is not None,
        mail=settings.mail is not None,
    )
