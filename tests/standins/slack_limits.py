"""How often Slack lets an app do something: counted per method and workspace, and per channel for messages."""

from collections import defaultdict, deque
from collections.abc import Callable

from standins.slack_methods import PER_MINUTE


class Limits:
    """`rate`: messages a second in one channel after `burst` (None: no limits at all)."""

    def __init__(self, rate: float | None, burst: int, now: Callable[[], float]) -> None:
        self._rate, self._burst, self._now = rate, burst, now
        self._left: dict[tuple[str, str], tuple[float, float]] = {}
        self._windows: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._blocked: dict[tuple[str, str], float] = {}

    def wait(self, team: str, method: str, channel: str | None) -> float:
        """Seconds to wait, 0 for a call that goes through. Over the limit the method is shut for the workspace."""
        if self._rate is None:
            return 0.0
        if (blocked := self._blocked.get((team, method), 0) - self._now()) > 0:
            return blocked
        if method == "chat.postMessage" and channel is not None:
            wait = self._channel_wait((team, channel), self._rate)
        else:
            wait = self._tier_wait(team, method)
        if wait > 0:
            self._blocked[team, method] = self._now() + wait
        return wait

    def _channel_wait(self, key: tuple[str, str], rate: float) -> float:
        now = self._now()
        left, at = self._left.get(key, (float(self._burst), now))
        left = min(float(self._burst), left + (now - at) * rate)
        self._left[key] = (left - 1 if left >= 1 else left, now)
        return 0.0 if left >= 1 else (1 - left) / rate

    def _tier_wait(self, team: str, method: str) -> float:
        window, now = self._windows[team, method], self._now()
        while window and window[0] <= now - 60:
            window.popleft()
        if len(window) >= PER_MINUTE.get(method, 100):
            return window[0] + 60 - now
        window.append(now)
        return 0.0
