"""A bulletin as Discord messages: answers, digests, summaries. Pure: plain dicts, as the wire has them.

Emoji stand beside words, never instead of them; what does not fit is on the next page, or counted.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from relay.bulletin import Bulletin, Row, Section
from relay.day_cells import in_squares
from relay.transports.discord_text import CONTENT, date, link, short
from relay.wording import plain

Message = dict[str, Any]

EMOJI = {
    "operational": "🟢",
    "degraded": "🟡",
    "partial_outage": "🟠",
    "major_outage": "🔴",
    "maintenance": "🔵",
    "unknown": "⚪",
}
"""Of a status. Always beside words, never instead of them."""
NOBODY: dict[str, Any] = {"parse": []}
"""As `allowed_mentions`: whoever is named is not pinged."""
GREY = 0x4E5058

PAGE = 3600
"""Characters of a page's embed."""
MOST_ROWS = 20
"""Of a page: what a person takes in at once."""
WHOLE = 5600
"""Characters of a bulletin that is one message."""

_PLACE = re.compile(r"discord:(?P<guild>\d+)/(?P<id>\d+)")


@dataclass(frozen=True)
class _Line:
    """A piece of text that is never torn apart. `rows`: how many of the bulletin's rows it holds."""

    text: str
    rows: int = 0
    starts: bool = False


def bulletin_pages(bulletin: Bulletin, guild: str | None = None) -> list[Message]:
    """One message for each page, with `content`, `embeds` (at most one) and `allowed_mentions`. `guild` is the one
    that reads it: only its own channels are shown by their names (None: every channel is taken for one of its
    own)."""
    pages = _packed(_lines_of(bulletin, guild))
    if len(pages) < 2:
        return [_message(bulletin.text, pages[0] if pages else "", "")]
    return [
        _message(bulletin.text, page, f" (page {number} of {len(pages)})") for number, page in enumerate(pages, 1)
    ]


def bulletin_message(bulletin: Bulletin, guild: str | None = None) -> Message:
    """As one message; what does not fit is counted."""
    lines, size, kept = _lines_of(bulletin, guild), 0, list[str]()
    for number, line in enumerate(lines):
        size += len(line.text) + 2
        if size > WHOLE:
            kept.append(f"… and {sum(rest.rows for rest in lines[number:])} more")
            break
        kept.append(f"\n{line.text}" if line.starts and kept else line.text)
    first, second = _halves(kept)
    message = _message(bulletin.text, first, "")
    if second:
        message["embeds"].append({"description": second, "color": GREY})
    return message


def error_message(text: str) -> Message:
    """A refusal, in the words it came with."""
    return {"content": f"⚠️ {short(text, CONTENT - 3)}", "embeds": [], "allowed_mentions": NOBODY}


def place_words(address: str, guild: str | None = None) -> str:
    """A destination's address: a channel by its name, anything else in plain words."""
    found = _PLACE.fullmatch(address)
    if found is None or (guild is not None and found["guild"] != guild):
        return short(address, 300)
    return f"<#{found['id']}>"


def person_words(who: str) -> str:
    """A person by their name. Nobody is pinged from within an embed."""
    return f"<@{who}>" if re.fullmatch(r"\d{15,20}", who) else short(who, 100)


def row_words(row: Row, guild: str | None = None) -> str:
    """A row on one line."""
    title = f"**{link(row.url, ' '.join(row.title.split())[:150])}**" if row.title.strip() else ""
    status = f"{EMOJI[row.status]} " if row.status is not None else ""
    said = [plain(row.status)] if row.status is not None else []
    said += [short(row.detail, 600)] if row.detail else []
    said += [date(row.at)] if row.at is not None else []
    said += [place_words(row.place, guild)] if row.place else []
    said += [person_words(row.who)] if row.who else []
    return f"{status}{title}{': ' if title and said else ''}{' · '.join(said)}" or "—"


def _message(text: str, page: str, number: str) -> Message:
    said = short(text, CONTENT - len(number)) + number
    embeds = [{"description": page, "color": GREY}] if page.strip() else []
    return {"content": said, "embeds": embeds, "allowed_mentions": NOBODY}


def _lines_of(bulletin: Bulletin, guild: str | None) -> list[_Line]:
    return [line for part in bulletin.sections for line in _lines(part, guild)]


def _lines(part: Section, guild: str | None) -> Iterator[_Line]:
    starts = True
    if part.heading and part.heading.strip():
        yield _Line(f"**{short(part.heading, 200)}**", starts=True)
        starts = False
    if part.days:
        yield _Line(in_squares(part.days), starts=starts)
        starts = False
    for row in part.rows:
        yield _Line(row_words(row, guild), rows=1, starts=starts)
        starts = False
    if part.note.strip():
        yield _Line(f"-# {short(part.note, 1000)}", starts=starts)


def _packed(lines: list[_Line]) -> list[str]:
    """The lines in as few pages as read well; a heading stays with what follows it."""
    pages: list[str] = []
    rows = 0
    for number, line in enumerate(lines):
        ahead = lines[number : number + 2] if line.starts and not line.rows else [line]
        size = sum(len(one.text) + 2 for one in ahead)
        if not pages or len(pages[-1]) + size > PAGE or rows + sum(one.rows for one in ahead) > MOST_ROWS:
            pages.append(line.text)
            rows = 0
        else:
            pages[-1] += f"\n\n{line.text}" if line.starts else f"\n{line.text}"
        rows += line.rows
    return pages


def _halves(lines: Sequence[str]) -> tuple[str, str]:
    """What fits into one embed, and what goes into a second."""
    first: list[str] = []
    for number, line in enumerate(lines):
        if sum(len(one) + 1 for one in first) + len(line) > PAGE:
            return "\n".join(first), "\n".join(lines[number:]).strip("\n")
        first.append(line)
    return "\n".join(first), ""
