"""A server with a real database behind it, pages that a test puts up, and a client that asks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient
from rich.console import Console
from standins.pages import at

from adapters.adapter import Reading
from adapters.schema import Snapshot
from bot.commands.services import Services
from bot.limits import RateLimit
from bot.web import programs, server
from bot.web.api import gate
from bot.web.api.gate import Gate
from bot.web.views import DirectoryView
from relay import record
from relay.metrics import Metrics
from relay.transports import TRANSPORTS, Outside
from relay.transports.transport import Transport
from storage import api_tokens, follows, providers
from storage.database import Database
from storage.tables import Follow, Provider

PLENTY = 1_000_000
HOME = "https://uptimus.example.com"
NOW = at(600)


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Decoded."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """Decoded."""
        return self.body.decode()


@dataclass
class Town:
    """Providers, workspaces, and the server that tells of them."""

    database: Database
    services: Services
    client: "TestClient[web.Request, web.Application]"

    async def put(
        self,
        *pages: Snapshot,
        slug: str = "chargeover",
        name: str = "ChargeOver",
        category: str | None = "Payments",
    ) -> int:
        """A provider whose page said this, one thing after the other; the first time it is made. Its id."""
        async with self.database.write() as session:
            row = await providers.by_slug(session, slug)
            if row is None:
                row = Provider(
                    slug=slug, name=name, url=f"https://{slug}.example.com", adapter="statuspage", source="user",
                    category=category, verification="pending", status="unknown", memory={}, active=False,
                    failures=0, unreadable=False,
                )  # fmt: skip
                session.add(row)
                await session.flush()
            row_id = row.id
        for number, page in enumerate(pages):
            async with self.database.write() as session:
                row = await session.get_one(Provider, row_id)
                await record.record_snapshot(session, row, Reading(page, {"n": number}), self.services.pace)
        return row_id

    async def fail(self, slug: str = "chargeover", reason: str = "it is HTML") -> None:
        """A provider's page can't be read."""
        async with self.database.write() as session:
            row = await providers.by_slug(session, slug)
            assert row is not None
            await record.record_failure(session, row, reason, 60)

    async def follow(self, workspace: str, uri: str, slug: str = "chargeover", transport: str = "webhook") -> int:
        """A follow of a workspace's; the destination's id."""
        async with self.database.write() as session:
            workspace_id = await follows.workspace(session, workspace)
            place = await follows.destination(session, workspace_id, uri)
            place = place or await follows.add_destination(session, workspace_id, uri, transport, [])
            provider = await providers.by_slug(session, slug)
            assert provider is not None
            row = Follow(
                provider_id=provider.id, destination_id=place.id, created_by="", incidents=True, components=True,
                maintenance=True, component_ids=[], created_at=await providers.database_now(session),
            )  # fmt: skip
            session.add(row)
            await session.flush()
            await record.open_threads(session, provider, row.id)
            return place.id

    async def token(self, workspace: str = "local", name: str = "dashboard") -> str:
        """A new token of a workspace's."""
        async with self.database.write() as session:
            made = await api_tokens.make(session, await follows.workspace(session, workspace), name)
        assert made is not None
        return made

    async def ask(self, path: str, method: str = "GET", token: str | None = None, **headers: str) -> Answer:
        """What the server says to this."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        async with self.client.request(method, path, headers=sent, allow_redirects=False) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def json(self, path: str, token: str | None = None) -> Any:
        """The JSON of an answer that is none but 200."""
        answer = await self.ask(path, token=token)
        assert answer.status == 200, answer.text
        return answer.json


def no_transports() -> dict[str, Transport]:
    """Those that need nothing to be set up."""
    outside = Outside(user_agent="test", allow_private_networks=True, console=Console(quiet=True))
    made = {name: make(outside) for name, make in TRANSPORTS.items()}
    return {name: transport for name, transport in made.items() if transport is not None}


async def _nothing(*_: object) -> None: ...


async def _directory(*_: object) -> DirectoryView:
    return DirectoryView()


async def _no_problems() -> dict[str, str]:
    return {}


def application(services: Services, **limits: RateLimit) -> web.Application:
    """The server's, with limits that no test reaches by chance."""
    given: dict[str, Any] = {"unknown": RateLimit(PLENTY), "known": RateLimit(PLENTY)} | limits
    return server.build(
        provider=_nothing,
        directory=_directory,
        metrics=Metrics(),
        problems=_no_problems,
        routes=programs.routes(services),
        middlewares=[gate.middleware(Gate(services.database, **given))],
    )
