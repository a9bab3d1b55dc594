"""A page that changes its platform: follows, history and open threads survive, and nothing is invented."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select
from standins.pages import Shelf, at, incident, snapshot, update

from adapters import ADAPTERS
from adapters.schema import Component, Incident, IncidentPhase, Provider, Snapshot, Status
from relay.diff import implausible
from relay.move import move
from storage import tables
from storage.database import Database
from storage.state import Known, KnownComponent, State

from .conftest import House, running


def state(*incidents: Incident, **components: Status) -> State:
    """What is known of a page on its old platform. Components: id (and name) → status."""
    return State(
        slug="acme",
        name="Acme",
        url="https://status.acme.example",
        page_id="abcdefghijkl",
        first_read_at=at(-60),
        components={
            id_: KnownComponent(Component(id=id_, name=id_.title(), status=status), told_status=status)
            for id_, status in components.items()
        },
        incidents={one.id: Known(one, one.component_ids) for one in incidents},
    )


def new_page(*incidents: Incident, **components: str) -> Snapshot:
    """The page on its new platform. Components: name → id."""
    parts = tuple(Component(id=id_, name=name, status=Status.OPERATIONAL) for name, id_ in components.items())
    provider = Provider(name="Acme", url="https://status.acme.example", adapter="instatus")
    return snapshot(*incidents, provider=provider, components=parts, page_id=None)


OPEN = incident(update("u1", "investigating", 0), id_="old", title="Logins fail", component_ids=("api",))


@pytest.mark.parametrize(
    ("new", "same"),
    [
        (incident(id_="new", title="logins  fail!", started_at=at(0)), True),
        (incident(id_="new", title="Logins fail", started_at=None), True),
        (incident(id_="new", title="Trouble with logging in", started_at=at(9)), True),
        (incident(id_="new", title="Trouble with logging in", started_at=at(11)), False),
        (incident(id_="new", title="Logins fail", started_at=at(-60 * 24 * 7)), False),
        (incident(id_="new", title="Something else", started_at=None), False),
    ],
)
def test_which_incident_is_the_same(new: Incident, same: bool) -> None:
    assert move(state(OPEN), new_page(new), at(5)).incidents == ({"old": "new"} if same else {})


def test_an_id_that_is_known_already_is_not_given_twice() -> None:
    other = incident(id_="other", title="Logins fail", phase=IncidentPhase.RESOLVED, started_at=at(-10))
    assert move(state(OPEN, other), new_page(other), at(5)).incidents == {}


def test_one_that_is_over_needs_its_title_and_its_day() -> None:
    over = OPEN.model_copy(update={"phase": IncidentPhase.RESOLVED})
    there = incident(id_="new", title="Another title", phase=IncidentPhase.RESOLVED, started_at=at(0))
    assert move(state(over), new_page(there), at(5)).incidents == {}
    same = there.model_copy(update={"title": "Logins fail", "started_at": at(1)})
    assert move(state(over), new_page(same), at(5)).incidents == {"old": "new"}


def test_components_are_the_same_by_their_names() -> None:
    moved = move(state(api=Status.DEGRADED, gone=Status.OPERATIONAL), new_page(Api="c1", Shop="c2"), at(5))
    assert moved.components == {"api": "c1"}
    assert set(moved.stored.components) == {"c1", "gone"}
    assert moved.before.components["c1"].component.status == Status.DEGRADED
    assert moved.before.components["c2"].told_status == Status.OPERATIONAL


def test_a_platform_that_tells_of_no_components_leaves_none() -> None:
    page = new_page().model_copy(update={"components": None})
    moved = move(state(api=Status.DEGRADED), page, at(5))
    assert moved.before.components["api"].removed_at == at(5)
    assert moved.stored.components["api"].removed_at is None
    assert implausible(moved.before, page) is None


def test_what_was_posted_after_the_last_read_is_news_and_nothing_before() -> None:
    posts = (update("a", "investigating", 0), update("b", "identified", 4), update("c", "monitoring", 6))
    moved = move(state(OPEN), new_page(incident(*posts, id_="new", title="Logins fail")), at(5))
    known = moved.before.incidents["new"].case
    assert [one.id for one in known.updates] == ["a", "b"]
    assert known.phase == IncidentPhase.INVESTIGATING
    assert moved.before.incidents["new"].ever_component_ids == ("api",)


# From here on: through the real poller, a page that was a Statuspage and becomes an Instatus.

PAGE = {"id": "abcdefghijkl", "name": "Acme", "url": "http://acme.example", "updated_at": "2026-01-01T12:00:00Z"}


def _statuspage(*incidents: dict[str, Any]) -> dict[str, Any]:
    part = {"id": "aaaaaaaaaaaa", "name": "API", "status": "partial_outage" if incidents else "operational"}
    shop = {"id": "bbbbbbbbbbbb", "name": "Shop", "status": "operational"}
    summary = {
        "page": PAGE,
        "status": {"indicator": "none", "description": "All Systems Operational"},
        "components": [part, shop],
        "incidents": list(incidents),
        "scheduled_maintenances": [],
    }
    return {
        "/api/v2/summary.json": summary,
        "/api/v2/incidents.json": {"page": PAGE, "incidents": list(incidents)},
        "/api/v2/scheduled-maintenances.json": {"page": PAGE, "scheduled_maintenances": []},
    }


def _instatus(*incidents: dict[str, Any]) -> dict[str, Any]:
    parts = [
        {"id": "cl1", "name": "API", "status": "PARTIALOUTAGE" if incidents else "OPERATIONAL"},
        {"id": "cl2", "name": "Docs", "status": "OPERATIONAL"},
    ]
    page = {"name": "Acme", "url": "http://acme.example", "status": "HASISSUES" if incidents else "UP"}
    summary = {"page": page} | ({"activeIncidents": list(incidents)} if incidents else {})
    return {
        "/summary.json": summary,
        "/api/v2/summary.json": summary,  # it answers the other's path too, in its own form
        "/v2/components.json": {"components": parts},
    }


OLD_INCIDENT = {
    "id": "cccccccccccc",
    "name": "Logins fail",
    "status": "investigating",
    "impact": "major",
    "started_at": "2026-01-01T12:00:00Z",
    "created_at": "2026-01-01T12:00:00Z",
    "components": [{"id": "aaaaaaaaaaaa", "name": "API", "status": "partial_outage"}],
    "incident_updates": [
        {
            "id": "dddddddddddd",
            "status": "investigating",
            "body": "We look into it.",
            "created_at": "2026-01-01T12:00:00Z",
        }
    ],
}
NEW_INCIDENT = {
    "id": "ci1",
    "name": "Logins fail",
    "status": "INVESTIGATING",
    "impact": "PARTIALOUTAGE",
    "started": "2026-01-01T12:00:00Z",
    "url": "http://acme.example/ci1",
}


class MovingPage:
    """A page whose documents are replaced as a whole."""

    def __init__(self) -> None:
        self.documents = _statuspage()
        self.kind = "application/json"
        self.moved_to = ""

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if self.moved_to:
            raise web.HTTPMovedPermanently(f"{self.moved_to}{request.path}")
        document = self.documents.get(request.path)
        if document is None:
            return web.Response(status=404, text="<!doctype html><title>nothing</title>", content_type="text/html")
        return web.Response(text=json.dumps(document), content_type=self.kind)


@pytest.fixture
async def page() -> MovingPage:
    return MovingPage()


@pytest.fixture
async def house(database: Database, page: MovingPage) -> AsyncIterator[House]:
    app = web.Application()
    app.router.add_get("/{path:.*}", page.__call__)
    async with (
        TestServer(app) as server,
        running(
            database, ADAPTERS, "statuspage", str(server.make_url("")).rstrip("/"), Shelf(snapshot())
        ) as house,
    ):
        yield house


async def test_a_follow_its_history_and_its_open_thread_survive_a_move(house: House, page: MovingPage) -> None:
    await house.follow(component_ids=["aaaaaaaaaaaa"])
    page.documents = _statuspage(OLD_INCIDENT)
    await house.poll()
    told = await house.delivered()
    assert told == ["incident.opened", "component.changed"]
    page.documents = _instatus(NEW_INCIDENT)
    await house.poll()  # a first failure may be anything
    await house.poll()
    assert await house.delivered() == told, "the move by itself is no news"
    async with house.database.read() as session:
        provider = await session.get_one(tables.Provider, house.provider_id)
        assert (provider.adapter, provider.failures) == ("instatus", 0)
        follow = (await session.scalars(select(tables.Follow))).one()
        assert follow.component_ids == ["cl1"]
        incidents = (await session.scalars(select(tables.Incident))).all()
        assert [one.external_id for one in incidents] == ["ci1"]
    page.documents = _instatus(NEW_INCIDENT | {"status": "IDENTIFIED"})
    await house.poll()
    page.documents = _instatus(NEW_INCIDENT | {"status": "RESOLVED"})
    await house.poll()
    types = await house.delivered()
    assert [one for one in types if one.startswith("incident")] == [
        "incident.opened",
        "incident.updated",
        "incident.resolved",
    ]
    assert {one.reference for one in house.mailbox.told[1:]} == {"root-1"}, "all in the thread that was open"


async def test_a_page_that_fails_without_becoming_another_one_stays_what_it_was(
    house: House, page: MovingPage
) -> None:
    await house.follow()
    page.documents = {}
    for _ in range(4):
        await house.poll()
    async with house.database.read() as session:
        provider = await session.get_one(tables.Provider, house.provider_id)
        assert (provider.adapter, provider.failures) == ("statuspage", 4)
        assert "no status page that uptimus can read" in (provider.failure or "")
    page.documents = _statuspage()
    await house.poll()
    assert [one for one in await house.delivered() if one.startswith("incident")] == []


async def test_a_page_that_leads_to_another_host_is_followed_there(house: House, page: MovingPage) -> None:
    await house.follow()
    page.documents = _statuspage(OLD_INCIDENT)
    await house.poll()
    told = await house.delivered()
    new = MovingPage()
    new.documents = page.documents
    app = web.Application()
    app.router.add_get("/{path:.*}", new.__call__)
    async with TestServer(app) as server:
        page.moved_to = str(server.make_url("")).rstrip("/")
        await house.poll()
        async with house.database.read() as session:
            provider = await session.get_one(tables.Provider, house.provider_id)
            assert (provider.adapter, provider.url) == ("statuspage", page.moved_to)
        assert await house.delivered() == told, "the move by itself is no news"
        new.documents = _statuspage(OLD_INCIDENT | {"impact": "critical"})
        await house.poll()
        assert (await house.delivered())[len(told) :] == ["incident.updated"]
