"""Sorry: lists of several pages, notices whose updates stand elsewhere, and what is not asked for twice."""

from datetime import UTC, datetime
from typing import Any

import pytest
from standins.getter import Served

from adapters import sorry
from adapters.adapter import Page, Reading

NOW = datetime(2026, 1, 1, tzinfo=UTC)
API = "https://status.quillpost.example/api/v1"
LIST = f"{API}/notices?filter%5Btimeline_state_eq%5D="


def notice(number: int, timeline: str, state: str, at: str, **more: object) -> dict[str, object]:
    last = {"state": state, "content": f"It is {state}.", "created_at": f"2026-01-01T{at}:00.000Z"}
    told = {"id": number, "type": "unplanned", "timeline_state": timeline, "state": state, "subject": "Fog"}
    return told | {"began_at": "2026-01-01T01:00:00.000Z", "latest_update": last} | more


def listed(*notices: dict[str, object], next_page: str | None = None) -> dict[str, object]:
    return {"notices": notices, "meta": {"count": len(notices), "next_page": next_page}}


def site(**more: Any) -> Served:
    lists = {f"{LIST}present": listed(), f"{LIST}future": listed(), f"{API}/notices": listed()}
    page = {"page": {"name": "Quillpost", "state": "operational"}}
    return Served({f"{API}/status": page, f"{API}/components": {"components": []}} | lists | more)


async def read(served: Served, memory: dict[str, Any] | None = None) -> Reading:
    page = Page("https://status.quillpost.example", NOW, memory or {})
    return await sorry.ADAPTER.read(page, served)


async def test_components_are_read_to_their_last_page() -> None:
    part = {"name": "Website", "state": "operational"}
    first = {"components": [part | {"id": 1}], "meta": {"next_page": "/api/v1/components?page=2"}}
    second = {"components": [part | {"id": 2, "parent_id": 1}], "meta": {"next_page": None}}
    served = site()
    served.documents |= {f"{API}/components": first, f"{API}/components?page=2": second}
    reading = await read(served)
    assert reading.snapshot is not None
    assert [(one.id, one.group) for one in reading.snapshot.components or ()] == [("1", None), ("2", "Website")]
    second["components"] = [part | {"id": 2, "state": "degraded"}]
    again = await read(served, dict(reading.memory))
    assert again.snapshot is not None, "the first page's validator speaks for the first page alone"


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/api/v1/components", "//elsewhere.example/x", "/\\elsewhere.example", 7, ""]
)
async def test_a_next_page_elsewhere_is_not_read(link: object) -> None:
    served = site()
    served.documents[f"{API}/components"] = {"components": [], "meta": {"next_page": link}}
    await read(served)
    assert all(url.startswith(API) for url in served.asked)


async def test_what_is_long_over_is_not_looked_up() -> None:
    old, now = notice(1, "past_distant", "resolved", "02:00"), notice(2, "present", "identified", "03:00")
    served = site()
    served.documents |= {f"{LIST}present": listed(now), f"{API}/notices": listed(now, old)}
    await read(served)
    assert f"{API}/notices/2" in served.asked
    assert f"{API}/notices/1" not in served.asked


async def test_a_document_from_a_cache_takes_nothing_back() -> None:
    before, after = notice(2, "present", "investigating", "02:00"), notice(2, "present", "recovering", "03:00")
    detail = before | {"updates": [before["latest_update"]], "components": [{"id": 5}]}
    served = site()
    served.documents |= {f"{LIST}present": listed(after), f"{API}/notices/2": {"notice": detail}}
    snapshot = (await read(served)).snapshot
    assert snapshot is not None
    (incident,) = snapshot.incidents
    assert (incident.phase, incident.component_ids) == ("monitoring", ("5",))
    assert [update.phase for update in incident.updates] == ["investigating", "monitoring"]


async def test_an_unchanged_list_is_not_read_further() -> None:
    served = site()
    served.documents |= {f"{LIST}present": listed(notice(2, "present", "identified", "03:00"))}
    reading = await read(served)
    served.asked.clear()
    assert (await read(served, dict(reading.memory))).snapshot is None
    assert len(served.asked) == 5


@pytest.mark.parametrize(("next_page", "complete"), [(None, True), ("/api/v1/notices.json?page=2", False)])
async def test_a_list_of_several_pages_is_not_complete(next_page: str | None, complete: bool) -> None:
    served = site()
    served.documents[f"{LIST}present"] = listed(next_page=next_page)
    snapshot = (await read(served)).snapshot
    assert snapshot is not None
    assert snapshot.coverage.active_incidents is complete
