"""Upptime: where its repository is named, how GitHub's API is spared, and the recorded repository."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standins.getter import Served

from adapters import upptime
from adapters.adapter import Page
from adapters.fetch import AdapterError, FetchError
from adapters.schema import Impact, Status

RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "upptime" / "manticore" / "history-summary.json"
READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = "https://status.quillpost.example"
RAW = "https://raw.githubusercontent.com/quillpost/post/HEAD/history/summary.json"
ISSUES = "https://api.github.com/repos/quillpost/post/issues?state=all&per_page=100"
SITE = {"slug": "parcels", "name": "Parcels", "status": "up"}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://github.com/quillpost/post", "https://github.com/quillpost/post"),
        ("https://github.com/quillpost/post/issues", "https://github.com/quillpost/post"),
        ("https://github.com/quillpost", "https://github.com/quillpost/uptime"),
        ("https://raw.githubusercontent.com/quillpost/post/HEAD", "https://github.com/quillpost/post"),
        ("https://quillpost.github.io/post", "https://github.com/quillpost/post"),
    ],
)
async def test_an_address_that_names_the_repository(url: str, place: str) -> None:
    server = Served()
    assert await upptime.locate(url, server) == place
    assert not server.asked


@pytest.mark.parametrize(
    ("html", "place"),
    [
        ('<a href="https://github.com/quillpost/post">open source</a>', "https://github.com/quillpost/post"),
        ("<a href=https://github.com/quillpost/post>open source</a>", "https://github.com/quillpost/post"),
        (
            '<a href="https://github.com/upptime/upptime"></a><a href="https://github.com/quillpost/post"></a>'
            '<a href="https://github.com/upptime/upptime"></a><a href="https://github.com/quillpost/post/issues/1">',
            "https://github.com/quillpost/post",
        ),
        ('<a href="https://github.com/upptime/upptime">', "https://github.com/upptime/upptime"),
    ],
)
async def test_a_page_that_links_to_its_repository(html: str, place: str) -> None:
    assert await upptime.locate(PAGE, Served({PAGE: html})) == place


async def test_a_page_that_links_to_none() -> None:
    with pytest.raises(AdapterError, match="links to no repository"):
        await upptime.locate(PAGE, Served({PAGE: '<a href="https://github.com/quillpost">'}))


async def test_the_api_is_asked_every_ten_minutes_only() -> None:
    server, asked = Served({RAW: [SITE], ISSUES: []}), []
    memory: dict[str, object] = {}
    for minutes in (0, 1, 9, 10, 11):
        server.asked.clear()
        page = Page(
            url="https://github.com/quillpost/post", now=READ_AT + timedelta(minutes=minutes), memory=memory
        )
        reading = await upptime.ADAPTER.read(page, server)
        memory = json.loads(json.dumps(reading.memory))
        asked.append(ISSUES in server.asked)
        assert (reading.snapshot is None) == (minutes > 0)
    assert asked == [True, False, False, True, False]


async def test_what_the_api_refuses_is_left_unsaid() -> None:
    server = Served({RAW: [SITE], ISSUES: FetchError("api.github.com answered 403")})
    page = Page(url="https://github.com/quillpost/post", now=READ_AT)
    reading = await upptime.ADAPTER.read(page, server)
    found = reading.snapshot
    assert found is not None
    assert (found.provider.name, found.status) == ("quillpost/post", Status.OPERATIONAL)
    assert not found.coverage.active_incidents
    server.asked.clear()
    later = Page(url=page.url, now=READ_AT + timedelta(minutes=1), memory=reading.memory)
    assert (await upptime.ADAPTER.read(later, server)).snapshot is None
    assert server.asked == [RAW]
    server.documents[RAW] = FetchError("raw.githubusercontent.com answered 403")
    with pytest.raises(FetchError):
        await upptime.ADAPTER.read(page, server)


@pytest.mark.parametrize(
    ("title", "impact"),
    [
        ("🛑 Parcels is down", Impact.MAJOR),
        ("⚠️ Parcels has degraded performance", Impact.MINOR),
        ("Letters arrive late", Impact.UNKNOWN),
    ],
)
def test_how_bad_an_issue_is(title: str, impact: Impact) -> None:
    issue = {"number": 1, "title": title, "state": "open", "labels": [{"name": "status"}]}
    documents = {"summary": json.dumps([SITE]).encode(), "issues": json.dumps([issue]).encode()}
    found = upptime.parse(documents, url=PAGE, read_at=READ_AT)
    assert [one.impact for one in found.incidents] == [impact]


def test_more_issues_than_are_listed() -> None:
    issues = [{"number": number, "title": "A question", "labels": []} for number in range(100)]
    documents = {"summary": json.dumps([SITE]).encode(), "issues": json.dumps(issues).encode()}
    coverage = upptime.parse(documents, url=PAGE, read_at=READ_AT).coverage
    assert (coverage.active_incidents, coverage.past_incidents) == (False, True)


@pytest.mark.skipif(not RECORDED.exists(), reason="no recordings here")
def test_the_recorded_repository() -> None:
    found = upptime.parse({"summary": RECORDED.read_bytes()}, url=PAGE, read_at=READ_AT)
    listed = json.loads(RECORDED.read_bytes())
    assert found.components is not None
    assert [one.id for one in found.components] == [site["slug"] for site in listed]
    assert found.components[2].name == "Manual (dev)"
    assert {one.status for one in found.components} == {Status.OPERATIONAL}
    assert found.status == Status.OPERATIONAL
