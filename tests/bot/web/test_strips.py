"""Cells that can be read without colours, and what they say in words."""

import re
from datetime import date, timedelta

import pytest

from bot.web.strips import STATES, Stretch, counts, drawn, present, stretches
from bot.web.views import DayView

FIRST = date(2025, 6, 29)


def days(*states: str, said: dict[int, str] | None = None) -> tuple[DayView, ...]:
    return tuple(
        DayView(FIRST + timedelta(days=place), state, (said or {}).get(place, ""))
        for place, state in enumerate(states)
    )


def test_days_that_are_alike_are_one_stretch() -> None:
    found = stretches(days("unknown", "unknown", "operational", "operational", "outage", "outage", "operational"))
    assert [(one.place, one.number, one.state) for one in found] == [
        (0, 2, "unknown"), (2, 2, "operational"), (4, 1, "outage"), (5, 1, "outage"), (6, 1, "operational"),
    ]  # fmt: skip


def test_what_happened_keeps_a_day_apart() -> None:
    found = stretches(days("operational", "operational", "operational", said={1: "A note"}))
    assert [one.words for one in found] == [
        "29 Jun 2025: operational",
        "30 Jun 2025: operational. A note",
        "1 Jul 2025: operational",
    ]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2025, 7, 18), date(2025, 7, 18), "18 Jul 2025"),
        (date(2025, 7, 18), date(2025, 7, 20), "18 to 20 Jul 2025"),
        (date(2025, 6, 30), date(2025, 7, 2), "30 Jun to 2 Jul 2025"),
        (date(2024, 12, 31), date(2025, 1, 1), "31 Dec 2024 to 1 Jan 2025"),
        (date(2024, 7, 1), date(2025, 7, 1), "1 Jul 2024 to 1 Jul 2025"),
    ],
)
def test_when(first: date, last: date, said: str) -> None:
    assert Stretch(0, (last - first).days + 1, first, last, "unknown").when == said


def test_each_state_has_its_own_height_and_trouble_a_mark() -> None:
    shown = drawn(stretches(days(*STATES)), "Five days")
    heights = re.findall(r'class="b" d="M\d+ ([\d.]+)h10"', shown)
    assert len(heights) == len(set(heights)) == 5
    assert shown.count('class="m"') == 2
    assert 'role="img" aria-label="Five days"' in shown


def test_without_titles_it_is_as_short_as_there_are_states() -> None:
    found = stretches(days(*["outage", "operational"] * 45))
    assert drawn(found, "x", titles=False).count("<g") == 2
    assert "<title>" not in drawn(found, "x", titles=False)


def test_nothing_of_a_label_becomes_an_element() -> None:
    shown = drawn(stretches(days("outage", said={0: "<script>"})), '"><script>')
    assert "<script>" not in shown


def test_counts() -> None:
    some = days("outage", "operational", "outage")
    assert counts(some) == "1 operational, 0 degraded, 2 outage, 0 maintenance, 0 unknown"
    assert present(some) == "1 operational, 2 outage"
