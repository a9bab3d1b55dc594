"""What the pages show, put together by whoever knows where it is kept."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime

from adapters.schema import Component, Incident, Maintenance, Status
from bot.signals import Raised
from storage.analysis import Case, Figures, Lively, Month, Trust
from storage.history import Uptime


@dataclass(frozen=True)
class Asked:
    """What somebody wants to see of a list: those that a text fits, of a category, and which page of them."""

    text: str = ""
    page: int = 1
    category: str = ""


ANYTHING = Asked()


@dataclass(frozen=True)
class Facts:
    """How this uptimus is set up, as far as its pages tell: `home` is our own address."""

    home: str = "http://localhost:8080"
    push: bool = False
    """Browsers can ask to be told."""
    signals: bool = False
    """Readers can say that they have trouble, too."""
    slack: bool = False
    slack_install: str | None = None
    """Where any workspace can install it."""
    discord: bool = False
    mail: bool = False


PLAIN = Facts()
"""Set up with nothing."""


@dataclass(frozen=True)
class DirectoryEntry:
    """One provider at a glance."""

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
    category: str | None = None
    followed: bool = True


@dataclass(frozen=True)
class Listed:
    """One of the catalogue that nobody follows here."""

    slug: str
    name: str
    category: str
    url: str


@dataclass(frozen=True)
class DirectoryView:
    """What is followed, in the order in which it is to be shown: whoever is in trouble first."""

    entries: tuple[DirectoryEntry, ...] = ()
    """Of the page that was asked for."""
    asked: Asked = Asked()
    pages: int = 1
    matching: int | None = None
    """How many there are of what was asked for; None: as many as entries."""
    followed: int | None = None
    """How many there are in all, and how many of them are operational, and in trouble; None: count the entries."""
    operational: int = 0
    in_trouble: int = 0
    categories: tuple[tuple[str, int], ...] = ()
    """With how many there are of each."""
    unfollowed: tuple[Listed, ...] = ()
    """Of the catalogue, where somebody searches."""


@dataclass(frozen=True)
class DayView:
    """One day: `state` is operational, degraded, outage, maintenance or unknown; `said` is what happened on it."""

    day: date
    state: str
    said: str = ""


@dataclass(frozen=True)
class ComponentRow:
    """A component with its days, and both its figures in a phrase."""

    component: Component
    days: tuple[DayView, ...] = ()
    uptime: str = ""


@dataclass(frozen=True)
class ComponentList:
    """The components of the page that was asked for, in the provider's own order."""

    rows: tuple[ComponentRow, ...] = ()
    asked: Asked = Asked()
    matching: int = 0
    pages: int = 1


@dataclass(frozen=True)
class Relative:
    """A provider that has something to do with another one; `why` in a few words."""

    slug: str
    name: str
    status: Status
    why: str = ""


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
    category: str | None = None
    platform: str | None = None
    """What kind of page it is read as, as its maker calls it."""
    followed: bool = True
    """Somebody follows it, so that it is read now."""
    components: tuple[Component, ...] = ()
    """In the page's own order; those of one group stand together."""
    listed: ComponentList = ComponentList()
    """Those that are shown, with their days."""
    incidents: tuple[Incident, ...] = ()
    """Those that are active."""
    maintenances: tuple[Maintenance, ...] = ()
    """Those that are announced or under way, the next one first."""
    past: tuple[Case, ...] = ()
    """Outages and degradations that are over: the latest."""
    works: tuple[Maintenance, ...] = ()
    """Planned work that is over, of the days shown: the latest."""
    days: tuple[DayView, ...] = ()
    """Oldest first."""
    uptime: str = ""
    """What share of the known days was operational, and how many are known; and by time: one phrase."""
    figure: Uptime | None = None
    """The same as figures."""
    filled: int = 0
    """Days that are known only from what the page told later."""
    figures: Figures = Figures()
    """Of the days shown."""
    months: tuple[Month, ...] = ()
    """The last year's, oldest first, as far as they are known."""
    trust: Trust = Trust()
    """Of the last year."""
    only_latest: int | None = None
    """`past`, `figures` and `trust` are made from so many incidents, the latest: there were more in the year."""
    lively: tuple[Lively, ...] = ()
    """The components with the most recent events."""
    known_incidents: str = "0"
    known_maintenances: str = "0"
    """How many are known, as it reads: more than a thousand are not counted."""
    relatives: tuple[tuple[str, tuple[Relative, ...]], ...] = ()
    """By what they have in common."""
    signal: Raised | None = None
    """What users report, where it is more than usual."""


@dataclass(frozen=True)
class Missing:
    """No page: nobody follows it, or there is nothing of this name. `near`: what may be meant, slug and name."""

    entry: Listed | None = None
    near: tuple[tuple[str, str], ...] = ()


ShowProvider = Callable[[str, Asked], Awaitable[ProviderView | Missing | None]]
"""By slug; None: there is no such provider. The text and the page that are asked for are those of components."""
ShowDirectory = Callable[[Asked], Awaitable[DirectoryView]]
