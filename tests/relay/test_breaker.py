"""When a destination is left alone for a while, case by case."""

import pytest

from relay.breaker import FIRST_PAUSE, LONGEST_PAUSE, Breakers, Window, pause

OK, FAIL = False, True


@pytest.mark.parametrize(
    ("tries", "opens"),
    [
        pytest.param([FAIL] * 9, False, id="nine failures prove nothing"),
        pytest.param([FAIL] * 10, True, id="ten failures"),
        pytest.param([OK] * 3 + [FAIL] * 7, True, id="just 70 %"),
        pytest.param([OK] * 4 + [FAIL] * 6, False, id="60 %"),
        pytest.param([OK] * 100 + [FAIL] * 20, False, id="a bad moment of a busy endpoint"),
        pytest.param([FAIL, OK] * 50, False, id="every other one"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_it_opens_at_seventy_percent_of_ten(tries: list[bool], opens: bool) -> None:
    window = Window()
    for place, failed in enumerate(tries):
        window.note(failed, now=1000.0 + place)
    assert window.is_bad(now=1000.0 + len(tries)) is opens


@pytest.mark.parametrize(("apart", "opens"), [(29.0, True), (35.0, False), (3600.0, False)])
def test_only_the_last_five_minutes_count(apart: float, opens: bool) -> None:
    window = Window()
    moments = [1000.0 + apart * place for place in range(10)]
    for now in moments:
        window.note(FAIL, now)
    assert window.is_bad(moments[-1]) is opens


def test_what_succeeded_long_ago_excuses_nothing() -> None:
    window = Window()
    for place in range(1000):
        window.note(OK, now=1000.0 + place / 10)
    for place in range(10):
        window.note(FAIL, now=1500.0 + place)
    assert window.is_bad(now=1510.0)


def test_a_pause_doubles_up_to_ten_minutes() -> None:
    assert [pause(number) for number in range(7)] == [30, 60, 120, 240, 480, 600, 600]
    assert pause(10_000) == LONGEST_PAUSE
    assert pause(0) == FIRST_PAUSE


def test_once_opened_the_counting_starts_anew() -> None:
    breakers = Breakers()
    opened = [breakers.note(1, failed=True, now=1000.0 + place) for place in range(19)]
    assert opened == [False] * 9 + [True] + [False] * 9
    assert not breakers.note(2, failed=True, now=1020.0)


def test_a_success_never_opens() -> None:
    breakers = Breakers()
    for place in range(9):
        breakers.note(1, failed=True, now=1000.0 + place)
    assert not breakers.note(1, failed=False, now=1010.0)
    assert breakers.note(1, failed=True, now=1011.0)


def test_what_works_again_has_no_past() -> None:
    breakers = Breakers()
    for place in range(9):
        breakers.note(1, failed=True, now=1000.0 + place)
    breakers.forget(1)
    assert not breakers.note(1, failed=True, now=1010.0)
