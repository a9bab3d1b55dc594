"""Which documents a poll reads, what it remembers, and that nothing happens between two polls unseen."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from adapters.adapter import Page, Reading
from adapters.fetch import AdapterError, Fetcher
from adapters.schema import Snapshot
from adapters.statuspage import read

Serve = Callable[..., Awaitable[str]]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

SUMMARY = "/api/v2/summary.json"
INCIDENTS = "/api/v2/incidents.json"
MAINTENANCES = "/api/v2/scheduled-maintenances.json"
ALL = [SUMMARY, INCIDENTS, MAINTENANCES]


def case(id: str, status: str = "investigating", minutes: float = 0, **more: Any) -> dict[str, Any]:
    """An incident that was edited so many minutes after noon."""
    at = (NOON + timedelta(minutes=minutes)).isoformat()
    return {
        "id": id,
        "name": f"Trouble {id}",
        "status": status,
        "impact": "minor",
        "started_at": NOON.isoformat(),
        "updated_at": at,
        "incident_updates": [{"id": f"{id}-{status}", "status": status, "body": status, "display_at": at}],
    } | more


@dataclass
class Stage:
    """A Statuspage that a test plays: what it says, and what it was asked."""

    url: str = ""
    etags: bool = True
    sticky: bool = False
    """Whether every conditional request is told that nothing changed."""
    tick: int = 0
    component: str = "operational"
    active: list[dict[str, Any]] = field(default_factory=list)
    past: list[dict[str, Any]] = field(default_factory=list)
    planned: list[dict[str, Any]] = field(default_factory=list)
    done: list[dict[str, Any]] = field(default_factory=list)
    instead: dict[str, int | bytes] = field(default_factory=dict)
    ticks: dict[str, int] = field(default_factory=dict)
    """For documents that are older copies than the others."""
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        instead = self.instead.get(request.path)
        if isinstance(instead, int):
            return web.Response(status=instead)
        body = self.document(request.path) if instead is None else instead
        if body is None:
            return web.Response(status=404)
        etag = f'W/"{hashlib.md5(body).hexdigest()}"' if self.etags else None
        asked_for = request.headers.get("If-None-Match")
        if etag and asked_for and (asked_for == etag or self.sticky):
            return web.Response(status=304)
        return web.Response(body=body, headers={"ETag": etag} if etag else {})

    def document(self, path: str) -> bytes | None:
        tick = NOON + timedelta(seconds=self.ticks.get(path, self.tick))
        page = {"id": "stage", "name": 'Stage {of "life"}', "updated_at": tick.isoformat()}
        components = [{"id": "c", "name": "C", "status": self.component, "updated_at": NOON.isoformat()}]
        found = {
            SUMMARY: {
                "page": page,
                "components": components,
                "incidents": self.active,
                "scheduled_maintenances": self.planned,
                "status": {"indicator": "none"},
            },
            INCIDENTS: {"page": page, "incidents": self.active + self.past},
            MAINTENANCES: {"page": page, "scheduled_maintenances": self.planned + self.done},
        }.get(path)
        return json.dumps(found).encode() if found else None

    def look_up(self, one: dict[str, Any]) -> None:
        """From now on this incident is found by its id."""
        self.instead[f"/incidents/{one['id']}.json"] = json.dumps(one).encode()


@pytest.fixture
async def stage(serve: Serve) -> Stage:
    stage = Stage()
    stage.url = await serve(stage.answer)
    return stage


@dataclass
class Watch:
    """Polls a stage as the poller does: with the memory of the last read and the ids that were active."""

    stage: Stage
    fetcher: Fetcher
    now: datetime = NOON
    memory: dict[str, object] = field(default_factory=dict)
    open_ids: set[str] = field(default_factory=set)

    async def poll(self, after: float = 60, interval: float = 60) -> Reading:
        self.now += timedelta(seconds=after)
        self.stage.asked.clear()
        before = json.dumps(self.memory)
        page = Page(self.stage.url, self.now, self.memory, frozenset(self.open_ids), interval)
        reading = await read(page, self.fetcher)
        assert json.dumps(self.memory) == before  # what was handed in is never changed
        self.same_memory = reading.memory is self.memory
        self.memory = json.loads(json.dumps(dict(reading.memory))) if not self.same_memory else self.memory
        return reading

    async def news(self, after: float = 60) -> Snapshot:
        reading = await self.poll(after)
        assert reading.snapshot is not None
        return reading.snapshot

    async def quiet(self, after: float = 60, interval: float = 60) -> None:
        assert (await self.poll(after, interval)).snapshot is None


@pytest.fixture
async def watch(stage: Stage, fetcher: Fetcher) -> Watch:
    watch = Watch(stage, fetcher)
    await watch.poll()
    return watch


async def test_the_first_read_takes_everything(stage: Stage, fetcher: Fetcher) -> None:
    stage.active, stage.past, stage.done = [case("a")], [case("b", "resolved")], [case("m", "completed")]
    snapshot = await Watch(stage, fetcher).news()
    assert sorted(stage.asked) == sorted(ALL)
    assert {one.id for one in snapshot.incidents} == {"a", "b"}
    assert [one.id for one in snapshot.maintenances] == ["m"]
    assert snapshot.coverage.past_incidents
    assert snapshot.provider.url == stage.url
    assert snapshot.read_at == NOON + timedelta(minutes=1)


@pytest.mark.parametrize("etags", [True, False])
async def test_an_unchanged_page_is_one_document_and_no_news(stage: Stage, watch: Watch, etags: bool) -> None:
    stage.etags = etags
    await watch.poll()
    for _ in range(3):
        await watch.quiet()
        assert stage.asked == [SUMMARY]
        assert watch.same_memory


@pytest.mark.parametrize("etags", [True, False])
async def test_a_tick_alone_is_no_news(stage: Stage, watch: Watch, etags: bool) -> None:
    stage.etags = etags
    for _ in range(5):
        stage.tick += 60
        await watch.quiet()
        assert stage.asked == [SUMMARY]


async def test_without_validators_a_tick_changes_no_memory(stage: Stage, fetcher: Fetcher) -> None:
    stage.etags = False
    watch = Watch(stage, fetcher)
    await watch.poll()
    stage.tick += 60
    await watch.quiet()
    assert watch.same_memory


async def test_a_change_is_a_snapshot(stage: Stage, watch: Watch) -> None:
    stage.tick, stage.component = 60, "major_outage"
    snapshot = await watch.news()
    assert sorted(stage.asked) == sorted(ALL)
    assert [one.status for one in snapshot.components or ()] == ["major_outage"]
    await watch.quiet()
    assert stage.asked == [SUMMARY]


async def test_what_was_resolved_is_in_the_list(stage: Stage, watch: Watch) -> None:
    stage.active, stage.tick = [case("a")], 60
    await watch.news()
    watch.open_ids = {"a"}
    stage.active, stage.past, stage.tick = [], [case("a", "resolved", 2)], 120
    snapshot = await watch.news()
    assert [(one.id, one.phase) for one in snapshot.incidents] == [("a", "resolved")]
    assert sorted(stage.asked) == sorted(ALL)


async def test_what_left_all_lists_is_looked_up(stage: Stage, watch: Watch) -> None:
    stage.active, stage.tick = [case("a"), case("b")], 60
    await watch.news()
    watch.open_ids = {"a", "b"}
    stage.active, stage.tick = [], 120
    stage.look_up(case("a", "resolved", 2))
    snapshot = await watch.news()
    assert sorted(stage.asked) == sorted([*ALL, "/incidents/a.json", "/incidents/b.json"])
    assert [(one.id, one.phase) for one in snapshot.incidents] == [("a", "resolved")]
    assert snapshot.coverage.gone == {"b"}


async def test_a_completed_maintenance_is_looked_up_in_the_same_place(stage: Stage, watch: Watch) -> None:
    watch.open_ids = {"m"}
    stage.look_up(case("m", "completed", scheduled_for=NOON.isoformat()))
    snapshot = await watch.news()
    assert [(one.id, one.phase) for one in snapshot.maintenances] == [("m", "completed")]
    assert snapshot.incidents == ()


async def test_gone_is_said_again_on_the_next_read(stage: Stage, watch: Watch) -> None:
    watch.open_ids = {"a"}
    for status in (404, 410):
        stage.instead["/incidents/a.json"] = status
        assert (await watch.news()).coverage.gone == {"a"}
    watch.open_ids = set()
    await watch.quiet()


async def test_what_is_open_and_unlisted_is_watched_for_a_change(stage: Stage, watch: Watch) -> None:
    watch.open_ids = {"a"}
    stage.look_up(case("a"))
    assert [one.phase for one in (await watch.news()).incidents] == ["investigating"]
    await watch.quiet()
    assert stage.asked == [SUMMARY, "/incidents/a.json"]
    assert watch.same_memory
    stage.look_up(case("a", "resolved", 5))
    assert [one.phase for one in (await watch.news()).incidents] == ["resolved"]


@pytest.mark.parametrize("answer", [b"<html></html>", b"{}", b'{"id": "other", "name": "x"}', b"[]", 500, 403])
async def test_a_lookup_that_answers_something_else_is_not_gone(
    stage: Stage, watch: Watch, answer: int | bytes
) -> None:
    watch.open_ids = {"a"}
    stage.instead["/incidents/a.json"] = answer
    with pytest.raises(AdapterError):
        await watch.poll()


async def test_ids_are_escaped_in_addresses(stage: Stage, watch: Watch) -> None:
    watch.open_ids = {"../admin?x#y"}
    assert (await watch.news()).coverage.gone == {"../admin?x#y"}
    assert "/incidents/../admin?x#y.json" in stage.asked


async def test_ulids_are_not_looked_up_but_listed(stage: Stage, watch: Watch) -> None:
    ulid = "01J0000000000000000000ABCD"
    watch.open_ids = {ulid}
    stage.done = [case(ulid, "in_progress")]
    assert [one.id for one in (await watch.news()).maintenances] == [ulid]
    await watch.quiet()
    assert sorted(stage.asked) == sorted(ALL)
    stage.done = []
    assert (await watch.news()).coverage.gone == frozenset()


async def test_opened_and_resolved_between_two_polls_is_swept_up(stage: Stage, watch: Watch) -> None:
    stage.past, stage.tick = [case("a", "resolved")], 30
    for _ in range(9):
        await watch.quiet()
        assert stage.asked == [SUMMARY]
    snapshot = await watch.news()
    assert [(one.id, one.phase) for one in snapshot.incidents] == [("a", "resolved")]
    await watch.quiet()
    assert stage.asked == [SUMMARY]
    assert watch.same_memory


async def test_a_sweep_that_finds_nothing_is_no_news(stage: Stage, watch: Watch) -> None:
    stage.tick = 30
    await watch.quiet(after=600)
    assert stage.asked == ALL or sorted(stage.asked) == sorted(ALL)
    assert not watch.same_memory
    await watch.quiet(after=600)
    assert stage.asked == [SUMMARY]


async def test_a_quick_poll_sweeps_sooner(stage: Stage, watch: Watch) -> None:
    stage.tick = 30
    await watch.quiet(after=9, interval=1)
    assert stage.asked == [SUMMARY]
    await watch.quiet(after=1, interval=1)
    assert sorted(stage.asked) == sorted(ALL)


async def test_a_tick_is_not_forgotten_behind_304s(stage: Stage, watch: Watch) -> None:
    stage.tick = 30
    await watch.quiet()
    stage.past = [case("a", "postmortem")]
    await watch.quiet(after=300)
    await watch.news(after=300)


async def test_one_sweep_an_hour_in_any_case(stage: Stage, watch: Watch) -> None:
    stage.past = [case("a", "postmortem")]
    await watch.quiet(after=3500)
    assert stage.asked == [SUMMARY]
    snapshot = await watch.news(after=100)
    assert [one.id for one in snapshot.incidents] == ["a"]


async def test_validators_that_stick_blind_for_an_hour_at_most(stage: Stage, watch: Watch) -> None:
    stage.component, stage.sticky = "major_outage", True
    await watch.quiet()
    assert [one.status for one in (await watch.news(after=3600)).components or ()] == ["major_outage"]


async def test_an_older_copy_of_the_summary_is_no_news(stage: Stage, watch: Watch) -> None:
    stage.component, stage.tick = "major_outage", 60
    await watch.news()
    stage.component, stage.tick = "operational", 0
    await watch.quiet()
    assert watch.same_memory
    stage.component, stage.tick = "major_outage", 60
    await watch.quiet()
    stage.component, stage.tick = "operational", 30
    snapshot = await watch.news(after=3600)  # no edge serves so old a copy: the page was set back
    assert [one.status for one in snapshot.components or ()] == ["operational"]


async def test_an_older_copy_of_a_list_takes_nothing_back(stage: Stage, watch: Watch) -> None:
    stage.past, stage.tick = [case("a", "postmortem", 9)], 60
    stage.component = "major_outage"
    await watch.news()
    stage.past, stage.tick, stage.component = [case("a", "resolved", 1)], 120, "operational"
    stage.ticks[INCIDENTS] = 0
    snapshot = await watch.news()
    assert snapshot.incidents == ()
    assert not snapshot.coverage.past_incidents


async def test_a_list_that_lagged_behind_is_swept_again(stage: Stage, watch: Watch) -> None:
    stage.ticks[INCIDENTS] = 30
    stage.component, stage.tick = "major_outage", 60
    await watch.news()
    stage.ticks.clear()
    stage.past = [case("a", "resolved")]
    await watch.news(after=600)


@pytest.mark.parametrize("status", [404, 410])
async def test_the_lists_are_optional(stage: Stage, fetcher: Fetcher, status: int) -> None:
    stage.active = [case("a")]
    stage.instead = {INCIDENTS: status, MAINTENANCES: status}
    watch = Watch(stage, fetcher)
    snapshot = await watch.news()
    assert [one.id for one in snapshot.incidents] == ["a"]
    assert snapshot.coverage.active_incidents
    assert not snapshot.coverage.past_incidents
    await watch.quiet()
    assert stage.asked == [SUMMARY]
    await watch.quiet(after=3600)


@pytest.mark.parametrize("path", [INCIDENTS, MAINTENANCES])
@pytest.mark.parametrize("answer", [500, 403, b"<html></html>", b'{"incidents": [', b"{}", b'{"page": 5}'])
async def test_half_a_page_is_no_page(stage: Stage, watch: Watch, path: str, answer: int | bytes) -> None:
    stage.component, stage.tick, stage.instead[path] = "major_outage", 60, answer
    with pytest.raises(AdapterError):
        await watch.poll()
    stage.instead.clear()
    await watch.news()


@pytest.mark.parametrize("answer", [404, 410, 500, 304, b"<html></html>", b"{}", b"", b"[]"])
async def test_no_summary_is_no_page(stage: Stage, fetcher: Fetcher, answer: int | bytes) -> None:
    stage.instead[SUMMARY] = answer
    with pytest.raises(AdapterError):
        await Watch(stage, fetcher).poll()


async def test_a_page_that_breaks_stays_as_it_was_known(stage: Stage, watch: Watch) -> None:
    watch.open_ids = {"a"}
    memory = watch.memory
    stage.instead[SUMMARY] = b"<html></html>"
    with pytest.raises(AdapterError):
        await watch.poll()
    assert watch.memory is memory


@pytest.mark.parametrize("memory", [{"version": 0}, {"etag": 5}, {"lists": "x"}, {"strange": 1}])
async def test_a_strange_memory_is_no_memory(stage: Stage, fetcher: Fetcher, memory: dict[str, object]) -> None:
    await Watch(stage, fetcher, memory=memory).news()


async def test_the_memory_is_small(stage: Stage, fetcher: Fetcher) -> None:
    stage.active = [case(f"incident{n:04}") for n in range(10)]
    watch = Watch(stage, fetcher)
    await watch.poll()
    assert len(json.dumps(watch.memory)) < 1000


async def test_an_address_below_the_page_will_do(stage: Stage, fetcher: Fetcher) -> None:
    page = Page(f"{stage.url}/api/v2/summary.json", NOON)
    snapshot = (await read(page, fetcher)).snapshot
    assert snapshot is not None
    assert snapshot.provider.url == stage.url
