"""What only an operator does: providers, the database."""

import click

from bot import settings
from bot.cli.shell import answered, as_json, awaited, said
from bot.commands.reply import CommandError


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


@db.command()
@awaited
async def rekey() -> None:
    """Seal every secret with the first key of UPTIMUS_SECRET_KEY, so that a former one may go.

    Before: put the new key in front of the former one, separated by a comma, and restart every uptimus.
    """
    from bot import vault
    from bot.parts import opened
    from storage import sealed

    loaded = settings.load()
    safe, keys = vault.from_settings(loaded), vault.number_of_keys(loaded)
    async with opened(loaded) as database:
        done = await sealed.reseal(database, safe.renewed)
    click.echo(f"Sealed {done.anew} secrets with the first key; {done.already} were so already.")
    if done.closed:
        more = f" and {len(done.closed) - 5} more" if len(done.closed) > 5 else ""
        raise CommandError(
            f"no key that is named opens {', '.join(done.closed[:5])}{more}; name the key that sealed it, too"
        )
    if done.refused:
        raise CommandError(
            f"the address of {', '.join(done.refused[:5])} is too long, or another destination of its workspace"
            " has it, too: remove one of them"
        )
    click.echo(_what_may_go(keys, done.anew))


def _what_may_go(keys: int, anew: int) -> str:
    if keys == 1:
        return "One key is named, and no other is needed. To replace it: UPTIMUS_SECRET_KEY=NEW,FORMER."
    if anew:
        return (
            "Next: see that every uptimus was restarted with the new key in front, and run this once more. The"
            " former keys may go when it seals 0 secrets."
        )
    return (
        "The keys behind the first may go: nothing here needs them. They still open links in mails that were sent"
        " before, and backups and exports that were made before."
    )


COMMANDS = (provider_, db)
