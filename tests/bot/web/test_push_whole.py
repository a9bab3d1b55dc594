"""From the button to the notification: a browser subscribes, an incident is told to it, and it goes away."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from sqlalchemy import select
from standins.pages import incident, snapshot, update
from standins.push_house import PushHouse, key, push_house
from standins.push_service import Browser, PushService
from standins.receiver import Answer

from adapters.adapter import Reading
from adapters.schema import Incident
from relay import record
from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.purge import purge
from relay.transports.webpush import WebPushTransport
from relay.transports.webpush_message import GONE
from storage import providers
from storage.database import Database
from storage.tables import Destination

OPENED = incident(update("u1", "investigating", 0, "Some people can't log in."))
RESOLVED = incident(*OPENED.updates, update("u2", "resolved", 90, "All is well."))


@pytest.fixture
async def house(database: Database) -> AsyncIterator[PushHouse]:
    async with push_house(database, allow_private=True) as house:
        yield house


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with PushService() as service:
        yield service


@pytest.fixture
async def deliverer(house: PushHouse) -> AsyncIterator[Deliverer]:
    transport = WebPushTransport(
        key, "mailto:ops@example.com", user_agent="t", allow_private_networks=True, timeout=60
    )
    made = Deliverer(
        house.services.database,
        {"webpush": transport},
        metrics=Metrics(),
        open_secret=house.services.vault.open,
        idle_wait=0.05,
    )
    made.start()
    yield made
    await made.aclose()
    await transport.aclose()


async def subscribe(house: PushHouse, browser: Browser) -> None:
    body = {"subscription": browser.subscription, "provider": "chargeover"}
    async with (
        aiohttp.ClientSession(headers={"Origin": house.url}) as client,
        client.post(f"{house.url}/push/subscriptions", json=body) as answer,
    ):
        assert answer.status == 201


async def page_says(house: PushHouse, *incidents: Incident) -> None:
    async with house.services.database.write() as session:
        provider = await providers.by_slug(session, "chargeover")
        assert provider is not None
        await record.record_snapshot(session, provider, Reading(snapshot(*incidents), {}), house.services.pace)


async def test_a_browser_is_told_of_what_is_active_and_of_its_end(
    house: PushHouse, deliverer: Deliverer, service: PushService
) -> None:
    browser = service.browser()
    await page_says(house, OPENED)
    await subscribe(house, browser)
    await service.until(1)
    await page_says(house, RESOLVED)
    await service.until(2)
    first, last = (browser.read(one.body) for one in service.pushed)
    assert first["title"] == last["title"] == "ChargeOver: Logins fail"
    assert first["body"].endswith("Some people can't log in.")
    assert last["body"] == "Resolved\nAll is well."
    assert first["tag"] == last["tag"]


async def test_a_browser_that_is_gone_is_forgotten(
    house: PushHouse, deliverer: Deliverer, service: PushService
) -> None:
    service.answers.append(Answer(410))
    await page_says(house, OPENED)
    await subscribe(house, service.browser())
    async with asyncio.timeout(60):
        while await _because(house) is None:
            await asyncio.sleep(0.01)
    assert await _because(house) == GONE
    await purge(house.services.database)
    assert await house.kept() == []


async def _because(house: PushHouse) -> str | None:
    async with house.services.database.read() as session:
        return (await session.scalars(select(Destination.disabled_because))).one()
