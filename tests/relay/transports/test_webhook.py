"""The webhook transport against a real receiver: signatures, refusals, hostile answers, the egress guard."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from standins.login_outage import STORY
from standins.receiver import Answer, Receiver

from relay.bulletin import Bulletin
from relay.transports.sign import new_secret, signatures
from relay.transports.transport import DeliveryError, Telling
from relay.transports.webhook import ANSWER_LIMIT, WebhookTransport

SECRET, OLDER = new_secret(), new_secret()
PATH_SECRET = "T0ken-in-the-path"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver(SECRET) as receiver:
        yield receiver


@pytest.fixture
async def webhook() -> AsyncIterator[WebhookTransport]:
    transport = WebhookTransport(user_agent="uptimus/test", allow_private_networks=True)
    yield transport
    await transport.aclose()


@pytest.fixture
async def hasty() -> AsyncIterator[WebhookTransport]:
    transport = WebhookTransport(user_agent="t", allow_private_networks=True, timeout=1, connect_timeout=60)
    yield transport
    await transport.aclose()


def telling(address: str, *secrets: str, step: int = 0) -> Telling:
    return Telling(event=STORY[step], address=address, secrets=secrets or (SECRET,))


async def refused(transport: WebhookTransport, address: str, *secrets: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await transport.send(telling(f"{address}/{PATH_SECRET}?key={PATH_SECRET}", *secrets))
    error = caught.value
    assert PATH_SECRET not in f"{error} {error.reason} {error.__cause__}"
    assert "whsec_" not in str(error)
    assert "\n" not in error.reason
    return error


async def test_an_event_arrives_signed_and_whole(webhook: WebhookTransport, receiver: Receiver) -> None:
    receiver.answers.append(Answer(200, body=b"thanks\0"))
    sent = await webhook.send(telling(receiver.url))
    (request,) = receiver.received
    assert request.problem is None, "standardwebhooks verified it"
    assert (sent.status, sent.answer, sent.reference) == (200, "thanks\ufffd", None)
    assert request.event == STORY[0].public()
    assert request.id == STORY[0].id
    assert b'": ' not in request.body
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "uptimus/test"
    assert abs(int(request.headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 10


async def test_while_a_secret_is_rotated_both_verify(webhook: WebhookTransport, receiver: Receiver) -> None:
    await webhook.send(telling(receiver.url, SECRET, OLDER))
    (request,) = receiver.received
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, OLDER):
        Webhook(secret).verify(request.body, dict(request.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(request.body, dict(request.headers))


async def test_every_receiver_and_every_try_gets_the_same_bytes(
    webhook: WebhookTransport, receiver: Receiver
) -> None:
    for _ in range(2):
        await webhook.send(telling(receiver.url))
    await webhook.send(telling(f"{receiver.url}/another"))
    assert len({(request.id, request.body) for request in receiver.received}) == 1


async def test_the_connection_is_kept(webhook: WebhookTransport, receiver: Receiver) -> None:
    for step in range(len(STORY)):
        await webhook.send(telling(receiver.url, step=step))
    assert receiver.connections == 1


async def test_a_tampered_body_would_not_verify(webhook: WebhookTransport, receiver: Receiver) -> None:
    await webhook.send(telling(receiver.url))
    (request,) = receiver.received
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body + b" ", dict(request.headers))


@pytest.mark.parametrize(
    ("status", "permanent", "pause"),
    [
        (400, False, None),
        (404, False, None),
        (410, True, None),
        (429, False, 60.0),
        (500, False, None),
        (502, False, 60.0),
        (503, False, None),
        (504, False, 60.0),
    ],
)
async def test_refusals(
    webhook: WebhookTransport, receiver: Receiver, status: int, permanent: bool, pause: float | None
) -> None:
    receiver.default = Answer(status, body=b"no")
    error = await refused(webhook, receiver.url)
    assert (error.status, error.permanent, error.retry_after, error.answer) == (status, permanent, pause, "no")
    assert f"answered {status}" in error.reason
    assert not error.uncounted


def in_two_minutes() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)


@pytest.mark.parametrize(
    ("status", "header", "least", "most"),
    [
        (429, "120", 120, 120),
        (429, "1", 60, 60),
        (503, "7", 7, 7),
        (503, "in_two_minutes", 100, 121),
        (503, "Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        (503, "Wed, 21 Oct 2099 07:28:00 GMT", 86400, 86400),
        (503, "99999999999999999999", 86400, 86400),
        (429, "soon", 60, 60),
        (429, "-5", 60, 60),
        (429, "²", 60, 60),
    ],
)
async def test_retry_after(
    webhook: WebhookTransport, receiver: Receiver, status: int, header: str, least: float, most: float
) -> None:
    value = in_two_minutes() if header == "in_two_minutes" else header
    receiver.default = Answer(status, {"Retry-After": value})
    error = await refused(webhook, receiver.url)
    assert error.retry_after is not None
    assert least <= error.retry_after <= most


async def test_redirects_are_not_followed(webhook: WebhookTransport, receiver: Receiver) -> None:
    receiver.default = Answer(307, {"Location": receiver.url + "/elsewhere"})
    error = await refused(webhook, receiver.url)
    assert (error.status, error.permanent) == (307, False)
    assert "redirects are not followed" in error.reason
    assert len(receiver.received) == 1


async def test_a_receiver_that_never_answers(hasty: WebhookTransport, receiver: Receiver) -> None:
    receiver.default = Answer(hang=True)
    error = await refused(hasty, receiver.url)
    assert error.reason == "the receiver did not answer within 1 s"
    assert not error.permanent


async def test_a_receiver_that_hangs_up(webhook: WebhookTransport, receiver: Receiver) -> None:
    receiver.default = Answer(close=True)
    error = await refused(webhook, receiver.url)
    assert error.reason == "the receiver closed the connection without an answer"


async def test_nobody_listens(webhook: WebhookTransport, receiver: Receiver) -> None:
    await receiver.aclose()
    error = await refused(webhook, receiver.url)
    assert "could not be connected to" in error.reason
    assert not error.permanent


async def test_a_name_that_nobody_knows(webhook: WebhookTransport) -> None:
    error = await refused(webhook, "https://nobody.invalid")
    assert error.reason == "the receiver's name could not be resolved"
    assert not error.permanent


async def test_of_an_endless_answer_only_the_beginning_is_read(
    webhook: WebhookTransport, receiver: Receiver
) -> None:
    receiver.default = Answer(200, body=b"x", size=1024**3)
    sent = await webhook.send(telling(receiver.url))
    assert len(sent.answer) == ANSWER_LIMIT
    await webhook.aclose()
    await receiver.aclose()
    assert receiver.streamed < 32 * 1024**2


async def test_the_status_counts_also_when_the_answer_never_ends(
    hasty: WebhookTransport, receiver: Receiver
) -> None:
    receiver.answers.append(Answer(200, body=b"well", stall=True))
    assert (await hasty.send(telling(receiver.url))).status == 200


async def test_a_compressed_answer_is_not_unpacked(webhook: WebhookTransport, receiver: Receiver) -> None:
    receiver.default = Answer(200, {"Content-Encoding": "gzip"}, b"not even gzip")
    assert (await webhook.send(telling(receiver.url))).answer == "not even gzip"


async def test_cookies_are_not_kept(webhook: WebhookTransport, receiver: Receiver) -> None:
    receiver.default = Answer(204, {"Set-Cookie": "a=b"})
    for _ in range(2):
        await webhook.send(telling(receiver.url))
    assert "cookie" not in receiver.received[1].headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1"])
async def test_private_addresses_are_refused(host: str) -> None:
    guarded = WebhookTransport(user_agent="t")
    error = await refused(guarded, f"https://{host}")
    await guarded.aclose()
    assert error.permanent
    assert "not on the public internet" in error.reason


async def test_plain_http_is_for_private_networks(receiver: Receiver) -> None:
    guarded = WebhookTransport(user_agent="t")
    error = await refused(guarded, receiver.url)
    await guarded.aclose()
    assert error.permanent
    assert receiver.received == []


async def test_nothing_goes_out_unsigned(webhook: WebhookTransport, receiver: Receiver) -> None:
    with pytest.raises(DeliveryError, match="no secret"):
        await webhook.send(Telling(event=STORY[0], address=receiver.url))
    with pytest.raises(DeliveryError, match="not whsec_"):
        await webhook.send(telling(receiver.url, "whsec_%%%"))
    assert receiver.received == []


async def test_what_is_no_address_is_never_tried_again(webhook: WebhookTransport) -> None:
    with pytest.raises(DeliveryError) as caught:
        await webhook.send(telling("https://"))
    assert caught.value.permanent


def test_a_secret_is_32_random_bytes() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32


def test_the_signature_is_that_of_the_specification() -> None:
    # the example of https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    expected = Webhook(secret).sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), body.decode()
    )
    assert signatures((secret,), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == expected
    assert expected == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_hostile_text_is_sent_as_it_is(webhook: WebhookTransport, receiver: Receiver) -> None:
    data: dict[str, Any] = json.loads(json.dumps(STORY[0].raw_data))
    data["incident"]["title"] = "\u2028</script>\ud800 ü"
    await webhook.send(Telling(event=replace(STORY[0], raw_data=data), address=receiver.url, secrets=(SECRET,)))
    assert receiver.received[0].event["data"]["incident"]["title"] == "\u2028</script>? ü"


async def test_a_bulletin_is_not_for_webhooks(receiver: Receiver, webhook: WebhookTransport) -> None:
    with pytest.raises(DeliveryError, match="events only") as caught:
        await webhook.announce(receiver.url, Bulletin("The week of 14 July."))
    assert not caught.value.permanent
    assert receiver.received == []
