"""Any RSS, Atom or JSON feed of a status page, for pages that offer nothing better.

An item is an incident, or a maintenance where its words say so; items that share a link of their own are the posts
of one. A story in an item's text is parted into its posts; any other text is one post for each phase that it goes
through, so that a text that is edited is an edit. What neither labels nor phrases say is `unknown`.

A feed lists nothing completely: what leaves it stays as it was, an empty one says nothing at all. Items that state
no phase count as news for a week and not beyond, else each announcement were an incident without an end.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from adapters import phrases, plain, story
from adapters.adapter import Adapter, Knows
from adapters.compose import LONG_AGO, compose, oldest_first
from adapters.items import Item, items, shortened
from adapters.phrases import INCIDENT_PHASE, MAINTENANCE_PHASE
from adapters.reader import XML, Document, DocumentReader
from adapters.schema import (
    OVER,
    Coverage,
    Incident,
    IncidentPhase,
    Maintenance,
    MaintenancePhase,
    Snapshot,
    Status,
    Update,
)

NAME = "feed"
NEWS_AGE = timedelta(days=7)
MOST_ITEMS = 200
LONGEST_LABEL = 40
ANY_FEED = f"{XML}, application/feed+json, application/json;q=0.9"

_Phase = TypeVar("_Phase", IncidentPhase, MaintenancePhase)
_ONE = re.compile(r"/(?:incident|maintenance|event|issue|notice|report)s?/[^/]{3,}/?$")
_FIRST_LABEL = re.compile(r"\s*(?:<[^<>]{1,60}>\s*)*<(strong|b|h[1-6])>([^<]{3,40})</\1>", re.IGNORECASE)


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `feed`. Raises AdapterError."""
    feed = items(documents["feed"])
    listed = [one for one in feed.items if one.title or one.html][:MOST_ITEMS]
    incidents, maintenances = told(listed, feed.link, read_at - NEWS_AGE)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=_name(feed.title) or urlsplit(feed.link).netloc,
        status=_status(incidents, maintenances),
        incidents=incidents,
        maintenances=maintenances,
        coverage=Coverage(some_updates=True),
        calm=True,
    )


def told(
    listed: Sequence[Item], site: str, news_since: datetime | None = None
) -> tuple[list[Incident], list[Maintenance]]:
    """What items tell of; those that tell no phase only as news. `site` is the link of the whole feed."""
    cases = [_Case(identity, items) for identity, items in _grouped(listed, site).items()]
    if news_since is not None:
        cases = [one for one in cases if one.phase != "unknown" or one.at is None or one.at > news_since]
    return [one.incident() for one in cases if not one.is_work], [
        one.maintenance() for one in cases if one.is_work
    ]


def _name(title: str) -> str:
    """`Acme Status - Incident History` is Acme's."""
    shorter = re.sub(r"\s*[-–—|:]\s*(?:incident history|status|all incidents|rss feed)\s*$", "", title, flags=re.I)
    return plain.line(re.sub(r"\s+(?:system |service )?status(?: page)?\s*$", "", shorter, flags=re.I))


def _status(incidents: Sequence[Incident], maintenances: Sequence[Maintenance]) -> Status | None:
    """None, to be derived, where items say how far they are; a feed that is empty or never does says nothing."""
    active = [one for one in incidents if one.phase not in OVER]
    told = any(
        phase != "unknown" for phase in [one.phase for one in incidents] + [one.phase for one in maintenances]
    )
    if not told or (active and all(one.phase == IncidentPhase.UNKNOWN for one in active)):
        return Status.UNKNOWN
    return None


def _grouped(listed: Sequence[Item], site: str) -> dict[str, list[Item]]:
    """Items by what they are about, in the order of the feed."""
    found: dict[str, list[Item]] = {}
    for item in listed:
        found.setdefault(shortened(_identity(item, site)), []).append(item)
    return found


def _identity(item: Item, site: str) -> str:
    """The link, where it leads to one incident; else the id; else the title and when it was published."""
    if _leads_to_one(item.link, site):
        return item.link
    return item.id or f"{item.title}@{item.published.isoformat() if item.published else ''}"


def _leads_to_one(link: str, site: str) -> bool:
    if _ONE.search(link):
        return True
    parts = urlsplit(link)
    last = (parts.fragment or parts.query or parts.path).rstrip("/").rsplit("/", 1)[-1]
    return link.rstrip("/") != site.rstrip("/") and (any(map(str.isdigit, last)) or len(last) > 20)


