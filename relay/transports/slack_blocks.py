"""Cards and notes as Slack messages (Block Kit). Pure.

Every message has a complete sentence as its `text`: notifications and screen readers use it.
https://docs.slack.dev/block-kit
"""

from typing import Any

from adapters.schema import Status
from relay.events import Affected
from relay.messages import Card, Entry, Fact, Note, plain
from relay.transports.slack_text import SECTION, date, label, link, short, take, words

Block = dict[str, Any]

EMOJI = {
    Status.OPERATIONAL: "🟢",
    Status.DEGRADED: "🟡",
    Status.PARTIAL_OUTAGE: "🟠",
    Status.MAJOR_OUTAGE: "🔴",
    Status.MAINTENANCE: "🔵",
    Status.UNKNOWN: "⚪",
}
"""Always beside words, never instead of them."""

MOST_COMPONENTS = 25
MOST_ENTRIES = 30
STORY = 7500
"""Characters of a card's updates in all: Slack refuses messages of about 13,000 (`msg_blocks_too_long`)."""
NOTE_SECTIONS = 3


def card_message(card: Card) -> dict[str, Any]:
    """`text` and `blocks` of a thread's first message."""
    blocks = [
        _header(f"{EMOJI[card.status]} {card.headline}"),
        _facts((Fact("State", (card.state,)), *card.facts)),
        *([section(_affected(card.affected))] if card.affected else []),
        *_story(card.story, card.url),
        _context(link(card.url, "Read it on the status page")),
    ]
    return {"text": short(card.summary, SECTION), "blocks": blocks}


def note_message(note: Note) -> dict[str, Any]:
    """`text` and `blocks` of one update below it."""
    title = f"{EMOJI[note.status]} *{short(_flat(note.title), 600)}* · {date(note.at)}"
    lead = "\n".join((title, *(_fact_line(fact) for fact in note.facts)))
    first, rest = take(note.body, SECTION - len(lead) - 1)
    texts = [f"{lead}\n{first}" if first.strip() else lead]
    while rest and len(texts) < NOTE_SECTIONS:
        text, rest = take(rest, SECTION)
        texts.append(text)
    blocks = [section(text) for text in texts if text.strip()]
    if rest:
        blocks.append(_context(f"… {link(note.url, 'Read on on the status page')}"))
    return {"text": short(note.summary, SECTION), "blocks": blocks}


def section(text: str) -> Block:
    """mrkdwn. Verbatim: Slack must not look for names or mentions in it by itself."""
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": label(text), "emoji": False}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _facts(facts: tuple[Fact, ...]) -> Block:
    return {
        "type": "section",
        "fields": [_mrkdwn(f"*{fact.label}*\n{words(fact.words)}") for fact in facts[:10]],
    }


def _fact_line(fact: Fact) -> str:
    """A fact on one line."""
    return f"{fact.label}: {words(fact.words)}"


def _affected(affected: tuple[Affected, ...]) -> str:
    lines = [
        f"{EMOJI[one.status]} {short(one.name, 80)}: {plain(one.status)}" for one in affected[:MOST_COMPONENTS]
    ]
    if more := len(affected) - MOST_COMPONENTS:
        lines += [f"… and {more} more"] if more > 0 else []
    return "\n".join(("*Affected components*", *lines))


def _story(story: tuple[Entry, ...], url: str | None) -> list[Block]:
    if len(story) == 1:
        return _entry(f"*{short(story[0].label, 80)}* · {date(story[0].at)}", story[0].body, SECTION, url)
    room = min(SECTION, STORY // max(1, min(len(story), MOST_ENTRIES)))
    blocks = []
    for entry in _kept(story):
        if isinstance(entry, int):
            blocks.append(_context(f"… {entry} more updates: {link(url, 'read them on the status page')}"))
        else:
            blocks += _entry(f"*{short(entry.label, 80)}* · {date(entry.at)}", entry.body, room, url)
    return blocks


def _kept(story: tuple[Entry, ...]) -> tuple[Entry | int, ...]:
    """All of a usual story; of a very long one its beginning and its end, and how many lie between."""
    if len(story) <= MOST_ENTRIES:
        return story
    return (*story[:2], len(story) - MOST_ENTRIES, *story[2 - MOST_ENTRIES :])


def _entry(title: str, body: str, room: int, url: str | None) -> list[Block]:
    tail = f"… {link(url, 'read on')}"
    tail = tail if len(tail) < room // 2 else "…"
    text, rest = take(body, max(80, room - len(title) - len(tail) - 2))
    whole = f"{title}\n{text.strip()}" if text.strip() else title
    return [section(f"{whole} {tail}" if rest else whole)]


def _flat(text: str) -> str:
    """A title that stands between our own asterisks must not end them."""
    return text.replace("*", "∗")
