"""What happened on each day, in words: which incidents, how long there was trouble, which planned work. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from adapters.schema import Impact, Maintenance
from bot.commands.services import counted
from bot.web.views import DayView
from relay.wording import lasting
from storage import seconds
from storage.analysis import Case
from storage.days import Day, History, midnight
from storage.history import DayState

MOST_TITLES = 3
LONGEST_TITLE = 120
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Happening:
    """An incident, or planned work, with when it was."""

    title: str
    from_at: datetime
    until_at: datetime
    component_ids: frozenset[str]
    planned: bool = False


def happenings(found: Sequence[Case], works: Sequence[Maintenance], now: datetime) -> list[Happening]:
    """Those of which it is known when they were, up to now."""
    result = [
        Happening(_short(one.incident.title), start, max(start, end), frozenset(one.incident.component_ids))
        for one in found
        if (start := one.incident.started_at) is not None
        and (end := _end(one, now)) is not None
        and one.incident.impact != Impact.NONE
    ]
    result += [
        Happening(
            _short(one.title), one.starts_at, min(one.ends_at or now, now), frozenset(one.component_ids), True
        )
        for one in works
        if one.starts_at is not None and one.starts_at <= now
    ]
    return result


def _end(one: Case, now: datetime) -> datetime | None:
    return one.ended_at if one.over else now


def _short(title: str) -> str:
    plain = " ".join(title.split())
    return plain if len(plain) <= LONGEST_TITLE else f"{plain[: LONGEST_TITLE - 1].rstrip()}…"


ByDay = Mapping[date, Sequence[Happening]]


def by_day(happened: Sequence[Happening], first: date, last: date) -> ByDay:
    """What happened on each of the days from the first to the last, in the order given."""
    found: dict[date, list[Happening]] = {}
    for one in happened:
        for day in _touched(one, first, last):
            found.setdefault(day, []).append(one)
    return found


def _touched(one: Happening, first: date, last: date) -> Iterator[date]:
    """The days (UTC) on which it was; one that ended at midnight was not on the day that began then."""
    begins = one.from_at.astimezone(UTC)
    ends = max(one.until_at.astimezone(UTC), begins)
    behind = ends.date() - DAY if begins < ends == midnight(ends.date()) else ends.date()
    day = max(begins.date(), first)
    while day <= min(behind, last):
        yield day
        day += DAY


def days_view(history: History, happened: ByDay, component_id: str | None = None) -> tuple[DayView, ...]:
    """The days of the provider, or of one of its components."""
    return tuple(
        _calm(one.day, one.state)
        if one.state <= _CALM
        else DayView(one.day, _NAMES[one.state], _said(one, _mine(happened.get(one.day, ()), component_id)))
        for one in history.days
    )


def _mine(that_day: Sequence[Happening], component_id: str | None) -> Sequence[Happening]:
    return [one for one in that_day if component_id is None or component_id in one.component_ids]


@lru_cache(maxsize=4096)
def _calm(day: date, state: DayState) -> DayView:
    """Most days of most components: one for all of them."""
    return DayView(day, _NAMES[state])


_CALM = DayState.OPERATIONAL
"""The greater states are to be told of."""
_NAMES = {state: state.name.lower() for state in DayState}


def _said(one: Day, that_day: Sequence[Happening]) -> str:
    if one.state != DayState.MAINTENANCE:
        troubles = [case for case in that_day if not case.planned]
        return _joined(troubles, _trouble(one, troubles), "of trouble")
    return _joined(that_day, timedelta(seconds=one.seconds.maintenance) or _within(that_day, one.day), "of work")


def _joined(that_day: Sequence[Happening], lasted: timedelta, what: str) -> str:
    titles = list(dict.fromkeys(case.title for case in that_day))
    said = [", ".join(titles[:MOST_TITLES])] if titles else []
    said += [f"{counted(len(titles) - MOST_TITLES, 'other')}"] if len(titles) > MOST_TITLES else []
    said += [f"{lasting(lasted)} {what}"] if lasted else []
    return ", ".join(said)


def _trouble(one: Day, troubles: Sequence[Happening]) -> timedelta:
    """As it was observed; where it was not, as the page told it later."""
    seen = one.seconds
    observed = timedelta(seconds=seen.degraded + seen.partial_outage + seen.major_outage)
    return observed or _within(troubles, one.day)


def _within(that_day: Sequence[Happening], day: date) -> timedelta:
    begins = midnight(day)
    parts = ((max(begins, case.from_at), min(begins + DAY, case.until_at)) for case in that_day)
    return sum((end - begin for begin, end in seconds.merged(parts)), timedelta())
