"""Servers that have the main document of a page alone: at its own path, or for every path alike."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from standins.cases import FIXTURES

from adapters import ADAPTERS
from adapters.adapter import Page
from adapters.detect import detect
from adapters.fetch import Fetcher
from adapters.schema import Snapshot

Serve = Callable[..., Awaitable[str]]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAIN = {
    "betterstack": ("trouble/www/index.json", "/index.json"),
    "cachet": ("trouble/www/api/v1/components/index", "/api/v1/components"),
    "gatus": ("trouble/www/api/v1/endpoints/statuses", "/api/v1/endpoints/statuses"),
    "incidentio": ("summary-alone/www/api/v2/summary.json", "/api/v2/summary.json"),
    "instatus": ("major/www/summary.json", "/summary.json"),
    "statuspage": ("summary-alone/summary.json", "/api/v2/summary.json"),
    "upptime": ("trouble/www/history/summary.json", "/history/summary.json"),
    "statusiq": ("trouble/www/rss", "/rss"),
}
"""The main document of each platform whose pages have it at a fixed path, and that path."""


def body_of(name: str) -> bytes:
    return (FIXTURES / name / MAIN[name][0]).read_bytes()


async def read(name: str, base: str, fetcher: Fetcher) -> Snapshot:
    snapshot = (await ADAPTERS[name].read(Page(url=base, now=NOW), fetcher)).snapshot
    assert snapshot is not None
    said = snapshot.model_dump_json().replace(base, "http://page")
    return Snapshot.model_validate_json(said)


@pytest.mark.parametrize("name", sorted(MAIN))
async def test_one_document_for_every_path_says_no_more_than_it_says(
    name: str, serve: Serve, fetcher: Fetcher
) -> None:
    document, place = body_of(name), MAIN[name][1]

    async def alone(request: web.Request) -> web.Response:
        return web.Response(body=document) if request.path == place else web.Response(status=404)

    async def everywhere(request: web.Request) -> web.Response:
        return web.Response(body=document)

    base = await serve(alone)
    assert await read(name, await serve(everywhere), fetcher) == await read(name, base, fetcher)
    if ADAPTERS[name].guessed:
        assert (await detect(base, fetcher, NOW)).adapter == name


PLACED = {
    "checkly": "/api/status-page/quillpost/unresolved-incidents",
    "statusio": "/1.0/status/5f00aa11bb22cc33dd44ee55",
    "statuspal": "/api/v2/status_pages/quillpost/summary",
    "uptime-kuma": "/api/status-page/quillpost",
    "uptimerobot": "/api/getMonitorList/QuiLLp0st7",
}
"""Where the main document stands on platforms whose paths name the page."""


def placed_body(name: str) -> bytes:
    return Path(f"{FIXTURES / name}/trouble/www{PLACED[name]}").read_bytes()


@pytest.mark.parametrize("name", sorted(PLACED))
async def test_an_address_that_names_the_page_is_evidence(name: str, serve: Serve, fetcher: Fetcher) -> None:
    path, document = PLACED[name], placed_body(name)

    async def alone(request: web.Request) -> web.Response:
        return web.Response(body=document) if request.path == path else web.Response(status=404)

    async def everywhere(request: web.Request) -> web.Response:
        return web.Response(body=document)

    found = await detect(f"{await serve(alone)}{path}", fetcher, NOW)
    assert found.adapter == name
    assert found.reading.snapshot is not None
    same = await read(name, await serve(everywhere), fetcher)
    assert [one.id for one in same.incidents] == [one.id for one in found.reading.snapshot.incidents]
    assert same.components == found.reading.snapshot.components
