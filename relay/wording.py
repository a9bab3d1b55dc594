"""How words of the schema, times and spans of time read. Pure."""

import re
from datetime import UTC, datetime, timedelta


def plain(words: str) -> str:
    """A word of the schema as people write it: `partial_outage` → `partial outage`."""
    return words.replace("_", " ")


def capital(text: str) -> str:
    """The first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def first_paragraph(markdown: str) -> str:
    """Of a long text what it begins with; its headings are no beginning."""
    paragraphs = [_without_headings(part) for part in re.split(r"\n\s*\n", markdown.replace("\r\n", "\n"))]
    return next((part for part in paragraphs if part), markdown.strip())


_HEADING = re.compile(r"\s*(?:#{1,6}\s.*|\*\*[^*]+\*\*:?|__[^_]+__:?|[-=*_ ]+)")


def _without_headings(paragraph: str) -> str:
    lines = paragraph.strip("\n").split("\n")
    while lines and (not lines[0].strip() or _HEADING.fullmatch(lines[0]) or _is_underlined(lines)):
        lines.pop(0)
    return "\n".join(lines).rstrip()


def _is_underlined(lines: list[str]) -> bool:
    return len(lines) > 1 and re.fullmatch(r"-{3,}|={3,}", lines[1].strip()) is not None


def utc(moment: datetime) -> str:
    """`18 Jul 2025, 19:00 UTC`"""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def lasting(span: timedelta) -> str:
    """`1 h 14 min`, `2 d 3 h`: the two largest units, rounded down."""
    minutes = int(span.total_seconds()) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min"))]
    first = next((i for i, n in enumerate((days, hours, minutes)) if n), None)
    if first is None:
        return "less than a minute"
    return " ".join(part for part in parts[first : first + 2] if not part.startswith("0 "))
