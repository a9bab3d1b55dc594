"""What a browser sends that wants to be told: looked at before anything is kept. Pure but for reading the body."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

LONGEST_BODY = 8192
LONGEST_ENDPOINT = 1024


class RefusedError(Exception):
    """What was asked for can't be done; the message is for whoever asked."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


async def body(request: web.Request) -> dict[str, Any]:
    """A JSON object. Raises RefusedError."""
    if request.content_type != "application/json":
        raise RefusedError(415, "The body has to be JSON (Content-Type: application/json).")
    said = bytearray()
    while chunk := await request.content.read(LONGEST_BODY + 1 - len(said)):
        said += chunk
        if len(said) > LONGEST_BODY:
            raise RefusedError(413, f"The body may have {LONGEST_BODY} bytes at most.")
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RefusedError(400, "The body has to be a JSON object.")
    return found


def subscription(asked: Mapping[str, Any], *, allow_http: bool) -> dict[str, Any]:
    """What a browser's `PushSubscription.toJSON()` says, as far as it is needed. Raises RefusedError."""
    from relay.transports.webpush_keys import is_key, is_secret  # its libraries take a moment

    given = _object(asked.get("subscription"))
    keys = _object(given.get("keys"))
    if not _is_endpoint(given.get("endpoint"), ("https", "http") if allow_http else ("https",)):
        raise RefusedError(422, "The subscription's endpoint has to be an https:// address of a push service.")
    if not (is_key(keys.get("p256dh")) and is_secret(keys.get("auth"))):
        raise RefusedError(422, "The subscription's keys are not valid.")
    return {"endpoint": given["endpoint"], "keys": {name: keys[name] for name in ("p256dh", "auth")}}


def _object(found: object) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _is_endpoint(endpoint: object, schemes: tuple[str, ...]) -> bool:
    """Where it leads is judged when it is connected to. (A signature can't name an IPv6 literal.)"""
    if not isinstance(endpoint, str) or len(endpoint) > LONGEST_ENDPOINT:
        return False
    if not (endpoint.isascii() and endpoint.isprintable()) or " " in endpoint:
        return False
    try:
        parts = urlsplit(endpoint)
        named = bool(parts.hostname) and ":" not in (parts.hostname or "") and (parts.port or 1) > 0
    except ValueError:
        return False
    return named and parts.scheme in schemes and "@" not in parts.netloc
