"""A storm of updates in one channel, through the whole deliverer: it arrives complete and in order, Slack never
has to say stop, and nothing else waits behind it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from standins.pages import incident, snapshot, update
from standins.slack import Channel, SlackServer

from adapters.adapter import Reading
from adapters.schema import Incident
from relay import record
from relay.bulletin import Bulletin
from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.poll import pace
from relay.transports.slack import SlackTransport
from relay.transports.slack_clients import OneToken
from relay.transports.slack_pace import Pace
from relay.transports.transport import DeliveryError, Sent, Telling
from storage import follows, migrate, providers, threads
from storage.database import Database
from storage.tables import Follow, Provider

STORM = 200
"""Updates in one channel, the first of each incident among them."""
CALM = ("slack:T1/C2", "slack:T2/C3")
"""Another channel, and another workspace: something else is told there in the middle of the storm."""


class EachToken:
    """The client of every workspace of the stand-in, with the token that it has."""

    def __init__(self, slack: SlackServer) -> None:
        self._clients = {
            team: OneToken(workspace.bot_token, slack.api_url) for team, workspace in slack.workspaces.items()
        }

    async def __call__(self, team: str) -> AsyncWebClient:
        return await self._clients[team](team)

    async def renewed(self, team: str, failed: AsyncWebClient | None = None) -> AsyncWebClient:
        return await self._clients[team].renewed(team, failed)

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()


class Hurried:
    """Slack's transport in a time that goes `speed` times as fast. The deliverer's waits are of the ordinary time:
    what it is told to wait is translated."""

    is_chat, at_once = True, 1

    def __init__(self, slack: SlackServer, speed: float) -> None:
        self._speed = speed
        self._transport = SlackTransport(EachToken(slack), Pace(now=clock(speed), sleep=self._sleep))

    async def turn(self, address: str) -> None:
        with self._translated():
            await self._transport.turn(address)

    async def send(self, telling: Telling) -> Sent:
        with self._translated():
            return await self._transport.send(telling)

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        with self._translated():
            return await self._transport.announce(address, bulletin)

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DeliveryError as error:
            error.retry_after = error.retry_after and error.retry_after / self._speed
            raise


def clock(speed: float) -> Callable[[], float]:
    """Seconds that pass `speed` times as fast."""
    return lambda: time.monotonic() * speed


@dataclass
class Weather:
    """What a test works with."""

    database: Database
    slack: SlackServer
    deliverer: Deliverer

    async def follow(self, slug: str, *uris: str) -> None:
        """A page that was read once, and is followed in these places."""
        async with self.database.write() as session:
            row = Provider(
                slug=slug, name=slug.title(), url=f"https://{slug}.example.com", adapter="statuspage",
                source="user", verification="pending", status="unknown", memory={}, active=False, failures=0,
                unreadable=False,
            )  # fmt: skip
            session.add(row)
            await session.flush()
            for uri in uris:
                workspace_id = await follows.workspace(session, uri.partition("/")[0])
                place = await follows.add_destination(session, workspace_id, uri, "slack", [])
                wish = {"incidents": True, "components": True, "maintenance": True, "component_ids": []}
                now = await providers.database_now(session)
                session.add(
                    Follow(provider_id=row.id, destination_id=place.id, created_by="U01", created_at=now, **wish)
                )
        await self.says(slug)

    async def says(self, slug: str, *incidents: Incident) -> None:
        """The page says this, and was read."""
        async with self.database.write() as session:
            provider = await providers.by_slug(session, slug)
            assert provider is not None
            await record.record_snapshot(session, provider, Reading(snapshot(*incidents), {}), pace(60, 0))
        self.deliverer.wake()

    async def blows_over(self, within: float) -> None:
        """Until nothing waits any more."""
        async with asyncio.timeout(within):
            while True:
                async with self.database.read() as session:
                    if (await threads.waiting(session))[0] == 0:
                        return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def weather(database: Database, speed: float) -> AsyncIterator[Weather]:
    async with SlackServer(now=clock(speed)) as slack:
        slack.add_workspace("T2")
        slack.add_channel("C3", team="T2")
        transport = Hurried(slack, speed)
        deliverer = Deliverer(database, {"slack": transport}, metrics=Metrics(), open_secret=str)
        deliverer.start()
        try:
            yield Weather(database, slack, deliverer)
        finally:
            await deliverer.aclose()
            await transport.aclose()
        slack.assert_clean()


def storm(number: int, updates: int) -> list[Incident]:
    """So many incidents, each with so many of its updates."""
    return [_incident(place, updates, STORM // number) for place in range(number)]


def _incident(place: int, updates: int, of: int) -> Incident:
    posts = [
        update(
            f"u{place}.{number}",
            "identified" if number < of - 1 else "resolved",
            number + place / 60,
            f"Number {number} of storm {place}.",
        )
        for number in range(updates)
    ]
    over = posts[-1].posted_at if updates == of else None
    return incident(*posts, id_=f"inc{place}", title=f"Storm {place}", resolved_at=over)


async def blow(on: Weather, number: int) -> None:
    """So many incidents get all their updates at once; while they are told something else happens."""
    slack, each = on.slack, STORM // number
    await on.follow("stormy", "slack:T1/C1")
    await on.follow("calm", *CALM)
    await on.says("stormy", *storm(number, 1))
    await slack.until(lambda: len(slack.channel("C1").roots) == number, 60)
    await on.says("stormy", *storm(number, each))
    await slack.until(lambda: len(slack.channel("C1").messages) >= STORM // 2, 300)
    await on.says("calm", incident(update("u1", "investigating", 0), title="Something else"))
    await slack.until(lambda: slack.channel("C2").roots and slack.channel("C3", "T2").roots)
    assert len(slack.channel("C1").messages) < STORM, "it waited until the storm was over"
    await on.blows_over(400)
    check(slack.channel("C1"), number)
    assert {call.error for call in slack.calls} == {""}


def check(channel: Channel, number: int) -> None:
    """Every card says how it ended, and below it is each update, once and in order."""
    assert len(channel.messages) == STORM
    for place in range(number):
        [root] = [message for message in channel.roots if f"Storm {place}】" in message.shown]
        assert "*State*: Resolved" in root.shown
        told = [reply.shown.rsplit("\n", 1)[-1] for reply in channel.replies(root)]
        assert told == [f"Number {update} of storm {place}." for update in range(1, STORM // number)]


async def test_a_storm_on_twenty_incidents(tmp_path: Path) -> None:
    async with opened(tmp_path) as database, weather(database, speed=30) as on:
        await blow(on, 20)


@pytest.mark.soak
@pytest.mark.parametrize("number", [1, 20])
async def test_a_storm(database: Database, number: int) -> None:
    async with weather(database, speed=30) as on:
        await blow(on, number)


@pytest.mark.soak
@pytest.mark.timeout(500)
async def test_a_storm_in_real_time(tmp_path: Path) -> None:
    async with opened(tmp_path) as database, weather(database, speed=1) as on:
        await blow(on, 20)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{folder}/storm.db")
    try:
        await migrate.upgrade(database)
        yield database
    finally:
        await database.aclose()
