"""How often Discord lets a bot do something: per route and resource, for the whole bot, and how often in vain.

Discord does not write the numbers down and asks that nobody build them in; those here are what bots see today.
`pace` makes every window that many times as long (None: no limits of the routes), so that a test need not wait.
"""

import zlib
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

GLOBAL, INVALID, INVALID_WINDOW = 50, 10_000, 600.0
_MESSAGES = "/channels/{channel_id}/messages"
ROUTES: Final[dict[str, tuple[int, float]]] = {
    f"POST {_MESSAGES}": (5, 5.0),
    f"PATCH {_MESSAGES}/{{message_id}}": (5, 5.0),
    f"DELETE {_MESSAGES}/{{message_id}}": (5, 1.0),
    f"POST {_MESSAGES}/{{message_id}}/threads": (50, 300.0),
    "POST /channels/{channel_id}/threads": (50, 300.0),
    "PATCH /channels/{channel_id}": (5, 15.0),
    "POST /webhooks/{webhook_id}/{webhook_token}": (5, 2.0),
    "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original": (5, 2.0),
}
"""What a channel (or a webhook) takes in how many seconds; other routes: `_OTHERS`."""
_OTHERS: Final = (50, 1.0)
OLD_EDITS: Final = (3, 6.0)
"""Edits of messages older than an hour, a channel: "3 times per 6-second window" (docs.discord.food)."""
CROSSPOSTS: Final = (10, 3600.0)
"""Published announcements a channel. From bots' experience."""
RENAMES: Final = (2, 600.0)
"""New names and topics a channel, threads too. From bots' experience."""
UNLIMITED: Final = ("/interactions/", "/webhooks/")
"""Answers to interactions don't count to the limit of the whole bot."""


@dataclass(frozen=True)
class Bucket:
    """Where a request found its bucket. `wait`: seconds until it would go through, 0 when it did."""

    name: str
    limit: int
    remaining: int
    reset_after: float
    wait: float = 0.0


class Limits:
    """Counts requests; says who has to wait."""

    def __init__(self, now: Callable[[], float], pace: float | None, invalid: int = INVALID) -> None:
        self._now, self.pace, self._most_invalid = now, pace, invalid
        self._opened: dict[tuple[str, str], tuple[float, int]] = {}
        self._whole: deque[float] = deque()
        self._in_vain: deque[float] = deque()
        self._slides: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def take(self, route: str, resource: str) -> Bucket | None:
        """One request to a route for a channel, guild or webhook. None where there are no limits."""
        if self.pace is None:
            return None
        limit, seconds = ROUTES.get(route, _OTHERS)
        now, window = self._now(), seconds * self.pace
        since, used = self._opened.get((route, resource), (now, 0))
        if now >= since + window:
            since, used = now, 0
        left = since + window - now
        name = f"{zlib.crc32(route.encode()):08x}"
        if used >= limit:
            return Bucket(name, limit, 0, left, left)
        self._opened[route, resource] = (since, used + 1)
        return Bucket(name, limit, limit - used - 1, left)

    def take_global(self) -> float:
        """One request of the bot at all: seconds to wait, 0 when it went through."""
        return 0.0 if self.pace is None else _slide(self._whole, self._now(), GLOBAL, 1.0)

    def take_within(self, kind: str, resource: str, limit: int, seconds: float) -> float:
        """One of something that is counted beside the buckets and without headers: seconds to wait."""
        if self.pace is None:
            return 0.0
        return _slide(self._slides[kind, resource], self._now(), limit, seconds * self.pace)

    @property
    def in_vain(self) -> int:
        """How many requests of the last ten minutes were answered 401, 403 or 429."""
        while self._in_vain and self._in_vain[0] <= self._now() - INVALID_WINDOW:
            self._in_vain.popleft()
        return len(self._in_vain)

    @property
    def banned(self) -> bool:
        """Whether there were so many of them that Cloudflare lets nothing through."""
        return self.in_vain >= self._most_invalid

    def count_in_vain(self) -> None:
        """One more of them."""
        self._in_vain.append(self._now())


def _slide(taken: deque[float], now: float, limit: int, seconds: float) -> float:
    while taken and taken[0] <= now - seconds:
        taken.popleft()
    if len(taken) >= limit:
        return taken[0] + seconds - now
    taken.append(now)
    return 0.0
