"""A strict stand-in of Slack on 127.0.0.1: Web API, response URLs, slash commands over HTTP and Socket Mode.

It refuses what Slack refuses and counts what Slack counts. What Slack would swallow but nobody should send (a raw
mention, blocks without text) is a violation: `assert_clean()` fails the test that caused it.

    async with SlackServer() as slack:
        client = AsyncWebClient(slack.bot_token, slack.api_url)
        …
        print(slack.transcript("C1"))
        slack.assert_clean()
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp
from aiohttp import web
from standins import slack_rules as rules
from standins.slack_channel import Channel, Message, shown

RESPONSE_USES = 5
RESPONSE_LIFE = 30 * 60
HANG = "hang"
POSTED_BUT_500 = "posted_but_500"
_TS = re.compile(r"^\d{10,}\.\d{6}$")

Json = dict[str, Any]


class OperationTimeoutError(AssertionError):
    """The app did not acknowledge within 3 s: the person sees `operation_timeout`."""


@dataclass
class Answer:
    """What a person gets to see after a command. Ephemeral: nobody else does."""

    text: str
    blocks: list[Json]
    ephemeral: bool

    @property
    def shown(self) -> str:
        """What a person reads in it."""
        return shown(self.text, self.blocks)


@dataclass
class _Command:
    """One slash command on its way, and what came back."""

    channel: str
    made_at: float
    uses: int = 0
    answers: list[Answer] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class _Failure:
    kind: str
    retry_after: float


class SlackServer:
    """`rate`: messages a second in one channel after `burst` (None: no limits at all)."""

    def __init__(
        self,
        *,
        rate: float | None = 1.0,
        burst: int = 5,
        now: Callable[[], float] = time.time,
        ack_limit: float = 3.0,
    ) -> None:
        self.bot_token, self.app_token, self.signing_secret = "xoxb-1-stand-in", "xapp-1-stand-in", "5ecre7"
        self.team_id, self.bot_user = "T1", "UBOT"
        self.scopes = {"commands", "chat:write", "chat:write.public", "connections:write"}
        self.token_error: str | None = None
        """What every call is answered with once the install is dead: token_revoked, account_inactive …"""
        self.request_url: str | None = None
        """Where slash commands go to over HTTP; without it they go through the socket."""
        self.violations: list[str] = []
        self.calls: list[tuple[str, Json]] = []
        self.acks: list[float] = []
        """How long each acknowledgement took, in seconds."""
        self._rate, self._burst, self._now, self._ack_limit = rate, burst, now, ack_limit
        self._channels = {c.id: c for c in (Channel("C1", "ops"), Channel("C2", "general"))}
        self._failures: dict[str, deque[_Failure]] = defaultdict(deque)
        self._tokens: dict[str, tuple[float, float]] = {}
        self._windows: dict[str, deque[float]] = defaultdict(deque)
        self._blocked: dict[str, float] = {}
        self._commands: dict[str, _Command] = {}
        self._sockets: list[web.WebSocketResponse] = []
        self._tickets: set[str] = set()
        self._envelopes: dict[str, asyncio.Future[Json]] = {}
        self._connected = asyncio.Condition()
        self._connections = 0
        self._last_ts = 0
        self._stopping = asyncio.Event()

    # life

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=8 * 2**20)
        app.router.add_post("/api/{method}", self._web_api)
        app.router.add_post("/response/{id}", self._response_url)
        app.router.add_get("/socket/{ticket}", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        for socket in self._sockets:
            await socket.close()
        await self._http.close()
        await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        """For SLACK_API_URL."""
        return f"http://127.0.0.1:{self.port}/api/"

    # what a test arranges and looks at

    def add_channel(self, id: str, name: str | None = None, **more: Any) -> Channel:
        """A channel, public and with the bot in it unless told otherwise."""
        self._channels[id] = Channel(id, name or id.lower(), **more)
        return self._channels[id]

    def channel(self, id: str) -> Channel:
        """A channel with its messages."""
        return self._channels[id]

    def transcript(self, id: str) -> str:
        """The channel as a person would see it."""
        return self._channels[id].transcript()

    def delete(self, channel: str, ts: str) -> None:
        """Somebody deletes a message."""
        messages = self._channels[channel].messages
        messages[:] = [message for message in messages if message.ts != ts]

    def fail_next(self, method: str, kind: str, *, times: int = 1, retry_after: float = 1) -> None:
        """The next calls fail: one of Slack's errors, a status ("503"), HANG, or POSTED_BUT_500."""
        special = kind in (HANG, POSTED_BUT_500) or kind.isdecimal()
        if not special and not rules.is_answer(method, kind):
            raise ValueError(f"{method} never answers {kind}")
        self._failures[method].extend(_Failure(kind, retry_after) for _ in range(times))

    def called(self, method: str) -> list[Json]:
        """The arguments of each call of a method, refused ones too."""
        return [arguments for name, arguments in self.calls if name == method]

    def assert_clean(self) -> None:
        """Nothing was sent that should not be."""
        assert not self.violations, "\n".join(self.violations)

    # people's commands

    async def slash(
        self,
        command: str,
        text: str,
        *,
        channel: str = "C1",
        user: str = "U1",
        answers: int = 1,
        within: float = 10,
        trigger_id: str | None = None,
        retry: bool = False,
    ) -> list[Answer]:
        """Somebody types a command: what they get to see, once `answers` have come.

        Raises OperationTimeoutError when the app does not acknowledge in 3 s.
        """
        url = self.make_response_url(channel)
        waiting = self._commands[url.rpartition("/")[2]]
        form = self._slash_form(command, text, channel, user, url, trigger_id or f"{uuid4().int % 10**9}.1")
        await (self._over_http(form, waiting, retry) if self.request_url else self._over_socket(form, waiting))
        try:
            async with asyncio.timeout(within):
                while len(waiting.answers) < answers:
                    waiting.news.clear()
                    await waiting.news.wait()
        except TimeoutError:
            raise AssertionError(f"{command} {text}: {len(waiting.answers)} answers of {answers}") from None
        return waiting.answers

    def make_response_url(self, channel: str = "C1") -> str:
        """The address that a command's answers go to."""
        id = uuid4().hex
        self._commands[id] = _Command(channel, self._now())
        return f"http://127.0.0.1:{self.port}/response/{id}"

    def _slash_form(
        self, command: str, text: str, channel: str, user: str, url: str, trigger: str
    ) -> dict[str, str]:
        room = self._channels.get(channel)
        return {
            "token": "deprecated",
            "team_id": self.team_id,
            "team_domain": "example",
            "channel_id": channel,
            "channel_name": "privategroup" if room and room.private else room.name if room else "directmessage",
            "user_id": user,
            "user_name": user.lower(),
            "command": command,
            "text": text,
            "api_app_id": "A1",
            "is_enterprise_install": "false",
            "response_url": url,
            "trigger_id": trigger,
        }

    async def _over_http(self, form: dict[str, str], waiting: _Command, retry: bool) -> None:
        headers = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
        try:
            status, body = await self.deliver(urlencode(form), headers=headers)
        except TimeoutError:
            raise OperationTimeoutError(form["text"]) from None
        if status != 200:
            raise AssertionError(f"{form['command']} failed with dispatch_failed: {status} {body}")
        if body:
            payload = json.loads(body) if body.startswith("{") else {"text": body}
            self._take_answer(waiting, payload)

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
            self._http.post(self.request_url, data=body, headers=sent | (headers or {})) as answer,
        ):
            text = await answer.text()
        self.acks.append(time.monotonic() - begun)
        return answer.status, text

    async def _over_socket(self, form: dict[str, str], waiting: _Command) -> None:
        await self.connected()
        id, begun = str(uuid4()), time.monotonic()
        acknowledged = self._envelopes[id] = asyncio.get_running_loop().create_future()
        envelope = {"type": "slash_commands", "envelope_id": id, "payload": form, "accepts_response_payload": True}
        await self._sockets[-1].send_json(envelope)
        try:
            async with asyncio.timeout(self._ack_limit):
                payload = await acknowledged
        except TimeoutError:
            raise OperationTimeoutError(form["text"]) from None
        self.acks.append(time.monotonic() - begun)
        if payload:
            self._take_answer(waiting, payload)

    # Socket Mode

    async def connected(self, connections: int = 1, within: float = 10) -> None:
        """Waits until a socket is open and at least so many have been opened in all."""
        async with asyncio.timeout(within), self._connected:
            await self._connected.wait_for(lambda: self._sockets and self._connections >= connections)

    async def refresh_sockets(self) -> None:
        """Slack rotates its connections: the client is expected to come again."""
        for socket in list(self._sockets):
            await socket.send_json(
                {"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "h"}}
            )

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["ticket"] not in self._tickets:
            raise web.HTTPNotFound
        self._tickets.discard(request.match_info["ticket"])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}})
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

    # response URLs

    async def _response_url(self, request: web.Request) -> web.Response:
        waiting = self._commands.get(request.match_info["id"])
        if waiting is None or self._now() - waiting.made_at > RESPONSE_LIFE:
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        if waiting.uses >= RESPONSE_USES:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        waiting.uses += 1
        payload = await request.json()
        known = {"text", "blocks", "response_type", "replace_original", "delete_original", "thread_ts"}
        if unknown := payload.keys() - known - {"unfurl_links", "unfurl_media", "attachments", "metadata"}:
            self._violation(f"response_url: unknown {sorted(unknown)}")
        if self._take_answer(waiting, payload):
            return web.json_response({"ok": False, "error": "invalid_blocks"}, status=400)
        return web.Response(text="ok")

    def _take_answer(self, waiting: _Command, payload: Json) -> list[str]:
        faults = self._judge("response", payload)
        ephemeral = payload.get("response_type", "ephemeral") == "ephemeral"
        if not faults:
            answer = Answer(payload.get("text", ""), payload.get("blocks", []), ephemeral)
            waiting.answers.append(answer)
            if not ephemeral and waiting.channel in self._channels:
                self._store(self._channels[waiting.channel], payload)
            waiting.news.set()
        return faults

    # Web API

    async def _web_api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments, token = await _arguments(request)
        self.calls.append((method, arguments))
        if method not in rules.ARGUMENTS:
            self._violation(f"{method} is not known here")
            return _refusal("unknown_method")
        failure = self._failures[method].popleft() if self._failures[method] else None
        if failure is not None and failure.kind != POSTED_BUT_500:
            return await self._fail(failure)
        refusal = self._gate(method, arguments, token)
        if refusal is None:
            refusal = self._limit(method, arguments)
        if refusal is not None:
            return refusal
        answer = getattr(self, "_" + re.sub(r"\W", "_", method))(arguments)
        return web.Response(status=500, text="oops") if failure else answer

    async def _fail(self, failure: _Failure) -> web.StreamResponse:
        if failure.kind == HANG:
            await self._stopping.wait()
            return web.Response(status=503)
        if failure.kind.isdecimal():
            return web.Response(
                status=int(failure.kind), text="<html>upstream trouble</html>", content_type="text/html"
            )
        return _limited(failure.retry_after) if failure.kind == "ratelimited" else _refusal(failure.kind)

    def _gate(self, method: str, arguments: Json, token: str | None) -> web.Response | None:
        """Who calls, with which arguments."""
        if not token:
            return _refusal("not_authed")
        if token not in (self.bot_token, self.app_token):
            return _refusal("invalid_auth")
        if token != (self.app_token if method == "apps.connections.open" else self.bot_token):
            return _refusal("not_allowed_token_type")
        if self.token_error is not None:
            return _refusal(self.token_error)
        if (scope := rules.SCOPES.get(method)) and scope not in self.scopes:
            return _refusal("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))
        if unknown := arguments.keys() - rules.arguments(method):
            self._violation(f"{method}: unknown arguments {sorted(unknown)}")
            return _refusal("invalid_arg_name")
        if missing := [name for name in rules.REQUIRED.get(method, ()) if not arguments.get(name)]:
            self._violation(f"{method}: {missing} missing")
            return _refusal("invalid_arguments")
        return None

    def _limit(self, method: str, arguments: Json) -> web.Response | None:
        """429 while the channel or the method is over its limit, with the seconds to wait."""
        if self._rate is None:
            return None
        if (wait := self._blocked.get(method, 0) - self._now()) > 0:
            return _limited(wait)
        wait = (
            self._channel_wait(arguments["channel"]) if method == "chat.postMessage" else self._tier_wait(method)
        )
        if wait > 0:
            self._blocked[method] = self._now() + wait
        return _limited(wait) if wait > 0 else None

    def _channel_wait(self, channel: str) -> float:
        rate, now = self._rate or 1.0, self._now()
        left, at = self._tokens.get(channel, (float(self._burst), now))
        left = min(float(self._burst), left + (now - at) * rate)
        self._tokens[channel] = (left - 1 if left >= 1 else left, now)
        return 0.0 if left >= 1 else (1 - left) / rate

    def _tier_wait(self, method: str) -> float:
        window, now = self._windows[method], self._now()
        while window and window[0] <= now - 60:
            window.popleft()
        if len(window) >= rules.PER_MINUTE.get(method, 100):
            return window[0] + 60 - now
        window.append(now)
        return 0.0

    def _auth_test(self, arguments: Json) -> web.Response:
        known = {
            "team_id": self.team_id,
            "team": "Example",
            "user_id": self.bot_user,
            "user": "uptimus",
            "bot_id": "B1",
        }
        return web.json_response({"ok": True, "url": "https://example.slack.com/", **known})

    def _apps_connections_open(self, arguments: Json) -> web.Response:
        ticket = uuid4().hex
        self._tickets.add(ticket)
        return web.json_response({"ok": True, "url": f"ws://127.0.0.1:{self.port}/socket/{ticket}"})

    def _conversations_info(self, arguments: Json) -> web.Response:
        room = self._channels.get(arguments["channel"])
        if room is None or (room.private and not room.member):
            return _refusal("channel_not_found")
        about = {"id": room.id, "name": room.name, "is_archived": room.archived, "is_member": room.member}
        return web.json_response({"ok": True, "channel": about | {"is_private": room.private, "is_channel": True}})

    def _chat_postMessage(self, arguments: Json) -> web.Response:  # noqa: N802
        refusal = self._closed(arguments) or self._bad_message("chat.postMessage", arguments)
        if refusal is None:
            refusal = self._bad_thread(arguments)
        if refusal is not None:
            return refusal
        message = self._store(self._channels[arguments["channel"]], arguments)
        return web.json_response({"ok": True, "channel": arguments["channel"], "ts": message.ts, "message": {}})

    def _chat_update(self, arguments: Json) -> web.Response:
        room = self._channels.get(arguments["channel"])
        if room is None:
            return _refusal("channel_not_found")
        if refusal := self._bad_message("chat.update", arguments):
            return refusal
        message = room.find(arguments["ts"]) if isinstance(arguments["ts"], str) else None
        if message is None:
            return _refusal("message_not_found")
        if message.user != "uptimus":
            return _refusal("cant_update_message")
        message.edits.append((message.text, message.blocks))
        message.text, message.blocks = arguments.get("text", ""), arguments.get("blocks", [])
        message.metadata = arguments.get("metadata", message.metadata)
        return web.json_response({"ok": True, "channel": room.id, "ts": message.ts, "text": message.text})

    def _chat_postEphemeral(self, arguments: Json) -> web.Response:  # noqa: N802
        if refusal := self._closed(arguments) or self._bad_message("chat.postEphemeral", arguments):
            return refusal
        if arguments["user"] not in self._channels[arguments["channel"]].users:
            return _refusal("user_not_in_channel")
        return web.json_response({"ok": True, "message_ts": self._ts()})

    def _closed(self, arguments: Json) -> web.Response | None:
        """Whether the bot may post in the channel."""
        room = self._channels.get(arguments["channel"])
        if str(arguments["channel"]).startswith("#"):
            self._violation(f"a channel's name instead of its id: {arguments['channel']}")
        if room is None or (room.private and not room.member):
            return _refusal("channel_not_found")
        if room.archived:
            return _refusal("is_archived")
        if not room.member and "chat:write.public" not in self.scopes:
            return _refusal("not_in_channel")
        return _refusal(room.refuses) if room.refuses else None

    def _bad_message(self, method: str, arguments: Json) -> web.Response | None:
        if not arguments.get("text") and not arguments.get("blocks"):
            self._violation(f"{method}: no text")
            return _refusal("no_text")
        if len(arguments.get("text", "")) > 40_000:
            return _refusal("msg_too_long")
        for name in {"parse", "link_names", "username", "icon_emoji", "icon_url"} & arguments.keys():
            self._violation(f"{method}: {name} is set")
        if (
            method == "chat.postMessage"
            and not arguments.get("unfurl_links") is arguments.get("unfurl_media") is False
        ):
            self._violation(f"{method}: links would unfurl")
        if not _is_metadata(arguments.get("metadata")):
            return _refusal("invalid_metadata_format")
        faults = self._judge(method, arguments)
        return _refusal("invalid_blocks", response_metadata={"messages": faults}) if faults else None

    def _judge(self, where: str, message: Json) -> list[str]:
        refused, unwanted = rules.message_faults(message)
        for fault in (*refused, *unwanted):
            self._violation(f"{where}: {fault}")
        return refused

    def _bad_thread(self, arguments: Json) -> web.Response | None:
        ts = arguments.get("thread_ts")
        if ts is None:
            if "reply_broadcast" in arguments:
                self._violation("reply_broadcast outside a thread")
            return None
        if not isinstance(ts, str) or not _TS.match(ts):
            self._violation(f"thread_ts {ts!r} is no ts")
            return _refusal("invalid_arguments")
        parent = self._channels[arguments["channel"]].find(ts)
        if parent is None:
            return _refusal("thread_not_found")
        if parent.thread_ts is not None:
            self._violation("thread_ts is a reply's, not its parent's")
            return _refusal("cannot_reply_to_message")
        return None

    def _store(self, room: Channel, arguments: Json) -> Message:
        message = Message(
            ts=self._ts(),
            text=arguments.get("text", ""),
            blocks=arguments.get("blocks") or [],
            user="uptimus",
            thread_ts=arguments.get("thread_ts"),
            broadcast=bool(arguments.get("reply_broadcast")),
            metadata=arguments.get("metadata"),
        )
        room.messages.append(message)
        return message

    def _ts(self) -> str:
        self._last_ts = max(self._last_ts + 1, int(time.time() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def _violation(self, text: str) -> None:
        self.violations.append(text)


async def _arguments(request: web.Request) -> tuple[Json, str | None]:
    """(arguments, token), from JSON or from a form as Slack takes both."""
    if request.content_type == "application/json":
        arguments: Json = await request.json()
    else:
        arguments = {key: str(value) for key, value in (await request.post()).items()}
        for name in {"blocks", "metadata", "attachments"} & arguments.keys():
            arguments[name] = json.loads(arguments[name])
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = arguments.pop("token", None)
    return arguments, token if scheme == "Bearer" else given


def _refusal(error: str, **more: Any) -> web.Response:
    return web.json_response({"ok": False, "error": error, **more})


def _limited(seconds: float) -> web.Response:
    headers = {"Retry-After": str(max(1, -(-int(seconds * 1000) // 1000)))}
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)


def _is_metadata(metadata: Any) -> bool:
    if metadata is None:
        return True
    right = isinstance(metadata, dict) and isinstance(metadata.get("event_payload"), dict)
    return right and bool(re.fullmatch(r"[\w.-]{1,255}", str(metadata.get("event_type", ""))))


async def _serve() -> None:
    """By itself, for a person who wants to look: prints the settings that point uptimus here."""
    async with SlackServer() as slack:
        print(
            f"SLACK_API_URL={slack.api_url}\nSLACK_BOT_TOKEN={slack.bot_token}\nSLACK_APP_TOKEN={slack.app_token}"
        )
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve())
