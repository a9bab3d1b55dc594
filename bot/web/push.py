"""Where a browser says that it wants to be told of a provider, and that it does not any more.

Who asks is known by nothing but what their browser was given: its address at a push service, and the id that we
make of it, which nobody can guess. Other sites can make no browser ask: `Origin` has to be ours, the body JSON.
"""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import wishes
from bot.commands.services import Services
from bot.limits import Network, RateLimit, client_of
from bot.web.origin import is_ours
from bot.web.push_asked import RefusedError, body, subscription
from bot.web.server import SAFE_HEADERS
from relay import record
from relay.endpoint import Endpoint, stored
from relay.events import Stream
from storage import follows, providers, pushes, threads
from storage.tables import Destination, Follow, Provider

WORKSPACE = "web"
STREAMS = (Stream.INCIDENTS, Stream.MAINTENANCE)
MOST_PROVIDERS = 50
"""That one browser may be told of."""
QUOTA, WINDOW = 30, 600
"""Changes at once that a client may make, and seconds until it may make as many again."""
STATIC = Path(__file__).parent / "static"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger("web")


def routes(
    services: Services,
    key: Callable[[], Awaitable[str]],
    *,
    proxies: Sequence[Network] = (),
    limit: RateLimit | None = None,
) -> Mapping[tuple[str, str], Answer]:
    """By method and path. `key` gives our private VAPID key; `proxies` are those that may say for whom they
    speak, as `limit` counts clients."""
    door = _PushDoor(services, key, partial(client_of, proxies=proxies), limit or RateLimit(QUOTA, WINDOW))
    one = "/push/subscriptions/{id}"
    return {
        ("GET", "/static/push.js"): _script("push.js"),
        ("GET", "/push-worker.js"): _script("push-worker.js"),
        ("GET", "/push/key"): _in_json(door.key),
        ("POST", "/push/subscriptions"): _in_json(door.subscribe),
        ("GET", one): _in_json(door.state),
        ("PUT", one): _in_json(door.renew),
        ("DELETE", one): _in_json(door.unsubscribe),
    }


