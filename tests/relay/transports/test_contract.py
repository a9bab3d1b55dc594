"""Every transport faces the same contract: sent, refused, gone, timed out."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from rich.console import Console
from standins.discord import DiscordServer
from standins.discord_telling import teller
from standins.login_outage import STORY
from standins.mail import MailTown
from standins.push_service import PushService
from standins.receiver import Answer, Receiver
from standins.slack import HANG, SlackServer

from relay.bulletin import Bulletin, Row, Section
from relay.endpoint import Endpoint
from relay.transports import TRANSPORTS
from relay.transports.apprise_urls import AppriseTransport
from relay.transports.console import ConsoleTransport
from relay.transports.sign import new_secret
from relay.transports.slack import SlackTransport
from relay.transports.slack_clients import OneToken
from relay.transports.transport import DeliveryError, Telling, Transport
from relay.transports.webhook import WebhookTransport
from relay.transports.webpush import WebPushTransport
from relay.transports.webpush_keys import new_key


@dataclass(frozen=True)
class Bench:
    """A transport, a telling that arrives, and how its other end is made to misbehave (None: it can't)."""

    transport: Transport
    telling: Telling
    threads: bool
    """A further telling of the same thread refers to the first one."""
    refuse: Callable[[], object] | None = None
    go: Callable[[], object] | None = None
    hang: Callable[[], object] | None = None
    goes_on: Callable[[], object] = lambda: None
    """Ends a hang that does not end by itself."""


PATIENCE, LITTLE = 60.0, 1.0
"""Seconds that a transport waits for who answers, and for who hangs."""


class Paper(io.StringIO):
    """A terminal that can be told to misbehave once."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses = False
        self.goes_on = threading.Event()
        self.goes_on.set()

    def write(self, text: str) -> int:
        if self.refuses:
            raise OSError("no space left")
        self.goes_on.wait()
        return super().write(text)


@asynccontextmanager
async def webhook(patience: float) -> AsyncIterator[Bench]:
    secret = new_secret()
    async with Receiver(secret) as receiver:
        transport = WebhookTransport(user_agent="t", allow_private_networks=True, timeout=patience)
        yield Bench(
            transport,
            Telling(event=STORY[0], address=receiver.url, secrets=(secret,)),
            threads=False,
            refuse=lambda: receiver.answers.append(Answer(500)),
            go=lambda: receiver.answers.append(Answer(410)),
            hang=lambda: receiver.answers.append(Answer(hang=True)),
        )
        await transport.aclose()


@asynccontextmanager
async def slack(patience: float) -> AsyncIterator[Bench]:
    async with SlackServer() as server:
        transport = SlackTransport(OneToken(server.bot_token, server.api_url), timeout=patience)
        yield Bench(
            transport,
            Telling(event=STORY[0], address="T1/C1"),
            threads=True,
            refuse=lambda: server.fail_next("chat.postMessage", "fatal_error"),
            go=lambda: server.fail_next("chat.postMessage", "is_archived"),
            hang=lambda: server.fail_next("chat.postMessage", HANG),
        )
        await transport.aclose()


@asynccontextmanager
async def discord(patience: float) -> AsyncIterator[Bench]:
    route = ("POST", "/channels/{channel_id}/messages")
    async with DiscordServer(pace=None) as server, teller(server, timeout=patience) as made:
        yield Bench(
            made.transport,
            Telling(event=STORY[0], address=made.address),
            threads=True,
            refuse=lambda: server.fail_next(*route, 503),
            go=lambda: server.fail_next(*route, 10003),
            hang=lambda: server.fail_next(*route, HANG),
        )


@asynccontextmanager
async def console(patience: float) -> AsyncIterator[Bench]:
    paper = Paper()
    transport = ConsoleTransport(Console(file=paper), patience=patience)

    def refuse() -> None:
        paper.refuses = True

    yield Bench(
        transport,
        Telling(event=STORY[0], address=""),
        threads=True,
        refuse=refuse,
        hang=paper.goes_on.clear,
        goes_on=paper.goes_on.set,
    )
    await transport.aclose()


@asynccontextmanager
async def webpush(patience: float) -> AsyncIterator[Bench]:
    key = new_key()

    async def kept() -> str:
        return key

    async with PushService() as service:
        transport = WebPushTransport(
            kept, "mailto:ops@example.com", user_agent="t", allow_private_networks=True, timeout=patience
        )
        subscription = service.browser().subscription
        yield Bench(
            transport,
            Telling(event=STORY[0], address="1", endpoint=Endpoint(subscription=subscription)),
            threads=True,
            refuse=lambda: service.answers.append(Answer(500)),
            go=lambda: service.answers.append(Answer(410)),
            hang=lambda: service.answers.append(Answer(hang=True)),
        )
        await transport.aclose()


@asynccontextmanager
async def apprise(patience: float) -> AsyncIterator[Bench]:
    async with Receiver() as receiver:
        transport = AppriseTransport(allow_private_networks=True, timeout=patience)
        yield Bench(
            transport,
            Telling(event=STORY[0], address=receiver.url.replace("http://", "json://")),
            threads=True,
            refuse=lambda: receiver.answers.append(Answer(500)),
            go=lambda: receiver.answers.append(Answer(410)),
            hang=lambda: receiver.answers.append(Answer(hang=True)),
        )
        await transport.aclose()


@asynccontextmanager
async def email(patience: float) -> AsyncIterator[Bench]:
    async with MailTown() as town:
        transport = town.transport(timeout=patience)
        yield Bench(
            transport,
            Telling(event=STORY[0], address="ops@example.com", delivery="1.1"),
            threads=True,
            refuse=lambda: town.fail_next("RCPT", "451 4.7.1 try again later"),
            go=lambda: town.fail_next("RCPT", "550 5.1.1 no such user here"),
            hang=lambda: town.fail_next("DATA", hang=True),
        )
        await transport.aclose()


BENCHES: dict[str, Callable[[float], AbstractAsyncContextManager[Bench]]] = {
    "console": console,
    "webhook": webhook,
    "slack": slack,
    "discord": discord,
    "email": email,
    "webpush": webpush,
    "apprise": apprise,
}


def test_every_transport_has_a_bench() -> None:
    assert BENCHES.keys() == TRANSPORTS.keys()


@pytest.fixture(params=sorted(BENCHES))
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with BENCHES[request.param](PATIENCE) as bench:
        yield bench


@pytest.fixture(params=sorted(BENCHES))
async def hasty(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with BENCHES[request.param](LITTLE) as bench:
        yield bench


async def failure(bench: Bench, misbehave: Callable[[], object] | None) -> DeliveryError:
    if misbehave is None:
        pytest.skip("its other end can't do that")
    misbehave()
    with pytest.raises(DeliveryError) as caught:
        async with asyncio.timeout(PATIENCE / 2):
            await bench.transport.send(bench.telling)
    bench.goes_on()
    assert caught.value.reason
    assert "\n" not in caught.value.reason
    return caught.value


async def arrives(bench: Bench) -> bool:
    try:
        await bench.transport.send(bench.telling)
    except DeliveryError:
        return False
    return True


async def test_sent(bench: Bench) -> None:
    first = await bench.transport.send(bench.telling)
    assert (first.reference is not None) == bench.threads
    second = await bench.transport.send(replace(bench.telling, event=STORY[1], reference=first.reference))
    assert second.reference == first.reference


async def test_its_turn_comes_at_once_where_nobody_waits(bench: Bench) -> None:
    assert bench.transport.at_once >= 1
    async with asyncio.timeout(PATIENCE / 2):
        await bench.transport.turn(bench.telling.address)
        await bench.transport.send(bench.telling)


async def test_an_announcement_arrives_in_chats_at_least(bench: Bench) -> None:
    bulletin = Bulletin("The week of 14 July.", (Section("Incidents", (Row("Stripe"),)),))
    try:
        await bench.transport.announce(bench.telling.address, bulletin)
    except DeliveryError as error:
        if bench.transport.is_chat or error.permanent:
            raise


async def test_refused(bench: Bench) -> None:
    error = await failure(bench, bench.refuse)
    assert not error.permanent
    assert not error.uncounted


async def test_gone(bench: Bench) -> None:
    assert (await failure(bench, bench.go)).permanent


async def test_timed_out(hasty: Bench) -> None:
    error = await failure(hasty, hasty.hang)
    assert not error.permanent
    assert not error.uncounted


async def test_after_a_failure_the_next_try_may_succeed(hasty: Bench) -> None:
    await failure(hasty, hasty.hang)
    async with asyncio.timeout(60):
        while not await arrives(hasty):
            pass


async def test_closing_an_unused_transport_is_harmless(bench: Bench) -> None:
    await bench.transport.aclose()
