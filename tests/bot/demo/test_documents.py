"""The demo's page: at each step what a Statuspage page would hold, quirks included."""

from typing import Any

import pytest

from bot.demo import Scenario, documents, load
from bot.demo.documents import shows

LOGIN = "wqrzsb2dhryr"
PAST = ["bc4vlzlx8vfm", "3zfsdz4msf3s"]
STORY = load()


def summary(step: int) -> dict[str, Any]:
    return documents(STORY, step)["/api/v2/summary.json"]


def ids(step: int, path: str, key: str = "incidents") -> list[str]:
    return [subject["id"] for subject in documents(STORY, step)[path][key]]


def main_application(step: int) -> str:
    status: str = summary(step)["components"][0]["status"]
    return status


def login(step: int) -> dict[str, Any]:
    return documents(STORY, step)[f"/incidents/{LOGIN}.json"]


def test_the_calm_page_has_seven_components_and_a_past() -> None:
    calm = summary(0)
    assert [c["status"] for c in calm["components"]] == ["operational"] * 7
    assert calm["status"] == {"indicator": "none", "description": "All Systems Operational"}
    assert calm["incidents"] == calm["scheduled_maintenances"] == []
    assert ids(0, "/api/v2/incidents.json") == PAST
    assert f"/incidents/{LOGIN}.json" not in documents(STORY, 0)


STEPS = [
    # step, phase, time, main application, indicator
    (1, "investigating", "2025-07-18T14:00:00.000-05:00", "partial_outage", "minor"),
    (2, "investigating", "2025-07-18T14:11:00.000-05:00", "partial_outage", "minor"),
    (3, "identified", "2025-07-18T14:44:00.000-05:00", "partial_outage", "minor"),
    (4, "monitoring", "2025-07-18T15:07:00.000-05:00", "degraded_performance", "minor"),
    (5, "resolved", "2025-07-18T15:14:00.000-05:00", "operational", "none"),
    (6, "postmortem", "2025-07-23T14:09:00.000-05:00", "operational", "none"),
]


@pytest.mark.parametrize(("step", "phase", "at", "application", "indicator"), STEPS)
def test_each_step(step: int, phase: str, at: str, application: str, indicator: str) -> None:
    incident = login(step)
    assert (incident["status"], incident["impact"], incident["started_at"]) == (phase, "major", STEPS[0][2])
    newest = incident["incident_updates"][0]
    assert (newest["status"], newest["created_at"], len(incident["incident_updates"])) == (phase, at, step)
    assert summary(step)["page"]["updated_at"] == at
    assert main_application(step) == application
    assert summary(step)["status"]["indicator"] == indicator
    assert ids(step, "/api/v2/incidents.json") == [LOGIN, *PAST]


@pytest.mark.parametrize("step", range(7))
def test_summary_holds_what_is_unresolved_and_nothing_else(step: int) -> None:
    expected = [LOGIN] if 1 <= step <= 4 else []
    assert ids(step, "/api/v2/summary.json") == ids(step, "/api/v2/incidents/unresolved.json") == expected


def test_a_postmortem_has_no_display_time_and_is_not_in_the_summary() -> None:
    newest, before = login(6)["incident_updates"][:2]
    assert newest["display_at"] is None
    assert newest["affected_components"] is None
    assert before["display_at"] == before["created_at"]
    assert login(6)["resolved_at"] == STEPS[4][2]
    assert shows(STORY, 6) == {"/api/v2/incidents.json", f"/incidents/{LOGIN}.json"}


def test_the_backdated_incident_was_posted_three_days_after_it_began() -> None:
    backdated = documents(STORY, 0)["/incidents/bc4vlzlx8vfm.json"]
    assert backdated["started_at"] == "2025-07-05T15:27:00.000-05:00"
    assert backdated["created_at"] == backdated["resolved_at"] == "2025-07-08T10:22:00.000-05:00"
    assert backdated["status"] == "resolved"


def test_an_update_names_what_it_affects() -> None:
    (affected,) = login(1)["incident_updates"][0]["affected_components"]
    assert (affected["name"], affected["old_status"], affected["new_status"]) == (
        "Main Application",
        "operational",
        "partial_outage",
    )


def small(*steps: dict[str, Any]) -> Scenario:
    return Scenario.model_validate(
        {
            "page": {"id": "p", "name": "P", "url": "https://p.example"},
            "components": [{"id": "g", "name": "Group"}, {"id": "a", "name": "A", "group": "g"}],
            "steps": [{"at": f"2026-01-01T00:0{n}:00Z", **step} for n, step in enumerate(steps)],
        }
    )


def test_a_maintenance_leaves_the_summary_when_it_is_completed() -> None:
    window = {"scheduled_for": "2026-01-02T00:00:00Z", "scheduled_until": "2026-01-02T02:00:00Z"}
    story = small(
        {"subject": "m", "title": "Work", **window, "update": {"id": "1", "phase": "scheduled", "body": "x"}},
        {"subject": "m", "update": {"id": "2", "phase": "completed", "body": "y"}},
    )
    announced, completed = (documents(story, n) for n in (1, 2))
    (maintenance,) = announced["/api/v2/summary.json"]["scheduled_maintenances"]
    assert (maintenance["impact"], maintenance["scheduled_for"]) == ("maintenance", "2026-01-02T00:00:00.000Z")
    assert completed["/api/v2/summary.json"]["scheduled_maintenances"] == []
    assert completed["/api/v2/scheduled-maintenances.json"]["scheduled_maintenances"][0]["status"] == "completed"
    assert announced["/api/v2/incidents.json"]["incidents"] == []


def test_an_edit_keeps_the_update_and_a_removal_takes_the_incident() -> None:
    story = small(
        {"subject": "i", "title": "T", "update": {"id": "1", "phase": "investigating", "body": "before"}},
        {"subject": "i", "edits": {"1": "after"}},
        {"subject": "i", "remove": True},
    )
    (edited,) = documents(story, 2)["/incidents/i.json"]["incident_updates"]
    assert (edited["body"], edited["created_at"]) == ("after", "2026-01-01T00:00:00.000Z")
    assert "/incidents/i.json" not in documents(story, 3)


def test_a_reopened_incident_is_not_resolved_any_more() -> None:
    story = small(
        {"subject": "i", "title": "T", "update": {"id": "1", "phase": "resolved", "body": "x"}},
        {"subject": "i", "update": {"id": "2", "phase": "investigating", "body": "y"}},
    )
    assert documents(story, 2)["/incidents/i.json"]["resolved_at"] is None


def test_groups_know_their_members() -> None:
    group, member = documents(small({}), 0)["/api/v2/components.json"]["components"]
    assert (group["group"], group["components"], member["group_id"]) == (True, ["a"], "g")
