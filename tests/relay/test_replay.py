"""Telling again: what was given up, what was told since a moment, one delivery; each marked, and in order; on both
databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from standins.pages import incident, snapshot
from standins.pages import update as post

from relay.transports.transport import DeliveryError
from storage import deliveries, threads
from storage.database import from_now
from storage.tables import Attempt, Delivery, Destination, Thread

from .conftest import House

POSTS = [post(f"u{n}", phase, 10 * n) for n, phase in enumerate(("investigating", "identified", "monitoring"))]
RESOLVED = post("u9", "resolved", 90)
DOWN = DeliveryError("the receiver answered 500", status=500)


async def mark(house: House, *dead: int) -> None:
    """Those deliveries were given up, as the record has it."""
    async with house.database.write() as session:
        gave_up = update(Delivery).where(Delivery.sequence.in_(dead))
        await session.execute(gave_up.values(state="dead"))


@pytest.fixture
async def told(house: House) -> House:
    """Three events that were told."""
    await house.follow()
    for number in range(1, 4):
        house.shelf.put(snapshot(incident(*POSTS[:number])))
        await house.poll()
        await house.delivered()
    assert [one.event.sequence for one in house.mailbox.told] == [1, 2, 3]
    house.mailbox.told.clear()
    return house


def again(house: House) -> list[tuple[int, bool]]:
    return [(one.event.sequence, one.replay) for one in house.mailbox.told]


async def test_what_was_given_up_is_told_again_and_nothing_else(told: House) -> None:
    await mark(told, 1, 3)
    async with told.database.write() as session:
        assert await deliveries.missed(session, 1) == 2
        assert await deliveries.replay_dead(session, 1, 1) == 2
        waiting = await deliveries.listed(session, 1, "pending", 10)
        assert sorted(one.sequence for one in waiting) == [1, 3]
    await told.delivered()
    assert again(told) == [(1, True), (3, True)]
    async with told.database.read() as session:
        thread = (await session.scalars(select(Thread))).one()
        assert (thread.cursor, thread.head, thread.only_dead, thread.due_at) == (3, 3, False, None)
        assert set(await session.scalars(select(Delivery.state))) == {"delivered"}
        assert await deliveries.missed(session, 1) == 0
        marked = await session.execute(select(Attempt.sequence, Attempt.replay).order_by(Attempt.id))
        assert [tuple(row) for row in marked] == [(1, False), (2, False), (3, False), (1, True), (3, True)]


async def test_what_comes_in_meanwhile_is_told_after_it_and_is_no_replay(told: House) -> None:
    await mark(told, 2)
    async with told.database.write() as session:
        await session.execute(update(Destination).values(paused_until=from_now(3600)))
        assert await deliveries.replay_dead(session, 1, None) == 1
    told.shelf.put(snapshot(incident(*POSTS, RESOLVED)))
    await told.poll()
    async with told.database.write() as session:
        await threads.enable(session, 1)
    await told.delivered()
    assert again(told) == [(2, True), (4, False)]


async def test_a_replay_that_fails_has_all_its_tries_before_it_is_given_up_again(told: House) -> None:
    await mark(told, 2)
    async with told.database.write() as session:
        await deliveries.replay_dead(session, 1, 1)
    told.mailbox.errors = [DOWN] * 10
    for number in range(1, 11):
        await told.delivered()
        async with told.database.write() as session:
            row = (await session.scalars(select(Thread))).one()
            assert (row.attempt, row.only_dead) == ((number, True) if number < 10 else (0, False))
            await session.execute(update(Destination).values(paused_until=None))
        await told.hasten()
    assert await told.delivered() == []
    async with told.database.read() as session:
        assert await deliveries.missed(session, 1) == 1


async def test_everything_since_a_moment_is_told_again(told: House) -> None:
    await mark(told, 2)
    async with told.database.write() as session:
        await deliveries.replay_dead(session, 1, 1)
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        assert await deliveries.replay_since(session, 1, hour_ago, 1) == 1
        assert await deliveries.replay_since(session, 1, hour_ago + timedelta(hours=2), None) == 0
    await told.delivered()
    assert again(told) == [(1, True), (2, True), (3, True)]


@pytest.mark.parametrize("replay", [deliveries.replay_dead, None])
async def test_of_a_disabled_destination_or_another_workspace_nothing_is_put_back(
    told: House, replay: object
) -> None:
    await mark(told, 2)
    since = datetime.now(UTC) - timedelta(hours=1)

    async def put_back(workspace_id: int) -> int:
        async with told.database.write() as session:
            if replay is None:
                return await deliveries.replay_since(session, workspace_id, since, None)
            return await deliveries.replay_dead(session, workspace_id, None)

    assert await put_back(2) == 0
    async with told.database.write() as session:
        await threads.disable(session, [1], "gone")
    assert await put_back(1) == 0
    async with told.database.read() as session:
        assert (await session.scalars(select(Thread.cursor))).one() == 3


async def test_one_told_again_by_hand_is_marked_and_promises_no_further_try(told: House) -> None:
    thread_id = 1
    await told.deliverer.tell_again(thread_id, 2)
    told.mailbox.errors = [DOWN]
    await told.deliverer.tell_again(thread_id, 2)
    assert again(told) == [(2, True)]
    async with told.database.read() as session:
        tries = await deliveries.attempts_of(session, thread_id, 2)
        assert [(one.outcome, one.replay, one.retry_in) for one in tries] == [
            ("delivered", False, None),
            ("delivered", True, None),
            ("failed", True, None),
        ]
        found = await deliveries.one(session, 1, thread_id, 2)
        assert found is not None
        assert (found.name, found.state, found.attempts) == ("1.2", "delivered", 3)
        assert await deliveries.one(session, 2, thread_id, 2) is None
        assert await deliveries.one(session, 1, thread_id, 9) is None


async def test_deliveries_of_one_destination_are_listed_alone(told: House) -> None:
    await told.follow("mailbox:2")
    await told.delivered()
    async with told.database.read() as session:
        both = await deliveries.listed(session, 1, None, 10)
        assert {one.destination for one in both} == {"mailbox:1", "mailbox:2"}
        alone = await deliveries.listed(session, 1, None, 10, destination_id=1)
        assert {one.destination for one in alone} == {"mailbox:1"}
        assert [one.state for one in alone] == ["delivered"] * 3


@pytest.mark.parametrize(
    ("types", "told_types"),
    [
        ([], ["incident.opened", "incident.updated", "incident.resolved"]),
        (["incident.resolved"], ["incident.resolved"]),
        (["incident.*"], ["incident.opened", "incident.updated", "incident.resolved"]),
        (["maintenance.*", "component.changed"], []),
    ],
)
async def test_an_endpoint_gets_the_types_that_it_takes(
    house: House, types: list[str], told_types: list[str]
) -> None:
    await house.follow()
    async with house.database.write() as session:
        await session.execute(update(Destination).values(options={"types": types}))
    for posts in (POSTS[:1], POSTS[:2], [*POSTS[:2], RESOLVED]):
        house.shelf.put(snapshot(incident(*posts)))
        await house.poll()
    assert await house.delivered() == told_types
    async with house.database.read() as session:
        row = (await session.scalars(select(Thread))).one()
        assert (row.cursor, row.due_at) == (row.head, None)
        assert len((await session.scalars(select(Delivery))).all()) == len(told_types)
