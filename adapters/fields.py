"""Fields of a page's JSON: lenient where a page may leave something out, strict where it says what is what."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog

from adapters import plain
from adapters.fetch import AdapterError

LONGEST_ID = 200
MOST_VALUES = 1_000_000
"""Ten megabytes of `[],[],…` would take thirty times their size in memory."""
MOST_WORDS = 500

Record = Mapping[str, Any]
_Known = TypeVar("_Known")

log = structlog.get_logger("adapters")
_told: set[tuple[str, str]] = set()


def decode(document: bytes, name: str) -> dict[str, Any]:
    """The JSON object that a document is. Raises AdapterError."""
    if len(document) > MOST_VALUES and sum(document.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise AdapterError(f"{name} holds too many values")
    try:
        decoded = json.loads(document)
    except RecursionError as error:
        raise AdapterError(f"{name} is nested too deeply") from error
    except ValueError as error:
        kind = "HTML" if document[:200].lstrip().startswith(b"<") else "not JSON"
        raise AdapterError(f"{name} is {kind}") from error
    if not isinstance(decoded, dict):
        raise AdapterError(f"{name} is not a JSON object")
    return decoded


def records(value: object) -> list[Record]:
    """The objects of a list; anything else is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def strict_records(value: object, what: str) -> list[Record]:
    """The objects of a list, none where there is no list. Raises AdapterError where one is something else."""
    found = records(value)
    if isinstance(value, list) and len(found) != len(value):
        raise AdapterError(f"there is {what} that is not an object")
    return found


def identity(record: Record, what: str) -> str:
    """The `id` of a record, as it is. Raises AdapterError where it can't tell one thing from another."""
    found = record.get("id")
    if isinstance(found, str) and found.strip() and found.isprintable() and len(found) <= LONGEST_ID:
        return found
    raise AdapterError(f"there is {what} without an id")


def name(record: Record, what: str) -> str:
    """The `name` of a record on one line. Raises AdapterError where there is none."""
    found = text(record, "name")
    if found is None:
        raise AdapterError(f"there is {what} without a name")
    return found


def text(record: Record, key: str) -> str | None:
    """One line, or None."""
    value = record.get(key)
    return plain.line(value) or None if isinstance(value, str) else None


def body(record: Record, key: str) -> str:
    """Plain text or Markdown, empty where there is none."""
    value = record.get(key)
    return plain.body(value) if isinstance(value, str) else ""


def moment(record: Record, *keys: str) -> datetime | None:
    """The first of these fields that is a time with a zone, in UTC. Times that no page can mean are absent."""
    for key in keys:
        found = instant(record.get(key))
        if found is not None:
            return found
    return None


def instant(value: object) -> datetime | None:
    """An RFC 3339 text as a time in UTC, or None."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:  # it may be any moment of a day
            return None
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if 1970 < found.year < 2200 else None


def word(kind: str, value: object, known: Mapping[str, _Known], unknown: _Known) -> _Known:
    """Our word for one of a page's. One that nobody knows becomes `unknown` and is logged once in the process."""
    if not isinstance(value, str) or not value:
        return unknown
    found = known.get(value)
    if found is not None:
        return found
    shown = plain.line(value)[:60]
    if (kind, shown) not in _told and len(_told) < MOST_WORDS:
        _told.add((kind, shown))
        log.warning("unknown word", kind=kind, word=shown)
    return unknown
