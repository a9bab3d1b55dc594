"""Tells events to browsers by Web Push: encrypted for the one browser (RFC 8291), signed with our key (RFC 8292).

One notification per incident: each is tagged with its subject, so that the next state replaces it, and carries the
same word as its `Topic` (RFC 8030), so that of several the push service keeps the newest while the device sleeps.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from py_vapid import Vapid02
from yarl import URL

from adapters.egress import guarded_connector
from relay.bulletin import Bulletin
from relay.transports.http_answers import named, pause, unsent
from relay.transports.transport import DeliveryError, Sent, Telling
from relay.transports.webpush_keys import encrypted, opened
from relay.transports.webpush_message import GONE, message, notification, tag_of, urgency

TTL = 12 * 3600
"""Seconds that a push service keeps a message for a device that sleeps."""
SIZES = (2800, 900)
"""Bytes of a message before it is encrypted (services take 4,096 then); the second for one that takes less."""
SIGNED_FOR = 12 * 3600
SIGNED_ANEW = 6 * 3600
"""Seconds that a signature is valid (at most a day), and that it is used."""
AUDIENCES = 64
ANSWER_LIMIT = 2048
OVERLOADED = (429, 502, 503, 504)

log = structlog.get_logger("webpush")


class WebPushTransport:
    """A Transport. `key` gives our private VAPID key, as `webpush_keys.new_key` made it, and is asked once;
    `subject` is the `mailto:` or `https:` address at which a push service finds us."""

    is_chat = False
    at_once = 1

    def __init__(
        self,
        key: Callable[[], Awaitable[str]],
        subject: str,
        *,
        user_agent: str,
        allow_private_networks: bool = False,
        denied_ports: Collection[int] = (),
        trust_proxy: bool = False,
        timeout: float = 15.0,
        connect_timeout: float = 5.0,
        limit: int = 200,
    ) -> None:
        self._key, self._subject, self._user_agent = key, subject, user_agent
        self._allow_private, self._denied_ports = allow_private_networks, denied_ports
        self._trust_proxy = trust_proxy
        self._timeout, self._connect_timeout, self._limit = timeout, connect_timeout, limit
        self._vapid: Vapid02 | None = None
        self._signed: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._session: aiohttp.ClientSession | None = None

    async def send(self, telling: Telling) -> Sent:
        """Pushes one event to one browser; raises DeliveryError."""
        subscription = telling.endpoint.subscription
        if subscription is None:
            raise DeliveryError("the browser's subscription is not known", permanent=True)
        tag = telling.reference or tag_of(telling.event)
        shown = notification(telling, tag)
        for size in SIZES:
            sent = await self._push(subscription, message(shown, size), _headers(telling, tag))
            if sent.status != 413:
                break
        return _judged(sent, tag)

    async def turn(self, address: str) -> None:
        """At once: a push service that is overloaded says so."""

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        """Never: a notification is about one thing. (The address itself is good: not permanent.)"""
        raise DeliveryError("browsers are told of events only: digests and summaries are for chats")

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def _push(self, subscription: Mapping[str, Any], body: bytes, headers: Mapping[str, str]) -> "_Answer":
        endpoint = str(subscription.get("endpoint", ""))
        if not endpoint.startswith("https://") and not (self._allow_private and endpoint.startswith("http://")):
            raise DeliveryError("browsers are told over https:// only", permanent=True)
        sealed = encrypted(body, subscription)
        signed = {"Authorization": await self._authorization(endpoint)}
        try:
            async with self._opened().post(
                URL(endpoint, encoded=True), data=sealed, headers={**headers, **signed}, allow_redirects=False
            ) as response:
                said = await response.content.read(ANSWER_LIMIT)
        except (aiohttp.ClientError, OSError, ValueError) as error:  # a TimeoutError is an OSError
            raise unsent(error, "the push service", timeout=self._timeout) from None
        if response.status in (401, 403):
            log.warning("push service refuses our key", host=URL(endpoint).host, status=response.status)
        return _Answer(response.status, response.headers.get("Retry-After"), _text(said))

    async def _authorization(self, endpoint: str) -> str:
        """Of the last hours for the same push service: signing takes longer than sending."""
        audience = str(URL(endpoint).origin())
        until, known = self._signed.get(audience, (0.0, ""))
        if until > time.time():
            return known
        vapid = self._vapid = self._vapid or opened(await self._key())
        claims = {"aud": audience, "sub": self._subject, "exp": int(time.time()) + SIGNED_FOR}
        made = str(vapid.sign(claims)["Authorization"])
        self._signed[audience] = time.time() + SIGNED_ANEW, made
        if len(self._signed) > AUDIENCES:
            self._signed.popitem(last=False)
        return made

    def _opened(self) -> aiohttp.ClientSession:
        """Made at first use, inside the running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=guarded_connector(
                    self._allow_private,
                    denied_ports=self._denied_ports,
                    trust_proxy=self._trust_proxy,
                    limit=self._limit,
                    keepalive_timeout=60,
                ),
                timeout=aiohttp.ClientTimeout(total=self._timeout, connect=self._connect_timeout),
                headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # a small answer must not unpack into a large one
                trust_env=False,  # a proxy would hide the target from the egress guard
            )
        return self._session


def _headers(telling: Telling, tag: str) -> dict[str, str]:
    return {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(TTL),
        "Topic": tag,
        "Urgency": urgency(telling.event),
    }


@dataclass(frozen=True)
class _Answer:
    status: int
    retry_after: str | None
    text: str


def _judged(sent: _Answer, tag: str) -> Sent:
    """404 and 410 say that nobody will ever read it. 401 and 403 are about our key, not about the browser."""
    status, answer = sent.status, sent.text
    if 200 <= status < 300:
        return Sent(reference=tag, message=tag, status=status, answer=answer)
    if status in (404, 410):
        raise DeliveryError(GONE, permanent=True, status=status, answer=answer)
    reason = f"the push service answered {named(status)}"
    if status in (401, 403):
        reason += ": it does not take our key"
    wait = pause(sent.retry_after) if status in OVERLOADED else None
    if status == 429:
        wait = max(wait or 0.0, 60.0)
    raise DeliveryError(reason, retry_after=wait, status=status, answer=answer)


def _text(said: bytes) -> str:
    """Without the zero bytes that PostgreSQL does not store."""
    return said.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
