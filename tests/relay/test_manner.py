"""How a follow wants to be told, by tables."""

from datetime import UTC, datetime, time

import pytest
from standins.login_outage import MAIN, STORY, event, incident, incident_event, maintenance

from adapters.schema import Impact
from relay.events import EventType, StoredEvent, Subject, SubjectKind
from relay.manner import (
    Loud,
    Manner,
    Quiet,
    Shape,
    is_loud,
    mentioned,
    of_follow,
    quiet_until,
    severity,
    stored_quiet,
)
from storage import tables

OPENED, RAISED, IDENTIFIED, RESOLVED, POSTMORTEM = STORY[0], STORY[1], STORY[2], STORY[4], STORY[5]


def became(now: str, former: str | None = None, type: EventType = EventType.INCIDENT_UPDATED) -> StoredEvent:
    """An incident whose impact is `now`; `former` is what it was before this event."""
    previous = {"impact": former} if former else {}
    return incident_event(type, 2, incident=incident(2, impact=now), previous=previous)


REOPENED = became("minor", type=EventType.INCIDENT_REOPENED)
CHANGED = event(EventType.COMPONENT_CHANGED, component=MAIN, previous={"status": "operational"})
WITHIN = event(EventType.COMPONENT_CHANGED, component=MAIN, subject=Subject(SubjectKind.INCIDENT, "wqrzsb2dhryr"))
STARTED = event(EventType.MAINTENANCE_STARTED, maintenance=maintenance())


@pytest.mark.parametrize(
    ("told", "loud"),
    [
        (OPENED, False),
        (RAISED, True),
        (IDENTIFIED, False),
        (RESOLVED, True),
        (POSTMORTEM, False),
        (REOPENED, True),
        (became("critical", "major"), True),
        (became("critical", "minor", EventType.INCIDENT_EDITED), True),
        (became("minor", "none"), False),
        (became("minor", "major"), False),
        (became("major", "critical"), False),
        (became("major", "unknown"), True),
        (became("unknown", "minor"), False),
        (became("major"), False),
        (CHANGED, False),
        (WITHIN, False),
        (STARTED, False),
    ],
)
def test_what_is_loud_by_itself(told: StoredEvent, loud: bool) -> None:
    assert is_loud(Manner(), told) == loud


@pytest.mark.parametrize(
    ("loud", "heard"),
    [
        ({Loud.RESOLVED}, [RESOLVED]),
        ({Loud.RAISED}, [RAISED]),
        ({Loud.REOPENED}, [REOPENED]),
        ({Loud.RAISED, Loud.REOPENED}, [RAISED, REOPENED]),
        (set(), []),
    ],
)
def test_what_is_loud_can_be_chosen(loud: set[Loud], heard: list[StoredEvent]) -> None:
    manner = Manner(loud=frozenset(loud))
    assert [told for told in (RAISED, RESOLVED, REOPENED) if is_loud(manner, told)] == heard


def test_one_that_reopens_graver_than_before_is_loud_for_either_reason() -> None:
    graver = became("critical", "minor", EventType.INCIDENT_REOPENED)
    assert is_loud(Manner(loud=frozenset({Loud.RAISED})), graver)
    assert is_loud(Manner(loud=frozenset({Loud.REOPENED})), graver)
    assert not is_loud(Manner(loud=frozenset({Loud.RESOLVED})), graver)


@pytest.mark.parametrize(("shape", "loud"), [(Shape.BOTH, True), (Shape.CHANNEL, False)])
def test_a_shape_that_leaves_no_choice(shape: Shape, loud: bool) -> None:
    manner = Manner(shape=shape, loud=frozenset())
    assert [is_loud(manner, told) for told in (OPENED, RESOLVED, CHANGED)] == [loud] * 3
    assert is_loud(Manner(shape=shape), RESOLVED) == loud


WHO = ("U1", "here")


@pytest.mark.parametrize(
    ("told", "begun", "least", "called"),
    [
        (OPENED, False, None, True),
        (OPENED, True, None, False),
        (IDENTIFIED, False, None, True),
        (IDENTIFIED, True, None, False),
        (RESOLVED, False, None, False),
        (POSTMORTEM, False, None, False),
        (became("minor", type=EventType.INCIDENT_REMOVED), False, None, False),
        (REOPENED, True, None, True),
        (REOPENED, True, Impact.MAJOR, False),
        (OPENED, False, Impact.MAJOR, True),
        (OPENED, False, Impact.CRITICAL, False),
        (became("unknown"), False, Impact.CRITICAL, True),
        (became("major", "minor"), True, Impact.MAJOR, True),
        (became("critical", "minor"), True, Impact.MAJOR, True),
        (became("critical", "major"), True, Impact.MAJOR, False),
        (became("minor", "none"), True, Impact.MAJOR, False),
        (became("major", "critical"), True, Impact.MAJOR, False),
        (became("major", "minor"), True, None, False),
        (became("major", "unknown"), True, Impact.MAJOR, False),
        (became("unknown", "minor"), True, Impact.MAJOR, False),
        (CHANGED, False, None, False),
        (WITHIN, False, None, False),
        (STARTED, False, None, False),
    ],
)
def test_who_is_mentioned(told: StoredEvent, begun: bool, least: Impact | None, called: bool) -> None:
    manner = Manner(mention=WHO, mention_impact=least)
    assert mentioned(manner, told, begun=begun) == (WHO if called else ())


