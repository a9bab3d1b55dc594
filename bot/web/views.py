"""What the pages show, put together by whoever knows where it is kept."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from adapters.schema import Component, Incident, Maintenance, Status
from bot.commands.reply import DayCell


@dataclass(frozen=True)
class DirectoryEntry:
    """One followed provider at a glance."""

    slug: str
    name: str
    status: Status
    """As far as it is known now: unknown where the page can't be read."""
    since: datetime | None = None
    checked_at: datetime | None = None
    """When the page was last read whole."""
    failure: str | None = None
    """Why the page can't be read at present, in one line."""
    troubles: tuple[str, ...] = ()
    """Titles of its active incidents."""


@dataclass(frozen=True)
class DirectoryView:
    """Everything that is followed, in the order in which it is to be shown."""

    entries: tuple[DirectoryEntry, ...] = ()


@dataclass(frozen=True)
class ProviderView:
    """One provider whole. `incidents` and `past` are newest first."""

    slug: str
    name: str
    url: str
    """The provider's own status page."""
    status: Status
    """As far as it is known now: unknown where the page can't be read."""
    since: datetime | None = None
    checked_at: datetime | None = None
    """When the page was last read whole."""
    failure: str | None = None
    """Why the page can't be read at present, in one line."""
    components: tuple[Component, ...] = ()
    """In the page's own order; those of one group stand together."""
    incidents: tuple[Incident, ...] = ()
    """Those that are active."""
    maintenances: tuple[Maintenance, ...] = ()
    """Those that are announced or under way, the next one first."""
    past: tuple[Incident, ...] = ()
    days: tuple[DayCell, ...] = ()
    """Oldest first."""
    uptime: str = ""
    """What share of the known days was operational, and how many are known: one phrase."""


ShowProvider = Callable[[str], Awaitable[ProviderView | None]]
"""By slug; None: there is no such provider."""
ShowDirectory = Callable[[], Awaitable[DirectoryView]]
