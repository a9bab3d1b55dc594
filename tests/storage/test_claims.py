"""Leases: nobody gets what somebody else holds, and what a dead process held comes back."""

import asyncio

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from standins import claiming

from storage import claims, events, follows, leases, providers, threads
from storage.database import Database, from_now
from storage.events import NewEvent
from storage.outcomes import Outcome
from storage.providers import Unchanged
from storage.tables import Follow, Provider, Thread
from storage.threads import Streams


async def add_providers(database: Database, number: int) -> list[int]:
    async with database.write() as session:
        now = await providers.database_now(session)
        rows = [
            {
                "slug": f"p{place}", "name": f"P{place}", "url": f"https://p{place}.example.com", "adapter": "x",
                "source": "user", "verification": "pending", "status": "unknown", "memory": {}, "due_at": now,
                "active": False, "failures": 0, "unreadable": False,
            }
            for place in range(number)
        ]  # fmt: skip
        await session.execute(insert(Provider), rows)
        return list(await session.scalars(select(Provider.id).order_by(Provider.id)))


async def add_thread(database: Database, count: int = 3) -> int:
    """One thread with so many events to tell."""
    [provider_id] = await add_providers(database, 1)
    async with database.write() as session:
        workspace_id = await follows.workspace(session, "local")
        destination = await follows.add_destination(session, workspace_id, "console:", "console", [])
        now = await providers.database_now(session)
        await session.execute(
            insert(Follow).values(
                provider_id=provider_id,
                destination_id=destination.id,
                incidents=True,
                components=True,
                maintenance=True,
                component_ids=[],
                created_by="",
                created_at=now,
            )
        )
        new = [NewEvent("incident.updated", f"k{place}", "incident", "i", None, {}, {}) for place in range(count)]
        [numbered] = await events.add(session, provider_id, new, now)
        await threads.publish(
            session, provider_id, numbered.subject_id, first=1, last=count, streams=Streams(incidents=True)
        )
        return (await session.scalars(select(Thread.id))).one()


async def thread(database: Database) -> Thread:
    async with database.read() as session:
        return (await session.scalars(select(Thread))).one()


async def test_many_pollers_never_get_the_same_page(database: Database) -> None:
    ids = await add_providers(database, 60)

    async def claim() -> list[int]:
        async with database.write() as session:
            return [one.id for one in await providers.claim_due(session, 10, lease=60, gap=1e6)]

    claimed = [id_ for batch in await asyncio.gather(*(claim() for _ in range(10))) for id_ in batch]
    assert sorted(claimed) == ids


async def test_an_ended_lease_is_taken_by_another_and_the_first_changes_nothing_any_more(
    database: Database,
) -> None:
    await add_providers(database, 1)
    async with database.write() as session:
        [first] = await providers.claim_due(session, 10, lease=-1, gap=1e6)
        [second] = await providers.claim_due(session, 10, lease=60, gap=1e6)
    assert first.token != second.token
    async with database.write() as session:
        await providers.record_unchanged(session, [Unchanged(first.id, first.token, 1.0)])
        assert await providers.owned(session, first.id, first.token) is None
        assert await providers.owned(session, second.id, second.token) is not None


async def test_what_a_dead_process_held_is_released_at_its_next_start(database: Database) -> None:
    await add_thread(database)
    async with database.write() as session:
        assert len(await claiming.claim_due(session, 10, lease=60, per_destination=10)) == 1
        assert len(await providers.claim_due(session, 10, lease=60, gap=1e6)) == 1
    async with database.write() as session:
        assert await claiming.claim_due(session, 10, lease=60, per_destination=10) == []
        await leases.release_all(session)
        assert len(await claiming.claim_due(session, 10, lease=60, per_destination=10)) == 1
        assert len(await providers.claim_due(session, 10, lease=60, gap=1e6)) == 1


async def test_a_thread_is_claimed_by_one_worker_and_its_events_come_in_order(database: Database) -> None:
    await add_thread(database, count=3)

    async def claim() -> list[claims.Claim]:
        async with database.write() as session:
            return await claiming.claim_due(session, 10, lease=60, per_destination=10)

    told = []
    for _ in range(3):
        [claimed] = [one for batch in await asyncio.gather(claim(), claim()) for one in batch]
        told.append(claimed.sequence)
        async with database.write() as session:
            done = Outcome(
                claimed.id,
                claimed.token,
                claimed.sequence,
                moved=True,
                state="delivered",
                reference="r",
                finished_at=await providers.database_now(session),
            )
            await claiming.acknowledge(session, [done])
    assert told == [1, 2, 3]
    assert (await thread(database)).due_at is None
    assert await claim() == []


async def test_a_worker_that_wakes_up_too_late_changes_nothing(database: Database) -> None:
    await add_thread(database)
    async with database.write() as session:
        [late] = await claiming.claim_due(session, 10, lease=-1, per_destination=10)
        [new] = await claiming.claim_due(session, 10, lease=60, per_destination=10)
    async with database.write() as session:
        await claiming.acknowledge(session, [Outcome(late.id, late.token, late.sequence, moved=True)])
    row = await thread(database)
    assert (row.cursor, row.token) == (0, new.token)


