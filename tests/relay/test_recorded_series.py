"""What real pages said, one read after the other, through poll → diff → delivery: nothing missing, nothing
invented, in order. Checked against what the same pages' own histories say happened."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standins.pages import Shelf, snapshot

from adapters import ADAPTERS
from relay.transports.transport import Telling
from storage.database import Database

from .conftest import House, running

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
GITHUB = PAYLOADS / "statuspage" / "github"
pytestmark = pytest.mark.skipif(not PAYLOADS.exists(), reason="no recordings here")
MOST_INCIDENTS = 12

Json = dict[str, Any]


class RecordedPage:
    """A Statuspage that says what was recorded, document by document."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        document = self.documents.get(request.path)
        return web.Response(body=document) if document is not None else web.Response(status=404)

    def put(self, **documents: object) -> None:
        """Replaces documents: `summary`, `incidents`, `maintenances`."""
        for name, document in documents.items():
            file = {"maintenances": "scheduled-maintenances"}.get(name, name)
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.documents[f"/api/v2/{file}.json"] = body

    def put_one(self, incident: Json) -> None:
        """The page of one incident."""
        self.documents[f"/incidents/{incident['id']}.json"] = json.dumps(incident).encode()


@asynccontextmanager
async def playing(database: Database, page: RecordedPage) -> AsyncIterator[House]:
    app = web.Application()
    app.router.add_get("/{path:.*}", page.__call__)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        async with running(database, ADAPTERS, "statuspage", url, Shelf(snapshot())) as house:
            await house.follow(components=False)
            yield house


def posted(update: Json) -> str:
    """When an update was posted: what the page sorts by."""
    return str(update["display_at"] or update["created_at"])


def history(incident: Json) -> list[Json]:
    """An incident's updates as its page's history has them, oldest first."""
    return sorted(incident["incident_updates"], key=lambda one: (posted(one), one["created_at"]))


def threads(told: Iterable[Telling]) -> dict[str, list[Telling]]:
    """What was told of each incident, in order."""
    found: dict[str, list[Telling]] = {}
    for one in told:
        case = one.event.data.incident or one.event.data.maintenance
        assert case is not None
        found.setdefault(case.id, []).append(one)
    return found


def updates_told(thread: Iterable[Telling]) -> list[str]:
    """The ids of the updates that were told as news, in order."""
    news = [one.event for one in thread if not str(one.event.type).endswith(".edited")]
    return [event.data.update.id for event in news if event.data.update is not None]


def types_told(thread: Iterable[Telling]) -> list[str]:
    return [str(one.event.type).partition(".")[2] for one in thread]


# GitHub, as it was recorded.


def summaries(series: str) -> Iterator[Json]:
    for file in sorted((GITHUB / series).glob("*.json")):
        try:
            yield json.loads(file.read_bytes())
        except ValueError:
            continue  # recorded while the page failed


async def test_github_in_august_2026(database: Database) -> None:
    listed = json.loads((GITHUB / "incidents-2026-08.json").read_bytes())
    [outage] = [one for one in listed["incidents"] if one["id"] == "zkxwbgr0cnmx"]
    page = RecordedPage()
    first, *rest = summaries("series-summary-2026-08-17-zkxwbgr0cnmx")
    page.put(summary=first)
    async with playing(database, page) as house:
        for summary in rest:
            if not summary["incidents"] and house.mailbox.told:
                page.put_one(outage)  # the history knows how it ended
            page.put(summary=summary)
            await house.poll()
        await house.delivered()
        found = threads(house.mailbox.told)
    assert set(found) == {"zkxwbgr0cnmx"}
    thread = found["zkxwbgr0cnmx"]
    assert updates_told(thread) == [one["id"] for one in history(outage)]
    types = types_told(thread)
    assert (types[0], types[-1]) == ("opened", "resolved")
    assert set(types[1:-1]) <= {"updated", "edited"}


def rewritten(before: Json, after: Json) -> int:
    """How many texts of an incident's read otherwise than before: its title and its updates."""
    bodies = {one["id"]: one["body"] for one in before["incident_updates"]}
    changed = [one for one in after["incident_updates"] if bodies.get(one["id"], one["body"]) != one["body"]]
    return len(changed) + int(before["name"] != after["name"])


