"""Yandex Cloud's status page: what is asked for, what is open, and the recorded list."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters import yandex_cloud
from adapters.schema import Impact, IncidentPhase, Snapshot, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "yandex-cloud" / "yandex-cloud"
SITE = "https://status.yandex.cloud"


def read(incidents: bytes) -> Snapshot:
    return yandex_cloud.parse({"incidents": incidents}, url=SITE, read_at=datetime(2026, 9, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("url", "language"),
    [(SITE, "ru"), (f"{SITE}/api", "ru"), (f"{SITE}/ru/dashboard", "ru"), (f"{SITE}/en", "en")],
)
def test_what_is_asked_for(url: str, language: str) -> None:
    asked = yandex_cloud.wanted(url)
    assert asked["incidents"].url == f"{SITE}/api/incidents?installation=all&lang={language}"
    assert asked["services"].url == f"{SITE}/api/services?installation=all&lang={language}"


@pytest.mark.parametrize(
    ("status", "comments", "phase"),
    [
        ("open", [], "unknown"),
        ("open", ["investigation", "update"], "investigating"),
        ("open", ["investigation", "resolved"], "monitoring"),
        ("open", ["resolved", "update"], "monitoring"),
        ("resolved", ["investigation"], "resolved"),
        ("withReport", ["resolved"], "postmortem"),
    ],
)
def test_it_is_open_as_long_as_its_status_says_so(status: str, comments: list[str], phase: str) -> None:
    told = [{"id": n, "type": t, "createdAt": f"2026-02-03T0{n}:00:00Z"} for n, t in enumerate(comments)]
    record = {"id": 1, "title": "Letters", "status": status, "endDate": "2026-02-03T09:00:00Z", "comments": told}
    (incident,) = read(json.dumps({"items": [record], "count": 1}).encode()).incidents
    assert incident.phase == phase


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded pages")
def test_the_recorded_list() -> None:
    snapshot = read((RECORDED / "incidents.json").read_bytes())
    assert snapshot.status == Status.DEGRADED
    assert snapshot.components is None
    assert len(snapshot.incidents) == 20
    newest = snapshot.incidents[0]
    assert newest.id == "1014"
    assert newest.title == "Проблема с сетью у новых виртуальных машин"
    assert (newest.phase, newest.impact, newest.resolved_at) == (IncidentPhase.MONITORING, Impact.MINOR, None)
    assert [one.id for one in newest.updates] == ["1490", "1491", "1492"]
    assert newest.component_ids == ("2", "3")
    assert all(one.resolved_at and one.phase in ("resolved", "postmortem") for one in snapshot.incidents[1:])
    assert sum(one.phase == "postmortem" for one in snapshot.incidents) == 4
