"""What every command and every process works with: the database in step with its tables, the services, the
transports."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from adapters import ADAPTERS, catalogue
from adapters.fetch import Fetcher
from bot import mail_links, push_key, vault
from bot.commands.services import Services
from bot.settings import Settings
from relay import poll
from relay.transports import TRANSPORTS, MailOutside, Outside, PushOutside
from relay.transports.transport import Transport
from storage import backup, migrate
from storage.database import Database
from storage.wakeups import DELIVER, POLL, Wakeups

if TYPE_CHECKING:
    from relay.transports.slack_clients import Clients

ROLES = ("all", "poll", "deliver", "bot", "web")
"""What a process may do; one does all of it."""


class StartError(Exception):
    """uptimus can't start as it is set up; the message is one line."""


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database, in step with the tables: an embedded one is upgraded, PostgreSQL is only looked at."""
    vault.from_settings(settings)  # without a key there is no use in going on
    database = Database(settings.database_url)
    try:
        await _bring_in_step(database, settings)
        yield database
    finally:
        await database.aclose()


async def _bring_in_step(database: Database, settings: Settings) -> None:
    try:
        if database.is_sqlite:
            await migrate.upgrade(database)
        in_step = await migrate.at_head(database)
    except Exception as error:
        await refuse_damage(settings)
        name = settings.sqlite_path or "the PostgreSQL it names"
        reason = str(getattr(error, "orig", error)).splitlines()[0][:200]
        raise StartError(f"DATABASE_URL: {name} can't be used ({reason})") from error
    if not in_step:
        raise StartError("the database is not up to date: run `uptimus db upgrade`")


async def refuse_damage(settings: Settings) -> None:
    """Raises StartError where the embedded database is damaged, and names its newest backup."""
    database = settings.sqlite_path
    reason = await asyncio.to_thread(backup.damage, database) if database is not None else None
    if database is None or reason is None:
        return
    newest = backup.newest(database)
    mend = f"`uptimus db restore {newest} --force` puts its newest backup in its place" if newest else (
        "no backup is known; `uptimus db restore FILE --force` puts one in its place"
    )  # fmt: skip
    raise StartError(f"DATABASE_URL: {reason}; {mend}")


@asynccontextmanager
async def services(
    settings: Settings, database: Database, *, known: catalogue.Catalogue | None = None
) -> AsyncIterator[Services]:
    """What commands work with, for one command line call or for a running process."""
    fetcher = Fetcher(
        user_agent=settings.agent,
        allow_private_networks=settings.allow_private_networks,
        denied_ports=settings.closed_ports,
        trust_proxy=settings.trust_proxy,
    )
    wakeups, safe = Wakeups(database), vault.from_settings(settings)
    database.seal_addresses(safe)
    try:
        yield Services(
            database=database,
            fetcher=fetcher,
            adapters=ADAPTERS,
            catalogue=known or catalogue.load(),
            vault=safe,
            pace=poll.pace(settings.poll_interval, settings.component_hold),
            allow_private_networks=settings.allow_private_networks,
            home=settings.home,
            transports=lambda: transports(settings, database, Console(highlight=False)),
            wake=partial(wakeups.wake, DELIVER, POLL),
            now=lambda: datetime.now(UTC),
            denied_ports=settings.closed_ports,
        )
    finally:
        await wakeups.aclose()
        await fetcher.aclose()


@contextmanager
def only_process(database: Path | None) -> Iterator[None]:
    """Refuses a second `run` on the same embedded database. (PostgreSQL is made for several.)"""
    if database is None:
        yield
        return
    try:
        lock = database.with_name(database.name + ".lock").open("w")
    except OSError as error:
        raise StartError(f"DATABASE_URL: {database} can't be used ({error.strerror})") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartError(
                f"another uptimus is running on {database}; for several processes use PostgreSQL"
            ) from None
        yield


def transports(settings: Settings, database: Database, console: Console) -> dict[str, Transport]:
    """The transports that the settings provide for."""
    outside = Outside(
        user_agent=settings.agent,
        allow_private_networks=settings.allow_private_networks,
        denied_ports=settings.closed_ports,
        trust_proxy=settings.trust_proxy,
        console=console,
        slack_clients=partial(_slack_clients, settings, database) if settings.slack is not None else None,
        discord_token=settings.discord_token.get_secret_value() if settings.discord_token is not None else None,
        discord_api_url=settings.discord_api_url,
        mail=_mail(settings),
        push=PushOutside(partial(push_key.kept, settings, database), push_key.subject(settings)),
    )
    made = {name: make(outside) for name, make in TRANSPORTS.items()}
    return {name: transport for name, transport in made.items() if transport is not None}


def _mail(settings: Settings) -> MailOutside | None:
    if settings.mail is None:
        return None
    smtp_url, mail_from = settings.mail
    link = partial(mail_links.unsubscribe_link, vault.from_settings(settings), settings.home)
    return MailOutside(smtp_url, mail_from, settings.home, link)


def _slack_clients(settings: Settings, database: Database) -> Clients:
    from bot.slack import ways  # its library is large, and many run without it

    return ways.clients(settings, database, vault.from_settings(settings))
