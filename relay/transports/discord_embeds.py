"""Cards and notes as Discord messages. Pure: plain dicts, as the wire has them.

Every message has a complete sentence as its `content`: notifications and screen readers use it.
https://docs.discord.com/developers/resources/message#embed-object-embed-limits
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from adapters.schema import Status
from relay.events import Affected
from relay.messages import Card, Entry, Note, Standing
from relay.transports.discord_bulletin import EMOJI, NOBODY, Message
from relay.transports.discord_text import (
    AUTHOR,
    BUTTON,
    BUTTON_URL,
    DESCRIPTION,
    EMBEDS,
    FIELD,
    TITLE,
    date,
    label,
    link,
    short,
    take,
    web,
    words,
)
from relay.wording import first_paragraph, plain

Embed = dict[str, Any]

COLOURS = {
    Status.OPERATIONAL: 0x248046,
    Status.DEGRADED: 0xF0B232,
    Status.PARTIAL_OUTAGE: 0xE67E22,
    Status.MAJOR_OUTAGE: 0xDA373C,
    Status.MAINTENANCE: 0x3498DB,
    Status.UNKNOWN: 0x80848E,
}
"""Of an embed's edge: what it says is also said by an emoji, and in words."""

SAID = 500
"""Characters of the sentence that is the message's text."""
MOST_COMPONENTS = 25
MOST_ENTRIES = 10
EXCERPT = 1000
"""Of a postmortem."""
MOST_MENTIONS = 20
MOST_STANDINGS = 10
MOST_FACTS = 8
MARGIN = 100

_ROW, _BUTTON, _SECONDARY, _LINK = 1, 2, 2, 5


def card_message(card: Card, *, mention: Sequence[str] = (), rows: Sequence[Message] = ()) -> Message:
    """A thread's first message; `rows` as `buttons` makes them."""
    fields = [_field("State", short(card.state, 300))]
    fields += [_field(fact.label, words(fact.words)) for fact in card.facts[:MOST_FACTS]]
    fields += [_affected(card.affected)] if card.affected else []
    embed: Embed = {
        "title": short(f"{EMOJI[card.status]} {card.headline}", TITLE),
        "color": COLOURS[card.status],
        "fields": fields,
    }
    embed |= {"url": address} if (address := web(card.url)) else {}
    embed |= {"description": text} if (text := _description(card, EMBEDS - MARGIN - _length(embed))) else {}
    return _message(card.summary, embed, mention) | {"components": list(rows)}


def note_message(note: Note, *, mention: Sequence[str] = (), headline: str | None = None) -> Message:
    """One update; `headline` says what it is about where it stands by itself."""
    lead = "\n".join((date(note.at), *(f"{short(f.label, 100)}: {words(f.words)}" for f in note.facts)))
    more = f"\n… {_near(note.url, 'Read on on the status page')}"
    embed: Embed = {
        "title": short(f"{EMOJI[note.status]} {note.title}", TITLE),
        "color": COLOURS[note.status],
        "description": _body(lead, note, more),
    }
    if headline:
        embed["author"] = {"name": label(headline, AUTHOR)}
        embed["author"] |= {"url": address} if (address := web(note.url)) else {}
    return _message(note.summary, embed, mention)


def line_message(note: Note, thread: str, *, mention: Sequence[str] = ()) -> Message:
    """What the channel is told of an update that stands in the thread."""
    said, allowed = _content(f"{EMOJI[note.status]} {note.summary}", mention, f" Read on in <#{thread}>.")
    return {"content": said, "allowed_mentions": allowed}


def plainer(message: Message) -> Message:
    """The same without what Discord found a fault in: its sentence alone."""
    return {**message, "embeds": [], "components": []}


def unsaid(message: Message) -> Message:
    """The same in no words of the page's, where a server's AutoMod lets those not through."""
    urls = [one.get("url") for embed in message.get("embeds", ()) for one in (embed, embed.get("author", {}))]
    where = next((f": {url}" for url in urls if url), "")
    said = f"There is an update whose words this server's AutoMod does not let through{where}"
    return {**message, "content": said, "embeds": [], "components": [], "allowed_mentions": NOBODY}


def buttons(
    thread_id: int | None, follow_id: int | None, muted: bool, *, provider: str = "", url: str | None = None
) -> list[Message]:
    """What a reader can do about a thread, as one row; none where there is nothing to press."""
    made = []
    if thread_id is not None:
        mute = ("unmute", "Unmute") if muted else ("mute", "Mute here")
        made += [_button("details", "Details", thread_id), _button(*mute, thread_id)]
    if follow_id is not None:
        made.append(_button("unfollow", label(f"Unfollow {provider}", BUTTON), follow_id))
    if address := web(url, BUTTON_URL):
        made.append({"type": _BUTTON, "style": _LINK, "label": "Status page", "url": address})
    return [{"type": _ROW, "components": made}] if made else []


def _button(action: str, text: str, id: int) -> Message:
    return {"type": _BUTTON, "style": _SECONDARY, "label": text, "custom_id": f"uptimus:{action}:{id}"}


_PERSON = re.compile(r"\d{1,20}")
_ROLE = re.compile(r"&\d{1,20}")
_EVERYBODY = {"here": "@here", "channel": "@everyone"}


