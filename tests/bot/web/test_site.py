"""Pages are kept for a moment: made once, sent once, shown as they were while the database is away."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.exc import OperationalError
from standins.login_outage import START

from adapters.schema import Status
from bot.web.kept_pages import KeptPages
from bot.web.site import Site
from bot.web.views import Asked, DirectoryView, Facts, Missing, ProviderView

NOW = START + timedelta(minutes=50)
CALM = ProviderView("calm", "Calm", "https://calm.example", Status.OPERATIONAL, checked_at=NOW)


class Town:
    """What a test says there is, on a clock that it sets."""

    def __init__(self) -> None:
        self.view: ProviderView | Missing | None = CALM
        self.error: Exception | None = None
        self.asked: list[Asked] = []
        self.seconds = 0.0
        self.held = asyncio.Event()
        self.held.set()

    async def provider(self, _: str, asked: Asked) -> ProviderView | Missing | None:
        self.asked.append(asked)
        await self.held.wait()
        if self.error is not None:
            raise self.error
        return self.view

    async def directory(self, asked: Asked) -> DirectoryView:
        self.asked.append(asked)
        return DirectoryView(asked=asked)


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
async def client(town: Town) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    kept = KeptPages(fresh=2, clock=lambda: town.seconds)
    app = web.Application()
    app.add_routes(Site(town.provider, town.directory, Facts(), lambda: NOW, kept).routes())
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        yield client


Client = TestClient[web.Request, web.Application]
PLAIN = {"Accept-Encoding": "identity"}


async def test_many_who_ask_at_once_have_it_made_once(town: Town, client: Client) -> None:
    town.held.clear()
    asking = [asyncio.create_task(client.get("/status/calm")) for _ in range(20)]
    while not town.asked:
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    town.held.set()
    answers = [await one for one in asking]
    assert {answer.status for answer in answers} == {200}
    assert len(town.asked) == 1


async def test_who_goes_away_takes_it_from_nobody(town: Town, client: Client) -> None:
    town.held.clear()
    first = asyncio.create_task(client.get("/status/calm"))
    while not town.asked:
        await asyncio.sleep(0)
    second = asyncio.create_task(client.get("/status/calm"))
    await asyncio.sleep(0.05)
    first.cancel()
    await asyncio.sleep(0.05)
    town.held.set()
    assert (await second).status == 200
    assert len(town.asked) == 1


async def test_it_is_made_anew_after_some_seconds(town: Town, client: Client) -> None:
    await client.get("/status/calm")
    town.view = replace(CALM, name="Calmer")
    assert b"Calmer" not in await (await client.get("/status/calm", headers=PLAIN)).read()
    town.seconds += 2
    assert b"Calmer" in await (await client.get("/status/calm", headers=PLAIN)).read()


async def test_what_did_not_change_is_not_sent_again(town: Town, client: Client) -> None:
    plain = await client.get("/status/calm", headers=PLAIN)
    zipped = await client.get("/status/calm", headers={"Accept-Encoding": "gzip, br"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(await zipped.read()) == await plain.read()
    assert plain.headers["ETag"] != zipped.headers["ETag"], "other bytes"
    assert not plain.headers["ETag"].startswith("W/")
    assert plain.headers["Vary"] == "Accept-Encoding"
    town.seconds += 100
    for answer in (plain, zipped):
        again = await client.get("/status/calm", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status, await again.read()) == (304, b"")
        assert again.headers["Cache-Control"] == "public, max-age=10, stale-while-revalidate=60"
    town.view = replace(CALM, status=Status.MAJOR_OUTAGE)
    town.seconds += 2
    changed = await client.get("/status/calm", headers={"If-None-Match": plain.headers["ETag"]})
    assert changed.status == 200


async def test_head_is_get_without_a_body(client: Client) -> None:
    head, get = await client.head("/status/calm"), await client.get("/status/calm")
    assert await head.read() == b""
    for name in ("ETag", "Cache-Control", "Content-Type", "Content-Length", "Content-Security-Policy"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("error", [OSError("gone"), TimeoutError(), OperationalError("", {}, Exception("gone"))])
async def test_while_the_database_is_away_it_is_shown_as_it_was(
    town: Town, client: Client, error: Exception
) -> None:
    await client.get("/status/calm")
    town.error, town.seconds = error, 120
    answer = await client.get("/status/calm", headers=PLAIN)
    said = (await answer.read()).decode()
    assert (answer.status, answer.headers["Cache-Control"]) == (503, "no-store")
    assert "Retry-After" in answer.headers
    assert "All systems operational" in said
    assert "This page is old.</strong> It is from 18 Jul 2025, 19:48 UTC" in said
    other = await client.get("/status/other", headers=PLAIN)
    assert (other.status, "Not available just now" in (await other.read()).decode()) == (503, True)
    town.error = None
    assert (await client.get("/status/calm")).status == 200


async def test_one_that_is_gone_is_not_shown_any_more(town: Town, client: Client) -> None:
    await client.get("/status/calm")
    town.view, town.seconds = None, 5
    assert (await client.get("/status/calm")).status == 404
    town.error = OSError("gone")
    assert (await client.get("/status/calm")).status == 503


@pytest.mark.parametrize(
    ("query", "text", "page"),
    [
        ("", "", 1),
        ("?components=pay&page=2", "pay", 2),
        ("?components=%00++a%0Ab&page=0", "a b", 1),
        ("?page=-1", "", 1),
        ("?page=²", "", 1),
        ("?page=99999999999999999999", "", 1),
        ("?page=999999999", "", 100_000),
        (f"?components={'x' * 500}", "x" * 60, 1),
        ("?utm_source=mail", "", 1),
    ],
)
async def test_what_is_asked_for(town: Town, client: Client, query: str, text: str, page: int) -> None:
    assert (await client.get(f"/status/calm{query}")).status == 200
    assert town.asked == [Asked(text, page)]


async def test_memory_is_bounded() -> None:
    kept = KeptPages(most_bytes=100_000)

    async def make() -> bytes:
        return b"x" * 10_000

    for number in range(50):
        await kept.get(f"page {number}", make)
    assert kept.last("page 0") is None
    there = [number for number in range(50) if kept.last(f"page {number}") is not None]
    assert there == list(range(43, 50))


async def test_one_that_can_not_be_made_is_tried_again() -> None:
    kept, tries = KeptPages(), []

    async def fail() -> bytes:
        tries.append(1)
        raise OSError("gone")

    for _ in range(2):
        with pytest.raises(OSError, match="gone"):
            await kept.get("page", fail)
    assert len(tries) == 2
