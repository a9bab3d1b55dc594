"""A Slack with three workspaces in which nothing is installed yet, and an uptimus that they may install."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from standins.slack import SlackServer
from standins.slack_bot import bot, way
from standins.slack_town import Town, town

from storage import migrate
from storage.database import Database

__all__ = ["bot", "way"]


@pytest.fixture
async def empty_slack() -> AsyncIterator[SlackServer]:
    """T1 and T2 by themselves; T5 and T6 of the organisation E1."""
    async with SlackServer() as server:
        server.workspaces.clear()
        for id, enterprise_id in (("T1", None), ("T2", None), ("T5", "E1"), ("T6", "E1")):
            server.add_workspace(id, enterprise_id=enterprise_id, installed=False)
            server.add_channel("C1" if id == "T1" else f"C{id}", team=id)
        yield server
        server.assert_clean()


@pytest.fixture(params=["http on sqlite", "socket on postgresql"])
def way_and_url(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """How Slack's requests come, and where everything is kept."""
    way, _, kind = request.param.partition(" on ")
    url = f"sqlite:///{tmp_path}/town.db" if kind == "sqlite" else request.getfixturevalue("new_postgresql")
    return way, url


@pytest.fixture
async def any_town(
    way_and_url: tuple[str, str], empty_slack: SlackServer, unused_port: int
) -> AsyncIterator[Town]:
    """Over HTTP and over Socket Mode."""
    way, url = way_and_url
    database = Database(url)
    await migrate.upgrade(database)
    async with town(empty_slack, database, unused_port, way) as made:
        yield made
    await database.aclose()


@pytest.fixture
async def a_town(empty_slack: SlackServer, database: Database, unused_port: int) -> AsyncIterator[Town]:
    """Over HTTP."""
    async with town(empty_slack, database, unused_port) as made:
        yield made
