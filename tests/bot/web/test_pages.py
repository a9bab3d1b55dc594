"""The public pages: what they show, how hostile text fares, what browsers are told."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from standins.login_outage import START, incident, maintenance, update

from adapters.schema import Component, Status
from bot.commands.reply import DayCell
from bot.web import server
from bot.web.views import DirectoryEntry, DirectoryView, ProviderView
from relay.metrics import Metrics

NOW = START + timedelta(minutes=50)
COMPONENTS = (
    Component(id="c1", name="Main Application", status=Status.PARTIAL_OUTAGE, changed_at=START),
    Component(id="c2", name="Search", description="Finding things", status=Status.OPERATIONAL),
    Component(id="c3", name="Integrations", group="Around it", status=Status.UNKNOWN),
)
DAYS = tuple(
    DayCell(date(2025, 7, 18) - timedelta(days=back), state)
    for back, state in [(n, "unknown") for n in range(89, 4, -1)]
    + [(4, "operational"), (3, "maintenance"), (2, "maintenance"), (1, "outage"), (0, "outage")]
)
CHARGEOVER = ProviderView(
    slug="chargeover",
    name="ChargeOver",
    url="https://status.chargeover.com",
    status=Status.PARTIAL_OUTAGE,
    since=START,
    checked_at=NOW - timedelta(seconds=12),
    components=COMPONENTS,
    incidents=(incident(3),),
    maintenances=(maintenance(starts_at=NOW + timedelta(days=2), ends_at=None),),
    past=(incident(6, id="bc4vlzlx8vfm", title="Network outage"),),
    days=DAYS,
    uptime="known uptime 20 % (5 known of 90 days)",
)
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"' onload=x {{ 7*7 }} **b** <!--"
HOSTILE = ProviderView(
    slug="evil",
    name=EVIL,
    url="javascript:alert(1)",
    status=Status.UNKNOWN,
    failure=EVIL,
    components=(Component(id="c1", name=EVIL, group=EVIL, description=EVIL),),
    incidents=(
        incident(1, title=EVIL, url="javascript:alert(1)", updates=(update(EVIL, 0, f"{EVIL}\nsecond line"),)),
    ),
    maintenances=(maintenance(title=EVIL, url="data:text/html,x"),),
    past=(incident(5, title=EVIL, url='https://x/" onclick="alert(1)'),),
    uptime=EVIL,
)
VIEWS = {view.slug: view for view in (CHARGEOVER, HOSTILE)}

Client = TestClient[web.Request, web.Application]


class Page(HTMLParser):
    """A page's elements and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", self.text)


async def provider(slug: str) -> ProviderView | None:
    if slug == "broken":
        raise OSError("the database is away: secret=1")
    return VIEWS.get(slug)


async def directory() -> DirectoryView:
    return DirectoryView(
        (
            DirectoryEntry(
                "chargeover", "ChargeOver", Status.PARTIAL_OUTAGE, START, NOW, troubles=("Login outage",)
            ),
            DirectoryEntry("evil", EVIL, Status.UNKNOWN, failure=EVIL),
            DirectoryEntry("calm", "Calm", Status.OPERATIONAL, START, NOW),
        )
    )


async def problems() -> dict[str, str]:
    return {}


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = server.build(
        provider=provider, directory=directory, metrics=Metrics(), problems=problems, now=lambda: NOW
    )
    async with TestClient(TestServer(app)) as client:
        yield client


async def page(client: Client, path: str, status: int = 200) -> Page:
    async with client.get(path) as answer:
        assert answer.status == status
        assert answer.content_type == "text/html"
        return Page(await answer.text())


async def test_a_provider_page_says_everything(client: Client) -> None:
    shown = await page(client, "/status/chargeover")
    for said in (
        "Partial outage",
        "since 18 Jul 2025, 19:00 UTC · checked 12 s ago",
        "Login outage",
        "Identified · impact major",
        "Affects Main Application",
        "A third party's metrics service holds up the login page.",
        "Database upgrade",
        "Scheduled · 20 Jul 2025, 19:50 UTC",
        "Known uptime 20 % (5 known of 90 days).",
        "Days: 1 operational, 0 degraded, 2 outage, 2 maintenance, 85 unknown.",
        "Around it",
        "Finding things",
        "Network outage",
        "lasted 1 h 14 min",
        "ChargeOver's own status page",
    ):
        assert said in shown.words
    assert {"2025-07-18T19:00:00Z", "2025-07-18T19:44:00Z"} <= {time["datetime"] for time in shown.all("time")}
    assert "https://status.chargeover.com/incidents/wqrzsb2dhryr" in {a["href"] for a in shown.all("a")}


