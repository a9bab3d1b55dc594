"""The button that notifies, and what it brings about, in a real Chromium."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, CDPSession, Page, async_playwright, expect
from standins.login_outage import STORY, incident_event
from standins.push_house import PushHouse, push_house
from standins.push_service import Browser

from relay.endpoint import Endpoint
from relay.events import EventType, StoredEvent
from relay.transports.transport import Telling
from relay.transports.webpush_message import message, notification, tag_of
from storage import migrate
from storage.database import Database

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # playwright's own pipes
]

BROWSER = Browser("https://push.example.net/send/this-device")

PUSH_MANAGER = """
(() => {
  const made = %s;
  const known = () => JSON.parse(localStorage.getItem("stand-in") || "null");
  const shown = (found) => found && {
    options: { applicationServerKey: new Uint8Array(found.key).buffer },
    toJSON: () => made,
    unsubscribe: async () => { localStorage.removeItem("stand-in"); return true; },
  };
  PushManager.prototype.getSubscription = async () => shown(known());
  PushManager.prototype.subscribe = async (options) => {
    if (!options.userVisibleOnly) throw new Error("it has to be visible");
    const found = { key: [...new Uint8Array(options.applicationServerKey)] };
    localStorage.setItem("stand-in", JSON.stringify(found));
    return shown(found);
  };
})();
"""


def stand_in() -> str:
    """A PushManager as Chromium's, but for its push service, which can't be reached from a test."""
    return PUSH_MANAGER % json.dumps(BROWSER.subscription)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[PushHouse]:
    database = Database(f"sqlite:///{tmp_path}/uptimus.db")
    await migrate.upgrade(database)
    async with push_house(database) as house:
        yield house
    await database.aclose()


@pytest.fixture
async def context() -> AsyncIterator[BrowserContext]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield await browser.new_context()
        await browser.close()


async def opened(context: BrowserContext, house: PushHouse, slug: str = "chargeover") -> Page:
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
    await page.goto(f"{house.url}/status/{slug}")
    assert problems == []
    return page


async def granted(context: BrowserContext, house: PushHouse, slug: str = "chargeover") -> Page:
    await context.grant_permissions(["notifications"], origin=house.url)
    return await opened(context, house, slug)


async def test_it_subscribes_this_browser_and_ends_that(context: BrowserContext, house: PushHouse) -> None:
    """With a stand-in for the browser's PushManager, since its push service can't be reached from here; the page,
    the worker and everything behind them are real."""
    await context.add_init_script(stand_in())
    page = await granted(context, house)
    button = page.get_by_role("button", name="Notify me")
    await expect(button).to_have_attribute("aria-pressed", "false")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")
    said = page.get_by_role("status")
    await expect(said).to_have_text("This browser tells you of incidents and maintenance of ChargeOver.")
    ((_, told_of, kept),) = await house.kept()
    assert told_of == ["chargeover"]
    assert kept["endpoint"] == BROWSER.endpoint

    await page.reload()
    await expect(button).to_have_attribute("aria-pressed", "true")

    other = await opened(context, house, "stripe")
    await expect(other.get_by_role("button")).to_have_attribute("aria-pressed", "false")
    await other.get_by_role("button").click()
    await expect(other.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    assert [told for _, told, _ in await house.kept()] == [["chargeover", "stripe"]]

    for shown in (page, other):
        await shown.get_by_role("button").click()
        await expect(shown.get_by_role("button")).to_have_attribute("aria-pressed", "false")
    assert await house.kept() == []
    assert await page.evaluate("localStorage.getItem('stand-in')") is None, "the browser is unsubscribed as well"


async def test_it_works_by_keyboard(context: BrowserContext, house: PushHouse) -> None:
    """With the stand-in for PushManager."""
    await context.add_init_script(stand_in())
    page = await granted(context, house)
    button = page.get_by_role("button", name="Notify me")
    await expect(button).to_be_visible()
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await button.evaluate("button => button === document.activeElement"):
            break
    outline = await button.evaluate("button => getComputedStyle(button).outlineStyle")
    assert outline == "solid", "who uses a keyboard sees where they are"
    await page.keyboard.press("Enter")
    await expect(button).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Space")
    await expect(button).to_have_attribute("aria-pressed", "false")


async def test_what_the_server_refuses_is_said(context: BrowserContext, house: PushHouse) -> None:
    """With the stand-in for PushManager."""
    await context.add_init_script(stand_in().replace("https://", "ftp://"))
    page = await granted(context, house)
    button = page.get_by_role("button", name="Notify me")
    await button.click()
    await expect(page.get_by_role("status")).to_contain_text("has to be an https:// address")
    await expect(button).to_have_attribute("aria-pressed", "false")
    await expect(button).not_to_have_attribute("aria-busy", "true")


async def test_without_a_push_manager_there_is_no_button(context: BrowserContext, house: PushHouse) -> None:
    await context.add_init_script("delete window.PushManager")
    page = await granted(context, house)
    await page.wait_for_load_state("networkidle")
    await expect(page.locator("#notify")).to_be_hidden()


async def test_without_scripts_there_is_no_button(context: BrowserContext, house: PushHouse) -> None:
    assert context.browser is not None
    plain = await context.browser.new_context(java_script_enabled=False)
    page = await plain.new_page()
    await page.goto(f"{house.url}/status/chargeover")
    await expect(page.locator("#notify")).to_be_hidden()
    await expect(page.get_by_role("heading", name="ChargeOver", level=1)).to_be_visible()


async def test_a_browser_that_blocks_it_is_told_so(context: BrowserContext, house: PushHouse) -> None:
    denied = "Object.defineProperty(Notification, 'permission', { get: () => 'denied' })"
    await context.add_init_script(denied)
    page = await opened(context, house)
    await expect(page.get_by_role("status")).to_contain_text("Your browser blocks notifications from this site")
    await expect(page.get_by_role("button", name="Notify me")).to_be_hidden()


WATCHED = """() => {
const show = ServiceWorkerRegistration.prototype.showNotification;
self.shown = 0;
ServiceWorkerRegistration.prototype.showNotification = async function (...given) {
  await show.apply(this, given);
  self.shown += 1;
};
}"""


class Worker:
    """Our service worker in the browser, to which messages are delivered as if a push service had sent them."""

    def __init__(self, page: Page, house: PushHouse, devtools: CDPSession, id_: str) -> None:
        self._page, self._house, self._devtools, self._id = page, house, devtools, id_
        (self.inside,) = page.context.service_workers

    async def push(self, data: str) -> None:
        """Delivers it, and waits until the worker has shown it: to a page that asks for the notifications before
        that, Chromium says that there is none, and drops the one that is about to be shown."""
        before = await self.inside.evaluate("self.shown")
        await self._devtools.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": self._house.url, "registrationId": self._id, "data": data},
        )
        async with asyncio.timeout(40):
            while await self.inside.evaluate("self.shown") == before:
                await asyncio.sleep(0.01)

    async def told(self, event: StoredEvent, **more: Any) -> None:
        """Delivers what we would send."""
        telling = Telling(event=event, address="1", endpoint=Endpoint(), **more)
        await self.push(message(notification(telling, tag_of(event)), 2800).decode())

    async def shows(self, *titles_and_bodies: str) -> list[dict[str, Any]]:
        """Waits until the notifications are these, by the first line of what they say."""
        found: list[dict[str, Any]] = []
        async with asyncio.timeout(40):
            while [one["body"].split("\n")[0] for one in found] != list(titles_and_bodies):
                found = await self._page.evaluate(
                    """async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(
                      ({ title, body, tag, renotify, data }) => ({ title, body, tag, renotify, data }))"""
                )
        return found


@pytest.fixture
async def worker(context: BrowserContext, house: PushHouse) -> Worker:
    page = await granted(context, house)
    devtools = await context.new_cdp_session(page)
    registered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def note(happened: dict[str, Any]) -> None:
        for one in happened["registrations"]:
            if not registered.done():
                registered.set_result(one["registrationId"])

    devtools.on("ServiceWorker.workerRegistrationUpdated", note)
    await devtools.send("ServiceWorker.enable")
    scope = await page.evaluate(
        """async () => {
          await navigator.serviceWorker.register("/push-worker.js", { scope: "/" });
          return (await navigator.serviceWorker.ready).scope;
        }"""
    )
    assert scope == f"{house.url}/"
    made = Worker(page, house, devtools, await registered)
    await made.inside.evaluate(WATCHED)
    return made


async def test_one_notification_per_incident_shows_its_newest_state(worker: Worker) -> None:
    await worker.told(STORY[0])
    first = "Investigating · Impact: major · Started: 18 Jul 2025, 19:00 UTC · Affects Main Application"
    (shown,) = await worker.shows(first)
    assert shown["title"] == "ChargeOver: Login outage"
    assert shown["tag"] == tag_of(STORY[0])
    assert shown["data"] == {"url": "/status/chargeover"}
    await worker.told(STORY[2], reference="1")
    (shown,) = await worker.shows("Identified")
    assert shown["renotify"] is False
    await worker.told(STORY[4], reference="1")
    (shown,) = await worker.shows("Resolved after 1 h 14 min")
    assert shown["renotify"] is True


ACTED = """() => {
self.clients.openWindow = async (url) => { self.acted = ["opened", new URL(url).pathname]; };
WindowClient.prototype.focus = async function () { self.acted = ["focused", new URL(this.url).pathname]; };
}"""
CLICKED = """async () => {
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


@pytest.mark.parametrize(("slug", "acted"), [("chargeover", "focused"), ("stripe", "opened")])
async def test_a_click_leads_to_the_page(worker: Worker, slug: str, acted: str) -> None:
    """Only a click of a person's may open a window: what the worker would do is noted instead."""
    await worker.inside.evaluate(ACTED)
    event = STORY[0]
    if slug != "chargeover":
        other = event.data.provider.model_copy(update={"slug": slug})
        event = incident_event(EventType.INCIDENT_OPENED, provider=other)
    await worker.told(event)
    await worker.inside.evaluate(CLICKED)
    found = None
    async with asyncio.timeout(40):
        while found is None:
            found = await worker.inside.evaluate("self.acted ?? null")
    assert found == [acted, f"/status/{slug}"]
    await worker.shows()


CHANGED = """(subscription) => {
  const event = new ExtendableEvent("pushsubscriptionchange");
  event.newSubscription = { toJSON: () => subscription };
  self.dispatchEvent(event);
}"""


async def test_a_new_address_of_the_browser_is_passed_on(context: BrowserContext, house: PushHouse) -> None:
    """With the stand-in for PushManager; the event is one that we make, as the browser would."""
    await context.add_init_script(stand_in())
    page = await granted(context, house)
    button = page.get_by_role("button", name="Notify me")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")
    ((former, _, _),) = await house.kept()
    moved = Browser("https://push.example.net/send/moved")
    (inside,) = context.service_workers
    await inside.evaluate(CHANGED, moved.subscription)
    async with asyncio.timeout(40):
        while (await house.kept())[0][2]["endpoint"] != moved.endpoint:
            await asyncio.sleep(0.01)
    ((uri, told_of, _),) = await house.kept()
    assert uri != former
    assert told_of == ["chargeover"]
    await page.reload()
    await expect(button).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("data", ["", "no json", "null", "[]"])
async def test_what_can_not_be_read_is_still_shown(worker: Worker, data: str) -> None:
    """A browser that shows nothing for a push takes the permission away."""
    await worker.push(data)
    (shown,) = await worker.shows("")
    assert shown["title"] == "A status page has changed"
