"""Providers as OPML 2.0: what feed readers and other monitors of status pages take and give."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from storage.tables import Provider

MOST = 5000


class OpmlError(Exception):
    """It is no OPML; the message is one line."""


@dataclass(frozen=True)
class Outline:
    """A line of such a file: what it is called, and the addresses under which it may be found, the best first."""

    title: str
    addresses: tuple[str, ...]


def written(providers: Sequence[Provider], home: str, now: datetime) -> str:
    """The document. `xmlUrl` is our feed of the provider, `htmlUrl` its status page."""
    lines = [_outline(one, home.rstrip("/")) for one in providers]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<opml version="2.0">',
            "  <head>",
            "    <title>Status pages followed with uptimus</title>",
            f"    <dateCreated>{format_datetime(now, usegmt=True)}</dateCreated>",
            "  </head>",
            "  <body>",
            *lines,
            "  </body>",
            "</opml>",
            "",
        ]
    )


def _outline(provider: Provider, home: str) -> str:
    attributes = {
        "type": "rss",
        "text": provider.name,
        "title": provider.name,
        "xmlUrl": f"{home}/status/{provider.slug}/feed.atom",
        "htmlUrl": provider.url,
    } | ({"category": f"/{provider.category}"} if provider.category else {})
    said = " ".join(f"{name}={quoteattr(_printable(value))}" for name, value in attributes.items())
    return f"    <outline {said}/>"


def _printable(text: str) -> str:
    """Without what XML can't hold."""
    return "".join(
        one for one in text if one >= " " and not "\ud800" <= one <= "\udfff" and one not in "\ufffe\uffff"
    )


def read(text: str) -> list[Outline]:
    """The outlines that have an address, each once. Raises OpmlError."""
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise OpmlError("it declares a document type, which OPML has no need of")
    try:
        root = ElementTree.fromstring(text.encode())  # noqa: S314  # without a document type there are no entities
    except ElementTree.ParseError as error:
        raise OpmlError(f"it is no XML ({error})") from None
    if root.tag.lower() != "opml":
        raise OpmlError("it is XML, and no OPML")
    found = list(dict.fromkeys(one for one in _outlines(root.iter("outline")) if one.addresses))
    if len(found) > MOST:
        raise OpmlError(f"it has more than {MOST} outlines")
    return found


def _outlines(elements: Iterable[ElementTree.Element]) -> Iterable[Outline]:
    for element in elements:
        named = {name.lower(): value.strip() for name, value in element.attrib.items()}
        addresses = (named.get("htmlurl", ""), named.get("xmlurl", ""), named.get("url", ""))
        web = tuple(one for one in dict.fromkeys(addresses) if one.lower().startswith(("https://", "http://")))
        yield Outline(named.get("title") or named.get("text") or (web[0] if web else ""), web)