def mentions(who: Sequence[str]) -> Iterator[str]:
    """Each as Discord writes it: people by their ids, roles by `&` and theirs, `here` and `channel`. Nothing
    else."""
    for word in who:
        if _PERSON.fullmatch(word) or _ROLE.fullmatch(word):
            yield f"<@{word}>"
        elif word in _EVERYBODY:
            yield _EVERYBODY[word]


def _allowed(who: Sequence[str]) -> Message:
    """Those who were chosen may be pinged, and nobody else."""
    return {
        "parse": ["everyone"] if {*who} & {*_EVERYBODY} else [],
        "users": list(dict.fromkeys(word for word in who if _PERSON.fullmatch(word))),
        "roles": list(dict.fromkeys(word[1:] for word in who if _ROLE.fullmatch(word))),
    }


def _content(summary: str, who: Sequence[str], tail: str = "") -> tuple[str, Message]:
    chosen = [word for word in who if [*mentions([word])]][:MOST_MENTIONS]
    named = "".join(f" {one}" for one in mentions(chosen))
    said = short(summary, SAID) + tail + (f" cc{named}" if named else "")
    return said, _allowed(chosen) if chosen else NOBODY


def _message(summary: str, embed: Embed, who: Sequence[str]) -> Message:
    said, allowed = _content(summary, who)
    return {"content": said, "embeds": [embed], "allowed_mentions": allowed}


def _length(embed: Embed) -> int:
    """What Discord counts of an embed without its description."""
    return len(embed["title"]) + sum(len(one["name"]) + len(one["value"]) for one in embed["fields"])


def _field(name: str, value: str, *, inline: bool = True) -> Message:
    return {"name": short(name, 100), "value": value if value.strip() else "—", "inline": inline}


def _affected(affected: tuple[Affected, ...]) -> Message:
    lines, size = list[str](), 0
    for one in affected[:MOST_COMPONENTS]:
        line = f"{EMOJI[one.status]} {short(one.name, 80)}: {plain(one.status)}"
        size += len(line) + 1
        if size > FIELD - 30:
            break
        lines.append(line)
    left = len(affected) - len(lines)
    return _field("Affected components", "\n".join((*lines, *_left(left))), inline=False)


def _left(number: int) -> tuple[str, ...]:
    return (f"… and {number} more",) if number else ()


def _description(card: Card, room: int) -> str:
    """How it stands at each provider that shares the thread, then the story."""
    room = min(room, DESCRIPTION)
    standings = _standings(card.standings)
    story = _story(card.story, card.url, room - len(standings) - 2)
    return "\n\n".join(part for part in (standings, story) if part.strip())


def _standings(standings: tuple[Standing, ...]) -> str:
    lines: list[str] = []
    for one in standings[:MOST_STANDINGS]:
        lines.append(f"{EMOJI[one.status]} **{_near(one.url, one.provider)}**: {short(one.state, 100)}")
        if sum(map(len, lines)) > DESCRIPTION // 2:
            lines.pop()
            break
    return "\n".join((*lines, *_left(len(standings) - len(lines)))) if standings else ""


def _near(url: str | None, text: str) -> str:
    """A link that takes little room; the words alone where its address is long."""
    near = url if url is not None and len(url) <= 300 else None
    return link(near, " ".join(text.split())[:100])


def _story(story: tuple[Entry, ...], url: str | None, room: int) -> str:
    kept = _kept(story)
    room = (room - 2 * len(kept)) // max(1, len(kept))
    texts = [_between(entry, room, url) if isinstance(entry, int) else _entry(entry, room, url) for entry in kept]
    return "\n\n".join(text for text in texts if text)


def _between(number: int, room: int, url: str | None) -> str:
    line = f"-# … {number} more updates: {_near(url, 'read them on the status page')}"
    return line if len(line) <= room else f"-# … {number} more updates"


def _kept(story: tuple[Entry, ...]) -> tuple[Entry | int, ...]:
    """All of a usual story; of a very long one its beginning and its end, and how many lie between."""
    if len(story) <= MOST_ENTRIES:
        return story
    return (*story[:2], len(story) - MOST_ENTRIES, *story[2 - MOST_ENTRIES :])


def _entry(entry: Entry, room: int, url: str | None) -> str:
    title = f"**{short(entry.label, 80)}** · {date(entry.at)}"
    tail = f"… {_near(url, 'read on')}"
    tail = tail if len(tail) < room // 3 else "…"
    body = first_paragraph(entry.body) if entry.excerpt else entry.body
    text, rest = take(body, max(40, room - len(title) - len(tail) - 2))
    whole = f"{title}\n{text.strip()}" if text.strip() else title
    cut = bool(rest) or body.strip() != entry.body.strip()
    return f"{whole} {tail}" if cut else whole


def _body(lead: str, note: Note, more: str) -> str:
    """What an update says, and a link to the rest of it where there is one."""
    body = first_paragraph(note.body) if note.excerpt else note.body
    room = EXCERPT if note.excerpt else DESCRIPTION
    text, rest = take(body, min(room, DESCRIPTION - len(lead) - len(more) - 1))
    whole = f"{lead}\n{text.strip()}" if text.strip() else lead
    return whole + more if rest or body.strip() != note.body.strip() else whole
