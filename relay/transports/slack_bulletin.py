"""A bulletin as a Slack message (Block Kit): answers, digests, summaries. Pure.

Emoji stand beside words, never instead of them; what does not fit is counted ("… and 12 more").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from relay.bulletin import Bulletin, Row, Section
from relay.day_cells import in_squares
from relay.transports.slack_blocks import EMOJI, Block, section
from relay.transports.slack_text import SECTION, date, near, short
from relay.wording import plain

MOST_BLOCKS = 50
MOST_ALT = 2000
MOST_CHARACTERS = 11_000
"""Of all blocks together: Slack refuses messages of about 13,000."""


_SLACK_PLACE = re.compile(r"slack:(?P<team>[A-Z0-9]+)/(?P<id>[A-Z][A-Z0-9]*)")


@dataclass(frozen=True)
class _Line:
    """A piece of text that is never torn apart. `rows`: how many of the bulletin's rows it holds."""

    text: str
    rows: int = 0
    starts: bool = False


def bulletin_message(bulletin: Bulletin, team: str | None = None) -> dict[str, Any]:
    """`text` and `blocks`. `team` is the workspace that reads it: only its own channels are shown by their names
    (None: every Slack channel is taken for one of its own)."""
    said = short(bulletin.text, SECTION)
    lines = [_Line(said), *(line for part in bulletin.sections for line in _lines(part, team))]
    texts, left = _packed(lines)
    blocks: list[Block] = [section(text) for text in texts]
    if left:
        blocks.append(section(f"… and {left} more"))
    picture = bulletin.picture
    if picture is not None and picture.url is not None and len(blocks) < MOST_BLOCKS:
        blocks.append({"type": "image", "image_url": picture.url, "alt_text": picture.alt()[:MOST_ALT]})
    return {"text": said, "blocks": blocks}


def error_message(text: str) -> dict[str, Any]:
    """A refusal, in the words it came with."""
    said = short(text, SECTION - 3)
    return {"text": said, "blocks": [section(f"⚠️ {said}")]}


def place_words(address: str, team: str | None = None) -> str:
    """A destination's address as mrkdwn: a channel by its name, anything else in plain words."""
    found = _SLACK_PLACE.fullmatch(address)
    if found is None or (team is not None and found["team"] != team):
        return short(address, 300)
    # <@U…> would ping
    return f"<#{found['id']}>" if found["id"][0] in "CG" else "direct message"


def person_words(who: str) -> str:
    """A person by their name. In an answer that one reader alone sees it tells nobody else."""
    return f"<@{who}>" if re.fullmatch(r"[UW][A-Z0-9]+", who) else short(who, 100)


def _lines(part: Section, team: str | None) -> Iterator[_Line]:
    starts = True
    if part.heading:
        yield _Line(f"*{short(_flat(part.heading), 200)}*", starts=True)
        starts = False
    if part.days:
        yield _Line(in_squares(part.days), starts=starts)
        starts = False
    for row in part.rows:
        yield _Line(row_words(row, team), rows=1, starts=starts)
        starts = False
    if part.note:
        yield _Line(f"_{short(part.note.replace('_', ' '), 1000)}_", starts=starts)


def _packed(lines: list[_Line]) -> tuple[list[str], int]:
    """The lines in as few texts as fit, a new one for each section; and how many rows were left out."""
    texts: list[str] = []
    size = 0
    for number, line in enumerate(lines):
        new = not texts or line.starts or len(texts[-1]) + len(line.text) + 1 > SECTION
        size += len(line.text) + 1
        if size > MOST_CHARACTERS or (new and len(texts) == MOST_BLOCKS - 1):
            return texts, sum(rest.rows for rest in lines[number:])
        if new:
            texts.append(line.text)
        else:
            texts[-1] += f"\n{line.text}"
    return texts, 0


def row_words(row: Row, team: str | None = None) -> str:
    """A row on one line of mrkdwn."""
    title = f"*{near(row.url, ' '.join(_flat(row.title).split())[:150])}*" if row.title else ""
    status = f"{EMOJI[row.status]} " if row.status is not None else ""
    said = [plain(row.status)] if row.status is not None else []
    said += [short(row.detail, 600)] if row.detail else []
    said += [date(row.at)] if row.at is not None else []
    said += [place_words(row.place, team)] if row.place else []
    said += [person_words(row.who)] if row.who else []
    return f"{status}{title}{': ' if title and said else ''}{' · '.join(said)}" or "—"


def _flat(text: str) -> str:
    """A title between our own asterisks must not end them."""
    return text.replace("*", "∗")
