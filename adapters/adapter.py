"""What every adapter offers, and what it is given."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from adapters.fetch import Fetcher
from adapters.schema import Snapshot


@dataclass(frozen=True)
class Page:
    """One page to read, and what is remembered of it from the reads before.

    `memory` is the adapter's own: small, JSON (validators, digests, the ids it saw last). It is handed back as
    the adapter returned it, and empty where everything is to be read afresh.
    """

    url: str
    now: datetime
    memory: Mapping[str, object] = field(default_factory=dict)
    open_ids: frozenset[str] = frozenset()
    """Ids of incidents and maintenances that were active when the page was last read: each one that the page's
    lists no longer show is looked up by its id."""
    interval: float = 60.0
    """Seconds between two polls of this page, for rules that count in polls."""


@dataclass(frozen=True)
class Reading:
    """What came of one read: a snapshot, or None where the page says what it said before."""

    snapshot: Snapshot | None
    memory: Mapping[str, object]


Read = Callable[[Page, Fetcher], Awaitable[Reading]]
"""An adapter's one entry point: reads `page.url`, as cheaply as the kind of page allows when nothing changed.
Raises AdapterError when the page could not be read whole: what was known of it stays true."""
