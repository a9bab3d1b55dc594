"""Gatus: the last result counts, and the answers in its own tests."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters import gatus
from adapters.schema import Snapshot, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "gatus" / "gatus-tests"
READ_AT = datetime(2026, 1, 1, tzinfo=UTC)


def read(endpoints: bytes, suites: bytes = b"null") -> Snapshot:
    documents = {"endpoints": endpoints, "suites": suites}
    return gatus.parse(documents, url="https://health.quillpost.example", read_at=READ_AT)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([True, True], Status.OPERATIONAL),
        ([True, False], Status.MAJOR_OUTAGE),
        ([False, True], Status.OPERATIONAL),
        ([True, "no"], Status.UNKNOWN),
        ([True, None], Status.UNKNOWN),
        ([], Status.UNKNOWN),
    ],
)
def test_the_last_result_counts(results: list[object], expected: Status) -> None:
    endpoint = {"name": "Parcels", "key": "post_parcels", "results": [{"success": one} for one in results]}
    found = read(json.dumps([endpoint]).encode())
    assert found.components is not None
    assert [one.status for one in found.components] == [expected]
    assert found.status == expected


@pytest.mark.skipif(not RECORDED.exists(), reason="no recordings here")
@pytest.mark.parametrize("number", [1, 2])
def test_the_recorded_answers(number: int) -> None:
    endpoints = (RECORDED / f"endpoints-statuses-{number}.json").read_bytes()
    found = read(endpoints, (RECORDED / "suites-statuses-1.json").read_bytes())
    assert found.components is not None
    assert [(one.id, one.name, one.group, one.status) for one in found.components] == [
        ("group_name", "name", "group", Status.MAJOR_OUTAGE),
        ("suite/suite-group_test-suite", "test-suite", "suite-group", Status.MAJOR_OUTAGE),
    ]
    assert not found.incidents
