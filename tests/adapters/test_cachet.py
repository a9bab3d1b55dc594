"""Cachet: which version answers, what is listed whole, codes in any shape, and the recorded answers."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standins.getter import Served

from adapters import cachet
from adapters.schema import IncidentPhase, MaintenancePhase, Snapshot, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "cachet-v1" / "go-client-tests"
URL = "https://status.quillpost.example"
READ_AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("status", "place"), [(200, f"{URL}/api/v1"), (404, f"{URL}/api")])
async def test_which_version_answers(status: int, place: str) -> None:
    getter = Served(other=status)
    assert await cachet.locate(URL, getter) == place
    assert getter.asked == [f"{URL}/api/v1/components?per_page=500"]


def read(incidents: dict[str, Any], component: dict[str, Any]) -> Snapshot:
    whole = {"pagination": {"total_pages": 1}}
    documents = {
        "components": json.dumps({"meta": whole, "data": [component]}).encode(),
        "incidents": json.dumps(incidents).encode(),
    }
    return cachet.parse(documents, url=URL, read_at=READ_AT)


@pytest.mark.parametrize(
    ("meta", "links", "whole"),
    [
        ({"pagination": {"total_pages": 1}}, None, True),
        ({"pagination": {"total_pages": 0}}, None, True),
        ({"pagination": {"total_pages": 2}}, None, False),
        ({"pagination": {}}, None, False),
        ({"per_page": 100}, {"next": None}, True),
        ({"per_page": 100}, {"next": "https://status.quillpost.example/api/incidents?page=2"}, False),
        ({"per_page": 100}, {}, False),
        ({"per_page": 100}, None, False),
    ],
)
def test_whether_a_list_is_whole(meta: dict[str, Any], links: object, whole: bool) -> None:
    component = {"id": 1, "name": "Parcels", "status": 1}
    found = read({"meta": meta, "links": links, "data": []}, component)
    assert found.coverage.active_incidents is whole


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (1, Status.OPERATIONAL),
        ("2", Status.DEGRADED),
        ({"human": "Partial Outage", "value": 3}, Status.UNKNOWN),  # only JSON:API tells it so
        (True, Status.UNKNOWN),
        (None, Status.UNKNOWN),
        (77, Status.UNKNOWN),
    ],
)
def test_a_status_in_any_shape(status: object, expected: Status) -> None:
    nothing = {"meta": {"pagination": {"total_pages": 1}}, "data": []}
    found = read(nothing, {"id": 1, "name": "Parcels", "status": status})
    assert found.components is not None
    assert found.components[0].status == expected


@pytest.mark.skipif(not RECORDED.exists(), reason="no recordings here")
def test_the_recorded_answers() -> None:
    names = {"components": "components", "groups": "component_groups"}
    names |= {"incidents": "incidents", "schedules": "schedules"}
    documents = {name: (RECORDED / f"{file}-1.json").read_bytes() for name, file in names.items()}
    found = cachet.parse(documents, url=URL, read_at=READ_AT)
    assert found.status == Status.DEGRADED  # its one incident is open
    assert found.components is not None
    assert [(one.id, one.name, one.group, one.status) for one in found.components] == [
        ("1", "API", None, Status.OPERATIONAL)
    ]
    (incident,) = found.incidents
    assert (incident.id, incident.title) == ("1", "Incident Name")
    assert (incident.phase, incident.component_ids) == (IncidentPhase.IDENTIFIED, ("1",))
    assert [one.body for one in incident.updates] == ["Incident Message", "Incident Update #1"]
    (maintenance,) = found.maintenances
    assert maintenance.phase == MaintenancePhase.COMPLETED
    assert maintenance.ends_at == datetime(2015, 8, 1, 13, tzinfo=UTC)
    assert found.coverage.active_incidents
    assert found.coverage.active_maintenances
