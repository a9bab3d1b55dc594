"""The whole bot behind simcord: the real discord.py, commands and database, and a page in the hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import discord
import pytest
from cryptography.fernet import Fernet
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from simcord.env import Env
from simcord.results import InteractionResult, ResponseMessage
from sqlalchemy import select
from standins.pages import Shelf, snapshot

from adapters import ADAPTERS
from adapters.adapter import Reading
from adapters.catalogue import Catalogue, Entry
from adapters.fetch import Fetcher
from adapters.schema import Snapshot
from bot.commands import COMMANDS, answer
from bot.commands.reply import Request
from bot.commands.services import Services
from bot.discord.client import Client
from bot.discord.desk import Answer, Desk
from bot.settings import Settings
from bot.vault import Vault
from relay import messages, record
from relay.poll import pace
from relay.telling import stored_event
from relay.transports.discord_embeds import buttons, card_message
from storage import events, providers
from storage.database import Database
from storage.tables import Audit, Destination, Follow, Provider, Subject, Thread

NOW = datetime(2026, 1, 1, 15, tzinfo=UTC)
PAGE = "https://status.example.com"
CATALOGUE = Catalogue(
    (
        Entry("chargeover", "ChargeOver", "Payments", PAGE, "shelf"),
        Entry("chargebee", "Chargebee", "Payments", "https://status.chargebee.com", "statuspage"),
        Entry("github", "GitHub", "CI/CD & code", "https://www.githubstatus.com", "statuspage"),
        *(Entry(f"p{n}", f"Page {n:03}", "Many", f"https://status.p{n}.test", "statuspage") for n in range(60)),
    )
)
SETTINGS = Settings(_env_file=None, discord_token="standin.token.1")


@asynccontextmanager
async def made_services(database: Database, shelf: Shelf) -> AsyncIterator[Services]:
    """What commands work with; ChargeOver's page is the shelf."""
    fetcher = Fetcher(user_agent="test", allow_private_networks=True)
    try:
        yield Services(
            database=database,
            fetcher=fetcher,
            adapters={**ADAPTERS, "shelf": replace(ADAPTERS["statuspage"], read=shelf.read, past=None)},
            catalogue=CATALOGUE,
            vault=Vault([Fernet.generate_key().decode()]),
            pace=pace(60, 0),
            allow_private_networks=True,
            home="https://uptimus.example.com",
            transports=dict,
            wake=lambda: None,
            now=lambda: NOW,
        )
    finally:
        await fetcher.aclose()


