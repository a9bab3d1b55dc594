"""The public pages in a real Chromium: nothing overflows, nothing is refused, nobody else is asked, axe finds
nothing, and who has but a keyboard gets everywhere."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from standins.gallery import SLUGS, Gallery, gallery

from storage import migrate
from storage.database import Database

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # playwright's own pipes
    pytest.mark.timeout(400),
]
PATHS = (
    *(f"/status/{slug}" for slug in SLUGS),
    "/status",
    "/status?q=pay",
    "/status/many?components=zone+7&page=1",
)
NOT_THERE = ("/status/chargeovr", "/status/stripe", "/nothing")
MOST_BYTES = 100_000
TODAY = "28 Jul 2025: outage. Elevated error rates on the API"
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Gallery]:
    database = Database(f"sqlite:///{tmp_path}/uptimus.db")
    await migrate.upgrade(database)
    async with gallery(database) as house:
        yield house
    await database.aclose()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        await opened.close()


@dataclass
class Seen:
    """What happened while a page was loaded."""

    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def watch(self, page: Page) -> None:
        page.on("console", lambda said: self.complaints.append(said.text) if said.type != "log" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))


async def opened(browser: Browser, **how: Any) -> tuple[BrowserContext, Page, Seen]:
    context = await browser.new_context(**how)
    context.set_default_timeout(60_000)
    await context.add_init_script(WATCH)
    page, seen = await context.new_page(), Seen()
    seen.watch(page)
    return context, page, seen


async def findings(page: Page) -> list[str]:
    """What axe objects to, however little."""
    found = await Axe().run(page)
    return [
        f"{one['impact']} {one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary'][:300]}"
        for one in found.response["violations"]
    ]


LOADED = """performance.getEntries().reduce((sum, one) => sum + (one.decodedBodySize || 0), 0)"""
"""Bytes as they are unpacked: less than that goes over the line."""


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (360, "light"),
        (768, "dark"),
        (1440, "light"),
        pytest.param(360, "dark", marks=pytest.mark.soak),
        pytest.param(768, "light", marks=pytest.mark.soak),
        pytest.param(1440, "dark", marks=pytest.mark.soak),
    ],
)
async def test_every_page_fits_and_asks_nobody_else(
    house: Gallery, browser: Browser, width: int, scheme: Literal["light", "dark"]
) -> None:
    for path in PATHS:
        context, page, seen = await opened(
            browser, viewport={"width": width, "height": 800}, color_scheme=scheme, timezone_id="Europe/Berlin"
        )
        await page.goto(f"{house.url}{path}")
        assert seen.complaints == [], path
        assert await page.evaluate("window.refused") == [], path
        assert seen.hosts == {urlsplit(house.url).netloc}, path
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} overflows"
        assert 10_000 < await page.evaluate(LOADED) < MOST_BYTES, path
        await context.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
async def test_axe_finds_nothing(
    house: Gallery, browser: Browser, width: int, scheme: Literal["light", "dark"]
) -> None:
    for path in PATHS:
        context, page, _ = await opened(browser, viewport={"width": width, "height": 800}, color_scheme=scheme)
        await page.goto(f"{house.url}{path}")
        assert await findings(page) == [], path
        await context.close()


@pytest.mark.parametrize("path", NOT_THERE)
async def test_what_is_not_there_is_said_to_everybody(house: Gallery, browser: Browser, path: str) -> None:
    context, page, _ = await opened(browser, viewport={"width": 360, "height": 640})
    answer = await page.goto(f"{house.url}{path}")
    assert answer is not None
    assert answer.status == 404
    assert await findings(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await context.close()


async def focused(page: Page) -> str:
    found: str = await page.evaluate(
        """() => { const one = document.activeElement;
        return one.id || one.getAttribute("aria-label") || one.textContent.trim(); }"""
    )
    return found


async def test_a_keyboard_gets_everywhere(house: Gallery, browser: Browser) -> None:
    context, page, _ = await opened(browser)
    await page.goto(f"{house.url}/status/stormy")
    await page.keyboard.press("Tab")
    assert await focused(page) == "Skip to the content"
    await page.keyboard.press("Enter")
    assert await focused(page) == "main"
    stops = []
    for _ in range(80):
        await page.keyboard.press("Tab")
        name = await focused(page)
        if name == "Skip to the content" or await page.evaluate("document.activeElement === document.body"):
            break
        stops.append(name)
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"who uses a keyboard doesn't see {name}"
    assert len(stops) < 60, "a line of ninety cells is one stop"
    for wanted in ("Notify me", "Elevated error rates on the API", "Day by day", "Atom", "Add to Slack"):
        assert wanted in stops
    await context.close()


async def test_days_say_what_happened_by_arrow_keys_pointer_and_finger(house: Gallery, browser: Browser) -> None:
    context, page, _ = await opened(browser, has_touch=True, viewport={"width": 360, "height": 800})
    await page.goto(f"{house.url}/status/stormy")
    line = page.get_by_role("slider").first
    tip = page.locator(".tip")
    await expect(line).to_have_attribute(
        "aria-valuetext", "28 Jul 2025: outage. Elevated error rates on the API, 2 h of trouble"
    )
    await line.focus()
    await expect(tip).to_contain_text("28 Jul 2025: outage")
    await page.keyboard.press("Home")
    await expect(tip).to_contain_text("unknown")
    await page.keyboard.press("End")
    await page.keyboard.press("ArrowLeft")
    await expect(line).to_have_attribute("aria-valuetext", "27 Jul 2025: degraded. 2 h of trouble")
    await page.keyboard.press("Escape")
    await expect(tip).to_be_hidden()
    box = await line.bounding_box()
    assert box is not None
    await page.touchscreen.tap(box["x"] + box["width"] * (80.5 / 90), box["y"] + 20)
    await expect(tip).to_contain_text("19 Jul 2025: outage. Everything was down")
    await page.mouse.move(box["x"] + box["width"] * (59.5 / 90), box["y"] + 20)
    await expect(tip).to_contain_text("28 Jun 2025: maintenance")
    at = await tip.bounding_box()
    assert at is not None
    assert at["x"] >= 0
    assert at["x"] + at["width"] <= 360
    await context.close()


async def test_without_scripts_the_days_are_there_as_a_table(house: Gallery, browser: Browser) -> None:
    context, page, _ = await opened(browser, java_script_enabled=False)
    await page.goto(f"{house.url}/status/stormy")
    await page.get_by_text("Day by day").click()
    row = page.get_by_role("row", name="19 Jul 2025 outage")
    await expect(row).to_contain_text("Everything was down")
    await expect(page.get_by_role("img", name="The last 90 days: ")).to_be_visible()
    await context.close()


async def test_times_are_the_readers_own(house: Gallery, browser: Browser) -> None:
    context, page, _ = await opened(browser, timezone_id="America/Chicago")
    await page.goto(f"{house.url}/status/stormy")
    await expect(page.locator(".now")).to_contain_text("since 28 Jul 2025, 09:30")
    await expect(page.locator(".now")).to_contain_text(" ago")
    await expect(page.locator("#zone")).to_have_text("Times are in your time zone (America/Chicago).")
    await context.close()


async def test_the_directory_narrows_as_somebody_types(house: Gallery, browser: Browser) -> None:
    context, page, _ = await opened(browser)
    await page.goto(f"{house.url}/")
    await page.get_by_label("Find a provider").fill("storm")
    await expect(page.get_by_role("row", name="Stormy Cloud")).to_be_visible()
    await expect(page.get_by_role("row", name="Bare")).to_be_hidden()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{house.url}/status?q=storm")
    await context.close()


async def test_components_are_found_and_paged_without_scripts(house: Gallery, browser: Browser) -> None:
    context, page, _ = await opened(browser, java_script_enabled=False)
    await page.goto(f"{house.url}/status/many")
    rows = page.locator(".components tbody tr:not(.group)")
    await expect(rows).to_have_count(50)
    await page.get_by_role("link", name="Next →").click()
    await expect(page).to_have_url(f"{house.url}/status/many?page=2#components")
    await expect(rows.first).to_contain_text("Region 2, zone 10")
    await page.get_by_label("Find a component").fill("region 19")
    await page.get_by_role("button", name="Find").click()
    await expect(rows).to_have_count(20)
    await expect(page.get_by_text("20 components of 400 with “region 19”")).to_be_visible()
    await context.close()


async def test_small_targets_are_large_enough_for_a_finger(house: Gallery, browser: Browser) -> None:
    context, page, _ = await opened(browser, viewport={"width": 360, "height": 800})
    for path in ("/status/stormy", "/status/many", "/status"):
        await page.goto(f"{house.url}{path}")
        small = await page.evaluate(
            """() => [...document.querySelectorAll("button, input, select, summary, nav a, .top a")]
            .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 24)
            .map((one) => one.outerHTML.slice(0, 100))"""
        )
        assert small == [], path
    await context.close()
