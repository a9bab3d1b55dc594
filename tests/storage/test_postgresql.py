"""A PostgreSQL that is slow, says nothing, or lost us: nobody waits for the other without end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError
from standins.wire import Wire

from storage import migrate
from storage.database import Database
from storage.postgresql import ANSWER_WITHIN

LOCK = text("SELECT pg_advisory_xact_lock(1)")
WANTED = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
SOON = 0.8 * ANSWER_WITHIN
"""Seconds: sooner than where a statement's own time has to pass."""


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.aclose()


async def answers(database: Database) -> bool:
    async with database.read() as session:
        return await session.scalar(text("SELECT true")) is True


@pytest.mark.parametrize("seconds", ["soon", "0", "-3", "nan", "inf", "1e9"])
def test_a_time_that_is_none_is_named(seconds: str) -> None:
    with pytest.raises(ValueError, match="command_timeout in the database's address must be seconds"):
        Database(f"postgres://nobody:secret@localhost/nothing?command_timeout={seconds}")


async def test_a_statement_that_takes_too_long_is_given_up_here_and_there(new_postgresql: str) -> None:
    async with Wire(new_postgresql) as wire, opened(f"{wire.url}?command_timeout=2") as database:
        with pytest.raises((TimeoutError, DBAPIError)):  # whichever of the two is quicker
            async with database.write() as session:
                await session.execute(text("SELECT pg_sleep(600)"))
        assert await answers(database)
        async with opened(new_postgresql) as other, asyncio.timeout(60):
            asleep = text(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND state = 'active'"
            )
            while await _scalar(other, asleep):
                await asyncio.sleep(0.05)


async def test_a_connection_that_says_nothing_any_more_is_noticed_before_it_is_used(new_postgresql: str) -> None:
    async with Wire(new_postgresql) as wire, opened(wire.url) as database:
        assert await answers(database)
        wire.lose()
        wire.mend()
        began = monotonic()
        assert await answers(database)
        assert monotonic() - began < SOON


async def test_what_somebody_had_locked_who_is_not_heard_of_any_more_is_free_again(new_postgresql: str) -> None:
    async with (
        Wire(new_postgresql) as wire,
        opened(f"{wire.url}?command_timeout=2") as lost,
        opened(new_postgresql) as other,
    ):
        with pytest.raises(TimeoutError):
            await _locks_what_another_waits_for(lost, wire, other)


async def _locks_what_another_waits_for(lost: Database, wire: Wire, other: Database) -> None:
    async with lost.write() as session:
        await session.execute(LOCK)
        wire.lose()
        began = monotonic()
        async with other.write() as waiting:
            await waiting.execute(LOCK)
        assert monotonic() - began < SOON
        await session.execute(text("SELECT 1"))


async def test_a_migration_takes_as_long_as_it_takes(new_postgresql: str) -> None:
    async with Wire(new_postgresql) as wire, opened(f"{wire.url}?command_timeout=1") as quick:
        async with opened(new_postgresql) as other:
            async with other.write() as session:
                await session.execute(text(f"SELECT pg_advisory_xact_lock({migrate.LOCK})"))
                upgrading = asyncio.create_task(migrate.upgrade(quick))
                while not await _scalar(other, WANTED):
                    await asyncio.sleep(0.01)
                done, _ = await asyncio.wait([upgrading], timeout=2.5)
                assert not done
            await upgrading
        assert await migrate.at_head(quick)


async def _scalar(database: Database, statement: TextClause) -> int:
    async with database.read() as session:
        return int(await session.scalar(statement) or 0)
