"""The whole bot behind the stand-in Slack: the real door, commands and database, and a page in the hand."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.fernet import Fernet
from rich.console import Console
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select
from standins.pages import Shelf, snapshot
from standins.slack import Message, SlackServer, View

from adapters import ADAPTERS
from adapters.adapter import Reading
from adapters.catalogue import Catalogue, Entry
from adapters.fetch import Fetcher
from adapters.schema import Snapshot
from bot.commands import COMMANDS, answer
from bot.commands.reply import Request
from bot.commands.services import Services
from bot.settings import Settings
from bot.slack.door import SlackDoor
from bot.vault import Vault
from relay import messages, record, states
from relay.poll import pace
from relay.telling import stored_event
from relay.transports import TRANSPORTS, Outside
from relay.transports.slack_blocks import buttons, card_message
from relay.transports.transport import Transport
from storage import events, migrate, providers
from storage.database import Database
from storage.tables import Audit, Destination, Follow, Provider, Subject, Thread

NOW = datetime(2026, 1, 1, 15, tzinfo=UTC)
PAGE = "https://status.example.com"
CATALOGUE = Catalogue(
    (
        Entry("chargeover", "ChargeOver", "Payments", PAGE, "shelf"),
        Entry("chargebee", "Chargebee", "Payments", "https://status.chargebee.com", "statuspage"),
        Entry("github", "GitHub", "CI/CD & code", "https://www.githubstatus.com", "statuspage"),
    )
)


@dataclass
class Bot:
    """What a test works with. `shelf` is ChargeOver's page, which nobody follows yet."""

    slack: SlackServer
    services: Services
    shelf: Shelf

    @property
    def database(self) -> Database:
        return self.services.database

    async def follow(self, *, team: str = "T1", channel: str = "C1", actor: str = "U1", **wanted: Any) -> int:
        """Follows, as the command does; the follow's id."""
        here = f"slack:{team}/{channel}"
        request = Request(
            workspace=f"slack:{team}", actor=actor, here=here, to=here, **{"provider": "chargeover"} | wanted
        )
        await answer(self.services, "follow", request)
        async with self.database.read() as session:
            follow_id = await session.scalar(
                select(Follow.id).join(Destination).where(Destination.uri == here).order_by(Follow.id.desc())
            )
        assert follow_id is not None
        return follow_id

    async def reads(self, page: Snapshot) -> None:
        """ChargeOver's page says this, and it was read."""
        self.shelf.put(page)
        async with self.database.write() as session:
            provider = await providers.by_slug(session, "chargeover")
            assert provider is not None
            await record.record_snapshot(session, provider, Reading(page, {}), self.services.pace)

    async def tells(self, channel: str = "C1") -> Message:
        """The newest thread of a channel gets its first message, as deliver would send it."""
        async with self.database.write() as session:
            found = await session.execute(
                select(Thread, Subject, Follow, Provider)
                .join(Destination, Destination.id == Thread.destination_id)
                .join(Subject, Subject.id == Thread.subject_id)
                .join(Provider, Provider.id == Subject.provider_id)
                .join(Follow, (Follow.destination_id == Destination.id) & (Follow.provider_id == Provider.id))
                .where(Destination.uri == f"slack:T1/{channel}")
                .order_by(Thread.id.desc())
            )
            thread, subject, follow, provider = found.first() or pytest.fail("nothing to tell")
            row = await events.of_subject(session, subject.id, await events.last_of_kind(session, subject))
            assert row is not None
            event = stored_event(row, subject.kind, subject.external_id)
            title = states.subject_title(event)
            actions = buttons(thread.id, follow.id, thread.muted, title=title, provider=provider.name)
            message = card_message(messages.card(event), actions=actions)
            client = AsyncWebClient(self.slack.bot_token, self.slack.api_url)
            sent = await client.chat_postMessage(
                channel=channel, unfurl_links=False, unfurl_media=False, **message
            )
            thread.reference = sent["ts"]
        told = self.slack.channel(channel).find(str(sent["ts"]))
        assert told is not None
        return told

    async def one(self, column: Any, *where: Any) -> Any:
        """A column of the one row there is."""
        async with self.database.read() as session:
            return (await session.scalars(select(column).where(*where))).one()

    async def follows(self) -> list[Follow]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Follow).order_by(Follow.id)))

    async def audit(self) -> list[tuple[str, str]]:
        """(who, what they did), the oldest first."""
        async with self.database.read() as session:
            rows = await session.scalars(select(Audit).order_by(Audit.id))
            return [(row.actor, row.action) for row in rows]

    async def seen(self, text: str, user: str = "U1") -> View:
        """What the person has in front of them, once it says so."""
        await self.slack.until(lambda: (view := self.slack.modal(user)) is not None and text in view.shown)
        view = self.slack.modal(user)
        assert view is not None
        return view

    async def home(self, text: str = "", user: str = "U1") -> View:
        """The person's home tab, once it says so."""
        await self.slack.until(lambda: (view := self.slack.home(user)) is not None and text in view.shown)
        view = self.slack.home(user)
        assert view is not None
        return view


async def open_door(slack: SlackServer, services: Services, way: str, closing: AsyncExitStack) -> None:
    given: dict[str, Any] = {"slack_signing_secret": slack.signing_secret}
    if way == "socket":
        given = {"slack_app_token": slack.app_token}
    settings = Settings(_env_file=None, slack_bot_token=slack.bot_token, slack_api_url=slack.api_url, **given)
    door = SlackDoor(settings, COMMANDS, services, answer)
    if way == "http":
        app = web.Application()
        app.router.add_post("/slack/events", door.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        closing.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await door.start()
    closing.push_async_callback(door.aclose)


def transports() -> dict[str, Transport]:
    outside = Outside(user_agent="test", allow_private_networks=True, console=Console(quiet=True))
    made = {name: make(outside) for name, make in TRANSPORTS.items()}
    return {name: transport for name, transport in made.items() if transport is not None}


@pytest.fixture(params=["sqlite-http", "postgresql-socket"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """(the database's address, how Slack is heard): HTTP on SQLite, Socket Mode on PostgreSQL."""
    kind, _, way = request.param.partition("-")
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/uptimus.db", way
    return str(request.getfixturevalue("new_postgresql")), way


@pytest.fixture
async def bot(way: tuple[str, str]) -> AsyncIterator[Bot]:
    """Nothing is followed yet."""
    async with AsyncExitStack() as closing:
        database = Database(way[0])
        closing.push_async_callback(database.aclose)
        await migrate.upgrade(database)
        fetcher = Fetcher(user_agent="test", allow_private_networks=True)
        closing.push_async_callback(fetcher.aclose)
        shelf = Shelf(snapshot())
        services = Services(
            database=database,
            fetcher=fetcher,
            adapters={**ADAPTERS, "shelf": replace(ADAPTERS["statuspage"], read=shelf.read, past=None)},
            catalogue=CATALOGUE,
            vault=Vault([Fernet.generate_key().decode()]),
            pace=pace(60, 0),
            allow_private_networks=True,
            home="https://uptimus.example.com",
            transports=transports,
            wake=lambda: None,
            now=lambda: NOW,
        )
        slack = await closing.enter_async_context(SlackServer(rate=None))
        await open_door(slack, services, way[1], closing)
        yield Bot(slack, services, shelf)
        slack.assert_clean()
