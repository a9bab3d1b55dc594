"""Every write over HTTP has a protection that was tried, and every answer has the headers that browsers heed."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientResponse
from standins.rows import provider
from standins.whole import HOME, ORIGIN, SIGNING, Whole, dump, signed, whole

from bot import mail_links
from bot.commands import hook
from bot.commands.reply import Request
from bot.mail_links import MailLink
from relay.transports.webpush_keys import new_key, public_key
from storage import follows, migrate
from storage.database import Database

SIGNATURE, TOKEN, BEARER, ORIGIN_CHECK = "Slack's signature", "a token in the address", "a Bearer", "Origin"
WRITES = {
    ("POST", "/slack/events"): SIGNATURE,
    ("POST", "/hooks/statuspage/{token}"): TOKEN,
    ("POST", "/mail/confirm/{token}"): TOKEN,
    ("POST", "/mail/unsubscribe/{token}"): TOKEN,
    ("POST", "/api/v1/deliveries/{delivery}/replay"): BEARER,
    ("POST", "/push/subscriptions"): ORIGIN_CHECK,
    ("PUT", "/push/subscriptions/{id}"): ORIGIN_CHECK,
    ("DELETE", "/push/subscriptions/{id}"): ORIGIN_CHECK,
    ("POST", "/status/{slug}/signals"): ORIGIN_CHECK,
}
"""Every route that is no GET, and what stands before it."""
INSTALL = ("GET", "/slack/install")
"""The one GET that writes a row: a state that has to come back."""
ANYBODYS = (INSTALL, *(write for write, protection in WRITES.items() if protection == ORIGIN_CHECK))
"""What anybody may write who comes from nowhere else."""
FILL = {"slug": "chargeover", "delivery": "1.1", "token": "1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "id": "abc"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
COMMAND = "command=%2Fuptimus&text=help&team_id=T1&user_id=U1&channel_id=C1&trigger_id=1"


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: FILL.get(found[1], "chargeover"), path)


def test_every_write_has_a_named_protection(served: Whole) -> None:
    assert {one for one in served.routes() if one[0] != "GET"} == set(WRITES)


def subscription() -> dict[str, Any]:
    import base64

    key = base64.urlsafe_b64encode(public_key(new_key())).decode().rstrip("=")
    auth = base64.urlsafe_b64encode(b"0123456789abcdef").decode().rstrip("=")
    return {"endpoint": "https://push.example.com/1", "keys": {"p256dh": key, "auth": auth}}


BODIES: dict[tuple[str, str], Callable[[], dict[str, Any]]] = {
    ("POST", "/slack/events"): lambda: {"data": COMMAND, "headers": FORM},
    ("POST", "/push/subscriptions"): lambda: {"json": {"provider": "chargeover", "subscription": subscription()}},
    ("PUT", "/push/subscriptions/{id}"): lambda: {"json": {"subscription": subscription()}},
    ("POST", "/status/{slug}/signals"): lambda: {"data": "component=app", "headers": FORM},
}
"""What would be taken, were it not for the protection."""
REFUSED = {SIGNATURE: {401}, TOKEN: {404, 410}, BEARER: {401}, ORIGIN_CHECK: {403}}


@pytest.mark.parametrize("write", WRITES, ids=" ".join)
async def test_a_write_without_its_protection_changes_nothing(served: Whole, write: tuple[str, str]) -> None:
    before = await dump(served.database)
    strangers: list[dict[str, str]] = [{}, {"Cookie": "session=1; slack-app-oauth-state=1"}]
    if WRITES[write] == ORIGIN_CHECK:
        strangers += [
            {"Origin": origin} for origin in ("https://evil.example", "null", f"{HOME}.evil.example", "")
        ]
        strangers += [{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, {"Referer": f"{HOME}/"}]
    if WRITES[write] == BEARER:
        strangers += [
            {"Authorization": one} for one in ("Bearer x", "Bearer uptm_x", "Basic eDp5", "bearer", "Bearer ")
        ]
    if WRITES[write] == SIGNATURE:
        stamp = str(int(time.time()))
        strangers += [
            {"X-Slack-Request-Timestamp": stamp},
            {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": "v0=0"},
            {"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": "v0=0"},
            {"X-Slack-Signature": "v0=0"},
        ]
    for headers in strangers:
        given = BODIES.get(write, dict)()
        given["headers"] = {**given.get("headers", {}), **headers}
        response = await served.ask(write[0], filled(write[1]), **given)
        assert response.status in REFUSED[WRITES[write]], (headers, response.status)
    assert await dump(served.database) == before


async def test_with_its_protection_each_write_is_taken(served: Whole) -> None:
    """Or the test above would show nothing."""
    subscribed = BODIES["POST", "/push/subscriptions"]()
    response = await served.ask("POST", "/push/subscriptions", headers=ORIGIN, **subscribed)
    assert response.status == 201
    id_ = json.loads(await response.read())["id"]
    assert (await served.ask("PUT", f"/push/subscriptions/{id_}", headers=ORIGIN, **subscribed)).status == 200
    assert (await served.ask("DELETE", f"/push/subscriptions/{id_}", headers=ORIGIN)).status == 200
    said = BODIES["POST", "/status/{slug}/signals"]()
    said["headers"] = said["headers"] | ORIGIN
    assert (await served.ask("POST", "/status/chargeover/signals", **said)).status == 303
    made = await hook.show(served.services, Request(workspace="local", provider="chargeover"))
    assert (await served.ask("POST", str(made.data["hook"]).removeprefix(HOME))).status == 202
    link = mail_links.unsubscribe_link(served.services.vault, HOME, "ops@example.com", None)
    assert (await served.ask("POST", link.removeprefix(HOME))).status == 200


@pytest.mark.parametrize("write", ANYBODYS, ids=" ".join)
async def test_what_anybody_may_write_is_limited(served: Whole, write: tuple[str, str]) -> None:
    """By client, so that one who asks for ever fills nothing and keeps nobody else out."""

    async def asked(client: str) -> ClientResponse:
        given = BODIES.get(write, dict)()
        headers = {**given.pop("headers", {}), **ORIGIN, "X-Forwarded-For": client}
        return await served.ask(write[0], filled(write[1]), headers=headers, **given)

    taken = 0
    while (response := await asked("192.0.2.1")).status != 429:
        taken += 1
        assert taken <= 30
    assert taken > 0
    assert "again" in await response.text()
    before = await dump(served.database)
    assert (await asked("192.0.2.1")).status == 429
    assert await dump(served.database) == before
    assert (await asked("192.0.2.2")).status != 429


async def test_a_link_is_good_for_one_purpose(served: Whole) -> None:
    """Whatever else the vault has sealed, too."""
    vault, now = served.services.vault, served.services.now()
    about = MailLink("ops@example.com", 1)
    confirm = mail_links.confirm_link(vault, HOME, about, now).removeprefix(HOME)
    unsubscribe = mail_links.unsubscribe_link(vault, HOME, "ops@example.com", 1).removeprefix(HOME)
    for link in (
        confirm.replace("confirm", "unsubscribe"),
        unsubscribe.replace("unsubscribe", "confirm"),
        *(
            f"/mail/{one}/{vault.seal(text)}"
            for one in ("confirm", "unsubscribe")
            for text in ("{}", "[]", "whsec_x")
        ),
    ):
        for method in ("GET", "POST"):
            assert (await served.ask(method, link)).status == 410


# Slack's signature, and its window

LATE = 301


@pytest.mark.parametrize(
    ("seconds", "status"), [(0, 200), (-290, 200), (290, 200), (-LATE - 5, 401), (LATE + 5, 401), (-86400, 401)]
)
async def test_slacks_requests_are_good_for_five_minutes(served: Whole, seconds: int, status: int) -> None:
    body = "payload=" + json.dumps(
        {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "actions": []}
    )
    if status == 200:
        body = "ssl_check=0&" + COMMAND
    headers = signed(body, at=time.time() + seconds)
    response = await served.ask("POST", "/slack/events", data=body, headers=headers)
    assert response.status == status


async def test_a_signature_is_for_one_body_and_one_secret(served: Whole) -> None:
    right = signed(COMMAND)
    for body, headers in (
        (COMMAND + "&text=settings", right),
        (COMMAND, signed(COMMAND, secret=SIGNING + "x")),
        (COMMAND, right | {"X-Slack-Signature": right["X-Slack-Signature"].upper()}),
        (COMMAND, right | {"X-Slack-Signature": right["X-Slack-Signature"][3:]}),
        (COMMAND, right | {"X-Slack-Request-Timestamp": str(int(time.time()) - 1)}),
    ):
        assert (await served.ask("POST", "/slack/events", data=body, headers=headers)).status == 401


# what browsers are told

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
LOOSE = ("unsafe", "*", "http:", "https:", "data:", "blob:")


def _check(response: ClientResponse) -> None:
    headers, where = response.headers, f"{response.method} {response.url.path}"
    assert {name: headers.get(name) for name in ALWAYS} == ALWAYS, where
    policy = headers.get("Content-Security-Policy", "")
    for part in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action '"):
        assert part in policy or (part != "default-src 'none'" and "javascript" in headers["Content-Type"]), where
    assert [word for word in LOOSE if word in policy] == [], where
    assert headers.get("Referrer-Policy") in ("no-referrer", "strict-origin-when-cross-origin"), where
    assert "geolocation=()" in headers.get("Permissions-Policy", ""), where
    assert "Server" not in headers, where
    assert "X-Powered-By" not in headers, where


async def test_every_route_sends_the_headers(served: Whole) -> None:
    for method, path in served.routes():
        for given in ({}, BODIES.get((method, path), dict)()):
            _check(await served.ask(method, filled(path), **given))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing/here"), ("POST", "/"), ("GET", "/status/nobody"), ("GET", "/api/v1/nothing"),
        ("DELETE", "/api/v1/providers"), ("PUT", "/status/chargeover"), ("GET", "/slack/events"), ("OPTIONS", "/"),
        ("GET", "/status/%00"), ("GET", "/status/" + "a" * 3000), ("HEAD", "/"), ("GET", "/static/nothing.js"),
        ("GET", "/static/..%2f..%2fsettings.py"), ("TRACE", "/"),
    ],
)  # fmt: skip
async def test_so_does_what_is_refused(served: Whole, method: str, path: str) -> None:
    response = await served.ask(method, path)
    assert response.status < 500
    assert "SECRETS" not in await response.text()
    _check(response)


async def test_no_page_has_a_script_or_a_style_in_it(served: Whole) -> None:
    pages = 0
    for method, path in served.routes():
        response = await served.ask(method, filled(path)) if method == "GET" else None
        if response is None or response.content_type != "text/html":
            continue
        pages, html = pages + 1, await response.text()
        scripts = re.findall(r"<script\b([^>]*)>", html)
        assert [one for one in scripts if "src=" not in one and "application/ld+json" not in one] == [], path
        assert re.findall(r"<style\b|<[^>]*\s(?:style|on[a-z]+)=|javascript:", html) == [], path
    assert pages > 5


async def test_https_is_only_insisted_on_where_it_is_ours(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}/uptimus.db"
    database = Database(url)
    await migrate.upgrade(database)
    async with whole(database, url, public_url="http://127.0.0.1:8080") as made:
        response = await made.ask("GET", "/healthz")
    await database.aclose()
    assert "Strict-Transport-Security" not in response.headers


async def test_looking_changes_nothing(served: Whole) -> None:
    """Not even a link that somebody was lured to. (Our key for browsers is made when it is asked for first.)"""
    await served.ask("GET", "/push/key")
    async with served.database.write() as session:
        place = await follows.workspace(session, "local")
        made = await follows.add_destination(
            session, place, "mailto:ops@example.com", "email", [], unconfirmed="waits"
        )
    asked_at = made.disabled_at.isoformat() if made.disabled_at is not None else None
    about = MailLink("ops@example.com", made.id, asked_at)
    links = [
        mail_links.confirm_link(served.services.vault, HOME, about, served.services.now()),
        mail_links.unsubscribe_link(served.services.vault, HOME, "ops@example.com", made.id),
    ]
    before = await dump(served.database)
    for method, path in served.routes():
        if method == "GET" and (method, path) != INSTALL:
            await served.ask("GET", filled(path))
            await served.ask("HEAD", filled(path))
    for link in links:
        assert (await served.ask("GET", link.removeprefix(HOME))).status == 200
    assert await dump(served.database) == before


async def test_an_install_has_to_come_back_to_the_browser_that_began_it(served: Whole) -> None:
    await provider(served.database, "other")
    began = await served.ask("GET", "/slack/install")
    state = re.findall(r"state=([^&]+)", began.headers["Location"])[0]
    cookie = began.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "Secure" in cookie
    for sent in ({}, {"Cookie": "slack-app-oauth-state=another"}):
        response = await served.ask("GET", f"/slack/oauth_redirect?code=1&state={state}", headers=sent)
        assert response.status == 400
