"""Pages without a network: an adapter that reads what a test put up, and small snapshots to put up."""

from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.adapter import Getter, Page, Reading
from adapters.fetch import AdapterError
from adapters.schema import (
    Component,
    Coverage,
    Impact,
    Incident,
    IncidentPhase,
    Provider,
    Snapshot,
    Status,
    Update,
)

EPOCH = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """So many minutes after noon of the first day."""
    return EPOCH + timedelta(minutes=minutes)


def update(id_: str, phase: str, minutes: float, body: str = "") -> Update:
    """One post."""
    return Update(id=id_, phase=phase, body=body or f"text of {id_}", posted_at=at(minutes))


def incident(*updates: Update, id_: str = "inc1", **given: Any) -> Incident:
    """An incident whose phase is that of its last update."""
    values: dict[str, Any] = {
        "title": "Logins fail",
        "impact": Impact.MAJOR,
        "phase": IncidentPhase(updates[-1].phase) if updates else IncidentPhase.INVESTIGATING,
        "started_at": updates[0].posted_at if updates else at(0),
        "component_ids": ("app",),
        "url": "https://status.example.com/incidents/inc1",
    }
    return Incident(id=id_, updates=updates, **(values | given))


def snapshot(*incidents: Incident, app: Status = Status.OPERATIONAL, **given: Any) -> Snapshot:
    """A page with two components."""
    values: dict[str, Any] = {
        "provider": Provider(name="ChargeOver", url="https://status.example.com", adapter="shelf"),
        "page_id": "abcdefghijkl",
        "status": app,
        "components": (Component(id="app", name="Main Application", status=app), Component(
            id="search", name="Search", status=Status.OPERATIONAL
        )),
        "incidents": incidents,
        "coverage": Coverage(active_incidents=True, active_maintenances=True, past_incidents=True),
        "read_at": at(0),
    }  # fmt: skip
    return Snapshot(**(values | given))


class Shelf:
    """An adapter for pages that a test puts up: `put` the next thing to be read, a snapshot or an error."""

    def __init__(self, first: Snapshot) -> None:
        self.now: Snapshot | AdapterError = first
        self.reads = 0

    def put(self, page: Snapshot | AdapterError) -> None:
        """From now on the page says this."""
        self.now = page

    async def read(self, page: Page, getter: Getter) -> Reading:
        """Reads what was put; unchanged where it is the same as in the last read."""
        self.reads += 1
        if isinstance(self.now, AdapterError):
            raise self.now
        version = {"version": id(self.now)}
        return Reading(
            None if page.memory == version else self.now, page.memory if page.memory == version else version
        )
