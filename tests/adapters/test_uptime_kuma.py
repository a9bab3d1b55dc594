"""Uptime Kuma: where a page's slug stands, the zones of its times, and the recorded beats."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standins.getter import Served

from adapters import uptime_kuma
from adapters.fetch import Answer
from adapters.schema import Snapshot, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "uptime-kuma" / "jasonwitty" / "heartbeat.json"
READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
HOST = "https://up.quillpost.example"


@pytest.mark.parametrize(
    ("url", "getter", "place"),
    [
        (f"{HOST}/status/Post", Served(other=""), f"{HOST}/status/post"),
        (f"{HOST}/api/status-page/post", Served(other=""), f"{HOST}/status/post"),
        (f"{HOST}/api/status-page/heartbeat/post", Served(other=""), f"{HOST}/status/post"),
        (f"{HOST}/kuma/status/post", Served(other=""), f"{HOST}/kuma/status/post"),
        (HOST, Served(other=Answer(200, f"{HOST}/status/shop", b"")), f"{HOST}/status/shop"),
        (
            HOST,
            Served(other='<link rel="manifest" href="/api/status-page/shop/manifest.json">'),
            f"{HOST}/status/shop",
        ),
        (HOST, Served(other='<link rel="manifest" href="/manifest.json">'), f"{HOST}/status/default"),
        (f"{HOST}/status", Served(other=""), f"{HOST}/status/default"),
        (f"{HOST}/status-page", Served(), f"{HOST}/status/default"),
    ],
)
async def test_where_the_slug_stands(url: str, getter: Served, place: str) -> None:
    assert await uptime_kuma.locate(url, getter) == place


@pytest.mark.parametrize(
    ("slot", "offset", "starts_at"),
    [
        ("2026-01-01 02:00:00", "+02:00", READ_AT),
        ("2025-12-31T20:30", "-03:30", READ_AT),
        ("2026-01-01 00:00:00", None, READ_AT),
        ("2026-01-01 00:00:00", "+99:00", READ_AT),
        ("2026-01-01T00:00:00.000Z", "+02:00", READ_AT),
        ("2026-01-01T00:00:00.000Z", 5, READ_AT),
        ("2026-01-02T00:00:00.000Z", "+00:00", None),  # runs now, and its next time is told
    ],
)
def test_when_a_maintenance_begins(slot: str, offset: object, starts_at: datetime | None) -> None:
    maintenance = {
        "id": 1,
        "title": "Backups",
        "strategy": "single",
        "status": "under-maintenance",
        "timezoneOffset": offset,
        "timeslotList": [{"startDate": slot, "endDate": None}],
    }
    page = {"config": {}, "publicGroupList": [], "maintenanceList": [maintenance]}
    (found,) = read(page).maintenances
    assert found.starts_at == starts_at


@pytest.mark.parametrize(
    ("beats", "overall"),
    [
        ([1, 1], Status.OPERATIONAL),
        ([1, 0], Status.PARTIAL_OUTAGE),
        ([0, 0], Status.MAJOR_OUTAGE),
        ([0, 2], Status.MAJOR_OUTAGE),
        ([1, 2], Status.OPERATIONAL),
        ([1, 3], Status.MAINTENANCE),
        ([0, 3], Status.PARTIAL_OUTAGE),
        ([2, 2], Status.UNKNOWN),
        ([True, "1"], Status.UNKNOWN),
    ],
)
def test_how_monitors_make_a_page(beats: list[object], overall: Status) -> None:
    monitors = [{"id": number, "name": f"Monitor {number}"} for number in range(len(beats))]
    page = {"config": {}, "publicGroupList": [{"monitorList": monitors}]}
    lists = {str(number): [{"status": 1}, {"status": beat}, 0] for number, beat in enumerate(beats)}
    assert read(page, {"heartbeatList": lists}).status == overall


def read(page: dict[str, Any], heartbeats: dict[str, Any] | None = None) -> Snapshot:
    documents = {"page": json.dumps(page).encode()}
    if heartbeats is not None:
        documents["heartbeats"] = json.dumps(heartbeats).encode()
    return uptime_kuma.parse(documents, url=HOST, read_at=READ_AT + timedelta(minutes=1))


@pytest.mark.skipif(not RECORDED.exists(), reason="no recordings here")
def test_the_recorded_beats() -> None:
    monitors = [{"id": 1, "name": "One"}, {"id": 9, "name": "Nine"}, {"id": 10, "name": "Ten"}]
    page = {"config": {"title": "Six monitors"}, "incident": None, "publicGroupList": [{"monitorList": monitors}]}
    documents = {"page": json.dumps(page).encode(), "heartbeats": RECORDED.read_bytes()}
    found = uptime_kuma.parse(documents, url=HOST, read_at=READ_AT)
    assert found.components is not None
    assert [one.status for one in found.components] == [Status.OPERATIONAL, Status.OPERATIONAL, Status.UNKNOWN]
