"""How fast Slack may be spoken to: a queue for each channel and for each method of each workspace.

Slack takes about one message a second in a channel after a small burst, and counts calls per method and workspace;
a 429 names the method that it does not want to hear from this workspace for a while.
https://docs.slack.dev/apis/web-api/rate-limits
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic

from relay.transports.bucket import Bucket
from relay.transports.transport import DeliveryError

PER_MINUTE = {"chat.postMessage": 300.0, "chat.update": 50.0, "chat.unfurl": 50.0, "views.publish": 100.0}
"""Calls of a method that a workspace takes in any minute: Slack's tiers, and its "several hundred" messages."""
OTHERS = 20.0
"""Of a method that is not listed: the second tier."""
PATIENCE = 20.0
"""Seconds that anybody waits; what is farther away comes again later."""
KEPT_FOR = 10.0
"""Seconds for which a place in the workspace's line is kept for whoever posts in the channel next."""
FORGET_EVERY = 60.0


class _Line:
    """Those who wait for the same thing, first come, first served. `paused_until`: Slack asked for that."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.waiting = 0
        self.paused_until = 0.0
        self.head = asyncio.Lock()

    def wait(self, now: float) -> float:
        """Seconds until whoever comes now may go."""
        return max(self.bucket.wait(now, self.waiting), self.paused_until - now)

    def opens_in(self, now: float) -> float:
        """Seconds until the one at its head may go."""
        return max(self.bucket.wait(now), self.paused_until - now)

    def idle(self, now: float) -> bool:
        """Nobody needs it."""
        return not self.waiting and self.paused_until <= now and self.bucket.full(now)


class Pace:
    """`interval` and `burst`: of messages in one channel; `per_minute`: calls of each method in one workspace
    (None: as many as one likes). `now` and `sleep`: a clock of its own, for tests."""

    def __init__(
        self,
        interval: float = 1.0,
        burst: int = 4,
        *,
        per_minute: Mapping[str, float] | None = PER_MINUTE,
        now: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._interval, self._burst, self._per_minute = interval, burst, per_minute
        self._now, self._sleep = now, sleep
        self._channels: dict[tuple[str, str], _Line] = {}
        self._methods: dict[tuple[str, str], _Line] = {}
        self._places: dict[tuple[str, str], float] = {}
        """Until when a channel's next message needs no place in the workspace's line: it has stood there."""
        self._swept_at = now()

    @property
    def remembered(self) -> int:
        """How many lines are kept in mind."""
        return len(self._channels) + len(self._methods)

    async def turn(self, team: str, channel: str, patience: float = PATIENCE) -> None:
        """Waits until a message may be posted in the channel, and keeps its place in the workspace's line for
        whoever posts there next; of the channel's messages it takes nothing. Raises DeliveryError where that is
        farther away than `patience`."""
        until = self._now() + patience
        async with self._at_head(self._channel(team, channel), until):
            if self._places.get((team, channel), 0.0) <= self._now():
                await self._take(self._method(team, "chat.postMessage"), until)
                self._places[team, channel] = self._now() + KEPT_FOR
            await self._unpaused(team, until)

    async def post(self, team: str, channel: str, patience: float = PATIENCE) -> None:
        """Takes the next message of the channel, and one of the workspace's."""
        until = self._now() + patience
        line = self._channel(team, channel)
        async with self._at_head(line, until):
            # at the head of the channel's line it joins the workspace's: a busy channel stands there once
            if self._places.pop((team, channel), 0.0) <= self._now():
                await self._take(self._method(team, "chat.postMessage"), until)
            await self._unpaused(team, until)
            line.bucket.take(self._now())

    async def call(self, team: str, method: str, patience: float = PATIENCE) -> None:
        """Takes the next call of a method."""
        await self._take(self._method(team, method), self._now() + patience)

    def spare(self, team: str, method: str) -> bool:
        """Whether a call may be made that could as well be left out: nobody waits, and some are left for those
        that can't."""
        line, now = self._method(team, method), self._now()
        return not line.waiting and line.paused_until <= now and line.bucket.left(now) >= self._kept(method) + 1

    def hold(self, team: str, method: str, seconds: float) -> None:
        """Slack asked for a pause."""
        line = self._method(team, method)
        line.paused_until = max(line.paused_until, self._now() + seconds)

    def _kept(self, method: str) -> float:
        """A part of what a burst may take is for the calls that have to be made."""
        return 0.0 if self._per_minute is None else self._per_minute.get(method, OTHERS) * 0.1

    async def _take(self, line: _Line, until: float) -> None:
        async with self._at_head(line, until):
            line.bucket.take(self._now())

    @asynccontextmanager
    async def _at_head(self, line: _Line, until: float) -> AsyncIterator[None]:
        """At the head of a line, when it is time."""
        self._judge(line.wait(self._now()), until)
        line.waiting += 1
        try:
            async with line.head:
                while (wait := line.opens_in(self._now())) > 0:
                    await self._rest(wait, until)  # and look again: Slack may have asked for a longer pause
                yield
        finally:
            line.waiting -= 1

    async def _unpaused(self, team: str, until: float) -> None:
        """Slack may have asked for a pause of all messages."""
        posts = self._method(team, "chat.postMessage")
        while (pause := posts.paused_until - self._now()) > 0:
            await self._rest(pause, until)

    async def _rest(self, seconds: float, until: float) -> None:
        self._judge(seconds, until)
        await self._sleep(seconds)

    def _judge(self, wait: float, until: float) -> None:
        if self._now() + wait > until:
            raise DeliveryError("waiting for our turn at Slack", uncounted=True, retry_after=wait)

    def _channel(self, team: str, channel: str) -> _Line:
        bucket = Bucket(1 / self._interval, self._burst)
        return self._line(self._channels, (team, channel), bucket)

    def _method(self, team: str, method: str) -> _Line:
        if self._per_minute is None:
            return self._line(self._methods, (team, method), Bucket(1e9, 1e9))
        return self._line(self._methods, (team, method), Bucket.per_minute(self._per_minute.get(method, OTHERS)))

    def _line(self, lines: dict[tuple[str, str], _Line], key: tuple[str, str], bucket: Bucket) -> _Line:
        self._forget()
        return lines.setdefault(key, _Line(bucket))

    def _forget(self) -> None:
        """Lets go of what nobody has used for a while."""
        now = self._now()
        if now - self._swept_at < FORGET_EVERY:
            return
        self._swept_at = now
        for lines in (self._channels, self._methods):
            for key in [key for key, line in lines.items() if line.idle(now)]:
                del lines[key]
        self._places = {key: until for key, until in self._places.items() if until > now}
