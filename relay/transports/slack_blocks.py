"""Cards and notes as Slack messages (Block Kit). Pure.

Every message has a complete sentence as its `text`: notifications and screen readers use it.
https://docs.slack.dev/block-kit
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from adapters.schema import Status
from relay.events import Affected
from relay.messages import Card, Entry, Fact, Note, Standing
from relay.transports.slack_text import SECTION, date, label, link, short, take, words
from relay.wording import first_paragraph, plain

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
EXCERPT = 1000
"""Of a postmortem."""
MOST_MENTIONS = 20
MOST_STANDINGS = 10


def card_message(card: Card, *, mention: Sequence[str] = (), actions: Sequence[Block] = ()) -> dict[str, Any]:
    """`text` and `blocks` of a thread's first message; `actions` as `buttons` makes them."""
    blocks = [
        _header(f"{EMOJI[card.status]} {card.headline}"),
        *_standings(card.standings),
        _facts((Fact("State", (card.state,)), *card.facts)),
        *([section(_affected(card.affected))] if card.affected else []),
        *_story(card.story, card.url),
        _context(link(card.url, "Read it on the status page")),
        *_cc(mention),
        *actions,
    ]
    return {"text": _text(card.summary, mention), "blocks": blocks}


def note_message(note: Note, *, mention: Sequence[str] = (), headline: str | None = None) -> dict[str, Any]:
    """`text` and `blocks` of one update; `headline` says what it is about where it stands by itself."""
    about = f"*{_near(note.url, headline)}*\n" if headline else ""
    title = f"{about}{EMOJI[note.status]} *{short(_flat(note.title), 600)}* · {date(note.at)}"
    lead = "\n".join((title, *(_fact_line(fact) for fact in note.facts)))
    texts, rest = _parts(lead, note)
    blocks = [section(text) for text in texts if text.strip()]
    if rest:
        blocks.append(_context(f"… {link(note.url, 'Read on on the status page')}"))
    return {"text": _text(note.summary, mention), "blocks": [*blocks, *_cc(mention)]}


def _parts(lead: str, note: Note) -> tuple[list[str], bool]:
    """The texts of an update, and whether there is more of it on the page."""
    if note.excerpt:
        text, whole = _excerpt(note.body)
        return [f"{lead}\n{text}" if text else lead], not whole
    first, rest = take(note.body, SECTION - len(lead) - 1)
    texts = [f"{lead}\n{first}" if first.strip() else lead]
    while rest and len(texts) < NOTE_SECTIONS:
        text, rest = take(rest, SECTION)
        texts.append(text)
    return texts, bool(rest)


def _excerpt(body: str) -> tuple[str, bool]:
    """The first paragraph, and whether that is all there is."""
    paragraph = first_paragraph(body)
    text, rest = take(paragraph, EXCERPT)
    return text.strip(), not rest and paragraph.strip() == body.strip()


def buttons(
    thread_id: int | None, follow_id: int | None, muted: bool, *, title: str = "", provider: str = ""
) -> list[Block]:
    """What a reader can do about a thread, as one block of actions; none where there is nothing to press. `title`
    and `provider` name it to those who hear the buttons. Without a block_id: Slack gives each message its own."""
    elements = []
    if thread_id is not None:
        mute = ("unmute", "Unmute", "Unmute") if muted else ("mute", "Mute here", "Mute")
        elements += [
            _button("details", "Details", thread_id, f"Show details of {title}"),
            _button(mute[0], mute[1], thread_id, f"{mute[2]} {title} here"),
        ]
    if follow_id is not None:
        elements.append(_button("unfollow", "Unfollow", follow_id, f"Unfollow {provider} here"))
    return [{"type": "actions", "elements": elements}] if elements else []


def _button(action: str, text: str, value: int, spoken: str) -> Block:
    return {
        "type": "button",
        "action_id": f"uptimus.{action}",
        "text": {"type": "plain_text", "text": text, "emoji": False},
        "value": str(value),
        "accessibility_label": label(spoken, 75),
    }


