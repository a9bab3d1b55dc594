"""Tells events to a webhook, exactly as Standard Webhooks 1.0.0 asks: signed, and never redirected. What the body
looks like is for the endpoint's format to say."""

import asyncio
import ssl
import time
from collections import OrderedDict
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from adapters.egress import guarded_connector
from relay.bulletin import Bulletin
from relay.events import StoredEvent
from relay.formats import FORMATS, Rendered
from relay.transports.sign import signatures
from relay.transports.transport import DeliveryError, Sent, Telling
from relay.transports.webhook_errors import never_connected, refused, unsent

ANSWER_LIMIT = 16 * 1024
"""Bytes of an answer that are read and kept."""
ANSWER_PATIENCE = 2.0
"""Seconds that an answer's body may take once its status is known: the status alone decides."""
LEAST_SECRET = 6
"""Characters: what is shorter stands in many an answer by chance."""
INSTANT = 1.0
"""Seconds: where connecting fails sooner than that, it is tried once more at once."""
KEPT = 64
"""Requests that are the same for many endpoints, of as many events."""


class WebhookTransport:
    """A Transport. A webhook has no threads: its `Sent.reference` is None.

    What it raises and returns holds neither the address's path nor a secret. Connections are kept.
    """

    is_chat = False
    at_once = 4

    def __init__(
        self,
        *,
        user_agent: str,
        allow_private_networks: bool = False,
        denied_ports: Collection[int] = (),
        trust_proxy: bool = False,
        timeout: float = 15.0,
        connect_timeout: float = 5.0,
        limit: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """limit: how many connections may be in use at once; 0: as many as there are tellings under way. (A
        telling that had to wait for a connection would be taken for one whose receiver can't be connected to.)
        tls: for receivers whose certificates an authority of the operator's own signs."""
        self._user_agent, self._allow_private = user_agent, allow_private_networks
        self._denied_ports, self._trust_proxy = denied_ports, trust_proxy
        self._timeout, self._connect_timeout, self._limit = timeout, connect_timeout, limit
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._kept: OrderedDict[tuple[str, str, int], tuple[StoredEvent, Rendered | None]] = OrderedDict()

    async def send(self, telling: Telling) -> Sent:
        """Posts one event; raises DeliveryError. An event that has nothing to say to the service was told."""
        if telling.address.startswith("http://") and not self._allow_private:
            raise DeliveryError("webhooks go to https:// addresses only", permanent=True)
        rendered = await self._rendered(telling)
        if rendered is None:
            return Sent()
        headers = _headers(telling, rendered)
        try:
            status, answer = await self._posted(telling.address, rendered, headers)
            return Sent(status=status, answer=without_secrets(answer, telling))
        except DeliveryError as error:
            error.answer = without_secrets(error.answer, telling)
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:  # a TimeoutError is an OSError
            raise unsent(error, timeout=self._timeout, connect_timeout=self._connect_timeout) from None
            # from None: the cause names the whole address

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
            own_tls: dict[str, Any] = {"ssl": self._tls} if self._tls is not None else {}
            self._session = aiohttp.ClientSession(
                connector=guarded_connector(
                    self._allow_private,
                    denied_ports=self._denied_ports,
                    trust_proxy=self._trust_proxy,
                    limit=self._limit,
                    keepalive_timeout=60,
                    **own_tls,
                ),
                timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=self._connect_timeout),
                headers={
                    "User-Agent": self._user_agent,
                    "Content-Type": "application/json",
                    "Accept-Encoding": "identity",
                },
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # a small answer must not unpack into a large one
                read_bufsize=ANSWER_LIMIT,
                trust_env=False,  # the connector knows which proxies may be used
            )
        return self._session

    async def _posted(self, address: str, rendered: Rendered, headers: dict[str, str]) -> tuple[int, str]:
        began = time.monotonic()
        try:
            return await self._post(address, rendered, headers)
        except aiohttp.ClientConnectorError as error:
            if time.monotonic() - began > INSTANT or not never_connected(error):
                raise
        return await self._post(address, rendered, headers)

    async def _post(self, address: str, rendered: Rendered, headers: dict[str, str]) -> tuple[int, str]:
        async with self._opened().request(
            rendered.method, rendered.url or address, data=rendered.body, headers=headers, allow_redirects=False
        ) as response:
            answer = await _answer(response)
        if 200 <= response.status < 300:
            return response.status, answer
        raise refused(response.status, response.headers.get("Retry-After"), answer)

    async def _rendered(self, telling: Telling) -> Rendered | None:
        """The request in the endpoint's format. Where many endpoints get the same bytes, they are made once."""
        event, endpoint = telling.event, telling.endpoint
        form = FORMATS.get(endpoint.format)
        if form is None:
            raise DeliveryError(f"there is no format “{endpoint.format[:40]}”")
        key = (event.id, endpoint.format, endpoint.schema_version)
        if form.shared and (known := self._kept.get(key)) is not None and known[0] is event:
            return known[1]
        try:
            if form.needs_template:  # what a user wrote may take a while
                made = await asyncio.to_thread(form.render, event, endpoint, telling.address)
            else:
                made = form.render(event, endpoint, telling.address)
        except ValueError as error:
            raise DeliveryError(str(error)) from None
        if form.shared:
            self._kept[key] = event, made
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made


def _headers(telling: Telling, rendered: Rendered) -> dict[str, str]:
    """Those of the endpoint's own first: none of them can stand in for one of ours."""
    if not telling.secrets:
        raise DeliveryError("the destination has no secret to sign with")
    timestamp = int(time.time())
    try:
        signed = signatures(telling.secrets, telling.event.id, timestamp, rendered.body)
    except ValueError as error:
        raise DeliveryError(str(error)) from None
    ours = {
        "webhook-id": telling.event.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signed,
    }
    if telling.replay:
        ours["webhook-replay"] = "true"
    if telling.endpoint.headers or rendered.headers:
        return {**telling.endpoint.headers, **rendered.headers, **ours}
    return ours


def without_secrets(answer: str, telling: Telling) -> str:
    """What a receiver said, as it may be kept: some say back whatever they were sent."""
    if len(answer) < LEAST_SECRET:
        return answer
    endpoint, place = telling.endpoint, urlsplit(telling.address)
    secret = {*endpoint.headers.values(), endpoint.key or "", place.path, place.query, *telling.secrets}
    for text in sorted((text for text in secret if len(text) >= LEAST_SECRET), key=len, reverse=True):
        answer = answer.replace(text, "…")
    return answer


async def _answer(response: aiohttp.ClientResponse) -> str:
    """The beginning of what the receiver said, without the zero bytes that PostgreSQL does not store."""
    said, content = bytearray(), response.content
    try:
        if content.is_eof():  # all of it came with the status: no need to watch the clock
            said += content.read_nowait(ANSWER_LIMIT)
        else:
            async with asyncio.timeout(ANSWER_PATIENCE):
                while len(said) < ANSWER_LIMIT and (more := await content.read(ANSWER_LIMIT - len(said))):
                    said += more
    except (aiohttp.ClientError, OSError):
        pass  # it said its status: whatever happens to the rest of the answer changes nothing
    return said.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
