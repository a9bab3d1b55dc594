"""Web Push against a real push service on loopback, which decrypts what arrives and checks who signed it."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from standins.login_outage import STORY, event, incident_event, maintenance, update
from standins.push_service import Browser, PushService, text
from standins.receiver import Answer

from adapters.schema import Impact
from relay.bulletin import Bulletin
from relay.endpoint import Endpoint
from relay.events import Context, EventType, StoredEvent
from relay.transports.transport import DeliveryError, Telling
from relay.transports.webpush import SIZES, TTL, WebPushTransport
from relay.transports.webpush_keys import new_key, public_key
from relay.transports.webpush_message import GONE, message, notification, tag_of, urgency

KEY = new_key()


async def key() -> str:
    return KEY


def transport(**more: Any) -> WebPushTransport:
    known: dict[str, Any] = {"user_agent": "uptimus/test", "allow_private_networks": True}
    return WebPushTransport(key, "mailto:ops@example.com", **(known | more))


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with PushService() as service:
        yield service


@pytest.fixture
async def webpush() -> AsyncIterator[WebPushTransport]:
    made = transport()
    yield made
    await made.aclose()


def telling(browser: Browser, event: StoredEvent = STORY[0], **more: Any) -> Telling:
    return Telling(event=event, address="id", endpoint=Endpoint(subscription=browser.subscription), **more)


async def refused(webpush: WebPushTransport, told: Telling) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await webpush.send(told)
    assert "/push/" not in f"{caught.value.reason} {caught.value.__cause__}", "an endpoint is a secret"
    return caught.value


async def test_the_browser_alone_can_read_it(webpush: WebPushTransport, service: PushService) -> None:
    browser, other = service.browser(), service.browser("device-2")
    sent = await webpush.send(telling(browser))
    (pushed,) = service.pushed
    assert browser.read(pushed.body) == {
        "title": "ChargeOver: Login outage",
        "body": "Investigating · Impact: major · Started: 18 Jul 2025, 19:00 UTC · Affects Main Application\n"
        "Some customers can't log in. Payments go on as usual.",
        "tag": tag_of(STORY[0]),
        "url": "/status/chargeover",
        "at": "2025-07-18T19:01:00Z",
        "renotify": True,
    }
    assert (sent.status, sent.reference) == (201, tag_of(STORY[0]))
    assert b"Login" not in pushed.body
    with pytest.raises(Exception, match="Decryption error"):
        other.read(pushed.body)


async def test_it_is_signed_for_this_service_and_says_how_to_keep_it(
    webpush: WebPushTransport, service: PushService
) -> None:
    await webpush.send(telling(service.browser()))
    (pushed,) = service.pushed
    assert pushed.path == "/push/device-1"
    assert pushed.key == text(public_key(KEY))
    assert pushed.claims["aud"] == service.origin
    assert pushed.claims["sub"] == "mailto:ops@example.com"
    assert pushed.headers["content-encoding"] == "aes128gcm"
    assert pushed.headers["ttl"] == str(TTL)
    assert pushed.headers["urgency"] == "high"
    assert pushed.headers["user-agent"] == "uptimus/test"
    topic = pushed.headers["topic"]
    assert len(topic) <= 32
    assert len(base64.urlsafe_b64decode(topic)) == 24
    assert "cookie" not in pushed.headers


async def test_the_next_state_replaces_the_one_before(webpush: WebPushTransport, service: PushService) -> None:
    browser = service.browser()
    first = await webpush.send(telling(browser))
    for told in STORY[1:]:
        await webpush.send(telling(browser, told, reference=first.reference))
    shown = [browser.read(one.body) for one in service.pushed]
    assert len({one["tag"] for one in shown}) == 1
    assert {one.headers["topic"] for one in service.pushed} == {shown[0]["tag"]}
    assert [one["renotify"] for one in shown] == [True, False, False, False, True, False]
    assert shown[4]["body"] == "Resolved after 1 h 14 min\nLogins work again."


async def test_one_who_joined_late_is_told_of_the_state_now(
    webpush: WebPushTransport, service: PushService
) -> None:
    browser = service.browser()
    await webpush.send(telling(browser, STORY[2]))
    shown = browser.read(service.pushed[0].body)
    assert shown["body"].startswith("Identified · Impact: major")
    assert shown["body"].endswith("A third party's metrics service holds up the login page.")


async def test_the_message_of_a_component_is_replaced_by_its_incident(
    webpush: WebPushTransport, service: PushService
) -> None:
    browser = service.browser()
    sent = await webpush.send(telling(browser, reference="the-component's"))
    assert browser.read(service.pushed[0].body)["tag"] == "the-component's"
    assert sent.reference == "the-component's"


def test_each_subject_of_each_provider_has_a_tag_of_its_own() -> None:
    other_page = STORY[0].data.provider.model_copy(update={"slug": "stripe"})
    tags = {
        tag_of(STORY[0]),
        tag_of(event(EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance())),
        tag_of(event(EventType.INCIDENT_OPENED, provider=other_page, incident=STORY[0].data.incident)),
        tag_of(event(EventType.PROVIDER_UNREADABLE)),
    }
    assert len(tags) == 4
    assert tag_of(STORY[0]) == tag_of(STORY[5])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (STORY[0], "high"),
        (STORY[1], "normal"),
        (STORY[4], "high"),
        (STORY[5], "normal"),
        (incident_event(EventType.INCIDENT_EDITED, 2), "low"),
        (event(EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance()), "low"),
        (event(EventType.MAINTENANCE_STARTED, maintenance=maintenance()), "normal"),
        (event(EventType.PROVIDER_UNREADABLE), "normal"),
    ],
)
def test_urgency(told: StoredEvent, expected: str) -> None:
    assert urgency(told) == expected


def test_who_was_told_already_is_not_told_by_sound_again() -> None:
    shown = notification(telling(Browser("https://x.example/1"), STORY[1], loud=True), "t")
    assert shown["renotify"] is True
    whole = event(EventType.INCIDENT_RESOLVED, incident=STORY[4].data.incident, context=Context(told_whole=True))
    for told in (whole, incident_event(EventType.INCIDENT_EDITED, 2)):
        assert notification(telling(Browser("https://x.example/1"), told, loud=True), "t")["renotify"] is False
    muted = telling(Browser("https://x.example/1"), STORY[4], loud=True, muted=True)
    assert notification(muted, "t")["renotify"] is False


LONG = 'Ein läng"er Satz über 日本語 \\ und mehr.\n' * 400


def long_story() -> StoredEvent:
    return incident_event(
        EventType.INCIDENT_OPENED,
        incident=STORY[0].data.incident.model_copy(  # type: ignore[union-attr]
            update={"title": LONG, "updates": (update("investigating", 0, LONG),)}
        ),
    )


async def test_a_long_story_is_cut_and_stays_json(webpush: WebPushTransport, service: PushService) -> None:
    browser = service.browser()
    await webpush.send(telling(browser, long_story()))
    (pushed,) = service.pushed
    assert len(pushed.body) < 3 * 1024
    shown = browser.read(pushed.body)
    assert shown["body"].endswith("…")
    assert "\n" not in shown["title"]
    assert len(shown["body"]) > 500


@pytest.mark.parametrize("size", SIZES)
def test_no_message_is_larger_than_it_may_be(size: int) -> None:
    shown = notification(telling(Browser("https://x.example/1"), long_story()), "t" * 32)
    assert len(message(shown, size)) <= size
    for wide in ('"', "\U0001f525", "\ud800"):
        assert len(message({**shown, "title": wide * 9000, "body": wide * 9000}, size)) <= size


async def test_what_is_too_large_is_sent_once_more_and_smaller(
    webpush: WebPushTransport, service: PushService
) -> None:
    browser = service.browser()
    service.answers.append(Answer(413))
    sent = await webpush.send(telling(browser, long_story()))
    first, second = service.pushed
    assert sent.status == 201
    assert len(second.body) < len(first.body) / 2
    assert browser.read(second.body)["tag"] == browser.read(first.body)["tag"]


@pytest.mark.parametrize(
    ("answer", "permanent", "pause"),
    [
        (Answer(404), True, None),
        (Answer(410), True, None),
        (Answer(400), False, None),
        (Answer(401), False, None),
        (Answer(403), False, None),
        (Answer(429, {"Retry-After": "300"}), False, 300.0),
        (Answer(429, {"Retry-After": "1"}), False, 60.0),
        (Answer(429), False, 60.0),
        (Answer(500), False, None),
        (Answer(503, {"Retry-After": "7"}), False, 7.0),
        (Answer(307, {"Location": "/elsewhere"}), False, None),
    ],
)
async def test_refusals(
    webpush: WebPushTransport, service: PushService, answer: Answer, permanent: bool, pause: float | None
) -> None:
    service.answers.append(replace(answer, body=b"no\0"))
    error = await refused(webpush, telling(service.browser()))
    assert (error.status, error.permanent, error.retry_after) == (answer.status, permanent, pause)
    assert (error.reason == GONE) == permanent
    assert error.answer == "no\N{REPLACEMENT CHARACTER}"
    assert not error.uncounted
    assert len(service.pushed) == 1


async def test_trouble_with_our_key_is_said_to_be_ours(webpush: WebPushTransport, service: PushService) -> None:
    service.answers.append(Answer(403))
    error = await refused(webpush, telling(service.browser()))
    assert error.reason == "the push service answered 403 Forbidden: it does not take our key"


async def test_a_private_address_is_refused() -> None:
    guarded = transport(allow_private_networks=False)
    for endpoint in ("https://127.0.0.1/push", "https://localhost/push"):
        error = await refused(guarded, telling(Browser(endpoint)))
        assert error.permanent
        assert error.reason == "the push service's address is not on the public internet"
    error = await refused(guarded, telling(Browser("http://push.example/x")))
    assert error.reason == "browsers are told over https:// only"
    await guarded.aclose()


async def test_a_service_that_hangs(service: PushService) -> None:
    hasty = transport(timeout=0.1)
    service.answers.append(Answer(hang=True))
    error = await refused(hasty, telling(service.browser()))
    assert error.reason == "the push service did not answer within 0.1 s"
    assert not error.permanent
    await hasty.aclose()


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"p256dh": text(b"\x04" + bytes(64)), "auth": text(bytes(16))},
        {"p256dh": text(bytes(65)), "auth": text(bytes(16))},
        {"p256dh": "§", "auth": 3},
        None,
    ],
)
async def test_keys_that_are_none(webpush: WebPushTransport, service: PushService, keys: Any) -> None:
    subscription = {"endpoint": f"{service.origin}/push/1"} | ({"keys": keys} if keys is not None else {})
    told = Telling(event=STORY[0], address="id", endpoint=Endpoint(subscription=subscription))
    assert (await refused(webpush, told)).permanent
    assert service.pushed == []


async def test_a_destination_without_a_subscription(webpush: WebPushTransport) -> None:
    assert (await refused(webpush, Telling(event=STORY[0], address="id"))).permanent


async def test_digests_are_for_chats(webpush: WebPushTransport) -> None:
    with pytest.raises(DeliveryError) as caught:
        await webpush.announce("id", Bulletin("The week."))
    assert not caught.value.permanent


async def test_one_signature_serves_for_hours(webpush: WebPushTransport, service: PushService) -> None:
    for name in ("a", "b"):
        await webpush.send(telling(service.browser(name)))
    assert len({one.headers["authorization"] for one in service.pushed}) == 1


def test_impact_decides_and_not_the_type_alone() -> None:
    minor = STORY[0].data.incident.model_copy(update={"impact": Impact.MINOR})  # type: ignore[union-attr]
    assert urgency(incident_event(EventType.INCIDENT_OPENED, incident=minor)) == "normal"