async def test_what_was_told_meanwhile_at_a_disabled_destination_sleeps_until_it_is_enabled(
    database: Database,
) -> None:
    await add_thread(database)

    async def claim() -> claims.Claim:
        async with database.write() as session:
            [claimed] = await claiming.claim_due(session, 10, lease=60, per_destination=10)
            return claimed

    async def acknowledge(claimed: claims.Claim, *, moved: bool) -> None:
        async with database.write() as session:
            outcome = Outcome(claimed.id, claimed.token, claimed.sequence, moved=moved, delay=None)
            await claiming.acknowledge(session, [outcome])

    async def disabled_while_one_is_told() -> claims.Claim:
        under_way = await claim()
        async with database.write() as session:
            await threads.disable(session, [under_way.destination_id], "archived")
        await acknowledge(under_way, moved=True)
        return await claim()

    async def enable(claimed: claims.Claim) -> None:
        async with database.write() as session:
            await threads.enable(session, claimed.destination_id)

    second = await disabled_while_one_is_told()
    assert (second.sequence, second.disabled) == (2, True)
    await acknowledge(second, moved=False)
    assert (await thread(database)).due_at is None
    await enable(second)
    third = await disabled_while_one_is_told()
    await enable(third)  # before it is given back
    await acknowledge(third, moved=False)
    again = await claim()
    assert (again.sequence, again.disabled) == (3, False)


async def test_waiting_for_the_next_try_keeps_its_place_and_its_count(database: Database) -> None:
    await add_thread(database)
    async with database.write() as session:
        [claim] = await claiming.claim_due(session, 10, lease=60, per_destination=10)
        await claiming.acknowledge(session, [Outcome(claim.id, claim.token, 1, moved=False, delay=300)])
    row = await thread(database)
    assert (row.cursor, row.attempt, row.token) == (0, 1, None)
    async with database.write() as session:
        assert await claiming.claim_due(session, 10, lease=60, per_destination=10) == []
        await session.execute(update(Thread).values(due_at=from_now(-1)))
        [again] = await claiming.claim_due(session, 10, lease=60, per_destination=10)
        assert again.attempt == 2
        await claiming.acknowledge(session, [Outcome(again.id, again.token, 1, moved=False, uncounted=True)])
    assert (await thread(database)).attempt == 1


async def test_the_same_event_is_kept_once(database: Database) -> None:
    [provider_id] = await add_providers(database, 1)
    new = NewEvent("incident.opened", "incident:i:opened", "incident", "i", None, {}, {})
    async with database.write() as session:
        now = await providers.database_now(session)
        assert len(await events.add(session, provider_id, [new, new], now)) == 1
        assert await events.add(session, provider_id, [new], now) == []


async def test_a_long_queue_at_one_destination_holds_up_no_other(database: Database) -> None:
    provider_id, slow = await _crowded(database, 30)
    async with database.write() as session:
        quick = await _follower(session, provider_id, "console:quick")
        new = NewEvent("incident.opened", "late", "incident", "late", None, {}, {})
        [numbered] = await events.add(session, provider_id, [new], await providers.database_now(session))
        await threads.publish(
            session, provider_id, numbered.subject_id, first=1, last=1, streams=Streams(incidents=True)
        )
        first = await claiming.claim_due(session, 20, lease=60, per_destination=5)
        assert [claim.destination_id for claim in first] == [slow] * 5
        assert [claim.event_id for claim in first] == sorted(claim.event_id or 0 for claim in first)
        [other] = await claiming.claim_due(session, 20, lease=60, per_destination=5, busy=[slow])
        assert other.destination_id == quick


async def _crowded(database: Database, number: int) -> tuple[int, int]:
    """One destination with so many threads, each with one event to tell."""
    [provider_id] = await add_providers(database, 1)
    async with database.write() as session:
        destination_id = await _follower(session, provider_id, "console:slow")
        new = [
            NewEvent("incident.opened", f"k{place}", "incident", f"i{place}", None, {}, {})
            for place in range(number)
        ]
        for one in await events.add(session, provider_id, new, await providers.database_now(session)):
            await threads.publish(
                session, provider_id, one.subject_id, first=1, last=1, streams=Streams(incidents=True)
            )
    return provider_id, destination_id


async def _follower(session: AsyncSession, provider_id: int, uri: str) -> int:
    workspace_id = await follows.workspace(session, "local")
    destination = await follows.add_destination(session, workspace_id, uri, "console", [])
    values = {"incidents": True, "components": True, "maintenance": True, "component_ids": [], "created_by": ""}
    row = {"provider_id": provider_id, "destination_id": destination.id} | values
    await session.execute(insert(Follow).values(**row, created_at=await providers.database_now(session)))
    return destination.id


async def test_a_lease_is_one_holders_at_a_time(database: Database) -> None:
    async with database.write() as session:
        assert await leases.take(session, "gateway", "a", 60)
        assert await leases.take(session, "gateway", "a", 60)
        assert not await leases.take(session, "gateway", "b", 60)
        assert await leases.take(session, "other", "b", 60)
        await leases.release(session, "gateway", "b")
        assert not await leases.take(session, "gateway", "b", 60)
        await leases.release(session, "gateway", "a")
        assert await leases.take(session, "gateway", "b", -1)
        assert await leases.take(session, "gateway", "a", 60)
