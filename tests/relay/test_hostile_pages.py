"""Pages that misbehave: a clear state each time, no event invented, the other pages on time."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from sqlalchemy import func, insert, select, update

from adapters import ADAPTERS
from adapters.fetch import Fetcher
from bot.demo import LOGIN_OUTAGE, documents, load
from relay.metrics import Metrics
from relay.poll import Poller, pace
from storage import follows, providers
from storage.database import Database, from_now
from storage.tables import Event, Follow, Provider

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CALM = documents(load(LOGIN_OUTAGE), 0)
PATIENCE = 10.0
"""Seconds for which a page is read, and for which another would wait that waited for it."""


async def _calm(request: web.Request) -> web.StreamResponse:
    document = CALM.get("/api/v2/" + request.match_info["file"])
    return web.json_response(document) if document is not None else web.Response(status=404)


async def _huge(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(1024):
        await response.write(b" " * 1024 * 1024)
    return response


async def _bomb(_: web.Request) -> web.StreamResponse:
    body = await asyncio.to_thread(gzip.compress, b" " * 200 * 1024 * 1024, 1)
    return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def _html(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<!doctype html><title>We have moved</title>", content_type="text/html")


async def _half(_: web.Request) -> web.StreamResponse:
    return web.Response(text='{"page": {"id": "abcdefghijkl", "name": "C', content_type="application/json")


async def _deep(_: web.Request) -> web.StreamResponse:
    return web.Response(text='{"page":' + "[" * 200_000, content_type="application/json")


async def _wrong_types(_: web.Request) -> web.StreamResponse:
    return web.json_response({"page": 7, "components": {"a": 1}, "incidents": "none", "status": [[]]})


async def _empty(_: web.Request) -> web.StreamResponse:
    return web.json_response({})


async def _nothing(_: web.Request) -> web.StreamResponse:
    return web.Response()


async def _no_components(_: web.Request) -> web.StreamResponse:
    return web.json_response(CALM["/api/v2/summary.json"] | {"components": [], "incidents": []})


async def _other_page(_: web.Request) -> web.StreamResponse:
    summary = CALM["/api/v2/summary.json"]
    return web.json_response(summary | {"page": summary["page"] | {"id": "zzzzzzzzzzzz"}})


async def _private(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("http://169.254.169.254/latest/meta-data")


async def _loop(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(str(request.url))


async def _error(_: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text="oops")


async def _cut_off(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


HOSTILE: dict[str, tuple[Handler, str]] = {
    "1 GB": (_huge, "more than 10 MB"),
    "gzip bomb": (_bomb, "more than 10 MB"),
    "endless": (_endless, "longer than"),
    "HTML": (_html, "HTML"),
    "half a JSON": (_half, "JSON"),
    "deep nesting": (_deep, "nested"),
    "wrong types": (_wrong_types, ""),
    "an empty object": (_empty, ""),
    "an empty body": (_nothing, "JSON"),
    "no components any more": (_no_components, "lost all its components"),
    "another page": (_other_page, "another page"),
    "redirect to a private address": (_private, ""),
    "redirect loop": (_loop, "redirect"),
    "500": (_error, "500"),
    "cut off": (_cut_off, ""),
}


class Site:
    """A hostile page and a good one on the same machine. Both are calm at first. Once `good_first` is cleared, the
    hostile one says nothing until the good one is asked: who waits for it waits until its time is over."""

    def __init__(self) -> None:
        self.handler: Handler = _calm
        self.good_first = asyncio.Event()
        self.good_first.set()
        self.good_reads: list[float] = []

    async def hostile(self, request: web.Request) -> web.StreamResponse:
        await self.good_first.wait()
        return await self.handler(request)

    async def good(self, request: web.Request) -> web.StreamResponse:
        self.good_reads.append(time.monotonic())
        self.good_first.set()
        return await _calm(request)


@asynccontextmanager
async def _served(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/api/v2/{file}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def _add(database: Database, slug: str, url: str) -> None:
    async with database.write() as session:
        workspace_id = await follows.workspace(session, "local")
        found = await follows.destination(session, workspace_id, "console:")
        row = found or await follows.add_destination(session, workspace_id, "console:", "console", [])
        now = await providers.database_now(session)
        provider = Provider(
            slug=slug, name=slug, url=url, adapter="statuspage", source="user", verification="pending",
            status="unknown", memory={}, due_at=now, active=False, failures=0, unreadable=False,
        )  # fmt: skip
        session.add(provider)
        await session.flush()
        await session.execute(
            insert(Follow).values(
                provider_id=provider.id,
                destination_id=row.id,
                incidents=True,
                components=True,
                maintenance=True,
                component_ids=[],
                created_by="",
                created_at=now,
            )
        )


async def _provider(database: Database, slug: str) -> Provider:
    async with database.read() as session:
        return (await session.scalars(select(Provider).where(Provider.slug == slug))).one()


async def _all_due(database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(Provider).values(due_at=from_now(-1)))


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_page_is_unknown_and_the_others_are_on_time(
    name: str, database: Database, request: pytest.FixtureRequest
) -> None:
    if "postgresql" in request.node.name and name not in ("500", "half a JSON"):
        pytest.skip("what the page does is the same for both databases")
    handler, said = HOSTILE[name]
    site = Site()
    async with _served(site.hostile) as hostile, _served(site.good) as good:
        await _add(database, "hostile", hostile)
        await _add(database, "good", good)
        is_private = {"127.0.0.1"}.__contains__
        fetcher = Fetcher(
            user_agent="test", total_timeout=PATIENCE, is_allowed=lambda address: is_private(str(address))
        )
        poller = Poller(
            database, fetcher, ADAPTERS, pace=pace(1, 0), metrics=Metrics(), recorded=lambda: None
        )  # fmt: skip
        poller.start()
        await poller.tick()
        await poller.idle()
        site.handler = handler
        site.good_first.clear()
        site.good_reads.clear()
        await _all_due(database)
        began = time.monotonic()
        await poller.tick()
        await poller.idle()
        assert site.good_reads[-1] - began < PATIENCE, "the other page waited"
        bad, fine = await _provider(database, "hostile"), await _provider(database, "good")
        assert bad.failure is not None
        assert said in bad.failure
        assert "\n" not in bad.failure
        assert bad.failures == 1
        assert fine.failure is None
        site.handler = _calm  # and it is read again when it is well
        await _all_due(database)
        await poller.tick()
        await poller.idle()
        assert (await _provider(database, "hostile")).failure is None
        async with database.read() as session:
            assert await session.scalar(select(func.count()).select_from(Event)) == 0
        await poller.aclose()
        await fetcher.aclose()


async def test_an_hour_of_errors_is_told_once(database: Database) -> None:
    site = Site()
    async with _served(site.hostile) as hostile:
        await _add(database, "hostile", hostile)
        fetcher = Fetcher(user_agent="test", allow_private_networks=True)
        poller = Poller(database, fetcher, ADAPTERS, pace=pace(60, 0), metrics=Metrics(), recorded=lambda: None)
        poller.start()
        await poller.tick()
        await poller.idle()
        site.handler, delays = _error, list[float]()
        for minute in range(0, 60, 5):
            async with database.write() as session:
                provider = (await session.scalars(select(Provider))).one()
                provider.due_at = await providers.database_now(session)
                if provider.failing_since is not None and minute:
                    provider.failing_since -= (await providers.database_now(session)) - provider.due_at
                    provider.failing_since = provider.failing_since.replace(year=provider.failing_since.year - 1)
            await poller.tick()
            await poller.idle()
            bad = await _provider(database, "hostile")
            async with database.read() as session:
                assert bad.due_at is not None
                delays.append((bad.due_at - await providers.database_now(session)).total_seconds())
        assert delays[0] == pytest.approx(60, rel=0.25)
        assert delays[1] == pytest.approx(120, rel=0.25)
        assert max(delays) == pytest.approx(300, rel=0.25)
        async with database.read() as session:
            types = list(await session.scalars(select(Event.type).order_by(Event.id)))
        assert types == ["provider.unreadable"]
        await poller.aclose()
        await fetcher.aclose()