class _PushDoor:
    def __init__(
        self,
        services: Services,
        key: Callable[[], Awaitable[str]],
        client: Callable[[web.Request], str],
        limit: RateLimit,
    ) -> None:
        self._services, self._key, self._client, self._limit = services, key, client, limit

    async def key(self, _: web.Request) -> tuple[int, dict[str, Any]]:
        """What a browser subscribes with."""
        from relay.transports.webpush_keys import public_key  # its libraries take a moment

        return 200, {"key": base64.urlsafe_b64encode(public_key(await self._key())).decode().rstrip("=")}

    async def subscribe(self, request: web.Request) -> tuple[int, dict[str, Any]]:
        """This browser is told of one more provider."""
        asked, given = await self._asked(request)
        try:
            told_of = await self._subscribed(asked.get("provider"), given)
        except IntegrityError:  # it asked twice at the same moment: now it is there
            told_of = await self._subscribed(asked.get("provider"), given)
        self._services.wake()
        return 201, {"id": await self._id(given), "providers": told_of}

    async def _subscribed(self, slug: object, given: Mapping[str, Any]) -> list[str]:
        id_ = await self._id(given)
        async with self._services.database.write() as session:
            provider = await _provider(session, slug)
            browser = await self._browser(session, id_, given)
            await self._follow(session, provider, browser)
            log.info("browser subscribed", destination=browser.id, provider=provider.slug)
            return await pushes.followed(session, browser.id)

    async def state(self, request: web.Request) -> tuple[int, dict[str, Any]]:
        """Which providers a browser is told of."""
        async with self._services.database.read() as session:
            browser = await _known(session, request.match_info["id"])
            return 200, {"id": request.match_info["id"], "providers": await pushes.followed(session, browser.id)}

    async def renew(self, request: web.Request) -> tuple[int, dict[str, Any]]:
        """The push service gave the browser another address."""
        _, given = await self._asked(request)
        id_ = await self._id(given)
        async with self._services.database.write() as session:
            browser = await _known(session, request.match_info["id"])
            await pushes.move(session, browser, f"webpush:{id_}", self._sealed(given))
            await threads.enable(session, browser.id)
            told_of = await pushes.followed(session, browser.id)
        self._services.wake()
        return 200, {"id": id_, "providers": told_of}

    async def unsubscribe(self, request: web.Request) -> tuple[int, dict[str, Any]]:
        """This browser is not told of a provider any more; of nothing, where none is named. Whether it was or
        not: now it isn't."""
        self._check(request)
        slug = request.query.get("provider")
        async with self._services.database.write() as session:
            try:
                browser = await _known(session, request.match_info["id"])
            except RefusedError:
                return 200, {"id": None, "providers": []}
            left = await _end(session, browser, slug)
        log.info("browser unsubscribed", destination=browser.id, provider=slug)
        return 200, {"id": request.match_info["id"] if left else None, "providers": left}

    def _check(self, request: web.Request) -> None:
        """Raises RefusedError for what comes from another site, or too often."""
        if not is_ours(request.headers.get("Origin", ""), request, self._services.home):
            raise RefusedError(403, "This can only be asked for from our own pages.")
        if wait := self._limit.take(self._client(request)).wait:
            raise RefusedError(429, f"That was too often. Please try again in {wait} s.")

    async def _asked(self, request: web.Request) -> tuple[dict[str, Any], dict[str, Any]]:
        """The body, and the subscription in it."""
        self._check(request)
        asked = await body(request)
        return asked, subscription(asked, allow_http=self._services.allow_private_networks)

    async def _id(self, given: Mapping[str, Any]) -> str:
        """The same for the same browser, so that it is one destination; without our key nobody can guess it."""
        secret = (await self._key()).encode()
        made = hmac.digest(secret, b"subscription\0" + given["endpoint"].encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(made[:24]).decode()

    def _sealed(self, given: Mapping[str, Any]) -> str:
        _, sealed = stored(Endpoint(subscription=given), self._services.vault.seal)
        assert sealed is not None
        return sealed

    async def _browser(self, session: AsyncSession, id_: str, given: Mapping[str, Any]) -> Destination:
        workspace_id = await follows.workspace(session, WORKSPACE)
        found = await follows.destination(session, workspace_id, f"webpush:{id_}")
        sealed = self._sealed(given)
        if found is None:
            return await follows.add_destination(
                session, workspace_id, f"webpush:{id_}", pushes.TRANSPORT, [], sealed=sealed
            )
        found.sealed = sealed
        if found.disabled_at is not None:
            await threads.enable(session, found.id)
        return found

    async def _follow(self, session: AsyncSession, provider: Provider, browser: Destination) -> None:
        if await follows.find(session, provider.id, browser.id) is not None:
            return
        if len(await pushes.followed(session, browser.id)) >= MOST_PROVIDERS:
            raise RefusedError(409, f"This browser is told of {MOST_PROVIDERS} providers already.")
        row = Follow(
            provider_id=provider.id,
            destination_id=browser.id,
            created_by="",
            created_at=await providers.database_now(session),
            **(wishes.defaults() | {str(stream): stream in STREAMS for stream in Stream}),
        )
        session.add(row)
        await session.flush()
        await providers.begin_polling(session, provider.id)
        await record.open_threads(session, provider, row.id)


async def _end(session: AsyncSession, browser: Destination, slug: str | None) -> list[str]:
    """What it is told of still; with the last provider the browser is forgotten."""
    provider = await providers.by_slug(session, slug) if slug is not None else None
    follow = await follows.find(session, provider.id, browser.id) if provider is not None else None
    if follow is not None and provider is not None:
        await follows.remove(session, follow)
        await providers.end_polling_if_unfollowed(session, provider.id)
    left = await pushes.followed(session, browser.id) if slug is not None else []
    if not left:
        for provider_id in await follows.remove_destination(session, browser.id):
            await providers.end_polling_if_unfollowed(session, provider_id)
    return left


async def _provider(session: AsyncSession, slug: object) -> Provider:
    found = await providers.by_slug(session, slug) if isinstance(slug, str) else None
    if found is None:
        raise RefusedError(404, "No provider of this name is followed here.")
    return found


async def _known(session: AsyncSession, id_: str) -> Destination:
    workspace_id = await follows.workspace_if_any(session, WORKSPACE)
    found = await follows.destination(session, workspace_id, f"webpush:{id_}") if workspace_id else None
    if found is None:
        raise RefusedError(404, "This browser is told of nothing.")
    return found


def _in_json(answer: Callable[[web.Request], Awaitable[tuple[int, dict[str, Any]]]]) -> Answer:
    """Also what is refused."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            status, body = await answer(request)
        except RefusedError as refused:
            status, body = refused.status, {"error": refused.said}
        return web.json_response(body, status=status, headers=SAFE_HEADERS | {"Cache-Control": "no-store"})

    return handle


def _script(name: str) -> Answer:
    """Asked for anew each time it is needed, and not sent again where it is the same."""
    text = (STATIC / name).read_bytes()
    tag = f'"{hashlib.sha256(text).hexdigest()[:16]}"'
    headers = SAFE_HEADERS | {"Cache-Control": "no-cache", "ETag": tag}
    if name == "push-worker.js":
        headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=text, content_type="text/javascript", charset="utf-8", headers=headers)

    return handle
