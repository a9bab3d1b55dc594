"""A real webhook receiver on loopback: verifies, records, and answers as it is told to."""

import asyncio
import json
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

CHUNK = bytes(64 * 1024)


@dataclass(frozen=True)
class Answer:
    """What the receiver does with one request."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    size: int = 0
    """Bytes of a streamed body, where it is to be a large one."""
    delay: float = 0.0
    hang: bool = False
    """It never answers."""
    stall: bool = False
    """It sends its head and the beginning of a body, and never ends."""
    close: bool = False
    """It closes the connection without an answer."""
    reset: bool = False
    """It resets the connection (RST) without an answer."""
    raw: bytes = b""
    """It answers these bytes, whatever they are, and closes the connection."""
    drip: float = 0.0
    """It answers `raw` byte by byte, so many seconds apart, again and again."""


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    arrived_at: datetime
    problem: str | None = None
    """Why it could not be verified."""

    @property
    def event(self) -> dict[str, Any]:
        """The body's JSON."""
        event: dict[str, Any] = json.loads(self.body)
        return event

    @property
    def id(self) -> str:
        """The event's id."""
        return self.headers["webhook-id"]


class Receiver:
    """`async with Receiver(secret) as receiver: … receiver.url`. Requests that can't be verified are answered
    400, and `problem` says why; `secret` may differ by path; without any, nothing is verified."""

    def __init__(
        self,
        secret: str | Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.secret = secret
        self.tls = tls
        self.received: list[Received] = []
        self.answers: deque[Answer] = deque()
        """Used up one by one, then it is `default`."""
        self.default = Answer()
        self.streamed = 0
        """Bytes of large bodies that went out."""
        self.connections = 0
        self.url = ""
        self._host, self._port = host, port
        self._changed, self._closing = asyncio.Condition(), asyncio.Event()
        self._seen: set[asyncio.BaseTransport | None] = set()

    async def __aenter__(self) -> "Receiver":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def start(self) -> str:
        """Listens; returns the address to post to."""
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_route("*", "/{path:.*}", self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port, backlog=2048, ssl_context=self.tls)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"{'https' if self.tls else 'http'}://{host}:{port}/hook"
        return self.url

    async def aclose(self) -> None:
        """Stops listening; what hangs is cut off."""
        self._closing.set()
        await self._runner.cleanup()

    async def until(self, enough: Callable[[list[Received]], bool] | int, within: float = 60.0) -> list[Received]:
        """Waits until that many requests arrived, or until what arrived is enough; raises TimeoutError."""

        def met() -> bool:
            return len(self.received) >= enough if isinstance(enough, int) else enough(self.received)

        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(met)
        return self.received

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        arrived = datetime.now(UTC)
        if request.transport not in self._seen:
            self._seen.add(request.transport)
            self.connections += 1
        headers = {name.lower(): value for name, value in request.headers.items()}
        problem = self._problem(request.path, headers, body)
        async with self._changed:
            self.received.append(Received(request.path, headers, body, arrived, problem))
            self._changed.notify_all()
        if problem is not None:
            return web.Response(status=400, text=problem)
        return await self._reply(request, self.answers.popleft() if self.answers else self.default)

    def _problem(self, path: str, headers: Mapping[str, str], body: bytes) -> str | None:
        secret = self.secret if isinstance(self.secret, str | None) else self.secret.get(path)
        if secret is None:
            return None
        try:
            Webhook(secret).verify(body, dict(headers))
        except (WebhookVerificationError, ValueError) as error:
            return f"not verified: {error}"
        return None

    async def _reply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        await asyncio.sleep(answer.delay)
        if answer.hang:
            await self._closing.wait()
        if request.transport is not None:
            await self._misbehave(request.transport, answer)
        if answer.size or answer.stall:
            return await self._stream(request, answer)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def _misbehave(self, transport: asyncio.Transport, answer: Answer) -> None:
        if answer.reset:
            at_once = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        if answer.close or answer.reset:
            transport.abort()
        while answer.drip and not transport.is_closing():
            await self._drip(transport, answer)
        if answer.raw:
            transport.write(answer.raw)
            transport.close()

    async def _drip(self, transport: asyncio.Transport, answer: Answer) -> None:
        for place in range(len(answer.raw)):
            if transport.is_closing():
                return
            transport.write(answer.raw[place : place + 1])
            await asyncio.sleep(answer.drip)

    async def _stream(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        await response.prepare(request)
        await response.write(answer.body or b" ")
        try:
            while self.streamed < answer.size:
                await response.write(CHUNK)
                self.streamed += len(CHUNK)
            if answer.stall:
                await self._closing.wait()
        except ConnectionError:
            pass  # the sender has seen enough
        return response
