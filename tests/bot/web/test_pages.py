"""The public pages: what they show, how hostile text fares, what browsers are told."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from standins.login_outage import START, incident, maintenance, update

from adapters.schema import Component, Incident, Status
from bot.web import server
from bot.web.views import (
    Asked,
    ComponentList,
    ComponentRow,
    DayView,
    DirectoryEntry,
    DirectoryView,
    Facts,
    Listed,
    Missing,
    ProviderView,
)
from relay.metrics import Metrics
from storage.analysis import Case, Trust

NOW = START + timedelta(minutes=50)
COMPONENTS = (
    Component(id="c1", name="Main Application", status=Status.PARTIAL_OUTAGE, changed_at=START),
    Component(id="c2", name="Search", description="Finding things", status=Status.OPERATIONAL),
    Component(id="c3", name="Integrations", group="Around it", status=Status.UNKNOWN),
)
DAYS = tuple(
    DayView(date(2025, 7, 18) - timedelta(days=back), state, "" if back else "Login outage, 50 min of trouble")
    for back, state in [(n, "unknown") for n in range(89, 4, -1)]
    + [(4, "operational"), (3, "maintenance"), (2, "maintenance"), (1, "outage"), (0, "outage")]
)


def listed(components: tuple[Component, ...]) -> ComponentList:
    """All on one page."""
    rows = tuple(ComponentRow(one, DAYS, "known uptime 20 % (5 known of 90 days)") for one in components)
    return ComponentList(rows, Asked(), len(rows))


def case(told: Incident) -> Case:
    """Told as soon as it was posted."""
    return Case(told, NOW, told.updates[0].posted_at)


CHARGEOVER = ProviderView(
    slug="chargeover",
    name="ChargeOver",
    url="https://status.chargeover.com",
    status=Status.PARTIAL_OUTAGE,
    since=START,
    checked_at=NOW - timedelta(seconds=12),
    category="Payments",
    platform="Atlassian Statuspage",
    components=COMPONENTS,
    listed=listed(COMPONENTS),
    incidents=(incident(3),),
    maintenances=(maintenance(starts_at=NOW + timedelta(days=2), ends_at=None),),
    past=(case(incident(6, id="bc4vlzlx8vfm", title="Network outage")),),
    trust=Trust(timedelta(minutes=11), "A", 3),
    known_incidents="34",
    known_maintenances="12",
    days=DAYS,
    uptime="known uptime 20 % (5 known of 90 days)",
)
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"' onload=x {{ 7*7 }} **b** <!--"
EVIL_COMPONENT = Component(id="c1", name=EVIL, group=EVIL, description=EVIL)
HOSTILE = ProviderView(
    slug="evil",
    name=EVIL,
    url="javascript:alert(1)",
    status=Status.UNKNOWN,
    failure=EVIL,
    components=(EVIL_COMPONENT,),
    listed=listed((EVIL_COMPONENT,)),
    incidents=(
        incident(1, title=EVIL, url="javascript:alert(1)", updates=(update(EVIL, 0, f"{EVIL}\nsecond line"),)),
    ),
    maintenances=(maintenance(title=EVIL, url="data:text/html,x"),),
    past=(case(incident(5, title=EVIL, url='https://x/" onclick="alert(1)')),),
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


async def provider(slug: str, asked: Asked) -> ProviderView | Missing | None:
    if slug == "broken":
        raise RuntimeError("a mistake: secret=1")
    if slug == "away":
        raise OSError("the database is away: secret=1")
    if slug == "stripe":
        return Missing(Listed("stripe", "Stripe", "Payments", "https://status.stripe.com"))
    if slug == "chargeovr":
        return Missing(near=(("chargeover", "ChargeOver"),))
    return VIEWS.get(slug)


async def directory(asked: Asked) -> DirectoryView:
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
        provider=provider,
        directory=directory,
        metrics=Metrics(),
        problems=problems,
        facts=Facts("https://uptimus.example.com", slack_install="/slack/install"),
        now=lambda: NOW,
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
        "ChargeOver status",
        "Payments · read as Atlassian Statuspage · official status page",
        "since 18 Jul 2025, 19:00 UTC · checked less than a minute ago",
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
        "34 known",
        "12 known",
        "Grade A first post 11 min after the start: the median of 3 incidents",
        "Login outage, 50 min of trouble",
        "/uptimus follow chargeover",
        "Add to Slack",
        "Is ChargeOver down right now? In part: ChargeOver reports a partial outage since 18 Jul 2025, 19:00 UTC, "
        "as its own status page says. Active: Login outage.",
        "How do I get told when ChargeOver is down?",
        "ChargeOver's own status page",
    ):
        assert said in shown.words
    assert {"2025-07-18T19:00:00Z", "2025-07-18T19:44:00Z"} <= {time["datetime"] for time in shown.all("time")}
    assert "https://status.chargeover.com/incidents/wqrzsb2dhryr" in {a["href"] for a in shown.all("a")}


async def test_the_cells_say_what_they_are(client: Client) -> None:
    """Days of which the same is to be said are one stretch; all of them together are ninety."""
    async with client.get("/status/chargeover") as answer:
        html = await answer.text()
    section = html[html.index('id="history"') : html.index('id="components"')]
    titles = re.findall(r"<title>(.*?)</title>", section)
    assert titles == [
        "20 Apr to 13 Jul 2025: unknown",
        "14 Jul 2025: operational",
        "15 Jul 2025: maintenance",
        "16 Jul 2025: maintenance",
        "17 Jul 2025: outage",
        "18 Jul 2025: outage. Login outage, 50 min of trouble",
    ]
    cells = re.findall(r'<path class="b" d="M\d+ [\d.]+h(\d+)', section[: section.index("</svg>")])
    assert sum(map(int, cells)) == 90 * 10
    assert (
        'aria-label="The last 90 days: 1 operational, 0 degraded, 2 outage, 2 maintenance, 85 unknown"' in section
    )


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
    assert "nothing is known of it yet" in shown.words
    assert "days" not in {svg.get("class") for svg in shown.all("svg")}


async def test_no_duration_is_made_up_for_what_was_told_afterwards(client: Client) -> None:
    told = update("resolved", 4000, "It was down for ninety minutes.")
    backdated = incident(5, resolved_at=told.posted_at, updates=(told,))
    VIEWS["late"] = ProviderView("late", "Late", "https://x.example", Status.OPERATIONAL, past=(case(backdated),))
    assert "lasted" not in (await page(client, "/status/late")).words


async def test_an_unreadable_page_says_so(client: Client) -> None:
    VIEWS["lost"] = replace(CHARGEOVER, slug="lost", status=Status.UNKNOWN, failure="it answered 503")
    shown = await page(client, "/status/lost")
    assert "State unknown" in shown.words
    assert "Its status page can't be read: it answered 503" in shown.words
    assert "Last known state" in shown.words
    assert "Is ChargeOver down right now? Not known: its status page can't be read" in shown.words


async def test_one_that_nobody_follows_any_more_is_not_called_operational(client: Client) -> None:
    VIEWS["left"] = replace(CHARGEOVER, slug="left", status=Status.UNKNOWN, followed=False, incidents=())
    shown = await page(client, "/status/left")
    assert "State unknown last read less than a minute ago" in shown.words
    assert "Nobody follows it here any more, so its page is not read now." in shown.words
    assert "Is ChargeOver down right now? Not known: nobody follows" in shown.words


@pytest.mark.parametrize("path", ["/status/evil", "/status", "/status?q=%3Cscript%3E%22&category=%3Cb%3E"])
async def test_hostile_text_stays_text(client: Client, path: str) -> None:
    shown = await page(client, path)
    assert EVIL in shown.text
    assert not {"style", "iframe", "b", "object"} & {tag for tag, _ in shown.elements}
    for script in shown.all("script"):
        assert script.get("type") == "application/ld+json" or str(script["src"]).startswith("/static/")
    for image in shown.all("img"):
        assert image["src"] == "/status/evil/badge.svg"
    for tag, attributes in shown.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
    for link in shown.all("a"):
        assert (link["href"] or "").startswith(("/", "https://", "#"))


async def test_what_is_told_to_machines_is_json_whatever_a_page_says(client: Client) -> None:
    for slug, name in (("chargeover", "ChargeOver"), ("evil", EVIL)):
        async with client.get(f"/status/{slug}") as answer:
            html = await answer.text()
        begins = html.index('<script type="application/ld+json">') + len('<script type="application/ld+json">')
        questions, places = json.loads(html[begins : html.index("</script>", begins)])["@graph"]
        assert questions["@type"] == "FAQPage"
        assert questions["mainEntity"][0]["name"] == f"Is {name} down right now?"
        assert places["itemListElement"][1]["item"] == f"https://uptimus.example.com/status/{slug}"


async def test_links_to_it_have_a_title_a_text_and_a_picture(client: Client) -> None:
    shown = await page(client, "/status/chargeover")
    said = {one.get("property") or one.get("name"): one.get("content") for one in shown.all("meta")}
    assert said["og:title"] == "ChargeOver status: partial outage"
    assert said["og:image"] == "https://uptimus.example.com/status/chargeover/card.png"
    assert said["twitter:card"] == "summary_large_image"
    assert "known uptime 20 % (5 known of 90 days)" in str(said["description"])
    canonical = [one["href"] for one in shown.all("link") if one.get("rel") == "canonical"]
    assert canonical == ["https://uptimus.example.com/status/chargeover"]


async def test_the_picture_of_a_link(client: Client) -> None:
    async with client.get("/status/chargeover/card.png") as answer:
        assert (answer.status, answer.content_type) == (200, "image/png")
        assert (await answer.read()).startswith(b"\x89PNG")
        etag = answer.headers["ETag"]
    async with client.get("/status/chargeover/card.png", headers={"If-None-Match": etag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    async with client.get("/status/nobody/card.png") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("path", ["/", "/status"])
async def test_the_directory(client: Client, path: str) -> None:
    shown = await page(client, path)
    assert "1 of 3 providers operational." in shown.words
    assert "Login outage" in shown.words
    assert "/status/chargeover" in {a["href"] for a in shown.all("a")}


async def test_an_empty_directory_says_what_to_do() -> None:
    async def nothing(_: Asked) -> DirectoryView:
        return DirectoryView()

    app = server.build(provider=provider, directory=nothing, metrics=Metrics(), problems=problems)
    async with TestClient(TestServer(app)) as client:
        assert "uptimus follow chargeover" in (await page(client, "/status")).words


async def test_what_is_meant_by_a_typing_mistake(client: Client) -> None:
    shown = await page(client, "/status/chargeovr", 404)
    assert "Did you mean: ChargeOver" in shown.words
    assert "/status/chargeover" in {a["href"] for a in shown.all("a")}


async def test_one_of_the_catalogue_that_nobody_follows(client: Client) -> None:
    shown = await page(client, "/status/stripe", 404)
    assert "Nobody follows Stripe here yet" in shown.words
    assert "/uptimus follow stripe" in shown.words
    assert "https://status.stripe.com" in {a["href"] for a in shown.all("a")}


@pytest.mark.parametrize(
    "path", ["/status/nobody", "/nothing", "/status/a/b", "/status/%3Cscript%3E", "/static/x"]
)
async def test_what_is_not_there_is_said_in_words(client: Client, path: str) -> None:
    assert "Not found" in (await page(client, path, 404)).words


async def test_what_goes_wrong_inside_stays_inside(client: Client) -> None:
    for path, status, said in (("broken", 500, "Something went wrong"), ("away", 503, "Not available just now")):
        shown = await page(client, f"/status/{path}", status)
        assert said in shown.words
        assert "secret" not in shown.text


@pytest.mark.parametrize("path", ["/", "/status", "/status/chargeover", "/status/nobody"])
async def test_headers(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert "default-src 'none'; style-src 'self'; img-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"]
        assert answer.headers["Cache-Control"] == "public, max-age=10, stale-while-revalidate=60"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/status", "/status/chargeover", "/healthz", "/readyz", "/metrics"])
async def test_head_answers_like_get_without_a_body(client: Client, path: str) -> None:
    async with client.head(path) as head, client.get(path) as get:
        assert (head.status, await head.read()) == (200, b"")
        assert head.content_type == get.content_type


async def test_style_script_and_icon_are_where_the_page_says(client: Client) -> None:
    shown = await page(client, "/status")
    named = [str(one["href"]) for one in shown.all("link") if str(one["href"]).startswith("/static/")]
    named += [str(one["src"]) for one in shown.all("script")]
    types = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    assert len(named) == 3
    for path in named:
        async with client.get(path) as answer:
            assert (answer.status, answer.content_type) == (200, types[path.partition("?")[0].rpartition(".")[2]])
            assert "immutable" in answer.headers["Cache-Control"]
    async with client.get("/static/status.css?v=old") as answer:
        assert "immutable" not in answer.headers["Cache-Control"]
        text = await answer.text()
        assert "prefers-color-scheme: dark" in text
        assert "prefers-reduced-motion" in text
        assert "@media print" in text