class _Case:
    """What one or several items say of one incident or maintenance."""

    def __init__(self, identity: str, listed: Sequence[Item]) -> None:
        self.items = sorted(listed, key=lambda item: item.at or LONG_AGO)
        self.id = identity
        self.newest = self.items[-1]
        self.at = self.newest.at
        self.posts = story.posts(self.newest.html, self.at) if self.at and len(self.items) == 1 else ()
        self.is_work = self._is_work()
        words: Mapping[str, IncidentPhase | MaintenancePhase] = (
            MAINTENANCE_PHASE if self.is_work else INCIDENT_PHASE
        )
        self.words = words
        self.title = self._title()
        self.updates = self._updates()
        told = (one.phase for one in reversed(self.updates) if one.phase != "unknown")
        self.phase = next(told, self._phase(self.newest))

    def incident(self) -> Incident:
        """As an incident."""
        phase = IncidentPhase(self.phase)
        over = [one.posted_at for one in self.updates if one.phase == IncidentPhase.RESOLVED]
        return Incident(
            id=self.id,
            title=self.title,
            impact=phrases.impact(self.newest.title, self._text(), self.newest.categories),
            phase=phase,
            started_at=self._started_at(),
            resolved_at=over[0] if phase in OVER and over else None,
            url=self._link(),
            updates=self.updates,
        )

    def maintenance(self) -> Maintenance:
        """As a maintenance; when it takes place only a scheduled event says."""
        starts_at, ends_at = story.window(self.newest.html, self.at) if self.at else (None, None)
        return Maintenance(
            id=self.id,
            title=self.title,
            phase=MaintenancePhase(self.phase),
            starts_at=starts_at,
            ends_at=ends_at,
            url=self._link(),
            updates=self.updates,
        )

    def _started_at(self) -> datetime | None:
        """The first post, or when the first item was published. One that tells its end alone doesn't say."""
        known = [one.posted_at for one in self.updates]
        published = self.items[0].published
        if self.phase in OVER and len(known) == 1 and published == known[0]:
            return None
        return min([*known, *([published] if published and not self.posts else [])], default=None)

    def _is_work(self) -> bool:
        labels = [one.label for one in self.posts]
        of_incidents = any(
            phrases.labelled(one, INCIDENT_PHASE) and one.lower() not in MAINTENANCE_PHASE for one in labels
        )
        of_work = any(phrases.labelled(one, MAINTENANCE_PHASE) and one.lower() != "resolved" for one in labels)
        if of_incidents != of_work:
            return of_work
        phase, title = phrases.split_title(self.newest.title, INCIDENT_PHASE)
        if phase not in (None, IncidentPhase.RESOLVED):
            return False
        tagged = any(phrases.is_work(one) for one in self.newest.categories)
        return phrases.is_work(title) or tagged or "/maintenance" in self.newest.link.lower()

    def _title(self) -> str:
        named = plain.line(plain.body(self.newest.title))
        return phrases.split_title(named, self.words)[1].strip() or named or "Untitled"

    def _text(self) -> str:
        return plain.body(self.newest.html)

    def _link(self) -> str | None:
        link = self.newest.link
        return link if link.startswith(("https://", "http://")) and len(link) < 2000 else None

    def _updates(self) -> tuple[Update, ...]:
        if self.posts:
            return tuple(_posted(self.posts, self.words))
        found = [self._update(item) for item in self.items]
        return oldest_first(one for one in found if one is not None)

    def _update(self, item: Item) -> Update | None:
        """One item as a post, named by its phase, and by its id where that names nothing more than the post."""
        if item.at is None:
            return None
        phase = self._phase(item)
        own = f"{shortened(item.id)}/" if item.id and shortened(item.id) != self.id else ""
        posted_at = item.published if phase == "unknown" and item.published else item.at
        return Update(id=f"{own}{phase}", phase=phase, body=plain.body(item.html), posted_at=posted_at)

    def _phase(self, item: Item) -> str:
        """As a label states it; for an incident as a phrase says it."""
        text = plain.body(item.html)
        first = _FIRST_LABEL.match(item.html)
        states = (
            phrases.split_title(item.title, self.words)[0],
            phrases.stated(text, self.words),
            phrases.labelled(first[2], self.words) if first else None,
            phrases.labelled(text, self.words) if len(text) < LONGEST_LABEL else None,
            *(phrases.labelled(one, self.words) for one in item.categories),
            None if self.is_work else phrases.said(f"{item.title}. {text}"),
        )
        return str(next((one for one in states if one is not None), "unknown"))


def _posted(
    posts: Iterable[story.Post], words: Mapping[str, IncidentPhase | MaintenancePhase]
) -> Iterable[Update]:
    """Posts as updates: one whose label is no phase (`Update`) keeps the phase before it."""
    phase = "unknown"
    for post in posts:
        phase = str(phrases.labelled(post.label, words) or phase)
        yield Update(id=post.id, phase=phase, body=post.text, posted_at=post.at)


ADAPTER = Adapter(
    name=NAME,
    title="a feed (RSS, Atom, JSON)",
    read=DocumentReader(lambda place: {"feed": Document(place, accept=ANY_FEED)}, parse, exact=True),
    parse=parse,
    knows=Knows(
        stable_ids="as stable as the feed's links and ids",
        complete="no: what leaves the feed stays as it was",
        history="as far as the feed goes (25 items of a Statuspage)",
        cheap="validators and the digest of one document",
    ),
    paths=(".rss", ".atom", ".xml", "/feed", "/rss", "/atom", "/feed.json", "/feed/json"),
    aliases=("rss", "atom", "json feed"),
)
