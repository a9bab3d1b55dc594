"""Tells events to a webhook, exactly as Standard Webhooks 1.0.0 asks: signed, and never redirected."""

import asyncio
import json
import time
from collections import OrderedDict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp

from adapters.egress import guarded_connector, refusal
from relay.bulletin import Bulletin
from relay.events import StoredEvent
from relay.transports.sign import signatures
from relay.transports.transport import DeliveryError, Sent, Telling

ANSWER_LIMIT = 16 * 1024
"""Bytes of an answer that are read and kept."""
ANSWER_PATIENCE = 2.0
"""Seconds that an answer's body may take once its status is known: the status alone decides."""
OVERLOADED = (429, 502, 504)
OVERLOAD_PAUSE = 60.0
LONGEST_PAUSE = 86400.0
BODIES = 64


class WebhookTransport:
    """A Transport. A webhook has no threads: its `Sent.reference` is None.

    What it raises and returns holds neither the address's path nor a secret. Connections are kept.
    """

    is_chat = False
    at_once = 8

    def __init__(
        self,
        *,
        user_agent: str,
        allow_private_networks: bool = False,
        timeout: float = 15.0,
        connect_timeout: float = 5.0,
        limit: int = 200,
    ) -> None:
        self._user_agent, self._allow_private = user_agent, allow_private_networks
        self._timeout, self._connect_timeout, self._limit = timeout, connect_timeout, limit
        self._session: aiohttp.ClientSession | None = None
        self._bodies: OrderedDict[str, tuple[StoredEvent, bytes]] = OrderedDict()

    async def send(self, telling: Telling) -> Sent:
        """Posts one event; raises DeliveryError."""
        if telling.address.startswith("http://") and not self._allow_private:
            raise DeliveryError("webhooks go to https:// addresses only", permanent=True)
        body = self._body(telling.event)
        try:
            async with self._opened().post(
                telling.address, data=body, headers=_headers(telling, body), allow_redirects=False
            ) as response:
                answer = await _answer(response)
        except (aiohttp.ClientError, OSError, ValueError) as error:  # a TimeoutError is an OSError
            raise self._unsent(error) from None  # the cause names the whole address
        if 200 <= response.status < 300:
            return Sent(status=response.status, answer=answer)
        raise _refused(response.status, response.headers.get("Retry-After"), answer)

    async def turn(self, address: str) -> None:
        """At once: a receiver that is overloaded says so."""

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        """Never: a receiver expects events and nothing else. (The address itself is good: not permanent.)"""
        raise DeliveryError("webhooks take events only: digests and summaries are for chats")

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """Made at first use, inside the running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=guarded_connector(self._allow_private, limit=self._limit, keepalive_timeout=60),
                timeout=aiohttp.ClientTimeout(total=self._timeout, connect=self._connect_timeout),
                headers={
                    "User-Agent": self._user_agent,
                    "Content-Type": "application/json",
                    "Accept-Encoding": "identity",
                },
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # a small answer must not unpack into a large one
                read_bufsize=ANSWER_LIMIT,
                trust_env=False,  # a proxy would hide the target from the egress guard
            )
        return self._session

    def _body(self, event: StoredEvent) -> bytes:
        """The same bytes for every receiver of an event, made once."""
        known = self._bodies.get(event.id)
        if known is not None and known[0] is event:
            return known[1]
        body = json.dumps(event.public(), separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
        self._bodies[event.id] = event, body
        if len(self._bodies) > BODIES:
            self._bodies.popitem(last=False)
        return body

    def _unsent(self, error: Exception) -> DeliveryError:
        if refusal(error) is not None:
            return DeliveryError(
                "the receiver's address is not on the public internet"
                " (UPTIMUS_ALLOW_PRIVATE_NETWORKS=true allows that)",
                permanent=True,
            )
        if isinstance(error, aiohttp.ServerTimeoutError):
            return DeliveryError(f"the receiver could not be connected to within {self._connect_timeout:g} s")
        if isinstance(error, TimeoutError):
            return DeliveryError(f"the receiver did not answer within {self._timeout:g} s")
        if isinstance(error, aiohttp.InvalidURL):
            return DeliveryError("the destination is not a web address", permanent=True)
        return DeliveryError(_broken(error))


def _headers(telling: Telling, body: bytes) -> dict[str, str]:
    if not telling.secrets:
        raise DeliveryError("the destination has no secret to sign with")
    timestamp = int(time.time())
    try:
        signed = signatures(telling.secrets, telling.event.id, timestamp, body)
    except ValueError as error:
        raise DeliveryError(str(error)) from None
    return {
        "webhook-id": telling.event.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signed,
    }


async def _answer(response: aiohttp.ClientResponse) -> str:
    """The beginning of what the receiver said, without the zero bytes that PostgreSQL does not store."""
    said = bytearray()
    try:
        async with asyncio.timeout(ANSWER_PATIENCE):
            while len(said) < ANSWER_LIMIT:
                chunk = await response.content.read(ANSWER_LIMIT - len(said))
                if not chunk:
                    break
                said += chunk
    except (aiohttp.ClientError, OSError):
        pass  # it said its status: whatever happens to the rest of the answer changes nothing
    return said.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _refused(status: int, retry_after: str | None, answer: str) -> DeliveryError:
    reason = f"the receiver answered {_named(status)}"
    if 300 <= status < 400:
        reason += ": redirects are not followed"
    pause = _seconds(retry_after) if status in (*OVERLOADED, 503) else None
    if status in OVERLOADED:
        pause = max(pause or 0.0, OVERLOAD_PAUSE)
    return DeliveryError(reason, permanent=status == 410, retry_after=pause, status=status, answer=answer)


def _named(status: int) -> str:
    """In the standard's words: the receiver's own may be anything."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _seconds(retry_after: str | None) -> float | None:
    """Seconds from now, at most a day; the header holds seconds or a date (RFC 9110, 10.2.3)."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return min(max(0.0, (until - datetime.now(UTC)).total_seconds()), LONGEST_PAUSE)


def _broken(error: Exception) -> str:
    """One line that names no address: aiohttp's own words may hold the whole URL."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the receiver's name could not be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the receiver's certificate is not valid"
    if isinstance(error, aiohttp.ClientSSLError):
        return "no TLS connection to the receiver could be made"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"the receiver could not be connected to ({error.os_error.strerror or 'network error'})"
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionError):
        return "the receiver closed the connection without an answer"
    return f"the receiver gave no HTTP answer that can be read ({type(error).__name__})"
