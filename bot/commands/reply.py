"""What a command is asked and what it answers, in nobody's dialect: the terminal and the chats each dress it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from adapters.schema import Status


@dataclass(frozen=True)
class Request:
    """What somebody typed, wherever that was."""

    workspace: str
    """`local`, `slack:TEAM` or `discord:GUILD`."""
    actor: str = ""
    """Who asks, as the platform names them."""
    here: str = "console:"
    """The destination that is meant where none is named: the channel the words were typed in."""
    provider: str | None = None
    """A slug, a name or a page's address."""
    to: str | None = None
    streams: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    min_impact: str | None = None
    days: int = 90
    text: str = ""


@dataclass(frozen=True)
class DayCell:
    """One day of a history: `state` is operational, degraded, outage, maintenance or unknown."""

    day: date
    state: str


@dataclass(frozen=True)
class Row:
    """One line: a state, a name, what is said of it, and where to read more. Texts are plain, not escaped."""

    title: str
    status: Status | None = None
    detail: str = ""
    at: datetime | None = None
    """A moment that belongs to the row; each platform shows it in the reader's own zone."""
    url: str | None = None


@dataclass(frozen=True)
class Section:
    """A heading with rows, or with ninety day cells."""

    heading: str | None = None
    rows: tuple[Row, ...] = ()
    days: tuple[DayCell, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Reply:
    """An answer. `text` is one complete plain sentence, `sections` the rest, `data` what `--json` prints."""

    text: str
    sections: tuple[Section, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


class CommandError(Exception):
    """What was asked can't be done; the message is one sentence for the person who asked."""
