"""The queues before Slack: their arithmetic by a clock of their own, and a storm against the stand-in's limits."""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standins.login_outage import STORY, incident, incident_event, update
from standins.slack import SlackServer
from standins.telling import refusal, tell

from relay.events import EventType, StoredEvent
from relay.transports.bucket import Bucket
from relay.transports.slack import SlackTransport
from relay.transports.slack_clients import OneToken
from relay.transports.slack_pace import Pace
from relay.transports.transport import DeliveryError

OPENED, IDENTIFIED, RESOLVED = STORY[0], STORY[2], STORY[4]


class Clock:
    """Time that passes only when everybody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self._number += 1
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._number, woken))
        await woken

    async def run(self, *work: Awaitable[object]) -> list[object]:
        """Lets the work run to its end; what it raised is among the results."""
        done = asyncio.gather(*work, return_exceptions=True)
        while not done.done():
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleepers and not done.done():
                at, _, woken = heapq.heappop(self._sleepers)
                self.now = max(self.now, at)
                if not woken.done():
                    woken.set_result(None)
        return await done


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(now=clock, sleep=clock.sleep)


def at(
    clock: Clock, call: Callable[[], Awaitable[None]], passed: list[tuple[str, float]], name: str
) -> Awaitable[None]:
    """Does it, and notes when it was let through."""

    async def noted() -> None:
        await call()
        passed.append((name, round(clock.now - 1000, 3)))

    return noted()


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket, now, taken = Bucket(rate=2, burst=3), 5.0, []
    for _ in range(5):
        now += bucket.wait(now)
        bucket.take(now)
        taken.append(now)
    assert taken == [5, 5, 5, 5.5, 6]
    assert not bucket.full(7)
    assert bucket.wait(6, ahead=3) == 2
    assert bucket.full(7.5)
    assert bucket.left(1000) == 3


@given(st.lists(st.floats(0, 30), min_size=1, max_size=150), st.sampled_from([20.0, 50.0, 100.0, 300.0]))
def test_no_minute_ever_sees_too_many(gaps: list[float], limit: float) -> None:
    bucket, now, taken = Bucket.per_minute(limit), 0.0, []
    for gap in gaps:
        now += gap
        now += bucket.wait(now)
        bucket.take(now)
        taken.append(now)
    assert all(sum(begin <= moment < begin + 60 for moment in taken) <= limit for begin in taken)


async def test_a_channel_gets_a_burst_and_then_one_a_second_in_order(clock: Clock, pace: Pace) -> None:
    passed: list[tuple[str, float]] = []
    await clock.run(*(at(clock, lambda: pace.post("T1", "C1"), passed, str(i)) for i in range(9)))
    assert [moment for _, moment in passed] == [0, 0, 0, 0, 1, 2, 3, 4, 5]
    assert [name for name, _ in passed] == [str(i) for i in range(9)]


async def test_channels_do_not_wait_for_each_other(clock: Clock, pace: Pace) -> None:
    passed: list[tuple[str, float]] = []
    channels = ["C1"] * 15 + ["C2"] * 2 + ["C3"]
    await clock.run(
        *(at(clock, lambda channel=channel: pace.post("T1", channel), passed, channel) for channel in channels)  # type: ignore[misc]
    )
    assert [moment for name, moment in passed if name != "C1"] == [0, 0, 0]
    assert passed[-1] == ("C1", 11)


async def test_what_is_farther_away_than_twenty_seconds_comes_again_later(clock: Clock, pace: Pace) -> None:
    reports = await clock.run(*(pace.post("T1", "C1") for _ in range(30)))
    held = [report for report in reports if isinstance(report, DeliveryError)]
    assert reports[:24] == [None] * 24
    assert len(held) == 6
    assert all(report.uncounted and report.retry_after == pytest.approx(21) for report in held)


async def test_a_turn_takes_nothing_of_the_channels(clock: Clock, pace: Pace) -> None:
    for _ in range(10):
        await clock.run(pace.turn("T1", "C1"))
    assert clock.now == 1000
    await clock.run(*(pace.post("T1", "C1") for _ in range(4)), pace.turn("T1", "C1"))
    assert clock.now == 1001


async def test_whoever_had_its_turn_does_not_stand_in_the_workspaces_line_again(clock: Clock, pace: Pace) -> None:
    passed: list[tuple[str, float]] = []

    async def tell(channel: str) -> None:
        await pace.turn("T1", channel)
        await pace.post("T1", channel, patience=0)

    channels = [f"C{number}" for number in range(120)]
    await clock.run(*(at(clock, lambda channel=channel: tell(channel), passed, channel) for channel in channels))  # type: ignore[misc]
    assert [name for name, _ in passed] == channels
    assert [moment for _, moment in passed[:60]] == [0] * 60
    assert passed[-1][1] == pytest.approx(16)


async def test_a_turn_that_nobody_used_is_not_kept_for_long(clock: Clock, pace: Pace) -> None:
    for _ in range(60):
        await pace.post("T1", f"C{_}")
    await clock.run(pace.turn("T1", "C100"))
    used, clock.now = clock.now, clock.now + 5
    await clock.run(pace.post("T1", "C100"))
    assert clock.now == used + 5
    await clock.run(pace.turn("T1", "C100"))
    clock.now += 11
    pace.hold("T1", "chat.postMessage", 3)
    await clock.run(pace.post("T1", "C100"))
    assert clock.now == used + 19


async def test_a_pause_holds_what_it_names(clock: Clock, pace: Pace) -> None:
    passed: list[tuple[str, float]] = []
    pace.hold("T1", "chat.postMessage", 7)
    await clock.run(
        at(clock, lambda: pace.turn("T1", "C1"), passed, "its turn"),
        at(clock, lambda: pace.post("T1", "C2"), passed, "its post"),
        at(clock, lambda: pace.call("T1", "chat.update"), passed, "another method"),
        at(clock, lambda: pace.post("T2", "C1"), passed, "another workspace"),
    )
    assert sorted(passed) == [("another method", 0), ("another workspace", 0), ("its post", 7), ("its turn", 7)]


async def test_a_long_pause_is_not_sat_out(clock: Clock, pace: Pace) -> None:
    pace.hold("T1", "chat.postMessage", 30)
    [turn, post] = await clock.run(pace.turn("T1", "C1"), pace.post("T1", "C1"))
    for report in (turn, post):
        assert isinstance(report, DeliveryError)
        assert (report.uncounted, report.retry_after) == (True, 30)
    assert clock.now == 1000


async def test_a_pause_that_comes_while_one_waits_is_kept(clock: Clock, pace: Pace) -> None:
    passed: list[tuple[str, float]] = []

    async def told_to_wait() -> None:
        await clock.sleep(0.5)
        pace.hold("T1", "chat.postMessage", 4)

    await clock.run(*(at(clock, lambda: pace.post("T1", "C1"), passed, str(i)) for i in range(6)), told_to_wait())
    assert [moment for _, moment in passed] == [0, 0, 0, 0, 4.5, 4.5]
    assert [name for name, _ in passed] == [str(i) for i in range(6)]


async def test_somebody_who_gives_up_leaves_the_line(clock: Clock, pace: Pace) -> None:
    waiting = [asyncio.ensure_future(pace.post("T1", "C1")) for _ in range(6)]
    await asyncio.sleep(0)
    waiting[4].cancel()
    reports = await clock.run(*waiting)
    assert isinstance(reports.pop(4), asyncio.CancelledError)
    assert reports == [None] * 5
    assert clock.now == 1001


async def test_a_workspaces_methods_have_limits_of_their_own(clock: Clock, pace: Pace) -> None:
    async def edit(times: int) -> float:
        for _ in range(times):
            await pace.call("T1", "chat.update")
        return clock.now

    await clock.run(edit(10))
    assert clock.now == 1000
    await clock.run(edit(40))
    assert clock.now == pytest.approx(1064)
    await clock.run(pace.call("T2", "chat.update"), pace.call("T1", "views.publish"))
    assert clock.now == pytest.approx(1064)


async def test_what_can_be_left_out_leaves_some_for_what_can_not(clock: Clock, pace: Pace) -> None:
    spared = 0
    while pace.spare("T1", "chat.update"):
        await pace.call("T1", "chat.update")
        spared += 1
    assert spared == 5
    await clock.run(*(pace.call("T1", "chat.update") for _ in range(5)))
    assert clock.now == 1000
    clock.now += 60
    assert pace.spare("T1", "chat.update")
    pace.hold("T1", "chat.update", 1)
    assert not pace.spare("T1", "chat.update")


async def test_idle_channels_are_forgotten(clock: Clock, pace: Pace) -> None:
    for number in range(500):
        await pace.post(f"T{number}", f"C{number}")
    assert pace.remembered == 1000
    clock.now += 120
    pace.hold("T7", "chat.update", 500)
    await pace.post("T1", "C1")
    assert pace.remembered == 3
    clock.now += 70
    [paused] = await clock.run(pace.call("T7", "chat.update"))
    assert isinstance(paused, DeliveryError)


async def test_no_limits_at_all_where_none_are_wanted(clock: Clock) -> None:
    pace = Pace(0.001, 1000, per_minute=None, now=clock, sleep=clock.sleep)
    await clock.run(
        *(pace.post("T1", "C1") for _ in range(1000)), *(pace.call("T1", "chat.update") for _ in range(999))
    )
    assert clock.now == 1000
    assert pace.spare("T1", "chat.update")


# the transport with it


async def test_another_channel_does_not_wait(slack: SlackServer, clock: Clock, pace: Pace) -> None:
    transport = SlackTransport(OneToken(slack.bot_token, slack.api_url), pace)
    for _ in range(4):
        await tell(transport, OPENED)
    await tell(transport, OPENED, address="T1/C2")  # it would wait for ever: nobody moves the clock
    assert clock.now == 1000
    await transport.aclose()


async def test_a_429_pauses_its_method_and_nothing_else(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED)
    slack.fail_next("chat.postMessage", "ratelimited", retry_after=30)
    refused = await refusal(transport, OPENED)
    assert (refused.uncounted, refused.retry_after) == (True, 30)
    again = await refusal(transport, OPENED, address="T1/C2")
    assert again.uncounted
    assert 10 < (again.retry_after or 0) <= 30
    with pytest.raises(DeliveryError, match="our turn"):
        await transport.turn("T1/C2")
    assert len(slack.called("chat.postMessage")) == 2
    edit = incident_event(EventType.INCIDENT_EDITED, 1)
    await tell(transport, edit, first.reference, carrier=first.message)
    assert len(slack.called("chat.update")) == 1


async def test_a_pause_of_edits_holds_up_only_the_last_telling(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    slack.fail_next("chat.update", "ratelimited", retry_after=30)
    await tell(transport, IDENTIFIED, first.reference, last=False)
    assert len(slack.channel("C1").replies(first.reference or "")) == 1
    refused = await refusal(transport, RESOLVED, first.reference, last=True)
    assert refused.uncounted
    assert len(slack.called("chat.update")) == 1


SPEED = 30.0
"""How much faster the clock of the storm goes."""


def hurried() -> float:
    return time.monotonic() * SPEED


async def hurried_sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / SPEED)


async def waited_for(transport: SlackTransport, event: StoredEvent, reference: str | None, last: bool) -> str:
    """As deliver does it: its turn, the telling, and once more later where that was not yet possible."""
    while True:
        try:
            await transport.turn("T1/C1")
            sent = await tell(transport, event, reference, last=last)
        except DeliveryError as error:
            if not error.uncounted:
                raise
            await hurried_sleep(error.retry_after or 0.1)
        else:
            return str(sent.reference)


async def test_a_storm_arrives_complete_in_order_and_slack_never_says_stop() -> None:
    updates = tuple(update("identified", i, f"Step {i}.", id=f"u{i}") for i in range(200))
    async with SlackServer(now=hurried) as slack:
        clients = OneToken(slack.bot_token, slack.api_url)
        transport = SlackTransport(clients, Pace(now=hurried, sleep=hurried_sleep))
        await (await clients("T1")).auth_test()  # the first connection takes its time
        reference: str | None = None
        for number in range(200):
            type_ = EventType.INCIDENT_UPDATED if number else EventType.INCIDENT_OPENED
            so_far = incident(3, updates=updates[: number + 1])
            step = incident_event(type_, 3, incident=so_far, update=updates[number])
            reference = await waited_for(transport, step, reference, last=number == 199)
            if number == 100:
                await tell(transport, OPENED, address="T1/C2")  # which would be refused if it had to wait long
        await transport.aclose()
        [root] = slack.channel("C1").roots
        replies = slack.channel("C1").replies(root)
        assert [reply.shown.rsplit("\n", 1)[-1] for reply in replies] == [f"Step {i}." for i in range(1, 200)]
        assert len(slack.called("chat.postMessage")) == 201
        assert 100 < len(slack.called("chat.update")) == len(root.edits)
        assert root.metadata is not None
        assert root.text.startswith("ChargeOver: Login outage. Identified")
        slack.assert_clean()
