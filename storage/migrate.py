"""Brings a database to the newest form of the tables, and tells whether it has it."""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, NullPool, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.database import Database
from storage.postgresql import unhurried
from storage.tables import Table

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_350_261  # any number that nobody else locks: two processes that start together migrate one by one


@cache
def known() -> tuple[str, ...]:
    """The migrations of this version, the oldest first. Their files are numbered, one after another (tested)."""
    return tuple(sorted(one.stem.partition("_")[0] for one in (MIGRATIONS / "versions").glob("[0-9]*.py")))


async def upgrade(database: Database, to: str = "head") -> None:
    """Applies every migration that is missing, up to this one. Does nothing where none is, nor where a newer
    version brought the database further: migrations only add (CONTRIBUTING), so this one gets along with it."""
    if await at_head(database):
        return
    async with _unhurried(database).execution_options(begin="BEGIN IMMEDIATE").begin() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        if not await connection.run_sync(_at_head):
            await connection.run_sync(_upgrade, to)


def _upgrade(connection: Connection, to: str) -> None:
    from alembic import command  # a large library, and hardly ever is there something to do
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _unhurried(database: Database) -> AsyncEngine:
    """A large table's new index takes as long as it takes."""
    return (
        database.engine if database.is_sqlite else create_async_engine(unhurried(database.url), poolclass=NullPool)
    )


async def at_head(database: Database) -> bool:
    """Whether every migration that this version knows has been applied. While a newer version is put in place
    process by process, those of the older one go on, and may be started again."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_at_head)


def knows(revision: str) -> bool:
    """Whether a database at this migration can be used by this version, once it is upgraded."""
    return revision in known()


def _at_head(connection: Connection) -> bool:
    return _current(connection) == known()[-1] or _ahead(connection)


def _ahead(connection: Connection) -> bool:
    """A newer version has been here."""
    current = _current(connection)
    return current is not None and current > known()[-1]


def _current(connection: Connection) -> str | None:
    """The migration that the database is at; None: it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


async def problems(database: Database) -> list[str]:
    """What keeps the database from being used as it is, in lines for people; empty when it is in step."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_problems)


def _problems(connection: Connection) -> list[str]:
    current, newest = _current(connection), known()[-1]
    if _ahead(connection):
        return [f"a newer version brought it to migration {current}, this one knows {newest}; it can be used"]
    if current != newest:
        return [f"it is at migration {current or 'none'}, this version needs {newest}: run `uptimus db upgrade`"]
    return [f"differs from the tables: {difference}" for difference in _differences(connection)]


def _differences(connection: Connection) -> list[object]:
    from alembic.autogenerate import compare_metadata  # a large library, for this alone
    from alembic.migration import MigrationContext

    migration = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(migration, Table.metadata))
