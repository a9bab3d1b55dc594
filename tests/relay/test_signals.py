"""When many report trouble, and when it is no more than usual. Pure."""

from datetime import UTC, datetime, timedelta
from math import exp, factorial
from random import Random

import pytest
from standins.login_outage import MAIN, PROVIDER

from adapters.schema import Status
from relay.events import EventType, SubjectKind
from relay.signals import (
    CHANCE,
    FLOOR,
    LEAST,
    LEVEL,
    WINDOW,
    WINDOWS,
    Confirmation,
    Official,
    Page,
    cleared,
    confirmation,
    is_over,
    needed,
    raised,
    tail,
    usual,
)
from storage.signals import Report

NOW = datetime(2026, 3, 4, 12, 7, tzinfo=UTC)
PRESENT = datetime(2026, 3, 4, 11, 45, tzinfo=UTC)
"""The first window that is no part of what is usual."""
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("level", "people"),
    [(FLOOR, 5), (0.3, 6), (1.0, 10), (5.0, 20), (20.0, 46), (100.0, 152)],
)
def test_how_many_are_more_than_chance(level: float, people: int) -> None:
    assert needed(level) == people
    assert tail(people, level) <= CHANCE
    assert people == LEAST or tail(people - 1, level) > CHANCE


@pytest.mark.parametrize("level", [0.15, 1.0, 7.5, 40.0])
@pytest.mark.parametrize("people", [0, 1, 5, 20, 60])
def test_the_tail_is_poissons(level: float, people: int) -> None:
    slow = sum(exp(-level) * level**n / factorial(n) for n in range(people, 170))
    assert tail(people, level) == pytest.approx(slow, rel=1e-6)


def _windows(*people: int, until: datetime = PRESENT) -> dict[datetime, int]:
    """The last ones before the present one."""
    return {until - WINDOW * (len(people) - n): one for n, one in enumerate(people)}


def _each(people: int) -> dict[datetime, int]:
    return _windows(*[people] * WINDOWS)


def test_what_is_usual_where_nobody_reported_anything() -> None:
    assert usual({}, NOW) == FLOOR


def test_what_is_usual_is_the_mean() -> None:
    assert usual(_each(3), NOW) == pytest.approx(3.0)


def test_a_time_of_day_may_have_a_usual_level_of_its_own() -> None:
    noon = {
        PRESENT - timedelta(days=day) + WINDOW * n: 4 for day in range(1, 15) for n in range(-4, 6)
    }  # each day from 10:45 on for two hours and a half
    assert usual(noon, NOW) == pytest.approx(4.0)
    assert usual(noon, NOW + 6 * HOUR) < 0.5
    assert needed(usual(noon, NOW)) > needed(usual(noon, NOW + 6 * HOUR))


def test_around_midnight_the_day_before_is_near() -> None:
    late = {datetime(2026, 3, day, 23, 45, tzinfo=UTC): 4 for day in range(1, 4)} | {
        datetime(2026, 2, day, 23, 45, tzinfo=UTC): 4 for day in range(19, 29)
    }
    assert usual(late, datetime(2026, 3, 4, 0, 10, tzinfo=UTC)) > usual(late, NOW)


def test_a_former_trouble_makes_the_next_one_no_less_noticed() -> None:
    outage = _windows(*[200] * 16)  # four hours of it, just before
    assert usual(outage, NOW) < 0.5
    assert needed(usual(outage, NOW)) <= 6
    assert needed(usual(outage, NOW + 12 * HOUR)) == LEAST


def test_a_busy_page_keeps_its_level() -> None:
    assert usual(_each(20), NOW) == pytest.approx(20.0)


@pytest.mark.parametrize("a_day", [2, 14, 100, 500])
def test_calm_traffic_raises_nothing(a_day: int) -> None:
    """A hundred days of people who come by chance, looked at whenever one more comes: at most one false alarm."""
    chance = Random(a_day)
    moment, moments = 0.0, list[float]()
    while moment < 100 * 86400:
        moment += chance.expovariate(a_day / 86400)
        moments.append(moment)
    enough = needed(max(FLOOR, a_day / 96))
    window = WINDOW.total_seconds()
    alarms, last = 0, -1e9
    for place, moment in enumerate(moments):
        if place + 1 >= enough and moment - moments[place + 1 - enough] < window and moment - last > 86400:
            alarms, last = alarms + 1, moment
    assert alarms <= 1


