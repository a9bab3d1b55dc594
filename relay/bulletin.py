"""What is told outside of any thread, in nobody's dialect: answers, digests, summaries. Each transport dresses it.

Texts are plain and not escaped; moments stay datetimes, so that each platform can show them in the reader's zone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from adapters.schema import Status


@dataclass(frozen=True)
class DayCell:
    """One day of a history: `state` is operational, degraded, outage, maintenance or unknown."""

    day: date
    state: str


@dataclass(frozen=True)
class Row:
    """One line: a state, a name, what is said of it, and where to read more."""

    title: str
    status: Status | None = None
    detail: str = ""
    at: datetime | None = None
    """A moment that belongs to the row."""
    url: str | None = None
    place: str | None = None
    """A destination's address that belongs to the row: a platform shows its own channels by their names."""
    who: str | None = None
    """A person that belongs to the row, as the platform names them: it shows them by their name."""


@dataclass(frozen=True)
class Section:
    """A heading with rows, or with ninety day cells."""

    heading: str | None = None
    rows: tuple[Row, ...] = ()
    days: tuple[DayCell, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """What a bulletin says, drawn, for platforms that show pictures. Nobody needs it: the words say the same. It
    is made only where it is shown, and not in an event loop, for that takes some hundredths of a second."""

    name: str
    """Of the file."""
    png: Callable[[], bytes] = field(compare=False, repr=False)
    alt: Callable[[], str] = field(compare=False, repr=False)
    """What it shows, in words."""
    url: str | None = None
    """Where anybody can get it; None where our address is not a public one."""


@dataclass(frozen=True)
class Bulletin:
    """`text` is one complete plain sentence, for notifications and screen readers too; `sections` are the rest."""

    text: str
    sections: tuple[Section, ...] = ()
    picture: Picture | None = None
