"""The migrations end in exactly the tables that the code knows."""

import pytest
from sqlalchemy import text

from storage import migrate
from storage.database import Database


async def test_the_migrations_are_in_step_with_the_tables(database: Database) -> None:
    assert await migrate.problems(database) == []
    assert await migrate.at_head(database)


async def test_an_upgrade_of_an_upgraded_database_changes_nothing(database: Database) -> None:
    await migrate.upgrade(database)
    assert await migrate.problems(database) == []


async def test_an_empty_database_is_told_to_be_upgraded(database_url: str) -> None:
    database = Database(database_url)
    try:
        assert not await migrate.at_head(database)
        [problem] = await migrate.problems(database)
        assert "uptimus db upgrade" in problem
    finally:
        await database.aclose()


async def test_a_table_that_differs_is_named(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("DROP TABLE observations"))
    assert any("observations" in problem for problem in await migrate.problems(database))


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:///uptimus.db", "sqlite+aiosqlite"),
        ("postgres://u:p@h/d", "postgresql+asyncpg"),
        ("postgresql://u:p@h/d?sslmode=require", "postgresql+asyncpg"),
    ],
)
def test_addresses_get_our_drivers(given: str, driver: str) -> None:
    from storage.database import async_url

    assert async_url(given.replace("postgres:", "postgresql:")).drivername == driver