@dataclass
class Server:
    """A guild with the bot in it: `ops` (text), `boss` may manage it, `ann` may not."""

    env: Env
    services: Services
    shelf: Shelf
    guild: GuildHandle
    ops: ChannelHandle
    boss: MemberActor
    ann: MemberActor

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def workspace(self) -> str:
        return f"discord:{self.guild.id}"

    @property
    def here(self) -> str:
        return f"{self.workspace}/{self.ops.id}"

    async def say(
        self, command: str, by: MemberActor | None = None, at: ChannelHandle | None = None, /, **options: Any
    ) -> str:
        """The answer to a command, as it is read; only the person sees it."""
        result = await (by or self.boss).slash(at or self.ops, f"uptimus {command}", **options)
        assert result.deferred or result.response is not None
        assert result.response is not None
        assert result.response.ephemeral
        return shown(result.response)

    async def follow(self, **options: Any) -> Follow:
        """Follows in #ops, as the command does."""
        await answer(
            self.services,
            "follow",
            Request(
                workspace=self.workspace,
                actor=str(self.boss.id),
                here=self.here,
                provider="chargeover",
                is_admin=_yes,
                **options,
            ),
        )
        made: Follow = await self.one(Follow)
        return made

    async def reads(self, page: Snapshot) -> None:
        """ChargeOver's page says this, and it was read."""
        self.shelf.put(page)
        async with self.database.write() as session:
            provider = await providers.by_slug(session, "chargeover")
            assert provider is not None
            await record.record_snapshot(session, provider, Reading(page, {}), self.services.pace)

    async def tells(self) -> discord.Message:
        """The newest thread gets its first message in #ops, as deliver would send it."""
        async with self.database.write() as session:
            found = await session.execute(
                select(Thread, Subject, Follow, Provider)
                .join(Destination, Destination.id == Thread.destination_id)
                .join(Subject, Subject.id == Thread.subject_id)
                .join(Provider, Provider.id == Subject.provider_id)
                .join(Follow, (Follow.destination_id == Destination.id) & (Follow.provider_id == Provider.id))
                .order_by(Thread.id.desc())
            )
            thread, subject, follow, provider = found.first() or pytest.fail("nothing to tell")
            row = await events.of_subject(session, subject.id, await events.last_of_kind(session, subject))
            assert row is not None
            card = messages.card(stored_event(row, subject.kind, subject.external_id))
            rows = buttons(thread.id, follow.id, thread.muted, provider=provider.name, url=card.url)
        await self.posts(self.ops, *rows, **card_message(card))
        return self.card()

    async def posts(self, channel: ChannelHandle, *rows: Any, **message: Any) -> None:
        """The bot says something, with buttons."""
        route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=channel.id)
        body = {"content": "…"} | message | {"components": list(rows), "allowed_mentions": {"parse": []}}
        await self.env.bot.http.request(route, json=body)

    def card(self) -> discord.Message:
        """The newest message in #ops."""
        found = self.ops.last_message
        assert found is not None
        return found

    async def one(self, table: Any, *where: Any) -> Any:
        """The one row there is."""
        async with self.database.read() as session:
            return (await session.scalars(select(table).where(*where))).one()

    async def follows(self) -> list[tuple[str, str]]:
        """(provider's slug, destination) of each."""
        async with self.database.read() as session:
            rows = await session.execute(
                select(Provider.slug, Destination.uri)
                .select_from(Follow)
                .join(Provider, Provider.id == Follow.provider_id)
                .join(Destination, Destination.id == Follow.destination_id)
                .order_by(Follow.id)
            )
            return [(slug, uri) for slug, uri in rows]

    async def audit(self) -> list[tuple[str, str]]:
        """(who, what they did), the oldest first."""
        async with self.database.read() as session:
            return [(row.actor, row.action) for row in await session.scalars(select(Audit).order_by(Audit.id))]

    async def restart(self) -> None:
        """The bot is another process now, that remembers nothing."""
        await self.env.restart_bot(new_client(self.services))


async def _yes() -> bool:
    return True


def shown(message: ResponseMessage | discord.Message) -> str:
    """A message as it is read."""
    return "\n".join([message.content, *(embed.description or "" for embed in message.embeds)])


def labels(message: ResponseMessage | discord.Message) -> list[str]:
    """What its buttons say."""
    rows: list[Any] = [row if isinstance(row, dict) else row.to_dict() for row in message.components]
    return [str(part.get("label")) for row in rows for part in row["components"]]


def follow_ups(result: InteractionResult) -> list[str]:
    """What was said to the person alone, beside a card."""
    assert all(one.ephemeral for one in result.followups)
    return [shown(one) for one in result.followups]


class _Synced(Client):
    """Its commands are registered when it starts, as the door does it."""

    async def setup_hook(self) -> None:
        await super().setup_hook()
        await self.tree.sync()


def new_client(services: Services, answer: Answer = answer) -> Client:
    """The real client; how many shards there are simcord wants to know beforehand."""
    made = _Synced(SETTINGS, Desk(services, COMMANDS, answer))
    made.shard_count = 1
    return made


@asynccontextmanager
async def running(services: Services) -> AsyncIterator[Env]:
    """simcord around the client. What the bot swallowed fails the test."""
    env = Env(new_client(services))
    await env.start()
    try:
        yield env
    finally:
        await env.shutdown()
    env.raise_errors()


@pytest.fixture
async def server(database: Database) -> AsyncIterator[Server]:
    """Nothing is followed yet."""
    shelf = Shelf(snapshot())
    async with made_services(database, shelf) as services, running(services) as env:
        guild = env.create_guild("Example")
        ops = guild.create_text_channel("ops")
        keeper = guild.create_role("keeper", permissions=discord.Permissions(manage_guild=True))
        boss = guild.add_member(env.create_user("boss"), roles=[keeper])
        ann = guild.add_member(env.create_user("ann"))
        yield Server(env, services, shelf, guild, ops, boss, ann)
