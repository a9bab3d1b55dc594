"""What is done for each delivery, in one go: a transaction like any other, whatever thread it runs in."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import OperationalError

from storage import migrate
from storage.database import Database
from storage.tables import Lease


def take(connection: Connection, name: str) -> int:
    """How many leases there are, with one more of that name."""
    connection.execute(insert(Lease).values(name=name, holder="somebody", until_at=func.current_timestamp()))
    return connection.execute(select(func.count()).select_from(Lease)).scalar_one()


def fail(connection: Connection, name: str) -> int:
    take(connection, name)
    raise LookupError(name)


async def names(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(Lease.name)))


async def test_what_it_finds_and_what_it_changed_are_there(database: Database) -> None:
    assert await database.in_one_go(take, "one") == 1
    assert await database.in_one_go(take, "two") == 2
    assert await names(database) == {"one", "two"}


async def test_an_error_undoes_it_and_is_heard(database: Database) -> None:
    with pytest.raises(LookupError, match="one"):
        await database.in_one_go(fail, "one")
    assert await names(database) == set()
    assert await database.in_one_go(take, "one") == 1


async def test_it_takes_turns_with_everybody_else_who_writes(database: Database) -> None:
    async def written(name: str) -> None:
        async with database.write() as session:
            await session.run_sync(lambda sync: take(sync.connection(), name))

    both = [database.in_one_go(take, f"quick {number}") for number in range(20)]
    await asyncio.gather(*both, *(written(f"slow {number}") for number in range(20)))
    assert len(await names(database)) == 40


async def test_a_file_that_somebody_else_writes_to_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/uptimus.db", busy_timeout=0.1)
    await migrate.upgrade(database)
    other = sqlite3.connect(tmp_path / "uptimus.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        await database.in_one_go(take, "one")
    other.execute("ROLLBACK")
    other.close()
    assert await database.in_one_go(take, "one") == 1
    await database.aclose()


async def test_who_is_canceled_meanwhile_leaves_the_database_usable(database: Database) -> None:
    task = asyncio.create_task(database.in_one_go(take, "one"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await database.in_one_go(take, "two") == len(await names(database))
