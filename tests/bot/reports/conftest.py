"""A provider with a past, and what commands work with."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from standins.past import chargeover

from adapters import ADAPTERS, catalogue
from adapters.fetch import Fetcher
from bot.commands.services import Services
from bot.vault import Vault
from relay.poll import pace
from storage.database import Database

NOW = datetime(2025, 8, 10, 12, tzinfo=UTC)


@pytest.fixture
async def bare(database: Database) -> AsyncIterator[Services]:
    """Nothing is known; a clock that stands still."""
    fetcher = Fetcher(user_agent="test", allow_private_networks=True)
    yield Services(
        database=database,
        fetcher=fetcher,
        adapters=ADAPTERS,
        catalogue=catalogue.load(),
        vault=Vault([Fernet.generate_key().decode()]),
        pace=pace(60, 0),
        allow_private_networks=True,
        home="http://127.0.0.1",
        transports=dict,
        wake=lambda: None,
        now=lambda: NOW,
    )
    await fetcher.aclose()


@pytest.fixture
async def services(bare: Services) -> Services:
    """With ChargeOver's July 2025."""
    await chargeover(bare.database, NOW)
    return bare
