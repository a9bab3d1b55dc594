"""Fields of a page's JSON: lenient where a page may leave something out, strict where it says what is what."""

import json
import re
from collections.abc import Container, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, TypeVar
from urllib.parse import urlsplit

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
    decoded = decode_any(document, name)
    if not isinstance(decoded, dict):
        raise AdapterError(f"{name} is not a JSON object")
    return decoded


def decode_list(document: bytes, name: str) -> list[Any]:
    """The JSON list that a document is. Raises AdapterError."""
    decoded = decode_any(document, name)
    if not isinstance(decoded, list):
        raise AdapterError(f"{name} is not a JSON list")
    return decoded


def decode_any(document: bytes, name: str) -> Any:
    """The JSON that a document is, in UTF-8, UTF-16 or UTF-32. Raises AdapterError."""
    if len(document) > MOST_VALUES and sum(document.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise AdapterError(f"{name} holds too many values")
    try:
        return json.loads(document)
    except RecursionError as error:
        raise AdapterError(f"{name} is nested too deeply") from error
    except ValueError as error:
        kind = "HTML" if document[:200].lstrip().startswith(b"<") else "not JSON"
        raise AdapterError(f"{name} is {kind}") from error


def looks_like_an_object(document: bytes) -> bool:
    """Whether what stands at a page's address may be the document itself."""
    return re.match(rb'(?:\xef\xbb\xbf)?\s*\{\s*"', document[:200]) is not None


def records(value: object) -> list[Record]:
    """The objects of a list; anything else is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def part(record: Record, key: str) -> Record:
    """The object in a field, an empty one where there is none."""
    value = record.get(key)
    return value if isinstance(value, dict) else {}


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


def key(record: Record, what: str, name: str = "id") -> str:
    """An id that may be a text or a number. Raises AdapterError where it can't tell one thing from another."""
    value = record.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    return identity({"id": value}, what)


def keys(records: Iterable[Record], what: str, name: str = "id") -> tuple[str, ...]:
    """The ids of records, each once. Raises AdapterError where one can't tell one thing from another."""
    return tuple(dict.fromkeys(key(one, what, name) for one in records))


def known_names(record: Record, key: str, known: Container[str]) -> tuple[str, ...]:
    """Those of a list of names that are known, each once."""
    value = record.get(key)
    listed = [plain.line(one) for one in value if isinstance(one, str)] if isinstance(value, list) else []
    return tuple(one for one in dict.fromkeys(listed) if one in known)


def name(record: Record, what: str, key: str = "name") -> str:
    """The `name` of a record on one line. Raises AdapterError where there is none."""
    found = text(record, key)
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


def moment(record: Record, *keys: str, zone: tzinfo | None = None) -> datetime | None:
    """The first of these fields that is a time with a zone, in UTC; without one, if `zone` says whose it is.

    Times that no page can mean are absent.
    """
    for key in keys:
        found = instant(record.get(key), zone)
        if found is not None:
            return found
    return None


def instant(value: object, zone: tzinfo | None = None) -> datetime | None:
    """An RFC 3339 text as a time in UTC, or None. One without a zone is none, unless `zone` says whose it is."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:  # it may be any moment of a day
            if zone is None:
                return None
            found = found.replace(tzinfo=zone)
        return _plausible(found.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def day(record: Record, key: str) -> date | None:
    """A date (`2026-01-31`), or None."""
    value = record.get(key)
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def epoch(value: object) -> datetime | None:
    """Seconds or milliseconds since 1970, as a number or a text, as a time in UTC, or None."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**14:
        return None
    seconds = value / 1000 if value > 10**11 else float(value)
    return _plausible(datetime.fromtimestamp(seconds, UTC))


def _plausible(moment: datetime) -> datetime | None:
    return moment if 1970 < moment.year < 2200 else None


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


def code(value: object) -> object:
    """A code as a text for `word`, whether it came as one or as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9 else value


def link(record: Record, key: str) -> str | None:
    """A web address, or None."""
    found = text(record, key)
    if found is None or not found.startswith(("https://", "http://")) or len(found) >= 2000:
        return None
    return found if is_address(found) else None


def is_address(text: str) -> bool:
    """Whether it can be taken apart at all: `https://[` can't."""
    try:
        urlsplit(text)
    except ValueError:
        return False
    return True


def number(record: Record, key: str) -> float | None:
    """A finite number, or None; some pages write whole ones as texts."""
    value = record.get(key)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        return None
    return float(value)


def later(start: datetime | None, *, minutes: float | None) -> datetime | None:
    """So many minutes after a moment; None where either is not known."""
    if start is None or minutes is None or not 0 <= minutes < 5_000_000:
        return None
    return start + timedelta(minutes=minutes)
