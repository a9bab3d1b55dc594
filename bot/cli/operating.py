"""What only an operator does: destinations, providers, deliveries, replays, the database."""

import click

from bot import settings
from bot.cli.shell import answered, as_json, awaited, said
from bot.commands.reply import CommandError


@click.group()
def destination() -> None:
    """Addresses that messages go to, and their secrets."""


def _destination(name: str, function: str, help_text: str, *, address: bool = True) -> None:
    @destination.command(name, help=help_text)
    @as_json
    @awaited
    async def command(as_json: bool, to: str | None = None) -> None:
        from bot.commands import operate

        await answered(getattr(operate, function), said(to=to), as_json)

    if address:
        command.params.insert(0, click.Argument(["to"], metavar="DEST"))


_destination("add", "add", "Make a destination; a webhook's secret is shown once.")
_destination("list", "list_", "All destinations.", address=False)
_destination("test", "test", "Send a test message.")
_destination("secret", "show_secret", "Show a webhook's secret again.")
_destination("rotate", "rotate", "Give a webhook a new secret.")
_destination("enable", "enable", "Bring a disabled destination back.")
_destination("remove", "remove", "Remove a destination, its follows and the record of its deliveries.")


@click.group("provider")
def provider_() -> None:
    """Providers as the operator keeps them in order."""


def _provider(name: str, help_text: str, *, argument: str | None = None, named: bool = True) -> None:
    @provider_.command(name, help=help_text)
    @as_json
    @awaited
    async def command(as_json: bool, provider: str | None = None, text: str = "") -> None:
        from bot.commands import curate

        function = getattr(curate, {"list": "list_"}.get(name, name))
        await answered(function, said(provider=provider, text=text), as_json)

    arguments = [click.Argument(["provider"])] if named else []
    arguments += [click.Argument(["text"], metavar=argument)] if argument else []
    command.params[:0] = arguments


_provider("list", "Every provider: where it came from, and whether it is verified.", named=False)
_provider("verify", "Vouch for a page that a user added or that was found.")
_provider("rename", "Give it another name, and the slug that is made of it.", argument="NAME")
_provider("merge", "Let its followers follow another one, and remove it.", argument="INTO")
_provider("remove", "Forget one that nobody follows, with its history.")


@click.command()
@click.option("--state", type=click.Choice(["pending", "delivered", "dead"]))
@as_json
@awaited
async def deliveries(state: str | None, as_json: bool) -> None:
    """What was sent, what failed and why."""
    from bot.commands import operate

    await answered(operate.list_deliveries, said(text=state or ""), as_json)


@click.command()
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
        await answered(operate.replay_since, said(text=since, to=to), as_json)
    else:
        await answered(operate.replay, said(text=delivery), as_json)


@click.group()
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


COMMANDS = (destination, provider_, deliveries, replay, db)
