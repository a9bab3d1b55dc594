"""Cursors: a place in a list as it stands in an address. What is in one is nobody's business but ours."""

import base64
import json
from datetime import datetime

from adapters.schema import rfc3339

MOST = 300
"""Letters that a cursor has at most."""
BIGGEST = 2**63 - 1

Part = str | int | datetime


def cursor(*place: Part) -> str:
    """A place as it stands in an address."""
    parts = [rfc3339(part) if isinstance(part, datetime) else part for part in place]
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place(text: str, *kinds: type) -> list[Part] | None:
    """The place that a cursor names, part by part as its kinds say; None for what is no cursor of this kind."""
    if len(text) > MOST or not text.isascii():
        return None
    try:
        decoded = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        if not isinstance(decoded, list) or len(decoded) != len(kinds):
            return None
        parts = [_part(part, kind) for part, kind in zip(decoded, kinds, strict=True)]
    except (ValueError, OverflowError, RecursionError):
        return None
    return [part for part in parts if part is not None] if None not in parts else None


def _part(part: object, kind: type) -> Part | None:
    if kind is datetime:
        moment = datetime.fromisoformat(part) if isinstance(part, str) else None
        return moment if moment is not None and moment.tzinfo is not None else None
    if isinstance(part, bool) or not isinstance(part, kind):
        return None
    if isinstance(part, int):
        return part if abs(part) <= BIGGEST else None
    return part if isinstance(part, str) and part.isprintable() else None
