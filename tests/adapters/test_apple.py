"""Apple: where the documents stand, what an event makes of its service, and an event of several services."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from standins.getter import Served

from adapters import apple
from adapters.address import normalize_url
from adapters.schema import Impact, IncidentPhase, MaintenancePhase, Snapshot, Status

READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
PAST, FUTURE = 1767200000000, 1767900000000
DATA = "https://www.apple.com/support/systemstatus/data"


def read(document: bytes, url: str = "https://www.apple.com/support/systemstatus") -> Snapshot:
    return apple.parse({"status": document}, url=url, read_at=READ_AT)


def page(*events: dict[str, Any]) -> bytes:
    return json.dumps({"services": [{"serviceName": "Quill Mail", "events": list(events)}]}).encode()


@pytest.mark.parametrize(
    ("pasted", "document"),
    [
        ("https://www.apple.com/support/systemstatus/", f"{DATA}/system_status_en_US.js"),
        ("https://www.apple.com/de/support/systemstatus/", f"{DATA}/system_status_en_US.js"),
        (f"{DATA}/system_status_en_US.js", f"{DATA}/system_status_en_US.js"),
        (f"{DATA}/developer/system_status_en_US.js", f"{DATA}/developer/system_status_en_US.js"),
        ("https://developer.apple.com/system-status/", f"{DATA}/developer/system_status_en_US.js"),
    ],
)
async def test_where_the_document_is(pasted: str, document: str) -> None:
    getter = Served({f"{DATA}/system_status_en_US.js": 200, f"{DATA}/developer/system_status_en_US.js": 200})
    assert await apple.locate(normalize_url(pasted), getter) == document


@pytest.mark.parametrize(
    ("fields", "impact", "phase", "status"),
    [
        ({"statusType": "Issue", "eventStatus": "ongoing"}, Impact.MINOR, "unknown", Status.DEGRADED),
        ({"statusType": "Performance", "eventStatus": "ongoing"}, Impact.MINOR, "unknown", Status.DEGRADED),
        ({"statusType": "Outage", "eventStatus": "ongoing"}, Impact.CRITICAL, "unknown", Status.MAJOR_OUTAGE),
        ({"statusType": "Outage", "eventStatus": "resolved"}, Impact.CRITICAL, "resolved", Status.OPERATIONAL),
        ({"statusType": "Outage", "epochEndDate": PAST}, Impact.CRITICAL, "resolved", Status.OPERATIONAL),
        ({"statusType": "Outage", "epochEndDate": FUTURE}, Impact.CRITICAL, "unknown", Status.MAJOR_OUTAGE),
        (
            {"statusType": "Outage", "eventStatus": "ongoing", "usersAffected": "Some users are affected"},
            Impact.MAJOR,
            "unknown",
            Status.PARTIAL_OUTAGE,
        ),
        ({}, Impact.UNKNOWN, "unknown", Status.DEGRADED),
    ],
)
def test_what_an_event_makes_of_its_service(
    fields: dict[str, Any], impact: Impact, phase: str, status: Status
) -> None:
    found = read(page({"messageId": "1", **fields}))
    assert found.components is not None
    assert (found.incidents[0].impact, found.incidents[0].phase) == (impact, phase)
    assert found.components[0].status == found.status == status


@pytest.mark.parametrize(
    ("state", "phase", "status"),
    [
        ("upcoming", MaintenancePhase.SCHEDULED, Status.OPERATIONAL),
        ("ongoing", MaintenancePhase.IN_PROGRESS, Status.MAINTENANCE),
        ("completed", MaintenancePhase.COMPLETED, Status.OPERATIONAL),
    ],
)
def test_planned_work(state: str, phase: MaintenancePhase, status: Status) -> None:
    found = read(page({"messageId": "1", "statusType": "Maintenance", "eventStatus": state}))
    assert not found.incidents
    assert (found.maintenances[0].phase, found.status) == (phase, status)


def test_an_event_lasts_until_it_is_over_for_every_service() -> None:
    services = [
        {"serviceName": name, "events": [{"messageId": "1", "statusType": "Outage", "eventStatus": state}]}
        for name, state in (("Quill Mail", "resolved"), ("Quill Notes", "ongoing"))
    ]
    (found,) = read(json.dumps({"services": services}).encode()).incidents
    assert found.component_ids == ("Quill Mail", "Quill Notes")
    assert found.phase == IncidentPhase.UNKNOWN


@pytest.mark.parametrize("call", [b"jsonCallback(%s);", b" jsonCallback(%s)\n", b"\xef\xbb\xbf%s", b"%s"])
def test_json_in_a_call_or_without(call: bytes) -> None:
    assert read(call % page()).status == Status.OPERATIONAL
