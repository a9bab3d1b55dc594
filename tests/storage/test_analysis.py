"""What incidents add up to: tables of small cases, with what each figure was made from."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.schema import Impact, Incident, IncidentPhase, Maintenance, MaintenancePhase, Update
from storage import analysis
from storage.analysis import Case, Figures, Trust, case_of
from storage.cases import SLACK, appeared, end_untold, ended, posted

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2025, 8, 1, tzinfo=UTC)
SINCE, UNTIL = datetime(2025, 7, 1, tzinfo=UTC), datetime(2025, 8, 1, tzinfo=UTC)
AT = datetime(2025, 7, 10, 12, tzinfo=UTC)
RESOLVED, INVESTIGATING = IncidentPhase.RESOLVED, IncidentPhase.INVESTIGATING


def incident(
    start: datetime | None,
    end: datetime | None,
    *posts: tuple[IncidentPhase, datetime],
    id: str = "i",
    impact: Impact = Impact.MAJOR,
    components: tuple[str, ...] = (),
) -> Incident:
    said = posts or tuple((phase, at) for phase, at in ((INVESTIGATING, start), (RESOLVED, end)) if at is not None)
    return Incident(
        id=id,
        title=id,
        impact=impact,
        phase=said[-1][0] if said else RESOLVED,
        started_at=start,
        resolved_at=end,
        component_ids=components,
        updates=tuple(
            Update(id=str(number), phase=phase, body="", posted_at=at) for number, (phase, at) in enumerate(said)
        ),
    )


def seen(one: Incident, first_seen_at: datetime | None = None) -> Case:
    return case_of(one, first_seen_at or posted(one) or NOW)


FIREWALL = incident(
    datetime(2025, 7, 5, 20, 27, tzinfo=UTC),
    datetime(2025, 7, 5, 21, 57, tzinfo=UTC),
    (RESOLVED, datetime(2025, 7, 8, 15, 22, tzinfo=UTC)),
    (IncidentPhase.POSTMORTEM, datetime(2025, 7, 28, 15, 4, tzinfo=UTC)),
    id="bc4vlzlx8vfm",
    components=("main",),
)
LOGIN = incident(
    datetime(2025, 7, 18, 19, 0, tzinfo=UTC),
    datetime(2025, 7, 18, 20, 14, tzinfo=UTC),
    (INVESTIGATING, datetime(2025, 7, 18, 19, 11, tzinfo=UTC)),
    (RESOLVED, datetime(2025, 7, 18, 20, 14, tzinfo=UTC)),
    id="wqrzsb2dhryr",
    components=("main", "site"),
)


def test_chargeovers_july() -> None:
    found = analysis.figures([seen(LOGIN), seen(FIREWALL)], SINCE, UNTIL, NOW)
    assert (found.incidents, found.backdated) == (2, 1)
    assert (found.trouble, found.dated) == (90 * MINUTE + 74 * MINUTE, 2)
    assert (found.mean_to_resolve, found.resolved) == (82 * MINUTE, 2)
    assert found.longest is not None
    assert found.longest.incident.id == "bc4vlzlx8vfm"
    late = datetime(2025, 7, 8, 15, 22, tzinfo=UTC) - datetime(2025, 7, 5, 20, 27, tzinfo=UTC)
    assert found.trust == Trust((late + 11 * MINUTE) / 2, "F", 2)
    assert analysis.trust([seen(LOGIN)]) == Trust(11 * MINUTE, "A", 1)


GRADES = {
    "at once": (timedelta(), "A"),
    "just under fifteen minutes": (15 * MINUTE - timedelta(seconds=1), "A"),
    "fifteen minutes": (15 * MINUTE, "B"),
    "half an hour": (30 * MINUTE, "C"),
    "an hour": (HOUR, "D"),
    "two hours": (2 * HOUR, "E"),
    "four hours": (4 * HOUR, "E"),
    "over four hours": (4 * HOUR + timedelta(seconds=1), "F"),
    "a week": (7 * DAY, "F"),
}


@pytest.mark.parametrize(("delay", "grade"), GRADES.values(), ids=GRADES)
def test_grades(delay: timedelta, grade: str) -> None:
    assert analysis.grade(delay) == grade


def test_nothing_is_made_from_nothing() -> None:
    assert analysis.figures([], SINCE, UNTIL, NOW) == Figures()


def test_overlapping_incidents_are_trouble_once() -> None:
    some = [seen(incident(AT + n * MINUTE, AT + HOUR + n * MINUTE, id=str(n))) for n in (0, 30, 45)]
    found = analysis.figures([*some, seen(incident(AT + 5 * HOUR, AT + 6 * HOUR))], SINCE, UNTIL, NOW)
    assert found.trouble == HOUR + 45 * MINUTE + HOUR
    assert (found.incidents, found.mean_to_resolve) == (4, HOUR)


def test_an_incident_is_of_the_months_that_it_touches_and_its_minutes_are_shared_out() -> None:
    over_midnight = seen(incident(UNTIL - HOUR, UNTIL + 2 * HOUR))
    july, august = analysis.by_month([over_midnight], date(2025, 7, 9), 2, UNTIL + DAY)
    assert (july.first, july.figures.incidents, july.figures.trouble) == (date(2025, 7, 1), 1, HOUR)
    assert (august.first, august.figures.incidents, august.figures.trouble) == (date(2025, 8, 1), 1, 2 * HOUR)
    assert july.figures.mean_to_resolve == august.figures.mean_to_resolve == 3 * HOUR


def test_one_that_ends_on_the_stroke_of_the_month_is_not_of_the_next() -> None:
    found = analysis.by_month([seen(incident(UNTIL - HOUR, UNTIL))], date(2025, 7, 1), 2, UNTIL + DAY)
    assert [month.figures.incidents for month in found] == [1, 0]


def test_the_last_months_begin_with_the_first_of_which_anything_is_known() -> None:
    now = datetime(2026, 3, 20, tzinfo=UTC)
    one, other = (seen(incident(at, at + HOUR)) for at in (now - 20 * DAY, now - 100 * DAY))

    def shown(
        found: list[Case], read_since: datetime | None = None, *, whole: bool = True
    ) -> list[tuple[str, int]]:
        months = analysis.last_months(found, now.date(), now, read_since=read_since, whole=whole)
        return [(f"{month.first:%Y-%m}", month.figures.incidents) for month in months]

    assert shown([]) == []
    assert shown([], now - 40 * DAY) == [("2026-02", 0), ("2026-03", 0)]
    assert shown([one], now - 2 * DAY) == [("2026-02", 1), ("2026-03", 0)]
    assert shown([one, other], whole=False) == [("2026-01", 0), ("2026-02", 1), ("2026-03", 0)]
    assert shown([one, other])[0] == ("2025-12", 1)
    assert shown([], now - 4000 * DAY) == [
        *((f"2025-{month:02}", 0) for month in range(4, 13)), ("2026-01", 0), ("2026-02", 0), ("2026-03", 0),
    ]  # fmt: skip


def test_months_begin_where_the_reader_is() -> None:
    late = seen(incident(datetime(2025, 7, 31, 22, 30, tzinfo=UTC), datetime(2025, 7, 31, 23, tzinfo=UTC)))
    for zone, numbers in ((UTC, [1, 0]), (ZoneInfo("Europe/Berlin"), [0, 1])):
        found = analysis.by_month([late], date(2025, 7, 1), 2, UNTIL + DAY, zone)
        assert [month.figures.incidents for month in found] == numbers


def test_months_over_the_turn_of_the_year() -> None:
    found = analysis.by_month([], date(2025, 11, 30), 4, NOW)
    assert [f"{month.first:%Y-%m}" for month in found] == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_one_that_goes_on_is_trouble_up_to_now_and_has_no_length() -> None:
    going_on = seen(incident(AT, None, (INVESTIGATING, AT)))
    found = analysis.figures([going_on], SINCE, UNTIL, AT + 3 * HOUR)
    assert (found.trouble, found.resolved, found.longest) == (3 * HOUR, 0, None)
    assert not going_on.backdated


def test_one_that_affected_nothing_is_an_incident_and_no_trouble() -> None:
    found = analysis.figures([seen(incident(AT, AT + HOUR, impact=Impact.NONE))], SINCE, UNTIL, NOW)
    assert (found.incidents, found.trouble, found.dated) == (1, timedelta(), 0)


def test_one_that_was_told_when_it_was_over_and_not_dated_has_no_length() -> None:
    told_at = AT + 3 * DAY
    for end in (told_at, None, told_at + timedelta(seconds=20)):
        one = incident(AT, end, (RESOLVED, told_at))
        assert end_untold(one)
        assert ended(one) == AT
        found = analysis.figures([seen(one)], SINCE, UNTIL, NOW)
        assert (found.incidents, found.backdated, found.resolved, found.dated) == (1, 1, 0, 0)
        assert found.trust.sample == 1


NOT_UNTOLD = {
    "told while it went on": incident(AT, AT + DAY, (INVESTIGATING, AT), (RESOLVED, AT + DAY)),
    "told later, with its end": FIREWALL,
    "one post that bears the start": incident(AT, AT + DAY, (RESOLVED, AT)),
    "no posts": incident(AT, AT + DAY).model_copy(update={"updates": ()}),
    "no start": incident(None, AT, (RESOLVED, AT)),
}


@pytest.mark.parametrize("one", NOT_UNTOLD.values(), ids=NOT_UNTOLD)
def test_otherwise_the_page_is_believed(one: Incident) -> None:
    assert not end_untold(one)


def test_one_without_a_start_counts_where_it_was_told() -> None:
    one = seen(incident(None, None, (INVESTIGATING, AT), (RESOLVED, AT + HOUR)))
    found = analysis.figures([one], SINCE, UNTIL, NOW)
    assert (found.incidents, found.dated, found.trust.sample) == (1, 0, 0)
    assert analysis.figures([one], UNTIL, UNTIL + DAY, NOW) == Figures()


def test_a_post_before_the_stated_start_is_no_delay() -> None:
    assert seen(incident(AT, AT + HOUR, (INVESTIGATING, AT - HOUR))).delay == timedelta()


READ = [(AT - DAY, AT + DAY)]


def test_a_post_that_was_dated_back_appeared_when_it_was_seen() -> None:
    """The page was being read, and it was not there."""
    assert appeared(AT, AT + HOUR, READ) == AT + HOUR
    assert appeared(AT, AT + SLACK, READ) == AT  # a read comes some time after the post
    assert appeared(AT, AT + HOUR, []) == AT  # nobody looked: the page is believed
    assert appeared(AT, AT + 2 * DAY, READ) == AT
    assert appeared(AT - 2 * DAY, AT, READ) == AT - 2 * DAY
    assert appeared(None, AT, READ) == AT


def test_an_incident_that_was_dated_back_whole_is_found_out() -> None:
    one = incident(AT, AT + HOUR, (INVESTIGATING, AT), (RESOLVED, AT + HOUR))
    late = case_of(one, AT + 5 * HOUR, READ)
    assert (late.backdated, late.delay, late.lasted) == (True, 5 * HOUR, HOUR)
    assert not case_of(one, AT + MINUTE, READ).backdated


def test_by_component_the_one_with_the_most_first() -> None:
    names = {"site": "Public Website", "main": "Main Application", "docs": "Developer Docs"}
    found = analysis.by_component([seen(LOGIN), seen(FIREWALL)], names, SINCE, UNTIL, NOW)
    assert [(one.name, one.figures.incidents, one.figures.trouble) for one in found] == [
        ("Main Application", 2, 164 * MINUTE),
        ("Public Website", 1, 74 * MINUTE),
    ]


def test_components_with_the_most_recent_events() -> None:
    names = {"site": "Public Website", "main": "Main Application", "docs": "Docs", "mail": "Mail"}
    work = Maintenance(
        id="m",
        title="Work",
        phase=MaintenancePhase.COMPLETED,
        starts_at=AT + 20 * DAY,
        component_ids=("site", "gone"),
    )
    changed = {"docs": AT, "main": AT + DAY, "mail": SINCE - DAY}
    found = analysis.lively([seen(LOGIN), seen(FIREWALL)], [work], changed, names, SINCE)
    assert [(one.name, one.events, one.last_at) for one in found] == [
        ("Public Website", 2, AT + 20 * DAY),
        ("Main Application", 3, datetime(2025, 7, 18, 19, tzinfo=UTC)),
        ("Docs", 1, AT),
    ]


def test_the_latest_outages_month_by_month() -> None:
    june = incident(datetime(2025, 6, 7, 18, 12, tzinfo=UTC), datetime(2025, 6, 8, 22, 5, tzinfo=UTC), id="june")
    nothing = incident(AT, AT + HOUR, id="nothing", impact=Impact.NONE)
    found = analysis.latest([seen(june), seen(FIREWALL), seen(nothing), seen(LOGIN)])
    assert [(month, [one.incident.id for one in some]) for month, some in found] == [
        (date(2025, 7, 1), ["wqrzsb2dhryr", "bc4vlzlx8vfm"]),
        (date(2025, 6, 1), ["june"]),
    ]


minutes = st.integers(-3 * 1440, 34 * 1440)


@given(st.lists(st.tuples(minutes, st.integers(0, 3000)), max_size=6))
def test_minutes_of_trouble_against_counting_them(spans: list[tuple[int, int]]) -> None:
    """The slow way: each minute of July in turn."""
    some = [(SINCE + begin * MINUTE, SINCE + (begin + length) * MINUTE) for begin, length in spans]
    found = analysis.figures([seen(incident(begin, end)) for begin, end in some], SINCE, UNTIL, NOW + 90 * DAY)
    slow = {at for begin, length in spans for at in range(max(0, begin), min(31 * 1440, begin + length))}
    assert found.trouble == len(slow) * MINUTE
