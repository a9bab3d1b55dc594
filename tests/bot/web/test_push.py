"""Browsers that ask to be told: what is kept, what is refused, and what never leaves the house."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select
from standins.push_house import KEY, PushHouse, push_house
from standins.push_service import Browser, text

from bot import push_key
from bot.settings import Settings
from bot.web.push_asked import RefusedError, subscription
from relay.purge import purge
from relay.transports.webpush_keys import public_key
from relay.transports.webpush_message import GONE
from storage import notes, threads
from storage.database import Database
from storage.tables import Destination, Follow, Provider, Workspace

HOME = "https://status.example.org"
BROWSER = Browser("https://push.example.net/send/abc?x=1")


@pytest.fixture
async def house(database: Database) -> AsyncIterator[PushHouse]:
    async with push_house(database, home=HOME) as house:
        yield house


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


class Asking:
    """A browser on one of our pages."""

    def __init__(self, client: aiohttp.ClientSession, house: PushHouse) -> None:
        self._client, self._house = client, house

    async def __call__(
        self, method: str, path: str, body: Any = None, *, origin: str | None = HOME, **more: Any
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Origin": origin} if origin is not None else {}
        more = {"json": body, **more} if body is not None else more
        headers |= more.pop("headers", {})
        async with self._client.request(method, self._house.url + path, headers=headers, **more) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            return answer.status, await answer.json()

    async def subscribe(self, provider: str = "chargeover", browser: Browser = BROWSER) -> dict[str, Any]:
        status, found = await self("POST", "/push/subscriptions", asked(provider, browser))
        assert status == 201, found
        return found

    async def refused(self, body: Any, **more: Any) -> tuple[int, str]:
        status, found = await self("POST", "/push/subscriptions", body, **more)
        assert list(found) == ["error"]
        assert await self._house.kept() == []
        return status, found["error"]


def asked(provider: Any = "chargeover", browser: Browser = BROWSER) -> dict[str, Any]:
    return {"subscription": browser.subscription, "provider": provider}


@pytest.fixture
def ask(client: aiohttp.ClientSession, house: PushHouse) -> Asking:
    return Asking(client, house)


async def test_the_key_is_the_one_that_we_sign_with(ask: Asking) -> None:
    assert await ask("GET", "/push/key", origin=None) == (200, {"key": text(public_key(KEY))})


async def test_a_browser_is_kept_with_what_it_wants(ask: Asking, house: PushHouse) -> None:
    found = await ask.subscribe()
    assert found["providers"] == ["chargeover"]
    wanted = {name: BROWSER.subscription[name] for name in ("endpoint", "keys")}
    assert await house.kept() == [(f"webpush:{found['id']}", ["chargeover"], wanted)]
    assert len(base64.urlsafe_b64decode(found["id"])) == 24
    assert house.woken
    async with house.services.database.read() as session:
        row = (await session.scalars(select(Destination))).one()
        follow = (await session.scalars(select(Follow))).one()
        provider = await session.get_one(Provider, follow.provider_id)
        workspace = await session.get_one(Workspace, row.workspace_id)
    assert (row.transport, workspace.key) == ("webpush", "web")
    assert (follow.incidents, follow.maintenance, follow.components) == (True, True, False)
    assert provider.due_at is not None, "its page is read from now on"
    for stored in (row.uri, str(row.options), row.sealed or ""):
        assert "push.example.net" not in stored
        assert BROWSER.subscription["keys"]["auth"] not in stored


async def test_the_same_browser_is_one_destination(ask: Asking, house: PushHouse) -> None:
    first, second = await ask.subscribe(), await ask.subscribe("stripe")
    again = await ask.subscribe("stripe")
    assert first["id"] == second["id"]
    assert second == again == {"id": first["id"], "providers": ["chargeover", "stripe"]}
    assert len(await house.kept()) == 1
    other = await ask.subscribe(browser=Browser("https://push.example.net/send/other"))
    assert other["id"] != first["id"]
    assert len(await house.kept()) == 2


async def test_two_clicks_at_once_are_one(ask: Asking, house: PushHouse) -> None:
    found = await asyncio.gather(*(ask.subscribe() for _ in range(4)))
    assert len({one["id"] for one in found}) == 1
    assert [told_of for _, told_of, _ in await house.kept()] == [["chargeover"]]


async def test_its_state_can_be_asked_for(ask: Asking) -> None:
    id_ = (await ask.subscribe())["id"]
    found = (200, {"id": id_, "providers": ["chargeover"]})
    assert await ask("GET", f"/push/subscriptions/{id_}", origin=None) == found
    assert (await ask("GET", "/push/subscriptions/somebody", origin=None))[0] == 404


async def test_it_ends_provider_by_provider(ask: Asking, house: PushHouse) -> None:
    id_ = (await ask.subscribe())["id"]
    await ask.subscribe("stripe")
    path = f"/push/subscriptions/{id_}"
    assert await ask("DELETE", f"{path}?provider=stripe") == (200, {"id": id_, "providers": ["chargeover"]})
    assert await ask("DELETE", f"{path}?provider=stripe") == (200, {"id": id_, "providers": ["chargeover"]})
    gone: tuple[int, dict[str, Any]] = (200, {"id": None, "providers": []})
    assert await ask("DELETE", f"{path}?provider=chargeover") == gone
    assert await house.kept() == []
    assert await ask("DELETE", f"{path}?provider=chargeover") == gone
    async with house.services.database.read() as session:
        assert set(await session.scalars(select(Provider.due_at))) == {None}, "nobody follows them any more"


async def test_it_ends_as_a_whole(ask: Asking, house: PushHouse) -> None:
    id_ = (await ask.subscribe())["id"]
    await ask.subscribe("stripe")
    assert (await ask("DELETE", f"/push/subscriptions/{id_}"))[1]["providers"] == []
    assert await house.kept() == []


async def test_a_new_address_of_the_same_browser(ask: Asking, house: PushHouse) -> None:
    id_ = (await ask.subscribe())["id"]
    moved = Browser("https://push.example.net/send/new")
    status, found = await ask("PUT", f"/push/subscriptions/{id_}", {"subscription": moved.subscription})
    assert (status, found["providers"]) == (200, ["chargeover"])
    assert found["id"] != id_
    ((uri, _, kept),) = await house.kept()
    assert (uri, kept["endpoint"]) == (f"webpush:{found['id']}", moved.endpoint)
    assert (await ask("PUT", f"/push/subscriptions/{id_}", {"subscription": moved.subscription}))[0] == 404


async def test_a_new_address_that_came_before_the_word_of_it(ask: Asking, house: PushHouse) -> None:
    id_ = (await ask.subscribe())["id"]
    moved = Browser("https://push.example.net/send/new")
    await ask.subscribe("stripe", moved)
    await ask.subscribe("chargeover", moved)
    _, found = await ask("PUT", f"/push/subscriptions/{id_}", {"subscription": moved.subscription})
    assert found["providers"] == ["chargeover", "stripe"]
    assert [told_of for _, told_of, _ in await house.kept()] == [["chargeover", "stripe"]]


def changed(**changes: Any) -> dict[str, Any]:
    return {"provider": "chargeover", "subscription": BROWSER.subscription | changes}


KEYS = BROWSER.subscription["keys"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (changed(endpoint="http://push.example.net/x"), "endpoint"),
        (changed(endpoint="javascript:alert(1)"), "endpoint"),
        (changed(endpoint="https://"), "endpoint"),
        (changed(endpoint="https://user:pw@push.example.net/x"), "endpoint"),
        (changed(endpoint="https://push.example.net:99999/x"), "endpoint"),
        (changed(endpoint="https://[::1]/x"), "endpoint"),
        (changed(endpoint="https://push.example.net/\nx"), "endpoint"),
        (changed(endpoint="https://push.example.net/" + "x" * 1024), "endpoint"),
        (changed(endpoint=7), "endpoint"),
        (changed(keys={}), "keys"),
        (changed(keys="x"), "keys"),
        (changed(keys=KEYS | {"p256dh": text(b"\x04" + bytes(64))}), "keys"),
        (changed(keys=KEYS | {"auth": text(bytes(15))}), "keys"),
        (changed(keys=KEYS | {"auth": "ü"}), "keys"),
        ({"provider": "chargeover"}, "endpoint"),
        ({"provider": "chargeover", "subscription": "x"}, "endpoint"),
    ],
)
def test_what_is_no_subscription(body: Any, said: str) -> None:
    with pytest.raises(RefusedError, match=said) as refused:
        subscription(body, allow_http=False)
    assert refused.value.status == 422


def test_a_self_hosters_push_service_may_speak_http() -> None:
    here = changed(endpoint="http://127.0.0.1:8000/x")
    assert subscription(here, allow_http=True)["endpoint"] == "http://127.0.0.1:8000/x"


async def test_what_is_refused(ask: Asking) -> None:
    nobody = (404, "No provider of this name is followed here.")
    for body, expected in (
        (asked("nobody"), nobody),
        (asked(None), nobody),
        (asked(["chargeover"]), nobody),
        (changed(keys={}), (422, "The subscription's keys are not valid.")),
        (changed(padding="x" * 8192), (413, "The body may have 8192 bytes at most.")),
        ([1], (400, "The body has to be a JSON object.")),
        ("text", (400, "The body has to be a JSON object.")),
    ):
        assert await ask.refused(body) == expected


async def test_what_is_no_json(ask: Asking) -> None:
    assert (await ask.refused(None, data=b"{", headers={"Content-Type": "application/json"}))[0] == 400
    deep = b"[" * 8000
    assert (await ask.refused(None, data=deep, headers={"Content-Type": "application/json"}))[0] == 400


async def test_forms_of_other_sites_can_write_nothing(ask: Asking) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        status, said = await ask.refused(None, data=b'{"provider": "x"}', headers={"Content-Type": kind})
        assert status == 415
        assert "application/json" in said


FOREIGN = (None, "", "null", "https://evil.example", "https://status.example.org.evil.example", "https://[")


async def test_other_sites_can_write_nothing(ask: Asking) -> None:
    for origin in FOREIGN:
        assert (await ask.refused(asked(), origin=origin))[0] == 403
        for method in ("PUT", "DELETE"):
            assert (await ask(method, "/push/subscriptions/x", origin=origin))[0] == 403


async def test_a_host_that_we_are_not_called_by_is_not_ours(ask: Asking, house: PushHouse) -> None:
    status, _ = await ask("POST", "/push/subscriptions", asked(), origin=house.url)
    assert status == 403, "anybody can let a name of theirs point here"


async def test_while_nobody_named_our_address_the_host_is_ours(
    database: Database, client: aiohttp.ClientSession
) -> None:
    async with push_house(database, home="http://localhost:8080") as house:
        status, _ = await Asking(client, house)("POST", "/push/subscriptions", asked(), origin=house.url)
        assert status == 201


async def test_not_too_often(database: Database, client: aiohttp.ClientSession) -> None:
    async with push_house(database, home=HOME, quota=3) as house:
        ask = Asking(client, house)
        for _ in range(3):
            await ask.subscribe()
        status, found = await ask("POST", "/push/subscriptions", asked())
        assert status == 429
        assert found["error"].startswith("That was too often. Please try again in ")
        assert (await ask("GET", "/push/key"))[0] == 200


async def test_one_browser_is_not_told_of_everything(ask: Asking, house: PushHouse) -> None:
    for number in range(50):
        await house.add(f"p{number}", f"P{number}")
    for number in range(50):
        await ask.subscribe(f"p{number}")
    status, found = await ask("POST", "/push/subscriptions", asked())
    assert (status, found["error"]) == (409, "This browser is told of 50 providers already.")


async def disable(house: PushHouse, reason: str) -> None:
    async with house.services.database.write() as session:
        ids = list(await session.scalars(select(Destination.id)))
        await threads.disable(session, ids, reason)


async def test_browsers_that_are_gone_are_removed(ask: Asking, house: PushHouse) -> None:
    await ask.subscribe()
    await disable(house, GONE)
    await ask.subscribe("stripe", Browser("https://push.example.net/send/alive"))
    await purge(house.services.database)
    assert [told_of for _, told_of, _ in await house.kept()] == [["stripe"]]
    async with house.services.database.read() as session:
        due = {row.slug: row.due_at for row in await session.scalars(select(Provider))}
    assert due["chargeover"] is None
    assert due["stripe"] is not None


async def test_browsers_that_failed_for_another_reason_stay(ask: Asking, house: PushHouse) -> None:
    await ask.subscribe()
    await disable(house, "no success for five days")
    await purge(house.services.database)
    assert len(await house.kept()) == 1


async def test_one_that_asks_again_is_told_again(ask: Asking, house: PushHouse) -> None:
    await ask.subscribe()
    await disable(house, GONE)
    await ask.subscribe()
    async with house.services.database.read() as session:
        assert (await session.scalars(select(Destination.disabled_at))).one() is None


async def test_our_key_is_made_once_and_sealed(database: Database, database_url: str) -> None:
    settings = Settings(database_url=database_url, secret_key="B" * 43 + "=")
    made = set(await asyncio.gather(*(push_key.kept(settings, database) for _ in range(3))))
    assert len(made) == 1
    async with database.read() as session:
        sealed = await notes.get(session, push_key.NAME) or ""
    assert made.pop() not in sealed
    async with database.write() as session:
        await notes.forget_old(session)
        assert await notes.get(session, push_key.NAME) == sealed


@pytest.mark.parametrize(
    ("given", "subject"),
    [
        ({"mail_from": "uptimus <ops@example.com>"}, "mailto:ops@example.com"),
        ({"mail_from": "ops@example.com", "public_url": HOME}, "mailto:ops@example.com"),
        ({"public_url": HOME}, HOME),
        ({"public_url": "http://status.example.org"}, "mailto:uptimus@localhost"),
        ({}, "mailto:uptimus@localhost"),
    ],
)
def test_where_push_services_find_us(given: dict[str, Any], subject: str) -> None:
    assert push_key.subject(Settings(_env_file=None, **given)) == subject


async def test_the_page_offers_it_and_allows_its_own_scripts_alone(
    house: PushHouse, client: aiohttp.ClientSession
) -> None:
    async with client.get(f"{house.url}/status/chargeover") as answer:
        policy, html = answer.headers["Content-Security-Policy"], await answer.text()
    assert "script-src 'self'; connect-src 'self'; worker-src 'self'" in policy
    assert "unsafe" not in policy
    assert '<script src="/static/push.js" defer></script>' in html
    assert re.findall(r'<script(?! type="application/ld\+json"| src="/static/)', html) == []
    section = html[html.index('<section id="notify"') : html.index("</section>", html.index("notify"))]
    assert 'data-provider="chargeover"' in section
    assert section.partition(">")[0].endswith(" hidden"), "without scripts there is no dead button"
    async with client.get(f"{house.url}/status") as answer:
        assert "push.js" not in await answer.text()


@pytest.mark.parametrize("path", ["/static/push.js", "/push-worker.js"])
async def test_the_scripts(house: PushHouse, client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(house.url + path) as answer:
        assert (answer.status, answer.content_type) == (200, "text/javascript")
        assert answer.headers["Cache-Control"] == "no-cache"
        tag = answer.headers["ETag"]
    async with client.get(house.url + path, headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304


async def test_hostile_names_stay_text_in_the_button(house: PushHouse, client: aiohttp.ClientSession) -> None:
    await house.add("evil", '"><script>alert(1)</script>')
    async with client.get(f"{house.url}/status/evil") as answer:
        html = await answer.text()
    assert "<script>alert" not in html
