"""How requests of the stand-in Slack reach the app: signed over HTTP, or as envelopes through Socket Mode."""

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp
from aiohttp import web
from standins.slack_state import Json, State

ACK_LIMIT = 15.0
"""Seconds. Slack's are 3; a starved machine may need more for what ours does first, which is hardly anything."""


class OperationTimeoutError(AssertionError):
    """The app did not acknowledge in time: the person sees `operation_timeout`."""


class Delivery(State):
    """`request_url`: where everything goes to over HTTP; without it, it goes through the socket."""

    def __init__(self, *, ack_limit: float = ACK_LIMIT, **options: Any) -> None:
        super().__init__(**options)
        self.app_token, self.signing_secret = "xapp-1-stand-in", "5ecre7"
        self.request_url: str | None = None
        self.acks: list[float] = []
        """How long each acknowledgement took, in seconds."""
        self.port = 0
        self._ack_limit = ack_limit
        self._sockets: list[web.WebSocketResponse] = []
        self._tickets: set[str] = set()
        self._envelopes: dict[str, asyncio.Future[Json]] = {}
        self._connected = asyncio.Condition()
        self._connections = 0
        self._http: aiohttp.ClientSession

    async def _hand_over(self, kind: str, payload: Json, said: str, *, retry: bool = False) -> Json:
        """A request of a kind that Socket Mode names: what the app acknowledged it with.

        Raises OperationTimeoutError where it comes too late, AssertionError for another status than 200.
        """
        try:
            if self.request_url is None:
                return await self._over_socket(kind, payload, retry)
            return await self._over_http(kind, payload, said, retry)
        except TimeoutError:
            raise OperationTimeoutError(said) from None

    # HTTP

    async def _over_http(self, kind: str, payload: Json, said: str, retry: bool) -> Json:
        headers = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
        form = urlencode(payload if kind == "slash_commands" else {"payload": json.dumps(payload)})
        if kind == "events_api":
            status, body = await self.deliver(
                json.dumps(payload), headers=headers, content_type="application/json"
            )
        else:
            status, body = await self.deliver(form, headers=headers)
        if status != 200:
            raise AssertionError(f"{said} failed with dispatch_failed: {status} {body}")
        read: Json = json.loads(body) if body.startswith("{") else {"text": body} if body else {}
        return read

    async def deliver(
        self,
        body: str,
        *,
        secret: str | None = None,
        age: float = 0,
        headers: dict[str, str] | None = None,
        content_type: str = "application/x-www-form-urlencoded",
    ) -> tuple[int, str]:
        """A signed request to the app: (status, body). `secret` and `age` (seconds) forge it."""
        assert self.request_url is not None
        stamp = str(int(time.time() - age))
        signed = hmac.new((secret or self.signing_secret).encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256)
        sent = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signed.hexdigest()}",
        }
        begun = time.monotonic()
        async with (
            asyncio.timeout(self._ack_limit),
            self._http.post(self.request_url, data=body.encode(), headers=sent | (headers or {})) as answer,
        ):
            text = await answer.text()
        self.acks.append(time.monotonic() - begun)
        return answer.status, text

    # Socket Mode

    async def _over_socket(self, kind: str, payload: Json, retry: bool) -> Json:
        await self.connected()
        id, begun = str(uuid4()), time.monotonic()
        acknowledged = self._envelopes[id] = asyncio.get_running_loop().create_future()
        envelope: Json = {"type": kind, "envelope_id": id, "payload": payload}
        envelope["accepts_response_payload"] = kind != "events_api"
        if kind == "events_api":
            envelope |= {"retry_attempt": int(retry), "retry_reason": "timeout" if retry else ""}
        await self._sockets[-1].send_json(envelope)
        async with asyncio.timeout(self._ack_limit):
            answer: Json = await acknowledged
        self.acks.append(time.monotonic() - begun)
        return answer

    async def connected(self, connections: int = 1, within: float = 60) -> None:
        """Waits until a socket is open and at least so many have been opened in all."""
        async with asyncio.timeout(within), self._connected:
            await self._connected.wait_for(lambda: self._sockets and self._connections >= connections)

    async def refresh_sockets(self) -> None:
        """Slack rotates its connections: the client is expected to come again."""
        for socket in list(self._sockets):
            await socket.send_json(
                {"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "h"}}
            )

    def _new_socket_url(self) -> str:
        ticket = uuid4().hex
        self._tickets.add(ticket)
        return f"ws://127.0.0.1:{self.port}/socket/{ticket}"

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["ticket"] not in self._tickets:
            raise web.HTTPNotFound
        self._tickets.discard(request.match_info["ticket"])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": self.app_id}})
        async with self._connected:
            self._sockets.append(socket)
            self._connections += 1
            self._connected.notify_all()
        try:
            async for frame in socket:
                self._take_frame(frame)
        finally:
            self._sockets.remove(socket)
        return socket

    def _take_frame(self, frame: aiohttp.WSMessage) -> None:
        if frame.type != aiohttp.WSMsgType.TEXT:
            return
        answer = json.loads(frame.data)
        waiting = self._envelopes.pop(answer.get("envelope_id", ""), None)
        if waiting is None:
            self._violation(f"an envelope was acknowledged that nobody sent, or twice: {frame.data}")
        elif not waiting.done():
            waiting.set_result(answer.get("payload") or {})
