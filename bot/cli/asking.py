"""What can be asked: status, uptime, incidents, maintenance, search, related, check."""

from datetime import UTC, datetime

import click
from rich.console import Console

from bot import logs, settings
from bot.cli.shell import as_json, asked, awaited, printed, said


def _about(name: str, help_text: str, *, required: bool = False) -> click.Command:
    """A command that asks about one provider, or (where it isn't required) about everything followed."""

    @click.command(name, help=help_text)
    @click.argument("provider", required=required)
    @as_json
    @awaited
    async def command(provider: str | None, as_json: bool) -> None:
        await asked(name, said(provider=provider), as_json)

    return command


@click.command()
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
    printed(reply, as_json)


@click.command()
@click.argument("provider", required=False)
@click.option("--days", default=90, show_default=True)
@click.option("--zone", help="Whose days: Europe/Berlin; UTC by default.")
@as_json
@awaited
async def uptime(provider: str | None, days: int, zone: str | None, as_json: bool) -> None:
    """The last ninety days, and the share of the known ones, and of the time observed, that was operational."""
    await asked("uptime", said(provider=provider, days=days, zone=zone), as_json)


@click.command()
@click.argument("text")
@as_json
@awaited
async def search(text: str, as_json: bool) -> None:
    """Providers that can be followed by name."""
    await asked("search", said(text=text), as_json)


COMMANDS = (
    check,
    _about("status", "How things are now: everything followed at a glance, or one provider whole."),
    _about("incidents", "What has happened, newest first.", required=True),
    _about("maintenance", "Planned work."),
    uptime,
    search,
    _about("related", "What is like a provider: of the same company, of the same kind.", required=True),
)
