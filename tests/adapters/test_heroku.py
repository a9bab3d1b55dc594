"""Heroku's status page: the recorded document, and what is over."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import heroku
from adapters.schema import Impact, IncidentPhase, Snapshot, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "heroku-v4" / "heroku"
BEGAN, ENDED = "2026-02-03T10:00:00Z", "2026-02-03T11:00:00Z"


def read(current: bytes) -> Snapshot:
    return heroku.parse(
        {"current-status": current}, url="https://status.heroku.com", read_at=datetime(2026, 9, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("fields", "types", "phase", "ended"),
    [
        ({"state": "open"}, [], "unknown", None),
        ({"state": "open"}, ["investigating", "update"], "investigating", None),
        ({"state": "open"}, ["monitoring", "resolved", "update"], "monitoring", None),
        ({"state": "resolved", "resolved": False}, ["issue", "resolved"], "resolved", 1),
        ({"state": "resolved", "resolved": False}, ["issue"], "resolved", None),
        ({"state": "open", "resolved": True}, ["issue"], "resolved", None),
        ({"resolved_at": ENDED}, ["issue"], "resolved", 11),
        ({}, ["issue", "resolved"], "resolved", 1),
    ],
)
def test_how_far_an_incident_is(fields: dict[str, Any], types: list[str], phase: str, ended: int | None) -> None:
    updates = [{"id": n, "created_at": f"2026-02-03T0{n}:00:00Z", "update_type": t} for n, t in enumerate(types)]
    record = {"id": 1, "title": "Letters", "created_at": BEGAN, "updates": updates[::-1], **fields}
    page = {"status": [{"system": "Apps", "status": "yellow"}], "incidents": [record]}
    (incident,) = read(json.dumps(page).encode()).incidents
    assert incident.phase == phase
    assert incident.resolved_at == (ended and datetime(2026, 2, 3, ended, tzinfo=UTC))


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded pages")
def test_the_recorded_document() -> None:
    snapshot = read((RECORDED / "current-status-incident.json").read_bytes())
    assert snapshot.status == Status.DEGRADED
    assert [(one.id, one.status) for one in snapshot.components or ()] == [
        ("Apps", Status.DEGRADED),
        ("Data", Status.DEGRADED),
        ("Tools", Status.DEGRADED),
    ]
    (incident,) = snapshot.incidents
    assert incident.id == "1918"
    assert incident.title == "Connection timeouts to applications and Heroku Postgres"
    assert (incident.phase, incident.impact) == (IncidentPhase.IDENTIFIED, Impact.MINOR)
    assert [(one.id, one.phase) for one in incident.updates] == [("6090", "investigating"), ("6091", "identified")]
    assert incident.url == "https://status.heroku.com/incidents/1918"
    assert snapshot.coverage.active_maintenances
