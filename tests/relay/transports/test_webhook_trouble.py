"""A receiver that misbehaves in every way there is: what each leads to, how soon, and that nobody else waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from standins.certificates import Authority
from standins.door import Door
from standins.login_outage import STORY
from standins.receiver import Answer, Receiver

from relay.transports.sign import new_secret
from relay.transports.transport import DeliveryError, Sent, Telling
from relay.transports.webhook import WebhookTransport

SECRET = new_secret()
PATIENCE, LITTLE = 60.0, 0.4
"""Seconds that a transport waits for who answers, and for who never does."""
SOON = 30.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver(SECRET) as receiver:
        yield receiver


@asynccontextmanager
async def posting(patience: float) -> AsyncIterator[WebhookTransport]:
    transport = WebhookTransport(
        user_agent="t", allow_private_networks=True, timeout=patience, connect_timeout=PATIENCE
    )
    try:
        yield transport
    finally:
        await transport.aclose()


@pytest.fixture
async def webhook() -> AsyncIterator[WebhookTransport]:
    async with posting(PATIENCE) as transport:
        yield transport


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.made(tmp_path)


def telling(address: str) -> Telling:
    return Telling(event=STORY[0], address=address, secrets=(SECRET,))


@dataclass(frozen=True)
class Outcome:
    reason: str
    status: int | None = None
    permanent: bool = False
    retry_after: float | None = None


SILENCE = f"the receiver did not answer within {LITTLE:g} s"
CLOSED = "the receiver closed the connection without an answer"
MISBEHAVIOUR = {
    "hangs": (Answer(hang=True), Outcome(SILENCE)),
    "answers slowly": (Answer(delay=SOON), Outcome(SILENCE)),
    "answers garbage": (Answer(raw=b"220 smtp.example ESMTP\r\n"), Outcome("no HTTP answer that can be read")),
    "answers binary": (Answer(raw=bytes(range(256)) * 10), Outcome("no HTTP answer that can be read")),
    "answers without end": (Answer(raw=b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10**6), Outcome("that can be read")),
    "closes early": (Answer(close=True), Outcome(CLOSED)),
    "closes within its head": (Answer(raw=b"HTTP/1.1 200 OK\r\nContent-"), Outcome(CLOSED)),
    "drips bytes": (Answer(raw=OK, drip=0.2), Outcome(SILENCE)),
    "resets": (Answer(reset=True), Outcome(CLOSED)),
    "is away": (Answer(503), Outcome("answered 503 Service Unavailable", 503)),
    "is away for a while": (
        Answer(503, {"Retry-After": "120"}),
        Outcome("answered 503 Service Unavailable", 503, retry_after=120),
    ),
    "is away since long": (
        Answer(503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
        Outcome("answered 503 Service Unavailable", 503, retry_after=0),
    ),
    "is overloaded": (Answer(429), Outcome("answered 429 Too Many Requests", 429, retry_after=60)),
    "is overloaded for years": (
        Answer(429, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}),
        Outcome("answered 429 Too Many Requests", 429, retry_after=86400),
    ),
    "redirects": (Answer(301, {"Location": "https://x.example"}), Outcome("redirects are not followed", 301)),
    "is gone": (Answer(410), Outcome("answered 410 Gone", 410, permanent=True)),
}


@pytest.mark.parametrize("what", MISBEHAVIOUR)
async def test_what_it_leads_to(receiver: Receiver, what: str) -> None:
    receiver.default, expected = MISBEHAVIOUR[what]
    async with posting(LITTLE if expected.reason == SILENCE else PATIENCE) as webhook, asyncio.timeout(SOON):
        with pytest.raises(DeliveryError) as caught:
            await webhook.send(telling(receiver.url))
    error = caught.value
    assert expected.reason in error.reason
    assert (error.status, error.permanent, error.retry_after) == (
        expected.status, expected.permanent, expected.retry_after,
    )  # fmt: skip
    assert not error.uncounted
    assert "\n" not in error.reason


@pytest.mark.parametrize("what", MISBEHAVIOUR)
async def test_afterwards_it_is_told_again(receiver: Receiver, what: str) -> None:
    answer, expected = MISBEHAVIOUR[what]
    receiver.answers.append(answer)
    async with posting(5 * LITTLE if expected.reason == SILENCE else PATIENCE) as webhook:
        with pytest.raises(DeliveryError):
            await webhook.send(telling(receiver.url))
        assert (await webhook.send(telling(receiver.url))).status == 204


async def test_what_drips_behind_its_status_was_taken(webhook: WebhookTransport, receiver: Receiver) -> None:
    receiver.default = Answer(200, body=b"well", stall=True)
    assert (await webhook.send(telling(receiver.url))).answer == "well"


async def test_neighbours_are_not_held_up(webhook: WebhookTransport, receiver: Receiver) -> None:
    async with Receiver() as bad:
        bad.default = Answer(hang=True, close=True)
        stuck = [asyncio.create_task(webhook.send(telling(bad.url))) for _ in range(300)]
        await asyncio.sleep(0)
        sent = await asyncio.gather(*(webhook.send(telling(receiver.url)) for _ in range(20)))
        assert not any(one.done() for one in stuck), "they were waited for"
    failed = await asyncio.gather(*stuck, return_exceptions=True)
    assert [one.status for one in sent] == [204] * 20
    assert all(isinstance(one, DeliveryError) for one in failed)


async def over_tls(
    authority: Authority, *, knocks: int, name: str | None = None, expired: bool = False, slams: int = 0
) -> Sent | DeliveryError:
    """What comes of a telling through a door before a receiver with such a certificate."""
    transport = WebhookTransport(user_agent="t", allow_private_networks=True, tls=authority.trusted)
    async with Receiver(SECRET, tls=authority.server(name=name, expired=expired)) as receiver:
        there = int(receiver.url.rsplit(":", 1)[1].partition("/")[0])
        async with Door(there, slams=slams) as door:
            try:
                return await transport.send(telling(f"https://127.0.0.1:{door.port}/hook"))
            except DeliveryError as error:
                return error
            finally:
                await transport.aclose()
                assert door.knocks == knocks


async def test_a_good_certificate(authority: Authority) -> None:
    sent = await over_tls(authority, knocks=1)
    assert isinstance(sent, Sent)
    assert sent.status == 204


@pytest.mark.parametrize(("name", "expired"), [(None, True), ("elsewhere.example", False)])
async def test_a_bad_certificate_is_not_tried_twice(authority: Authority, name: str | None, expired: bool) -> None:
    error = await over_tls(authority, knocks=1, name=name, expired=expired)
    assert isinstance(error, DeliveryError)
    assert error.reason == "the receiver's certificate is not valid"
    assert not error.permanent


async def test_a_certificate_that_nobody_signed(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority.made(tmp_path / "other")
    error = await over_tls(replace(authority, key=stranger.key), knocks=1)
    assert isinstance(error, DeliveryError)
    assert error.reason == "the receiver's certificate is not valid"


async def test_where_connecting_fails_at_once_it_is_tried_once_more(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.transports.webhook.INSTANT", SOON)  # whatever this machine takes for it
    assert isinstance(await over_tls(authority, knocks=2, slams=1), Sent)


async def test_and_not_a_third_time(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.transports.webhook.INSTANT", SOON)
    error = await over_tls(authority, knocks=2, slams=9)
    assert isinstance(error, DeliveryError)
    assert "could not be connected to" in error.reason


async def test_what_was_connected_to_is_not_asked_twice(webhook: WebhookTransport, receiver: Receiver) -> None:
    receiver.default = Answer(close=True)
    with pytest.raises(DeliveryError):
        await webhook.send(telling(receiver.url))
    assert len(receiver.received) == 1
