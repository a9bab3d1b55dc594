"""Digests, summaries and words of trouble, from the database to the receiver."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from standins.pages import incident, snapshot
from standins.pages import update as post

from adapters.fetch import AdapterError
from adapters.schema import Maintenance, MaintenancePhase, Status
from relay.bulletin import Bulletin
from relay.notices import Notices
from relay.transports.transport import DeliveryError, Sent
from storage import follows, threads
from storage import notices as rows
from storage.database import from_now
from storage.notices import DIGEST, SUMMARY, TROUBLE
from storage.tables import Delivery, Destination, Follow, Notice, Provider, Thread

from .conftest import House, Mailbox

OPENED = post("u1", "investigating", 0, "We look into it. More soon.")
IDENTIFIED = post("u2", "identified", 10, "The disks are full. We make room.")
RESOLVED = post("u3", "resolved", 30, "There is room again.")
PLAN = {"every": "day", "at": "09:00", "weekday": 0, "zone": "Europe/Berlin"}


@pytest.fixture
def teller(house: House) -> Notices:
    """It tells through a mailbox that people read."""
    house.mailbox.is_chat = True
    return Notices(house.database, {"mailbox": house.mailbox}, metrics=house.metrics)


def quiet(until_minutes: float = 60) -> dict[str, str | None]:
    """Hours that have begun, and end in so many minutes."""
    now = datetime.now(UTC)
    begins, ends = now - timedelta(hours=1), now + timedelta(minutes=until_minutes)
    return {"from": f"{begins:%H:%M}", "until": f"{ends:%H:%M}", "zone": "UTC", "except": None}


async def noticed(house: House, kind: str) -> Notice | None:
    async with house.database.read() as session:
        return await session.scalar(select(Notice).where(Notice.kind == kind))


async def hasten(house: House) -> None:
    """What waits is due now."""
    async with house.database.write() as session:
        waits = Notice.due_at.is_not(None)
        await session.execute(update(Notice).where(waits).values(due_at=from_now(-1), token=None))


async def morning(house: House) -> None:
    """The quiet hours are over."""
    async with house.database.write() as session:
        over = quiet() | {"from": "00:00", "until": "00:00"}
        await session.execute(update(Follow).values(quiet=over))
    await hasten(house)


async def states(house: House) -> list[tuple[int, str, str | None]]:
    async with house.database.read() as session:
        found = await session.execute(
            select(Delivery.sequence, Delivery.state, Delivery.message).order_by(
                Delivery.thread_id, Delivery.sequence
            )
        )
        return [(sequence, state, message) for sequence, state, message in found]


async def held_back(house: House) -> None:
    """An incident that is told in quiet hours."""
    await house.follow(quiet=quiet())
    house.shelf.put(snapshot(incident(OPENED)))
    await house.poll()
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED)))
    await house.poll()
    assert await house.delivered() == []


def said(house: House) -> list[tuple[str, str, list[str]]]:
    """Where, and what: the sentence, and the rows."""
    return [
        (to, bulletin.text, [f"{row.title} | {row.detail}" for part in bulletin.sections for row in part.rows])
        for to, bulletin in house.mailbox.announced
    ]


async def test_what_was_held_back_is_told_in_one_summary_and_its_thread_goes_on(
    house: House, teller: Notices
) -> None:
    await held_back(house)
    await teller.tick()
    assert said(house) == []
    await morning(house)
    await teller.tick()
    await teller.tick()
    [(to, text, shown)] = said(house)
    assert to == "1"
    assert text.endswith(": 1 incident.")
    assert shown == ["ChargeOver: Logins fail | Identified · 2 updates held back · The disks are full."]
    assert await states(house) == [(1, "delivered", None), (2, "delivered", None)]
    notice = await noticed(house, SUMMARY)
    assert notice is not None
    assert (notice.due_at, notice.token) == (None, None)
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED, RESOLVED)))
    await house.poll()
    assert await house.delivered() == ["incident.resolved"]
    assert (
        'uptimus_attempts_total{outcome="delivered",transport="mailbox"} 2.0'
        in house.metrics.exposition().decode()
    )


async def test_it_shows_how_things_stand_when_it_is_told(house: House, teller: Notices) -> None:
    await held_back(house)
    await morning(house)
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED, RESOLVED)))
    await house.poll()
    await house.delivered()
    await teller.tick()
    [(_, _, [row])] = said(house)
    assert row == "ChargeOver: Logins fail | Resolved · 2 updates held back · The disks are full."


async def test_one_that_is_due_too_early_waits_until_the_quiet_hours_end(house: House, teller: Notices) -> None:
    await held_back(house)
    due = await noticed(house, SUMMARY)
    await hasten(house)
    await teller.tick()
    assert said(house) == []
    again = await noticed(house, SUMMARY)
    assert due is not None
    assert again is not None
    assert again.due_at == due.due_at
    assert [state for _, state, _ in await states(house)] == ["held", "held"]


async def test_a_summary_that_does_not_arrive_is_told_later(house: House, teller: Notices) -> None:
    await held_back(house)
    await morning(house)
    house.mailbox.errors = [
        DeliveryError("busy", status=503),
        DeliveryError("later", uncounted=True, retry_after=60),
    ]
    for attempt in (1, 1):
        await teller.tick()
        notice = await noticed(house, SUMMARY)
        assert notice is not None
        assert notice.attempt == attempt
        assert notice.due_at is not None
        assert [state for _, state, _ in await states(house)] == ["held", "held"]
        await hasten(house)
    await teller.tick()
    assert len(said(house)) == 1
    assert [state for _, state, _ in await states(house)] == ["delivered", "delivered"]


async def test_a_summary_is_never_given_up(house: House, teller: Notices) -> None:
    await held_back(house)
    await morning(house)
    house.mailbox.errors = [DeliveryError("busy") for _ in range(12)]
    for _ in range(12):
        await teller.tick()
        await hasten(house)
    await teller.tick()
    assert len(said(house)) == 1


async def test_a_refusal_disables_the_destination_and_what_is_held_waits_until_it_is_back(
    house: House, teller: Notices
) -> None:
    await held_back(house)
    await morning(house)
    house.mailbox.errors = [DeliveryError("the channel is archived", permanent=True)]
    await teller.tick()
    async with house.database.write() as session:
        destination = (await session.scalars(select(Destination))).one()
        assert destination.disabled_because == "the channel is archived"
    assert await noticed(house, TROUBLE) is not None
    await hasten(house)
    await teller.tick()
    assert said(house) == []
    async with house.database.write() as session:
        await threads.enable(session, destination.id)
    await hasten(house)
    await teller.tick()
    assert [to for to, _, _ in said(house)] == ["1"]


async def test_what_nobody_wants_any_more_is_not_told(house: House, teller: Notices) -> None:
    await held_back(house)
    async with house.database.write() as session:
        await session.execute(update(Thread).values(muted=True))
    await morning(house)
    await teller.tick()
    assert said(house) == []
    assert await states(house) == []


async def test_what_was_held_back_before_unfollowing_is_not_told_to_who_follows_again(
    house: House, teller: Notices
) -> None:
    await held_back(house)
    async with house.database.write() as session:
        await follows.remove(session, (await session.scalars(select(Follow))).one())
    assert await states(house) == []
    house.shelf.put(snapshot(incident(OPENED, IDENTIFIED, RESOLVED)))
    await house.poll()
    await house.follow()
    await hasten(house)
    await teller.tick()
    assert said(house) == []


class Interrupted(Mailbox):
    """Something happens while the message is on its way."""

    meanwhile: Callable[[], Awaitable[None]]

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        meanwhile, self.meanwhile = self.meanwhile, _nothing
        await meanwhile()
        return await super().announce(address, bulletin)


async def _nothing() -> None: ...


async def test_what_is_held_while_a_summary_is_on_its_way_is_told_in_the_next(house: House) -> None:
    house.mailbox.is_chat = True
    await held_back(house)
    await morning(house)
    box = Interrupted()

    async def evening() -> None:
        async with house.database.write() as session:
            await session.execute(update(Follow).values(quiet=quiet()))
        house.shelf.put(snapshot(incident(OPENED, IDENTIFIED, RESOLVED)))
        await house.poll()
        await house.delivered()

    box.meanwhile = evening
    teller = Notices(house.database, {"mailbox": box}, metrics=house.metrics)
    await teller.tick()
    assert [(sequence, state) for sequence, state, _ in await states(house)] == [
        (1, "delivered"),
        (2, "delivered"),
        (3, "held"),
    ]
    notice = await noticed(house, SUMMARY)
    assert notice is not None
    assert notice.due_at is not None
    assert notice.due_at > datetime.now(UTC)
    await morning(house)
    await teller.tick()
    assert len(box.announced) == 2


async def test_very_many_are_told_in_several_messages(house: House, teller: Notices) -> None:
    await house.follow(quiet=quiet())
    house.shelf.put(snapshot(*(incident(OPENED, id_=f"i{n}", title=f"Trouble {n}") for n in range(23))))
    await house.poll()
    assert await house.delivered() == []
    await morning(house)
    await teller.tick()
    assert [(text.partition(": ")[2], len(shown)) for _, text, shown in said(house)] == [
        ("12 incidents, and 11 more in the next message.", 12),
        ("11 incidents.", 11),
    ]
    assert len({row for _, _, shown in said(house) for row in shown}) == 23
    assert {state for _, state, _ in await states(house)} == {"delivered"}


async def test_several_processes_tell_it_once(house: House, teller: Notices) -> None:
    await held_back(house)
    await morning(house)
    other = Notices(house.database, {"mailbox": house.mailbox}, metrics=house.metrics)
    await asyncio.gather(teller.tick(), other.tick(), teller.tick())
    assert len(said(house)) == 1


async def test_a_stop_lets_what_is_on_its_way_arrive(house: House) -> None:
    house.mailbox.is_chat = True
    await held_back(house)
    await morning(house)
    box, sending, go = Interrupted(), asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        sending.set()
        await go.wait()

    box.meanwhile = slow
    teller = Notices(house.database, {"mailbox": box}, metrics=house.metrics)
    tick = asyncio.create_task(teller.tick())
    await sending.wait()
    tick.cancel()
    closing = asyncio.create_task(teller.aclose())
    await asyncio.gather(tick, return_exceptions=True)
    go.set()
    await closing
    assert {state for _, state, _ in await states(house)} == {"delivered"}


# Digests


async def plan(house: House, since: timedelta = timedelta(days=1)) -> None:
    async with house.database.write() as session:
        destination = (await session.scalars(select(Destination))).one()
        now = datetime.now(UTC)
        await rows.put(session, destination.id, DIGEST, now - timedelta(seconds=1), now - since, PLAN)


def hours_ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


def tomorrow(title: str, hours: float) -> Maintenance:
    return Maintenance(id=title, title=title, phase=MaintenancePhase.SCHEDULED, starts_at=hours_ago(-hours))


async def test_a_digest_tells_of_the_period_and_is_due_again(house: House, teller: Notices) -> None:
    await house.follow()
    past = incident(post("p1", "resolved", 0), id_="past", started_at=hours_ago(5), resolved_at=hours_ago(3))
    old = incident(post("o1", "resolved", 0), id_="old", started_at=hours_ago(50), resolved_at=hours_ago(49))
    now = incident(OPENED, id_="now", title="Still down", started_at=hours_ago(1))
    windows = (tomorrow("Soon", 5), tomorrow("In a week", 24 * 7))
    house.shelf.put(snapshot(now, past, old, app=Status.PARTIAL_OUTAGE, maintenances=windows))
    await house.poll()
    await plan(house)
    before = datetime.now(UTC)
    await teller.tick()
    await teller.tick()
    [(to, text, shown)] = said(house)
    assert to == "1"
    assert text == "The last day: 2 incidents at 1 of 1 provider, 1 of them active now."
    assert shown[0] == "ChargeOver: Still down | investigating, impact major"
    assert shown[1].startswith("ChargeOver | 2 incidents, ")
    assert "known uptime 0 % (" in shown[1]
    assert shown[2:] == ["ChargeOver: Soon | scheduled"]
    notice = await noticed(house, DIGEST)
    assert notice is not None
    assert notice.due_at is not None
    assert before < notice.due_at < before + timedelta(days=1, hours=1)
    assert notice.due_at.minute == 0
    assert notice.since_at >= before - timedelta(seconds=1)


async def test_a_digest_keeps_to_what_the_follow_asks_for(house: House, teller: Notices) -> None:
    await house.follow(component_ids=["search"], min_impact="critical")
    house.shelf.put(snapshot(incident(OPENED, started_at=hours_ago(1)), app=Status.PARTIAL_OUTAGE))
    await house.poll()
    await plan(house)
    await teller.tick()
    assert said(house) == [("1", "The last day: no incidents at ChargeOver.", [])]


async def test_a_page_that_fell_silent_is_not_called_calm(house: House, teller: Notices) -> None:
    await house.follow()
    house.shelf.put(AdapterError("HTTP 503"))
    await house.poll()
    async with house.database.write() as session:
        await session.execute(update(Provider).values(unreadable=True))
    await plan(house)
    await teller.tick()
    [(_, text, [row])] = said(house)
    assert text == "The last day: no incidents at ChargeOver. 1 page can't be read at present."
    assert row.startswith("ChargeOver | its page can't be read (HTTP 503), ")
    assert house.mailbox.announced[0][1].sections[0].rows[0].status == Status.UNKNOWN


async def test_where_nothing_is_followed_there_is_no_digest(house: House, teller: Notices) -> None:
    await house.follow()
    await plan(house)
    async with house.database.write() as session:
        await session.delete((await session.scalars(select(Follow))).one())
    await teller.tick()
    assert said(house) == []
    notice = await noticed(house, DIGEST)
    assert notice is not None
    assert notice.due_at is not None
    assert notice.due_at > datetime.now(UTC)


async def test_a_digest_that_never_arrives_is_given_up_until_the_next(house: House, teller: Notices) -> None:
    await house.follow()
    await plan(house)
    since = (await noticed(house, DIGEST) or Notice()).since_at
    house.mailbox.errors = [DeliveryError("busy") for _ in range(10)]
    for _ in range(10):
        await hasten(house)
        await teller.tick()
    notice = await noticed(house, DIGEST)
    assert notice is not None
    assert notice.due_at is not None
    assert (notice.attempt, notice.since_at, notice.due_at.minute) == (0, since, 0)
    assert said(house) == []


async def test_a_notice_that_cannot_be_made_is_tried_again_later(house: House, teller: Notices) -> None:
    await house.follow()
    await plan(house)
    async with house.database.write() as session:
        await session.execute(update(Notice).values(plan=PLAN | {"zone": "Nowhere/Never"}))
    await teller.tick()
    notice = await noticed(house, DIGEST)
    assert notice is not None
    assert notice.due_at is not None
    assert (notice.attempt, notice.token) == (1, None)
    assert notice.due_at > datetime.now(UTC)


async def test_a_transport_that_is_not_set_up_here_is_named(house: House) -> None:
    await house.follow()
    await plan(house)
    await Notices(house.database, {}, metrics=house.metrics).tick()
    notice = await noticed(house, DIGEST)
    assert notice is not None
    assert (notice.attempt, notice.token) == (1, None)


# Trouble


async def broken(house: House, *people: str, uri: str = "slack:T1/C1") -> None:
    """A destination that was disabled, with a follow of each person."""
    await house.follow(uri)
    async with house.database.write() as session:
        follow = (await session.scalars(select(Follow))).one()
        follow.created_by = people[0]
        provider = await session.get_one(Provider, house.provider_id)
        for number, person in enumerate(people[1:]):
            copied = {column.name: getattr(provider, column.name) for column in Provider.__table__.columns}
            url = f"https://p{number}.example.com"
            other = Provider(**(copied | {"id": None, "slug": f"p{number}", "name": f"P{number}", "url": url}))
            other.due_at = None
            session.add(other)
            await session.flush()
            copied = {column.name: getattr(follow, column.name) for column in Follow.__table__.columns}
            session.add(Follow(**(copied | {"id": None, "provider_id": other.id, "created_by": person})))
        await threads.disable(session, [follow.destination_id], "the channel is archived")
        now = datetime.now(UTC)
        await rows.put(session, follow.destination_id, TROUBLE, now, now)


async def test_each_who_follows_there_is_told_once(house: House, teller: Notices) -> None:
    await broken(house, "U111", "U222", "U111", "terminal")
    await teller.tick()
    await hasten(house)
    await teller.tick()
    assert sorted(to for to, _, _ in said(house)) == ["T1/U111", "T1/U222"]
    _, text, shown = said(house)[0]
    assert text.endswith("status pages: the channel is archived.")
    assert shown == ["Where | ", "ChargeOver | ", "P0 | ", "P1 | ", "P2 | "]
    assert house.mailbox.announced[0][1].sections[0].rows[0].place == "slack:T1/C1"


class Choosy(Mailbox):
    """The second message fails, once."""

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        if self.tries == 1:
            self.errors = [DeliveryError("busy")]
        return await super().announce(address, bulletin)


async def test_one_who_was_told_is_not_told_again_for_the_other_s_sake(house: House) -> None:
    await broken(house, "U111", "U222")
    box = Choosy()
    teller = Notices(house.database, {"mailbox": box}, metrics=house.metrics)
    for told in (["T1/U111"], ["T1/U111", "T1/U222"]):
        await hasten(house)
        await teller.tick()
        assert [to for to, _ in box.announced] == told


async def test_one_who_can_not_be_reached_now_holds_up_nobody_else(house: House, teller: Notices) -> None:
    await broken(house, "U111", "U222")
    house.mailbox.errors = [DeliveryError("a stranger, or one who is away", retry_after=3600)]
    await teller.tick()
    assert [to for to, _, _ in said(house)] == ["T1/U222"]
    await hasten(house)
    await teller.tick()
    assert [to for to, _, _ in said(house)] == ["T1/U222", "T1/U111"]


async def test_one_who_takes_no_messages_keeps_nobody_else_from_theirs(house: House, teller: Notices) -> None:
    await broken(house, "U111", "U222")
    house.mailbox.errors = [DeliveryError("they take no messages", permanent=True)]
    await teller.tick()
    assert [to for to, _, _ in said(house)] == ["T1/U222"]
    notice = await noticed(house, TROUBLE)
    assert notice is not None
    assert notice.due_at is None


async def test_a_workspace_that_is_gone_is_told_nothing_more(house: House, teller: Notices) -> None:
    await broken(house, "U111", "U222")
    house.mailbox.errors = [DeliveryError("uptimus was removed", permanent=True, everywhere=True)]
    await teller.tick()
    assert (said(house), house.mailbox.tries) == ([], 1)
    notice = await noticed(house, TROUBLE)
    assert notice is not None
    assert notice.due_at is None


async def test_what_was_mended_meanwhile_is_no_trouble(house: House, teller: Notices) -> None:
    await broken(house, "U111")
    async with house.database.write() as session:
        await threads.enable(session, (await session.scalars(select(Destination.id))).one())
    await teller.tick()
    assert said(house) == []
    async with house.database.read() as session:
        assert await session.scalar(select(func.count()).where(Notice.due_at.is_not(None))) == 0


async def test_where_nobody_has_an_address_nobody_is_told(house: House, teller: Notices) -> None:
    await broken(house, "U111", uri="mailbox:1")
    await teller.tick()
    assert house.mailbox.tries == 0
    notice = await noticed(house, TROUBLE)
    assert notice is not None
    assert notice.due_at is None
