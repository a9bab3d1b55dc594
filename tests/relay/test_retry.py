"""What a failed try leads to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.retry import LONGEST_WAIT, RETRIES, Decision, after_failure
from relay.transports.transport import DeliveryError

FAILED = DeliveryError("503 Service Unavailable")


def test_nine_further_tries_over_75_hours_and_35_minutes_then_the_event_is_dead() -> None:
    decisions = [after_failure(FAILED, attempt, jitter=1) for attempt in range(1, 11)]
    waits = [decision.delay for decision in decisions[:-1]]
    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert sum(RETRIES) == (75 * 60 + 35) * 60 + 5
    assert decisions[-1] == Decision(delay=None)
    assert not any(decision.disable for decision in decisions)


@given(st.integers(1, len(RETRIES)), st.floats(0.8, 1.2))
def test_jitter_stays_within_a_fifth(attempt: int, jitter: float) -> None:
    delay = after_failure(FAILED, attempt, jitter).delay
    assert delay is not None
    assert 0.8 * RETRIES[attempt - 1] <= delay <= 1.2 * RETRIES[attempt - 1]


@pytest.mark.parametrize(
    ("asked", "attempt", "delay"),
    [(3, 1, 5), (60, 1, 60), (60, 2, 300), (0, 1, 5), (10 * LONGEST_WAIT, 1, LONGEST_WAIT)],
)
def test_the_receiver_may_ask_for_a_longer_wait_of_a_day_at_most(asked: float, attempt: int, delay: float) -> None:
    assert after_failure(DeliveryError("429", retry_after=asked), attempt, 1) == Decision(delay)


def test_what_was_asked_for_is_not_shortened_by_the_jitter() -> None:
    assert after_failure(DeliveryError("429", retry_after=60), 1, 0.8) == Decision(60)


def test_a_permanent_refusal_disables_at_once() -> None:
    assert after_failure(DeliveryError("410", permanent=True), 1, 1) == Decision(None, disable=True)


def test_what_was_not_even_tried_is_not_counted_and_never_dies() -> None:
    held_back = DeliveryError("one message a second", uncounted=True, retry_after=0.7)
    assert after_failure(held_back, 99, 1) == Decision(0.7, counted=False)
