"""Zendesk's status page: what is open, and how bad."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters import zendesk
from adapters.schema import Snapshot, Status

ENDED = "2026-02-03T11:00:00Z"


def read(**said: Any) -> Snapshot:
    record = {"id": "1", "type": "incident", "attributes": {"name": "Letters", **said}}
    return zendesk.parse(
        {"incidents": json.dumps({"data": [record]}).encode()},
        url="https://status.zendesk.com",
        read_at=datetime(2026, 9, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("said", "phase"),
    [
        ({"status": "monitoring", "resolvedAt": ENDED}, "resolved"),
        ({"status": "monitoring", "resolved_at": ENDED}, "resolved"),
        ({"status": "monitoring", "resolvedAt": None}, "monitoring"),
        ({"status": "resolved", "resolvedAt": None}, "resolved"),
        ({}, "unknown"),
    ],
)
def test_its_end_decides_whether_it_is_over(said: dict[str, Any], phase: str) -> None:
    (incident,) = read(**said).incidents
    assert incident.phase == phase


@pytest.mark.parametrize(
    ("said", "impact", "status"),
    [
        ({"impact": "critical", "outage": True}, "critical", Status.MAJOR_OUTAGE),
        ({"impact": "", "outage": True}, "major", Status.PARTIAL_OUTAGE),
        ({"impact": None, "degradation": True}, "minor", Status.DEGRADED),
        ({"impact": "no impact"}, "none", Status.OPERATIONAL),
        ({}, "unknown", Status.DEGRADED),
        ({"impact": "critical", "resolvedAt": ENDED}, "critical", Status.OPERATIONAL),
    ],
)
def test_how_bad_it_is(said: dict[str, Any], impact: str, status: Status) -> None:
    snapshot = read(**said)
    assert snapshot.incidents[0].impact == impact
    assert snapshot.status == status
