"""Things that our own code stumbles over: each gets its tries, is seen by whoever operates uptimus, and holds up
nobody; on both databases."""

from typing import Any

import pytest
from faults.works import SECRET, grows, settled, telling, told
from replicas.outside import page, says, troubles
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from standins import claiming
from standins.receiver import Receiver
from structlog.testing import capture_logs

from relay.batch import Batcher
from relay.bulletin import Bulletin
from relay.metrics import Metrics
from relay.retry import RETRIES
from relay.telling import EVENTS_KEPT, Tellings
from relay.transports.transport import Sent, Telling
from storage.database import Database
from storage.tables import Attempt, Delivery, Event, Follow, Subject, Thread

TRIES = len(RETRIES) + 1
NOT_JSON = "not JSON"
PLACES = [("/a", "inc0"), ("/a", "inc1"), ("/b", "inc0"), ("/b", "inc1")]


async def spoil(database: Database, **values: Any) -> None:
    """The second event of the first incident becomes one that no code can read."""
    async with database.write() as session:
        subject = select(Subject.id).where(Subject.external_id == "inc0").scalar_subquery()
        second = update(Event).where(Event.subject_id == subject, Event.sequence == 2)
        if values.get("data") == NOT_JSON:
            connection = await session.connection()
            await connection.exec_driver_sql(
                "UPDATE events SET data = '{\"provider\": ' WHERE sequence = 2 AND subject_id ="
                " (SELECT id FROM subjects WHERE external_id = 'inc0')"
            )
            return
        await session.execute(second.values(**values))


@pytest.mark.parametrize(
    "values",
    [
        {"type": "incident.teleported"},
        {"data": {"provider": 5}},
        {"data": {}},
        {"context": {"old_phase": {"x": []}, "merged": "x", "told_whole": "perhaps"}},
        {"data": NOT_JSON},
    ],
    ids=["a type of another version", "data of another form", "no data", "context of another form", "no JSON"],
)
async def test_an_event_that_nobody_can_read_holds_up_nobody(database: Database, values: dict[str, Any]) -> None:
    if values.get("data") == NOT_JSON and not database.is_sqlite:
        pytest.skip("PostgreSQL stores nothing else than JSON there")
    metrics = Metrics()
    async with Receiver(SECRET) as receiver:
        uris = [receiver.url.replace("/hook", place) for place in ("/a", "/b")]
        await page(database, "stormy", uris, "webhook", [SECRET])
        await grows(database, incidents=2, updates=3)
        await spoil(database, **values)
        with capture_logs() as logs:
            async with telling(database, metrics) as parts:
                await receiver.until(8, within=25)  # before any lease or pause is over
                assert sorted(told(receiver.received)) == PLACES
                await settled(database, parts)
    whole, without = [1, 2, 3], [1, 3]
    assert told(receiver.received) == {("/a", "inc0"): without, ("/b", "inc0"): without} | {
        (place, "inc1"): whole for place in ("/a", "/b")
    }
    async with database.read() as session:
        states = await session.execute(select(Delivery.sequence, Delivery.state).where(Delivery.state == "dead"))
        assert [tuple(row) for row in states] == [(2, "dead")] * 2
        reasons = await session.scalars(select(Attempt.reason).where(Attempt.outcome == "failed"))
        assert len(reasons.all()) == 2 * TRIES
    assert {one["log_level"] for one in logs if one["event"] == "an event can't be read"} == {"error"}
    assert metrics.registry.get_sample_value("uptimus_stumbles_total", {"part": "telling"}) == 2 * TRIES


class Stumbling:
    """A transport that raises what no transport should."""

    is_chat, at_once = True, 1

    def __init__(self, *, in_turn: bool) -> None:
        self.told: list[str] = []
        self._in_turn = in_turn

    async def turn(self, address: str) -> None:
        """Whether it may be told now."""
        if self._in_turn and address == "1":
            raise KeyError("a channel without a name")

    async def send(self, telling: Telling) -> Sent:
        """Tells it."""
        update_of = telling.event.data.update
        if telling.address == "1" and not self._in_turn and update_of is not None and update_of.id == "u0.1":
            raise ZeroDivisionError
        self.told.append(f"{telling.address} {update_of.id if update_of else ''}")
        return Sent(reference=telling.reference or "root", message="\0message", answer="\0\ud800")

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        """Announces it."""
        raise NotImplementedError

    async def aclose(self) -> None: ...


