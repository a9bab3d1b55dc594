"""Google's dashboards: where their documents are, what of the list is told, and the recorded list."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import google, google_cloud, google_workspace
from adapters.address import normalize_url
from adapters.google import MOST_PAST
from adapters.reader import DocumentReader
from adapters.schema import Impact, Incident, IncidentPhase, Snapshot, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "gcp" / "google-cloud"
READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
PRODUCTS = json.dumps({"products": [{"id": "A", "title": "Quarry Compute"}]}).encode()


def read(incidents: bytes, products: bytes | None = None, at: datetime = READ_AT) -> Snapshot:
    documents = {"incidents": incidents} | ({} if products is None else {"products": products})
    return google_cloud.parse(documents, url="https://status.cloud.google.com", read_at=at)


def one(**fields: Any) -> tuple[Incident | None, Status]:
    record = {"id": "X", "external_desc": "Errors", "affected_products": [{"id": "A"}, {"id": "B"}], **fields}
    found = read(json.dumps([record]).encode(), PRODUCTS)
    assert found.components is not None
    return found.incidents[0] if found.incidents else None, found.components[0].status


@pytest.mark.parametrize(
    ("pasted", "place"),
    [
        ("https://status.cloud.google.com/", "https://status.cloud.google.com"),
        ("https://status.cloud.google.com/summary", "https://status.cloud.google.com"),
        ("https://status.cloud.google.com/incidents.json", "https://status.cloud.google.com"),
        ("https://status.cloud.google.com/incidents/TaA75H7XA1DQyM2ReK2f", "https://status.cloud.google.com"),
        ("https://status.cloud.google.com/regional/americas", "https://status.cloud.google.com"),
        ("https://status.cloud.google.com/en/feed.atom", "https://status.cloud.google.com"),
        ("https://status.cloud.google.com/maps-platform", "https://status.cloud.google.com/maps-platform"),
        ("https://ads.google.com/status/publisher/summary", "https://ads.google.com/status/publisher"),
    ],
)
def test_where_the_documents_of_a_dashboard_are(pasted: str, place: str) -> None:
    assert google.place_of(normalize_url(pasted)) == place


@pytest.mark.parametrize("path", ["", "/appsstatus", "/appsstatus/dashboard/", "/appsstatus/dashboard/summary"])
def test_where_the_documents_of_workspace_are(path: str) -> None:
    assert isinstance(google_workspace.ADAPTER.read, DocumentReader)
    documents = google_workspace.ADAPTER.read.documents(normalize_url(f"https://www.google.com{path}"))
    assert documents["incidents"].url == "https://www.google.com/appsstatus/dashboard/incidents.json"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://status.cloud.google.com", "Google Cloud"),
        ("https://status.cloud.google.com/maps-platform", "Google Maps Platform"),
        ("https://status.firebase.google.com/summary", "Firebase"),
        ("https://ads.google.com/status/publisher", "Google Ads"),
        ("http://127.0.0.1:8000", "Google Cloud"),
    ],
)
def test_no_document_names_its_dashboard(url: str, name: str) -> None:
    document = json.dumps([{"id": "X", "external_desc": "Errors"}]).encode()
    assert google_cloud.parse({"incidents": document}, url=url, read_at=READ_AT).provider.name == name


@pytest.mark.parametrize(
    ("fields", "impact", "status"),
    [
        ({"status_impact": "SERVICE_INFORMATION"}, Impact.MINOR, Status.DEGRADED),
        ({"status_impact": "SERVICE_DISRUPTION", "severity": "high"}, Impact.MAJOR, Status.PARTIAL_OUTAGE),
        ({"status_impact": "SERVICE_OUTAGE"}, Impact.CRITICAL, Status.MAJOR_OUTAGE),
        ({"severity": "medium"}, Impact.MAJOR, Status.PARTIAL_OUTAGE),
        ({}, Impact.UNKNOWN, Status.DEGRADED),
    ],
)
def test_a_product_is_as_bad_as_the_incident_that_names_it(
    fields: dict[str, Any], impact: Impact, status: Status
) -> None:
    incident, product = one(**fields)
    assert incident is not None
    assert (incident.impact, product, incident.component_ids) == (impact, status, ("A",))
    assert incident.phase == IncidentPhase.UNKNOWN


@pytest.mark.parametrize(
    ("described", "title"),
    [
        ("Elevated errors", "Elevated errors"),
        ("**Title:**\nElevated errors\n\n**Description:**\nThey rise.", "Elevated errors"),
        ("**Summary**: Elevated errors", "Elevated errors"),
        ("# Summary\r\n\r\nElevated errors", "Elevated errors"),
        ("Summary: Elevated errors\nThey rise.", "Elevated errors"),
        ("Summary pages fail", "Summary pages fail"),
        ("**Elevated** errors: title: x", "**Elevated** errors: title: x"),
        ("**Title:**", "Quarry Compute"),
        (None, "Quarry Compute"),
    ],
)
def test_a_description_may_be_a_whole_text(described: str | None, title: str) -> None:
    incident, _ = one(external_desc=described, service_name="Quarry Compute")
    assert incident is not None
    assert incident.title == title


@pytest.mark.parametrize(
    ("fields", "phase"),
    [
        ({"end": "2025-12-30T00:00:00+00:00"}, IncidentPhase.RESOLVED),
        ({"end": "2022-09-01T00:00:00+00:00"}, IncidentPhase.RESOLVED),
        ({"begin": "2025-02-01T00:00:00+00:00"}, IncidentPhase.UNKNOWN),
        ({"end": ""}, IncidentPhase.UNKNOWN),
        ({"end": None}, IncidentPhase.UNKNOWN),
        ({"updates": [{"status": "AVAILABLE", "when": "2025-12-30T00:00:00Z"}]}, IncidentPhase.RESOLVED),
    ],
)
def test_what_is_told(fields: dict[str, Any], phase: IncidentPhase) -> None:
    incident, product = one(status_impact="SERVICE_OUTAGE", **fields)
    assert incident is not None
    assert incident.phase == phase
    assert product == (Status.MAJOR_OUTAGE if phase == IncidentPhase.UNKNOWN else Status.OPERATIONAL)


@pytest.mark.skipif(not RECORDED.exists(), reason="no recordings here")
def test_the_recorded_list() -> None:
    document = (RECORDED / "incidents-2022-07.json").read_bytes()
    read_at = datetime(2022, 7, 2, tzinfo=UTC)
    found = read(document, at=read_at)
    assert (found.status, found.components) == (Status.OPERATIONAL, None)
    assert len(found.incidents) == MOST_PAST
    first = found.incidents[0]
    assert first.title == "[Google BigQuery] Lower throughput from the Read API"
    assert (first.impact, first.phase) == (Impact.MINOR, IncidentPhase.RESOLVED)
    assert first.resolved_at == datetime(2022, 7, 1, 19, 25, 45, tzinfo=UTC)
    assert first.url == "https://status.cloud.google.com/incidents/TaA75H7XA1DQyM2ReK2f"
    listed = {one["id"]: one for one in json.loads(document)}
    begun = sorted((datetime.fromisoformat(one["begin"]) for one in listed.values()), reverse=True)
    assert [one.started_at for one in found.incidents] == begun[:MOST_PAST]
    assert all(len(one.updates) == len(listed[one.id]["updates"]) for one in found.incidents)
    assert read(document).incidents == found.incidents
