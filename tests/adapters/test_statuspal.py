"""Statuspal: where the API is, how deep services are nested, and the recorded pages."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standins.getter import Served

from adapters import statuspal
from adapters.adapter import Page
from adapters.fetch import AdapterError, Answer
from adapters.schema import Impact, IncidentPhase, MaintenancePhase, Snapshot, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "statuspal" / "exoscale"
READ_AT = datetime(2026, 2, 3, tzinfo=UTC)
CUSTOM = "https://status.quillpost.example"


def api(host: str, name: str = "quillpost") -> str:
    return f"{host}/api/v2/status_pages/{name}/summary"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://quillpost.statuspal.io", api("https://statuspal.io")),
        ("https://quill-post.statuspal.eu", api("https://statuspal.eu", "quill-post")),
        ("https://statuspal.io/status_pages/quillpost", api("https://statuspal.io")),
        ("https://www.statuspal.eu/status_pages/quillpost", api("https://statuspal.eu")),
        ("http://127.0.0.1:8080/status_pages/quillpost", api("http://127.0.0.1:8080")),
    ],
)
async def test_an_address_that_names_the_page(url: str, place: str) -> None:
    getter = Served()
    assert await statuspal.locate(url, getter) == place
    assert not getter.asked


@pytest.mark.parametrize(
    ("html", "place"),
    [
        (
            '<script>fetch("https://statuspal.eu/api/v2/status_pages/quillpost/status")',
            api("https://statuspal.eu"),
        ),
        ('<a href="https://statuspal.io/status_pages/quillpost">', api("https://statuspal.io")),
        ('<body data-subdomain="Quillpost"><a href="https://statuspal.io">', api("https://statuspal.io")),
        ("{subdomain: 'quillpost', by: 'Statuspal'}", api("https://statuspal.io")),
        (
            '<a href="https://www.statuspal.io"><a href="https://quillpost.statuspal.eu/x">',
            api("https://statuspal.eu"),
        ),
    ],
)
async def test_a_page_whose_html_names_its_subdomain(html: str, place: str) -> None:
    assert await statuspal.locate(CUSTOM, Served(other=html)) == place


@pytest.mark.parametrize(
    "getter",
    [
        Served(other="<html>nothing</html>"),
        Served(other='{"subdomain":"quillpost"}'),
        Served(other='<a href="https://www.statuspal.io">Powered by Statuspal</a>'),
        Served(other=Answer(404, CUSTOM, b'<a href="https://quillpost.statuspal.io">')),
    ],
)
async def test_html_that_names_no_page(getter: Served) -> None:
    with pytest.raises(AdapterError, match="names no subdomain"):
        await statuspal.locate(CUSTOM, getter)


async def test_the_api_s_address_is_the_page_s() -> None:
    calm = {"status_page": {"current_incident_type": None}, "services": [], "incidents": []}
    getter = Served(other=calm)
    reading = await statuspal.ADAPTER.read(Page(url=api("https://statuspal.eu"), now=READ_AT), getter)
    assert getter.asked == [api("https://statuspal.eu")]
    assert reading.snapshot is not None
    assert reading.snapshot.provider.url == "https://statuspal.eu/status_pages/quillpost"


def read(document: dict[str, Any]) -> Snapshot:
    return statuspal.parse({"summary": json.dumps(document).encode()}, url=CUSTOM, read_at=READ_AT)


def test_services_nested_deeply() -> None:
    service: dict[str, Any] = {"id": 0, "name": "s"}
    for depth in range(1, 300):
        service = {"id": depth, "name": "s", "children": [service]}
    page = read({"status_page": {"current_incident_type": None}, "services": [service], "incidents": []})
    assert page.components is not None
    assert len(page.components) == 300
    assert page.components[-1].group == " / ".join("s" * 299)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded pages")
def test_the_recorded_pages() -> None:
    calm = recorded("operational")
    assert (calm.provider.name, calm.page_id, calm.status) == ("Exoscale", "exoscalestatus", Status.OPERATIONAL)
    assert calm.components is not None
    assert len(calm.components) == 52
    assert {one.status for one in calm.components} == {Status.OPERATIONAL}
    (planned,) = calm.maintenances
    assert (planned.id, planned.phase) == ("80061", MaintenancePhase.SCHEDULED)
    assert planned.starts_at == datetime(2023, 9, 20, 7, tzinfo=UTC)

    slow = recorded("network-degraded")
    assert slow.status == Status.DEGRADED
    assert slow.components is not None
    assert Counter(one.status for one in slow.components) == {Status.OPERATIONAL: 81, Status.DEGRADED: 2}
    (incident,) = slow.incidents
    assert (incident.phase, incident.impact) == (IncidentPhase.MONITORING, Impact.MINOR)
    assert [one.id for one in incident.updates] == ["418165", "418175"]
    assert incident.component_ids == ("10331", "27451")
    assert incident.url == "https://exoscalestatus.com/incidents/198647"

    noted = recorded("recent-incident-closed")
    assert noted.status == Status.DEGRADED
    (incident,) = noted.incidents
    assert (incident.phase, incident.impact) == (IncidentPhase.INVESTIGATING, Impact.MINOR)
    assert incident.title == "[AT-VIE-2] Network connectivity issue"


def recorded(name: str) -> Snapshot:
    document = (RECORDED / f"summary-exoscale-{name}.json").read_bytes()
    return statuspal.parse({"summary": document}, url="https://exoscalestatus.com", read_at=READ_AT)
