"""`uptimus demo`: the ordinary program, following a page that plays a real outage. No tokens, no network."""

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from adapters.catalogue import Catalogue
from adapters.catalogue import load as load_catalogue
from bot import app
from bot.commands.follow import follow
from bot.commands.reply import Request
from bot.commands.services import Services
from bot.demo import DEFAULT_SPEED, LOGIN_OUTAGE, DemoPage, load, play
from bot.parts import opened, services
from bot.settings import Settings
from storage import threads

SLUG = "chargeover"


async def demo(settings: Settings, speed: float | None, *, once: bool, console: Console) -> None:
    """Plays the story; `once`: until it is told, otherwise until SIGINT or SIGTERM."""
    stop = app.stopped_by_signals()
    async with AsyncExitStack() as closing:
        folder = closing.enter_context(TemporaryDirectory(prefix="uptimus-demo-"))
        own = _settings(settings, Path(folder))
        page = DemoPage(load(LOGIN_OUTAGE))
        address = await page.start()
        closing.push_async_callback(page.aclose)
        database = await closing.enter_async_context(opened(own))
        parts = await closing.enter_async_context(services(own, database, known=_catalogue(address)))
        console.print("A simulated status page of ChargeOver plays the login outage of July 18, 2025:")
        console.print(f"{address}/api/v2/summary.json", soft_wrap=True)
        console.print(f"The page that uptimus makes of it: http://127.0.0.1:{own.port}/status/{SLUG}\n")
        running = asyncio.create_task(app.run_parts(own, parts, ("all",), stop, console))
        story = asyncio.create_task(_story(page, parts, speed or DEFAULT_SPEED))
        await _until(story, running, stop)
        if once:
            stop.set()
        elif not stop.is_set():
            console.print("\nThe story is told. The page stays up; Ctrl-C ends it.")
        await running


async def _story(page: DemoPage, parts: Services, speed: float) -> None:
    await follow(parts, Request(workspace="local", actor="demo", provider=SLUG))
    await play(page, speed=speed)
    while await _untold(parts):  # noqa: ASYNC110  # it is the database that knows
        await asyncio.sleep(0.05)


async def _untold(parts: Services) -> int:
    async with parts.database.read() as session:
        number, _ = await threads.waiting(session)
    return number


async def _until(story: asyncio.Task[None], running: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Waits for the end of the story, or of everything."""
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait((story, running, stopped), return_when=asyncio.FIRST_COMPLETED)
    for task in (stopped, story):
        if not task.done():
            task.cancel()
    if running.done():
        await running
    if story.done() and not story.cancelled():
        await story


def _settings(settings: Settings, folder: Path) -> Settings:
    """The ordinary settings but for what a demo must not touch: the operator's database and workspaces."""
    return settings.model_copy(
        update={
            "database_url": f"sqlite:///{folder / 'demo.db'}",
            "secret_key": None,
            "poll_interval": 1.0,
            "allow_private_networks": True,
            "host": "127.0.0.1",
            "port": _free_port(settings.port),
            "slack_bot_token": None,
            "slack_app_token": None,
            "slack_signing_secret": None,
        }
    )


def _free_port(wanted: int) -> int:
    """The wanted port, or any other where somebody has it."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return wanted


def _catalogue(address: str) -> Catalogue:
    """One in which ChargeOver's page is the simulated one."""
    entry = load_catalogue().find(SLUG)
    assert entry is not None
    return Catalogue([replace(entry, url=address)])
