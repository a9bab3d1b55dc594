"""Discord's REST through discord.py: its buckets, its waiting, and what goes wrong in one family of errors.

No gateway is needed to tell something: the client only logs in.
"""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
from discord.http import Route

from relay.transports.bucket import Bucket
from relay.transports.discord_errors import bad_token, refused, unsure
from relay.transports.transport import DeliveryError

CALL_TIMEOUT = 12.0
LONGEST_PAUSE = 10.0
"""Seconds that a call waits where Discord asks for it; what is farther away comes again later. discord.py's own
option for that refuses whatever a bucket with a longer window still has room for."""
FULL_AGAIN_IN = 15.0
"""Seconds until a bucket is looked at again that stayed empty for a whole call."""
A_SECOND, AT_ONCE = 35.0, 10.0
"""Requests of the whole bot. Discord takes fifty a second, and discord.py does not count them."""
TRIED_AGAIN = frozenset({500, 502, 504, 524})
"""By discord.py itself, inside of a call."""


class Wire:
    """Made at any time; the client comes with the first call, inside the running loop. `api_url`: Discord's
    address; in discord.py it is one for the whole process (None: it stays). `bucket`: of the whole bot."""

    def __init__(
        self,
        token: str,
        api_url: str | None = None,
        timeout: float = CALL_TIMEOUT,
        bucket: Bucket | None = None,
    ) -> None:
        self._token, self._api_url, self._timeout = token, api_url, timeout
        self._client: discord.Client | None = None
        self._login = asyncio.Lock()
        self._bucket, self._head = bucket or Bucket(A_SECOND, AT_ONCE), asyncio.Lock()
        self._resumes_at = 0.0

    async def me(self) -> str:
        """The bot's own id. Raises DeliveryError."""
        user = (await self._logged_in()).user
        assert user is not None
        return str(user.id)

    async def __call__(
        self, method: str, path: str, body: Any = None, *, query: dict[str, str] | None = None, **names: str
    ) -> Any:
        """Discord's answer. `path` as in Discord's documentation, `names` what stands in its braces. Raises
        DeliveryError, RefusedError where Discord said no."""
        client = await self._logged_in()
        await self._turn()
        more: dict[str, Any] = {"json": body} if body is not None else {}
        more |= {"params": query} if query else {}
        try:
            return await self._asked(client, Route(method, path, **names), more)
        except PauseError as pause:
            raise self._paused(pause) from None
        except discord.DiscordServerError as error:
            raise unsure(error) from None
        except discord.HTTPException as error:
            raise refused(error) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, LostError) as error:
            raise unsure(error) from None

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _paused(self, pause: "PauseError") -> DeliveryError:
        if pause.of_all:
            self._resumes_at = monotonic() + pause.seconds
        return DeliveryError("Discord asks to slow down", retry_after=pause.seconds, uncounted=True)

    async def _asked(self, client: discord.Client, route: Route, more: dict[str, Any]) -> Any:
        asking = _Asking()
        _ASKING.set(asking)
        try:
            async with asyncio.timeout(self._timeout):
                return await client.http.request(route, **more)
        except (TimeoutError, asyncio.CancelledError) as error:
            _let_go(client)
            if isinstance(error, TimeoutError) and not asking.sent:
                raise PauseError(FULL_AGAIN_IN) from None
            raise

    async def _turn(self) -> None:
        """Waits for the next of the requests that Discord takes of the whole bot."""
        if (wait := self._resumes_at - monotonic()) > 0:
            raise self._paused(PauseError(wait, of_all=True))
        async with self._head:
            if (wait := self._bucket.wait(monotonic())) > 0:
                await asyncio.sleep(wait)
            self._bucket.take(monotonic())

    async def _logged_in(self) -> discord.Client:
        async with self._login:
            if self._client is None:
                self._client = await self._new()
        return self._client

    async def _new(self) -> discord.Client:
        if self._api_url is not None:
            Route.BASE = self._api_url
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody wants to speak
        heard = discord.Intents(guilds=True)  # nothing is heard without a gateway; it warns of fewer
        client = discord.Client(intents=heard, http_trace=_trace(), max_messages=None)
        try:
            async with asyncio.timeout(self._timeout):
                await client.login(self._token)
        except discord.LoginFailure:
            await client.close()
            raise bad_token() from None
        except PauseError as pause:
            await client.close()
            raise self._paused(pause) from None
        except (discord.HTTPException, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            await client.close()
            raise unsure(error) from None
        return client


class LostError(Exception):
    """Discord may have done what it was asked, and did not say so."""


class PauseError(Exception):
    """Nothing was done: it has to wait. of_all: whatever the bot asks has to."""

    def __init__(self, seconds: float, *, of_all: bool = False) -> None:
        super().__init__(f"{seconds} s")
        self.seconds, self.of_all = seconds, of_all


@dataclass
class _Asking:
    """A call in which discord.py waits, asks, and maybe asks again. sent: Discord has it and has not answered."""

    sent: bool = False


_ASKING: ContextVar[_Asking] = ContextVar("asking")


def _trace() -> aiohttp.TraceConfig:
    """Looks at each request that discord.py makes within a call."""

    async def begins(_: object, __: SimpleNamespace, ___: aiohttp.TraceRequestStartParams) -> None:
        if (asking := _ASKING.get(None)) is not None:
            asking.sent = True

    async def ends(_: object, __: SimpleNamespace, answer: aiohttp.TraceRequestEndParams) -> None:
        if (asking := _ASKING.get(None)) is not None:
            asking.sent = answer.response.status in TRIED_AGAIN
        try:
            _judge(answer)
        except (LostError, PauseError):
            answer.response.close()
            raise

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(begins)
    trace.on_request_end.append(ends)
    return trace


def _judge(answer: aiohttp.TraceRequestEndParams) -> None:
    """What discord.py must not go on with by itself: a long sleep, and a forum post that may be there already (it
    has no nonce)."""
    status, headers, path = answer.response.status, answer.response.headers, answer.url.path
    if status == 429 and (wait := _seconds(headers.get("Retry-After"))) > LONGEST_PAUSE:
        raise PauseError(wait, of_all=headers.get("X-RateLimit-Scope") == "global")
    makes_post = answer.method == "POST" and path.endswith("/threads") and "/messages/" not in path
    if makes_post and status in TRIED_AGAIN:
        raise LostError(f"Discord answered {status}")


def _seconds(text: str | None) -> float:
    try:
        return min(max(float(text or 0), 0.0), 3600.0)
    except ValueError:
        return 0.0


def _let_go(client: discord.Client) -> None:
    """A call that is given up while the whole bot was asked to pause would hold up all others for ever: discord.py
    ends that pause behind its own sleep, which is not over."""
    paused: asyncio.Event | None = getattr(client.http, "_global_over", None)
    if paused is not None and not paused.is_set():
        asyncio.get_running_loop().call_later(LONGEST_PAUSE, paused.set)
