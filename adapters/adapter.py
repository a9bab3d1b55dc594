"""What every adapter offers, and what it is given."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from re import Pattern
from typing import Protocol

from adapters.fetch import Answer
from adapters.schema import Past, Snapshot


class Getter(Protocol):
    """What an adapter reads documents with: a `fetch.Fetcher`, or one that counts its requests."""

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "application/json",
    ) -> Answer:
        """One document. Raises AdapterError for everything but 200, 304, 404 and 410."""
        ...


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


Read = Callable[[Page, Getter], Awaitable[Reading]]
"""An adapter's entry point: reads `page.url`, as cheaply as the kind of page allows when nothing changed.
Raises AdapterError when the page could not be read whole: what was known of it stays true."""


ReadPast = Callable[[Page, Getter], Awaitable[Past]]
"""Reads what the page tells of its last ninety days beyond what `read` does. Raises AdapterError."""


class Parse(Protocol):
    """The documents of one read, by their names, as a snapshot. Pure. Raises AdapterError and nothing else."""

    def __call__(self, documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
        """`url` is the page's address, normalized."""
        ...


@dataclass(frozen=True)
class Knows:
    """What a kind of page can tell; a row of the README's table."""

    stable_ids: str
    """Are the ids stable?"""
    complete: str
    """Is the list of active incidents complete?"""
    history: str
    """How far back does it reach?"""
    cheap: str
    """How is a read done that finds nothing new?"""


@dataclass(frozen=True)
class Adapter:
    """One kind of page. `name` is what people type and what is stored, `title` what the platform calls itself."""

    name: str
    title: str
    read: Read
    parse: Parse
    knows: Knows
    hosts: tuple[str, ...] = ()
    """Hosts that such pages live on: a whole name, or the end of one where it begins with a dot."""
    marks: tuple[str, ...] = ()
    """Texts that stand in the HTML of such pages and of no others (in lower case)."""
    paths: tuple[str, ...] = ()
    """Endings of page addresses that give it away, as `/rss/all.rss`."""
    shape: Pattern[str] | None = None
    """What is found in the paths of such addresses, where they name the page, as `/status_pages/quillpost`."""
    guessed: bool = False
    """A page without any evidence is tried too: its documents stand at a fixed path below the page's address."""
    aliases: tuple[str, ...] = ()
    """Other names that people type."""
    past: ReadPast | None = None
    """For kinds of page that have a history beside what a read shows; asked once, by the first follow."""
