"""How an event and a bulletin read in a few plain lines: a notification on a phone, a text message. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from relay import messages
from relay.bulletin import Bulletin, Row, Section
from relay.events import EventType, StoredEvent
from relay.messages import Since, Words
from relay.transports.markdown import UNSEEN, Dialect, rendered
from relay.wording import first_paragraph, plain, utc

TITLE = 200
EDITS = (EventType.INCIDENT_EDITED, EventType.MAINTENANCE_EDITED)


@dataclass(frozen=True)
class Lines:
    """A title of one line, and a body of any number of them. Neither holds markup or control characters."""

    title: str
    body: str


def adds_nothing(event: StoredEvent) -> bool:
    """Edits change messages and add none; and what was first seen when it was over is told once."""
    return event.type in EDITS or event.context.told_whole


def lines(event: StoredEvent, *, begun: bool) -> Lines:
    """The event as one message. begun: the reader was told of its subject before."""
    return Lines(one_line(messages.card(event).headline, TITLE), _note(event) if begun else _card(event))


def _card(event: StoredEvent) -> str:
    card = messages.card(event)
    facts = [f"{fact.label}: {_said(fact.words)}" for fact in card.facts]
    affected = ", ".join(one.name for one in card.affected[:5])
    more = f" and {len(card.affected) - 5} more" if len(card.affected) > 5 else ""
    head = " · ".join([card.state, *facts, *([f"Affects {affected}{more}"] if affected else [])])
    return _joined(one_line(head, 600), card.story[-1].body if card.story else "")


def _note(event: StoredEvent) -> str:
    note = messages.note(event)
    facts = "".join(f" · {fact.label}: {_said(fact.words)}" for fact in note.facts)
    body = first_paragraph(note.body) if note.excerpt else note.body
    return _joined(one_line(note.title + facts, 600), body)


def _said(words: Words) -> str:
    return "".join(_moment(word) for word in words)


def _moment(word: str | datetime | Since) -> str:
    return word if isinstance(word, str) else utc(word.at if isinstance(word, Since) else word)


def _joined(head: str, markdown: str) -> str:
    body = unmarked(markdown)
    return f"{head}\n{body}" if body else head


def unmarked(markdown: str) -> str:
    """A provider's Markdown without its marks; a link's address stands behind its words."""
    return UNSEEN.sub("", rendered(markdown, _PLAIN)).strip()


def _link(url: str | None, words: str) -> str:
    return words if url is None or url == words else f"{words} ({url})"


_PLAIN = Dialect(escape=str, link=_link, bold=str, item="• ", rule="—")


def one_line(text: str, limit: int) -> str:
    """Without line breaks and control characters, and cut."""
    return cut(re.sub(r"\s+", " ", UNSEEN.sub(" ", text)).strip(), limit)


def cut(text: str, limit: int) -> str:
    """At most so many characters, cut at the end of a word where one is near."""
    if len(text) <= limit:
        return text
    kept = text[: max(0, limit - 1)]
    at = max(kept.rfind(" "), kept.rfind("\n"))
    return f"{(kept[:at] if at > limit // 2 else kept).rstrip()}…"


def bulletin_lines(bulletin: Bulletin) -> Lines:
    """A digest or a summary."""
    parts = [part for section in bulletin.sections if (part := _section(section))]
    return Lines(one_line(bulletin.text, TITLE), UNSEEN.sub("", "\n\n".join(parts)))


def _section(section: Section) -> str:
    found = [section.heading or "", *(_row(row) for row in section.rows), section.note]
    return "\n".join(line for line in found if line)


def _row(row: Row) -> str:
    status = plain(str(row.status)) if row.status is not None else ""
    said = " · ".join(part for part in (status, row.detail, utc(row.at) if row.at else "") if part)
    return one_line(f"• {row.title}{f': {said}' if said else ''}{f' ({row.url})' if row.url else ''}", 600)
