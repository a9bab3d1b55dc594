"""The REST side of the stand-in Discord: who asks, how often, for what, and which failure a test has arranged.

The answers' Content-Type is exactly `application/json`, since discord.py parses no other, and they carry `Via`,
without which it takes a 429 for a ban by Cloudflare.
"""

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web
from standins import discord_spec as spec
from standins.discord_errors import CODES, Refusal, refuse
from standins.discord_limits import INVALID, UNLIMITED, Bucket, Limits
from standins.discord_routes import Call, Route, routes_of
from standins.discord_rules import file_faults
from standins.discord_state import Json, State

HANG = "hang"
POSTED_BUT_500 = "posted_but_500"
POSTED_BUT_CUT = "posted_but_cut"
"""It is done, and the connection ends before the answer."""
_DONE = (POSTED_BUT_500, POSTED_BUT_CUT)
_BODIES = ("application/json", "multipart/form-data")


@dataclass
class _Failure:
    method: str
    pattern: str
    kind: int | str
    retry_after: float
    scope: str

    def meets(self, call: Call) -> bool:
        return self.method == call.method and (self.pattern == call.route or fnmatchcase(call.path, self.pattern))


class Rest(State):
    """Every request is remembered in `calls`, refused ones too."""

    def __init__(
        self, *, pace: float | None = 1.0, invalid: int = INVALID, check_answers: bool = False, **options: Any
    ) -> None:
        self.calls: list[Call] = []
        self.check_answers = check_answers
        self._failures: deque[_Failure] = deque()
        self._stopping = asyncio.Event()
        super().__init__(**options)
        self.limits = Limits(self.now, pace, invalid)
        self._routes = routes_of(self)

    def fail_next(
        self,
        method: str,
        route: str,
        kind: int | str,
        *,
        times: int = 1,
        retry_after: float = 1.0,
        scope: str = "user",
    ) -> None:
        """The next requests fail: with a status, one of Discord's codes, HANG, POSTED_BUT_500 or POSTED_BUT_CUT.

        `route`: as in Discord's documentation (`/channels/{channel_id}/messages`), or a path with wildcards
        (`/channels/123/*`). A 429 takes `retry_after` and `scope` ("user", "global", "shared").
        """
        if isinstance(kind, int) and kind >= 600 and kind not in CODES:
            raise ValueError(f"{kind} is none of Discord's codes that are known here")
        self._failures.extend(_Failure(method, route, kind, retry_after, scope) for _ in range(times))

    def called(self, route: str) -> list[Call]:
        """The requests to a route (`POST /channels/{channel_id}/messages`), refused ones too."""
        if route not in {f"{one.method} {one.template}" for one in self._routes}:
            raise ValueError(f"{route} is not known here")
        return [call for call in self.calls if call.name == route]

    @property
    def in_vain(self) -> int:
        """Requests of the last ten minutes that Discord holds against the bot: 401, 403 and 429."""
        return self.limits.in_vain

    # a request

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        call = Call(request.method, "/" + request.match_info["path"], self.now(), query=dict(request.query))
        if self.limits.banned:
            return web.Response(status=429, text="<html>You are being blocked from accessing our API", headers={})
        self.calls.append(call)
        headers: dict[str, str] = {"Via": "1.1 google"}
        try:
            route = self._match(call)
            failure = self._failure(call)
            if failure is not None and failure.kind not in _DONE:
                return await self._fail(call, failure, headers)
            answer = await self._answered(request, call, route, headers)
        except Refusal as refusal:
            return self._refused(call, refusal, headers)
        except Exception as error:  # discord.py would try a 500 of ours again and hide it
            self.violation(f"the stand-in failed at {call.method} {call.path}: {error!r}")
            raise
        finally:
            self.changed()
        call.status = 204 if answer is None else route.status
        if failure is not None:
            return await _lose(request, failure)
        if self.check_answers and answer is not None:
            self.violations.extend(spec.answer_faults(call.method, call.route, call.status, answer))
        if answer is None:
            return web.Response(status=204, headers=headers)
        return _json(answer, call.status, headers)

    def _match(self, call: Call) -> Route:
        for route in self._routes:
            if route.method == call.method and (found := route.pattern.fullmatch(call.path)):
                call.route, call.names = route.template, found.groupdict()
                return route
        self.violation(f"{call.method} {call.path} is not known here")
        raise Refusal(10002, status=404)

    async def _answered(self, request: web.Request, call: Call, route: Route, headers: dict[str, str]) -> Any:
        if route.bot:
            self._check_token(request)
        headers |= self._within_limits(call)
        call.body, call.files = await _body(request)
        refuse(list(file_faults(call.body, call.files)))
        if call.body is not None:
            refuse(list(spec.request_faults(call.method, call.route, call.body)))
            self.violations.extend(spec.unknown_keys(call.method, call.route, call.body))
        return route.handler(call)

    def _check_token(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bot {self.token}":
            raise Refusal(0)
        if not request.headers.get("User-Agent", "").startswith("DiscordBot ("):
            raise Refusal(40333)

    # limits

    def _within_limits(self, call: Call) -> dict[str, str]:
        """The headers that tell of the bucket; _TooMany when it is empty."""
        if not call.path.startswith(UNLIMITED) and (wait := self.limits.take_global()):
            raise _TooMany("global", wait)
        bucket = self.limits.take(call.name, call.resource)
        if bucket is None:
            return {}
        if bucket.wait:
            raise _TooMany("user", bucket.wait, _bucket_headers(bucket, self.now()))
        return _bucket_headers(bucket, self.now())

    def within(self, kind: str, resource: str, limit: tuple[int, float], code: int = 0) -> None:
        """Counts something that is limited beside the buckets; a 429 (with a code where it has one) beyond it."""
        wait = self.limits.take_within(kind, resource, *limit)
        if wait and code:
            raise Refusal(code, wait=wait)
        if wait:
            raise _TooMany("shared", wait)

    def _refused(self, call: Call, refusal: Refusal, headers: dict[str, str]) -> web.Response:
        call.status, call.code = refusal.status, refusal.code
        scope = refusal.scope if isinstance(refusal, _TooMany) else "user"
        if refusal.status in (401, 403) or (refusal.status == 429 and scope != "shared"):
            self.limits.count_in_vain()
        if refusal.status == 429:
            headers |= {"Retry-After": str(-(-int(refusal.wait * 1000) // 1000)), "X-RateLimit-Scope": scope}
        if isinstance(refusal, _TooMany):
            headers |= refusal.headers
        return _json(refusal.as_discord(), refusal.status, headers)

    # failures

    def _failure(self, call: Call) -> _Failure | None:
        found = next((one for one in self._failures if one.meets(call)), None)
        if found is not None:
            self._failures.remove(found)
        return found

    async def _fail(self, call: Call, failure: _Failure, headers: dict[str, str]) -> web.StreamResponse:
        if failure.kind == HANG:
            self.changed()
            await self._stopping.wait()
            return web.Response(status=503)
        kind = int(failure.kind)
        if kind == 429:
            raise _TooMany(failure.scope, failure.retry_after)
        if kind >= 600:
            raise Refusal(kind, wait=failure.retry_after)
        if kind in (401, 403):
            self.limits.count_in_vain()
        call.status = kind
        return web.Response(
            status=kind, text="<html>upstream trouble</html>", content_type="text/html", headers=headers
        )


class _TooMany(Refusal):
    """A 429. `scope`: "user", "global" or "shared"."""

    def __init__(self, scope: str, wait: float, headers: dict[str, str] | None = None) -> None:
        super().__init__(0, status=429, wait=wait)
        self.scope = scope
        self.headers = (headers or {}) | ({"X-RateLimit-Global": "true"} if scope == "global" else {})

    def as_discord(self) -> Json:
        shared = "The resource is being rate limited."
        message = shared if self.scope == "shared" else "You are being rate limited."
        return {"message": message, "retry_after": round(self.wait, 3), "global": self.scope == "global"}


def _bucket_headers(bucket: Bucket, now: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(bucket.limit),
        "X-RateLimit-Remaining": str(bucket.remaining),
        "X-RateLimit-Reset": f"{now + bucket.reset_after:.3f}",
        "X-RateLimit-Reset-After": f"{bucket.reset_after:.3f}",
        "X-RateLimit-Bucket": bucket.name,
    }


async def _body(request: web.Request) -> tuple[Any, dict[str, tuple[str, bytes]]]:
    """The JSON of a request, in a form beside files too (None where there is none); and those files."""
    if not request.can_read_body:
        return None, {}
    if request.content_type not in _BODIES:
        raise Refusal(
            50035, errors={"_errors": [{"code": "CONTENT_TYPE_INVALID", "message": request.content_type}]}
        )
    if request.content_type == "multipart/form-data":
        form = await request.post()
        files = {
            name[len("files[") : -1]: (part.filename, part.file.read())
            for name, part in form.items()
            if isinstance(part, web.FileField)
        }
        return json.loads(str(form.get("payload_json", "{}"))), files
    try:
        return await request.json(), {}
    except ValueError:
        raise Refusal(50035, errors={"_errors": [{"code": "INVALID_JSON", "message": "not JSON"}]}) from None


async def _lose(request: web.Request, failure: _Failure) -> web.StreamResponse:
    if failure.kind == POSTED_BUT_CUT and request.transport is not None:
        request.transport.abort()
    return web.Response(status=500, text="oops", headers={"Via": "1.1 google"})


def _json(body: Any, status: int, headers: dict[str, str]) -> web.Response:
    return web.Response(
        body=json.dumps(body).encode(), status=status, content_type="application/json", headers=headers
    )
