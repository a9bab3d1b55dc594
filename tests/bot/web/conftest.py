"""A server on two databases in turn."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from aiohttp.test_utils import TestClient, TestServer
from cryptography.fernet import Fernet
from playwright.async_api import expect
from standins.town import HOME, NOW, Town, application, no_transports

from adapters import ADAPTERS, catalogue
from adapters.fetch import Fetcher
from bot.commands.services import Services
from bot.vault import Vault
from relay.poll import pace
from storage.database import Database

expect.set_options(timeout=60_000)  # a browser on a busy machine takes its time


@pytest.fixture
async def services(database: Database) -> AsyncIterator[Services]:
    """What a server works with, on two databases in turn; its clock stands still."""
    fetcher = Fetcher(user_agent="test", allow_private_networks=True)

    def now() -> datetime:
        return NOW

    yield Services(
        database=database,
        fetcher=fetcher,
        adapters=ADAPTERS,
        catalogue=catalogue.load(),
        vault=Vault([Fernet.generate_key().decode()]),
        pace=pace(60, 0),
        allow_private_networks=True,
        home=HOME,
        transports=no_transports,
        wake=lambda: None,
        now=now,
    )
    await fetcher.aclose()


@pytest.fixture
async def town(services: Services) -> AsyncIterator[Town]:
    """A server, and nothing in it yet."""
    async with TestClient(TestServer(application(services))) as client:
        yield Town(services.database, services, client)
