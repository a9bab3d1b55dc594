"""The public page of a provider with the button that notifies, on a real server, and what it keeps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiohttp import web
from cryptography.fernet import Fernet
from sqlalchemy import select

from adapters import ADAPTERS, catalogue
from adapters.fetch import Fetcher
from bot.commands.services import Services
from bot.limits import RateLimit
from bot.vault import Vault
from bot.web import data, listed, push, server
from relay.endpoint import from_stored
from relay.metrics import Metrics
from relay.poll import pace
from relay.transports.webpush_keys import new_key
from storage import providers
from storage.database import Database
from storage.tables import Destination, Follow, Provider

KEY = new_key()


async def key() -> str:
    """Our private key for Web Push."""
    return KEY


@dataclass
class PushHouse:
    """`url` is where the server is; `asked` what it was asked besides pages, as method and path."""

    services: Services
    url: str
    asked: list[tuple[str, str]]
    woken: list[None] = field(default_factory=list)

    async def add(self, slug: str, name: str) -> int:
        """A provider that was read before and is followed by nobody."""
        async with self.services.database.write() as session:
            row = Provider(
                slug=slug, name=name, url=f"https://status.{slug}.example", adapter="statuspage", source="user",
                verification="pending", status="operational", memory={}, active=False, failures=0,
                unreadable=False, first_read_at=await providers.database_now(session),
                last_read_at=await providers.database_now(session),
            )  # fmt: skip
            session.add(row)
            await session.flush()
            return row.id

    async def kept(self) -> list[tuple[str, list[str], dict[str, Any]]]:
        """What is stored of browsers: the address, the slugs of what it is told of, the subscription."""
        async with self.services.database.read() as session:
            rows = (await session.scalars(select(Destination).order_by(Destination.id))).all()
            found = []
            for row in rows:
                slugs = select(Provider.slug).join(Follow, Follow.provider_id == Provider.id)
                told_of = await session.scalars(
                    slugs.where(Follow.destination_id == row.id).order_by(Provider.slug)
                )
                endpoint = from_stored(row.options, row.sealed, self.services.vault.open)
                found.append((row.uri, list(told_of), dict(endpoint.subscription or {})))
            return found


@asynccontextmanager
async def push_house(
    database: Database, *, allow_private: bool = False, home: str = "http://localhost:8080", quota: int = 1000
) -> AsyncIterator[PushHouse]:
    """ChargeOver and Stripe have pages."""
    fetcher = Fetcher(user_agent="test", allow_private_networks=True)
    woken: list[None] = []
    services = Services(
        database=database,
        fetcher=fetcher,
        adapters=ADAPTERS,
        catalogue=catalogue.load(),
        vault=Vault([Fernet.generate_key().decode()]),
        pace=pace(60, 0),
        allow_private_networks=allow_private,
        home=home,
        transports=dict,
        wake=lambda: woken.append(None),
        now=lambda: datetime.now(UTC),
    )
    asked: list[tuple[str, str]] = []
    app = server.build(
        provider=partial(data.provider_view, services),
        directory=partial(listed.directory_view, services),
        metrics=Metrics(),
        problems=_none,
        push=push.routes(services, key, limit=RateLimit(quota, 600)),
    )
    app.on_response_prepare.append(partial(_note, asked))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    house = PushHouse(services, f"http://localhost:{runner.addresses[0][1]}", asked, woken)
    await house.add("chargeover", "ChargeOver")
    await house.add("stripe", "Stripe")
    yield house
    await runner.cleanup()
    await fetcher.aclose()


async def _note(asked: list[tuple[str, str]], request: web.Request, _: web.StreamResponse) -> None:
    if request.path.startswith("/push"):
        asked.append((request.method, request.path_qs))


async def _none() -> dict[str, str]:
    return {}
