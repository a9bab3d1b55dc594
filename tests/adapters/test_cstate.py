"""cState: times as Go prints them, and what its template breaks."""

import json
from datetime import UTC, datetime

import pytest

from adapters import cstate
from adapters.schema import Impact, IncidentPhase, MaintenancePhase, rfc3339

READ_AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2026-03-04 05:06:07 +0000 UTC", "2026-03-04T05:06:07Z"),
        ("2026-03-04 05:06:07 +0200 CEST", "2026-03-04T03:06:07Z"),
        ("2026-03-04 05:06:07 +0200 +0200", "2026-03-04T03:06:07Z"),
        ("2026-03-04 05:06:07 -0330 -0330", "2026-03-04T08:36:07Z"),
        ("2026-03-04 05:06:07.123456789 +0000 UTC", "2026-03-04T05:06:07.123456Z"),
        ("2026-03-04T05:06:07.482Z", "2026-03-04T05:06:07.482000Z"),
        ("2026-03-04 05:06:07", "2026-03-04T05:06:07Z"),
        ("2026-03-04 05:06", "2026-03-04T05:06:00Z"),
        ("2026-03-04", "2026-03-04T00:00:00Z"),
        ("0001-01-01 00:00:00 +0000 UTC", None),
        ("2017-02-30 14:30:00", None),
        ("<no value>", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_as_go_prints_it(told: object, meant: str | None) -> None:
    found = cstate._moment(told)
    assert (rfc3339(found) if found else None) == meant


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ('  "title": "He said "no"",', '  "title": "He said \\"no\\"",'),
        ('"title": "Plain"', '"title": "Plain"'),
        ('"title": "Already \\"so\\"",', '"title": "Already \\"so\\"",'),
        ('"affected": ["A", "B"],', '"affected": ["A", "B"],'),
        ('"description": "Two', '"description": "Two'),
    ],
)
def test_a_line_is_mended(line: str, mended: str) -> None:
    assert cstate._mended(line) == mended


def issue(**more: object) -> dict[str, object]:
    return {
        "is": "issue",
        "title": "Fog",
        "createdAt": "2026-01-01 06:00:00 +0000 UTC",
        "permalink": "https://status.quillpost.example/issues/fog/",
        "severity": "down",
        "resolved": False,
    } | more


def index(*issues: dict[str, object]) -> bytes:
    systems = [{"name": "Website", "status": "down", "unresolvedIssues": issues}]
    return json.dumps({"is": "index", "cStateVersion": "6.0", "title": "Quillpost", "systems": systems}).encode()


def test_a_list_that_is_beyond_mending_leaves_the_issues_of_the_systems() -> None:
    snapshot = cstate.parse({"index": index(issue()), "issues": b"{oh"}, url="https://s.example", read_at=READ_AT)
    assert [(one.id, one.impact, one.phase) for one in snapshot.incidents] == [
        ("fog", Impact.CRITICAL, IncidentPhase.UNKNOWN)
    ]
    assert snapshot.coverage.active_incidents
    assert not snapshot.coverage.past_incidents


def test_an_id_outlives_a_move_to_another_host_and_an_edit() -> None:
    moved = issue(permalink="/issues/fog/", title="Thick fog", severity="notice", resolved="true")
    snapshot = cstate.parse({"index": index(moved)}, url="https://s.example", read_at=READ_AT)
    assert [(one.id, one.phase, one.url) for one in snapshot.maintenances] == [
        ("fog", MaintenancePhase.COMPLETED, None)
    ]


def test_only_so_many_issues_that_are_over() -> None:
    pages = [issue(permalink=f"/issues/{number}/", resolved=number > 2) for number in range(300)]
    documents = {"index": index(), "issues": json.dumps({"is": "issues", "pages": pages}).encode()}
    snapshot = cstate.parse(documents, url="https://s.example", read_at=READ_AT)
    assert len(snapshot.incidents) == 3 + cstate.MOST_PAST