async def test_ninety_cells_say_their_state_in_words(client: Client) -> None:
    async with client.get("/status/chargeover") as answer:
        html = await answer.text()
    titles = re.findall(r"<title>(\d{4}-\d\d-\d\d: \w+)</title>", html)
    assert len(titles) == 90
    assert titles[-1] == "2025-07-18: outage"
    assert 'aria-label="1 operational, 0 degraded, 2 outage, 2 maintenance, 85 unknown"' in html


async def test_state_is_never_told_by_colour_alone(client: Client) -> None:
    shown = await page(client, "/status/chargeover")
    badges = [
        attributes["class"] for attributes in shown.all("span") if "badge" in (attributes.get("class") or "")
    ]
    assert len(badges) == len(COMPONENTS)
    for said in ("Partial outage", "Operational", "Unknown"):
        assert said in shown.words


async def test_a_calm_page_without_anything(client: Client) -> None:
    VIEWS["bare"] = ProviderView("bare", "Bare", "https://bare.example", Status.OPERATIONAL)
    shown = await page(client, "/status/bare")
    assert "All systems operational" in shown.words
    assert "checked never" not in shown.words
    assert "not checked yet" in shown.words
    assert shown.all("svg") == []


async def test_no_duration_is_made_up_for_what_was_told_afterwards(client: Client) -> None:
    backdated = incident(5, updates=(update("resolved", 4000, "It was down for ninety minutes."),))
    VIEWS["late"] = ProviderView("late", "Late", "https://x.example", Status.OPERATIONAL, past=(backdated,))
    assert "lasted" not in (await page(client, "/status/late")).words


async def test_an_unreadable_page_says_so(client: Client) -> None:
    VIEWS["lost"] = replace(CHARGEOVER, slug="lost", status=Status.UNKNOWN, failure="it answered 503")
    shown = await page(client, "/status/lost")
    assert "State unknown" in shown.words
    assert "Its status page can't be read: it answered 503" in shown.words
    assert "Last known state" in shown.words


@pytest.mark.parametrize("path", ["/status/evil", "/status"])
async def test_hostile_text_stays_text(client: Client, path: str) -> None:
    shown = await page(client, path)
    assert EVIL in shown.text
    assert not {"script", "img", "style", "iframe", "form"} & {tag for tag, _ in shown.elements}
    for tag, attributes in shown.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
    for link in shown.all("a"):
        assert (link["href"] or "").startswith(("/", "https://"))


async def test_line_breaks_of_a_body_are_kept(client: Client) -> None:
    shown = await page(client, "/status/evil")
    assert f"{EVIL}\nsecond line" in shown.text


async def test_the_directory(client: Client) -> None:
    shown = await page(client, "/status")
    assert "1 of 3 providers operational." in shown.words
    assert "Login outage" in shown.words
    assert "/status/chargeover" in {a["href"] for a in shown.all("a")}


async def test_an_empty_directory_says_what_to_do() -> None:
    async def nothing() -> DirectoryView:
        return DirectoryView()

    app = server.build(provider=provider, directory=nothing, metrics=Metrics(), problems=problems)
    async with TestClient(TestServer(app)) as client:
        assert "uptimus follow chargeover" in (await page(client, "/status")).words


async def test_the_root_leads_to_the_directory(client: Client) -> None:
    async with client.get("/", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/status")


@pytest.mark.parametrize(
    "path", ["/status/nobody", "/nothing", "/status/a/b", "/status/%3Cscript%3E", "/static/x"]
)
async def test_what_is_not_there_is_said_in_words(client: Client, path: str) -> None:
    assert "Not found" in (await page(client, path, 404)).words


async def test_what_goes_wrong_inside_stays_inside(client: Client) -> None:
    shown = await page(client, "/status/broken", 500)
    assert "Something went wrong" in shown.words
    assert "secret" not in shown.text


@pytest.mark.parametrize("path", ["/status", "/status/chargeover", "/status/nobody"])
async def test_headers(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert "default-src 'none'; style-src 'self'; img-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"]
        assert answer.headers["Cache-Control"] == "public, max-age=10, stale-while-revalidate=30"


@pytest.mark.parametrize("path", ["/status", "/status/chargeover", "/healthz", "/readyz", "/metrics"])
async def test_head_answers_like_get_without_a_body(client: Client, path: str) -> None:
    async with client.head(path) as head, client.get(path) as get:
        assert (head.status, await head.read()) == (200, b"")
        assert head.content_type == get.content_type


async def test_the_style_is_where_the_page_says(client: Client) -> None:
    (link,) = (await page(client, "/status")).all("link")
    async with client.get(str(link["href"])) as answer:
        assert (answer.status, answer.content_type) == (200, "text/css")
        assert "immutable" in answer.headers["Cache-Control"]
        assert "prefers-color-scheme: dark" in await answer.text()
