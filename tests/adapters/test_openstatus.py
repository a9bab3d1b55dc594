"""OpenStatus: where a page's documents are, what the clock says of a maintenance, and whose status counts."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standins.cases import FIXTURES, Shelf

from adapters import openstatus
from adapters.adapter import Page
from adapters.schema import MaintenancePhase, Snapshot, Status

CASES = FIXTURES / "openstatus"
READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
URL = "https://status.quillpost.example"
HOUR = timedelta(hours=1)


def read(case: str, **changed: Any) -> Snapshot:
    """A case, with fields of its feed changed."""
    www = CASES / case / "www"
    feed = json.loads((www / "feed" / "json").read_bytes()) | changed
    documents = {"feed": json.dumps(feed).encode()}
    summary = www / "api" / "status" / "summary.json"
    if summary.exists():
        documents["summary"] = summary.read_bytes()
    return openstatus.parse(documents, url=URL, read_at=READ_AT)


@pytest.mark.parametrize(
    ("url", "feed", "summary"),
    [
        (URL, f"{URL}/feed/json", f"{URL}/api/status/summary.json"),
        (f"{URL}/feed/json", f"{URL}/feed/json", f"{URL}/api/status/summary.json"),
        (f"{URL}/api/status", f"{URL}/feed/json", f"{URL}/api/status/summary.json"),
        (f"{URL}/events", f"{URL}/feed/json", f"{URL}/api/status/summary.json"),
        (f"{URL}/events/report/31", f"{URL}/feed/json", f"{URL}/api/status/summary.json"),
        (f"{URL}/monitors/4", f"{URL}/feed/json", f"{URL}/api/status/summary.json"),
        (f"{URL}/quillpost", f"{URL}/quillpost/feed/json", f"{URL}/api/status/quillpost/summary.json"),
    ],
)
async def test_where_the_documents_are(url: str, feed: str, summary: str) -> None:
    class Everything(Shelf):
        def body(self, url: str) -> bytes | None:
            return b"{}"

    place = await openstatus.locate(url, Everything(CASES))
    assert [document.url for document in openstatus.documents(place).values()] == [feed, summary]


async def test_the_tick_of_the_feed_is_no_news() -> None:
    class Ticking(Shelf):
        def body(self, url: str) -> bytes | None:
            found = super().body(url)
            return found and found.replace(b"2026-01-01T00:00:00.412Z", b"2026-01-01T00:01:00.412Z")

    first = await openstatus.ADAPTER.read(Page(url=URL, now=READ_AT), Shelf(CASES / "trouble"))
    later = Page(url=URL, now=READ_AT, memory=first.memory)
    assert (await openstatus.ADAPTER.read(later, Ticking(CASES / "trouble"))).snapshot is None


@pytest.mark.parametrize(
    ("starts", "ends", "phase"),
    [
        (HOUR, 2 * HOUR, MaintenancePhase.SCHEDULED),
        (0 * HOUR, HOUR, MaintenancePhase.IN_PROGRESS),
        (-HOUR, 0 * HOUR, MaintenancePhase.IN_PROGRESS),
        (-2 * HOUR, -HOUR, MaintenancePhase.COMPLETED),
        (None, HOUR, MaintenancePhase.UNKNOWN),
        (-HOUR, None, MaintenancePhase.UNKNOWN),
    ],
)
def test_how_far_a_maintenance_is(
    starts: timedelta | None, ends: timedelta | None, phase: MaintenancePhase
) -> None:
    starts_at, ends_at = (None if one is None else READ_AT + one for one in (starts, ends))
    assert openstatus.phase_at(READ_AT, starts_at, ends_at) == phase


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("success", Status.OPERATIONAL),
        ("degraded", Status.DEGRADED),
        ("error", Status.MAJOR_OUTAGE),
        ("info", Status.MAINTENANCE),
        ("under_maintenance", Status.MAINTENANCE),
        ("listening", Status.UNKNOWN),
        (None, Status.UNKNOWN),
    ],
)
def test_the_status_of_a_page_where_nothing_is_wrong(said: str | None, status: Status) -> None:
    assert read("calm", status=said).status == status


def test_a_page_that_calls_itself_fine_while_a_report_is_open() -> None:
    assert read("feed-alone", status="success", monitors=[]).status == Status.DEGRADED


def test_a_name_that_two_components_share_says_nothing_of_either() -> None:
    parts = [{"id": 1, "name": "Website", "groupId": 7}, {"id": 2, "name": "Website", "groupId": 8}]
    found = read("calm", pageComponents=parts)
    assert found.components is not None
    assert [one.status for one in found.components] == [Status.UNKNOWN, Status.UNKNOWN]


def test_the_text_of_a_maintenance_keeps_its_id_when_it_is_edited() -> None:
    planned = json.loads((CASES / "calm" / "www" / "feed" / "json").read_bytes())["maintenances"]
    edited = [one | {"message": "Two hours.", "updatedAt": "2025-12-06T10:00:00.000Z"} for one in planned]
    before, after = read("calm").maintenances[0], read("calm", maintenances=edited).maintenances[0]
    assert before.updates[0].id == after.updates[0].id
    assert before.updates[0].body != after.updates[0].body
