"""When what users report is more than usual, and how that is told. Pure.

The test. In one window (15 minutes) at least five people report trouble, and so many that at the provider's usual
level they would come together by chance in one window of a million: the upper tail of a Poisson distribution. The
usual level is the mean number of people in a window, over the last 14 days or over the same time of day (an hour
each way) in them, whichever is more; at least FLOOR. The windows of former troubles are no part of what is usual,
so each counts at most twice what the busiest twentieth of all windows begins with, or four.

At a quiet provider five are enough; where five a window are usual it takes twenty. It is over when there are not
so many for half an hour, or when the provider's own page tells of trouble.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, exp

from adapters.schema import Component, Status, rfc3339
from relay.events import (
    Context,
    Event,
    EventData,
    EventProvider,
    EventType,
    Signal,
    SignalComponent,
    SignalIncident,
    Subject,
    SubjectKind,
)
from storage.signals import QUARTER, Report, quarter

WINDOW = QUARTER
WINDOW_MINUTES = WINDOW // timedelta(minutes=1)
LEAST = 5
"""People in a window."""
CALM = timedelta(minutes=30)
LEVEL = timedelta(days=14)
WINDOWS = LEVEL // WINDOW
CHANCE = 1e-6
FLOOR = 0.15
"""People in a window that are usual anywhere: some fourteen a day."""
AROUND = timedelta(hours=1)
CONFIRMS = timedelta(hours=24)
"""An incident that began no longer than this before the reports explains them. An older one doesn't."""
LEAST_OF_A_REGION = 2
"""A single person's region is told nobody."""
TROUBLE = (Status.DEGRADED, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE)


def usual(numbers: Mapping[datetime, int], now: datetime) -> float:
    """People in a window, as they usually are at this time of day. `numbers`: the people in each whole window of
    the last 14 days before the present one; those that are left out had nobody."""
    ordered = sorted(numbers.values())
    beyond = len(ordered) - ceil(WINDOWS * 0.05)  # the windows left out are zeros, before all of these
    busy = ordered[beyond] if beyond >= 0 else 0
    most = max(LEAST - 1, 2 * busy)
    cut = {at: min(people, most) for at, people in numbers.items()}
    near = [people for at, people in cut.items() if _apart(at, now) <= AROUND]
    days, each = LEVEL // timedelta(days=1), 2 * AROUND // WINDOW + 1
    return max(FLOOR, sum(cut.values()) / WINDOWS, sum(near) / (days * each))


def _apart(one: datetime, other: datetime) -> timedelta:
    """By the clock alone, over midnight where that is shorter."""
    apart = abs(one - quarter(other)) % timedelta(days=1)
    return min(apart, timedelta(days=1) - apart)


def needed(level: float) -> int:
    """How many people in a window are more than chance, where so many are usual."""
    people = LEAST
    while tail(people, level) > CHANCE:
        people += 1
    return people


def tail(people: int, level: float) -> float:
    """The chance of so many or more in a window: Poisson's upper tail."""
    term = exp(-level)
    below = 0.0
    for number in range(people):
        below += term
        term *= level / (number + 1)
    if below < 0.5:
        return 1.0 - below
    above, number = 0.0, people
    while term > above * 1e-12:
        above += term
        number += 1
        term *= level / number
    return above


@dataclass(frozen=True)
class Official:
    """An incident that a provider's page tells of. `ended_at` is None while it is active."""

    id: str
    title: str
    url: str | None
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Page:
    """What a provider's page says at a moment. `incidents` are its latest."""

    provider: EventProvider
    status_since: datetime | None
    incidents: tuple[Official, ...] = ()
    components: Mapping[str, Component] | None = None


@dataclass(frozen=True)
class Confirmation:
    """The page tells of trouble; in an incident, or by its status alone."""

    incident: SignalIncident | None


def confirmation(page: Page, reported: datetime) -> Confirmation | None:
    """Whether the page knows what is reported since then: also where it has just told that it is over."""
    recent = reported - CONFIRMS
    for one in sorted(page.incidents, key=lambda one: one.began_at, reverse=True):
        if one.began_at >= recent and (one.ended_at is None or one.ended_at >= reported):
            return Confirmation(SignalIncident(id=one.id, title=one.title, url=one.url))
    since = page.status_since
    if page.provider.status in TROUBLE and since is not None and since >= recent:
        return Confirmation(None)
    return None


def is_over(above_at: datetime, now: datetime) -> bool:
    """Whether there have not been as many as are needed for long enough."""
    return now - above_at >= CALM


def raised(page: Page, reports: Sequence[Report], now: datetime) -> Event:
    """So many report trouble. `reports` are those of the window, oldest first."""
    named = tuple(one.component for one in reports)
    signal = Signal(
        people=len(reports),
        since=reports[0].at,
        window_minutes=WINDOW_MINUTES,
        regions=_regions(reports),
        components=_components(named, page.components or {}),
    )
    context = Context(component_ids=_concerned(named), opens=True)
    return _event(page, EventType.SIGNAL_RAISED, now, signal, context)


def cleared(
    page: Page, raised_at: datetime, reported: datetime, peak: int, confirmed: Confirmation | None
) -> Event:
    """It is over, or the page knows."""
    signal = Signal(
        people=peak,
        since=reported,
        window_minutes=WINDOW_MINUTES,
        confirmed=confirmed is not None,
        incident=confirmed.incident if confirmed is not None else None,
    )
    return _event(page, EventType.SIGNAL_CLEARED, raised_at, signal, Context())


def _event(page: Page, type_: EventType, at: datetime, signal: Signal, context: Context) -> Event:
    """`at` is when it was raised: its end has the same key, but for the type."""
    return Event(
        type=type_,
        key=f"{type_}:{rfc3339(at.astimezone(UTC))}",
        subject=Subject(SubjectKind.SIGNAL),
        data=EventData(provider=page.provider, signal=signal),
        context=context,
    )


def _regions(reports: Sequence[Report]) -> dict[str, int]:
    counted = Counter(one.region for one in reports if one.region is not None)
    return {region: people for region, people in counted.most_common() if people >= LEAST_OF_A_REGION}


def _components(named: Sequence[str | None], known: Mapping[str, Component]) -> tuple[SignalComponent, ...]:
    counted = Counter(one for one in named if one is not None and one in known)
    return tuple(SignalComponent(id=id_, name=known[id_].name, people=n) for id_, n in counted.most_common())


def _concerned(named: Sequence[str | None]) -> tuple[str, ...]:
    """Who names no component may mean any: then it concerns every follower."""
    ids = dict.fromkeys(one for one in named if one is not None)
    return tuple(ids) if None not in named else ()
