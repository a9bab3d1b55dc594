"""Notices: put, claimed by one alone, done or due again; and what was held back."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from storage import events, follows, leases, notices, providers, threads
from storage.database import Database
from storage.events import NewEvent
from storage.notices import DIGEST, SUMMARY, TROUBLE, Claimed
from storage.tables import Delivery, Destination, Follow, Notice, Provider, Thread
from storage.threads import Streams

NOW = datetime.now(UTC).replace(microsecond=0)
PLAN = {"every": "day", "at": "09:00", "weekday": 0, "zone": "UTC"}


def _at(hours: float) -> datetime:
    """Far enough apart that a slow run does not matter."""
    return NOW + timedelta(hours=hours)


async def add_destination(database: Database, uri: str = "slack:T1/C1") -> int:
    async with database.write() as session:
        workspace_id = await follows.workspace(session, "slack:T1")
        return (await follows.add_destination(session, workspace_id, uri, "slack", [])).id


async def put(
    database: Database, destination_id: int, kind: str, due: float, *, since: float = -60, plan: Any = None
) -> None:
    async with database.write() as session:
        await notices.put(session, destination_id, kind, _at(due), _at(since), plan)


async def claim(database: Database, limit: int = 10, lease: float = 60) -> list[Claimed]:
    async with database.write() as session:
        return await notices.claim_due(session, limit, lease)


async def of_destination(database: Database, destination_id: int) -> Sequence[Notice]:
    async with database.read() as session:
        return await notices.of_destination(session, destination_id)


async def only(database: Database) -> Notice:
    async with database.read() as session:
        return (await session.scalars(select(Notice))).one()


async def test_a_digest_takes_the_place_of_the_one_before(database: Database) -> None:
    destination_id = await add_destination(database)
    await put(database, destination_id, DIGEST, 5, plan=PLAN)
    await put(database, destination_id, DIGEST, 50, since=-1, plan=PLAN | {"at": "10:00"})
    [row] = await of_destination(database, destination_id)
    assert (row.due_at, row.since_at, row.plan["at"], row.attempt) == (_at(50), _at(-1), "10:00", 0)


async def test_a_digest_that_is_changed_while_it_is_told_goes_by_the_new_plan(database: Database) -> None:
    destination_id = await add_destination(database)
    await put(database, destination_id, DIGEST, -1, plan=PLAN)
    [claimed] = await claim(database)
    await put(database, destination_id, DIGEST, 50, plan=PLAN)
    async with database.write() as session:
        assert not await notices.done(session, claimed.id, claimed.token, _at(5), _at(0))
    assert (await only(database)).due_at == _at(50)


@pytest.mark.parametrize("kind", [SUMMARY, TROUBLE])
@pytest.mark.parametrize(("second", "kept"), [(50, 5), (2, 2)])
async def test_of_the_others_the_earlier_time_counts(
    database: Database, kind: str, second: float, kept: float
) -> None:
    destination_id = await add_destination(database)
    await put(database, destination_id, kind, 5, since=-60)
    await put(database, destination_id, kind, second, since=-1)
    [row] = await of_destination(database, destination_id)
    assert (row.due_at, row.since_at) == (_at(kept), _at(-60))


async def test_what_is_put_while_a_summary_is_told_leaves_the_claim_alone(database: Database) -> None:
    destination_id = await add_destination(database)
    await put(database, destination_id, SUMMARY, -1)
    [claimed] = await claim(database)
    await put(database, destination_id, SUMMARY, -1)
    assert await claim(database) == []
    async with database.write() as session:
        assert await notices.owned(session, claimed.id, claimed.token)
        assert await notices.done(session, claimed.id, claimed.token, None, _at(0))
    await put(database, destination_id, SUMMARY, 7, since=3)
    row = await only(database)
    assert (row.due_at, row.since_at, row.attempt) == (_at(7), _at(3), 0)


async def test_what_is_put_while_a_summary_ends_is_not_lost(database: Database) -> None:
    destination_id = await add_destination(database)
    await put(database, destination_id, SUMMARY, -1)
    [claimed] = await claim(database)
    async with database.write() as session:
        assert await notices.owned(session, claimed.id, claimed.token)
        meanwhile = asyncio.create_task(put(database, destination_id, SUMMARY, 7))
        done, _ = await asyncio.wait([meanwhile], timeout=0.2)
        assert not done
        await notices.done(session, claimed.id, claimed.token, None, _at(0))
    await meanwhile
    assert (await only(database)).due_at == _at(7)


async def test_remove_and_of_destination(database: Database) -> None:
    destination_id = await add_destination(database)
    other_id = await add_destination(database, "slack:T1/C2")
    await put(database, destination_id, TROUBLE, 1)
    await put(database, destination_id, DIGEST, 1, plan=PLAN)
    await put(database, other_id, DIGEST, 1, plan=PLAN)
    assert [one.kind for one in await of_destination(database, destination_id)] == [DIGEST, TROUBLE]
    async with database.write() as session:
        assert await notices.remove(session, destination_id, DIGEST)
        assert not await notices.remove(session, destination_id, DIGEST)
    assert [one.kind for one in await of_destination(database, destination_id)] == [TROUBLE]
    assert [one.kind for one in await of_destination(database, other_id)] == [DIGEST]


async def test_many_claimers_never_get_the_same_notice(database: Database) -> None:
    for number in range(30):
        await put(database, await add_destination(database, f"slack:T1/C{number}"), SUMMARY, -number - 1)
    claimed = await asyncio.gather(*(claim(database, limit=5) for _ in range(6)))
    ids = [one.id for batch in claimed for one in batch]
    assert len(ids) == len(set(ids))
    ids += [one.id for one in await claim(database, limit=50)]
    assert sorted(ids) == list(range(1, 31))


async def test_a_claim_says_what_telling_needs(database: Database) -> None:
    destination_id = await add_destination(database)
    await put(database, destination_id, DIGEST, -1, since=-60, plan=PLAN)
    await put(database, await add_destination(database, "slack:T1/C2"), DIGEST, 5, plan=PLAN)
    [claimed] = await claim(database)
    assert claimed == Claimed(
        id=claimed.id, token=claimed.token, kind=DIGEST, destination_id=destination_id, uri="slack:T1/C1",
        transport="slack", host="slack:T1", workspace_id=claimed.workspace_id, workspace="slack:T1",
        failing_since=None, disabled_because=None, attempt=1, since_at=_at(-60), plan=PLAN,
    )  # fmt: skip


async def test_of_a_disabled_destination_only_the_trouble_is_told(database: Database) -> None:
    destination_id = await add_destination(database)
    for kind in (DIGEST, SUMMARY, TROUBLE):
        await put(database, destination_id, kind, -1, plan=PLAN)
    async with database.write() as session:
        await threads.disable(session, [destination_id], "it is archived")
    assert [(one.kind, one.disabled_because) for one in await claim(database)] == [(TROUBLE, "it is archived")]
    async with database.write() as session:
        await session.execute(update(Destination).values(disabled_at=None, disabled_because=None))
    assert {one.kind for one in await claim(database)} == {DIGEST, SUMMARY}


async def test_done_sets_the_next_and_forgets_the_tries(database: Database) -> None:
    await put(database, await add_destination(database), DIGEST, -1, plan=PLAN)
    [claimed] = await claim(database)
    async with database.write() as session:
        assert await notices.done(session, claimed.id, claimed.token, _at(1440), _at(0))
    row = await only(database)
    assert (row.due_at, row.since_at, row.attempt, row.token) == (_at(1440), _at(0), 0, None)


async def test_failed_is_due_again_and_counts_its_tries(database: Database) -> None:
    await put(database, await add_destination(database), DIGEST, -1, plan=PLAN)
    for attempt, counted in ((1, False), (1, True), (2, True)):
        [claimed] = await claim(database)
        assert claimed.attempt == attempt
        async with database.write() as session:
            assert await notices.failed(session, claimed.id, claimed.token, -1, counted=counted)
    [claimed] = await claim(database)
    assert claimed.attempt == 3
    async with database.write() as session:
        await notices.failed(session, claimed.id, claimed.token, 60)
    assert await claim(database) == []


async def test_whoever_lost_the_claim_changes_nothing(database: Database) -> None:
    await put(database, await add_destination(database), DIGEST, -1, plan=PLAN)
    [first] = await claim(database, lease=-1)
    [second] = await claim(database)
    before = await only(database)
    async with database.write() as session:
        assert not await notices.owned(session, first.id, first.token)
        assert not await notices.done(session, first.id, first.token, None, _at(0))
        assert not await notices.failed(session, first.id, first.token, 5)
        assert not await notices.remember(session, first.id, first.token, {"told": ["U1"]})
    after = await only(database)
    assert (after.due_at, after.token, after.plan) == (before.due_at, second.token, PLAN)
    async with database.write() as session:
        assert await notices.remember(session, second.id, second.token, {"told": ["U1"]})
    assert (await only(database)).plan == {"told": ["U1"]}


async def test_what_a_dead_process_claimed_is_due_at_its_next_start(database: Database) -> None:
    await put(database, await add_destination(database), DIGEST, -1, plan=PLAN)
    await claim(database, lease=1000)
    async with database.write() as session:
        await leases.release_all(session)
    assert len(await claim(database)) == 1


async def _held_back(database: Database) -> int:
    """Two subjects at one destination: of the first two events are held and one was told; of the second one is."""
    destination_id = await add_destination(database)
    async with database.write() as session:
        now = await providers.database_now(session)
        made = await session.execute(
            insert(Provider).values(
                slug="p", name="P", url="https://p.example.com", adapter="x", source="user",
                verification="pending", status="unknown", memory={}, active=False, failures=0, unreadable=False,
            ).returning(Provider.id)
        )  # fmt: skip
        provider_id = made.scalar_one()
        session.add(
            Follow(
                provider_id=provider_id, destination_id=destination_id, incidents=True, components=True,
                maintenance=True, component_ids=[], created_by="U1", created_at=now,
            )
        )  # fmt: skip
        await session.flush()
        types = ("incident.opened", "incident.updated", "component.changed")
        rows = [NewEvent(type_, f"a{type_}", "incident", "a", None, {}, {}) for type_ in types]
        rows.append(NewEvent("incident.opened", "b", "incident", "b", None, {}, {}))
        for one in await events.add(session, provider_id, rows, now):
            await threads.publish(
                session,
                provider_id,
                one.subject_id,
                first=one.first,
                last=one.last,
                streams=Streams(incidents=True),
            )
        first, second = (await session.scalars(select(Thread.id).order_by(Thread.id))).all()
        for thread_id, sequence, state in (
            (first, 1, "delivered"),
            (first, 2, "held"),
            (first, 3, "held"),
            (second, 1, "held"),
        ):
            session.add(Delivery(thread_id=thread_id, sequence=sequence, state=state, finished_at=now))
    return destination_id


async def test_what_is_held_is_listed_in_the_order_in_which_it_happened(database: Database) -> None:
    destination_id = await _held_back(database)
    other_id = await add_destination(database, "slack:T1/C2")
    async with database.read() as session:
        held = await notices.held(session, destination_id)
        assert await notices.held(session, other_id) == []
        newest = await notices.newest_events(session, [one.subject_id for one in held])
    assert [(one.external_id, one.sequence, one.event.type) for one in held] == [
        ("a", 2, "incident.updated"),
        ("a", 3, "component.changed"),
        ("b", 1, "incident.opened"),
    ]
    assert {one.follow.created_by for one in held if one.follow} == {"U1"}
    assert [newest[one.subject_id].type for one in held] == [
        "incident.updated",
        "incident.updated",
        "incident.opened",
    ]


async def test_told_and_dropped(database: Database) -> None:
    destination_id = await _held_back(database)
    async with database.write() as session:
        first, second, third = [one.key for one in await notices.held(session, destination_id)]
        await notices.told(session, [first, (first[0], 1)], _at(0))
        await notices.drop(session, [second, (first[0], 1)])
        assert [one.key for one in await notices.held(session, destination_id)] == [third]
        rows = await session.execute(
            select(Delivery.sequence, Delivery.state, Delivery.message).order_by(
                Delivery.thread_id, Delivery.sequence
            )
        )
        assert [tuple(row) for row in rows] == [
            (1, "delivered", None),
            (2, "delivered", None),
            (1, "held", None),
        ]


async def test_what_nobody_follows_any_more_has_no_follow(database: Database) -> None:
    destination_id = await _held_back(database)
    async with database.write() as session:
        await session.execute(delete(Follow))  # what was under way then is held back after it
        assert [one.follow for one in await notices.held(session, destination_id)] == [None, None, None]
