"""Everything that `uptimus run` answers over HTTP, set up with all that can be set up."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.fernet import Fernet
from sqlalchemy import text

from bot import app
from bot.commands import COMMANDS, answer
from bot.commands.services import Services
from bot.parts import services
from bot.settings import Settings
from bot.slack.door import SlackDoor
from relay.metrics import Metrics
from storage.database import Database
from storage.tables import Table

HOME = "https://uptimus.example.com"
ORIGIN = {"Origin": HOME}
SIGNING = "signing-secret-canary"


def settings_of(database_url: str, **given: Any) -> Settings:
    """Slack for any number of workspaces, Discord, mail."""
    return Settings(
        _env_file=None,
        **{
            "database_url": database_url,
            "public_url": HOME,
            "secret_key": Fernet.generate_key().decode(),
            "slack_client_id": "1.2",
            "slack_client_secret": "client-secret-canary",
            "slack_signing_secret": SIGNING,
            "slack_api_url": "http://127.0.0.1:1/api/",
            "discord_token": "discord.token.canary",
            "smtp_url": "smtp://user:smtp-password-canary@127.0.0.1:1",
            "mail_from": "status@example.com",
        }
        | given,
    )


@dataclass
class Whole:
    """The server, and what it works with."""

    settings: Settings
    services: Services
    client: "TestClient[web.Request, web.Application]"
    door: SlackDoor
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def key(self) -> str:
        """What secrets are sealed with."""
        assert self.settings.secret_key is not None
        return self.settings.secret_key.get_secret_value()

    def routes(self) -> list[tuple[str, str]]:
        """(method, path with its parameters' names) of each; HEAD goes with GET."""
        router = self.client.app.router if self.client.app is not None else None
        assert router is not None
        found = {
            (one.method, one.resource.canonical)
            for one in router.routes()
            if one.resource is not None and one.method != "HEAD"
        }
        return sorted(found)

    async def ask(self, method: str, path: str, **given: Any) -> ClientResponse:
        """An answer that was read to its end."""
        response = await self.client.request(method, path, allow_redirects=False, **given)
        await response.read()
        return response


@asynccontextmanager
async def whole(database: Database, database_url: str, **given: Any) -> AsyncIterator[Whole]:
    """While it lasts, it is served on loopback. `given` are settings."""
    settings = settings_of(database_url, **given)
    async with services(settings, database) as parts:
        door, metrics = SlackDoor(settings, COMMANDS, parts, answer), Metrics()
        served = app.application(settings, parts, metrics, door)
        async with TestClient(TestServer(served)) as client:
            yield Whole(settings, parts, client, door, metrics)
        await door.aclose()


async def dump(database: Database, *but: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but for some tables."""
    found = {}
    async with database.read() as session:
        for table in Table.metadata.sorted_tables:
            if table.name not in but:
                rows = await session.execute(text(f"SELECT * FROM {table.name}"))
                found[table.name] = sorted((tuple(map(str, row)) for row in rows), key=repr)
    return found


def signed(body: str, *, at: float | None = None, secret: str = SIGNING) -> dict[str, str]:
    """The headers with which Slack would send it (at `at`, in seconds since 1970)."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
