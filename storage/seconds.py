"""How long something was in which status, while its page was being read: the pure arithmetic of seconds.

The time-weighted uptime follows the rule that Statuspage and Instatus publish for their own figures: a major
outage counts whole, a partial one for three tenths, degraded performance and maintenance not at all. Ours is taken
of the time that was observed, never of the time that was not: it stands beside the share of time observed.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from adapters.schema import Status

PARTIAL_WEIGHT = 0.3

Interval = tuple[datetime, datetime]
Piece = tuple[Status, datetime, datetime]
"""From a moment until another (not included), the status was so."""

RANKED = (
    Status.OPERATIONAL,
    Status.MAINTENANCE,
    Status.DEGRADED,
    Status.PARTIAL_OUTAGE,
    Status.MAJOR_OUTAGE,
)
"""The known ones; where two are told of the same moment, the later in this list holds."""


@dataclass(frozen=True)
class Seconds:
    """Of a day or of many. `passed` is how long they were, up to now."""

    operational: float = 0.0
    degraded: float = 0.0
    partial_outage: float = 0.0
    major_outage: float = 0.0
    maintenance: float = 0.0
    passed: float = 0.0

    @property
    def observed(self) -> float:
        """In which the status was seen."""
        return self.operational + self.degraded + self.partial_outage + self.major_outage + self.maintenance

    @property
    def observed_share(self) -> float:
        """Of the time that has passed, between 0 and 1."""
        return min(1.0, self.observed / self.passed) if self.passed else 0.0

    @property
    def uptime(self) -> float | None:
        """The time-weighted uptime, between 0 and 1; None where nothing was observed."""
        down = self.major_outage + PARTIAL_WEIGHT * self.partial_outage
        return max(0.0, 1 - down / self.observed) if self.observed else None


NO_SECONDS, NO_TIME = Seconds(), timedelta()
_FIELDS = attrgetter("operational", "degraded", "partial_outage", "major_outage", "maintenance", "passed")


def total(some: Iterable[Seconds]) -> Seconds:
    """Of all of them."""
    return Seconds(*map(sum, zip(*map(_FIELDS, some), strict=True)))


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """In order, those that touch as one; those without length are left out."""
    found: list[Interval] = []
    for begins, ends in sorted(one for one in intervals if one[0] < one[1]):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found


def cut(pieces: Iterable[Piece], within: Sequence[Interval]) -> list[Piece]:
    """The pieces as far as they lie within the intervals, which are merged."""
    starts = [begins for begins, _ in within]
    found = list[Piece]()
    for status, from_at, until_at in pieces:
        for begins, ends in within[max(0, bisect_right(starts, from_at) - 1) :]:
            if begins >= until_at:
                break
            if max(begins, from_at) < min(ends, until_at):
                found.append((status, max(begins, from_at), min(ends, until_at)))
    return found


def worst(pieces: Iterable[Piece]) -> list[Piece]:
    """In order and without overlap: at each moment the worst that any of them tells. Unknown ones tell nothing."""
    steps: dict[datetime, list[int]] = {}
    for status, from_at, until_at in pieces:
        if status in RANKED and from_at < until_at:
            rank = RANKED.index(status)
            steps.setdefault(from_at, [0] * len(RANKED))[rank] += 1
            steps.setdefault(until_at, [0] * len(RANKED))[rank] -= 1
    found, active, since = list[Piece](), [0] * len(RANKED), None
    for moment in sorted(steps):
        if since is not None and any(active):
            rank = max(place for place, number in enumerate(active) if number)
            found.append((RANKED[rank], since, moment))
        active = [number + step for number, step in zip(active, steps[moment], strict=True)]
        since = moment
    return found


def by_day(pieces: Sequence[Piece], bounds: Sequence[datetime], now: datetime) -> list[Seconds]:
    """What each of the days between the bounds (one more than there are days) had of the pieces, which do not
    overlap. Nothing after now counts."""
    lasted: list[dict[Status, timedelta]] = [{} for _ in bounds[1:]]
    for status, from_at, until_at in pieces:
        until_at = min(until_at, now)
        place = max(0, bisect_right(bounds, from_at) - 1)
        while place < len(lasted) and bounds[place] < until_at:
            part = min(until_at, bounds[place + 1]) - max(from_at, bounds[place])
            lasted[place][status] = lasted[place].get(status, NO_TIME) + max(part, NO_TIME)
            place += 1
    return [
        Seconds(
            **{str(status): length.total_seconds() for status, length in one.items()},
            passed=max(NO_TIME, min(ends, now) - begins).total_seconds(),
        )
        for one, begins, ends in zip(lasted, bounds[:-1], bounds[1:], strict=True)
    ]
