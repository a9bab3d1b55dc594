"""Days as a line of cells (SVG) that can be read without colours, and as the stretches that it says in words.
Pure.

Each state has a height of its own, and trouble a mark above it, as in `bot.charts`. Days that are alike and of
which nothing more is to be said are one stretch, drawn by one dashed line: ninety cells take some hundred bytes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from markupsafe import Markup, escape

from bot.web.views import DayView

STATES = ("operational", "degraded", "outage", "maintenance", "unknown")
HEIGHTS = {"operational": 40, "degraded": 28, "maintenance": 20, "outage": 12, "unknown": 4}
"""Of a day's cell, out of 40: each state has its own."""
TROUBLE = ("outage", "degraded")
CALM = ("operational", "unknown")
STEP, CELL = 10, 7
"""A day's width with the gap behind it, and without."""
_MIDDLES = {state: f"{40 - height / 2:g}" for state, height in HEIGHTS.items()}


@dataclass(frozen=True)
class Stretch:
    """Days in a row of which the same is to be said. `place` is that of the first, from 0."""

    place: int
    number: int
    first: date
    last: date
    state: str
    said: str = ""

    @property
    def when(self) -> str:
        """`18 Jul 2025`, `18 to 20 Jul 2025`, `30 Jun to 2 Jul 2025`."""
        end = f"{self.last:%-d %b %Y}"
        if self.number == 1:
            return end
        first, last = self.first, self.last
        begin = f"{first:%-d}" if (first.year, first.month) == (last.year, last.month) else f"{first:%-d %b}"
        return f"{begin if first.year == last.year else f'{first:%-d %b %Y}'} to {end}"

    @property
    def words(self) -> str:
        """All of it on one line."""
        return f"{self.when}: {self.state}{f'. {self.said}' if self.said else ''}"


def stretches(days: Sequence[DayView]) -> tuple[Stretch, ...]:
    """In the order of the days. Of a day on which something happened there is one for itself."""
    found = []
    place = 0
    for _, some in groupby(enumerate(days), _kind):
        alike = [day for _, day in some]
        one, last = alike[0], alike[-1]
        found.append(Stretch(place, len(alike), one.day, last.day, one.state, one.said))
        place += len(alike)
    return tuple(found)


def _kind(numbered: tuple[int, DayView]) -> str | int:
    """What is the same for days of one stretch."""
    place, one = numbered
    return one.state if one.state in CALM and not one.said else place


def counts(days: Sequence[DayView]) -> str:
    """`86 operational, 0 degraded, 1 outage, …`"""
    counted = Counter(one.state for one in days)
    return ", ".join(f"{counted[state]} {state}" for state in STATES)


def present(days: Sequence[DayView]) -> str:
    """The same without the states that no day had."""
    counted = Counter(one.state for one in days)
    return ", ".join(f"{counted[state]} {state}" for state in STATES if counted[state])


def drawn(found: Sequence[Stretch], label: str, *, titles: bool = True) -> Markup:
    """The cells. `label` says what they add up to; without titles no cell says what it is."""
    number = sum(one.number for one in found)
    head = f'<svg class="days" viewBox="0 0 {number * STEP} 40" preserveAspectRatio="none" role="img" aria-label="'
    cells = map(_titled, found) if titles else _untitled(found)
    return Markup(f'{head}{escape(label)}">{"".join(cells)}</svg>')  # noqa: S704  # texts are escaped


def _titled(one: Stretch) -> str:
    return f'<g class="{one.state}"><title>{escape(one.words)}</title>{_cells(one.state, [one])}</g>'


def _untitled(found: Sequence[Stretch]) -> list[str]:
    """By state, so that it is short however many stretches there are."""
    return [
        f'<g class="{state}">{_cells(state, some)}</g>'
        for state in STATES
        if (some := [one for one in found if one.state == state])
    ]


def _cells(state: str, some: Sequence[Stretch]) -> str:
    """The whole height faintly, and so much of it as the state has; a mark where there was trouble."""
    drawn = "" if state == "operational" else f'<path class="r" d="{_lines(some, "20")}"/>'
    drawn += f'<path class="b" d="{_lines(some, _MIDDLES[state])}"/>'
    if state in TROUBLE:
        marks = "".join(_mark(state, one.place + day) for one in some for day in range(one.number))
        drawn += f'<path class="m" d="{marks}"/>'
    return drawn


def _lines(some: Sequence[Stretch], y: str) -> str:
    return "".join(f"M{one.place * STEP} {y}h{one.number * STEP}" for one in some)


def _mark(state: str, place: int) -> str:
    """A cross above an outage, a dot above a degradation."""
    x = place * STEP
    return f"M{x + 1} 13l5 9m0-9l-5 9" if state == "outage" else f"M{x + CELL / 2:g} 6h0"
