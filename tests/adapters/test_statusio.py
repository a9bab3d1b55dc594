"""Status.io: where the API is, which containers stand on their own, and the recorded pages."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standins.getter import Served

from adapters import statusio
from adapters.fetch import AdapterError, Answer
from adapters.schema import Impact, IncidentPhase, MaintenancePhase, Snapshot, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "statusio"
READ_AT = datetime(2026, 2, 3, tzinfo=UTC)
SITE = "https://status.quillpost.example"
PAGE = "5f00aa11bb22cc33dd44ee55"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (f"https://api.status.io/1.0/status/{PAGE}", f"https://api.status.io/1.0/status/{PAGE}"),
        (f"http://127.0.0.1:8080/1.0/status/{PAGE}", f"http://127.0.0.1:8080/1.0/status/{PAGE}"),
        (f"https://status.io/pages/{PAGE}", f"https://api.status.io/1.0/status/{PAGE}"),
        (f"https://www.status.io/pages/{PAGE}", f"https://api.status.io/1.0/status/{PAGE}"),
        (f"https://quillpost.status.io/pages/history/{PAGE}", f"https://api.status.io/1.0/status/{PAGE}"),
        (
            f"https://s.quillpost.example/pages/incident/{PAGE}/{PAGE[::-1]}",
            f"https://api.status.io/1.0/status/{PAGE}",
        ),
    ],
)
async def test_an_address_that_names_the_page(url: str, place: str) -> None:
    getter = Served()
    assert await statusio.locate(url, getter) == place
    assert not getter.asked


@pytest.mark.parametrize(
    "html",
    [
        f'<a href="https://status.io/pages/{PAGE}">',
        f'<a href="/pages/history/{PAGE}">',
        f'<script>var statuspageId = "{PAGE}"</script>',
        f"<script>statusio_page_id: '{PAGE}'</script>",
        f'<body data-page-id="{PAGE}">',
        f'{{"statuspage_id":"{PAGE}"}}',
        f'<script>fetch("https://api.status.io/1.0/status/{PAGE}")</script>',
    ],
)
async def test_a_page_whose_html_names_its_id(html: str) -> None:
    getter = Served(other=html)
    assert await statusio.locate(SITE, getter) == f"{statusio.API}/1.0/status/{PAGE}"
    assert getter.asked == [SITE]


async def test_a_copy_of_a_page_has_its_api_beside_it() -> None:
    place = await statusio.locate("http://127.0.0.1:8080", Served(other=f'<a href="/pages/history/{PAGE}">'))
    assert place == f"http://127.0.0.1:8080/1.0/status/{PAGE}"


@pytest.mark.parametrize(
    "getter",
    [
        Served(other="<html>nothing</html>"),
        Served(other=Answer(404, SITE, f"/pages/{PAGE}".encode())),
        Served(other=f"/pages/{PAGE}ff"),
    ],
)
async def test_html_that_names_no_page(getter: Served) -> None:
    with pytest.raises(AdapterError, match="names no page id"):
        await statusio.locate(SITE, getter)


def read(result: dict[str, Any]) -> Snapshot:
    document = json.dumps({"result": result}).encode()
    return statusio.parse({"status": document}, url=SITE, read_at=READ_AT)


def test_a_container_that_is_down_is_not_hidden_by_its_component() -> None:
    containers = [{"id": "e", "name": "Europe", "status_code": 500}]
    component = {"id": "p", "name": "Parcels", "status_code": 100, "containers": containers}
    result = {"status_overall": {"status_code": 100}, "status": [component], "incidents": []}
    alone = read(result).components
    assert alone is not None
    assert [(one.id, one.status) for one in alone] == [("p", Status.MAJOR_OUTAGE)]
    containers.append({"id": "a", "name": "Oregon", "status_code": 100})
    parts = read(result).components
    assert parts is not None
    assert [(one.id, one.status) for one in parts] == [
        ("p", Status.MAJOR_OUTAGE),
        ("p/e", Status.MAJOR_OUTAGE),
        ("p/a", Status.OPERATIONAL),
    ]


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded pages")
def test_the_recorded_pages() -> None:
    documents = {"status": (RECORDED / "docker" / "status-partial.json").read_bytes()}
    docker = statusio.parse(documents, url="https://www.dockerstatus.com", read_at=READ_AT)
    assert docker.status == Status.PARTIAL_OUTAGE
    assert docker.components is not None
    assert len(docker.components) == 8
    assert {one.id for one in docker.components if one.status != Status.OPERATIONAL} == {
        "5342bc9420974b775d000008"
    }
    (incident,) = docker.incidents
    assert incident.id == "5f108cc06e9c9104c0553a46"
    assert incident.title == "Docker Hub automated builds issue"
    assert (incident.phase, incident.impact) == (IncidentPhase.INVESTIGATING, Impact.MAJOR)
    assert incident.started_at == datetime(2020, 7, 16, 17, 22, 8, 325000, tzinfo=UTC)
    assert incident.component_ids == ("5342bc9420974b775d000008",)
    documents = {"status": (RECORDED / "gitlab" / "status-maintenance.json").read_bytes()}
    gitlab = statusio.parse(documents, url="https://status.gitlab.com", read_at=READ_AT)
    assert gitlab.status == Status.MAINTENANCE
    assert gitlab.components is not None
    assert len(gitlab.components) == 15
    (incident,) = gitlab.incidents
    assert incident.title == "500 Error - User Notification Settings"
    assert (incident.phase, len(incident.updates)) == (IncidentPhase.IDENTIFIED, 2)
    (maintenance,) = gitlab.maintenances
    assert maintenance.phase == MaintenancePhase.IN_PROGRESS
    assert maintenance.ends_at == datetime(2020, 9, 7, 17, 55, tzinfo=UTC)
    assert [one.phase for one in maintenance.updates] == ["scheduled", "in_progress"]
