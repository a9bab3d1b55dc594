"""AWS: what an event's codes make of it, and the recorded page."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import aws
from adapters.adapter import Page
from adapters.reader import DocumentReader
from adapters.schema import Impact, Incident, IncidentPhase, Snapshot, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "aws-currentevents" / "aws"
READ_AT = datetime(2026, 8, 1, tzinfo=UTC)
ARN = "arn:aws:health:eu-quarry-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/X"


def read(document: bytes, url: str = "https://health.aws.amazon.com/health/status") -> Snapshot:
    return aws.parse({"events": document}, url=url, read_at=READ_AT)


def event(**fields: Any) -> Incident:
    record = {"arn": ARN, "summary": "Increased Error Rates", "date": "1766000000", **fields}
    return read(json.dumps([record]).encode("utf-16")).incidents[0]


@pytest.mark.parametrize(
    ("fields", "impact", "phase"),
    [
        ({"status": "1"}, Impact.MINOR, IncidentPhase.UNKNOWN),
        ({"status": 2}, Impact.MAJOR, IncidentPhase.UNKNOWN),
        ({"status": "3"}, Impact.CRITICAL, IncidentPhase.UNKNOWN),
        ({"status": "0"}, Impact.NONE, IncidentPhase.RESOLVED),
        ({"status": "3", "summary": "[RESOLVED] Increased Error Rates"}, Impact.CRITICAL, IncidentPhase.RESOLVED),
        ({"status": "0", "event_log": [{"status": 2, "timestamp": 1}]}, Impact.MAJOR, IncidentPhase.RESOLVED),
        ({"status": "1", "event_log": [{"status": 3, "timestamp": 1}]}, Impact.MINOR, IncidentPhase.UNKNOWN),
        ({}, Impact.UNKNOWN, IncidentPhase.UNKNOWN),
        ({"status": None, "event_log": None}, Impact.UNKNOWN, IncidentPhase.UNKNOWN),
    ],
)
def test_how_bad_and_how_far(fields: dict[str, Any], impact: Impact, phase: IncidentPhase) -> None:
    found = event(**fields)
    assert (found.impact, found.phase, found.title) == (impact, phase, "Increased Error Rates")


@pytest.mark.parametrize(
    "url",
    [
        "https://health.aws.amazon.com",
        "https://health.aws.amazon.com/health/status",
        "https://health.aws.amazon.com/public/currentevents",
    ],
)
def test_the_document_stands_at_the_root_of_the_host(url: str) -> None:
    assert isinstance(aws.ADAPTER.read, DocumentReader)
    (document,) = aws.ADAPTER.read.documents(Page(url=url, now=READ_AT).url).values()
    assert document.url == "https://health.aws.amazon.com/public/currentevents"


def test_an_empty_list_is_a_page_on_which_all_is_well() -> None:
    assert read("[]".encode("utf-16")).status == Status.OPERATIONAL


@pytest.mark.skipif(not RECORDED.exists(), reason="no recordings here")
def test_the_recorded_page() -> None:
    found = read((RECORDED / "currentevents-utf16.json").read_bytes())
    assert found.status == Status.MAJOR_OUTAGE
    assert found.components is None
    assert [one.title for one in found.incidents] == [
        "Increased Error Rates – Multiple services (Bahrain)",
        "Increased Error Rates – Multiple services (UAE)",
    ]
    assert [len(one.updates) for one in found.incidents] == [13, 23]
    assert {one.impact for one in found.incidents} == {Impact.CRITICAL}
    assert {one.phase for one in found.incidents} == {IncidentPhase.UNKNOWN}
    assert found.incidents[1].started_at == datetime(2026, 3, 1, 12, 51, 25, tzinfo=UTC)
    assert found.incidents[1].updates[0].body.startswith("We are investigating issues with AWS services")
    assert all("&nbsp" not in update.body for one in found.incidents for update in one.updates)
