"""Addresses: what people paste, made into that of a status page, and what stands beside a page."""

import functools
import ipaddress
import re
from urllib.parse import quote, urlsplit

from adapters.fetch import AdapterError

# Where a page's own links lead, and the documents behind it. The rest of the path is the page's.
_BELOW = re.compile(
    r"/(?:api/v\d+(?:\.\d+)*(?:/.*)?"
    r"|history(?:\.atom|\.rss|\.json)?"
    r"|(?:incidents?|maintenances?|components?)(?:/[^/]*)?"
    r"|subscribe|uptime(?:/[^/]*)?"
    r"|(?:index|summary|status)\.(?:json|html?)"
    r")/?$"
)
# A name (with letters of any script) or a number; what else there may be in a URL's host is nobody's page.
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*|[0-9a-f:.]*:[0-9a-f:.]*")


@functools.lru_cache(maxsize=1024)
def normalize_url(text: str) -> str:
    """`status.example.com/history` → `https://status.example.com`.

    Drops the query, the fragment, a trailing slash and what leads below the page; keeps a port and any other
    path. Raises AdapterError for what can't be an address.
    """
    pasted = text.strip().strip("<>").strip()
    if "://" not in pasted:
        pasted = f"https://{pasted}"
    try:
        parts = urlsplit(pasted)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AdapterError("that is not a web address") from error
    scheme = parts.scheme.lower()
    if scheme not in {"http", "https"}:
        raise AdapterError("only addresses that begin with https:// or http:// are read")
    if parts.username is not None or parts.password is not None:
        raise AdapterError("an address with a name or a password in it is not read")
    host = (host or "").rstrip(".")
    if not _HOST.fullmatch(host):
        raise AdapterError("that is not a web address")
    shown = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[scheme]
    place = shown if port in {None, default} else f"{shown}:{port}"
    return f"{scheme}://{place}{_page_path(parts.path)}"


def exact_url(text: str) -> str:
    """The address as it was pasted, for a document that is a page by itself: with its path and its query.

    Raises AdapterError for what can't be an address.
    """
    pasted = text.strip().strip("<>").strip()
    normalize_url(pasted)
    return (pasted if "://" in pasted else f"https://{pasted}").partition("#")[0]


def origin(url: str) -> str:
    """`https://status.example.com/history` → `https://status.example.com`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def has_no_name(url: str) -> bool:
    """Whether the host is a bare number: a page there is a copy of one, with what belongs to it beside it."""
    try:
        ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return True


def beside(url: str, usual: str) -> str:
    """Where something of a page's is that stands on a host of its own, `usual`, but beside a copy of the page."""
    return origin(url) if has_no_name(url) else usual


def _page_path(path: str) -> str:
    path = quote(path, safe="/%:@!$&'()*+,;=~").rstrip("/")
    shorter = _BELOW.sub("", path).rstrip("/")
    while shorter != path:
        path, shorter = shorter, _BELOW.sub("", shorter).rstrip("/")
    return path
