"""A destination that fails: it is left alone and tried now and then, its owner hears of it, and in the end it is
given up; on both databases. No test waits for a pause: it moves its end back."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update
from standins.pages import Shelf, incident, snapshot
from standins.pages import update as post

from adapters import ADAPTERS
from relay.notices import Notices
from relay.retry import RETRIES
from relay.transports.transport import DeliveryError, Sent, Telling
from storage import notices as rows
from storage import threads
from storage.claims import PARKED
from storage.database import Database, from_now
from storage.tables import Attempt, Destination, Event, Follow, Notice, Subject, Thread, Workspace

from .conftest import House, running

OPENED = post("u1", "investigating", 0)
IDENTIFIED = post("u2", "identified", 10)
DOWN = DeliveryError("the receiver answered 500", status=500)
BUSY = DeliveryError("the receiver answered 429", status=429, retry_after=60)
A_MOMENT = timedelta(seconds=1)
"""By which two clocks may differ."""


async def destination(house: House, uri: str = "mailbox:1") -> Destination:
    async with house.database.read() as session:
        return (await session.scalars(select(Destination).where(Destination.uri == uri))).one()


async def crowd(house: House, uri: str, number: int) -> None:
    """So many threads of the destination, each with one event that is due, all of incidents of their own."""
    at = await destination(house, uri)
    async with house.database.write() as session:
        sample = (await session.scalars(select(Event).limit(1))).one()
        subjects = [
            {"provider_id": house.provider_id, "kind": "incident", "external_id": f"{uri} {n}", "last_sequence": 1}
            for n in range(number)
        ]
        await session.execute(insert(Subject), subjects)
        ids = await session.scalars(select(Subject.id).where(Subject.external_id.startswith(f"{uri} ")))
        now = datetime.now(UTC)
        new, opened = [], []
        for id_ in ids:
            new.append(
                {"uid": f"evt_{id_}", "provider_id": house.provider_id, "subject_id": id_, "sequence": 1,
                 "key": f"key {id_}", "type": "incident.opened", "data": sample.data, "context": sample.context,
                 "seen_at": now}
            )  # fmt: skip
            opened.append(
                {"destination_id": at.id, "subject_id": id_, "cursor": 0, "head": 1, "due_at": now, "attempt": 0,
                 "begun": False}
            )  # fmt: skip
        await session.execute(insert(Event), new)
        await session.execute(insert(Thread), opened)
    house.deliverer.wake()


async def until_paused(house: House, uri: str = "mailbox:1", pauses: int = 1) -> Destination:
    house.deliverer.wake()
    async with asyncio.timeout(60):
        while (found := await destination(house, uri)).pauses < pauses or await claimed(house, uri):
            await asyncio.sleep(0.01)
    return found


def lasts(at: Destination, seconds: float, since: datetime) -> bool:
    """Whether it is paused for so many seconds, from a moment between that one and now."""
    assert at.paused_until is not None
    began = at.paused_until - timedelta(seconds=seconds)
    return since - A_MOMENT <= began <= datetime.now(UTC)


async def claimed(house: House, uri: str) -> int:
    async with house.database.read() as session:
        held = select(func.count()).select_from(Thread).join(Destination, Destination.id == Thread.destination_id)
        busy = held.where(Destination.uri == uri, Thread.token.is_not(None), Thread.token != PARKED)
        return await session.scalar(busy) or 0


async def end_pause(house: House, uri: str = "mailbox:1") -> None:
    """Its end has come, and so has the turn of the thread that was chosen to be tried then."""
    async with house.database.write() as session:
        at = await session.scalar(select(Destination).where(Destination.uri == uri))
        assert at is not None
        assert at.paused_until is not None
        chosen = (Thread.destination_id == at.id, Thread.due_at <= at.paused_until)
        await session.execute(update(Thread).where(*chosen, Thread.token.is_(None)).values(due_at=from_now(-1)))
        at.paused_until = datetime.now(UTC) - timedelta(seconds=1)
    house.deliverer.wake()


async def states(house: House, uri: str) -> dict[str, int]:
    """How many of its threads are parked, due some time, and told."""
    at = await destination(house, uri)
    async with house.database.read() as session:
        found = (await session.scalars(select(Thread).where(Thread.destination_id == at.id))).all()
    return {
        "parked": sum(one.token == PARKED for one in found),
        "due": sum(one.due_at is not None and one.token != PARKED for one in found),
        "told": sum(one.cursor == one.head for one in found),
    }


@pytest.fixture
async def two(house: House) -> House:
    """Two destinations; something has happened on the page already."""
    await house.follow("mailbox:1")
    await house.follow("mailbox:2")
    house.shelf.put(snapshot(incident(OPENED)))
    await house.poll()
    await house.delivered()
    house.mailbox.told.clear()
    return house


async def test_what_waits_behind_a_dead_receiver_is_parked_and_holds_up_nobody(two: House) -> None:
    two.mailbox.down["1"] = DOWN
    began = datetime.now(UTC)
    await crowd(two, "mailbox:1", 2000)
    assert lasts(await until_paused(two), 30, began)
    tried = len(two.mailbox.refused)
    assert 10 <= tried < 200, "those that were claimed before the pause was written down"
    waiting = await states(two, "mailbox:1")
    assert waiting["parked"] >= 2000 - tried
    async with two.database.read() as session:
        last = await session.scalar(select(func.max(Thread.due_at)))
        assert last is not None
        assert last <= datetime.now(UTC) + timedelta(hours=1, minutes=1)
    await crowd(two, "mailbox:2", 200)
    async with asyncio.timeout(60):
        while len(two.mailbox.told) < 200:
            await asyncio.sleep(0.01)
    assert {one.address for one in two.mailbox.told} == {"2"}
    assert len(two.mailbox.refused) == tried


async def test_after_the_pause_there_is_one_try_and_each_failure_doubles_the_next_pause(two: House) -> None:
    two.mailbox.down["1"] = DOWN
    await crowd(two, "mailbox:1", 30)
    await until_paused(two)
    for pauses, seconds in ((2, 60), (3, 120), (4, 240), (5, 480), (6, 600), (7, 600)):
        two.mailbox.refused.clear()
        began = datetime.now(UTC)
        await end_pause(two)
        assert lasts(await until_paused(two, pauses=pauses), seconds, began)
        assert two.mailbox.refused == ["1"]
        assert (await states(two, "mailbox:1"))["parked"] > 0
    del two.mailbox.down["1"]
    await end_pause(two)
    async with asyncio.timeout(60):
        while (await states(two, "mailbox:1"))["told"] < 31:
            await asyncio.sleep(0.01)
    well = await destination(two)
    assert (well.paused_until, well.pauses, well.failing_since) == (None, 0, None)


async def test_the_one_try_goes_round_among_the_threads(two: House) -> None:
    two.mailbox.down["1"] = DOWN
    await crowd(two, "mailbox:1", 40)
    await until_paused(two)
    for pauses in range(2, 12):
        await end_pause(two)
        await until_paused(two, pauses=pauses)
    async with two.database.read() as session:
        at = await destination(two)
        mine = Thread.destination_id == at.id
        assert (await session.scalar(select(func.max(Thread.attempt)).where(mine)) or 0) <= 3


async def test_a_lonely_thread_keeps_to_its_nine_further_tries(two: House) -> None:
    two.mailbox.down["1"] = BUSY
    began = datetime.now(UTC)
    await crowd(two, "mailbox:1", 1)
    for number in range(1, 11):
        await until_paused(two, pauses=number)
        async with two.database.read() as session:
            waiting = list(await session.scalars(select(Thread).where(Thread.due_at.is_not(None))))
        assert [one.attempt for one in waiting] == ([number] if number < 10 else [])
        for one in waiting:
            assert one.due_at is not None
            assert one.due_at > began + timedelta(seconds=max(0.8 * RETRIES[number - 1], 60)) - A_MOMENT
        began = datetime.now(UTC)
        async with two.database.write() as session:
            await session.execute(update(Thread).where(Thread.due_at.is_not(None)).values(due_at=from_now(-1)))
            over = update(Destination).where(Destination.pauses > 0)
            await session.execute(over.values(paused_until=from_now(-1)))
        two.deliverer.wake()


@pytest.mark.parametrize(("asked", "paused"), [(60, 60), (3600, 3600), (10 * 86400, 86400)])
async def test_a_receiver_that_asks_for_it_is_left_alone_as_a_whole(
    two: House, asked: float, paused: float
) -> None:
    two.mailbox.down["1"] = DeliveryError("slow down", status=429, retry_after=asked)
    began = datetime.now(UTC)
    await crowd(two, "mailbox:1", 1)
    busy = await until_paused(two)
    assert lasts(busy, paused, began)
    assert busy.paused_until is not None
    two.shelf.put(snapshot(incident(OPENED, IDENTIFIED)))
    await two.poll()
    assert await two.delivered() == ["incident.updated"]
    assert [one.address for one in two.mailbox.told] == ["2"]
    assert two.mailbox.refused == ["1"]
    async with two.database.read() as session:
        waits = Thread.destination_id == busy.id, Thread.due_at.is_not(None)
        published = await session.scalars(select(Thread.due_at).where(*waits, Thread.attempt == 0))
        assert [due >= busy.paused_until for due in published if due is not None] == [True]
    del two.mailbox.down["1"]
    await end_pause(two)
    async with asyncio.timeout(60):
        while len(two.mailbox.told) < 2:
            await asyncio.sleep(0.01)


async def test_an_answer_that_was_on_its_way_does_not_end_a_pause(two: House) -> None:
    go, under_way, told = asyncio.Event(), asyncio.Event(), two.mailbox.send
    calls = 0

    async def send(telling: Telling) -> Sent:
        nonlocal calls
        calls += 1
        if calls == 1:
            under_way.set()
            await go.wait()
            return await told(telling)
        raise BUSY

    two.mailbox.send = send  # type: ignore[method-assign]
    await crowd(two, "mailbox:1", 2)
    await under_way.wait()
    async with asyncio.timeout(60):
        while (await destination(two)).paused_until is None:
            await asyncio.sleep(0.01)
    go.set()
    async with asyncio.timeout(60):
        while await claimed(two, "mailbox:1"):
            await asyncio.sleep(0.01)
    assert (await destination(two)).paused_until is not None
    assert len(two.mailbox.told) == 1


async def test_a_try_that_the_filters_left_out_passes_to_the_next_thread(two: House) -> None:
    two.mailbox.down["1"] = DOWN
    await crowd(two, "mailbox:1", 12)
    await until_paused(two)
    del two.mailbox.down["1"]
    only_resolved = update(Destination).where(Destination.uri == "mailbox:1")
    async with two.database.write() as session:
        await session.execute(only_resolved.values(options={"types": ["incident.resolved"]}))
    two.shelf.put(snapshot(incident(OPENED, post("u3", "resolved", 30))))
    await two.poll()
    await end_pause(two)
    async with asyncio.timeout(60):
        while (await states(two, "mailbox:1"))["told"] < 13:
            await asyncio.sleep(0.01)
    assert [one.event.type for one in two.mailbox.told if one.address == "1"] == ["incident.resolved"]
    assert (await destination(two)).paused_until is None


async def test_a_chat_says_how_long_a_message_has_to_wait_and_not_the_whole_channel(database: Database) -> None:
    shelf = Shelf(snapshot())
    adapters = {"shelf": replace(ADAPTERS["statuspage"], read=shelf.read)}
    async with running(database, adapters, "shelf", "https://status.example.com", shelf) as house:
        house.mailbox.is_chat, house.mailbox.at_once = True, 1
        await house.follow()
        house.mailbox.errors = [DeliveryError("too many messages", retry_after=3600)]
        house.shelf.put(snapshot(incident(OPENED)))
        await house.poll()
        await house.delivered()
        assert (await destination(house)).paused_until is None


async def test_a_success_ends_what_was_held_against_it(two: House) -> None:
    two.mailbox.errors = [DOWN, DOWN]
    await crowd(two, "mailbox:1", 1)
    await two.delivered()
    fails = await destination(two)
    assert fails.failing_since is not None
    await two.hasten()
    await two.delivered()
    assert (await destination(two)).failing_since == fails.failing_since
    await two.hasten()
    await two.delivered()
    assert (await destination(two)).failing_since is None


async def fail_at(house: House, since: timedelta) -> None:
    """It has been failing for so long, and fails once more."""
    house.mailbox.down["1"] = DOWN
    async with house.database.write() as session:
        mine = Destination.uri == "mailbox:1"
        await session.execute(update(Destination).where(mine).values(failing_since=datetime.now(UTC) - since))
    await crowd(house, "mailbox:1", 1)
    await house.delivered()


@pytest.mark.parametrize(
    ("hours", "disabled", "kept"), [(119, False, True), (121, True, True), (239, True, True), (241, False, False)]
)
async def test_after_five_days_without_a_success_it_is_given_up(
    two: House, hours: int, disabled: bool, kept: bool
) -> None:
    await fail_at(two, timedelta(hours=hours))
    after = await destination(two)
    assert (after.disabled_at is not None) is disabled
    assert after.disabled_because == ("no delivery succeeded for 5 days" if disabled else None)
    assert after.failing_since is not None
    assert (datetime.now(UTC) - after.failing_since > timedelta(hours=1)) is kept
    async with two.database.read() as session:
        told = await session.scalars(select(Notice.kind).where(Notice.destination_id == after.id))
        assert list(told) == ["trouble"] * disabled
    if disabled:
        del two.mailbox.down["1"]
        async with two.database.write() as session:
            await threads.enable(session, after.id)
        await two.delivered()
        assert [one.address for one in two.mailbox.told] == ["1"]
        assert (await destination(two)).failing_since is None


async def test_what_is_not_set_up_here_is_not_the_destination_s_fault(two: House) -> None:
    async with two.database.write() as session:
        mine = Destination.uri == "mailbox:1"
        await session.execute(update(Destination).where(mine).values(transport="fax"))
    await crowd(two, "mailbox:1", 20)
    await two.delivered()
    after = await destination(two)
    assert (after.failing_since, after.paused_until) == (None, None)


async def warned(house: House) -> list[datetime | None]:
    async with house.database.read() as session:
        return list(await session.scalars(select(Notice.due_at).where(Notice.kind == rows.WARNING)))


async def test_its_owner_is_warned_at_the_fourth_failed_try_once_until_it_works_again(two: House) -> None:
    teller = Notices(two.database, {"mailbox": two.mailbox}, metrics=two.metrics)

    async def fail(times: int) -> None:
        two.mailbox.down["1"] = DOWN
        for _ in range(times):
            await two.hasten()
            async with two.database.write() as session:  # so many failures in a few seconds are too many
                await session.execute(update(Destination).values(paused_until=None, pauses=0))
            await two.delivered()

    two.mailbox.down["1"] = DOWN
    await crowd(two, "mailbox:1", 1)
    await two.delivered()
    await fail(2)
    assert await warned(two) == []
    await fail(1)
    assert [due is not None for due in await warned(two)] == [True]
    await teller.tick()
    assert await warned(two) == [None]
    await fail(2)
    assert await warned(two) == [None]
    del two.mailbox.down["1"]
    await two.hasten()
    await two.delivered()
    async with two.database.write() as session:
        again = update(Thread).where(Thread.destination_id == (await destination(two)).id)
        await session.execute(again.values(cursor=Thread.head - 1, due_at=from_now()))
    await fail(4)
    assert [due is not None for due in await warned(two)] == [True]


# Who hears of it


async def owned(house: House, workspace: str, uri: str, transport: str, *followed_by: str) -> int:
    """The only destination belongs to a workspace; who follows there."""
    async with house.database.write() as session:
        at = (await session.scalars(select(Destination).where(Destination.uri == "mailbox:1"))).one()
        if workspace != "local":
            made = Workspace(key=workspace, created_at=datetime.now(UTC), editors="everyone", chosen=[])
            session.add(made)
            await session.flush()
            at.workspace_id = made.id
        at.uri, at.transport = uri, transport
        mine = Follow.destination_id == at.id
        await session.execute(update(Follow).where(mine).values(created_by=followed_by[0]))
        return at.id


async def in_trouble(house: House, destination_id: int, kind: str) -> None:
    async with house.database.write() as session:
        if kind == rows.TROUBLE:
            await threads.disable(session, [destination_id], "the receiver answered 410 Gone")
        else:
            await session.execute(update(Destination).values(failing_since=datetime.now(UTC)))
        await rows.put(session, destination_id, kind, datetime.now(UTC), datetime.now(UTC))


SECRET = "https://hooks.example.com/services/very-secret"


@pytest.mark.parametrize("kind", [rows.TROUBLE, rows.WARNING])
@pytest.mark.parametrize(
    ("workspace", "person", "to"),
    [("slack:T1", "U111", "T1/U111"), ("discord:42", "1" * 18, f"42/{'1' * 18}")],
)
async def test_people_of_a_chat_hear_of_their_webhook_by_direct_message(
    house: House, workspace: str, person: str, to: str, kind: str
) -> None:
    await house.follow()
    id_ = await owned(house, workspace, SECRET, "webhook", person)
    await in_trouble(house, id_, kind)
    chat = workspace.partition(":")[0]
    teller = Notices(house.database, {chat: house.mailbox}, metrics=house.metrics)
    await teller.tick()
    [(told, bulletin)] = house.mailbox.announced
    assert told == to
    assert "a webhook of hooks.example.com" in bulletin.text
    assert "very-secret" not in repr(bulletin)
    await teller.tick()
    assert len(house.mailbox.announced) == 1


@pytest.mark.parametrize(
    ("others", "first"),
    [
        (("console:", "slack:T1/C1"), "T1/C1"),
        (("console:", "mailto:ops@example.com"), "ops@example.com"),
        (("https://other.example.com/", "console:"), ""),
        (("https://other.example.com/",), None),
        ((), None),
    ],
)
async def test_a_terminal_s_operator_hears_of_it_at_another_destination(
    house: House, others: tuple[str, ...], first: str | None
) -> None:
    await house.follow()
    for uri in others:
        await house.follow(uri)
        async with house.database.write() as session:
            scheme = uri.partition(":")[0]
            kind = {"https": "webhook", "mailto": "email"}.get(scheme, scheme)
            await session.execute(update(Destination).where(Destination.uri == uri).values(transport=kind))
    id_ = await owned(house, "local", SECRET, "webhook", "terminal")
    await in_trouble(house, id_, rows.TROUBLE)
    every = dict.fromkeys(("slack", "email", "console", "webhook"), house.mailbox)
    await Notices(house.database, every, metrics=house.metrics).tick()
    assert [to for to, _ in house.mailbox.announced] == ([first] if first is not None else [])


async def test_where_the_first_refuses_the_next_is_told(house: House) -> None:
    await house.follow()
    for uri in ("slack:T1/C1", "console:"):
        await house.follow(uri)
        async with house.database.write() as session:
            kind = uri.partition(":")[0]
            await session.execute(update(Destination).where(Destination.uri == uri).values(transport=kind))
    id_ = await owned(house, "local", SECRET, "webhook", "terminal")
    await in_trouble(house, id_, rows.TROUBLE)
    house.mailbox.errors = [DeliveryError("archived", permanent=True)]
    both = dict.fromkeys(("slack", "console"), house.mailbox)
    await Notices(house.database, both, metrics=house.metrics).tick()
    assert [to for to, _ in house.mailbox.announced] == [""]
    async with house.database.read() as session:
        disabled = await session.scalars(select(Destination.uri).where(Destination.disabled_at.is_not(None)))
        assert list(disabled) == [SECRET]


async def test_what_works_again_when_its_owner_would_be_warned_is_no_news(house: House) -> None:
    await house.follow()
    id_ = await owned(house, "slack:T1", SECRET, "webhook", "U111")
    await in_trouble(house, id_, rows.WARNING)
    async with house.database.write() as session:
        await session.execute(update(Destination).values(failing_since=None))
    await Notices(house.database, {"slack": house.mailbox}, metrics=house.metrics).tick()
    assert house.mailbox.announced == []


async def test_a_warning_says_why_the_last_try_failed(two: House) -> None:
    two.mailbox.down["1"] = DOWN
    await crowd(two, "mailbox:1", 1)
    await two.delivered()
    id_ = await owned(two, "slack:T1", SECRET, "webhook", "U111")
    async with two.database.write() as session:
        await rows.put(session, id_, rows.WARNING, datetime.now(UTC), datetime.now(UTC))
    await Notices(two.database, {"slack": two.mailbox}, metrics=two.metrics).tick()
    [(_, bulletin)] = two.mailbox.announced
    assert bulletin.text.endswith("does not arrive at present: the receiver answered 500.")


async def test_each_attempt_says_when_the_next_one_is(two: House) -> None:
    two.mailbox.errors = [DOWN, BUSY]
    await crowd(two, "mailbox:1", 1)
    await two.delivered()
    await two.hasten()
    await two.delivered()
    async with two.database.write() as session:
        await session.execute(update(Destination).values(paused_until=None))
    await two.hasten()
    await two.delivered()
    async with two.database.read() as session:
        found = await session.execute(
            select(Attempt.outcome, Attempt.retry_in, Attempt.replay).order_by(Attempt.id.desc()).limit(3)
        )
        tries = [tuple(row) for row in found][::-1]
    assert [(outcome, replay) for outcome, _, replay in tries] == [
        ("failed", False),
        ("failed", False),
        ("delivered", False),
    ]
    first, second, last = (retry for _, retry, _ in tries)
    assert first in range(4, 7)
    assert second in range(240, 361)
    assert last is None
