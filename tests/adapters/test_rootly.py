"""Rootly: what an incident is known by, what tells planned work from trouble, and when something is over."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from standins.cases import FIXTURES, Shelf

from adapters import rootly
from adapters.adapter import Page
from adapters.fetch import AdapterError
from adapters.schema import Snapshot

CASES = FIXTURES / "rootly"
READ_AT = datetime(2026, 2, 3, 10, tzinfo=UTC)
URL = "https://status.quillpost.example"
POST = {"id": "u", "status": "investigating", "body": "We look.", "created_at": "2026-02-03T09:12:44Z"}
RECORD: dict[str, Any] = {"id": "i", "name": "Letters leave late", "status": "investigating"}


def read(*records: dict[str, Any]) -> Snapshot:
    """A page whose list holds these incidents."""
    status = {"page": {"name": "Quillpost"}, "status": {"indicator": "minor"}, "incidents": []}
    documents = {
        "status": json.dumps(status).encode(),
        "incidents": json.dumps({"incidents": list(records)}).encode(),
    }
    return rootly.parse(documents, url=URL, read_at=READ_AT)


@pytest.mark.parametrize(
    ("named", "one"),
    [
        ({"id": "a-1"}, "a-1"),
        ({"id": 7}, "7"),
        ({"id": "a-1", "url": f"{URL}/incidents/b-2"}, "a-1"),
        ({"url": f"{URL}/incidents/b-2"}, "b-2"),
        ({"id": None, "shortlink": f"{URL}/incidents/b-2/"}, "b-2"),
        ({"url": f"{URL}/incidents"}, None),
        ({"url": f"{URL}/b-2"}, None),
        ({"url": "incidents/b-2"}, None),
        ({}, None),
    ],
)
def test_what_an_incident_is_known_by(named: dict[str, Any], one: str | None) -> None:
    record = {"name": "Letters leave late", "status": "investigating"} | named
    if one is None:
        with pytest.raises(AdapterError, match="without an id"):
            read(record)
    else:
        assert [incident.id for incident in read(record).incidents] == [one]


@pytest.mark.parametrize(
    ("status", "posts", "phase"),
    [
        ("started", [], "investigating"),
        ("started", ["investigating", "identified"], "identified"),
        ("mitigated", ["humming"], "monitoring"),
        ("identified", ["investigating"], "identified"),
        ("resolved", ["monitoring"], "resolved"),
        ("humming", ["monitoring"], "monitoring"),
        ("humming", [], "unknown"),
        (None, ["resolved"], "resolved"),
    ],
)
def test_how_far_an_incident_is(status: str | None, posts: list[str], phase: str) -> None:
    updates = [
        POST | {"id": f"u{hour}", "status": post, "created_at": f"2026-02-03T0{hour}:00:00Z"}
        for hour, post in enumerate(posts)
    ]
    (incident,) = read(RECORD | {"status": status, "incident_updates": updates[::-1]}).incidents
    assert incident.phase == phase


@pytest.mark.parametrize(
    ("status", "first", "planned"),
    [
        ("scheduled", None, True),
        ("in_progress", "scheduled", True),
        ("started", "scheduled", True),
        ("in_progress", "investigating", False),
        ("completed", "humming", True),
        ("humming", "humming", False),
    ],
)
def test_what_is_planned_work(status: str, first: str | None, planned: bool) -> None:
    posts = [POST | {"status": first}] if first else []
    found = read(RECORD | {"status": status, "incident_updates": posts})
    assert (len(found.incidents), len(found.maintenances)) == ((0, 1) if planned else (1, 0))


def test_an_incident_without_a_name_and_without_updates() -> None:
    assert read(RECORD | {"name": " "}).incidents[0].title == "(without a name)"
    assert read(RECORD | {"name": None, "incident_updates": [POST]}).incidents[0].title == "We look."


def test_an_update_without_an_id_keeps_its_id_when_it_is_edited() -> None:
    post = {name: value for name, value in POST.items() if name != "id"}
    before = read(RECORD | {"incident_updates": [post]}).incidents[0]
    after = read(RECORD | {"incident_updates": [post | {"body": "We found it."}]}).incidents[0]
    assert before.updates[0].id == after.updates[0].id


async def test_what_is_listed_no_more_is_gone() -> None:
    first = await rootly.ADAPTER.read(Page(url=URL, now=READ_AT), Shelf(CASES / "trouble"))
    assert first.snapshot is not None
    open_ids = frozenset(one.id for one in first.snapshot.incidents)
    later = Page(url=URL, now=READ_AT, memory=first.memory, open_ids=open_ids)
    calm = await rootly.ADAPTER.read(later, Shelf(CASES / "calm"))
    assert calm.snapshot is not None
    assert calm.snapshot.coverage.gone == open_ids
