"""The player: however high the speed, a reader sees every step."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from adapters.adapter import Page
from adapters.fetch import Fetcher
from adapters.schema import OVER
from adapters.statuspage import read
from bot.demo import DEFAULT_SPEED, DemoPage, load, play
from bot.demo.player import gaps

FAST = 1e6


@pytest.fixture
async def page() -> AsyncIterator[DemoPage]:
    page = DemoPage(load())
    yield page
    await page.aclose()


@pytest.fixture
async def reader() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def until_step(page: DemoPage, step: int, session: aiohttp.ClientSession, url: str) -> None:
    """Reads on, as a poller does, until that step is up."""
    while page.step < step:
        await (await session.get(f"{url}/api/v2/summary.json")).read()
        await (await session.get(f"{url}/api/v2/incidents.json")).read()


async def test_no_step_is_lost_at_any_speed(page: DemoPage, reader: aiohttp.ClientSession) -> None:
    url, finished = await page.start(), asyncio.Event()
    player = asyncio.create_task(play(page, speed=FAST, finished=finished))
    seen = []
    while not finished.is_set():
        pages = []
        for document in ("summary", "incidents"):
            async with reader.get(f"{url}/api/v2/{document}.json") as answer:
                pages.append((await answer.json())["page"]["updated_at"])
        assert pages[0] == pages[1], "a step never changes inside a read"
        seen.append(page.step)
    await player
    assert list(dict.fromkeys(seen)) == list(range(7))
    assert seen[0] == 0


async def test_a_step_stays_up_while_nobody_reads_it(page: DemoPage, reader: aiohttp.ClientSession) -> None:
    url = await page.start()
    player = asyncio.create_task(play(page, speed=FAST))
    await until_step(page, 1, reader, url)
    for _ in range(50):
        await (await reader.get(f"{url}/api/v2/status.json")).read()
    assert page.step == 1
    player.cancel()


async def test_a_postmortem_counts_as_read_when_the_incident_was(
    page: DemoPage, reader: aiohttp.ClientSession
) -> None:
    url, finished = await page.start(), asyncio.Event()
    player = asyncio.create_task(play(page, speed=FAST, finished=finished))
    await until_step(page, 6, reader, url)  # its last read took incidents.json of step 6 as well
    page.show(6)
    for _ in range(20):
        await (await reader.get(f"{url}/api/v2/summary.json")).read()
    assert not finished.is_set()
    await (await reader.get(f"{url}/incidents/wqrzsb2dhryr.json")).read()
    await (await reader.get(f"{url}/api/v2/summary.json")).read()
    assert not finished.is_set(), "one read may fetch the summary twice"
    await (await reader.get(f"{url}/api/v2/summary.json")).read()
    await asyncio.wait_for(finished.wait(), 60)
    await player


async def test_an_unchanged_document_is_answered_with_304(page: DemoPage, reader: aiohttp.ClientSession) -> None:
    url = f"{await page.start()}/api/v2/summary.json"
    async with reader.get(url) as first:
        etag = first.headers["ETag"]
    async with reader.get(url, headers={"If-None-Match": etag}) as again:
        assert (again.status, await again.read()) == (304, b"")
    page.show(1)
    async with reader.get(url, headers={"If-None-Match": etag}) as changed:
        assert changed.status == 200
        assert changed.headers["ETag"] != etag


async def test_what_is_not_there_is_404(page: DemoPage, reader: aiohttp.ClientSession) -> None:
    async with reader.get(f"{await page.start()}/incidents/wqrzsb2dhryr.json") as answer:
        assert answer.status == 404


async def test_our_own_adapter_reads_the_whole_story(page: DemoPage) -> None:
    url, finished = await page.start(), asyncio.Event()
    player = asyncio.create_task(play(page, speed=FAST, finished=finished))
    fetcher = Fetcher(user_agent="test", allow_private_networks=True)
    memory: Mapping[str, object] = {}
    open_ids: frozenset[str] = frozenset()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    phases = []
    while not finished.is_set():
        now += timedelta(seconds=60)
        reading = await read(Page(url=url, now=now, memory=memory, open_ids=open_ids), fetcher)
        memory = reading.memory
        if reading.snapshot is not None:
            login = [one for one in reading.snapshot.incidents if one.id == "wqrzsb2dhryr"]
            phases.append([(str(one.phase), len(one.updates)) for one in login])
            open_ids = frozenset(one.id for one in reading.snapshot.incidents if one.phase not in OVER)
    await player
    await fetcher.aclose()
    told = ["investigating", "investigating", "identified", "monitoring", "resolved", "postmortem"]
    assert phases == [[], *([(phase, n)] for n, phase in enumerate(told, 1))]


def test_the_story_lasts_about_a_minute() -> None:
    assert 40 <= sum(gaps(load())) / DEFAULT_SPEED <= 75
    assert gaps(load()) == [120, 600, 600, 600, 420, 600]
