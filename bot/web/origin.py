"""Whether a page of ours, in a browser, is what asks for something to be written."""

from urllib.parse import urlsplit

from aiohttp import web

UNNAMED = "http://localhost:"
"""What our own address begins with where nobody has named it (UPTIMUS_PUBLIC_URL)."""


def is_ours(origin: str, request: web.Request, home: str) -> bool:
    """By the header `Origin`. What the request calls its host is believed only where our address was not named: a
    name that a stranger lets point here would otherwise make their page one of ours."""
    hosts = {urlsplit(home).netloc}
    if home.startswith(UNNAMED):
        hosts.add(request.host)
    return origin.partition("://")[2] in hosts
