"""The public pages with everything behind them, on both databases: what they tell, in HTML that is valid."""

import re
from collections.abc import AsyncIterator
from xml.etree import ElementTree as Xml

import aiohttp
import html5lib
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import update
from standins.gallery import NOW, SLUGS, Gallery, gallery

from adapters.schema import Status
from bot.web import data, listed, sitemap
from bot.web.relatives import Relatives
from bot.web.views import Asked, ComponentRow, Missing, ProviderView
from storage.database import Database
from storage.tables import Provider

PATHS = [*(f"/status/{slug}" for slug in SLUGS), "/", "/status?q=pay", "/status?q=%3Cb%3E", "/status?category=AI"]
NOT_THERE = ["/status/chargeovr", "/status/stripe", "/status/%00", "/nothing"]
NAMESPACE = f"{{{sitemap.NAMESPACE}}}"


@pytest.fixture
async def house(database: Database) -> AsyncIterator[Gallery]:
    async with gallery(database) as house:
        yield house


async def view(house: Gallery, slug: str, asked: Asked = Asked()) -> ProviderView:  # noqa: B008
    found = await data.provider_view(house.services, slug, asked)
    assert isinstance(found, ProviderView)
    return found


def _outages(row: ComponentRow) -> list[str]:
    return [one.said for one in row.days if one.state == "outage"]


async def test_every_page_is_valid_html(house: Gallery) -> None:
    async with aiohttp.ClientSession(house.url) as client:
        for path in (*PATHS, *NOT_THERE):
            async with client.get(path) as answer:
                assert answer.status == (404 if path in NOT_THERE else 200), path
                html = await answer.text()
            html5lib.HTMLParser(strict=True).parse(html)  # raises
            ids = re.findall(r'\sid="([^"]+)"', html)
            assert len(ids) == len(set(ids)), path


async def test_what_a_provider_in_trouble_tells(house: Gallery) -> None:
    shown = await view(house, "stormy")
    assert (shown.status, shown.category, shown.platform) == (
        Status.PARTIAL_OUTAGE,
        "Payments",
        "Atlassian Statuspage",
    )
    assert [one.title for one in shown.incidents] == ["Elevated error rates on the API"]
    assert [one.title for one in shown.maintenances] == ["Database upgrade"]
    assert [one.incident.title for one in shown.past] == ["Everything was down"]
    assert (shown.known_incidents, shown.known_maintenances) == ("2", "1")
    days = {one.day.isoformat(): one for one in shown.days}
    assert len(days) == 90
    assert days["2025-07-19"].said == "Everything was down, 2 h 30 min of trouble"
    assert days["2025-07-28"].state == "outage"
    assert days["2025-06-28"].state == "maintenance"
    api, dashboard, webhooks, *_ = shown.listed.rows
    assert [one.said for one in api.days if one.state == "outage"][-1].startswith(
        "Elevated error rates on the API"
    )
    assert [one.said for one in dashboard.days if one.state == "outage"] == [
        "Everything was down, 2 h 30 min of trouble"
    ]
    assert {one.state for one in webhooks.days} == {"operational", "unknown"}
    assert "% by time" in api.uptime
    assert "known of 90 days" in api.uptime
    assert shown.lively[0].name == "API"
    assert shown.trust.sample == 2
    headings = [heading for heading, _ in shown.relatives]
    assert headings == ["Also in Payments", "Read from the same kind of page"]


async def test_components_are_searched_and_paged(house: Gallery) -> None:
    first = await view(house, "many")
    assert (len(first.components), len(first.listed.rows), first.listed.pages) == (400, 50, 8)
    last = await view(house, "many", Asked(page=99))
    assert last.listed.asked.page == 8
    assert last.listed.rows[-1].component.name == "Region 19, zone 19"
    found = await view(house, "many", Asked("ZONE 7"))
    assert (found.listed.matching, found.listed.pages) == (20, 1)
    assert all("zone 7" in row.component.name for row in found.listed.rows)
    assert (await view(house, "many", Asked("nothing like it"))).listed.rows == ()


@pytest.mark.parametrize(
    ("slug", "status"),
    [("unread", Status.UNKNOWN), ("lost", Status.UNKNOWN), ("left", Status.UNKNOWN), ("bare", Status.OPERATIONAL)],
)
async def test_what_is_not_known_is_not_called_operational(house: Gallery, slug: str, status: Status) -> None:
    assert (await view(house, slug)).status == status


