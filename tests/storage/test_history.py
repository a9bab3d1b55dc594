"""Ninety days: the pure arithmetic, by tables and against a slow and obvious second way."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.schema import (
    Impact,
    Incident,
    IncidentPhase,
    Maintenance,
    MaintenancePhase,
    Status,
    Update,
)
from storage.history import DayState, Stretch, observed, told, uptime

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CHICAGO = ZoneInfo("America/Chicago")


def _incident(
    started: datetime | None,
    resolved: datetime | None,
    impact: Impact = Impact.MAJOR,
    updates: tuple[tuple[IncidentPhase, datetime], ...] = (),
) -> Incident:
    return Incident(
        id="i",
        title="Trouble",
        impact=impact,
        phase=IncidentPhase.RESOLVED if resolved else IncidentPhase.INVESTIGATING,
        started_at=started,
        resolved_at=resolved,
        url=None,
        component_ids=(),
        updates=tuple(
            Update(id=str(number), phase=phase, body="", posted_at=at)
            for number, (phase, at) in enumerate(updates)
        ),
    )


def _maintenance(
    starts: datetime, ends: datetime | None, phase: MaintenancePhase = MaintenancePhase.COMPLETED
) -> Maintenance:
    return Maintenance(
        id="m",
        title="Work",
        phase=phase,
        starts_at=starts,
        ends_at=ends,
        url=None,
        component_ids=(),
        updates=(),
    )


def test_chargeover_as_a_tracker_showed_it() -> None:
    """1 operational, 0 degraded, 2 outage, 2 maintenance, 85 unknown: 5 known days, 20 %."""
    seen = observed([(NOW - HOUR, NOW)], [(Status.OPERATIONAL, NOW - HOUR, None)])
    outages = [_incident(NOW - 50 * DAY, NOW - 50 * DAY + HOUR), _incident(NOW - 9 * DAY, NOW - 9 * DAY + HOUR)]
    work = [_maintenance(NOW - back * DAY, NOW - back * DAY + HOUR) for back in (70, 20)]
    found = uptime(seen + told(outages, work, NOW), 90, NOW)
    assert Counter(state for _, state in found.days) == {
        DayState.OPERATIONAL: 1,
        DayState.OUTAGE: 2,
        DayState.MAINTENANCE: 2,
        DayState.UNKNOWN: 85,
    }
    assert (found.operational, found.known, found.share) == (1, 5, 0.2)


def test_nothing_known_has_no_share() -> None:
    found = uptime([], 90, NOW)
    assert (len(found.days), found.known, found.share) == (90, 0, None)
    assert found.days[-1][0] == date(2026, 3, 15)
    assert found.days[0][0] == date(2025, 12, 16)


MIDNIGHT = datetime(2026, 3, 10, tzinfo=UTC)
OUTAGES: dict[str, tuple[datetime, datetime, tzinfo, set[str]]] = {
    "within a day": (MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR, UTC, {"03-10"}),
    "over midnight": (MIDNIGHT - HOUR, MIDNIGHT + HOUR, UTC, {"03-09", "03-10"}),
    "up to midnight": (MIDNIGHT - HOUR, MIDNIGHT, UTC, {"03-09"}),
    "from midnight": (MIDNIGHT, MIDNIGHT + HOUR, UTC, {"03-10"}),
    "no length, at midnight": (MIDNIGHT, MIDNIGHT, UTC, {"03-10"}),
    "three days": (MIDNIGHT, MIDNIGHT + 3 * DAY, UTC, {"03-10", "03-11", "03-12"}),
    "the evening before, in Chicago": (MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR, CHICAGO, {"03-09"}),
    # In Chicago the clocks go forward on 2026-03-08: midnight moves from 6:00 to 5:00 UTC.
    "the last hour before the short day": (
        datetime(2026, 3, 8, 5, tzinfo=UTC),
        datetime(2026, 3, 8, 6, tzinfo=UTC),
        CHICAGO,
        {"03-07"},
    ),
    "the whole of the short day": (
        datetime(2026, 3, 8, 6, tzinfo=UTC),
        datetime(2026, 3, 9, 5, tzinfo=UTC),
        CHICAGO,
        {"03-08"},
    ),
    "the first hour after the short day": (
        datetime(2026, 3, 9, 5, tzinfo=UTC),
        datetime(2026, 3, 9, 6, tzinfo=UTC),
        CHICAGO,
        {"03-09"},
    ),
    # And back on 2025-11-02: that day has 25 hours.
    "the whole of the long day": (
        datetime(2025, 11, 2, 5, tzinfo=UTC),
        datetime(2025, 11, 3, 6, tzinfo=UTC),
        CHICAGO,
        {"11-02"},
    ),
    "the first hour after the long day": (
        datetime(2025, 11, 3, 6, tzinfo=UTC),
        datetime(2025, 11, 3, 7, tzinfo=UTC),
        CHICAGO,
        {"11-03"},
    ),
}


@pytest.mark.parametrize(("from_at", "until_at", "zone", "days"), OUTAGES.values(), ids=OUTAGES)
def test_the_days_of_an_outage(from_at: datetime, until_at: datetime, zone: tzinfo, days: set[str]) -> None:
    found = uptime([Stretch(DayState.OUTAGE, from_at, until_at)], 200, NOW, zone)
    assert {f"{day:%m-%d}" for day, state in found.days if state == DayState.OUTAGE} == days


def test_a_leap_day_is_a_day() -> None:
    leap = datetime(2028, 2, 29, 10, tzinfo=UTC)
    found = uptime([Stretch(DayState.OUTAGE, leap, leap + HOUR)], 3, datetime(2028, 3, 1, 9, tzinfo=UTC))
    assert [(f"{day:%m-%d}", state) for day, state in found.days] == [
        ("02-28", DayState.UNKNOWN),
        ("02-29", DayState.OUTAGE),
        ("03-01", DayState.UNKNOWN),
    ]


def test_the_worst_of_a_day_wins() -> None:
    at = NOW - HOUR
    stretches = [Stretch(state, at, at + HOUR / 2) for state in reversed(DayState)]
    assert uptime(stretches, 1, NOW).days[0][1] == DayState.OUTAGE
    assert uptime(stretches[1:], 1, NOW).days[0][1] == DayState.DEGRADED
    assert uptime(stretches[2:], 1, NOW).days[0][1] == DayState.MAINTENANCE
    assert uptime(stretches[3:], 1, NOW).days[0][1] == DayState.OPERATIONAL
    assert uptime(stretches[4:], 1, NOW).days[0][1] == DayState.UNKNOWN


def _states(incident: Incident, days: int = 5) -> list[DayState]:
    return [state for _, state in uptime(told([incident], [], NOW), days, NOW).days]


U, OP, DEG, OUT = DayState.UNKNOWN, DayState.OPERATIONAL, DayState.DEGRADED, DayState.OUTAGE
BEFORE = NOW - 3 * DAY


def test_an_incident_darkens_its_days_by_its_impact() -> None:
    ended = BEFORE + DAY
    assert _states(_incident(BEFORE, ended, Impact.CRITICAL)) == [U, OUT, OUT, U, U]
    assert _states(_incident(BEFORE, ended, Impact.MAJOR)) == [U, OUT, OUT, U, U]
    assert _states(_incident(BEFORE, ended, Impact.MINOR)) == [U, DEG, DEG, U, U]
    assert _states(_incident(BEFORE, ended, Impact.UNKNOWN)) == [U, DEG, DEG, U, U]
    assert _states(_incident(BEFORE, ended, Impact.NONE)) == [U, U, U, U, U]


def test_an_incident_left_open_lasts_until_the_page_last_said_anything_of_it() -> None:
    said = ((IncidentPhase.INVESTIGATING, BEFORE), (IncidentPhase.IDENTIFIED, BEFORE + DAY))
    assert _states(_incident(BEFORE, None, updates=said)) == [U, OUT, OUT, U, U]
    assert _states(_incident(BEFORE, None)) == [U, OUT, U, U, U]


def test_an_incident_without_its_end_ends_with_its_last_word_resolved_not_with_its_postmortem() -> None:
    said = (
        (IncidentPhase.INVESTIGATING, BEFORE),
        (IncidentPhase.RESOLVED, BEFORE + HOUR),
        (IncidentPhase.POSTMORTEM, BEFORE + 2 * DAY),
    )
    assert _states(_incident(BEFORE, None, updates=said)) == [U, OUT, U, U, U]


def test_an_incident_without_a_start_tells_nothing_and_one_that_ends_before_it_starts_has_no_length() -> None:
    assert _states(_incident(None, NOW)) == [U, U, U, U, U]
    assert _states(_incident(BEFORE, BEFORE - DAY)) == [U, OUT, U, U, U]


@pytest.mark.parametrize(
    ("phase", "counts"),
    [
        (MaintenancePhase.SCHEDULED, False),
        (MaintenancePhase.CANCELED, False),
        (MaintenancePhase.IN_PROGRESS, True),
        (MaintenancePhase.VERIFYING, True),
        (MaintenancePhase.COMPLETED, True),
    ],
)
def test_only_a_maintenance_that_began_counts(phase: MaintenancePhase, counts: bool) -> None:
    stretches = told([], [_maintenance(NOW - HOUR, NOW + DAY, phase)], NOW)
    assert stretches == ([Stretch(DayState.MAINTENANCE, NOW - HOUR, NOW)] if counts else [])


def test_what_lies_outside_the_observation_is_not_known() -> None:
    spans = [
        (Status.OPERATIONAL, NOW - 4 * DAY, NOW - 3 * DAY),
        (Status.MAJOR_OUTAGE, NOW - 3 * DAY, NOW - DAY),
        (Status.OPERATIONAL, NOW - DAY, None),
    ]
    seen = observed([(NOW - 4 * DAY, NOW - 3 * DAY - HOUR), (NOW - HOUR, NOW)], spans)
    assert [state for _, state in uptime(seen, 5, NOW).days] == [OP, OP, U, U, OP]


moments = st.integers(0, 141 * 24 * 60).map(lambda back: NOW - timedelta(minutes=back))
"""Whole minutes: the slow way sees nothing finer."""
stretches_ = st.lists(
    st.builds(
        lambda state, at, hours: Stretch(state, at, at + timedelta(hours=hours)),
        st.sampled_from(DayState),
        moments,
        st.integers(0, 100),
    ),
    max_size=6,
)


@given(stretches_, st.sampled_from([UTC, CHICAGO, ZoneInfo("Asia/Kathmandu")]))
def test_every_day_has_the_worst_of_its_minutes(stretches: list[Stretch], zone: tzinfo) -> None:
    """The slow way: every minute of every stretch colours the day it falls on."""
    slow: dict[date, DayState] = {}
    for one in stretches:
        at = one.from_at
        while at < max(one.until_at, one.from_at + timedelta(minutes=1)):
            day = at.astimezone(zone).date()
            slow[day] = max(slow.get(day, DayState.UNKNOWN), one.state)
            at += timedelta(minutes=1)
    found = uptime(stretches, 150, NOW, zone)
    assert dict(found.days) == {day: slow.get(day, DayState.UNKNOWN) for day, _ in found.days}
