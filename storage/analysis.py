"""What incidents add up to, to hold a provider to account: how many, how long, and how soon its page told of them.
Pure.

Every figure stands beside the number of incidents that it was made from: one that nobody dated has no length, one
that was posted without its start has no delay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property
from statistics import median

from adapters.schema import OVER, Impact, Incident, Maintenance
from storage import cases, seconds
from storage.seconds import Interval

GRADES: tuple[tuple[str, timedelta], ...] = (
    ("A", timedelta(minutes=15)),
    ("B", timedelta(minutes=30)),
    ("C", timedelta(hours=1)),
    ("D", timedelta(hours=2)),
    ("E", timedelta(hours=4)),
)
"""How far a page can be trusted to tell in time: the median delay is below the bound. E includes four hours;
beyond them it is F."""


@dataclass(frozen=True)
class Case:
    """An incident with what we know of when it was told."""

    incident: Incident
    first_seen_at: datetime
    appeared_at: datetime
    """When its page first told of it, as far as can be known."""

    @cached_property
    def ended_at(self) -> datetime | None:
        """Until when it counts (cases.ended)."""
        return cases.ended(self.incident)

    @cached_property
    def _end_untold(self) -> bool:
        return cases.end_untold(self.incident)

    @property
    def delay(self) -> timedelta | None:
        """From its stated start until its page told of it. None: no start is stated, or no post is known."""
        start = self.incident.started_at
        if start is None or not self.incident.updates:
            return None
        return max(timedelta(), self.appeared_at - start)

    @property
    def backdated(self) -> bool:
        """It was told only when it was over."""
        start, end = self.incident.started_at, self.ended_at
        if start is None or end is None or self.incident.phase not in OVER:
            return False
        return self._end_untold or (self.appeared_at > start and self.appeared_at >= end)

    @property
    def over(self) -> bool:
        """Nothing of it is active any more."""
        return self.incident.phase in OVER

    @property
    def lasted(self) -> timedelta | None:
        """How long it took until it was resolved. None: it is not over, or nobody said when it began or ended."""
        start, end = self.incident.started_at, self.ended_at
        if start is None or end is None or not self.over or self._end_untold:
            return None
        return end - start

    def trouble(self, now: datetime) -> Interval | None:
        """When it was, up to now. None: nobody said, or the page says that nothing was affected."""
        start, end = self.incident.started_at, self.ended_at
        if start is None or end is None or self.incident.impact == Impact.NONE:
            return None
        if self._end_untold:
            return None
        return start, min(now, end if self.over else max(end, now))


def case_of(incident: Incident, first_seen_at: datetime, observations: Sequence[Interval] = ()) -> Case:
    """`observations`: when its page was being read."""
    at = cases.appeared(cases.posted(incident), first_seen_at, observations)
    return Case(incident, first_seen_at, at)


@dataclass(frozen=True)
class Trust:
    """How soon a page tells of trouble. `median` and `grade` are None where no incident tells."""

    median: timedelta | None = None
    grade: str | None = None
    sample: int = 0
    """Incidents whose delay is known."""


@dataclass(frozen=True)
class Figures:
    """Of incidents in some time."""

    incidents: int = 0
    backdated: int = 0
    trouble: timedelta = timedelta()
    """How long at least one of them was active."""
    dated: int = 0
    """Incidents of which it is known when they were: `trouble` is made from these."""
    mean_to_resolve: timedelta | None = None
    resolved: int = 0
    """Incidents that were resolved and whose length is known: `mean_to_resolve` and `longest` are made from
    these."""
    longest: Case | None = None
    trust: Trust = Trust()


@dataclass(frozen=True)
class Month:
    """`first` is its first day."""

    first: date
    figures: Figures


@dataclass(frozen=True)
class Part:
    """What concerned one component."""

    component_id: str
    name: str
    figures: Figures


@dataclass(frozen=True)
class Lively:
    """A component with how much happened to it."""

    component_id: str
    name: str
    events: int
    last_at: datetime


def figures(found: Sequence[Case], since: datetime, until: datetime, now: datetime) -> Figures:
    """Of the incidents that were active at some time from `since` until `until` (not included), each whole but for
    the minutes of trouble, which are only those in between."""
    inside = [one for one in found if _touches(one, since, until, now)]
    troubles = [trouble for one in inside if (trouble := one.trouble(now)) is not None]
    lengths = [(lasted, one) for one in inside if (lasted := one.lasted) is not None]
    longest = max(lengths, key=lambda pair: pair[0], default=None)
    within = ((max(begins, since), min(ends, until)) for begins, ends in troubles)
    return Figures(
        incidents=len(inside),
        backdated=sum(one.backdated for one in inside),
        trouble=sum((ends - begins for begins, ends in seconds.merged(within)), timedelta()),
        dated=len(troubles),
        mean_to_resolve=_mean([lasted for lasted, _ in lengths]),
        resolved=len(lengths),
        longest=longest[1] if longest else None,
        trust=trust(inside),
    )


def _touches(one: Case, since: datetime, until: datetime, now: datetime) -> bool:
    start, end = one.incident.started_at, one.ended_at
    if start is None or end is None:
        return since <= one.appeared_at < until
    if not one.over:
        end = max(end, now)
    return start < until and (end > since or start >= since)


def _mean(lengths: Sequence[timedelta]) -> timedelta | None:
    return sum(lengths, timedelta()) / len(lengths) if lengths else None


def trust(found: Sequence[Case]) -> Trust:
    """By the median delay from the stated start to the first post."""
    delays = [delay for one in found if (delay := one.delay) is not None]
    if not delays:
        return Trust()
    middle = timedelta(seconds=median(delay.total_seconds() for delay in delays))
    return Trust(middle, grade(middle), len(delays))


def grade(delay: timedelta) -> str:
    """`A` … `F`, by GRADES."""
    if delay == GRADES[-1][1]:
        return GRADES[-1][0]
    return next((letter for letter, below in GRADES if delay < below), "F")


def by_month(
    found: Sequence[Case], first: date, months: int, now: datetime, zone: tzinfo = UTC
) -> tuple[Month, ...]:
    """So many months from the one that `first` is in; those without incidents, too."""
    begin = first.replace(day=1)
    result = list[Month]()
    for _ in range(months):
        after = next_month(begin)
        since, until = (moment_of(day, zone) for day in (begin, after))
        result.append(Month(begin, figures(found, since, until, now)))
        begin = after
    return tuple(result)


def last_months(
    found: Sequence[Case],
    last: date,
    now: datetime,
    zone: tzinfo = UTC,
    *,
    read_since: datetime | None,
    whole: bool = True,
) -> tuple[Month, ...]:
    """The year up to the month that `last` is in: from the first month on of which anything is known, because the
    page was read or an incident of it is told of. Not `whole`: `found` are but the latest, and a month that may
    lack some is left out."""
    known = [_began(one) for one in found]
    if whole and read_since is not None:
        known.append(read_since)
    if not known:
        return ()
    earliest = min(known).astimezone(zone).date().replace(day=1)
    month = last.replace(day=1)
    first = max(next_month(month.replace(year=month.year - 1)), earliest if whole else next_month(earliest))
    number = (month.year - first.year) * 12 + month.month - first.month + 1
    return by_month(found, first, number, now, zone)


def next_month(day: date) -> date:
    """The first day of the month behind."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def moment_of(day: date, zone: tzinfo) -> datetime:
    """When a day begins there."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def by_component(
    found: Sequence[Case], names: Mapping[str, str], since: datetime, until: datetime, now: datetime
) -> tuple[Part, ...]:
    """Each of the components that an incident of that time named, the one with the most of them first."""
    parts = (
        Part(id_, name, figures([one for one in found if id_ in one.incident.component_ids], since, until, now))
        for id_, name in names.items()
    )
    some = [one for one in parts if one.figures.incidents]
    return tuple(sorted(some, key=lambda one: (-one.figures.incidents, -one.figures.trouble, one.name.casefold())))


def lively(
    found: Sequence[Case],
    works: Sequence[Maintenance],
    changed: Mapping[str, datetime],
    names: Mapping[str, str],
    since: datetime,
) -> tuple[Lively, ...]:
    """The components with the most recent events since then: incidents and planned work that named them, and
    (`changed`, by id) the last change of their own status; the latest first."""
    events: dict[str, list[datetime]] = {}
    for one in found:
        for id_ in one.incident.component_ids:
            events.setdefault(id_, []).append(one.incident.started_at or one.appeared_at)
    for work in works:
        for id_ in work.component_ids if work.starts_at is not None else ():
            events.setdefault(id_, []).append(work.starts_at or since)
    for id_, at in changed.items():
        events.setdefault(id_, []).append(at)
    recent = {id_: [at for at in moments if at >= since] for id_, moments in events.items() if id_ in names}
    result = [Lively(id_, names[id_], len(moments), max(moments)) for id_, moments in recent.items() if moments]
    return tuple(sorted(result, key=lambda one: (one.last_at, one.events), reverse=True))


def latest(found: Sequence[Case], zone: tzinfo = UTC) -> tuple[tuple[date, tuple[Case, ...]], ...]:
    """The outages and degradations by the months in which they began, the latest first. One that the page says
    affected nothing is none."""
    months: dict[date, list[Case]] = {}
    for one in sorted(found, key=_began, reverse=True):
        if one.incident.impact != Impact.NONE:
            months.setdefault(_began(one).astimezone(zone).date().replace(day=1), []).append(one)
    return tuple((month, tuple(some)) for month, some in months.items())


def _began(one: Case) -> datetime:
    return one.incident.started_at or one.appeared_at
