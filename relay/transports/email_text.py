"""A mail's plain part. Markdown reads well as it is."""

from collections.abc import Iterator

from relay.bulletin import Row, Section
from relay.messages import Entry
from relay.transports.email_letter import BODY, HEADLINE, Circular, Foot, Letter, seen
from relay.wording import plain, utc

RULE = "-- "
"""Before what belongs to no message: clients fold it (RFC 3676, 4.3)."""


def letter_text(letter: Letter) -> str:
    """The whole of it."""
    parts = [
        "\n".join(_head(letter)),
        *(_entry(entry) for entry in letter.entries),
        "\n".join(_details(letter)),
        _foot(letter.foot),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def circular_text(circular: Circular) -> str:
    """The whole of it."""
    bulletin = circular.bulletin
    sections = ["\n".join(_section(part)) for part in bulletin.sections]
    return (
        "\n\n".join(part for part in (seen(bulletin.text, BODY), *sections, _foot(circular.foot)) if part) + "\n"
    )


def _head(letter: Letter) -> Iterator[str]:
    yield f"{letter.provider}: {letter.title}"
    if letter.state:
        yield letter.state
    for one in letter.standings:
        yield f"- {seen(one.provider, HEADLINE)}: {seen(one.state, HEADLINE)}"
    if letter.left_out:
        yield f"({letter.left_out} earlier updates are on the page)"


def _entry(entry: Entry) -> str:
    head = f"{seen(entry.label, HEADLINE)} ({utc(entry.at)})"
    body = seen(entry.body, BODY).strip()
    return f"{head}\n{body}" if body else head


def _details(letter: Letter) -> Iterator[str]:
    for label, words in letter.facts:
        yield f"{label}: {seen(words, HEADLINE)}"
    if letter.affected:
        parts = [f"{seen(part.name, HEADLINE)} ({plain(part.status)})" for part in letter.affected]
        more = [f"and {letter.more_affected} more"] if letter.more_affected else []
        yield f"Affected: {', '.join([*parts, *more])}"
    if letter.url:
        yield f"Status page: {seen(letter.url, 2000)}"


def _section(part: Section) -> Iterator[str]:
    if part.heading:
        yield seen(part.heading, HEADLINE)
    for row in part.rows:
        yield f"- {row_text(row)}"
    if part.note:
        yield seen(part.note, BODY)


def row_text(row: Row) -> str:
    """A row on one line. (Days are squares in a chat; their percentages stand in words beside them.)"""
    state = plain(row.status) if row.status is not None else ""
    said = [state, row.detail, utc(row.at) if row.at is not None else "", row.place or "", row.url or ""]
    words = " · ".join(seen(" ".join(one.split()), 2000) for one in said if one)
    title = seen(" ".join(row.title.split()), HEADLINE)
    return f"{title}: {words}" if title and words else title or words


def _foot(foot: Foot) -> str:
    lines = [RULE, foot.because]
    if foot.unsubscribe:
        lines.append(f"Unsubscribe: {foot.unsubscribe}")
    return "\n".join([*lines, f"Sent by uptimus: {foot.home}"])
