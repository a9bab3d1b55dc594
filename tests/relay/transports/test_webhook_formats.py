"""The webhook transport with endpoints of every kind: their formats, headers, signatures, replays."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import svix.webhooks
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook
from standins.every_event import ENDPOINTS, EVENTS, KEY
from standins.receiver import Receiver

from relay.endpoint import Endpoint
from relay.formats import FORMATS
from relay.transports.sign import new_secret, new_signing_key, public_key
from relay.transports.transport import DeliveryError, Sent, Telling
from relay.transports.webhook import WebhookTransport

SECRET, OLDER = new_secret(), new_secret()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver(SECRET) as receiver:
        yield receiver


@pytest.fixture
async def webhook() -> AsyncIterator[WebhookTransport]:
    transport = WebhookTransport(user_agent="uptimus/test", allow_private_networks=True)
    yield transport
    await transport.aclose()


def telling(receiver: Receiver, endpoint: Endpoint, what: str = "opened", **more: object) -> Telling:
    made = Telling(event=EVENTS[what], address=receiver.url, secrets=(SECRET, OLDER), endpoint=endpoint)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FORMATS)
async def test_the_bytes_that_are_sent_are_signed(
    webhook: WebhookTransport, receiver: Receiver, name: str
) -> None:
    sent = await webhook.send(telling(receiver, ENDPOINTS[name]))
    (request,) = receiver.received
    assert sent.status == 204
    assert request.problem is None
    assert request.id == EVENTS["opened"].id
    assert request.headers["content-type"] == "application/json"
    rendered = FORMATS[name].render(EVENTS["opened"], ENDPOINTS[name], receiver.url)
    assert rendered is not None
    assert request.body == rendered.body
    for header, value in rendered.headers.items():
        assert request.headers[header.lower()] == value
    for secret in (SECRET, OLDER):
        Webhook(secret).verify(request.body, dict(request.headers))
        svix.webhooks.Webhook(secret).verify(request.body, dict(request.headers))


async def test_what_has_nothing_to_say_was_told_without_a_request(
    webhook: WebhookTransport, receiver: Receiver
) -> None:
    assert await webhook.send(telling(receiver, ENDPOINTS["pagerduty"], "scheduled")) == Sent()
    assert receiver.received == []


async def test_a_format_may_go_elsewhere(webhook: WebhookTransport, receiver: Receiver) -> None:
    await webhook.send(telling(receiver, ENDPOINTS["opsgenie"], "resolved"))
    (request,) = receiver.received
    assert request.path == "/hook/uptimus:chargeover:incident:wqrzsb2dhryr/close"
    assert request.headers["authorization"] == f"GenieKey {KEY}"


async def test_a_fragment_tells_endpoints_apart_and_is_not_sent(
    webhook: WebhookTransport, receiver: Receiver
) -> None:
    await webhook.send(telling(receiver, Endpoint(), address=f"{receiver.url}#payments"))
    assert receiver.received[0].path == "/hook"


async def test_headers_of_the_endpoint_s_own(webhook: WebhookTransport, receiver: Receiver) -> None:
    await webhook.send(telling(receiver, Endpoint(headers={"Authorization": "Bearer abc", "X-Team": "a b"})))
    await webhook.send(telling(receiver, Endpoint()))
    first, second = receiver.received
    assert (first.headers["authorization"], first.headers["x-team"]) == ("Bearer abc", "a b")
    assert first.problem is None
    assert "authorization" not in second.headers


async def test_a_replay_is_marked_and_keeps_its_id(webhook: WebhookTransport, receiver: Receiver) -> None:
    await webhook.send(telling(receiver, Endpoint()))
    await webhook.send(telling(receiver, Endpoint(), replay=True))
    first, second = receiver.received
    assert "webhook-replay" not in first.headers
    assert second.headers["webhook-replay"] == "true"
    assert (first.id, first.body) == (second.id, second.body)


async def test_v1a_on_the_wire(webhook: WebhookTransport) -> None:
    key = new_signing_key()
    public = public_key(key)
    assert public is not None
    async with Receiver() as receiver:
        await webhook.send(telling(receiver, Endpoint(), secrets=(key,)))
    (request,) = receiver.received
    signed = f"{request.id}.{request.headers['webhook-timestamp']}.".encode() + request.body
    signature = request.headers["webhook-signature"].removeprefix("v1a,")
    verifier = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    verifier.verify(base64.b64decode(signature), signed)


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        (Endpoint(format="xml"), "no format “xml”"),
        (Endpoint(schema_version=9), "no schema version 9"),
        (Endpoint(format="template", template='["{{ data.maintenance.title }}"]'), "the template can't be filled"),
        (Endpoint(format="template", template="{"), "is a JSON document, and this is none"),
    ],
)
async def test_what_can_not_be_rendered_fails_and_may_be_mended(
    webhook: WebhookTransport, receiver: Receiver, endpoint: Endpoint, why: str
) -> None:
    with pytest.raises(DeliveryError, match=why) as caught:
        await webhook.send(telling(receiver, endpoint))
    assert not caught.value.permanent
    assert receiver.received == []


async def test_formats_of_one_event_do_not_mix(webhook: WebhookTransport, receiver: Receiver) -> None:
    for name in ("standard", "teams", "standard", "mattermost"):
        await webhook.send(telling(receiver, ENDPOINTS[name]))
    bodies = [json.loads(request.body) for request in receiver.received]
    assert bodies[0] == bodies[2]
    assert [sorted(body)[0] for body in bodies] == ["data", "attachments", "data", "attachments"]
    assert bodies[1] != bodies[3]
