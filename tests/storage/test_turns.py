"""Turns: a chat's workspace is told by one process at a time, and by another when that is over."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from standins import claiming
from standins.followed import followed

from storage import leases, migrate, notices, providers, turns
from storage.database import Database
from storage.tables import Destination, Event, Lease, Subject, Thread

LEASE = 60.0
FIRST, SECOND, OTHER = "slack:T1/C1", "slack:T1/C2", "slack:T2/C3"


@pytest.fixture
async def shared(new_postgresql: str) -> AsyncIterator[Database]:
    """A thread is due in two channels of a workspace, and in one of another."""
    database = Database(new_postgresql)
    await migrate.upgrade(database)
    await put(database)
    yield database
    await database.aclose()


async def put(database: Database) -> None:
    for uri in (FIRST, SECOND, OTHER):
        await followed(database, uri)


async def claim(database: Database) -> list[str]:
    async with database.write() as session:
        found = await claiming.claim_due(session, 10, LEASE, per_destination=5)
    return sorted(one.uri for one in found)


async def take(database: Database, workspace: str, seconds: float) -> None:
    """Another process tells the workspace."""
    async with database.write() as session:
        assert await leases.take(session, workspace, "another", seconds)


async def held(database: Database) -> dict[str, str]:
    async with database.read() as session:
        return {row.name: row.holder for row in await session.scalars(select(Lease))}


async def threads(database: Database) -> list[tuple[int, bool]]:
    """Of each thread how often it was tried, and whether somebody has it."""
    async with database.read() as session:
        rows = await session.execute(select(Thread.attempt, Thread.token).order_by(Thread.id))
        return [(row.attempt, row.token is not None) for row in rows]


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("slack:T1", True),
        ("discord:9", True),
        ("hooks.example.com", False),
        ("::1", False),
        ("slack", False),
        (None, False),
    ],
)
def test_a_chats_workspace_is_no_host(host: str | None, is_one: bool) -> None:
    assert turns.is_workspace(host) is is_one


def test_what_the_channels_of_a_workspace_share() -> None:
    assert turns.workspace("slack", "slack:T1/C1") == "slack:T1"
    assert turns.workspace("discord", "discord:9/8") == "discord:9"
    assert turns.workspace("webhook", "https://hooks.example.com/slack:T1/C1") is None


async def test_who_takes_a_thread_tells_the_whole_workspace(shared: Database) -> None:
    assert await claim(shared) == [FIRST, SECOND, OTHER]
    me = turns.this_process()
    assert await held(shared) == {"slack:T1": me, "slack:T2": me}


async def test_the_workspace_is_ours_for_as_long_as_what_we_took_of_it_may_be_told(shared: Database) -> None:
    await claim(shared)
    async with shared.read() as session:
        taken = await session.scalars(select(Thread.due_at).where(Thread.token.is_not(None)))
        ours = await session.scalars(select(Lease.until_at))
        assert min(ours) >= max(until for until in taken if until is not None)


async def test_what_another_process_tells_is_left_to_it(shared: Database) -> None:
    await take(shared, "slack:T1", 60)
    assert await claim(shared) == [OTHER]
    assert await threads(shared) == [(0, False), (0, False), (1, True)]
    assert (await held(shared))["slack:T1"] == "another"


async def test_when_the_other_has_nothing_to_tell_any_more_it_is_ours(shared: Database) -> None:
    await take(shared, "slack:T1", -1)
    assert await claim(shared) == [FIRST, SECOND, OTHER]
    assert (await held(shared))["slack:T1"] == turns.this_process()


async def test_of_two_that_begin_at_once_one_gives_back_what_it_took_and_in_its_place(shared: Database) -> None:
    async with shared.write() as session:
        happened = await providers.database_now(session) - timedelta(seconds=30)
        subject = (await session.scalars(select(Subject))).one()
        session.add(
            Event(
                uid="evt_1", provider_id=subject.provider_id, subject_id=subject.id, sequence=1, key="1",
                type="incident.opened", data={}, context={}, seen_at=happened,
            )
        )  # fmt: skip
    async with shared.write() as session:
        assert await leases.take(session, "slack:T1", "another", 60)
        ours = asyncio.create_task(claim(shared))
        done, _ = await asyncio.wait([ours], timeout=0.3)
        assert not done, "it can't know yet"
    assert await ours == [OTHER]
    assert await threads(shared) == [(0, False), (0, False), (1, True)]
    async with shared.read() as session:
        assert list(await session.scalars(select(Thread.due_at).where(Thread.attempt == 0))) == [happened] * 2


async def test_who_stops_leaves_everything_to_the_others_at_once(shared: Database) -> None:
    await claim(shared)
    await take(shared, "slack:T3", 60)
    await take(shared, "remind", 60)
    async with shared.write() as session:
        await turns.release(session)
    assert sorted(await held(shared)) == ["remind", "slack:T3"]


async def test_what_is_told_outside_of_threads_waits_for_the_other_process_too(shared: Database) -> None:
    async with shared.write() as session:
        now = await providers.database_now(session)
        for destination_id in await session.scalars(select(Destination.id)):
            await notices.put(session, destination_id, notices.TROUBLE, now, now)
    await take(shared, "slack:T1", 60)
    async with shared.write() as session:
        assert [one.uri for one in await notices.claim_due(session, 10, LEASE)] == [OTHER]


async def test_what_an_older_version_made_is_shared_like_the_rest(shared: Database) -> None:
    async with shared.write() as session:
        await session.execute(update(Destination).values(host=None))
    async with shared.write() as session:
        await turns.name_workspaces(session)
    async with shared.read() as session:
        found = await session.scalars(select(Destination.host).order_by(Destination.id))
        assert found.all() == ["slack:T1", "slack:T1", "slack:T2"]


async def test_on_sqlite_there_is_nobody_else(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("on SQLite alone")
    await put(database)
    assert await claim(database) == [FIRST, SECOND, OTHER]
    assert await held(database) == {}
