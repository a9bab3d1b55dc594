"""Who comes in under /api: whose token was sent, how often they ask, and what a browser's script may read."""

from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.limits import Network, RateLimit, client_of
from bot.web.api import problems
from bot.web.api.problems import Problem
from storage import api_tokens
from storage.api_tokens import Bearer
from storage.database import Database

BEARER = web.RequestKey("bearer", Bearer)
OPEN = 120
"""Requests a minute without a token, by address."""
WITH_TOKEN = 600
"""Requests a minute, by token."""
READABLE = "ETag, Link, RateLimit, RateLimit-Policy, Retry-After"


class Gate:
    """A middleware's state: the two limits, and where tokens are looked up."""

    def __init__(
        self,
        database: Database,
        *,
        proxies: Sequence[Network] = (),
        unknown: RateLimit | None = None,
        known: RateLimit | None = None,
    ) -> None:
        self._database, self._proxies = database, proxies
        self._unknown, self._known = unknown or RateLimit(OPEN), known or RateLimit(WITH_TOKEN)

    async def admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answers what it lets in; everything that it answers says how much is left."""
        if not problems.is_api(request.path):
            return await handler(request)
        bearer = await self._bearer(request)
        if bearer is not None:
            verdict = self._known.take(str(bearer.token_id))
        else:
            verdict = self._unknown.take(client_of(request, self._proxies))
        if verdict.wait:
            return _open(problems.response(_too_many(verdict.wait)), verdict.headers)
        if bearer is None and "Authorization" in request.headers:
            return _open(problems.response(_no_token()), verdict.headers)
        if bearer is not None:
            request[BEARER] = bearer
        return _open(await problems.as_problems(request, handler), verdict.headers)

    async def _bearer(self, request: web.Request) -> Bearer | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token.startswith(api_tokens.PREFIX) or len(token) > 100:
            return None
        async with self._database.read() as session:
            bearer = await api_tokens.bearer(session, token)
            unnoted = bearer is not None and await api_tokens.unnoted(session, bearer.token_id)
        if bearer is not None and unnoted:
            async with self._database.write(relaxed=True) as session:
                await api_tokens.note_use(session, bearer.token_id)
        return bearer


def middleware(gate: Gate) -> Middleware:
    """As aiohttp takes it."""

    @web.middleware
    async def admitted(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await gate.admit(request, handler)

    return admitted


def _open(response: web.StreamResponse, headers: dict[str, str]) -> web.StreamResponse:
    """Any site's script may read what anybody may; a token it can't send, since no preflight is answered."""
    response.headers.update(headers)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = READABLE
    return response


def _too_many(wait: int) -> Problem:
    return Problem(429, f"Too many requests; try again in {wait} s")


def _no_token() -> Problem:
    return Problem(
        401,
        "This token is not valid; `uptimus token create NAME` makes one",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )
