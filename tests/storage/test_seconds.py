"""Seconds by status: tables, and against a slow and obvious second way, minute by minute."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.schema import Impact, Status
from storage.days import Evidence, Source, Trouble, days_of
from storage.history import DayState, day_bounds
from storage.seconds import RANKED, Seconds, cut, merged, total, worst

BERLIN, NEW_YORK, LORD_HOWE = (ZoneInfo(n) for n in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"))
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
UP, DOWN, PART = Status.OPERATIONAL, Status.MAJOR_OUTAGE, Status.PARTIAL_OUTAGE


def test_a_partial_outage_counts_three_tenths_and_maintenance_nothing() -> None:
    hour = 3600.0
    assert Seconds(operational=9 * hour, major_outage=hour, passed=24 * hour).uptime == 0.9
    assert Seconds(operational=9 * hour, partial_outage=hour).uptime == pytest.approx(0.97)
    assert Seconds(degraded=hour, maintenance=hour).uptime == 1
    assert Seconds(major_outage=hour).uptime == 0
    assert Seconds(passed=hour).uptime is None


def test_the_share_of_time_observed_stands_beside_it() -> None:
    assert Seconds(operational=6.0, passed=24.0).observed_share == 0.25
    assert Seconds().observed_share == 0
    both = total([Seconds(operational=6.0, passed=24.0), Seconds(major_outage=6.0, passed=24.0)])
    assert total([]) == Seconds()
    assert (both.uptime, both.observed_share) == (0.5, 0.25)


LENGTHS: dict[str, tuple[tzinfo, date, float]] = {
    "an ordinary day": (BERLIN, date(2026, 3, 20), 24),
    "Berlin's clocks go forward": (BERLIN, date(2026, 3, 29), 23),
    "Berlin's clocks go back": (BERLIN, date(2026, 10, 25), 25),
    "New York's clocks go forward": (NEW_YORK, date(2026, 3, 8), 23),
    "New York's clocks go back": (NEW_YORK, date(2026, 11, 1), 25),
    "Lord Howe goes back by half an hour": (LORD_HOWE, date(2026, 4, 5), 24.5),
    "Lord Howe goes forward by half an hour": (LORD_HOWE, date(2026, 10, 4), 23.5),
    "a midnight that the clocks skip": (ZoneInfo("Asia/Beirut"), date(2026, 3, 29), 23),
    "a leap day": (UTC, date(2028, 2, 29), 24),
}


@pytest.mark.parametrize(("zone", "day", "hours"), LENGTHS.values(), ids=LENGTHS)
def test_a_day_is_as_long_as_its_clocks_say(zone: tzinfo, day: date, hours: float) -> None:
    begins, ends = day_bounds(day, 1, zone)
    always = Evidence(observations=((begins - 3 * DAY, ends + 3 * DAY),), spans=((UP, begins - 9 * DAY, None),))
    [before, found, after] = days_of(always, day - DAY, day + DAY, ends + 2 * DAY, zone)
    assert (found.seconds.operational, found.seconds.passed) == (hours * 3600, hours * 3600)
    assert found.day == day
    assert before.seconds.passed == after.seconds.passed == 24 * 3600


NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 11, tzinfo=UTC)


def _spans(*changes: tuple[Status, datetime]) -> tuple[tuple[Status, datetime, datetime | None], ...]:
    ends = [at for _, at in changes[1:]]
    return tuple((status, at, until) for (status, at), until in zip(changes, [*ends, None], strict=True))


def _day(evidence: Evidence, now: datetime = MIDNIGHT + DAY) -> tuple[DayState, Source, Seconds]:
    [day] = days_of(evidence, NOON.date(), NOON.date(), now)
    return day.state, day.source, day.seconds


def test_what_the_page_says_counts_while_it_is_read() -> None:
    spans = _spans((UP, NOON - 2 * DAY), (DOWN, NOON), (UP, NOON + HOUR))
    seen = Evidence(observations=((NOON - HOUR, NOON + HOUR / 2), (NOON + 3 * HOUR, NOON + 4 * HOUR)), spans=spans)
    assert _day(seen) == (
        DayState.OUTAGE,
        Source.OBSERVED,
        Seconds(operational=7200, major_outage=1800, passed=86400),
    )


def test_an_outage_that_ends_on_midnight_is_of_the_day_before() -> None:
    spans = _spans((DOWN, MIDNIGHT - HOUR), (UP, MIDNIGHT))
    seen = Evidence(observations=((MIDNIGHT - HOUR, MIDNIGHT + HOUR),), spans=spans)
    one, other = days_of(seen, NOON.date(), MIDNIGHT.date(), MIDNIGHT + HOUR)
    assert (one.state, one.seconds.major_outage) == (DayState.OUTAGE, 3600)
    assert (other.state, other.seconds.major_outage, other.seconds.passed) == (DayState.OPERATIONAL, 0, 3600)


def test_a_read_alone_has_no_length_and_makes_the_day_known() -> None:
    seen = Evidence(observations=((NOON, NOON),), spans=_spans((UP, NOON)))
    assert _day(seen) == (DayState.OPERATIONAL, Source.OBSERVED, Seconds(passed=86400))


def test_what_the_page_told_later_counts_from_its_start_until_it_was_told() -> None:
    """On 5 July the page said that all was well; on the 8th it told of ninety minutes of outage on the 5th."""
    start, end = datetime(2025, 7, 5, 20, 27, tzinfo=UTC), datetime(2025, 7, 5, 21, 57, tzinfo=UTC)
    told_at = datetime(2025, 7, 8, 15, 22, tzinfo=UTC)
    seen = Evidence(
        observations=((start - DAY, told_at + DAY),),
        spans=_spans((UP, start - DAY)),
        troubles=(Trouble(Impact.CRITICAL, start, end, told_at),),
    )
    days = days_of(seen, start.date() - DAY, told_at.date(), told_at + HOUR)
    assert [day.state for day in days] == [DayState.OPERATIONAL, DayState.OUTAGE, *[DayState.OPERATIONAL] * 3]
    assert [day.seconds.major_outage for day in days] == [0, 5400, 0, 0, 0]


def test_an_incident_of_which_the_page_told_at_once_counts_as_long_as_the_page_says() -> None:
    """Its components were up again before the incident was closed: the components are right."""
    spans = _spans((UP, NOON - DAY), (PART, NOON), (UP, NOON + HOUR))
    trouble = Trouble(Impact.CRITICAL, NOON, NOON + 5 * HOUR, NOON)
    seen = Evidence(observations=((NOON - DAY, MIDNIGHT),), spans=spans, troubles=(trouble,))
    state, _, lasted = _day(seen)
    assert (state, lasted.partial_outage, lasted.major_outage) == (DayState.OUTAGE, 3600, 0)


def test_where_the_page_says_nothing_of_its_status_its_incidents_do() -> None:
    seen = Evidence(
        observations=((NOON - HOUR, NOON + 5 * HOUR),),
        spans=_spans((Status.UNKNOWN, NOON - DAY)),
        troubles=(Trouble(Impact.MAJOR, NOON, NOON + HOUR, NOON),),
        works=((NOON + 2 * HOUR, NOON + 3 * HOUR),),
    )
    _, source, lasted = _day(seen)
    assert source is Source.OBSERVED
    assert lasted == Seconds(partial_outage=3600, maintenance=3600, passed=86400)


def test_what_was_not_observed_has_a_state_and_no_seconds() -> None:
    trouble = Trouble(Impact.MAJOR, NOON, NOON + HOUR, NOON)
    assert _day(Evidence(troubles=(trouble,))) == (DayState.OUTAGE, Source.FILLED, Seconds(passed=86400))
    past = Evidence(past=((NOON.date(), Status.DEGRADED),))
    assert _day(past) == (DayState.DEGRADED, Source.FILLED, Seconds(passed=86400))
    assert _day(Evidence()) == (DayState.UNKNOWN, Source.UNKNOWN, Seconds(passed=86400))


minutes = st.integers(0, 5 * 24 * 60)
"""Whole ones: the slow way sees nothing finer."""
BASE = datetime(2026, 10, 23, tzinfo=UTC)


def _at(minute: int) -> datetime:
    return BASE + timedelta(minutes=minute)


intervals = st.tuples(minutes, minutes).map(lambda pair: (_at(min(pair)), _at(max(pair))))
pieces = st.lists(
    st.tuples(st.sampled_from(list(Status)), intervals).map(lambda one: (one[0], *one[1])), max_size=6
)


@st.composite
def _evidences(draw: st.DrawFn) -> Evidence:
    changes = sorted(draw(st.lists(minutes, max_size=5, unique=True)))
    statuses = draw(st.lists(st.sampled_from(list(Status)), min_size=len(changes), max_size=len(changes)))
    troubles = draw(st.lists(st.tuples(st.sampled_from(list(Impact)), intervals, minutes), max_size=4))
    return Evidence(
        observations=tuple(draw(st.lists(intervals, max_size=3))),
        spans=_spans(*zip(statuses, map(_at, changes), strict=True)) if changes else (),
        troubles=tuple(Trouble(impact, *span, _at(told)) for impact, span, told in troubles),
        works=tuple(draw(st.lists(intervals, max_size=2))),
    )


STATUS_OF = {
    Impact.MINOR: Status.DEGRADED, Impact.MAJOR: PART, Impact.CRITICAL: DOWN, Impact.UNKNOWN: Status.DEGRADED,
}  # fmt: skip


def _status_at(evidence: Evidence, minute: datetime) -> Status | None:
    """One minute, as one would say it."""
    if not any(begins <= minute < ends for begins, ends in evidence.observations):
        return None
    said = [
        status for status, begins, ends in evidence.spans if begins <= minute and (ends is None or minute < ends)
    ]
    telling = [
        (STATUS_OF[one.impact], one)
        for one in evidence.troubles
        if one.impact in STATUS_OF and one.from_at <= minute < one.until_at
    ]
    found: list[Status] = [status for status in said if status != Status.UNKNOWN]
    found += [status for status, one in telling if minute < one.appeared_at]
    if said == [Status.UNKNOWN]:
        found += [status for status, _ in telling]
        found += [Status.MAINTENANCE for begins, ends in evidence.works if begins <= minute < ends]
    return max(found, key=RANKED.index, default=None)


@given(_evidences(), st.sampled_from([UTC, BERLIN, LORD_HOWE]))
def test_every_second_is_counted_once(evidence: Evidence, zone: tzinfo) -> None:
    """The slow way: each minute of five days, on which Berlin's clocks go back, in turn."""
    now = _at(4 * 24 * 60 + 30)
    first, last = _at(0).astimezone(zone).date(), now.astimezone(zone).date()
    slow = {day: dict.fromkeys(RANKED, 0) for day in _dates(first, last)}
    for minute in (_at(number) for number in range(-60 * 14, 4 * 24 * 60 + 30)):
        status, day = _status_at(evidence, minute), minute.astimezone(zone).date()
        if status is not None and day in slow:
            slow[day][status] += 60
    for found in days_of(evidence, first, last, now, zone):
        assert {status: getattr(found.seconds, status) for status in RANKED} == slow[found.day]


def _dates(first: date, last: date) -> list[date]:
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]


@given(pieces, st.lists(intervals, max_size=4))
def test_pieces_are_cut_and_the_worst_of_them_holds(
    given_: list[tuple[Status, datetime, datetime]], within: list[tuple[datetime, datetime]]
) -> None:
    found = worst(cut(given_, merged(within)))
    for minute in (_at(number) for number in range(0, 5 * 24 * 60, 7)):
        told = [status for status, begins, ends in given_ if begins <= minute < ends and status in RANKED]
        inside = any(begins <= minute < ends for begins, ends in within)
        expected = max(told, key=RANKED.index) if told and inside else None
        assert [status for status, begins, ends in found if begins <= minute < ends] == [expected] * bool(expected)


def test_intervals_that_touch_are_one() -> None:
    assert merged([(_at(5), _at(9)), (_at(1), _at(5)), (_at(7), _at(8)), (_at(20), _at(20))]) == [(_at(1), _at(9))]
