"""Checkly: where a page's slug stands, whom an incident hits, and the recorded documents."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standins.getter import Served

from adapters import checkly
from adapters.fetch import AdapterError
from adapters.schema import Impact, IncidentPhase, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "checkly" / "mistral"
READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
HOST = "https://status.quillpost.example"
AT_CHECKLY = "https://quillpost.checkly-status-page.com"


@pytest.mark.parametrize(
    ("url", "html", "place"),
    [
        (f"{HOST}/api/status-page/post", "", f"{HOST}/api/status-page/post"),
        (f"{HOST}/api/status-page/post/unresolved-incidents", "", f"{HOST}/api/status-page/post"),
        (AT_CHECKLY, "", f"{AT_CHECKLY}/api/status-page/quillpost"),
        (HOST, '{"maintenance-windows-post":4}', f"{HOST}/api/status-page/post"),
        (HOST, "fetch('/api/status-page/post/uptime')", f"{HOST}/api/status-page/post"),
    ],
)
async def test_where_the_slug_stands(url: str, html: str, place: str) -> None:
    assert await checkly.locate(url, Served(other=html)) == place


async def test_a_page_without_a_slug() -> None:
    with pytest.raises(AdapterError, match="names no slug"):
        await checkly.locate(HOST, Served(other='<a href="/docs/maintenance-windows-explained.html">'))


@pytest.mark.parametrize(
    ("incidents", "parcels", "shop"),
    [
        ([], Status.OPERATIONAL, Status.OPERATIONAL),
        ([("MINOR", "p")], Status.DEGRADED, Status.OPERATIONAL),
        ([("MEDIUM", "p"), ("CRITICAL", "p")], Status.MAJOR_OUTAGE, Status.OPERATIONAL),
        ([("MAJOR", "s"), ("PURPLE", "p")], Status.DEGRADED, Status.PARTIAL_OUTAGE),
        ([("MAJOR", "s"), ("MINOR", None)], Status.UNKNOWN, Status.PARTIAL_OUTAGE),
    ],
)
def test_whom_an_incident_hits(incidents: list[tuple[str, str | None]], parcels: Status, shop: Status) -> None:
    listed = [
        {"id": f"i{number}", "name": "Trouble", "severity": severity, "services": service and [{"id": service}]}
        for number, (severity, service) in enumerate(incidents)
    ]
    groups = [{"name": "All", "services": [{"id": "p", "name": "Parcels"}, {"id": "s", "name": "Shop"}]}]
    documents = {
        "incidents": json.dumps({"incidents": listed}).encode(),
        "uptime": json.dumps({"metadata": groups}).encode(),
    }
    found = checkly.parse(documents, url=HOST, read_at=READ_AT)
    assert found.components is not None
    assert [one.status for one in found.components] == [parcels, shop]


@pytest.mark.skipif(not RECORDED.exists(), reason="no recordings here")
def test_the_recorded_documents() -> None:
    documents = {"incidents": (RECORDED / "unresolved-incidents-20260727.json").read_bytes()}
    found = checkly.parse(documents, url="https://status.mistral.ai", read_at=READ_AT)
    assert (found.status, found.components) == (Status.DEGRADED, None)
    (incident,) = found.incidents
    assert (incident.id, incident.title) == ("b3e1006c-c3a7-4b1b-8628-3e364b2e3c71", "Audio API Degraded")
    assert (incident.phase, incident.impact) == (IncidentPhase.INVESTIGATING, Impact.MINOR)
    assert incident.url == "https://status.mistral.ai/incident/b3e1006c-c3a7-4b1b-8628-3e364b2e3c71"
    assert incident.started_at == datetime(2026, 7, 27, 14, 32, 53, 607000, tzinfo=UTC)
    assert [one.id for one in incident.updates] == ["1013e42b-acb1-4026-bdf8-905de6aec21f"]
    documents = {"incidents": (RECORDED / "unresolved-incidents-empty.json").read_bytes()}
    found = checkly.parse(documents, url="https://status.mistral.ai", read_at=READ_AT)
    assert (found.status, found.incidents) == (Status.OPERATIONAL, ())
    assert found.coverage.active_incidents
