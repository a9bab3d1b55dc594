"""Better Stack: how far a maintenance is, and the recorded page."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standins.cases import whole

from adapters import betterstack
from adapters.schema import Impact, IncidentPhase, MaintenancePhase, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "betterstack"
NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
EARLIER = datetime(2026, 2, 3, 11, tzinfo=UTC)
LATER = datetime(2026, 2, 3, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("starts_at", "statuses", "phase"),
    [
        (LATER, {Status.OPERATIONAL}, MaintenancePhase.SCHEDULED),
        (LATER, {Status.MAJOR_OUTAGE}, MaintenancePhase.SCHEDULED),
        (LATER, set(), MaintenancePhase.SCHEDULED),
        (LATER, {Status.MAINTENANCE}, MaintenancePhase.IN_PROGRESS),
        (EARLIER, {Status.MAINTENANCE, Status.OPERATIONAL}, MaintenancePhase.IN_PROGRESS),
        (EARLIER, {Status.OPERATIONAL}, MaintenancePhase.SCHEDULED),
        (EARLIER, {Status.MAJOR_OUTAGE, Status.OPERATIONAL}, MaintenancePhase.IN_PROGRESS),
        (EARLIER, {Status.UNKNOWN}, MaintenancePhase.IN_PROGRESS),
        (EARLIER, set(), MaintenancePhase.IN_PROGRESS),
        (None, {Status.MAINTENANCE}, MaintenancePhase.IN_PROGRESS),
        (None, {Status.OPERATIONAL}, MaintenancePhase.UNKNOWN),
    ],
)
def test_how_far_a_maintenance_is(
    starts_at: datetime | None, statuses: set[Status], phase: MaintenancePhase
) -> None:
    assert betterstack._how_far(starts_at, NOW, statuses) == phase


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded pages")
@pytest.mark.parametrize("read_at", [datetime(2026, 7, 19, 13, 16, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)])
def test_the_recorded_page(read_at: datetime) -> None:
    documents = {"index": (RECORDED / "huggingface" / "index-major.json").read_bytes()}
    page = betterstack.parse(documents, url="https://status.huggingface.co", read_at=read_at)
    assert (page.provider.name, page.page_id, page.status) == ("Hugging Face", "124692", Status.MAJOR_OUTAGE)
    assert page.components is not None
    assert len(page.components) == 8
    (down,) = [one for one in page.components if one.status != Status.OPERATIONAL]
    assert (down.name, down.group, down.status) == ("Spaces Proxy", "Spaces", Status.MAJOR_OUTAGE)
    assert [(one.id, one.phase, one.impact) for one in page.incidents] == [
        ("965809", IncidentPhase.RESOLVED, Impact.CRITICAL),
        ("939240", IncidentPhase.RESOLVED, Impact.MINOR),
        ("919822", IncidentPhase.RESOLVED, Impact.MINOR),
    ]
    hub = page.incidents[0]
    assert hub.title == "Hub unavailable"
    assert hub.resolved_at == datetime(2026, 7, 16, 10, 7, tzinfo=UTC)
    assert [one.id for one in hub.updates] == ["5410504", "5410587", "5410962"]
    assert hub.component_ids == ("84641", "84642", "8379104")
    assert [(one.id, one.phase, len(one.updates)) for one in page.maintenances] == [
        ("961899", MaintenancePhase.SCHEDULED, 1),
        ("946090", MaintenancePhase.COMPLETED, 2),
    ]
    assert page.coverage.active_incidents
    assert page.coverage.past_incidents


@pytest.mark.parametrize("junk", [[], {}, 1])
def test_a_status_that_is_no_word(junk: object) -> None:
    page = json.loads(whole("betterstack")["index"])
    for record in page["included"]:
        for affected in record["attributes"].get("affected_resources") or []:
            affected["status"] = junk
    documents = {"index": json.dumps(page).encode()}
    read_at = datetime(2026, 1, 1, tzinfo=UTC)
    assert betterstack.parse(documents, url="https://status.example.com", read_at=read_at).incidents
