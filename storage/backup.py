"""Backups of an embedded database: taken while it is in use, checked, put in its place whole or not at all.

Everything here blocks: call it in a thread. A list beside the database (`uptimus.db.backups`) says where its
backups are, so that whoever finds it damaged is told of the newest.
"""

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

SEALED = (
    "SELECT secrets FROM destinations WHERE CAST(secrets AS VARCHAR) NOT IN ('[]', 'null') LIMIT 1",
    "SELECT sealed FROM destinations WHERE sealed IS NOT NULL LIMIT 1",
    "SELECT bot_token FROM slack_bots WHERE bot_token IS NOT NULL LIMIT 1",
    "SELECT value FROM notes WHERE name = 'push:key'",
    "SELECT uri FROM destinations WHERE uri LIKE 'https://sealed.invalid/%' LIMIT 1",
    "SELECT uri FROM destinations WHERE uri LIKE 'apprise:jsons://sealed.invalid/%' LIMIT 1",
)
"""Where to look for something that is encrypted."""
KNOWN_BACKUPS = 50
BUSY_TIMEOUT = 15.0
_PARTS = ("", "-wal", "-shm")


class BackupError(Exception):
    """It can't be done; the message is one line."""


def back_up(database: Path, target: Path) -> None:
    """Writes the database as it is now to `target`, readable by its owner alone; a former backup there is replaced
    once the new one is whole. Raises BackupError."""
    if not database.exists():
        raise BackupError(f"there is no database at {database}")
    if target.exists() and target.samefile(database):
        raise BackupError(f"{target} is the database itself")
    with _made_whole(database, target):
        pass
    _note(database, target)


def restore(backup: Path, database: Path) -> None:
    """Puts the backup in the database's place; what was there is kept beside it as `….replaced`. Nobody may be
    using it. Raises BackupError."""
    if database.exists() and backup.exists() and backup.samefile(database):
        raise BackupError(f"{backup} is the database itself")
    check(backup)
    with _made_whole(backup, database):
        for part in _PARTS:
            _set_aside(
                database.with_name(database.name + part), database.with_name(f"{database.name}.replaced{part}")
            )


def _set_aside(old: Path, kept: Path) -> None:
    """A journal left behind would be played into the new file. The database itself stays until that is there."""
    kept.unlink(missing_ok=True)
    if old.name.endswith(_PARTS[1:]):
        with suppress(FileNotFoundError):
            old.replace(kept)
    elif old.exists():
        kept.hardlink_to(old)


def check(file: Path) -> None:
    """Raises BackupError unless it is a whole database of uptimus."""
    if not file.is_file():
        raise BackupError(f"there is no file {file}")
    with _errors(file), closing(_open(file)) as connection:
        _check(connection, file, "integrity_check")
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"alembic_version", "providers", "destinations"} <= names:
            raise BackupError(f"{file} is not a database of uptimus")


def damage(database: Path) -> str | None:
    """What is wrong with a database, in one line; None: nothing that a quick look finds, or it is not there."""
    if not database.exists():
        return None
    try:
        with closing(_open(database)) as connection:
            _check(connection, database, "quick_check(1)")
    except BackupError as error:
        return str(error)
    except sqlite3.OperationalError:
        return None  # locked, unreadable: whoever opens it next says so
    except sqlite3.DatabaseError as error:
        return f"{database} is damaged ({error})"
    return None


def revision(file: Path) -> str | None:
    """The migration that a database is at."""
    with _errors(file), closing(_open(file)) as connection:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return found[0] if found else None


def a_secret(file: Path) -> str | None:
    """Something that is encrypted in a database, to see whether a key opens it; None: nothing is. The file may be
    of an older version, without some of the tables."""
    with _errors(file), closing(_open(file)) as connection:
        for query in SEALED:
            with suppress(sqlite3.OperationalError):
                found = connection.execute(query).fetchone()
                if found is not None:
                    return sealed_in(found[0])
    return None


def sealed_in(value: str | list[str]) -> str:
    """What is encrypted, out of a column that holds it alone or in a list."""
    found = json.loads(value) if isinstance(value, str) and value.startswith("[") else value
    return str(found[0]) if isinstance(found, list) else str(found)


def newest(database: Path) -> Path | None:
    """The newest backup that is known and still there."""
    there = (Path(line) for line in reversed(_noted(database)))
    return next((path for path in there if path.is_file()), None)


def _open(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=BUSY_TIMEOUT)


def _check(connection: sqlite3.Connection, file: Path, pragma: str) -> None:
    [first, *_] = connection.execute(f"PRAGMA {pragma}").fetchone()
    if first != "ok":
        raise BackupError(f"{file} is damaged ({str(first).splitlines()[-1][:200]})")


@contextmanager
def _errors(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise BackupError(f"{file} can't be read or written ({error})") from error
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{file} is damaged, or no SQLite database ({error})") from error
    except OSError as error:
        raise BackupError(f"{error.filename or file} can't be written ({error.strerror})") from error


@contextmanager
def _made_whole(source: Path, target: Path) -> Iterator[None]:
    """A checked copy of `source`, which takes the place of `target` after the block."""
    with _errors(target):
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # 0600
        os.close(descriptor)
        copy = Path(name)
        try:
            with closing(_open(source)) as original, closing(_open(copy)) as made:
                original.backup(made)
                made.execute("PRAGMA journal_mode=DELETE")  # one file, without a journal beside it
                _check(made, copy, "integrity_check")
            _sync(copy)
            yield
            copy.replace(target)
            _sync(target.parent)
        finally:
            for part in ("", "-journal", "-wal", "-shm"):
                copy.with_name(copy.name + part).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _list_of(database: Path) -> Path:
    return database.with_name(database.name + ".backups")


def _noted(database: Path) -> list[str]:
    try:
        return _list_of(database).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _note(database: Path, target: Path) -> None:
    path = str(target.resolve())
    known = [line for line in _noted(database) if line != path][-(KNOWN_BACKUPS - 1) :]
    with _errors(_list_of(database)):
        _list_of(database).write_text("".join(f"{line}\n" for line in (*known, path)), encoding="utf-8")
