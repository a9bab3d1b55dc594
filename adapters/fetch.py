"""The one HTTP client for pages: validators, limits, time-outs, politeness, the egress guard."""

import asyncio
import errno
import functools
import time
import zlib
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from adapters.egress import IsAllowed, causes, guarded_connector, is_public, refusal, tls_context

MEGABYTE = 1_000_000
LONGEST_RETRY_AFTER = 3600.0
LONGEST_VALIDATOR = 256
REDIRECTS = frozenset({301, 302, 303, 307, 308})
TOLD = frozenset({200, 304, 404, 410})
TOO_BUSY = frozenset({429, 503})


class AdapterError(Exception):
    """A page could not be read: what was known of it stays true.

    `reason` is one line for people; `retry_after` is the seconds the page asked to be left alone, if it did.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class FetchError(AdapterError):
    """There was no answer to judge a page by: it may well be as it was, and readable again soon.

    `status` is the HTTP status of an answer that was of no use, None where there was no answer.
    """

    def __init__(self, reason: str, retry_after: float | None = None, *, status: int | None = None) -> None:
        super().__init__(reason, retry_after)
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What a server answered: `status` is 200, 304, 404 or 410, all else is an AdapterError.

    `url` is where the redirects led to. Only a 200 has a body.
    """

    status: int
    url: str
    body: bytes
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class _Target:
    """Where a request goes: `host` is the scheme, host and port that share turns, `name` what people are told."""

    url: httpx.URL
    host: str
    name: str


@dataclass(slots=True)
class _Place:
    """One host while somebody reads from it."""

    turns: asyncio.Semaphore
    users: int = 0


@dataclass(slots=True)
class _Quiet:
    """Until when (monotonic seconds) each host asked to be left alone."""

    until: dict[str, float] = field(default_factory=dict)

    def begin(self, host: str, seconds: float) -> None:
        now = time.monotonic()
        self.until = {other: until for other, until in self.until.items() if until > now}
        self.until[host] = now + seconds

    def left(self, host: str) -> float:
        return self.until.get(host, 0.0) - time.monotonic() if self.until else 0.0


