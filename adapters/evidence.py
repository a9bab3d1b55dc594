"""What the HTML of a page gives away about the kind of page it is. Pure, and linear in the size of the page."""

import html
import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from adapters.address import normalize_url
from adapters.fetch import AdapterError, Answer

LOOKED_AT = 2_000_000
"""Bytes of the page."""
MOST_LINKS = 3000
MOST_OWN = 2
"""Status pages that one page may link to and not stand for them all."""

_TAG = re.compile(r"<(a|link)\b([^<>]{1,2000})>([^<>]{0,60})", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(href|rel|type)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_FEED_TYPES = ("application/atom+xml", "application/rss+xml", "application/feed+json")
_PLATFORM_HOSTS = (
    ".statuspage.io", ".instatus.com", ".betteruptime.com", ".statuspal.io", ".statuspal.eu", ".hund.io",
    ".freshstatus.io", ".statuscast.com", ".status.io", ".openstatus.dev", ".status.atlassian.com",
)  # fmt: skip
_STATUS_HOST = re.compile(r"(?:^|\.)status\.|^(?:www\.)?[a-z0-9-]*status(?:page)?\.|-status\.")
_SAYS_STATUS = re.compile(
    r"\s*(?:(?:system|service|server|live|api|network)\s+)?status(?:\s+page)?\s*", re.IGNORECASE
)
_LOGIN = re.compile(r"/(?:log-?in|sign-?in|sign_in|sso|saml|access|authorize)(?:/|$)")


@dataclass(frozen=True)
class PageLooks:
    """How a page looks from outside. `url` is where its redirects led to, as the address of a page."""

    url: str
    text: str = ""
    """Its HTML, in lower case."""
    is_feed: bool = False
    feeds: tuple[str, ...] = ()
    """Addresses that it names as its feeds."""
    status_page: str | None = None
    """Another page, that it links to as its status page."""
    umbrella: tuple[str, ...] = ()
    """Other status pages that it links to."""
    private: str | None = None
    """Why nobody can read it without an invitation."""


def looks_of(answer: Answer, asked: str) -> PageLooks:
    """Reads the evidence off an answer to a request for `asked`, a page's address."""
    url = _moved(answer.url, asked)
    text = answer.body[:LOOKED_AT].decode("utf-8", "replace")
    start = text.lstrip("\ufeff \r\n\t")[:400].lower()
    if answer.status != 200 or not start.startswith("<"):
        return PageLooks(url=url, is_feed=start.startswith("{") and "jsonfeed.org/version" in text[:2000])
    if start.startswith(("<?xml", "<rss", "<feed")) and ("<rss" in text[:3000] or "<feed" in text[:3000]):
        return PageLooks(url=url, is_feed=True)
    links = _links(text, answer.url)
    here = urlsplit(url).netloc
    others = _status_pages(links, here)
    return PageLooks(
        url=url,
        text=text.lower(),
        feeds=tuple(dict.fromkeys(link.href for link in links if link.feed)),
        status_page=None if _is_status_host(here) else _own(links, here, others),
        umbrella=tuple(others),
        private="it asks for a login" if _LOGIN.search(urlsplit(answer.url).path.lower()) else None,
    )


@dataclass(frozen=True)
class _Link:
    href: str
    feed: bool
    says_status: bool


def _links(text: str, base: str) -> list[_Link]:
    found = []
    for number, tag in enumerate(_TAG.finditer(text)):
        if number >= MOST_LINKS:
            break
        given = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(tag[2])}
        href = html.unescape(given.get("href", "")).strip()
        if not href or len(href) > 500:
            continue
        try:
            whole = urljoin(base, href)
        except ValueError:
            continue
        if whole.startswith(("http://", "https://")):
            kind = given.get("type", "").lower()
            feed = tag[1].lower() == "link" and "alternate" in given.get("rel", "").lower() and kind in _FEED_TYPES
            if tag[1].lower() == "a" or feed:
                found.append(_Link(whole, feed, _SAYS_STATUS.fullmatch(tag[3]) is not None))
    return found


def _status_pages(links: list[_Link], here: str) -> list[str]:
    """Other hosts that look like status pages, in the order of the links."""
    found: dict[str, str] = {}
    for link in links:
        if link.feed:
            continue
        try:
            host = urlsplit(link.href).netloc.lower()
            if host and host != here and host not in found and (link.says_status or _is_status_host(host)):
                found[host] = normalize_url(link.href)
        except (ValueError, AdapterError):
            continue
    return list(found.values())


def _own(links: list[_Link], here: str, others: list[str]) -> str | None:
    """The status page among them that is this page's own: not one of many, unless it alone is called so."""
    called = _status_pages([link for link in links if link.says_status], here)
    if len(called) == 1:
        return called[0]
    return others[0] if 0 < len(others) <= MOST_OWN else None


def _is_status_host(host: str) -> bool:
    return host.endswith(_PLATFORM_HOSTS) or _STATUS_HOST.search(host) is not None


def _moved(arrived: str, asked: str) -> str:
    """The page's address after its redirects: only another host is another page, a path below it is its front."""
    if urlsplit(arrived).netloc == urlsplit(asked).netloc:
        return asked
    try:
        return normalize_url(arrived)
    except AdapterError:
        return asked
