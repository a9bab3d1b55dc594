"""What a provider goes through, read poll after poll and told as events: each thing once, and nothing invented."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from standins import worlds
from standins.worlds import BEGIN, WORK_BEGINS, WORK_ENDS, Pages, Post, World

from adapters import ADAPTERS
from adapters.adapter import Page
from adapters.fetch import AdapterError, Answer, FetchError
from relay.diff import diff, implausible
from relay.events import Event
from storage.state import State

BASE = "https://192.0.2.7"
"""Without a name: copies of some platforms' pages have their API beside them there."""
HTML = b"<!DOCTYPE html><html><title>One moment please</title></html>"


@dataclass
class Site:
    """A page's documents; answers conditional requests, and may be ill."""

    pages: Pages
    ill: str = ""

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "application/json",
    ) -> Answer:
        if self.ill == "500":
            raise FetchError("192.0.2.7 answered 500")
        if self.ill == "html":
            return Answer(200, url, HTML)
        body = self.pages.get(url.removeprefix(BASE).partition("?")[0])
        if body is None:
            return Answer(404, url, b"")
        tag = sha256(body).hexdigest()
        return Answer(304, url, b"") if etag == tag else Answer(200, url, body, etag=tag)


@dataclass
class Follower:
    """Polls a page and compares, as the relay does."""

    adapter: str
    url: str
    site: Site
    now: datetime = BEGIN
    memory: Mapping[str, object] = field(default_factory=dict)
    state: State = field(default_factory=lambda: State(slug="quillpost", name="Quillpost", url=BASE))
    told: list[Event] = field(default_factory=list)

    async def poll(self, after: timedelta = timedelta(minutes=1)) -> list[str]:
        """One poll: the types of the events that it makes, or the failure."""
        self.now += after
        incidents = {id_ for id_, known in self.state.incidents.items() if known.active}
        maintenances = {id_ for id_, known in self.state.maintenances.items() if known.active}
        open_ids = frozenset(incidents | maintenances)
        page = Page(self.url, self.now, json.loads(json.dumps(self.memory)), open_ids)
        try:
            reading = await ADAPTERS[self.adapter].read(page, self.site)
        except AdapterError:
            return ["failure"]
        if reading.snapshot is not None:
            assert implausible(self.state, reading.snapshot) is None
            change = diff(self.state, reading.snapshot, self.now, hold=timedelta(0))
            self.state, events = change.after, list(change.events)
        else:
            events = []
        self.memory = reading.memory
        self.told += events
        return [str(event.type) for event in events]

    def ids_of_updates(self) -> set[str]:
        """The ids of all updates on all incidents."""
        return {one.id for known in self.state.incidents.values() for one in known.case.updates}


Events = dict[str, list[str]]
"""What is told at a step."""


@dataclass(frozen=True)
class Platform:
    """How an adapter's pages are made, and in what its story is another than that of the others."""

    adapter: str
    render: Callable[[World], Pages]
    path: str = ""
    instead: Events = field(default_factory=dict)


VANISHES: Events = {"resolved": [], "resolved, again": ["incident.removed"]}
"""What ended is listed no more: after two reads it is known to be gone."""
WORK_VANISHES: Events = {"ended": [], "ended, again": ["maintenance.completed"]}
ONE_TEXT: Events = {"updated": ["incident.edited"], "resolved": ["incident.edited", "incident.resolved"]}
"""An incident is one text, which is rewritten."""
NO_WORK: Events = {"announced": [], "started": [], "ended": []}
NO_COMPONENTS: Events = {"down": [], "up": []}

