"""Which kind of page is at an address."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from adapters.detect import detect
from adapters.fetch import AdapterError, Fetcher

Serve = Callable[..., Awaitable[str]]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CALM = Path(__file__).with_name("fixtures") / "statuspage" / "chargeover-calm"
DOCUMENTS = {
    "/api/v2/summary.json": "summary.json",
    "/api/v2/incidents.json": "incidents.json",
    "/api/v2/scheduled-maintenances.json": "maintenances.json",
}


async def chargeover(request: web.Request) -> web.Response:
    """A whole Statuspage."""
    name = DOCUMENTS.get(request.path)
    return web.Response(body=(CALM / name).read_bytes()) if name else web.Response(status=404)


@pytest.mark.parametrize("below", ["", "/", "/history", "/incidents/wqrzsb2dhryr", "/api/v2/summary.json"])
async def test_a_statuspage(serve: Serve, fetcher: Fetcher, below: str) -> None:
    url = await serve(chargeover)
    name, reading = await detect(url + below, fetcher, NOW)
    assert name == "statuspage"
    assert reading.snapshot is not None
    assert reading.snapshot.provider.name == "ChargeOver"
    assert reading.snapshot.provider.url == url
    assert reading.snapshot.read_at == NOW


async def test_a_page_for_every_path_is_no_proof(serve: Serve, fetcher: Fetcher) -> None:
    async def single_page_app(request: web.Request) -> web.Response:
        return web.Response(text="<!DOCTYPE html><title>Status</title>", content_type="text/html")

    with pytest.raises(AdapterError) as caught:
        await detect(await serve(single_page_app), fetcher, NOW)
    assert caught.value.reason == "no status page that uptimus can read (statuspage: summary.json is HTML)"


async def test_a_page_that_asks_for_patience(serve: Serve, fetcher: Fetcher) -> None:
    async def busy(request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "60"})

    with pytest.raises(AdapterError) as caught:
        await detect(await serve(busy), fetcher, NOW)
    assert caught.value.retry_after == 60


@pytest.mark.parametrize("url", ["", "ftp://example.com", "not a page"])
async def test_what_is_no_address(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(AdapterError):
        await detect(url, fetcher, NOW)
