"""The digest: when it is due, and how it reads."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from standins.pages import at, incident, update

from adapters.schema import Impact, Incident, Maintenance, MaintenancePhase, Status
from relay import digest
from relay.bulletin import Bulletin, Row
from relay.digest import Told, Wanted, days_touched, next_due, trouble
from storage.history import DayState, Uptime

DAILY = {"every": "day", "at": "09:00", "weekday": 0, "zone": "Europe/Berlin"}
WEEKLY = DAILY | {"every": "week"}
NIGHT = DAILY | {"at": "02:30"}
NOW = at(0)
SINCE = NOW - timedelta(days=7)


@pytest.mark.parametrize(
    ("plan", "after", "due"),
    [
        pytest.param(DAILY, "2026-01-01T07:59:59Z", "2026-01-01T08:00:00Z", id="today"),
        pytest.param(DAILY, "2026-01-01T08:00:00Z", "2026-01-02T08:00:00Z", id="just told: tomorrow"),
        pytest.param(DAILY, "2026-01-01T23:30:00Z", "2026-01-02T08:00:00Z", id="it is tomorrow there already"),
        pytest.param(DAILY, "2026-07-01T00:00:00Z", "2026-07-01T07:00:00Z", id="in summer"),
        pytest.param(DAILY, "2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z", id="a day of 23 hours"),
        pytest.param(DAILY, "2026-10-24T07:00:00Z", "2026-10-25T08:00:00Z", id="a day of 25 hours"),
        pytest.param(NIGHT, "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z", id="the clock skips it: 03:30"),
        pytest.param(NIGHT, "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z", id="and the day after"),
        pytest.param(NIGHT, "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", id="it comes twice: the first"),
        pytest.param(NIGHT, "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", id="and not the second"),
        pytest.param(WEEKLY, "2026-01-01T00:00:00Z", "2026-01-05T08:00:00Z", id="next Monday"),
        pytest.param(WEEKLY, "2026-01-05T07:00:00Z", "2026-01-05T08:00:00Z", id="this Monday"),
        pytest.param(WEEKLY, "2026-01-05T08:00:00Z", "2026-01-12T08:00:00Z", id="the Monday after"),
        pytest.param(WEEKLY, "2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z", id="a week of a changed clock"),
        pytest.param(WEEKLY | {"weekday": 6}, "2026-01-01T00:00:00Z", "2026-01-04T08:00:00Z", id="Sunday"),
        pytest.param(
            DAILY | {"zone": "Pacific/Kiritimati", "at": "00:15"}, "2026-01-01T10:20:00Z", "2026-01-02T10:15:00Z",
            id="far east",
        ),
    ],
)  # fmt: skip
def test_it_is_due_by_the_clocks_of_its_zone(plan: dict[str, Any], after: str, due: str) -> None:
    assert next_due(plan, datetime.fromisoformat(after)) == datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("since", "days"),
    [
        pytest.param(NOW - timedelta(days=1), 2, id="a day from noon to noon"),
        pytest.param(NOW - timedelta(days=7), 8, id="a week"),
        pytest.param(NOW - timedelta(hours=12, minutes=30), 1, id="since half past midnight there"),
        pytest.param(NOW - timedelta(days=400), 90, id="no more than is kept"),
        pytest.param(NOW + timedelta(days=2), 1, id="a clock that was put back"),
    ],
)
def test_the_days_that_a_period_touches(since: datetime, days: int) -> None:
    assert days_touched(DAILY, since, NOW) == days


def ended(begins: float, ends: float | None, **given: Any) -> Incident:
    """An incident, in hours before now."""
    last = (
        update("u2", "resolved", -ends * 60) if ends is not None else update("u2", "monitoring", -begins * 60 + 1)
    )
    values = {"resolved_at": last.posted_at if ends is not None else None} | given
    return incident(update("u1", "investigating", -begins * 60), last, **values)


@pytest.mark.parametrize(
    ("incidents", "hours"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([ended(5, 3)], 2, id="one"),
        pytest.param([ended(5, 3), ended(2, 1)], 3, id="two"),
        pytest.param([ended(5, 3), ended(4, 2)], 3, id="overlapping: no minute counts twice"),
        pytest.param([ended(10, 1), ended(4, 2)], 9, id="one within another"),
        pytest.param([ended(2, None)], 2, id="active until now"),
        pytest.param([ended(9 * 24, 7 * 24 - 2)], 2, id="begun before the period"),
        pytest.param([ended(9 * 24, 8 * 24)], 0, id="all of it before the period"),
        pytest.param([ended(5, 3, impact=Impact.NONE)], 0, id="the page says that nothing was affected"),
        pytest.param([ended(5, 3, started_at=None)], 0, id="nobody knows when it began"),
        pytest.param([ended(5, 3, resolved_at=None)], 2, id="the update alone says when it ended"),
    ],
)
def test_minutes_of_trouble(incidents: list[Incident], hours: float) -> None:
    assert trouble(incidents, SINCE, NOW) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("wanted", "incident_too", "maintenance_too"),
    [
        pytest.param(Wanted(), True, True, id="everything"),
        pytest.param(Wanted(incidents=False), False, True, id="no incidents"),
        pytest.param(Wanted(maintenance=False), True, False, id="no maintenance"),
        pytest.param(Wanted(component_ids=frozenset({"app", "x"})), True, True, id="one of its components"),
        pytest.param(Wanted(component_ids=frozenset({"x"})), False, False, id="another component"),
        pytest.param(Wanted(least=Impact.MAJOR), True, True, id="grave enough"),
        pytest.param(Wanted(least=Impact.CRITICAL), False, True, id="not grave enough"),
    ],
)
def test_a_digest_keeps_to_what_is_followed(wanted: Wanted, incident_too: bool, maintenance_too: bool) -> None:
    assert wanted.incident(ended(5, 3)) is incident_too
    assert wanted.planned(planned("Disks", 5)) is maintenance_too


def test_what_names_no_component_or_no_impact_may_concern_any() -> None:
    vague = ended(5, 3, component_ids=(), impact=Impact.UNKNOWN)
    assert Wanted(component_ids=frozenset({"x"}), least=Impact.CRITICAL).incident(vague)


def planned(title: str, hours: float) -> Maintenance:
    return Maintenance(
        id="m", title=title, phase=MaintenancePhase.SCHEDULED, starts_at=NOW + timedelta(hours=hours),
        component_ids=("app",),
    )  # fmt: skip


def told(name: str, *incidents: Incident, **given: Any) -> Told:
    values: dict[str, Any] = {"status": Status.OPERATIONAL, "incidents": incidents}
    return Told(name, f"https://{name.lower()}.example.com", **(values | given))


def figure(operational: int, known: int, days: int = 8) -> Uptime:
    return Uptime(tuple((date(2026, 1, day + 1), DayState.UNKNOWN) for day in range(days)), operational, known)


def written(bulletin: Bulletin | None) -> list[tuple[str | None, list[str], str]]:
    assert bulletin is not None
    return [
        (part.heading, [f"{row.title} | {row.detail}" for row in part.rows], part.note)
        for part in bulletin.sections
    ]


def test_a_week_with_everything() -> None:
    active = ended(2, None, impact=Impact.CRITICAL, url=None)
    bulletin = digest.digest(
        [
            told("Acme", ended(30, 29), active, status=Status.MAJOR_OUTAGE, uptime=figure(6, 7)),
            told("Beta"),
            told("Calm", coming=(planned("Later", 30),)),
            told("Dark", failure="HTTP 503", status=Status.UNKNOWN, uptime=figure(0, 0)),
            told("Echo", troubled=True, uptime=figure(7, 8), coming=(planned("Sooner", 3),)),
        ],
        WEEKLY, SINCE, NOW,
    )  # fmt: skip
    assert bulletin is not None
    assert bulletin.text == (
        "The last week: 2 incidents at 1 of 5 providers, 1 of them active now. 1 page can't be read at present."
    )
    assert written(bulletin) == [
        ("Active now", ["Acme: Logins fail | monitoring, impact critical"], ""),
        (
            "What happened",
            [
                "Acme | 2 incidents, 3 h of trouble, known uptime 85.71 % (7 known of 8 days)",
                "Dark | its page can't be read (HTTP 503), no day of the period is known",
                "Echo | its page showed trouble without an incident, known uptime 87.5 % (8 known of 8 days)",
            ],
            "2 others: nothing happened",
        ),
        ("Coming maintenance", ["Echo: Sooner | scheduled", "Calm: Later | scheduled"], ""),
    ]
    assert bulletin.sections[0].rows[0] == Row(
        "Acme: Logins fail", Status.MAJOR_OUTAGE, "monitoring, impact critical", active.started_at,
        "https://acme.example.com",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("followed", "text", "note"),
    [
        pytest.param(
            [told("Acme")], "The last week: no incidents at Acme.", "1 provider: nothing happened", id="one"
        ),
        pytest.param(
            [told("Acme"), told("Beta")],
            "The last week: no incidents at the 2 providers that are followed here.",
            "2 providers: nothing happened",
            id="two",
        ),
    ],
)
def test_a_calm_week(followed: list[Told], text: str, note: str) -> None:
    bulletin = digest.digest(followed, WEEKLY, SINCE, NOW)
    assert bulletin is not None
    assert bulletin.text == text
    assert written(bulletin) == [(None, [], note)]


def test_what_could_not_be_read_is_not_calm() -> None:
    bulletin = digest.digest([told("Dark", failure="HTTP 503")], WEEKLY, SINCE, NOW)
    assert "nothing happened" not in str(bulletin)


def test_where_nothing_is_followed_there_is_none() -> None:
    assert digest.digest([], WEEKLY, SINCE, NOW) is None


@pytest.mark.parametrize(
    ("plan", "back", "lead"),
    [
        pytest.param(DAILY, timedelta(hours=23), "The last day: ", id="a changed clock"),
        pytest.param(DAILY, timedelta(hours=24, seconds=9), "The last day: ", id="a day"),
        pytest.param(DAILY, timedelta(days=3, hours=4), "The last 3 d 4 h: ", id="after a stop"),
        pytest.param(WEEKLY, timedelta(days=2), "The last 2 d: ", id="the first, in the middle of a week"),
    ],
)
def test_the_period_is_said_as_it_is(plan: dict[str, Any], back: timedelta, lead: str) -> None:
    bulletin = digest.digest([told("Acme")], plan, NOW - back, NOW)
    assert bulletin is not None
    assert bulletin.text.startswith(lead)


def test_a_long_one_is_cut_and_counted() -> None:
    many = [told(f"P{n}", ended(2, None), coming=(planned("Disks", n),)) for n in range(30)]
    bulletin = digest.digest(many, WEEKLY, SINCE, NOW)
    assert bulletin is not None
    assert [(part.heading, len(part.rows), part.note) for part in bulletin.sections] == [
        ("Active now", 30, ""),
        ("What happened", 10, "… and 20 more"),
        ("Coming maintenance", 0, "… and 30 more"),
    ]


def test_the_clock_is_in_utc() -> None:
    assert next_due(DAILY, NOW).tzinfo is UTC
