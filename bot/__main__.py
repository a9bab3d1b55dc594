"""The command line. Exit code 0 done, 1 a clear one-line error on stderr, 2 usage."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import click
from rich.console import Console
from sqlalchemy.exc import DBAPIError

from adapters.fetch import AdapterError
from bot import logs, settings
from bot.app import ROLES, StartError
from bot.commands.reply import CommandError, Reply, Request
from bot.settings import Settings, SettingsError
from bot.terminal import show

Arguments = ParamSpec("Arguments")

CLEAR_ERRORS = (CommandError, SettingsError, StartError, AdapterError)


def main() -> None:
    """The `uptimus` of the shell."""
    try:
        uptimus(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except CLEAR_ERRORS as error:
        _fail(str(error))
    except DBAPIError as error:
        _fail(f"the database: {str(error.orig).splitlines()[0]}")
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        _fail(f"something went wrong: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")


def _fail(reason: str) -> None:
    print(f"uptimus: {reason}", file=sys.stderr)
    sys.exit(1)


def _plain(console_file: Any = None) -> Console:
    return Console(file=console_file, highlight=False)


def awaited(
    function: Callable[Arguments, Coroutine[Any, Any, None]],
) -> Callable[Arguments, None]:
    """Lets click call an async function."""

    @wraps(function)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        asyncio.run(function(*args, **kwargs))

    return call


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="uptimus")
def uptimus() -> None:
    """Tells a team, where it already talks, that a service it depends on is in trouble."""


@asynccontextmanager
async def _services(loaded: Settings) -> AsyncIterator[Any]:
    from bot import app

    async with app.opened(loaded) as database, app.services(loaded, database) as parts:
        yield parts


async def _answer(
    command: Callable[Concatenate[Any, Request, ...], Awaitable[Reply]], request: Request, as_json: bool
) -> None:
    loaded = settings.load()
    logs.configure(loaded.log_format, level=40)
    async with _services(loaded) as parts:
        with Console(stderr=True).status("Working …"):
            reply = await command(parts, request)
    _print(reply, as_json)


def _print(reply: Reply, as_json: bool) -> None:
    if as_json:
        print(json.dumps(reply.data, indent=2, ensure_ascii=False))
    else:
        show(reply, _plain())


def _request(**given: Any) -> Request:
    return Request(workspace="local", actor="terminal", here="console:", **given)


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@uptimus.command()
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), default=("all",), show_default=True)
@awaited
async def run(roles: tuple[str, ...]) -> None:
    """The long-running process. Stops cleanly on SIGTERM and SIGINT."""
    from bot import app

    loaded = settings.load()
    logs.configure(loaded.log_format)
    await app.run(loaded, roles)


@uptimus.command()
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), help="Scenario seconds in one second.")
@click.option("--once", is_flag=True, help="End when the story does.")
@awaited
async def demo(speed: float | None, once: bool) -> None:
    """A simulated ChargeOver page plays a real outage: no tokens, no network."""
    from bot.demo import command

    loaded = settings.load()
    logs.configure(loaded.log_format, level=40)
    await command.demo(loaded, speed, once=once, console=_plain())


@uptimus.command()
@click.argument("page", metavar="URL|SLUG")
@click.option("--adapter", help="Read it as this kind of page.")
@as_json
@awaited
async def check(page: str, adapter: str | None, as_json: bool) -> None:
    """Read a page once and print what it says, normalized; store nothing."""
    from bot.commands import check as checking

    loaded = settings.load()
    logs.configure(loaded.log_format, level=40)
    with Console(stderr=True).status("Reading the page …"):
        reply = await checking.check(loaded, page, adapter, datetime.now(UTC))
    _print(reply, as_json)


@uptimus.command()
@click.argument("provider", metavar="PROVIDER|URL")
@click.option("--to", metavar="DEST", help="console:, slack:TEAM/CHANNEL or a webhook's https:// address.")
@click.option("--stream", "streams", multiple=True, help="incidents, components or maintenance; all by default.")
@click.option("--component", "components", multiple=True, metavar="NAME", help="Only what concerns it.")
@click.option("--min-impact", metavar="I", help="none, minor, major or critical.")
@as_json
@awaited
async def follow(provider: str, as_json: bool, **given: Any) -> None:
    """Follow a provider: be told of every change."""
    from bot.commands.follow import follow as command

    await _answer(command, _request(provider=provider, **given), as_json)


@uptimus.command()
@click.argument("provider")
@click.option("--to", metavar="DEST")
@as_json
@awaited
async def unfollow(provider: str, to: str | None, as_json: bool) -> None:
    """Be told no more."""
    from bot.commands.unfollow import unfollow as command

    await _answer(command, _request(provider=provider, to=to), as_json)


def _asking(name: str, help_text: str, *, required: bool = False) -> None:
    """Adds a command that asks about one provider, or (where it isn't required) about everything followed."""

    @uptimus.command(name, help=help_text)
    @click.argument("provider", required=required)
    @as_json
    @awaited
    async def command(provider: str | None, as_json: bool) -> None:
        from bot.commands import COMMANDS

        await _answer(COMMANDS[name], _request(provider=provider), as_json)


_asking("status", "How things are now: everything followed at a glance, or one provider whole.")
_asking("incidents", "What has happened, newest first.", required=True)
_asking("maintenance", "Planned work.")


@uptimus.command()
@click.argument("provider", required=False)
@click.option("--days", default=90, show_default=True)
@as_json
@awaited
async def uptime(provider: str | None, days: int, as_json: bool) -> None:
    """The last ninety days, and the share of the known ones that was operational."""
    from bot.commands.uptime import uptime as command

    await _answer(command, _request(provider=provider, days=days), as_json)


@uptimus.command("list")
@as_json
@awaited
async def list_(as_json: bool) -> None:
    """What is followed, and where it is told."""
    from bot.commands.listing import list_follows

    await _answer(list_follows, _request(), as_json)


@uptimus.command()
@click.argument("text")
@as_json
@awaited
async def search(text: str, as_json: bool) -> None:
    """Providers that can be followed by name."""
    from bot.commands.search import search as command

    await _answer(command, _request(text=text), as_json)


@uptimus.group()
def destination() -> None:
    """Addresses that messages go to, and their secrets."""


def _destination(name: str, function: str, help_text: str, *, address: bool = True) -> None:
    @destination.command(name, help=help_text)
    @as_json
    @awaited
    async def command(as_json: bool, to: str | None = None) -> None:
        from bot.commands import operate

        await _answer(getattr(operate, function), _request(to=to), as_json)

    if address:
        command.params.insert(0, click.Argument(["to"], metavar="DEST"))


_destination("add", "add", "Make a destination; a webhook's secret is shown once.")
_destination("list", "list_", "All destinations.", address=False)
_destination("test", "test", "Send a test message.")
_destination("secret", "show_secret", "Show a webhook's secret again.")
_destination("rotate", "rotate", "Give a webhook a new secret.")
_destination("enable", "enable", "Bring a disabled destination back.")
_destination("remove", "remove", "Remove a destination, its follows and the record of its deliveries.")


@uptimus.group("provider")
def provider_() -> None:
    """Providers as the operator keeps them in order."""


def _provider(name: str, help_text: str, *, argument: str | None = None, named: bool = True) -> None:
    @provider_.command(name, help=help_text)
    @as_json
    @awaited
    async def command(as_json: bool, provider: str | None = None, text: str = "") -> None:
        from bot.commands import curate

        function = getattr(curate, {"list": "list_"}.get(name, name))
        await _answer(function, _request(provider=provider, text=text), as_json)

    arguments = [click.Argument(["provider"])] if named else []
    arguments += [click.Argument(["text"], metavar=argument)] if argument else []
    command.params[:0] = arguments


_provider("list", "Every provider: where it came from, and whether it is verified.", named=False)
_provider("verify", "Vouch for a page that a user added or that was found.")
_provider("rename", "Give it another name, and the slug that is made of it.", argument="NAME")
_provider("merge", "Let its followers follow another one, and remove it.", argument="INTO")
_provider("remove", "Forget one that nobody follows, with its history.")


@uptimus.command()
@click.option("--state", type=click.Choice(["pending", "delivered", "dead"]))
@as_json
@awaited
async def deliveries(state: str | None, as_json: bool) -> None:
    """What was sent, what failed and why."""
    from bot.commands import operate

    await _answer(operate.list_deliveries, _request(text=state or ""), as_json)


@uptimus.command()
@click.argument("delivery", required=False)
@click.option("--since", metavar="T", help="2h, 30m, 1d or 2026-01-31T12:00:00Z.")
@click.option("--to", metavar="DEST", help="With --since: only what goes there.")
@as_json
@awaited
async def replay(delivery: str | None, since: str | None, to: str | None, as_json: bool) -> None:
    """Send it again: one delivery, or everything since a time."""
    from bot.commands import operate

    if (delivery is None) == (since is None):
        raise click.UsageError("name a delivery, or a time with --since")
    if since is not None:
        await _answer(operate.replay_since, _request(text=since, to=to), as_json)
    else:
        await _answer(operate.replay, _request(text=delivery), as_json)


@uptimus.group()
def db() -> None:
    """The database and its migrations."""


@db.command()
@awaited
async def upgrade() -> None:
    """Apply every migration that is missing."""
    from storage import migrate
    from storage.database import Database

    database = Database(settings.load().database_url)
    try:
        await migrate.upgrade(database)
    finally:
        await database.aclose()
    click.echo("The database is up to date.")


@db.command("check")
@awaited
async def db_check() -> None:
    """Tell whether the database is in step with this version."""
    from storage import migrate
    from storage.database import Database

    database = Database(settings.load().database_url)
    try:
        problems = await migrate.problems(database)
    finally:
        await database.aclose()
    if problems:
        raise CommandError(f"the database is not in step: {problems[0]}")
    click.echo("The database is in step.")


if __name__ == "__main__":
    main()
