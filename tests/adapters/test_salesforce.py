"""Salesforce Trust: what is asked for, how keys are read, and the recorded instances."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters import named, salesforce
from adapters.schema import Impact, IncidentPhase, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "salesforce-trust" / "salesforce"
PREVIEW, ACTIVE = "instances/status/preview", "incidents/active"


@pytest.mark.parametrize(
    ("url", "documents"),
    [
        ("https://status.salesforce.com", [PREVIEW, ACTIVE]),
        ("https://status.salesforce.com/instances/NA100", ["instances/NA100/status"]),
        ("https://status.salesforce.com/products/Heroku", [f"{PREVIEW}?products=Heroku", ACTIVE]),
        ("https://api.status.salesforce.com/v1/instances/NA100/status", ["instances/NA100/status"]),
        ("https://api.status.salesforce.com/v1/instances/status/preview", [PREVIEW, ACTIVE]),
    ],
)
def test_what_is_asked_for(url: str, documents: list[str]) -> None:
    found = [one.url for one in salesforce.wanted(url).values()]
    assert found == [f"https://api.status.salesforce.com/v1/{one}" for one in documents]


def test_a_copy_has_its_api_beside_it() -> None:
    found = salesforce.wanted("http://127.0.0.1:8080")["instances"]
    assert found.url == "http://127.0.0.1:8080/v1/instances/status/preview"


def test_names() -> None:
    assert named("Salesforce") is named("salesforce-trust") is named("Salesforce Trust") is salesforce.ADAPTER


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded pages")
def test_the_recorded_instances() -> None:
    snapshot = salesforce.parse(
        {"instances": (RECORDED / "instances-status-preview.json").read_bytes()},
        url="https://status.salesforce.com",
        read_at=datetime(2020, 7, 30, tzinfo=UTC),
    )
    assert snapshot.status == Status.DEGRADED
    assert snapshot.components is not None
    assert len(snapshot.components) == 1528
    assert [one.id for one in snapshot.components if one.status != Status.OPERATIONAL] == ["NA137"]
    (incident,) = snapshot.incidents
    assert incident.id == "5968"
    assert incident.title == "Performance degradation asynchronous processing subset"
    assert (incident.phase, incident.impact) == (IncidentPhase.UNKNOWN, Impact.MINOR)
    assert incident.component_ids == ("NA137",)
    assert incident.started_at == datetime(2020, 7, 29, 16, 8, tzinfo=UTC)
    assert incident.url == "https://status.salesforce.com/incidents/5968"
