"""How a command of the shell is answered: services for one call, the answer printed as text or as JSON."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import click
from rich.console import Console

from bot import logs, settings
from bot.commands.reply import Reply, Request
from bot.settings import Settings
from bot.terminal import show

Arguments = ParamSpec("Arguments")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def plain_console() -> Console:
    """Standard output, without colours of its own invention."""
    return Console(highlight=False)


def awaited(
    function: Callable[Arguments, Coroutine[Any, Any, None]],
) -> Callable[Arguments, None]:
    """Lets click call an async function."""

    @wraps(function)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        asyncio.run(function(*args, **kwargs))

    return call


@asynccontextmanager
async def _services(loaded: Settings) -> AsyncIterator[Any]:
    from bot.parts import opened, services

    async with opened(loaded) as database, services(loaded, database) as parts:
        yield parts


@asynccontextmanager
async def with_services() -> AsyncIterator[Any]:
    """Services for one call, with the settings of the environment."""
    loaded = settings.load()
    logs.configure(loaded.log_format, level=40)
    async with _services(loaded) as parts:
        yield parts


async def answered(
    command: Callable[Concatenate[Any, Request, ...], Awaitable[Reply]], request: Request, as_json: bool
) -> None:
    """Runs a command and prints what it answers."""
    async with with_services() as parts:
        with Console(stderr=True).status("Working …"):
            reply = await command(parts, request)
    printed(reply, as_json)


async def asked(name: str, request: Request, as_json: bool) -> None:
    """The same, for one of COMMANDS."""
    from bot.commands import COMMANDS

    await answered(COMMANDS[name], request, as_json)


def printed(reply: Reply, as_json: bool) -> None:
    """An answer on standard output."""
    if as_json:
        print(json.dumps(reply.data, indent=2, ensure_ascii=False))
    else:
        show(reply, plain_console())


def said(**given: Any) -> Request:
    """What was typed in a terminal."""
    return Request(workspace="local", actor="terminal", here="console:", **given)