async def test_where_a_page_leads_is_remembered_for_a_while(house: Gallery) -> None:
    before = (await view(house, "stormy")).relatives
    assert before
    remembers, forgets = Relatives(), Relatives(kept_for=0)
    for one in (remembers, forgets):
        await data.provider_view(house.services, "stormy", relatives=one)
    async with house.services.database.write() as session:
        await session.execute(update(Provider).where(Provider.slug != "stormy").values(due_at=None))
    found = [await data.provider_view(house.services, "stormy", relatives=one) for one in (remembers, forgets)]
    assert [one.relatives == before for one in found if isinstance(one, ProviderView)] == [True, False]


async def test_who_is_in_trouble_comes_first(house: Gallery) -> None:
    shown = await listed.directory_view(house.services)
    assert [one.slug for one in shown.entries] == [
        "stormy",
        "evil",
        "many",
        "lost",
        "unread",
        "bare",
        "chargeover",
    ]
    assert (shown.followed, shown.operational, shown.in_trouble) == (7, 2, 3)
    assert ("Payments", 4) in shown.categories
    ai = await listed.directory_view(house.services, Asked(category="AI"))
    assert [one.slug for one in ai.entries] == ["bare"]


async def test_search_finds_what_is_followed_was_followed_and_could_be(house: Gallery) -> None:
    found = await listed.directory_view(house.services, Asked("left"))
    assert [(one.slug, one.followed) for one in found.entries] == [("left", False)]
    found = await listed.directory_view(house.services, Asked("stripe"))
    assert found.entries == ()
    assert "stripe" in {one.slug for one in found.unfollowed}
    found = await listed.directory_view(house.services, Asked("charge over"))
    assert [one.slug for one in found.entries] == ["chargeover"], "by any of its names"
    for text in ("%", "_", "\\", "'"):
        assert (await listed.directory_view(house.services, Asked(text))).matching in (0, 1)


async def test_a_typing_mistake(house: Gallery) -> None:
    found = await data.provider_view(house.services, "stormi")
    assert isinstance(found, Missing)
    assert found.near[0] == ("stormy", "Stormy Cloud")


async def test_the_sitemap_says_truly_when_something_changed(house: Gallery) -> None:
    async with aiohttp.ClientSession(house.url) as client:
        async with client.get("/robots.txt") as answer:
            assert "Sitemap: https://uptimus.example.com/sitemap.xml" in await answer.text()
        async with client.get("/sitemap.xml") as answer:
            assert (answer.status, answer.content_type) == (200, "application/xml")
            places = Xml.fromstring(await answer.text())
    found = {one.findtext(f"{NAMESPACE}loc"): one.findtext(f"{NAMESPACE}lastmod") for one in places}
    assert found["https://uptimus.example.com/status/stormy"] == "2025-07-28T14:30:00Z"
    assert found["https://uptimus.example.com/status"] == max(filter(None, found.values()))
    assert "https://uptimus.example.com/status/unread" not in found
    assert max(filter(None, found.values())) <= NOW.isoformat()


async def test_many_pages_have_an_index_of_sitemaps(house: Gallery) -> None:
    app = web.Application()
    app.add_routes(sitemap.routes(house.services, most=3))
    async with TestClient(TestServer(app)) as client:
        index = Xml.fromstring(await (await client.get("/sitemap.xml")).text())
        assert index.tag == f"{NAMESPACE}sitemapindex"
        parts = [str(one.findtext(f"{NAMESPACE}loc")) for one in index]
        listed_there = []
        for part in parts:
            path = part.removeprefix("https://uptimus.example.com")
            found = Xml.fromstring(await (await client.get(path)).text())
            listed_there += [one.findtext(f"{NAMESPACE}loc") for one in found]
        assert (await client.get("/sitemap-99.xml")).status == 404
    assert len(listed_there) == len(set(listed_there)) == 8


async def test_incidents_by_month_since_anything_is_known(house: Gallery) -> None:
    shown = [(f"{one.first:%Y-%m}", one.figures.incidents) for one in (await view(house, "stormy")).months]
    assert shown == [("2025-05", 0), ("2025-06", 0), ("2025-07", 2)]
    assert (await view(house, "unread")).months == ()
