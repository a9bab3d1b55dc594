"""Maintenances that begin soon or go on too long: what is due when, and from the page to the thread."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from standins.pages import snapshot

from adapters.fetch import AdapterError
from adapters.schema import Maintenance, MaintenancePhase
from relay.events import Event
from relay.remind import Due, Reminder, overruns, reminders, told_of
from storage import leases
from storage.maintenances import Coming, Overdue
from storage.state import Known, State
from storage.tables import Event as EventRow
from storage.tables import Follow, Lease, Provider
from storage.tables import Maintenance as MaintenanceRow

from .conftest import House

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def coming(starts: float, *, seen: float = -10_000, followed: float = -10_000, lead: int = 60) -> Coming:
    return Coming(1, "m1", _at(starts), _at(seen), lead, _at(followed))


@pytest.mark.parametrize(
    ("one", "is_due"),
    [
        pytest.param(coming(61), False, id="a minute too early"),
        pytest.param(coming(60), True, id="its moment"),
        pytest.param(coming(1), True, id="late, as after a restart"),
        pytest.param(coming(0), False, id="it begins"),
        pytest.param(coming(-5), False, id="it has begun"),
        pytest.param(coming(50, seen=-5), False, id="announced within the lead"),
        pytest.param(coming(50, seen=-10), False, id="announced at the moment itself"),
        pytest.param(coming(50, seen=-11), True, id="announced just before"),
        pytest.param(coming(50, followed=-5), False, id="followed within the lead"),
        pytest.param(coming(1440, lead=1440), True, id="a day ahead"),
        pytest.param(coming(1440, lead=60), False, id="another's lead"),
    ],
)
def test_a_reminder_is_due_from_its_moment_until_the_beginning(one: Coming, is_due: bool) -> None:
    assert [due.lead_minutes for due in reminders([one], NOON)] == ([one.lead_minutes] if is_due else [])


def test_a_window_that_moves_has_another_key() -> None:
    keys = {due.key for due in reminders([coming(30), coming(31), coming(31, lead=45)], NOON)}
    assert keys == {
        "maintenance:m1:reminder:2026-01-01T12:30:00Z:60",
        "maintenance:m1:reminder:2026-01-01T12:31:00Z:60",
        "maintenance:m1:reminder:2026-01-01T12:31:00Z:45",
    }


def overdue(ended: float, *, first: float | None = -10_000, read: float | None = 0) -> Overdue:
    return Overdue(
        1, "m1", _at(-ended), _at(first) if first is not None else None, _at(read) if read is not None else None
    )


@pytest.mark.parametrize(
    ("one", "is_due"),
    [
        pytest.param(overdue(9), False, id="about to be closed"),
        pytest.param(overdue(10), True, id="ten minutes over"),
        pytest.param(overdue(24 * 60), True, id="a day over"),
        pytest.param(overdue(24 * 60 + 1), False, id="forgotten"),
        pytest.param(overdue(30, first=-20), False, id="over before the first read"),
        pytest.param(overdue(30, first=None), False, id="never read"),
        pytest.param(overdue(30, read=-25), False, id="nobody knows: the page fell silent"),
        pytest.param(overdue(30, read=-20), True, id="the page said so ten minutes after the end"),
    ],
)
def test_it_goes_on_beyond_its_end(one: Overdue, is_due: bool) -> None:
    assert [(due.key, due.lead_minutes) for due in overruns([one], NOON)] == (
        [(f"maintenance:m1:overrun:{one.ends_at.isoformat().replace('+00:00', 'Z')}", None)] if is_due else []
    )


WINDOW = Maintenance(
    id="m1", title="New disks", phase=MaintenancePhase.SCHEDULED, starts_at=_at(60), ends_at=_at(120)
)  # fmt: skip
[REMINDER] = reminders([coming(60)], NOON)
[OVERRUN] = overruns([replace(overdue(15), ends_at=_at(120), last_read_at=_at(135))], _at(135))


@pytest.mark.parametrize(
    ("due", "now", "is_told"),
    [
        pytest.param(REMINDER, {}, True, id="as it was"),
        pytest.param(REMINDER, {"phase": "unknown"}, True, id="its page tells no phase"),
        pytest.param(REMINDER, {"phase": "in_progress"}, False, id="begun meanwhile"),
        pytest.param(REMINDER, {"phase": "canceled"}, False, id="canceled meanwhile"),
        pytest.param(REMINDER, {"starts_at": _at(61)}, False, id="moved meanwhile"),
        pytest.param(REMINDER, {"starts_at": None}, False, id="without a beginning"),
        pytest.param(REMINDER, {"id": "m2"}, False, id="gone"),
        pytest.param(OVERRUN, {"phase": "in_progress"}, True, id="under way"),
        pytest.param(OVERRUN, {"phase": "verifying"}, True, id="being verified"),
        pytest.param(OVERRUN, {"phase": "completed"}, False, id="completed meanwhile"),
        pytest.param(OVERRUN, {"phase": "in_progress", "ends_at": _at(150)}, False, id="extended meanwhile"),
        pytest.param(OVERRUN, {"phase": "in_progress", "ends_at": None}, False, id="without an end"),
    ],
)
def test_what_changed_between_the_look_and_the_telling_is_not_told(
    due: Due, now: dict[str, object], is_told: bool
) -> None:
    window = Maintenance.model_validate(WINDOW.model_dump() | now)
    state = State("acme", "Acme", "https://acme.example.com", maintenances={window.id: Known(window)})
    assert (told_of(due, state) is not None) is is_told
    taken_back = replace(state, maintenances={window.id: Known(window, removed=True)})
    assert told_of(due, taken_back) is None


# From the page to the thread. The database's clock is the real one: windows lie around it.


def _window(minutes: float, phase: str = "scheduled") -> Maintenance:
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
    return Maintenance(
        id="m1", title="New disks", phase=MaintenancePhase(phase), starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=60), component_ids=("app",),
    )  # fmt: skip


async def _earlier(house: House, minutes: float) -> None:
    """All that was seen, read and followed so far was so that much earlier."""
    before = datetime.now(UTC) - timedelta(minutes=minutes)
    async with house.database.write() as session:
        await session.execute(update(MaintenanceRow).values(first_seen_at=before))
        await session.execute(update(Follow).values(created_at=before))
        await session.execute(update(Provider).values(first_read_at=before))


async def _announced(house: House, window: Maintenance) -> None:
    """A maintenance that was told two days ago."""
    await house.follow()
    house.shelf.put(snapshot(maintenances=(window,)))
    await house.poll()
    await house.delivered()
    await _earlier(house, 2 * 1440)


@pytest.fixture
def reminder(house: House) -> Reminder:
    return Reminder(house.database, metrics=house.metrics, recorded=house.deliverer.wake)


def _leads(events: list[Event]) -> Iterator[tuple[str, int | None]]:
    return ((str(event.type), event.context.lead_minutes) for event in events)


async def test_it_is_reminded_once_in_the_thread_of_the_announcement(house: House, reminder: Reminder) -> None:
    await _announced(house, _window(59))
    await reminder.tick()
    assert await reminder.tick() == []
    assert await house.delivered() == ["maintenance.scheduled", "maintenance.reminder"]
    first, second = house.mailbox.told
    assert (first.reference, second.reference) == (None, "root-1")
    assert second.event.sequence == 2
    assert second.event.data.update is None
    assert second.event.data.maintenance == first.event.data.maintenance
    assert second.event.context.lead_minutes == 60
    assert [one.name for one in second.event.context.affected] == ["Main Application"]
    assert 'uptimus_events_total{type="maintenance.reminder"} 1.0' in house.metrics.exposition().decode()


async def test_each_gets_the_reminder_that_they_chose(house: House, reminder: Reminder) -> None:
    await house.follow("mailbox:none", remind_minutes=None)
    await house.follow("mailbox:day", remind_minutes=1440)
    await house.follow("mailbox:deaf", maintenance=False, remind_minutes=30)
    await _announced(house, _window(29))
    assert list(_leads(await reminder.tick())) == [
        ("maintenance.reminder", 1440),
        ("maintenance.reminder", 60),
    ]
    await house.delivered()
    reminded = [
        (one.address, one.event.context.lead_minutes)
        for one in house.mailbox.told
        if one.event.type == "maintenance.reminder"
    ]
    assert sorted(reminded) == [("1", 60), ("day", 1440)]


@pytest.mark.parametrize(
    ("minutes", "phase"),
    [
        pytest.param(90, "scheduled", id="too early"),
        pytest.param(-1, "scheduled", id="it should have begun"),
        pytest.param(30, "in_progress", id="it began early"),
        pytest.param(30, "canceled", id="canceled"),
        pytest.param(None, "scheduled", id="no beginning is known"),
    ],
)
async def test_there_is_nothing_to_be_reminded_of(
    house: House, reminder: Reminder, minutes: float | None, phase: str
) -> None:
    window = _window(minutes or 0, phase)
    await _announced(house, window if minutes is not None else window.model_copy(update={"starts_at": None}))
    assert await reminder.tick() == []


async def test_one_announced_within_the_lead_is_not_repeated(house: House, reminder: Reminder) -> None:
    await house.follow()
    house.shelf.put(snapshot(maintenances=(_window(30),)))
    await house.poll()
    assert await reminder.tick() == []
    assert await house.delivered() == ["maintenance.scheduled"]


async def test_one_that_moved_is_reminded_anew(house: House, reminder: Reminder) -> None:
    await _announced(house, _window(30))
    assert len(await reminder.tick()) == 1
    house.shelf.put(snapshot(maintenances=(_window(50),)))
    await house.poll()
    assert len(await reminder.tick()) == 1
    assert (await house.delivered())[1:] == ["maintenance.reminder", "maintenance.updated", "maintenance.reminder"]


async def test_a_page_that_cannot_be_read_is_reminded_of_all_the_same(house: House, reminder: Reminder) -> None:
    await _announced(house, _window(30))
    house.shelf.put(AdapterError("HTTP 503"))
    await house.poll()
    assert len(await reminder.tick()) == 1


async def test_nobody_who_follows_nobody_to_remind(house: House, reminder: Reminder) -> None:
    house.shelf.put(
        snapshot(maintenances=(_window(30), _window(-90, "in_progress").model_copy(update={"id": "m2"})))
    )
    await house.poll()
    await _earlier(house, 2 * 1440)
    async with house.database.write() as session:
        await session.execute(update(Provider).values(due_at=None))
    assert await reminder.tick() == []


async def test_a_maintenance_beyond_its_end_is_told_once_an_end(house: House, reminder: Reminder) -> None:
    late = _window(-75, "in_progress")
    await _announced(house, late)
    [told] = await reminder.tick()
    assert await reminder.tick() == []
    assert (str(told.type), told.data.update, told.context.overrun) == ("maintenance.updated", None, True)
    assert (await house.delivered())[-1:] == ["maintenance.updated"]
    assert house.mailbox.told[-1].event.context.overrun
    assert late.ends_at is not None
    house.shelf.put(
        snapshot(maintenances=(late.model_copy(update={"ends_at": late.ends_at + timedelta(minutes=4)}),))
    )
    await house.poll()
    assert len(await reminder.tick()) == 1


async def test_what_is_over_or_unread_since_does_not_overrun(house: House, reminder: Reminder) -> None:
    await _announced(house, _window(-75, "in_progress"))
    async with house.database.write() as session:
        silent = datetime.now(UTC) - timedelta(minutes=14)
        await session.execute(update(Provider).values(last_read_at=silent))
    assert await reminder.tick() == []
    house.shelf.put(snapshot(maintenances=(_window(-75, "completed"),)))
    await house.poll()
    assert await reminder.tick() == []


async def test_of_several_processes_one_reminds(house: House, reminder: Reminder) -> None:
    await _announced(house, _window(30))
    async with house.database.write() as session:
        assert await leases.take(session, "remind", "another", 60)
    assert await reminder.tick() == []
    async with house.database.write() as session:
        await leases.release(session, "remind", "another")
    assert len(await reminder.tick()) == 1
    other = Reminder(house.database, metrics=house.metrics, recorded=house.deliverer.wake)
    async with house.database.write() as session:  # its lease ended though it had only been slow
        await session.execute(update(Lease).values(until_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert await other.tick() == []
    async with house.database.read() as session:
        of_type = EventRow.type == "maintenance.reminder"
        assert await session.scalar(select(func.count()).select_from(EventRow).where(of_type)) == 1


async def test_one_provider_s_trouble_is_not_the_others(house: House, reminder: Reminder) -> None:
    await _announced(house, _window(30))
    async with house.database.write() as session:
        provider = await session.get_one(Provider, house.provider_id)
        copied = {column.name: getattr(provider, column.name) for column in Provider.__table__.columns}
        session.add(Provider(**(copied | {"id": 0, "slug": "other", "url": "https://other.example.com"})))
        await session.flush()
        window = (await session.scalars(select(MaintenanceRow))).one()
        copied = {column.name: getattr(window, column.name) for column in MaintenanceRow.__table__.columns}
        sooner = datetime.now(UTC) + timedelta(minutes=5)
        copied |= {"id": 0, "provider_id": 0, "starts_at": sooner, "updates": [{"unreadable": True}]}
        session.add(MaintenanceRow(**copied))
        follow = (await session.scalars(select(Follow))).one()
        copied = {column.name: getattr(follow, column.name) for column in Follow.__table__.columns}
        session.add(Follow(**(copied | {"id": 0, "provider_id": 0})))
    assert [event.data.provider.slug for event in await reminder.tick()] == ["chargeover"]
