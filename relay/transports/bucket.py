"""A bucket of tokens: how fast a platform may be spoken to."""

NOTHING = 1e-6
"""Of a token: what sums of small numbers are off by."""


class Bucket:
    """Tokens that come back at `rate` a second, `burst` at most. Its clock is an argument."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = burst, 0.0

    @classmethod
    def per_minute(cls, calls: float) -> "Bucket":
        """One that lets through fewer than so many in any minute: a fifth at once, the others one by one."""
        return cls(rate=calls * 0.75 / 60, burst=max(1.0, calls * 0.2))

    def left(self, now: float) -> float:
        """How many may be taken at once."""
        return min(self._burst, self._left + max(0.0, now - self._at) * self._rate)

    def wait(self, now: float, ahead: int = 0) -> float:
        """Seconds until one may be taken, behind so many others."""
        missing = 1 + ahead - self.left(now)
        return missing / self._rate if missing > NOTHING else 0.0

    def take(self, now: float) -> None:
        """One less."""
        self._left, self._at = self.left(now) - 1, now

    def full(self, now: float) -> bool:
        """Nothing was taken for so long that it may as well be forgotten."""
        return self.left(now) >= self._burst
