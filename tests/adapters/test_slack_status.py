"""Slack's status page: the recorded documents, and how services follow from what is active."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters import named, slack_status
from adapters.schema import Impact, IncidentPhase, Snapshot, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "slack-v2" / "slack"
CALM = b'{"status": "ok", "active_incidents": []}'


def read(current: bytes, history: bytes | None = None) -> Snapshot:
    documents = {"current": current} | ({} if history is None else {"history": history})
    return slack_status.parse(documents, url="https://slack-status.com", read_at=datetime(2026, 9, 1, tzinfo=UTC))


def states(snapshot: Snapshot) -> dict[str, Status]:
    return {one.id: one.status for one in snapshot.components or () if one.status != Status.OPERATIONAL}


@pytest.mark.parametrize(
    ("type_", "status", "whole"),
    [
        ("notice", None, Status.OPERATIONAL),
        ("incident", Status.DEGRADED, Status.DEGRADED),
        ("outage", Status.PARTIAL_OUTAGE, Status.PARTIAL_OUTAGE),
        ("never heard of", Status.DEGRADED, Status.DEGRADED),
    ],
)
def test_a_service_is_as_bad_as_the_type_says(type_: str, status: Status | None, whole: Status) -> None:
    one = {"id": 1, "title": "Letters", "type": type_, "status": "active", "services": ["Messaging"]}
    snapshot = read(json.dumps({"status": "active", "active_incidents": [one]}).encode())
    assert states(snapshot).get("Messaging") == status
    assert snapshot.status == whole


def test_names() -> None:
    assert named("Slack") is named("slack-v2") is slack_status.ADAPTER


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded pages")
def test_the_recorded_documents() -> None:
    snapshot = read((RECORDED / "current-incident.json").read_bytes())
    assert snapshot.status == Status.DEGRADED
    assert [(one.id, one.phase, one.impact) for one in snapshot.incidents] == [
        ("878", IncidentPhase.UNKNOWN, Impact.UNKNOWN),
        ("879", IncidentPhase.UNKNOWN, Impact.UNKNOWN),
    ]
    assert states(snapshot) == {"Notifications": Status.DEGRADED, "Apps/Integrations/APIs": Status.DEGRADED}
    assert snapshot.incidents[0].started_at == datetime(2020, 7, 30, 22, 12, 34, tzinfo=UTC)
    snapshot = read(CALM, (RECORDED / "history.json").read_bytes())
    assert [(one.id, len(one.updates), one.phase) for one in snapshot.incidents] == [
        ("1576", 6, "unknown"),
        ("1575", 3, "resolved"),
        ("1574", 3, "resolved"),
        ("1573", 5, "resolved"),
        ("1572", 3, "resolved"),
    ]
    assert snapshot.incidents[2].resolved_at == datetime(2026, 7, 28, 3, 43, 47, tzinfo=UTC)
    assert not any("<" in update.body for one in snapshot.incidents for update in one.updates)
