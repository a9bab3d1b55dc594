"""From a page that changes to threads that are told, on both databases."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select, update
from standins.pages import at, incident, snapshot
from standins.pages import update as post

from adapters.fetch import AdapterError
from adapters.schema import Status
from relay.transports.transport import DeliveryError, Sent, Telling
from storage import deliveries, follows
from storage.tables import Attempt, Destination, Event, Provider, Thread

from .conftest import House

OPENED = post("u1", "investigating", 0)
IDENTIFIED = post("u2", "identified", 10)
RESOLVED = post("u3", "resolved", 30)


async def test_an_incident_is_one_thread_told_in_order(house: House) -> None:
    await house.follow()
    house.shelf.put(snapshot(incident(OPENED)))
    await house.poll()
    assert await house.delivered() == ["incident.opened"]
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED, RESOLVED)))
    await house.poll()
    assert await house.delivered() == ["incident.opened", "incident.updated", "incident.resolved"]
    first, *rest = house.mailbox.told
    assert first.reference is None
    assert {one.reference for one in rest} == {"root-1"}
    assert [one.event.sequence for one in house.mailbox.told] == [1, 2, 3]
    assert [one.last for one in house.mailbox.told] == [True, False, True]


async def test_a_page_that_says_the_same_makes_nothing(house: House) -> None:
    await house.follow()
    await house.poll()
    await house.poll()
    assert await house.delivered() == []
    async with house.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Event)) == 0


async def test_following_replays_no_past_and_tells_what_is_active_once(house: House) -> None:
    old = incident(post("o1", "resolved", -60 * 24 * 30), id_="old")
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED), old))
    async with house.database.write() as session:  # somebody follows elsewhere, so that the page is read
        await session.execute(update(Provider).values(first_read_at=None))
    await house.poll()
    await house.follow()
    assert await house.delivered() == ["incident.opened"]
    assert [one.id for one in house.mailbox.told[0].event.data.incident.updates] == ["u1", "u2"]  # type: ignore[union-attr]
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED, RESOLVED), old))
    await house.poll()
    assert await house.delivered() == ["incident.opened", "incident.resolved"]


async def test_a_late_follower_gets_the_story_so_far_in_one_message(house: House) -> None:
    await house.follow("mailbox:1")
    house.shelf.put(snapshot(incident(OPENED)))
    await house.poll()
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED)))
    await house.poll()
    await house.delivered()
    await house.follow("mailbox:2")
    await house.delivered()
    late = [one for one in house.mailbox.told if one.address == "2"]
    assert [(str(one.event.type), one.event.sequence) for one in late] == [("incident.updated", 2)]


async def test_filters_step_over_events_until_one_is_wanted(house: House) -> None:
    await house.follow(min_impact="critical")
    house.shelf.put(snapshot(incident(OPENED, impact="minor")))
    await house.poll()
    assert await house.delivered() == []
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED, impact="critical")))
    await house.poll()
    assert await house.delivered() == ["incident.updated"]
    assert house.mailbox.told[0].reference is None
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED, RESOLVED, impact="none")))
    await house.poll()
    assert await house.delivered() == ["incident.updated", "incident.resolved"]


async def test_a_failing_receiver_is_tried_again_in_order(house: House) -> None:
    await house.follow()
    house.mailbox.errors = [DeliveryError("busy", status=503)]
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED)))
    await house.poll()
    assert await house.delivered() == []
    async with house.database.read() as session:
        [waiting] = (await session.scalars(select(Thread))).all()
        assert waiting.attempt == 1
        assert waiting.cursor == 0
        listed = await deliveries.listed(session, 1, "pending", 10)
        assert [(one.sequence, one.attempts, one.reason) for one in listed] == [(2, 0, None), (1, 1, "busy")]
    await house.hasten()
    assert await house.delivered() == ["incident.opened", "incident.updated"]


async def test_an_event_that_never_arrives_is_dead_and_its_thread_goes_on(house: House) -> None:
    await house.follow()
    house.mailbox.errors = [DeliveryError("no") for _ in range(10)]
    house.shelf.put(snapshot(incident(OPENED)))
    await house.poll()
    for _ in range(10):
        await house.delivered()
        await house.hasten()
    assert await house.delivered() == []
    async with house.database.write() as session:  # ten failures in a few seconds are too many
        await session.execute(update(Destination).values(paused_until=None))
    house.shelf.put(snapshot(incident(OPENED, RESOLVED)))
    await house.poll()
    assert await house.delivered() == ["incident.resolved"]
    async with house.database.read() as session:
        [dead] = await deliveries.listed(session, 1, "dead", 10)
        assert dead.attempts == 10


async def test_a_permanent_refusal_disables_the_destination_alone(house: House) -> None:
    await house.follow("mailbox:1")
    house.mailbox.errors = [DeliveryError("gone", permanent=True, status=410)]
    house.shelf.put(snapshot(incident(OPENED)))
    await house.poll()
    await house.delivered()
    await house.follow("mailbox:2")
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED)))
    await house.poll()
    await house.delivered()
    assert {one.address for one in house.mailbox.told} == {"2"}
    async with house.database.write() as session:
        disabled = await session.scalar(select(Destination).where(Destination.disabled_at.is_not(None)))
        assert disabled is not None
        assert disabled.disabled_because == "gone"
        from storage import threads

        await threads.enable(session, disabled.id)
    await house.delivered()
    assert [one.event.sequence for one in house.mailbox.told if one.address == "1"] == [1, 2]


async def test_a_destination_that_is_removed_while_it_is_told_holds_up_no_other(house: House) -> None:
    await house.follow("mailbox:1")
    await house.follow("mailbox:2")
    arrives, told = asyncio.Event(), house.mailbox.send

    async def send(telling: Telling) -> Sent:
        if telling.address == "1":
            await arrives.wait()
        return await told(telling)

    house.mailbox.send = send  # type: ignore[method-assign]
    house.shelf.put(snapshot(incident(OPENED)))
    await house.poll()
    while not house.mailbox.told:
        await asyncio.sleep(0.005)
    async with house.database.write() as session:
        gone = (await session.scalars(select(Destination).where(Destination.uri == "mailbox:1"))).one()
        await follows.remove_destination(session, gone.id)
    arrives.set()
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED)))
    await house.poll()
    async with asyncio.timeout(30):  # half of a lease
        await house.delivered()
    assert [one.event.sequence for one in house.mailbox.told if one.address == "2"] == [1, 2]


async def test_postponed_tries_do_not_count(house: House) -> None:
    await house.follow()
    house.mailbox.errors = [DeliveryError("not now", uncounted=True, retry_after=60)]
    house.shelf.put(snapshot(incident(OPENED)))
    await house.poll()
    await house.delivered()
    async with house.database.read() as session:
        [waiting] = (await session.scalars(select(Thread))).all()
        assert waiting.attempt == 0
        assert await session.scalar(select(func.count()).select_from(Attempt)) == 0


async def test_an_edit_names_the_message_that_carried_the_update(house: House) -> None:
    await house.follow()
    house.shelf.put(snapshot(incident(OPENED)))
    await house.poll()
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED)))
    await house.poll()
    await house.delivered()
    house.shelf.put(snapshot(incident(OPENED, post("u2", "identified", 10, "said better"))))
    await house.poll()
    assert (await house.delivered())[-1] == "incident.edited"
    assert house.mailbox.told[-1].carrier == "message-2"


async def test_an_unreadable_page_is_told_once_after_a_while_and_readable_once(house: House) -> None:
    await house.follow()
    house.shelf.put(AdapterError("the page answered 500"))
    for _ in range(4):
        await house.poll()
    assert await house.delivered() == []
    async with house.database.write() as session:
        provider = await session.get_one(Provider, house.provider_id)
        assert provider.failing_since is not None
        provider.failing_since -= timedelta(minutes=5)
    await house.poll()
    await house.poll()
    assert await house.delivered() == ["provider.unreadable"]
    house.shelf.put(snapshot())
    await house.poll()
    await house.poll()
    assert await house.delivered() == ["provider.unreadable", "provider.readable"]


async def test_a_page_that_lost_everything_is_a_failed_read(house: House) -> None:
    await house.follow()
    house.shelf.put(snapshot(components=()))
    await house.poll()
    async with house.database.read() as session:
        provider = await session.get_one(Provider, house.provider_id)
        assert provider.failure == "the page has lost all its components"
        assert provider.failures == 1
    assert await house.delivered() == []


async def test_an_incident_takes_over_the_first_message_of_its_component(house: House) -> None:
    await house.follow()
    house.shelf.put(snapshot(app=Status.MAJOR_OUTAGE))
    await house.poll()
    assert await house.delivered() == ["component.changed"]
    house.shelf.put(snapshot(incident(OPENED), app=Status.MAJOR_OUTAGE))
    await house.poll()
    assert await house.delivered() == ["component.changed", "incident.opened"]
    assert house.mailbox.told[1].reference == "root-1"


async def test_unfollowing_ends_polling_and_messages(house: House) -> None:
    await house.follow()
    async with house.database.write() as session:
        row, _, _ = (await follows.of_workspace(session, 1))[0]
        await follows.remove(session, row)
        from storage import providers

        await providers.end_polling_if_unfollowed(session, house.provider_id)
    reads = house.shelf.reads
    house.shelf.put(snapshot(incident(OPENED)))
    await house.poll()
    assert house.shelf.reads == reads
    assert await house.delivered() == []


def test_the_clock_of_the_pages() -> None:
    assert at(60) - at(0) == timedelta(hours=1)
