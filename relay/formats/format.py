"""What a format is, and what several formats share: keys of subjects, text that is cut, JSON that fits. Pure."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.endpoint import Endpoint
from relay.events import StoredEvent
from relay.transports.markdown import UNSEEN


@dataclass(frozen=True)
class Rendered:
    """A request as it is to be sent; what is signed are the bytes of `body`."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside those that every request has. (Content-Type is application/json.)"""
    url: str | None = None
    """Where it goes, if elsewhere than to the endpoint's address."""
    method: str = "POST"


Render = Callable[[StoredEvent, Endpoint, str], Rendered | None]
"""(event, endpoint, address) → the request; None: the event has nothing to say to that service and counts as told.
Raises ValueError, with one sentence, where the endpoint's own template can't be filled."""


def _fine(_: Endpoint) -> None:
    pass


@dataclass(frozen=True)
class Format:
    """What a webhook's body looks like, and what it needs."""

    render: Render
    check: Callable[[Endpoint], None] = _fine
    """Raises ValueError, with one sentence, for an endpoint that could not be told in this format."""
    needs_key: str | None = None
    """What the service calls the key that it wants to see; None: it wants none."""
    needs_template: bool = False
    address: str | None = None
    """Where the service is, for everybody; None: each endpoint has its own address."""
    shared: bool = False
    """What is sent depends on the event and `schema_version` alone: made once for all endpoints."""


def as_bytes(document: object) -> bytes:
    """Compact JSON in UTF-8. (Half a surrogate pair, which no UTF-8 can hold, becomes a question mark.)"""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")


def fitted(make: Callable[[int], Any], lengths: Iterable[int], most: int) -> bytes:
    """The first document, made with one length of text after the other, whose JSON has at most `most` bytes."""
    body = b""
    for length in lengths:
        body = as_bytes(make(length))
        if len(body) <= most:
            break
    return body


def subject_key(event: StoredEvent, limit: int = 255) -> str:
    """The same for all events about a subject, unique among the subjects of all providers, at most `limit` long:
    `uptimus:chargeover:incident:wqrzsb2dhryr`."""
    key = f"uptimus:{event.data.provider.slug}:{event.subject.kind}:{event.subject.id}"
    if len(key) <= limit and re.fullmatch(r"[!-~]+", key):
        return key
    return f"uptimus:{hashlib.sha256(key.encode(errors='replace')).hexdigest()}"


def line(text: str, limit: int) -> str:
    """Plain text on one line, cut at a word."""
    text = " ".join(UNSEEN.sub("", text).split())
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    word = kept.rsplit(" ", 1)[0]
    return (word if len(word) > limit // 2 else kept).rstrip() + "…"


def paragraphs(text: str, limit: int) -> str:
    """Plain text with its line breaks, cut."""
    text = UNSEEN.sub("", text.replace("\r\n", "\n")).strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def web(url: str | None, limit: int = 2048) -> str | None:
    """An address that a service takes as a link; None where it would refuse it."""
    known = url is not None and re.fullmatch(r"https?://[!-~]+", url) and len(url) <= limit
    return url if known else None


def needs_key(name: str) -> Callable[[Endpoint], None]:
    """A check that there is a key, and that it may stand in a header."""

    def check(endpoint: Endpoint) -> None:
        if not endpoint.key:
            raise ValueError(f"this format needs {name}")
        if re.fullmatch(r"[!-~]{1,255}", endpoint.key) is None:
            raise ValueError(f"{name} has 1 to 255 letters, digits and marks, without spaces")

    return check