@pytest.mark.parametrize("in_turn", [False, True])
async def test_a_transport_that_stumbles_over_one_event(database: Database, in_turn: bool) -> None:
    metrics, chat = Metrics(), Stumbling(in_turn=in_turn)
    await page(database, "stormy", ["chat:1", "chat:2"], "chat")
    await grows(database, incidents=1, updates=3)
    with capture_logs() as logs:
        async with telling(database, metrics, {"chat": chat}) as parts:
            await settled(database, parts)
    assert [one for one in chat.told if one[0] == "2"] == ["2 u0.0", "2 u0.1", "2 u0.2"]
    assert [one for one in chat.told if one[0] == "1"] == ([] if in_turn else ["1 u0.0", "1 u0.2"])
    stumbles = TRIES * (3 if in_turn else 1)
    assert metrics.registry.get_sample_value("uptimus_stumbles_total", {"part": "telling"}) == stumbles
    assert sum(one["event"] == "telling failed" and one["log_level"] == "error" for one in logs) == stumbles
    async with database.read() as session:
        assert {*await session.scalars(select(Delivery.message).where(Delivery.state == "delivered"))} == {
            "message"
        }


async def test_a_follow_that_nobody_can_read(database: Database) -> None:
    metrics = Metrics()
    async with Receiver(SECRET) as receiver:
        uris = [receiver.url.replace("/hook", place) for place in ("/a", "/b")]
        await page(database, "stormy", uris, "webhook", [SECRET])
        async with database.write() as session:
            first = select(Follow.id).order_by(Follow.id).limit(1).scalar_subquery()
            await session.execute(update(Follow).where(Follow.id == first).values(min_impact="dreadful"))
        await grows(database, incidents=1, updates=2)
        with capture_logs():
            async with telling(database, metrics) as parts:
                await receiver.until(2, within=25)
                await settled(database, parts)
    assert told(receiver.received) == {("/b", "inc0"): [1, 2]}
    assert metrics.registry.get_sample_value("uptimus_stumbles_total", {"part": "telling"}) == 2 * TRIES


async def test_an_event_that_was_read_before_is_not_dropped_for_those_that_are_read_now(
    database: Database,
) -> None:
    """It would be left out, as if it were pruned."""
    await page(database, "stormy", ["console:"], "console")
    await says(database, "stormy", *troubles(1, 1))
    async with database.write() as session:
        sample = (await session.scalars(select(Event))).one()
        thread = (await session.scalars(select(Thread))).one()
        rows = [
            {"uid": f"evt_{n}", "provider_id": sample.provider_id, "subject_id": sample.subject_id, "sequence": n,
             "key": str(n), "type": sample.type, "data": sample.data, "context": {}, "seen_at": sample.seen_at}
            for n in range(2, 2 * EVENTS_KEPT)
        ]  # fmt: skip
        others = [*await session.scalars(insert(Event).returning(Event.id), rows)]
        claim = await claiming.claim_of(session, thread.id, 1)
        assert claim is not None
    tellings = Tellings(database, str)
    await tellings.load({sample.id})
    await tellings.load(others[: EVENTS_KEPT - 1])
    await tellings.load({sample.id, *others[-10:]})
    assert tellings.event(claim) is not None


async def test_what_can_not_be_written_down_holds_up_nothing_else() -> None:
    written, lost, tried = list[int](), list[int](), 0

    async def write(items: list[int]) -> None:
        nonlocal tried
        tried += 1
        if tried == 2:
            raise OperationalError("", None, Exception("the database is gone"))
        if 3 in items:
            raise IntegrityError("", None, Exception("no such thread"))
        written.extend(items)

    batcher = Batcher(write, wait=0, lost=lambda: lost.append(1))
    for number in range(6):
        batcher.put(number)
    batcher.start()
    with capture_logs() as logs:
        await batcher.written()
        await batcher.aclose()
    assert (written, lost) == ([0, 1, 2, 4, 5], [1])
    assert [one["log_level"] for one in logs if one["event"] == "an outcome can't be written down"] == ["error"]
