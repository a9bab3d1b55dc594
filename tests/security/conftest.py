"""The whole server on an embedded database."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
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
    """Everything that is answered over HTTP; ChargeOver is known."""
    shutil.copy(migrated, tmp_path / "uptimus.db")
    url = f"sqlite:///{tmp_path}/uptimus.db"
    database = Database(url)
    id_ = await provider(database)
    await component(database, id_, "app")
    async with whole(database, url) as made:
        yield made
    await database.aclose()
