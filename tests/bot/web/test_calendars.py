"""The calendar of planned work: an appointment stays the same one, and says when it was put off or called off."""

from datetime import timedelta
from typing import Any

from icalendar import Calendar
from standins.pages import at, snapshot, update
from standins.town import HOME, Town

from adapters.schema import Maintenance, MaintenancePhase

WORK = Maintenance(
    id="w1",
    title="Database upgrade; with, signs\\",
    phase=MaintenancePhase.SCHEDULED,
    starts_at=at(900),
    ends_at=at(960),
    component_ids=("app",),
    url="https://status.example.com/w1",
    updates=(update("w", "scheduled", 1, "We upgrade.\r\nBEGIN:VALARM\nIt takes \u0007 an hour."),),
)


async def calendar(town: Town) -> Any:
    answer = await town.ask("/status/chargeover/maintenance.ics")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert all(len(line) <= 75 for line in answer.body.split(b"\r\n"))
    assert b"\x07" not in answer.body
    return Calendar.from_ical(answer.body)


async def test_planned_work_is_an_appointment(town: Town) -> None:
    await town.put(snapshot(maintenances=(WORK,)))
    found = await calendar(town)
    assert (found["version"], found["x-wr-calname"], found["name"]) == (
        "2.0",
        "ChargeOver maintenance",
        "ChargeOver maintenance",
    )
    assert found["refresh-interval"].dt == timedelta(minutes=15)
    assert found["x-published-ttl"] == "PT15M"
    [event] = found.walk("VEVENT")
    assert not found.walk("VALARM")
    assert (event["dtstart"].dt, event["dtend"].dt) == (at(900), at(960))
    assert event["summary"] == "ChargeOver: Database upgrade; with, signs\\"
    assert (event["status"], event["sequence"], event["transp"]) == ("CONFIRMED", 0, "TRANSPARENT")
    assert event["url"] == "https://status.example.com/w1"
    assert "Concerns: Main Application." in event["description"]
    assert "We upgrade.\nBEGIN:VALARM" in event["description"]
    assert event["uid"].endswith("@uptimus.example.com")


async def test_what_is_put_off_and_called_off_keeps_its_name(town: Town) -> None:
    await town.put(snapshot(maintenances=(WORK,)))
    [first] = (await calendar(town)).walk("VEVENT")
    await town.put(snapshot(maintenances=(WORK.model_copy(update={"starts_at": at(920)}),)))
    [moved] = (await calendar(town)).walk("VEVENT")
    assert (moved["uid"], moved["dtstart"].dt) == (first["uid"], at(920))
    assert moved["sequence"] > first["sequence"]
    assert moved["dtstamp"].dt >= first["dtstamp"].dt
    off = WORK.model_copy(update={"phase": MaintenancePhase.CANCELED, "starts_at": at(920)})
    await town.put(snapshot(maintenances=(off,)))
    [called_off] = (await calendar(town)).walk("VEVENT")
    assert (called_off["uid"], called_off["status"]) == (first["uid"], "CANCELLED")
    assert called_off["sequence"] > moved["sequence"]


async def test_work_without_an_end_or_a_beginning(town: Town) -> None:
    await town.put(
        snapshot(
            maintenances=(
                WORK.model_copy(update={"ends_at": None}),
                WORK.model_copy(update={"id": "w2", "starts_at": None}),
                WORK.model_copy(update={"id": "w3", "ends_at": at(100)}),
            )
        )
    )
    endless, backwards = sorted((await calendar(town)).walk("VEVENT"), key=lambda one: one["uid"])
    assert "dtend" not in endless
    assert endless["description"].startswith("The end is not announced.")
    assert "dtend" not in backwards


async def test_it_stays_the_same_while_nothing_changes(town: Town) -> None:
    await town.put(snapshot(maintenances=(WORK,)))
    first = await town.ask("/status/chargeover/maintenance.ics")
    await town.put(snapshot(maintenances=(WORK,), read_at=at(30)))
    tag = first.headers["ETag"]
    assert (await town.ask("/status/chargeover/maintenance.ics", If_None_Match=tag)).status == 304
    assert first.headers["Content-Disposition"] == 'inline; filename="chargeover-maintenance.ics"'
    assert (await town.ask("/status/nobody/maintenance.ics")).status == 404
    assert HOME in first.text
