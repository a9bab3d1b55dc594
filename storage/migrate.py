"""Brings a database to the newest form of the tables, and tells whether it has it."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.database import Database
from storage.postgresql import unhurried
from storage.tables import Table

LOCK = 7_350_261  # any number that nobody else locks: two processes that start together migrate one by one


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database, to: str = "head") -> None:
    """Applies every migration that is missing, up to this one. Does nothing where none is, nor where a newer
    version brought the database further: migrations only add (CONTRIBUTING), so this one gets along with it."""
    async with _unhurried(database).execution_options(begin="BEGIN IMMEDIATE").begin() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        if not await connection.run_sync(_ahead):
            await connection.run_sync(lambda sync: command.upgrade(_config(sync), to))


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
    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _at_head(connection: Connection) -> bool:
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    current = MigrationContext.configure(connection).get_current_revision()
    return current == newest or _ahead(connection)


def _ahead(connection: Connection) -> bool:
    """A newer version has been here. Migrations are numbered."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    current = MigrationContext.configure(connection).get_current_revision()
    return current is not None and newest is not None and current > newest and not knows(current)


async def problems(database: Database) -> list[str]:
    """What keeps the database from being used as it is, in lines for people; empty when it is in step."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_problems)


def _problems(connection: Connection) -> list[str]:
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    migration = MigrationContext.configure(connection, opts={"compare_type": True})
    current = migration.get_current_revision()
    if _ahead(connection):
        return [f"a newer version brought it to migration {current}, this one knows {newest}; it can be used"]
    if current != newest:
        return [f"it is at migration {current or 'none'}, this version needs {newest}: run `uptimus db upgrade`"]
    return [f"differs from the tables: {difference}" for difference in compare_metadata(migration, Table.metadata)]