class Fetcher:
    """Reads documents over HTTP, for pages that strangers name.

    Times are seconds, `max_bytes` counts decompressed bytes, `per_host` is how many requests one host gets at a
    time. `is_allowed` judges addresses where private networks aren't allowed; `denied_ports` and `trust_proxy` are
    the egress guard's. Opens its connections at the first request, in the event loop that is running then;
    `aclose` closes them.
    """

    def __init__(
        self,
        *,
        user_agent: str = "uptimus/0.1",
        allow_private_networks: bool = False,
        connect_timeout: float = 5.0,
        total_timeout: float = 10.0,
        max_bytes: int = 10 * MEGABYTE,
        max_redirects: int = 3,
        per_host: int = 4,
        connections: int = 100,
        is_allowed: IsAllowed = is_public,
        denied_ports: Collection[int] = (),
        trust_proxy: bool = False,
    ) -> None:
        self._total_timeout = total_timeout
        self._max_bytes = max_bytes
        self._max_redirects = max_redirects
        self._per_host = per_host
        self._places: dict[str, _Place] = {}
        self._quiet = _Quiet()
        # Only gzip is asked for: it is the one encoding that zlib inflates to a limit.
        self._headers = ((b"user-agent", user_agent.encode()), (b"accept-encoding", b"gzip"))
        self._extensions = {"timeout": {"connect": connect_timeout}}
        # The transport without httpx.AsyncClient around it: that would double the cost of a request, for cookies,
        # redirects and authentication that have no place here.
        self._transport = AiohttpTransport(
            client=lambda: aiohttp.ClientSession(
                connector=guarded_connector(
                    allow_private_networks,
                    is_allowed=is_allowed,
                    denied_ports=denied_ports,
                    trust_proxy=trust_proxy,
                    limit=connections,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            ),
            verify=tls_context(),
        )

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "application/json",
    ) -> Answer:
        """Reads one document; with validators of an earlier answer the status may be 304.

        Raises AdapterError with one line for everything but 200, 304, 404 and 410. That line names the host and
        never the rest of the URL, which may hold a secret.
        """
        target = _target(url)
        headers = (*self._headers, (b"accept", accept.encode()), *_conditions(etag, last_modified))
        left = self._total_timeout
        for _ in range(self._max_redirects + 1):
            async with self._turn(target.host):
                self._respect(target)
                began = time.monotonic()
                outcome = await self._hop(target, headers, left)
                left -= time.monotonic() - began
            if isinstance(outcome, Answer):
                return outcome
            target = outcome
        raise FetchError(f"{target.name}: more than {self._max_redirects} redirects")

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._transport.aclose()

    @asynccontextmanager
    async def _turn(self, host: str) -> AsyncIterator[None]:
        place = self._places.get(host)
        if place is None:
            place = self._places[host] = _Place(asyncio.Semaphore(self._per_host))
        place.users += 1
        try:
            async with place.turns:
                yield
        finally:
            place.users -= 1
            if not place.users:
                del self._places[host]

    def _respect(self, target: _Target) -> None:
        left = self._quiet.left(target.host)
        if left > 0:
            raise FetchError(f"{target.name} asked to be left alone for another {left:.0f} s", left)

    async def _hop(self, target: _Target, headers: "_Headers", left: float) -> Answer | _Target:
        """One request: its answer, or where it redirects to."""
        try:
            async with asyncio.timeout(left):
                return await self._request(target, headers)
        except AdapterError:
            raise
        except TimeoutError as error:
            raise FetchError(f"{target.name} took longer than {self._total_timeout:g} s") from error
        except (httpx.HTTPError, aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchError(_reason(error, target.name)) from error

    async def _request(self, target: _Target, headers: "_Headers") -> Answer | _Target:
        request = httpx.Request("GET", target.url, headers=headers, extensions=self._extensions)
        response = await self._transport.handle_async_request(request)
        try:
            if response.status_code in REDIRECTS:
                return _redirect(target, response)
            self._judge(target, response, conditional=len(headers) > len(self._headers) + 1)
            body = await self._body(target, response) if response.status_code == 200 else b""
        finally:
            await response.aclose()
        return Answer(
            response.status_code,
            str(target.url),
            body,
            _validator(response.headers.get("etag")),
            _validator(response.headers.get("last-modified")),
        )

    def _judge(self, target: _Target, response: httpx.Response, *, conditional: bool) -> None:
        status = response.status_code
        if status in TOLD and (conditional or status != 304):
            return
        retry_after = _retry_after(response.headers.get("retry-after")) if status in TOO_BUSY else None
        if retry_after:
            self._quiet.begin(target.host, retry_after)
        raise FetchError(f"{target.name} answered {status}", retry_after, status=status)

    async def _body(self, target: _Target, response: httpx.Response) -> bytes:
        """The decompressed body. At no moment is more than the limit held, whatever was sent."""
        length = response.headers.get("content-length", "")
        if length.isdecimal() and len(length) < 20 and int(length) > self._max_bytes:
            raise self._too_large(target)
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip", "x-gzip", ""}:
            raise FetchError(f"{target.name} answered in the encoding {encoding[:20]!r}, which nobody asked for")
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in encoding else None
        chunks: list[bytes] = []
        room, raw = self._max_bytes, 0
        async for chunk in response.aiter_raw():
            raw += len(chunk)
            # One byte more than there is room for tells a body that is too large from one that just fits.
            inflated = _inflate(inflater, chunk, room + 1, target) if inflater else chunk
            room -= len(inflated)
            if room < 0 or raw > self._max_bytes:
                raise self._too_large(target)
            chunks.append(inflated)
        if inflater and raw and not inflater.eof:
            raise FetchError(f"{target.name}: the answer ends in the middle")
        return b"".join(chunks)

    def _too_large(self, target: _Target) -> FetchError:
        return FetchError(f"{target.name} answered more than {self._max_bytes / MEGABYTE:g} MB")


_Headers = tuple[tuple[bytes, bytes], ...]


@functools.lru_cache(maxsize=1024)
def _target(url: str) -> _Target:
    """Checks an address. Raises AdapterError without repeating it: it may hold a secret."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise AdapterError("that is not a web address") from error
    if parsed.scheme not in {"http", "https"}:
        raise AdapterError("only addresses that begin with https:// or http:// are read")
    if not parsed.host:
        raise AdapterError("that address names no host")
    if "%" in parsed.host:  # httpx takes anything for a host and escapes what can't be in one
        raise AdapterError("that is not a web address")
    if parsed.userinfo:
        raise AdapterError("an address with a name or a password in it is not read")
    name = parsed.netloc.decode("ascii", "replace")
    return _Target(parsed.copy_with(fragment=None), f"{parsed.scheme}://{name}", name)


def _redirect(target: _Target, response: httpx.Response) -> _Target:
    location = response.headers.get("location")
    if not location:
        raise AdapterError(f"{target.name} answered {response.status_code} without an address")
    try:
        return _target(str(target.url.join(location)))
    except AdapterError as error:
        raise AdapterError(f"{target.name} redirects elsewhere: {error.reason}") from error
    except (httpx.InvalidURL, ValueError) as error:
        raise AdapterError(f"{target.name} redirects to what is not a web address") from error


def _conditions(etag: str | None, last_modified: str | None) -> _Headers:
    conditions: list[tuple[bytes, bytes]] = []
    if etag:
        conditions.append((b"if-none-match", etag.encode()))
    if last_modified:
        conditions.append((b"if-modified-since", last_modified.encode()))
    return tuple(conditions)


def _validator(value: str | None) -> str | None:
    """A validator that is worth remembering: plain and short, as it is stored with the page."""
    if value and value.isascii() and value.isprintable() and len(value) <= LONGEST_VALIDATOR:
        return value
    return None


def _retry_after(value: str | None) -> float | None:
    """Seconds, at most an hour; None where there is nothing to understand (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value[:10]), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _inflate(inflater: "zlib._Decompress", chunk: bytes, most: int, target: _Target) -> bytes:
    try:
        inflated = inflater.decompress(chunk, most)
    except zlib.error as error:
        raise FetchError(f"{target.name} answered broken gzip") from error
    if inflater.unused_data:
        raise FetchError(f"{target.name} answered more than one gzip in one")
    return inflated


def _reason(error: BaseException, name: str) -> str:
    """One line on why there was no answer. httpx-aiohttp takes all failed connects for time-outs: what aiohttp
    raised tells more."""
    refused = refusal(error)
    if refused is not None and refused.port is not None:
        return f"{name} is not read: {refused}"
    if refused is not None:
        return f"{name} leads to a private network: {refused}"
    cause = next((one for one in causes(error) if isinstance(one, aiohttp.ClientError)), error)
    match cause:
        case aiohttp.ClientConnectorDNSError():
            return f"the name {name} can't be resolved"
        case aiohttp.ClientConnectorCertificateError():
            return f"the certificate of {name} is not valid"
        case aiohttp.ClientSSLError():
            return f"{name} does not speak TLS as it should"
        case aiohttp.ServerTimeoutError():
            return f"{name} does not accept connections"
        case aiohttp.ClientConnectorError() if cause.os_error.errno == errno.ECONNREFUSED:
            return f"{name} refuses connections"
        case aiohttp.ClientConnectorError():
            return f"{name} can't be reached"
        case aiohttp.InvalidURL() | ValueError():
            return "that is not a web address"
        case aiohttp.ClientResponseError():
            return f"{name} does not speak HTTP as it should"
        case _:
            return f"{name} broke the connection off"