def test_a_real_rise_is_noticed_at_any_level() -> None:
    for level in (FLOOR, 1.0, 5.0, 20.0):
        assert needed(level) <= max(LEAST, 10 * level)


def _page(status: Status = Status.OPERATIONAL, *incidents: Official, since: timedelta = HOUR) -> Page:
    provider = PROVIDER.model_copy(update={"status": status})
    return Page(provider, NOW - since, incidents, {"c1": MAIN})


def _incident(began: timedelta, ended: timedelta | None = None) -> Official:
    ended_at = NOW - ended if ended is not None else None
    return Official("i1", "Login outage", "https://x.example/i1", NOW - began, ended_at)


REPORTED = NOW - timedelta(minutes=10)
CONFIRMATIONS: dict[str, tuple[Page, bool]] = {
    "a calm page": (_page(), False),
    "an incident of now": (_page(Status.OPERATIONAL, _incident(timedelta(minutes=5))), True),
    "an incident of this morning": (_page(Status.DEGRADED, _incident(3 * HOUR)), True),
    "an incident of last week": (_page(Status.OPERATIONAL, _incident(170 * HOUR)), False),
    "one that is just over": (_page(Status.OPERATIONAL, _incident(HOUR, timedelta(minutes=5))), True),
    "one that was over before": (_page(Status.OPERATIONAL, _incident(3 * HOUR, 2 * HOUR)), False),
    "trouble without an incident": (_page(Status.DEGRADED), True),
    "trouble for a week": (_page(Status.DEGRADED, since=170 * HOUR), False),
    "maintenance": (_page(Status.MAINTENANCE), False),
    "unknown": (_page(Status.UNKNOWN), False),
}


@pytest.mark.parametrize("what", CONFIRMATIONS)
def test_what_confirms(what: str) -> None:
    page, confirms = CONFIRMATIONS[what]
    assert (confirmation(page, REPORTED) is not None) == confirms


def test_it_is_over_after_half_an_hour() -> None:
    assert not is_over(NOW - timedelta(minutes=29), NOW)
    assert is_over(NOW - timedelta(minutes=30), NOW)


def _reports(*about: tuple[str | None, str | None]) -> list[Report]:
    return [
        Report(REPORTED + timedelta(minutes=n), component, region) for n, (component, region) in enumerate(about)
    ]


def test_what_is_told_when_it_is_raised() -> None:
    berlin, perth = "Europe/Berlin", "Australia/Perth"
    told = raised(
        _page(), _reports(("c1", berlin), (None, berlin), ("c1", perth), ("gone", None), (None, None)), NOW
    )
    signal = told.data.signal
    assert signal is not None
    assert (told.type, told.subject.kind, told.context.opens) == (
        EventType.SIGNAL_RAISED,
        SubjectKind.SIGNAL,
        True,
    )
    assert (signal.people, signal.since, signal.window_minutes) == (5, REPORTED, 15)
    assert signal.regions == {berlin: 2}, "a single person's region is told nobody"
    assert [(one.id, one.name, one.people) for one in signal.components] == [("c1", "Main Application", 2)]
    assert told.context.component_ids == (), "some may mean any component"


def test_where_everybody_names_a_component_it_concerns_those() -> None:
    assert raised(_page(), _reports(("c1", None), ("c2", None)), NOW).context.component_ids == ("c1", "c2")


def test_its_end_belongs_to_it() -> None:
    first = raised(_page(), _reports((None, None)), NOW)
    last = cleared(_page(), NOW, REPORTED, 12, None)
    assert first.key.partition(":")[2] == last.key.partition(":")[2]
    assert first.subject == last.subject
    assert last.data.signal is not None
    assert (last.data.signal.people, last.data.signal.confirmed) == (12, False)


def test_the_end_says_what_confirmed_it() -> None:
    found = confirmation(_page(Status.DEGRADED, _incident(HOUR)), REPORTED)
    signal = cleared(_page(), NOW, REPORTED, 12, found).data.signal
    assert signal is not None
    assert signal.incident is not None
    assert (signal.confirmed, signal.incident.title) == (True, "Login outage")
    signal = cleared(_page(Status.DEGRADED), NOW, REPORTED, 12, Confirmation(None)).data.signal
    assert signal is not None
    assert (signal.confirmed, signal.incident) == (True, None)


def test_fourteen_days_are_looked_at() -> None:
    assert WINDOWS * WINDOW == LEVEL
