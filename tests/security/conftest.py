"""The whole server on an embedded database."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from standins.owner import owner
from standins.planted import Planted, plant
from standins.rows import component, provider
from standins.whole import Whole, whole

from storage import migrate
from storage.database import Database


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded database with all its tables, to be copied: making them takes a second."""
    path = tmp_path_factory.mktemp("migrated") / "uptimus.db"

    async def make() -> None:
        database = Database(f"sqlite:///{path}")
        await migrate.upgrade(database)
        await database.aclose()

    asyncio.run(make())
    return path


@pytest.fixture
async def served(tmp_path: Path, migrated: Path) -> AsyncIterator[Whole]:
    """Everything that is answered over HTTP, by whom X-Forwarded-For names; ChargeOver is known."""
    shutil.copy(migrated, tmp_path / "uptimus.db")
    url = f"sqlite:///{tmp_path}/uptimus.db"
    database = Database(url)
    id_ = await provider(database)
    await component(database, id_, "app")
    async with whole(database, url, trusted_proxies="127.0.0.1") as made:
        yield made
    await database.aclose()


@pytest.fixture
async def planted(database: Database, database_url: str) -> AsyncIterator[Planted]:
    """A canary in every secret place there is."""
    async with whole(database, database_url) as made:
        found = Planted(made, await owner(made.services))
        await plant(found)
        yield found
