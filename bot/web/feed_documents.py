"""Feeds as Atom (RFC 4287) and as JSON Feed 1.1, made of the same entries. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as Xml

from markupsafe import Markup

from adapters.schema import Incident, Maintenance, Update, rfc3339
from relay.wording import capital, plain, utc

ATOM = "http://www.w3.org/2005/Atom"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Entry:
    """An incident or a maintenance of a provider. The same one has the same `id` for ever; `updated` moves on when
    anything of it changes, also when its page edits what it had said."""

    id: str
    case: Incident | Maintenance
    provider: str
    """Its name."""
    page: str
    """Our own page of the provider."""
    published: datetime
    updated: datetime
    names: Mapping[str, str]
    """Of the components that it names, by their ids."""

    @property
    def kind(self) -> str:
        """`incident` or `maintenance`."""
        return "incident" if isinstance(self.case, Incident) else "maintenance"

    @property
    def link(self) -> str:
        """Where to read it: on the official page, where that has an address for it."""
        url = self.case.url or ""
        return url if url.startswith(("https://", "http://")) else self.page


@dataclass(frozen=True)
class Feed:
    """Entries under a title, the one that changed last first. `path` is this server's, without its ending."""

    id: str
    title: str
    author: str
    home: str
    """This server's address."""
    page: str
    """The page that it is the feed of."""
    path: str
    entries: tuple[Entry, ...] = ()

    @property
    def updated(self) -> datetime:
        """When anything in it changed last."""
        return max((one.updated for one in self.entries), default=EPOCH)

    def address(self, ending: str) -> str:
        """Where the feed itself is."""
        return f"{self.home}{self.path}.{ending}"


def atom(feed: Feed) -> bytes:
    """As Atom."""
    Xml.register_namespace("", ATOM)
    root = Xml.Element(f"{{{ATOM}}}feed")
    _said(root, "id", feed.id)
    _said(root, "title", feed.title)
    _said(root, "updated", rfc3339(feed.updated))
    _said(_part(root, "author"), "name", feed.author)
    _link(root, "self", feed.address("atom"), "application/atom+xml")
    _link(root, "alternate", feed.page, "text/html")
    _said(root, "generator", "uptimus")
    for entry in feed.entries:
        _atom_entry(root, entry)
    body: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _atom_entry(root: Xml.Element, entry: Entry) -> None:
    element = _part(root, "entry")
    _said(element, "id", entry.id)
    _said(element, "title", title(entry))
    _said(element, "published", rfc3339(entry.published))
    _said(element, "updated", rfc3339(entry.updated))
    _said(_part(element, "author"), "name", entry.provider)
    _link(element, "alternate", entry.link, "text/html")
    for term in tags(entry):
        _part(element, "category").set("term", _xml(term))
    _said(element, "content", str(html(entry))).set("type", "html")


def _part(parent: Xml.Element, name: str) -> Xml.Element:
    return Xml.SubElement(parent, f"{{{ATOM}}}{name}")


def _said(parent: Xml.Element, name: str, text: str) -> Xml.Element:
    element = _part(parent, name)
    element.text = _xml(text)
    return element


def _link(parent: Xml.Element, relation: str, href: str, kind: str) -> None:
    element = _part(parent, "link")
    for name, value in (("rel", relation), ("href", _xml(href)), ("type", kind)):
        element.set(name, value)


def _xml(text: str) -> str:
    """Without what XML 1.0 can't hold, however it is escaped."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def json_feed(feed: Feed) -> bytes:
    """As JSON Feed 1.1."""
    said: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.address("json"),
        "authors": [{"name": feed.author}],
        "items": [_item(entry) for entry in feed.entries],
    }
    return json.dumps(said, ensure_ascii=False).encode(errors="replace")


def _item(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.page,
        "external_url": entry.link,
        "title": title(entry),
        "content_html": str(html(entry)),
        "date_published": rfc3339(entry.published),
        "date_modified": rfc3339(entry.updated),
        "authors": [{"name": entry.provider}],
        "tags": tags(entry),
    }


def title(entry: Entry) -> str:
    """`ChargeOver: Login outage (resolved)`."""
    phase = "" if entry.case.phase == "unknown" else f" ({plain(entry.case.phase)})"
    return f"{entry.provider}: {entry.case.title}{phase}"


def tags(entry: Entry) -> list[str]:
    """What it is, how far it is and how bad."""
    impact = [f"impact: {entry.case.impact}"] if isinstance(entry.case, Incident) else []
    return [entry.kind, plain(entry.case.phase), *impact]


def html(entry: Entry) -> Markup:
    """What was said of it, newest first; everything of the page's is escaped."""
    parts = [_times(entry.case), _affected(entry), *(_update(one) for one in reversed(entry.case.updates))]
    return Markup("\n").join(part for part in parts if part)


def _times(case: Incident | Maintenance) -> Markup:
    if isinstance(case, Incident):
        impact = "" if case.impact == "unknown" else f"Impact: {case.impact}. "
        began = f"Began {utc(case.started_at)}. " if case.started_at else ""
        ended = f"Resolved {utc(case.resolved_at)}." if case.resolved_at else ""
        return _paragraph(f"{impact}{began}{ended}")
    begins = f"From {utc(case.starts_at)} " if case.starts_at else ""
    ends = f"until {utc(case.ends_at)}." if case.ends_at else "until an end that is not announced."
    return _paragraph(f"{begins}{ends}" if begins or case.ends_at else "")


def _affected(entry: Entry) -> Markup:
    named = [entry.names[id_] for id_ in entry.case.component_ids if id_ in entry.names]
    return _paragraph(f"Concerns: {', '.join(named)}." if named else "")


def _paragraph(text: str) -> Markup:
    return Markup("<p>{}</p>").format(text.strip()) if text.strip() else Markup()


def _update(update: Update) -> Markup:
    lines = Markup("<br>").join(update.body.strip().splitlines())
    phase = "Update" if update.phase == "unknown" else capital(plain(update.phase))
    return Markup("<p><strong>{}</strong>, {}<br>{}</p>").format(phase, utc(update.posted_at), lines)


def latest_first(entries: Sequence[Entry], most: int) -> tuple[Entry, ...]:
    """In the order of feeds."""
    return tuple(sorted(entries, key=lambda one: (one.updated, one.id), reverse=True)[:most])
