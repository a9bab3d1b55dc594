"""db copy: from an embedded database to PostgreSQL, or back."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from bot import settings
from bot.cli.backup import key_beside
from bot.cli.operating import db
from bot.cli.shell import awaited
from bot.commands.reply import CommandError
from bot.settings import Settings, SettingsError, database_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.transfer import Copied


@db.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="[TO]", required=False)
@awaited
async def copy(source: str, target: str | None) -> None:
    """Copy everything into an empty database; TO is DATABASE_URL's where it is left out.

    As in: uptimus db copy sqlite:///uptimus.db postgres://user:password@host/name
    """
    from bot.parts import only_process
    from storage import transfer
    from storage.database import Database

    loaded = settings.load()
    origin, place = _address(source), _address(target or loaded.database_url)
    file, new_file = _file(origin), _file(place)
    _check(origin, place, file)
    first, second = Database(origin), Database(place)
    try:
        with only_process(file), only_process(new_file):
            with Console(stderr=True).status("Copying …") as status, _one_line():
                if file is None and await transfer.others(first):
                    raise CommandError("somebody works with the database to copy: stop every uptimus that does")
                copied = await transfer.copy(
                    first, second, told=lambda table, rows: status.update(f"Copied {rows} {table} …")
                )
            sealed = await transfer.a_secret(second)
    finally:
        await first.aclose()
        await second.aclose()
    click.echo(_said(copied))
    click.echo(f"Next: {_next(loaded, sealed, file, new_file)}")


def _address(url: str) -> str:
    try:
        return database_address(url)
    except ValueError as error:
        raise CommandError(f"a database's address {error}") from None


def _file(url: str) -> Path | None:
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def _check(source: str, target: str, file: Path | None) -> None:
    if source == target:
        raise CommandError("FROM and TO are the same database")
    if file is not None and not file.is_file():
        raise CommandError(f"there is no database at {file}")


@contextmanager
def _one_line() -> "Iterator[None]":
    from storage.transfer import TransferError

    try:
        yield
    except TransferError as error:
        raise CommandError(f"{error}; nothing was copied") from None
    except DBAPIError as error:
        raise CommandError(f"{str(error.orig).splitlines()[0][:200]}; nothing was copied") from None
    except OSError as error:
        raise CommandError(f"a database can't be reached ({error.strerror or type(error).__name__})") from None


def _said(copied: "Copied") -> str:
    rows = sum(copied.rows.values())
    said = f"Copied {rows} rows of {len(copied.rows)} tables; each table has as many as it had."
    return said + (
        f" {copied.mended} characters or numbers that the other database can't hold were replaced."
        if copied.mended
        else ""
    )


def _next(loaded: Settings, sealed: str | None, file: Path | None, new_file: Path | None) -> str:
    """What is to be done so that the copy is used, and its secrets open."""
    move = "set DATABASE_URL to the new address"
    if sealed is None:
        return f"{move}{'' if new_file else ', and UPTIMUS_SECRET_KEY to a new key'}, and start uptimus."
    if loaded.secret_key is not None and _opens(loaded.secret_key.get_secret_value(), sealed):
        return f"{move}, keep UPTIMUS_SECRET_KEY, which opens the secrets, and start uptimus."
    key = key_beside(file).resolve() if file is not None else None
    if key is None or not key.is_file():
        return f"{move}, and find the key that opens the secrets: UPTIMUS_SECRET_KEY is not it."
    if new_file is not None:
        return f"copy {key} to {key_beside(new_file)}, which opens the secrets, {move}, and start uptimus."
    if loaded.secret_key is not None:
        return f"{move}, add the key in {key} to UPTIMUS_SECRET_KEY behind a comma, and start uptimus."
    return (
        f"{move}, and UPTIMUS_SECRET_KEY to what {key} holds (or UPTIMUS_SECRET_KEY_FILE to that path): "
        "the secrets open with it alone. Then start uptimus."
    )


def _opens(keys: str, sealed: str) -> bool:
    from bot.vault import Vault

    try:
        Vault([key.strip() for key in keys.split(",")]).open(sealed)
    except SettingsError:
        return False
    return True


COMMANDS = (db,)
"""With what is added to it here."""