PLATFORMS = {
    "incidentio": Platform("incidentio", worlds.incidentio, instead=WORK_VANISHES),
    "incidentio, own summary": Platform(
        "incidentio", worlds.incidentio_own, instead=VANISHES | WORK_VANISHES | NO_COMPONENTS
    ),
    "betterstack": Platform("betterstack", worlds.betterstack),
    "instatus": Platform("instatus", worlds.instatus, instead=VANISHES | WORK_VANISHES | {"edited": []}),
    "statusio": Platform("statusio", worlds.statusio, worlds.STATUSIO, VANISHES | WORK_VANISHES),
    "statuspal": Platform("statuspal", worlds.statuspal, "/status_pages/quillpost", VANISHES | WORK_VANISHES),
    "google-cloud": Platform("google-cloud", worlds.google_cloud, instead=NO_WORK | NO_COMPONENTS),
    "slack": Platform("slack", worlds.slack, instead=NO_COMPONENTS),
    "heroku": Platform("heroku", worlds.heroku, instead={"started": []} | WORK_VANISHES),
    "aws": Platform("aws", worlds.aws, instead=NO_WORK | NO_COMPONENTS),
    "zendesk": Platform("zendesk", worlds.zendesk, instead=NO_WORK | NO_COMPONENTS),
    "checkly": Platform("checkly", worlds.checkly, worlds.CHECKLY, VANISHES | WORK_VANISHES | NO_COMPONENTS),
    "cachet": Platform("cachet", worlds.cachet),
    "uptime-kuma": Platform(
        "uptime-kuma",
        worlds.uptime_kuma,
        "/status/quillpost",
        {
            "announced": [],
            "started": ["maintenance.scheduled"],
        }
        | ONE_TEXT
        | WORK_VANISHES,
    ),
    "rootly": Platform("rootly", worlds.rootly, instead=VANISHES | WORK_VANISHES | NO_COMPONENTS),
    "openstatus": Platform("openstatus", worlds.openstatus),
    "upptime": Platform("upptime", worlds.upptime, instead=ONE_TEXT),
    "yandex-cloud": Platform("yandex-cloud", worlds.yandex_cloud, instead=NO_WORK | NO_COMPONENTS),
    "cstate": Platform("cstate", worlds.cstate, instead=ONE_TEXT | {"started": []}),
    "sorry": Platform("sorry", worlds.sorry),
    "statusfy": Platform("statusfy", worlds.statusfy),
    "xai": Platform("xai", worlds.xai, instead=NO_WORK | NO_COMPONENTS),
    "azure": Platform("azure", worlds.azure, instead=VANISHES | NO_WORK | NO_COMPONENTS),
    "feed": Platform("feed", worlds.feed, "/history.atom", NO_COMPONENTS),
    "feed of posts": Platform("feed", worlds.feed_of_posts, "/feed.rss", NO_WORK | NO_COMPONENTS),
    "feed of texts": Platform("feed", worlds.feed_of_texts, "/feed.rss", NO_WORK | NO_COMPONENTS),
    "aws-rss": Platform("aws-rss", worlds.aws_rss, instead=NO_WORK | NO_COMPONENTS),
}

FIRST = Post(1, "investigating", "We look into late letters.")
SECOND = Post(2, "identified", "A belt is torn.")
MENDED = replace(SECOND, text="A belt is torn, and so is its spare.")
LAST = Post(3, "resolved", "Letters are on time again.")
OVER = World((FIRST, MENDED, LAST))
CALM = World(forgotten=True)

STEPS: tuple[tuple[str, World, datetime | None, list[str]], ...] = (
    ("calm", World(), None, []),
    ("calm, again", World(), None, []),
    ("opened", World((FIRST,)), FIRST.at, ["incident.opened"]),
    ("opened, again", World((FIRST,)), None, []),
    ("updated", World((FIRST, SECOND)), SECOND.at, ["incident.updated"]),
    ("edited", World((FIRST, MENDED)), None, ["incident.edited"]),
    ("edited, again", World((FIRST, MENDED)), None, []),
    ("an hour later", World((FIRST, MENDED)), BEGIN + timedelta(hours=2), []),
    ("resolved", OVER, None, ["incident.resolved"]),
    ("resolved, again", OVER, None, []),
    ("resolved, still", OVER, None, []),
    ("left", CALM, None, []),
    ("left, again", CALM, None, []),
    ("announced", replace(CALM, work="scheduled"), None, ["maintenance.scheduled"]),
    ("announced, again", replace(CALM, work="scheduled"), None, []),
    ("started", replace(CALM, work="in_progress"), WORK_BEGINS, ["maintenance.started"]),
    ("started, again", replace(CALM, work="in_progress"), None, []),
    ("ended", replace(CALM, work="completed"), WORK_ENDS, ["maintenance.completed"]),
    ("ended, again", replace(CALM, work="completed"), None, []),
    ("work left", CALM, None, []),
    ("work left, again", CALM, None, []),
    ("down", replace(CALM, down=True), None, ["component.changed"]),
    ("down, again", replace(CALM, down=True), None, []),
    ("up", CALM, None, ["component.changed"]),
    ("up, again", CALM, None, []),
)
"""What happens, how the provider is then, not before when that is, and what is told of it."""


@pytest.mark.parametrize("ill", ["", "500", "html"])
@pytest.mark.parametrize("name", PLATFORMS)
async def test_each_thing_is_told_once(name: str, ill: str) -> None:
    platform = PLATFORMS[name]
    site = Site(platform.render(World()))
    follower = Follower(platform.adapter, f"{BASE}{platform.path}", site)
    found, expected = {}, {}
    for step, world, not_before, events in STEPS:
        site.pages = platform.render(world)
        if ill and step != "calm":
            site.ill = ill
            assert await follower.poll() == ["failure"]
            site.ill = ""
        before = follower.ids_of_updates()
        follower.now = max(follower.now, not_before or follower.now)
        found[step] = await follower.poll()
        expected[step] = list(platform.instead.get(step, events))
        assert before <= follower.ids_of_updates(), step
    assert found == expected
    keys = [event.key for event in follower.told]
    assert len(keys) == len(set(keys)), "an event is told under the key of another, and lost"
    updates = [
        (event.subject, event.data.update.id)
        for event in follower.told
        if event.data.update and not event.type.endswith("edited")
    ]
    assert len(updates) == len(set(updates)), "an update is told twice"


