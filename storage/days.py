"""Each day of a provider or of a component: its state, its seconds, and where we know it from. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property

from adapters.schema import Impact, Status
from storage import history, seconds
from storage.history import DayState, Stretch, Uptime
from storage.seconds import Interval, Piece, Seconds

_STATUS_OF_IMPACT = {
    Impact.MINOR: Status.DEGRADED,
    Impact.MAJOR: Status.PARTIAL_OUTAGE,
    Impact.CRITICAL: Status.MAJOR_OUTAGE,
    Impact.UNKNOWN: Status.DEGRADED,
}


class Source(StrEnum):
    """Where a day's state is known from."""

    OBSERVED = "observed"
    """The page was read on that day."""
    FILLED = "filled"
    """The page told of it later, in its own history or in an incident."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Day:
    """One day, as it was. Of today: up to now."""

    day: date
    state: DayState = DayState.UNKNOWN
    source: Source = Source.UNKNOWN
    seconds: Seconds = Seconds()


@dataclass(frozen=True)
class History:
    """Days in their order, none left out."""

    days: tuple[Day, ...]

    @cached_property
    def uptime(self) -> Uptime:
        """Both figures."""
        return history.of_days(
            tuple((one.day, one.state) for one in self.days), seconds.total(one.seconds for one in self.days)
        )

    @property
    def filled(self) -> int:
        """How many days are known only from what the page told later."""
        return sum(one.source is Source.FILLED for one in self.days)


@dataclass(frozen=True)
class Trouble:
    """An incident, as far as the history goes."""

    impact: Impact
    from_at: datetime
    until_at: datetime
    appeared_at: datetime
    """When the page first told of it."""


@dataclass(frozen=True)
class Evidence:
    """All that is known of a provider, or of a component, in some time."""

    observations: tuple[Interval, ...] = ()
    """In which its page was read without a gap."""
    spans: tuple[tuple[Status, datetime, datetime | None], ...] = ()
    """What the page said of it."""
    troubles: tuple[Trouble, ...] = ()
    works: tuple[Interval, ...] = ()
    """Planned work that has begun, up to now."""
    past: tuple[tuple[date, Status], ...] = ()
    """What the page's own history says of days before it was read."""


def days_of(evidence: Evidence, first: date, last: date, now: datetime, zone: tzinfo = UTC) -> tuple[Day, ...]:
    """The days from the first to the last, both included."""
    number = (last - first).days + 1
    if number < 1:
        return ()
    bounds = history.day_bounds(first, number, zone)
    seen = history.observed(evidence.observations, evidence.spans)
    told = [Stretch(history.OF_IMPACT[one.impact], one.from_at, one.until_at) for one in evidence.troubles]
    told += [Stretch(DayState.MAINTENANCE, *one) for one in evidence.works]
    told += history.filled(evidence.past)
    observed = history.worst_states(seen, bounds)
    lasted = seconds.by_day(seen_pieces(evidence), bounds, now)
    return tuple(
        Day(first + timedelta(days=ahead), state, _source(observed[ahead], state, lasted[ahead]), lasted[ahead])
        for ahead, state in enumerate(history.worst_states([*seen, *told], bounds))
    )


def _source(observed: DayState, state: DayState, lasted: Seconds) -> Source:
    if observed != DayState.UNKNOWN or lasted.observed:
        return Source.OBSERVED
    return Source.FILLED if state != DayState.UNKNOWN else Source.UNKNOWN


def seen_pieces(evidence: Evidence) -> list[Piece]:
    """Which status held when, in the time that the page was read.

    What the page says holds. Where it says nothing of the status, its incidents and planned work tell it. And what
    it did not say at the time and told later counts from its stated start until it was told.
    """
    observed = seconds.merged(evidence.observations)
    ends = observed[-1][1] if observed else datetime.min.replace(tzinfo=UTC)
    said = [(status, from_at, until_at or ends) for status, from_at, until_at in evidence.spans]
    silent = seconds.merged(
        (from_at, until_at)
        for status, from_at, until_at in seconds.cut((one for one in said if one[0] == Status.UNKNOWN), observed)
    )
    known = [one for one in said if one[0] != Status.UNKNOWN]
    cases = [(_STATUS_OF_IMPACT[one.impact], one) for one in evidence.troubles if one.impact != Impact.NONE]
    unsaid = [(status, one.from_at, min(one.appeared_at, one.until_at)) for status, one in cases]
    instead = [(status, one.from_at, one.until_at) for status, one in cases]
    instead += [(Status.MAINTENANCE, *work) for work in evidence.works]
    return seconds.worst(
        [*seconds.cut(known, observed), *seconds.cut(instead, silent), *seconds.cut(unsaid, observed)]
    )


def joined(days: Iterable[Day], first: date, last: date) -> tuple[Day, ...]:
    """The days from the first to the last; those that are missing are unknown."""
    known = {one.day: one for one in days}
    number = (last - first).days + 1
    every = (first + timedelta(days=ahead) for ahead in range(number))
    return tuple(known.get(day) or Day(day, seconds=Seconds(passed=86400.0)) for day in every)


def midnight(day: date) -> datetime:
    """When it begins in UTC."""
    return datetime.combine(day, time(), UTC)


def between(days: Sequence[Day], first: date, last: date) -> list[Day]:
    """Those from the first to the last."""
    return [one for one in days if first <= one.day <= last]
