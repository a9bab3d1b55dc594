"""Two processes and one channel in Slack: together they are no faster than Slack allows, the channel is told in
order, and when the one that tells it is killed the other goes on."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from cryptography.fernet import Fernet
from replicas.outside import page, says, troubles
from sqlalchemy import select
from standins.replica import ROOT, Replica, begun, environment
from standins.slack import SlackServer

from storage import migrate
from storage.database import Database
from storage.tables import Lease

SPEED, LEASE = 5.0, 6.0
INCIDENTS, UPDATES = 16, 3
"""More incidents than one process takes of a channel at once: both could tell it."""


def clock() -> float:
    return time.monotonic() * SPEED


@asynccontextmanager
async def two(database_url: str, slack: SlackServer) -> AsyncIterator[list[Replica]]:
    given = {
        "database_url": database_url, "token": slack.bot_token, "api_url": slack.api_url, "speed": SPEED,
        "lease": LEASE,
    }  # fmt: skip
    env = environment(database_url, Fernet.generate_key().decode())
    env["PYTHONPATH"] = f"{ROOT}:{ROOT / 'tests'}"
    found = [await begun("-m", "replicas.child", json.dumps(given), env=env) for _ in range(2)]
    try:
        for one in found:
            await one.until('"event": "started"')
        yield found
    finally:
        for one in found:
            if one.process.returncode is None:
                await one.kill()


async def holder(database: Database) -> int:
    """The process that tells the workspace."""
    async with database.read() as session:
        found = await session.scalar(select(Lease.holder).where(Lease.name == "slack:T1"))
    assert found is not None
    return int(found.partition("-")[0])


def told(slack: SlackServer) -> dict[str, list[str]]:
    """Each incident's thread: what is below its first message."""
    channel = slack.channel("C1")
    return {
        root.shown.split("Trouble ")[1].split()[0].rstrip("】*"): [
            reply.shown.rsplit("\n", 1)[-1] for reply in channel.replies(root)
        ]
        for root in channel.roots
    }


def expected() -> dict[str, list[str]]:
    return {str(place): [f"Number {one} of {place}." for one in range(1, UPDATES)] for place in range(INCIDENTS)}


async def blow(database: Database, slack: SlackServer, pause: Callable[[], bool]) -> None:
    """All incidents begin, and then each gets all its updates at once; until `pause` says that it is enough."""
    await page(database, "stormy", ["slack:T1/C1"], "slack")
    await says(database, "stormy", *troubles(INCIDENTS, 1))
    await slack.until(lambda: len(slack.channel("C1").roots) == INCIDENTS, 60)
    await says(database, "stormy", *troubles(INCIDENTS, UPDATES))
    await slack.until(pause, 60)


def messages(slack: SlackServer) -> int:
    return len(slack.channel("C1").messages)


@pytest.fixture
async def database(new_postgresql: str) -> AsyncIterator[Database]:
    opened = Database(new_postgresql)
    await migrate.upgrade(opened)
    yield opened
    await opened.aclose()


async def test_a_storm_is_told_in_order_and_slack_never_says_stop(database: Database, new_postgresql: str) -> None:
    async with SlackServer(now=clock) as slack, two(new_postgresql, slack):
        await blow(database, slack, lambda: messages(slack) == INCIDENTS * UPDATES)
        assert list(told(slack)) == [str(place) for place in range(INCIDENTS)], "as they began"
        assert told(slack) == expected()
        assert [call.method for call in slack.calls if call.error] == []
        assert messages(slack) == INCIDENTS * UPDATES


async def test_when_the_one_that_tells_is_killed_the_other_goes_on(
    database: Database, new_postgresql: str
) -> None:
    async with SlackServer(now=clock) as slack, two(new_postgresql, slack) as processes:
        await blow(database, slack, lambda: messages(slack) >= 2 * INCIDENTS)
        [victim] = [one for one in processes if one.process.pid == await holder(database)]
        [heir] = [one for one in processes if one is not victim]
        await victim.kill()
        before = messages(slack)
        await slack.until(lambda: messages(slack) > before + 1, 2 * LEASE)
        assert await holder(database) == heir.process.pid
        await slack.until(
            lambda: all(told(slack)[place][-1:] == one[-1:] for place, one in expected().items()), 60
        )
        await asyncio.sleep(0.5)
        for place, lines in told(slack).items():
            assert list(dict.fromkeys(lines)) == expected()[place], (
                "in order; what was in flight may be there twice"
            )
        assert messages(slack) <= INCIDENTS * UPDATES + 1, "one message at a time was in flight"
        assert [call.method for call in slack.calls if call.error] == []
