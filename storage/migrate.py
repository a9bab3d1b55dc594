"""Brings a database to the newest form of the tables, and tells whether it has it."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.database import Database
from storage.tables import Table

LOCK = 7_350_261  # any number that nobody else locks: two processes that start together migrate one by one


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database) -> None:
    """Applies every migration that is missing. Does nothing where none is."""
    async with database.engine.execution_options(begin="BEGIN IMMEDIATE").begin() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))


async def at_head(database: Database) -> bool:
    """Whether every migration has been applied."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_at_head)


def _at_head(connection: Connection) -> bool:
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == newest


async def problems(database: Database) -> list[str]:
    """What keeps the database from being used as it is, in lines for people; empty when it is in step."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_problems)


def _problems(connection: Connection) -> list[str]:
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    migration = MigrationContext.configure(connection, opts={"compare_type": True})
    current = migration.get_current_revision()
    if current != newest:
        return [f"it is at migration {current or 'none'}, this version needs {newest}: run `uptimus db upgrade`"]
    return [f"differs from the tables: {difference}" for difference in compare_metadata(migration, Table.metadata)]
