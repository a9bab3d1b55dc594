"""The command line. Exit code 0 done, 1 a clear one-line error on stderr, 2 usage."""

import sys

import click
from sqlalchemy.exc import DBAPIError

from adapters.fetch import AdapterError
from bot import logs, settings
from bot.cli import asking, backup, delivering, following, moving, opening, operating, reporting, transfer
from bot.cli.lazy import LazyGroup
from bot.cli.shell import awaited, plain_console
from bot.commands.reply import CommandError
from bot.parts import ROLES, StartError, opened, services
from bot.settings import SettingsError

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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="uptimus")
def uptimus() -> None:
    """Tells a team, where it already talks, that a service it depends on is in trouble."""


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
    await command.demo(loaded, speed, once=once, console=plain_console())


for command in (
    *asking.COMMANDS,
    *following.COMMANDS,
    *delivering.COMMANDS,
    *operating.COMMANDS,
    *opening.COMMANDS,
    *reporting.COMMANDS,
    *backup.COMMANDS,
    *moving.COMMANDS,
    *transfer.COMMANDS,
):
    uptimus.add_command(command)


def _slack() -> click.Group:
    from bot.slack.cli import slack_group  # its library is large, and many run without it

    return slack_group


def _discord() -> click.Group:
    from bot.discord.cli import discord_group  # the same

    return discord_group


@uptimus.command()
@awaited
async def mcp() -> None:
    """Answer an assistant that speaks the Model Context Protocol, on standard input and output. Reads only."""
    from bot.mcp import server  # its library is large

    loaded = settings.load()
    logs.configure(loaded.log_format, level=40)
    async with opened(loaded) as database, services(loaded, database) as parts:
        await server.build(loaded, parts).run_stdio_async()


uptimus.add_command(LazyGroup("slack", _slack, help="Set Slack up, and look after it."))
uptimus.add_command(LazyGroup("discord", _discord, help="Set Discord up."))


if __name__ == "__main__":
    main()
