"""Commands as they are said in a channel of a chat: typed, parsed, allowed or not, answered."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from rich.console import Console

from adapters import ADAPTERS, catalogue
from adapters.fetch import Fetcher
from bot.commands import COMMANDS, answer
from bot.commands.parse import parse
from bot.commands.reply import CommandError, Reply, Request
from bot.commands.services import Services
from bot.demo import LOGIN_OUTAGE, DemoPage, load
from bot.vault import Vault
from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.poll import pace
from relay.transports import TRANSPORTS, Outside
from relay.transports.transport import Transport
from storage.database import Database

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
"""A Wednesday."""


@dataclass
class Chat:
    """A workspace's channels; `page` is the address of a status page on loopback."""

    services: Services
    page: str
    demo: DemoPage
    woken: list[None] = field(default_factory=list)

    def request(
        self, text: str, *, team: str = "T1", channel: str = "C1", actor: str = "U1"
    ) -> tuple[str, Request]:
        """What somebody typed, parsed."""
        workspace = f"slack:{team}"
        return parse(
            text.replace("PAGE", self.page),
            commands=COMMANDS,
            workspace=workspace,
            here=f"{workspace}/{channel}",
            here_name="ops",
            actor=actor,
        )

    async def say(
        self,
        text: str,
        *,
        team: str = "T1",
        channel: str = "C1",
        actor: str = "U1",
        is_admin: Callable[[], Awaitable[bool | None]] | None = None,
    ) -> Reply:
        """The answer; raises CommandError."""
        name, request = self.request(text, team=team, channel=channel, actor=actor)
        return await answer(self.services, name, replace(request, is_admin=is_admin))

    async def refused(self, text: str, **given: str) -> str:
        """The words of a refusal."""
        with pytest.raises(CommandError) as error:
            await self.say(text, **given)  # type: ignore[arg-type]
        return str(error.value)


def _transports() -> dict[str, Transport]:
    outside = Outside(user_agent="test", allow_private_networks=True, console=Console(quiet=True))
    made = {name: make(outside) for name, make in TRANSPORTS.items()}
    return {name: transport for name, transport in made.items() if transport is not None}


@pytest.fixture
async def chat(database: Database) -> AsyncIterator[Chat]:
    """Two databases in turn, a status page on loopback, a clock that stands still."""
    demo = DemoPage(load(LOGIN_OUTAGE))
    fetcher = Fetcher(user_agent="test", allow_private_networks=True)
    woken: list[None] = []
    services = Services(
        database=database,
        fetcher=fetcher,
        adapters=ADAPTERS,
        catalogue=catalogue.load(),
        vault=Vault([Fernet.generate_key().decode()]),
        pace=pace(60, 0),
        allow_private_networks=True,
        home="http://127.0.0.1",
        transports=_transports,
        wake=lambda: woken.append(None),
        now=lambda: NOW,
    )
    yield Chat(services, await demo.start(), demo, woken)
    await demo.aclose()
    await fetcher.aclose()


@asynccontextmanager
async def delivering(chat: Chat) -> AsyncIterator[None]:
    """While it lasts, what is due is told."""
    transports = chat.services.transports()
    deliverer = Deliverer(
        chat.services.database,
        transports,
        metrics=Metrics(),
        open_secret=chat.services.vault.open,
        idle_wait=0.05,
    )
    deliverer.start()
    try:
        yield
    finally:
        await deliverer.aclose()
        for transport in transports.values():
            await transport.aclose()
