"""Workspaces: who they are, leaving and coming back; and their channels' addresses."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from standins.followed import followed, state

from storage import channels, follows, notices, threads, workspaces
from storage.database import Database, from_now
from storage.tables import Destination, Follow, Notice, Provider, Thread, Workspace

C1, C2 = "slack:T1/C1", "slack:T1/C2"
GONE = "uptimus was removed from the workspace: install uptimus there again"
DAY = 86400.0


async def keys(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(Workspace.key).order_by(Workspace.key)))


async def test_what_is_learned_of_a_workspace_stays(database: Database) -> None:
    async with database.write() as session:
        await workspaces.seen(session, "slack:T1", name="Acme")
        await workspaces.seen(session, "slack:T1", enterprise_id="E1")
        await workspaces.seen(session, "slack:T2")
    async with database.read() as session:
        row = await workspaces.by_key(session, "slack:T1")
        assert row is not None
        assert (row.name, row.enterprise_id) == ("Acme", "E1")
        assert [one.key for one in await workspaces.of_enterprise(session, "E1")] == ["slack:T1"]


async def test_leaving_puts_everything_there_to_sleep_and_coming_back_wakes_it(database: Database) -> None:
    await followed(database, C1)
    await followed(database, C2, "local")
    other = "slack:T10/C1"
    await followed(database, other)
    async with database.write() as session:
        await threads.disable(session, await channels.at(session, C2), "the channel was deleted")
        await workspaces.leave(session, "slack:T1", GONE)
        await workspaces.leave(session, "slack:T1", "another reason")
    assert await state(database, C1) == (GONE, False)
    assert await state(database, C2) == ("the channel was deleted", False)
    assert await state(database, other) == (None, True)
    async with database.write() as session:
        assert await workspaces.come_back(session, "slack:T1", "install uptimus") == 1
    assert await state(database, C1) == (None, True)
    assert await state(database, C2) == ("the channel was deleted", False)
    async with database.read() as session:
        row = await workspaces.by_key(session, "slack:T1")
        assert row is not None
        assert row.uninstalled_at is None


@pytest.mark.parametrize(("days", "kept"), [(29.9, True), (30.1, False)])
async def test_what_was_left_is_kept_for_thirty_days(days: float, kept: bool, database: Database) -> None:
    await followed(database, C1)
    await followed(database, "slack:T2/C1", provider="other")
    async with database.write() as session:
        await session.execute(update(Provider).values(due_at=from_now()))
        await workspaces.leave(session, "slack:T1", GONE)
        left = (await session.execute(select(from_now(-days * DAY)))).scalar_one()
        await session.execute(update(Workspace).where(Workspace.key == "slack:T1").values(uninstalled_at=left))
        assert await workspaces.forget_old(session) == ([] if kept else ["slack:T1"])
    assert await keys(database) == (["slack:T1"] if kept else []) + ["slack:T2"]
    async with database.read() as session:
        assert len((await session.scalars(select(Follow))).all()) == 1 + kept
        polled = await session.scalars(select(Provider.slug).where(Provider.due_at.is_not(None)))
        assert sorted(polled) == (["chargeover"] if kept else []) + ["other"]


async def test_the_list_tells_how_much_each_follows(database: Database) -> None:
    await followed(database, C1)
    await followed(database, C1, provider="other")
    await followed(database, "slack:T10/C1")
    async with database.write() as session:
        await workspaces.seen(session, "slack:T3", name="Quiet")
        await workspaces.seen(session, "discord:T3")
        known = await workspaces.known(session, "slack")
    assert [(one.key, one.name, one.follows) for one in known] == [
        ("slack:T1", None, 2),
        ("slack:T10", None, 1),
        ("slack:T3", "Quiet", 0),
    ]


async def test_a_terminals_follows_count_where_they_are_told(database: Database) -> None:
    async with database.write() as session:
        await workspaces.seen(session, "slack:T1")
    await followed(database, C1, "local")
    async with database.read() as session:
        assert [one.follows for one in await workspaces.known(session, "slack")] == [1]


# channels


async def test_only_what_was_disabled_for_the_reason_is_enabled(database: Database) -> None:
    await followed(database, C1)
    await followed(database, C2)
    async with database.write() as session:
        [one], [two] = await channels.at(session, C1), await channels.at(session, C2)
        await threads.disable(session, [one], "Slack: the channel is archived: unarchive it (is_archived)")
        await threads.disable(session, [two], "100% of it is gone")
        assert await channels.enable(session, [one, two], "the channel is archived") == [one]
        assert await channels.enable(session, [one, two], "100_") == []
    assert await state(database, C1) == (None, True)
    assert await state(database, C2) == ("100% of it is gone", False)


async def test_a_channel_with_another_id_keeps_everything(database: Database) -> None:
    place, terminals = await followed(database, C1), await followed(database, C1, "local")
    async with database.write() as session:
        await channels.move(session, C1, "slack:T1/C9")
    async with database.read() as session:
        found = await session.execute(select(Destination.id, Destination.uri).order_by(Destination.id))
        assert [tuple(row) for row in found] == [(place, "slack:T1/C9"), (terminals, "slack:T1/C9")]


async def test_two_addresses_become_one(database: Database) -> None:
    """Both follow chargeover (incident 1 is told in both), the old one another provider as well, and has a
    thread of chargeover's that joins one which goes."""
    old, new = await followed(database, C1), await followed(database, C2)
    await followed(database, C1, provider="other")
    await followed(database, C1, subject="2")
    async with database.write() as session:
        mine = await session.scalars(select(Thread).where(Thread.destination_id == old).order_by(Thread.id))
        doomed, _, joining = mine.all()
        joining.joins_id = joining.adopts_id = doomed.id
        now = (await session.execute(select(from_now()))).scalar_one()
        await notices.put(session, old, "digest", now, now)
        await notices.put(session, old, "summary", now, now)
        await notices.put(session, new, "digest", now + timedelta(days=1), now)
    async with database.write() as session:
        await channels.move(session, C1, C2)
    async with database.read() as session:
        assert (await session.scalars(select(Destination.id))).all() == [new]
        assert len((await session.scalars(select(Follow))).all()) == 2
        threads_ = (await session.scalars(select(Thread).order_by(Thread.id))).all()
        assert [(one.destination_id, one.joins_id, one.adopts_id) for one in threads_] == [(new, None, None)] * 3
        kinds = await session.execute(select(Notice.kind, Notice.due_at).order_by(Notice.kind))
        assert [tuple(row) for row in kinds] == [("digest", now + timedelta(days=1)), ("summary", now)]


async def test_of_two_that_name_a_workspace_at_once_none_fails(database: Database) -> None:
    async def named() -> int:
        async with database.write() as session:
            return await follows.workspace(session, "slack:T7")

    assert len(set(await asyncio.gather(*(named() for _ in range(8))))) == 1
