"""What pages tell of the time before they were read: the days, and incidents that stand in the feed alone."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path

import pytest
from aiohttp import web

from adapters import betterstack
from adapters.adapter import Page
from adapters.fetch import AdapterError, Fetcher
from adapters.schema import IncidentPhase, Status
from adapters.statuspage_past import past_days, past_incidents, read_past

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
RECORDED = pytest.mark.skipif(not PAYLOADS.exists(), reason="no recordings here")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def page(days: object, start: str | None = None) -> bytes:
    component = {"code": "aaaaaaaaaaaa", "name": "API"} | ({"startDate": start} if start else {})
    data = {"aaaaaaaaaaaa": {"component": component, "days": days}}
    return f"<script>\n  var uptimeData = {json.dumps(data)};\n  more()</script>".encode()


def test_days_by_the_outage_that_they_had() -> None:
    days = [
        {"date": "2025-12-29", "outages": {}},
        {"date": "2025-12-30", "outages": {"p": 60}, "related_events": []},
        {"date": "2025-12-31", "outages": {"p": 60, "m": 1}},
    ]
    assert [(one.component_id, one.day, one.status) for one in past_days(page(days))] == [
        ("aaaaaaaaaaaa", date(2025, 12, 29), Status.OPERATIONAL),
        ("aaaaaaaaaaaa", date(2025, 12, 30), Status.PARTIAL_OUTAGE),
        ("aaaaaaaaaaaa", date(2025, 12, 31), Status.MAJOR_OUTAGE),
    ]


def test_days_before_a_component_began_are_not_known() -> None:
    days = [{"date": "2025-12-29", "outages": {}}, {"date": "2025-12-30", "outages": {}}]
    assert [one.day for one in past_days(page(days, "2025-12-30"))] == [date(2025, 12, 30)]


@pytest.mark.parametrize("days", [None, "x", [{}], [{"date": 5, "outages": {}}], [{"date": "2025-12-30"}], [7]])
def test_days_that_say_nothing(days: object) -> None:
    assert past_days(page(days)) == ()


def test_a_page_without_days_and_one_that_is_broken_off() -> None:
    assert past_days(b"<!DOCTYPE html>") == ()
    with pytest.raises(AdapterError):
        past_days(page([])[:60])
    with pytest.raises(AdapterError):
        past_days(b"uptimeData = {" + b'"a":[' * 100_000)


def feed() -> bytes:
    posts = (
        "<p><small>Dec 30, 10:00 UTC</small><br><strong>Resolved</strong> - Over.</p>"
        "<p><small>Dec 30, 09:00 UTC</small><br><strong>Investigating</strong> - We look.</p>"
    )
    open_ = "<p><small>Dec 31, 09:00 UTC</small><br><strong>Investigating</strong> - We look.</p>"
    entries = [("bbbbbbbbbbbb", "Slow", posts), ("cccccccccccc", "Slower", open_)]
    listed = "".join(
        f"<entry><id>tag:1/{code}</id><updated>2025-12-31T10:00:00Z</updated><title>{title}</title>"
        f'<link href="https://status.acme.example/incidents/{code}"/>'
        f'<content type="html">{escape(text)}</content></entry>'
        for code, title, text in entries
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Acme</title>{listed}</feed>'.encode()


def test_incidents_of_the_feed_are_known_by_the_ids_of_the_documents() -> None:
    [one] = past_incidents(feed(), NOW)
    assert (one.id, one.title, one.phase) == ("bbbbbbbbbbbb", "Slow", IncidentPhase.RESOLVED)
    assert one.resolved_at == datetime(2025, 12, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize("listed", [True, False])
async def test_the_feed_is_read_where_there_is_no_list(
    serve: Callable[..., Awaitable[str]], fetcher: Fetcher, listed: bool
) -> None:
    asked = []

    async def site(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        if request.path == "/":
            return web.Response(body=page([{"date": "2025-12-29", "outages": {}}]), content_type="text/html")
        if request.path == "/history.atom":
            return web.Response(body=feed(), content_type="application/atom+xml")
        return web.json_response({"incidents": []}) if listed else web.Response(status=401)

    past = await read_past(Page(url=await serve(site), now=NOW), fetcher)
    assert len(past.days) == 1
    assert len(past.incidents) == (0 if listed else 1)
    assert asked == ["/", "/api/v2/incidents.json"] + ([] if listed else ["/history.atom"])


@RECORDED
def test_recorded_days_of_a_statuspage() -> None:
    days = past_days((PAYLOADS / "statuspage-html" / "auth0" / "index.html").read_bytes())
    assert len({one.component_id for one in days}) > 20
    assert Counter(one.day for one in days).most_common(1)[0][1] > 20
    [path] = (PAYLOADS / "statuspage-html" / "68pj1chtmv4h").iterdir()
    bad = [one for one in past_days(path.read_bytes()) if one.status != Status.OPERATIONAL]
    assert (date(2020, 10, 29), Status.MAJOR_OUTAGE) in [(one.day, one.status) for one in bad]


@RECORDED
def test_recorded_days_of_a_better_stack_page() -> None:
    [path] = (PAYLOADS / "betterstack" / "huggingface").iterdir()
    days = betterstack.past_days(path.read_bytes())
    assert Counter(one.status for one in days) == {
        Status.OPERATIONAL: 631,
        Status.MAJOR_OUTAGE: 9,
        Status.DEGRADED: 2,
        Status.MAINTENANCE: 1,
    }
