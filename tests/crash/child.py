"""The process that is killed: the ordinary poller, deliverer and transports, with a kill planned between two
statements or at a commit."""

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass

from rich.console import Console
from sqlalchemy import event
from sqlalchemy.engine import Engine

from adapters import ADAPTERS
from adapters.fetch import Fetcher
from bot import logs
from bot.vault import Vault
from relay.deliver import LEASE, Deliverer
from relay.metrics import Metrics
from relay.poll import Poller, pace
from relay.transports import TRANSPORTS, MailOutside, Outside
from relay.transports.bucket import Bucket
from relay.transports.discord import DiscordTransport
from relay.transports.slack import SlackTransport
from relay.transports.slack_clients import OneToken
from relay.transports.slack_pace import Pace
from storage import leases
from storage.database import Database


@dataclass(frozen=True)
class Life:
    """What one life of the process is given. die_at: the number of the statement (or commit) at which it kills
    itself; None: it lives until it is killed from outside. lease: seconds for which it claims threads."""

    database_url: str
    key: str
    slack_token: str
    slack_api_url: str
    discord_token: str
    discord_api_url: str
    die_at: int | None = None
    mail_url: str | None = None
    lease: float = LEASE


def live(life: Life) -> None:
    """Runs until the process dies."""
    if life.die_at is not None:
        _die_at(life.die_at)
    logs.configure("text", level=logging.ERROR)
    asyncio.run(_live(life))


def _die_at(number: int) -> None:
    passed = 0

    def count(*_: object) -> None:
        nonlocal passed
        passed += 1
        if passed == number:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, moment, count)


def unsubscribe(address: str, destination_id: int | None) -> str:
    """A link in each mail."""
    return f"http://127.0.0.1/{destination_id}"


async def _live(life: Life) -> None:
    metrics, database, vault = Metrics(), Database(life.database_url), Vault([life.key])
    outside = Outside(
        user_agent="crash test",
        allow_private_networks=True,
        console=Console(file=open(os.devnull, "w")),  # noqa: ASYNC230, SIM115
        mail=MailOutside(life.mail_url, "status@example.org", "http://127.0.0.1", unsubscribe)
        if life.mail_url is not None
        else None,
    )
    async with AsyncExitStack() as closing:
        made = {name: make(outside) for name, make in TRANSPORTS.items()}
        transports = {name: transport for name, transport in made.items() if transport is not None}
        transports["slack"] = SlackTransport(
            OneToken(life.slack_token, life.slack_api_url), pace=Pace(0.001, 1000, per_minute=None)
        )
        transports["discord"] = DiscordTransport(
            life.discord_token, life.discord_api_url, bucket=Bucket(1e6, 1000)
        )
        deliverer = Deliverer(
            database,
            transports,
            metrics=metrics,
            open_secret=vault.open,
            idle_wait=0.05,
            lease=life.lease,
        )
        fetcher = Fetcher(user_agent="crash test", allow_private_networks=True)
        poller = Poller(database, fetcher, ADAPTERS, pace=pace(0.05, 0), metrics=metrics, recorded=deliverer.wake)
        closing.push_async_callback(database.aclose)
        if database.is_sqlite:
            async with database.write() as session:
                await leases.release_all(session)
        deliverer.start()
        poller.start()
        while True:
            await poller.tick()
            await asyncio.sleep(0.02)
