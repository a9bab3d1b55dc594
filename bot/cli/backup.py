"""db backup and db restore: an embedded database, copied while it is in use, and put back."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import click

from bot import settings
from bot.cli.operating import db
from bot.cli.shell import awaited
from bot.commands.reply import CommandError
from bot.settings import Settings

FILE = click.Path(dir_okay=False, path_type=Path)


def _embedded(loaded: Settings, instead: str) -> Path:
    if loaded.sqlite_path is None:
        raise CommandError(f"DATABASE_URL names PostgreSQL, which brings its own means: {instead}")
    return loaded.sqlite_path


@db.command()
@click.argument("file", type=FILE)
@click.option("--with-key", is_flag=True, help="Copy the key that opens its secrets, too, to FILE.key.")
@awaited
async def backup(file: Path, with_key: bool) -> None:
    """Copy the embedded database to FILE, also while uptimus runs. An older FILE is replaced."""
    from storage import backup as backups

    loaded = settings.load()
    database = _embedded(loaded, f"pg_dump --format=custom --file={file} …")
    try:
        await asyncio.to_thread(backups.back_up, database, file)
    except backups.BackupError as error:
        raise CommandError(str(error)) from None
    click.echo(f"{database} is backed up to {file}, and that was checked.")
    click.echo(_about_key(loaded, database, file, copy=with_key))


def _about_key(loaded: Settings, database: Path, file: Path, *, copy: bool) -> str:
    key = key_beside(database)
    if loaded.secret_key is not None:
        return "Its secrets open with UPTIMUS_SECRET_KEY alone: keep that as well."
    if not key.exists():
        return "It has no key yet, and no secrets."
    if not copy:
        return (
            f"Its secrets open with the key in {key.resolve()} alone: keep that, too, elsewhere (or --with-key)."
        )
    _copy_key(key, key_beside(file))
    return f"The key that opens its secrets is in {key_beside(file)}: whoever has both reads everything."


@db.command()
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Also over a database that is there; it is kept as ….replaced.")
@awaited
async def restore(file: Path, force: bool) -> None:
    """Put a backup in the place of the embedded database. No uptimus may run on it."""
    from bot.parts import only_process
    from storage import backup as backups

    loaded = settings.load()
    database = _embedded(loaded, f"pg_restore --clean --if-exists --dbname=… {file}")
    with only_process(database):
        if database.exists() and not force:
            raise CommandError(f"{database} is there already; --force puts the backup in its place")
        try:
            await asyncio.to_thread(backups.check, file)
            _check_age(backups.revision(file), file)
            had_one = database.exists()
            await asyncio.to_thread(backups.restore, file, database)
        except backups.BackupError as error:
            raise CommandError(str(error)) from None
    click.echo(f"{database} is as it was in {file}.")
    if had_one:
        click.echo(f"What was there before is in {database}.replaced.")
    click.echo(await _key_after(loaded, database, file))


def _check_age(revision: str | None, file: Path) -> None:
    from storage import migrate

    if revision is None or not migrate.knows(revision):
        raise CommandError(f"{file} was made by another version of uptimus (migration {revision}): update first")


async def _key_after(loaded: Settings, database: Path, file: Path) -> str:
    """Brings the key back where it lies beside the backup, and tells whether the secrets open."""
    from storage import backup as backups

    key, kept = key_beside(database), key_beside(file)
    if loaded.secret_key is None and not key.exists() and kept.exists():
        _copy_key(kept, key)
    sealed = await asyncio.to_thread(backups.a_secret, database)
    if sealed is None:
        return "It holds no secrets."
    if await asyncio.to_thread(_opens, loaded, sealed):
        return "Its secrets open with the key that is here."
    where = "UPTIMUS_SECRET_KEY" if loaded.secret_key is not None else str(key)
    return f"Its secrets do NOT open: put the key that it was made with into {where} before you start uptimus."


def _opens(loaded: Settings, sealed: str) -> bool:
    from bot import vault
    from bot.settings import SettingsError

    if loaded.secret_key is None and loaded.sqlite_path and not key_beside(loaded.sqlite_path).exists():
        return False  # one would be made
    with suppress(SettingsError):
        vault.from_settings(loaded).open(sealed)
        return True
    return False


def key_beside(database: Path) -> Path:
    """Where the key of an embedded database is kept."""
    return database.with_name(database.name + ".key")


def _copy_key(source: Path, target: Path) -> None:
    try:
        text = source.read_text(encoding="ascii")
        partial = target.with_name(target.name + ".partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(
            os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
        ) as file:
            file.write(text)
        partial.replace(target)
    except OSError as error:
        raise CommandError(f"{error.filename} can't be read or written ({error.strerror})") from None


COMMANDS = (db,)
"""With what is added to it here."""
