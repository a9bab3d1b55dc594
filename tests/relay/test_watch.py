"""A signal is raised and cleared, once, for those who asked for it."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from standins.pages import incident, snapshot
from standins.pages import update as said

from adapters.adapter import Reading
from adapters.schema import Status
from relay import record
from relay.events import Event, EventType
from relay.messages import card, note
from relay.metrics import Metrics
from relay.poll import pace
from relay.telling import stored_event
from relay.watch import SignalWatch, looked
from storage import follows, providers, signals
from storage.database import Database
from storage.signals import New
from storage.tables import Destination, Follow, Provider, RaisedSignal, SignalCount, Thread
from storage.tables import Event as EventRow

MINUTE = timedelta(minutes=1)
PACE = pace(60, 0)


class Town:
    """A provider, and people who report trouble with it."""

    def __init__(self, database: Database) -> None:
        self.database, self.people = database, 0

    async def build(self, **streams: bool) -> "Town":
        """ChargeOver is read, and followed twice: with these streams, and as usual."""
        async with self.database.write() as session:
            row = Provider(
                slug="chargeover", name="ChargeOver", url="https://chargeover.example.com", adapter="x",
                source="user", verification="pending", status="unknown", memory={}, active=False, failures=0,
                unreadable=False,
            )  # fmt: skip
            session.add(row)
            await session.flush()
            self.id = row.id
            self.now = await providers.database_now(session)
            for name, wish in (("asked", streams), ("usual", {})):
                workspace_id = await follows.workspace(session, "local")
                place = await follows.add_destination(
                    session, workspace_id, f"https://{name}.example", "webhook", []
                )
                known = {"incidents": True, "components": True, "maintenance": True, "component_ids": []}
                follow: dict[str, Any] = {**known, **wish}
                session.add(
                    Follow(
                        provider_id=row.id, destination_id=place.id, created_by="", created_at=self.now, **follow
                    )
                )
            await providers.begin_polling(session, row.id)
        await self.reads()
        return self

    async def reads(self, *incidents: Any, status: Status = Status.OPERATIONAL) -> None:
        async with self.database.write() as session:
            row = await session.get_one(Provider, self.id)
            page = snapshot(*incidents).model_copy(update={"status": status})
            await record.record_snapshot(session, row, Reading(page, {}), PACE)

    async def report(self, number: int, when: datetime, **more: Any) -> None:
        async with self.database.write() as session:
            for _ in range(number):
                self.people += 1
                given = {"component": None, "region": None, "source": "page", "before": None} | more
                assert await signals.add(session, New(self.id, f"person {self.people}", **given), when)

    async def look(self, when: datetime) -> list[Event]:
        async with self.database.write() as session:
            return await looked(session, self.id, when)

    async def told(self) -> dict[str, int]:
        """By destination how much there is to tell."""
        async with self.database.read() as session:
            rows = await session.execute(
                select(Destination.uri, Thread.head).join(Thread, Thread.destination_id == Destination.id)
            )
            return {row[0]: row[1] for row in rows}


@pytest.fixture
async def town(database: Database) -> Town:
    return await Town(database).build(signals=True)


async def test_five_people_raise_it_and_half_an_hour_of_calm_clears_it(town: Town) -> None:
    start = town.now
    await town.report(4, start)
    assert await town.look(start + MINUTE) == []
    await town.report(3, start + 2 * MINUTE, region="Europe/Berlin")
    [raised] = await town.look(start + 3 * MINUTE)
    assert raised.type == EventType.SIGNAL_RAISED
    assert raised.data.signal is not None
    assert (raised.data.signal.people, raised.data.signal.since) == (7, start)
    assert raised.data.signal.regions == {"Europe/Berlin": 3}
    assert await town.look(start + 4 * MINUTE) == [], "it is told once"
    assert await town.look(start + 33 * MINUTE) == []
    [cleared] = await town.look(start + 34 * MINUTE)
    assert (cleared.type, cleared.subject) == (EventType.SIGNAL_CLEARED, raised.subject)
    assert await town.look(start + 35 * MINUTE) == []
    assert await town.told() == {"https://asked.example": 2}


async def test_it_lasts_while_people_report(town: Town) -> None:
    await town.report(5, town.now)
    assert len(await town.look(town.now + MINUTE)) == 1
    for minutes in range(10, 100, 10):
        await town.report(4, town.now + minutes * MINUTE)
        assert await town.look(town.now + (minutes + 1) * MINUTE) == []
    async with town.database.read() as session:
        assert (await session.scalars(select(RaisedSignal.peak))).one() == 9
    [cleared] = await town.look(town.now + 200 * MINUTE)
    assert cleared.data.signal is not None
    assert cleared.data.signal.people == 9, "the most there were"


async def test_an_official_incident_clears_it_at_once(town: Town) -> None:
    await town.report(6, town.now)
    await town.look(town.now + MINUTE)
    fresh = incident(said("u1", "investigating", 1), started_at=town.now)
    await town.reads(fresh)
    [cleared] = await town.look(town.now + 2 * MINUTE)
    assert cleared.data.signal is not None
    assert cleared.data.signal.confirmed
    assert cleared.data.signal.incident is not None
    assert cleared.data.signal.incident.title == fresh.title
    await town.report(20, town.now + 3 * MINUTE)
    assert await town.look(town.now + 4 * MINUTE) == [], "everybody knows"


async def test_an_old_incident_explains_nothing(town: Town) -> None:
    await town.reads(incident(said("u1", "investigating", 1), started_at=town.now - timedelta(days=9)))
    await town.report(6, town.now)
    assert [event.type for event in await town.look(town.now + MINUTE)] == [EventType.SIGNAL_RAISED]


async def test_a_page_that_nobody_reads_can_confirm_nothing(town: Town) -> None:
    async with town.database.write() as session:
        await session.execute(update(Provider).values(due_at=None))
    await town.report(50, town.now)
    assert await town.look(town.now + MINUTE) == []


async def test_what_is_usual_takes_more(town: Town) -> None:
    async with town.database.write() as session:
        first = signals.quarter(town.now) - timedelta(days=13)
        session.add_all(
            SignalCount(provider_id=town.id, at=first + n * 15 * MINUTE, people=3) for n in range(13 * 96)
        )
    await town.report(12, town.now)
    assert await town.look(town.now + MINUTE) == []
    await town.report(4, town.now + MINUTE)
    assert len(await town.look(town.now + 2 * MINUTE)) == 1


async def test_several_processes_tell_it_once(town: Town) -> None:
    watches = [SignalWatch(town.database, metrics=Metrics(), recorded=lambda: None) for _ in range(3)]
    await town.report(5, town.now)
    told = [event for watch in watches for event in await watch.tick()]
    assert [event.type for event in told] == [EventType.SIGNAL_RAISED]


async def test_nothing_is_written_where_nothing_comes_in(town: Town) -> None:
    await town.report(4, town.now)
    watch = SignalWatch(town.database, metrics=Metrics(), recorded=lambda: None)
    async with asyncio.timeout(60), town.database.write():  # on SQLite another writer would wait for its end
        assert await watch.tick() == []


async def test_how_it_reads(town: Town) -> None:
    await town.report(7, town.now)
    await town.look(town.now + MINUTE)
    async with town.database.read() as session:
        row = (await session.scalars(select(EventRow).where(EventRow.type == "signal.raised"))).one()
    event = stored_event(row, "signal", "")
    expected = "Users report trouble with ChargeOver, not confirmed by ChargeOver (7 people in 15 minutes)"
    assert note(event).title == card(event).state == expected
    assert card(event).headline == "ChargeOver: user reports"
    assert card(event).status == Status.UNKNOWN
