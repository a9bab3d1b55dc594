"""incident.io: which of its two forms a page is read from, what the one adds to the other, and recorded pages."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from standins.cases import FIXTURES, Shelf

from adapters import incidentio
from adapters.adapter import Page
from adapters.detect import detect
from adapters.fetch import AdapterError, Answer, Fetcher, FetchError
from adapters.schema import IncidentPhase, MaintenancePhase, Snapshot, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "incidentio-compat" / "openai"
CASES = FIXTURES / "incidentio"
READ_AT = datetime(2026, 2, 3, 10, tzinfo=UTC)
URL = "https://status.quillpost.example"


@dataclass
class Guarded(Shelf):
    """A case whose own summary is answered with an error."""

    status: int | None

    async def get(self, url: str, **_: object) -> Answer:
        if url.endswith("/api/v1/summary"):
            raise FetchError(f"status.quillpost.example answered {self.status}", status=self.status)
        return await super().get(url)


def read(case: str, **changed: Any) -> Snapshot:
    """A case, with fields of its own summary changed."""
    folder = CASES / case / "www" / "api"
    own = json.loads((folder / "v1" / "summary").read_bytes()) | changed
    documents = {"own summary": json.dumps(own).encode()}
    for name in ("summary", "incidents"):
        if (file := folder / "v2" / f"{name}.json").exists():
            documents[name] = file.read_bytes()
    return incidentio.parse(documents, url=URL, read_at=READ_AT)


async def test_a_page_with_both_forms_is_detected_as_what_it_is(fetcher: Fetcher, serve: Any) -> None:
    shelf = Shelf(CASES / "both")

    async def site(request: web.Request) -> web.Response:
        body = shelf.body(str(request.url))
        return web.Response(status=404) if body is None else web.Response(body=body)

    found = await detect(await serve(site), fetcher, READ_AT)
    assert found.adapter == "incidentio"


async def test_an_own_summary_that_is_not_for_everybody_is_done_without() -> None:
    page = Page(url=URL, now=READ_AT)
    getter = Guarded(CASES / "both", 403)
    reading = await incidentio.ADAPTER.read(page, getter)
    assert reading.snapshot is not None
    assert len(reading.snapshot.incidents) == 4
    assert not reading.snapshot.maintenances
    assert not reading.snapshot.coverage.active_maintenances


@pytest.mark.parametrize("status", [500, None])
async def test_an_own_summary_that_fails_is_no_reason_to_forget_maintenances(status: int | None) -> None:
    with pytest.raises(FetchError):
        await incidentio.ADAPTER.read(Page(url=URL, now=READ_AT), Guarded(CASES / "both", status))


async def test_which_form_a_page_has_is_found_out_once() -> None:
    page = Page(url=URL, now=READ_AT)
    first = await incidentio.ADAPTER.read(page, Shelf(CASES / "own-alone"))
    memory = json.loads(json.dumps(first.memory))
    with pytest.raises(AdapterError, match="no own summary"):
        await incidentio.ADAPTER.read(Page(url=URL, now=READ_AT, memory=memory), Shelf(CASES / "calm"))


async def test_what_the_own_summary_alone_told_of_and_lists_no_more_is_gone() -> None:
    first = await incidentio.ADAPTER.read(Page(url=URL, now=READ_AT), Shelf(CASES / "own-alone"))
    assert first.snapshot is not None
    open_ids = frozenset(one.id for one in first.snapshot.incidents)
    later = Page(url=URL, now=READ_AT, memory=first.memory, open_ids=open_ids)
    reading = await incidentio.ADAPTER.read(later, Shelf(CASES / "own-alone-calm"))
    assert reading.snapshot is not None
    assert reading.snapshot.coverage.gone == open_ids


def test_the_copy_alone_says_which_incidents_there_are() -> None:
    whole, without = read("both"), read("both", ongoing_incidents=[])
    assert [one.id for one in whole.incidents] == [one.id for one in without.incidents]
    assert [one.updates for one in whole.incidents] == [one.updates for one in without.incidents]
    assert [bool(one.component_ids) for one in whole.incidents] == [True, True, False, False]
    assert not any(one.component_ids or one.url for one in without.incidents)


def test_an_own_summary_without_lists_of_maintenances_says_nothing_of_them() -> None:
    own = json.loads((CASES / "own-alone-unknown-words" / "www" / "api" / "v1" / "summary").read_bytes())
    folder = CASES / "copied-maintenances-alone" / "www" / "api" / "v2"
    documents = {
        "summary": (folder / "summary.json").read_bytes(),
        "own summary": json.dumps(own).encode(),
    }
    found = incidentio.parse(documents, url=URL, read_at=READ_AT)
    assert [one.phase for one in found.maintenances] == [
        MaintenancePhase.IN_PROGRESS,
        MaintenancePhase.COMPLETED,
    ]


def test_a_maintenance_that_begins_without_a_post_has_no_new_update() -> None:
    planned = {
        "id": "01KGCX72Q091J97J1NK24FM0MG",
        "name": "New sorting machines",
        "last_update_at": "2026-02-01T15:30:20Z",
        "last_update_message": "Letters wait for two hours.",
    }
    before = read("own-alone", in_progress_maintenances=[], scheduled_maintenances=[planned])
    after = read("own-alone", in_progress_maintenances=[planned], scheduled_maintenances=[])
    assert (before.maintenances[0].phase, after.maintenances[0].phase) == (
        MaintenancePhase.SCHEDULED,
        MaintenancePhase.IN_PROGRESS,
    )
    assert before.maintenances[0].updates[0].id == after.maintenances[0].updates[0].id


@pytest.mark.parametrize(
    ("ulid", "moment"),
    [
        ("01KY54SWGRK806N6TJ495MYPDD", datetime(2026, 7, 22, 14, 48, 46, tzinfo=UTC)),
        ("00000000000000000000000000", None),
        ("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", None),
        ("8ZZZZZZZZZZZZZZZZZZZZZZZZZ", None),
        ("01ky54swgrk806n6tj495mypdd", None),
        ("first-incident", None),
    ],
)
def test_when_an_id_was_made(ulid: str, moment: datetime | None) -> None:
    assert incidentio.made_at(ulid) == moment


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded pages")
def test_the_recorded_page() -> None:
    listed = json.loads((RECORDED / "incidents-raw-objects.json").read_bytes())
    documents = {
        "summary": (RECORDED / "summary-minor.json").read_bytes(),
        "incidents": json.dumps({"incidents": listed}).encode(),
    }
    page = incidentio.parse(documents, url="https://status.openai.com", read_at=READ_AT)
    assert (page.provider.name, page.provider.adapter) == ("OpenAI", "incidentio")
    assert page.status == Status.DEGRADED
    assert page.components is not None
    assert len(page.components) == 25
    assert len(page.incidents) == 31
    (active,) = [one for one in page.incidents if one.phase != IncidentPhase.RESOLVED]
    assert (active.id, active.title) == ("01KY54SWGRK806N6TJ495MYPDD", "Elevated errors for Workspace Agent")
    assert len(active.updates) == 1
    assert sum(len(one.updates) for one in page.incidents) == 113
    assert all(one.resolved_at for one in page.incidents if one is not active)
    assert all(incidentio.made_at(one.id) == one.started_at for one in page.incidents)