_PERSON = re.compile(r"[UW][A-Z0-9]+")
_GROUP = re.compile(r"S[A-Z0-9]+")
_EVERYBODY = frozenset({"here", "channel", "everyone"})


def mentions(who: Sequence[str]) -> Iterator[str]:
    """Each as Slack writes it: people and groups by their ids, and `here`, `channel`, `everyone`. Nothing else."""
    for word in who:
        if _PERSON.fullmatch(word):
            yield f"<@{word}>"
        elif _GROUP.fullmatch(word):
            yield f"<!subteam^{word}>"
        elif word in _EVERYBODY:
            yield f"<!{word}>"


def _cc(who: Sequence[str]) -> list[Block]:
    named = " ".join([*mentions(who)][:MOST_MENTIONS])
    return [section(f"cc {named}")] if named else []


def _text(summary: str, who: Sequence[str]) -> str:
    """With the mentions: what a notification is made of."""
    named = "".join(f" {one}" for one in [*mentions(who)][:MOST_MENTIONS])
    return short(summary, SECTION) + (f" cc{named}" if named else "")


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


def _standings(standings: tuple[Standing, ...]) -> list[Block]:
    """A line for each of the providers that share the thread."""
    lines: list[str] = []
    for one in standings:
        line = f"{EMOJI[one.status]} *{_near(one.url, one.provider)}*: {short(one.state, 200)}"
        if len(lines) == MOST_STANDINGS or sum(len(line) + 1 for line in (*lines, line)) > SECTION - 30:
            break
        lines.append(line)
    left = len(standings) - len(lines)
    return [section("\n".join((*lines, *([f"… and {left} more"] if left else []))))] if lines else []


def _near(url: str | None, text: str) -> str:
    """A link that takes little room; the words alone where its address is long."""
    near = url if url is not None and len(url) <= 500 else None
    return link(near, " ".join(_flat(text).split())[:150])


def _affected(affected: tuple[Affected, ...]) -> str:
    lines = [
        f"{EMOJI[one.status]} {short(one.name, 80)}: {plain(one.status)}" for one in affected[:MOST_COMPONENTS]
    ]
    if more := len(affected) - MOST_COMPONENTS:
        lines += [f"… and {more} more"] if more > 0 else []
    return "\n".join(("*Affected components*", *lines))


def _story(story: tuple[Entry, ...], url: str | None) -> list[Block]:
    if len(story) == 1:
        return _entry(story[0], SECTION, url)
    room = min(SECTION, STORY // max(1, min(len(story), MOST_ENTRIES)))
    blocks = []
    for entry in _kept(story):
        if isinstance(entry, int):
            blocks.append(_context(f"… {entry} more updates: {link(url, 'read them on the status page')}"))
        else:
            blocks += _entry(entry, room, url)
    return blocks


def _kept(story: tuple[Entry, ...]) -> tuple[Entry | int, ...]:
    """All of a usual story; of a very long one its beginning and its end, and how many lie between."""
    if len(story) <= MOST_ENTRIES:
        return story
    return (*story[:2], len(story) - MOST_ENTRIES, *story[2 - MOST_ENTRIES :])


def _entry(entry: Entry, room: int, url: str | None) -> list[Block]:
    title = f"*{short(entry.label, 80)}* · {date(entry.at)}"
    tail = f"… {link(url, 'read on')}"
    tail = tail if len(tail) < room // 2 else "…"
    body = first_paragraph(entry.body) if entry.excerpt else entry.body
    text, rest = take(body, max(80, room - len(title) - len(tail) - 2))
    whole = f"{title}\n{text.strip()}" if text.strip() else title
    cut = bool(rest) or body.strip() != entry.body.strip()
    return [section(f"{whole} {tail}" if cut else whole)]


def _flat(text: str) -> str:
    """A title that stands between our own asterisks must not end them."""
    return text.replace("*", "∗")