@pytest.mark.parametrize(
    ("told", "grave"),
    [(became("none"), 0), (became("critical"), 3), (became("unknown"), 3), (STARTED, -1), (CHANGED, -1)],
)
def test_how_grave_it_is(told: StoredEvent, grave: int) -> None:
    assert severity(told) == grave


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "zone", "now", "until"),
    [
        # within a day
        ("12:00-13:30", "UTC", "2025-07-18 11:59", None),
        ("12:00-13:30", "UTC", "2025-07-18 12:00", "2025-07-18 13:30"),
        ("12:00-13:30", "UTC", "2025-07-18 13:29:59", "2025-07-18 13:30"),
        ("12:00-13:30", "UTC", "2025-07-18 13:30", None),
        ("00:00-23:59", "UTC", "2025-07-18 00:00", "2025-07-18 23:59"),
        ("09:00-09:00", "UTC", "2025-07-18 09:00", None),
        # over midnight
        ("22:00-07:00", "UTC", "2025-07-18 21:59", None),
        ("22:00-07:00", "UTC", "2025-07-18 22:00", "2025-07-19 07:00"),
        ("22:00-07:00", "UTC", "2025-07-19 00:00", "2025-07-19 07:00"),
        ("22:00-07:00", "UTC", "2025-07-19 06:59", "2025-07-19 07:00"),
        ("22:00-07:00", "UTC", "2025-07-19 07:00", None),
        ("22:00-07:00", "UTC", "2025-12-31 23:00", "2026-01-01 07:00"),
        # in another zone: summer is two hours ahead of UTC, winter one
        ("22:00-07:00", "Europe/Berlin", "2025-07-18 19:59", None),
        ("22:00-07:00", "Europe/Berlin", "2025-07-18 20:00", "2025-07-19 05:00"),
        ("22:00-07:00", "Europe/Berlin", "2025-01-18 21:00", "2025-01-19 06:00"),
        ("22:00-07:00", "Asia/Kolkata", "2025-07-18 16:30", "2025-07-19 01:30"),
        # the clock goes forward (30 March 2025, 02:00 becomes 03:00): the night is an hour shorter
        ("22:00-07:00", "Europe/Berlin", "2025-03-29 21:00", "2025-03-30 05:00"),
        ("22:00-07:00", "Europe/Berlin", "2025-03-30 00:30", "2025-03-30 05:00"),
        ("22:00-07:00", "Europe/Berlin", "2025-03-30 05:00", None),
        # and ends at a time that there is not: an hour later, as the clock shows it
        ("22:00-02:30", "Europe/Berlin", "2025-03-29 23:00", "2025-03-30 01:30"),
        # the clock goes back (26 October 2025, 03:00 becomes 02:00): an hour longer
        ("22:00-07:00", "Europe/Berlin", "2025-10-25 20:00", "2025-10-26 06:00"),
        ("22:00-07:00", "Europe/Berlin", "2025-10-26 00:30", "2025-10-26 06:00"),
        ("22:00-07:00", "Europe/Berlin", "2025-10-26 01:30", "2025-10-26 06:00"),
        ("22:00-07:00", "Europe/Berlin", "2025-10-26 06:00", None),
    ],
)
def test_quiet_hours(hours: str, zone: str, now: str, until: str | None) -> None:
    begins, ends = (time.fromisoformat(hour) for hour in hours.split("-"))
    manner = Manner(quiet=Quiet(begins, ends, zone))
    found = quiet_until(manner, OPENED, utc(now))
    assert found == (utc(until) if until else None)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("told", "least", "quiet"),
    [
        (OPENED, None, True),
        (OPENED, Impact.CRITICAL, True),
        (OPENED, Impact.MAJOR, False),
        (OPENED, Impact.MINOR, False),
        (became("unknown"), Impact.CRITICAL, False),
        (STARTED, Impact.NONE, True),
        (CHANGED, Impact.NONE, True),
    ],
)
def test_what_is_grave_is_told_at_night(told: StoredEvent, least: Impact | None, quiet: bool) -> None:
    manner = Manner(quiet=Quiet(time(22), time(7), "UTC", least))
    assert (quiet_until(manner, told, utc("2025-07-18 23:00")) is not None) == quiet


def test_without_quiet_hours_everything_is_told() -> None:
    assert quiet_until(Manner(), OPENED, utc("2025-07-18 03:00")) is None


def follow(**more: object) -> tables.Follow:
    known: dict[str, object] = {
        "shape": "threads",
        "loud": ["resolved", "raised", "reopened"],
        "mention": [],
        "mention_impact": None,
        "remind_minutes": 60,
        "quiet": None,
    }
    return tables.Follow(**known | more)


@pytest.mark.parametrize(
    ("row", "manner"),
    [
        (follow(), Manner()),
        (follow(shape="channel only", loud=[]), Manner(shape=Shape.CHANNEL, loud=frozenset())),
        (follow(shape="threads and channel"), Manner(shape=Shape.BOTH)),
        (
            follow(loud=["raised"], mention=["U1", "here"], mention_impact="major", remind_minutes=None),
            Manner(
                loud=frozenset({Loud.RAISED}),
                mention=("U1", "here"),
                mention_impact=Impact.MAJOR,
                remind_minutes=None,
            ),
        ),
    ],
)
def test_a_follow_is_read(row: tables.Follow, manner: Manner) -> None:
    assert of_follow(row) == manner


@pytest.mark.parametrize(
    ("quiet", "stored"),
    [
        (Quiet(time(22), time(7)), {"from": "22:00", "until": "07:00", "zone": "UTC", "except": None}),
        (
            Quiet(time(12, 5), time(23, 59), "Europe/Berlin", Impact.CRITICAL),
            {"from": "12:05", "until": "23:59", "zone": "Europe/Berlin", "except": "critical"},
        ),
    ],
)
def test_quiet_hours_are_kept_and_read_again(quiet: Quiet, stored: dict[str, str | None]) -> None:
    assert stored_quiet(quiet) == stored
    assert of_follow(follow(quiet=stored)).quiet == quiet
