"""The items of an RSS, Atom or JSON feed, whatever it is: feedparser reads the XML, its two dates are in UTC.

A date without a zone is taken for UTC, as feedparser does. Nothing here knows what an item means.
"""

import io
from calendar import timegm
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import feedparser

from adapters import fields, plain
from adapters.fetch import AdapterError
from adapters.fields import LONGEST_ID, Record

LARGEST = 2_000_000
"""Bytes: feedparser takes two seconds for so many of the worst kind."""
LONGEST_TITLE = 500


@dataclass(frozen=True)
class Item:
    """`id` and `link` are empty where the feed names none that is one; `html` is the longest text that it has."""

    id: str
    link: str
    title: str
    html: str
    published: datetime | None
    updated: datetime | None
    categories: tuple[str, ...] = ()

    @property
    def at(self) -> datetime | None:
        """When it was last said."""
        return max([one for one in (self.published, self.updated) if one], default=None)


@dataclass(frozen=True)
class Items:
    """A feed: its own title and link, and its items in its own order."""

    title: str
    link: str
    items: tuple[Item, ...]


def items(document: bytes) -> Items:
    """Reads a feed. Raises AdapterError for what is none."""
    if len(document) > LARGEST:
        raise AdapterError("the feed is too large")
    start = document.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
    return _json_feed(document) if start == b"{" else _xml_feed(document)


def shortened(identity: str) -> str:
    """An id of any length and kind as one that can be stored: long ones by their digest."""
    if identity.isprintable() and len(identity) <= LONGEST_ID:
        return identity
    return blake2b(identity.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _xml_feed(document: bytes) -> Items:
    if not document.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        raise AdapterError("the document is not a feed")
    try:
        found = feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError) as error:
        raise AdapterError("the feed can't be read") from error
    if not found.get("version"):
        raise AdapterError("the document is not a feed")
    if found.get("bozo") and not found["entries"]:
        raise AdapterError("the feed is broken off or malformed")
    return Items(
        _text(found["feed"], "title"), _link(_text(found["feed"], "link")), tuple(map(_item, found["entries"]))
    )


def _item(entry: dict[str, Any]) -> Item:
    texts = [_text(entry, "summary"), *(_text(one, "value") for one in dict.get(entry, "content") or ())]
    return Item(
        id=_text(entry, "id"),
        link=_link(_text(entry, "link")),
        title=plain.line(_text(entry, "title")[:LONGEST_TITLE]),
        html=max(texts, key=len),
        published=_moment(dict.get(entry, "published_parsed")),
        updated=_moment(dict.get(entry, "updated_parsed")),
        categories=_terms(dict.get(entry, "tags") or ()),
    )


def _terms(tags: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(term for tag in tags if (term := _text(tag, "term")))


def _text(record: dict[str, Any], key: str) -> str:
    value = dict.get(record, key)  # feedparser's own get warns of the keys that it makes up
    return value.strip() if isinstance(value, str) else ""


def _link(address: str) -> str:
    return address if fields.is_address(address) else ""


def _moment(parsed: Any) -> datetime | None:
    try:
        return fields.epoch(timegm(parsed)) if parsed else None
    except (ValueError, OverflowError, TypeError):
        return None


def _json_feed(document: bytes) -> Items:
    """jsonfeed.org, version 1 and 1.1."""
    feed = fields.decode(document, "the feed")
    if "jsonfeed.org/version/" not in str(feed.get("version")):
        raise AdapterError("the document is not a feed")
    found = tuple(_json_item(one) for one in fields.strict_records(feed.get("items"), "an item"))
    return Items(fields.text(feed, "title") or "", _link(fields.text(feed, "home_page_url") or ""), found)


def _json_item(record: Record) -> Item:
    identity = record.get("id")
    tags = record.get("tags")
    text = record.get("content_html") or record.get("content_text") or record.get("summary")
    return Item(
        id=plain.line(str(identity)) if isinstance(identity, str | int) else "",
        link=fields.link(record, "url") or "",
        title=(fields.text(record, "title") or "")[:LONGEST_TITLE],
        html=text if isinstance(text, str) else "",
        published=fields.moment(record, "date_published", zone=UTC),
        updated=fields.moment(record, "date_modified", zone=UTC),
        categories=tuple(one for one in tags if isinstance(one, str)) if isinstance(tags, list) else (),
    )