def following(name: str) -> tuple[Platform, Follower]:
    platform = PLATFORMS[name]
    return platform, Follower(platform.adapter, f"{BASE}{platform.path}", Site(platform.render(World())))


WITH_POSTS = sorted(
    name for name, one in PLATFORMS.items() if "edited" not in one.instead and "updated" not in one.instead
)
LATE_WORDS_ARE_LOST = ("zendesk", "feed of texts")
"""What is over is listed without its posts, or with the last of them."""
WITH_A_PAST = [name for name in WITH_POSTS if "resolved" not in PLATFORMS[name].instead]


@pytest.mark.parametrize("name", [name for name in WITH_A_PAST if name not in LATE_WORDS_ARE_LOST])
async def test_what_happened_between_two_reads_is_told_in_its_order(name: str) -> None:
    platform, follower = following(name)
    assert await follower.poll() == []
    follower.site.pages = platform.render(World((FIRST,)))
    assert await follower.poll() == ["incident.opened"]
    follower.site.pages = platform.render(World((FIRST, SECOND, LAST)))
    assert await follower.poll() == ["incident.updated", "incident.resolved"]
    told = [event.data.update for event in follower.told]
    assert [one.posted_at for one in told if one] == [FIRST.at, SECOND.at, LAST.at]


@pytest.mark.parametrize("name", WITH_A_PAST)
async def test_what_began_and_ended_between_two_reads(name: str) -> None:
    platform, follower = following(name)
    assert await follower.poll() == []
    follower.site.pages = platform.render(World((FIRST, SECOND, LAST)))
    assert await follower.poll() == ["incident.opened", "incident.resolved"]
    assert await follower.poll() == []


AGAIN = replace(FIRST, number=3, text="It was not the belt. We look into it again.")


@pytest.mark.parametrize("name", WITH_POSTS)
async def test_a_phase_that_returns_is_told(name: str) -> None:
    platform, follower = following(name)
    for posts in ((), (FIRST,), (FIRST, SECOND)):
        follower.site.pages = platform.render(World(posts))
        await follower.poll()
    follower.site.pages = platform.render(World((FIRST, SECOND, AGAIN)))
    one_text = ["incident.edited"] if name in ("azure", "feed of texts") else []
    assert await follower.poll() == [*one_text, "incident.updated"]
    keys = [event.key for event in follower.told]
    assert len(keys) == len(set(keys))


async def test_a_long_incident_of_google_s_ends_though_many_began_later() -> None:
    began = {"begin": "2025-06-01T00:00:00+00:00", "status_impact": "SERVICE_DISRUPTION", "external_desc": "Slow"}
    old = {"id": "LongAgo", "service_name": "Quarry", "updates": [], **began}
    others = [
        {"id": f"Later{n}", "begin": at, "end": at, "external_desc": "Errors", "updates": []}
        for n in range(150)
        for at in [f"{datetime(2025, 7, 1, tzinfo=BEGIN.tzinfo) + timedelta(days=n):%Y-%m-%dT%H:%M:%S}+00:00"]
    ]
    site = Site({"/incidents.json": json.dumps([*others, old]).encode()})
    follower = Follower("google-cloud", BASE, site)
    assert await follower.poll() == []
    said = {"when": "2026-02-03T09:59:00+00:00", "status": "AVAILABLE", "text": "Fast again."}
    ended = {**old, "end": "2026-02-03T09:58:00+00:00", "updates": [said]}
    site.pages = {"/incidents.json": json.dumps([*others, ended]).encode()}
    assert await follower.poll() == ["incident.resolved"]


@pytest.mark.parametrize(
    ("title", "types"),
    [
        (
            "Scheduled maintenance of huddles",
            ["maintenance.scheduled", "maintenance.started", "", "maintenance.completed"],
        ),
        (
            "Huddles move",  # nothing tells what is under way from trouble
            ["maintenance.scheduled", "incident.opened", "maintenance.completed", "incident.removed"],
        ),
    ],
)
async def test_planned_work_of_slack_s_that_is_a_notice(title: str, types: list[str]) -> None:
    api = "/api/v2.0.0"

    def pages(status: str | None) -> Pages:
        made = {"id": 7, "title": title, "type": "notice", "status": status, "services": [], "notes": []}
        active = [made] if status in ("scheduled", "active") else []
        past = [made] if status == "completed" else []
        current = {"status": "active" if active else "ok", "active_incidents": active}
        return {f"{api}/current": json.dumps(current).encode(), f"{api}/history": json.dumps(past).encode()}

    site = Site(pages(None))
    follower = Follower("slack", BASE, site)
    told = []
    for status in (
        None,
        "scheduled",
        "scheduled",
        "active",
        "active",
        "active",
        "completed",
        "completed",
        "completed",
    ):
        site.pages = pages(status)
        told += await follower.poll()
    assert told == [one for one in types if one]
    assert not any(one.active for one in follower.state.incidents.values())
    assert not any(one.active for one in follower.state.maintenances.values())