@pytest.mark.parametrize(
    "series",
    [
        "series-summary-2023-05-10-pr3498h3qkfy",
        "series-summary-2024-01-21-7ck5966p1073",
        "series-summary-2025-11-19-zzl9nl31lb35",
        "series-summary-maintenance-2023-02-07",
    ],
)
async def test_github_where_no_history_is_at_hand(database: Database, series: str) -> None:
    page = RecordedPage()
    last: dict[str, Json] = {}
    edits: Counter[str] = Counter()
    first, *rest = summaries(series)
    page.put(summary=first)
    known = {one["id"]: one for one in first["incidents"] + first["scheduled_maintenances"]}
    for one in known.values():
        page.put_one(one)  # by its id it is found as it was last seen
    async with playing(database, page) as house:
        for summary in rest:
            page.put(summary=summary)
            for one in summary["incidents"] + summary["scheduled_maintenances"]:
                edits[one["id"]] += rewritten(last.get(one["id"], one), one)
                last[one["id"]] = one
                page.put_one(one)
            await house.poll()
        await house.delivered()
        found = threads(house.mailbox.told)
    assert set(found) == set(last) | set(known)
    for id_, thread in found.items():
        if id_ not in known:  # of those that were open before, the story so far is one message
            assert updates_told(thread) == [one["id"] for one in history(last[id_])]
        assert not {"resolved", "removed", "completed", "canceled", "reopened"} & set(types_told(thread))
        assert types_told(thread).count("edited") == edits[id_]


# Others, as their histories let it be seen: what the page said after each post.


def page_at(moment: str, incidents: list[Json], parts: list[Json], page: Json) -> dict[str, Json]:
    """The documents of the page as they stood at a moment."""
    shown: list[Json] = []
    for incident in incidents:
        told = [one for one in history(incident) if posted(one) <= moment]
        if told:
            over = told[-1]["status"] in {"resolved", "postmortem"}
            changes = {"incident_updates": told[::-1], "status": told[-1]["status"]}
            shown.append(incident | changes | ({} if over else {"resolved_at": None}))
    active = [one for one in shown if one["status"] not in {"resolved", "postmortem"}]
    indicator = "minor" if active else "none"
    summary = {"page": page, "status": {"indicator": indicator, "description": ""}, "components": parts}
    return {
        "summary": summary | {"incidents": active, "scheduled_maintenances": []},
        "incidents": {"page": page, "incidents": shown[::-1]},
        "maintenances": {"page": page, "scheduled_maintenances": []},
    }


@pytest.mark.parametrize("provider", ["anthropic", "stripe", "atlassian"])
async def test_a_page_as_its_history_tells_it(database: Database, provider: str) -> None:
    listed = json.loads((PAYLOADS / "statuspage" / provider / "incidents-raw-objects.json").read_bytes())
    # One that was posted when it was over is history and no news: it is months old.
    live = [one for one in listed if history(one)[0]["status"] not in {"resolved", "postmortem"}]
    incidents = sorted(live, key=lambda one: posted(history(one)[0]))[-MOST_INCIDENTS:]
    page_json = {"id": incidents[0]["page_id"], "name": provider.title(), "url": "https://status.example.com"}
    parts = [{"id": "aaaaaaaaaaaa", "name": "API", "status": "operational"}]
    moments = sorted({posted(update) for one in incidents for update in one["incident_updates"]})
    page = RecordedPage()
    page.put(**page_at("", incidents, parts, page_json))
    async with playing(database, page) as house:
        for moment in moments:
            documents = page_at(moment, incidents, parts, page_json)
            page.put(**documents)
            for one in documents["incidents"]["incidents"]:
                page.put_one(one)
            await house.poll()
        await house.delivered()
        found = threads(house.mailbox.told)
    assert set(found) == {one["id"] for one in incidents}
    for incident in incidents:
        thread, told = found[incident["id"]], history(incident)
        types = types_told(thread)
        assert updates_told(thread) == [one["id"] for one in told], incident["name"]
        assert types[0] == "opened"
        assert not {"edited", "removed"} & set(types)
        ends = [one["status"] for one in told].count("resolved")
        assert types.count("resolved") - types.count("reopened") == min(ends, 1)
        references = {one.reference for one in thread[1:]}
        assert len(references) <= 1, "one thread"
    starts = [one.event.data.incident.id for one in house.mailbox.told if str(one.event.type) == "incident.opened"]  # type: ignore[union-attr]
    assert starts == [one["id"] for one in incidents]
