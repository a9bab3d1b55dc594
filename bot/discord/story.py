"""The whole story of one incident or maintenance, page by page, for one reader. Pure."""

from collections.abc import Iterator

from relay.messages import Card, Entry
from relay.transports.discord_bulletin import EMOJI, NOBODY, Message
from relay.transports.discord_embeds import COLOURS
from relay.transports.discord_text import TITLE, date, link, short, take, web, words
from relay.wording import plain

PAGE = 3500
"""Characters of a page."""
MOST_COMPONENTS = 40


def story_pages(card: Card) -> list[Message]:
    """Everything that is known of it, the oldest update first, each update whole."""
    texts = list(_packed([_state(card), *_affected(card), *(part for one in card.story for part in _entry(one))]))
    return [_page(card, text, number, len(texts)) for number, text in enumerate(texts, 1)]


def _page(card: Card, text: str, number: int, of: int) -> Message:
    said = short(card.summary, 600)
    embed = {"title": short(card.headline, TITLE), "description": text, "color": COLOURS[card.status]}
    embed |= {"url": address} if (address := web(card.url)) else {}
    content = f"{said} (page {number} of {of})" if of > 1 else said
    return {"content": content, "embeds": [embed], "allowed_mentions": NOBODY}


def _state(card: Card) -> str:
    facts = [f"{short(fact.label, 100)}: {words(fact.words)}" for fact in card.facts]
    page = [link(card.url, "Read it on the status page")] if card.url else []
    return "\n".join([f"{EMOJI[card.status]} **{short(card.state, 300)}**", *facts, *page])


def _affected(card: Card) -> Iterator[str]:
    lines = [f"{EMOJI[one.status]} {short(one.name, 80)}: {plain(one.status)}" for one in card.affected]
    left = len(lines) - MOST_COMPONENTS
    if lines:
        more = [f"… and {left} more"] if left > 0 else []
        yield "\n".join(["**Affected components**", *lines[:MOST_COMPONENTS], *more])


def _entry(entry: Entry) -> Iterator[str]:
    """One update, however long."""
    lead = f"**{short(entry.label, 80)}** · {date(entry.at)}"
    text, rest = take(entry.body, PAGE - len(lead) - 1)
    yield f"{lead}\n{text.strip()}" if text.strip() else lead
    while rest:
        text, rest = take(rest, PAGE)
        if text.strip():
            yield text.strip()


def _packed(parts: list[str]) -> Iterator[str]:
    page = ""
    for part in parts:
        if page and len(page) + len(part) + 2 > PAGE:
            yield page
            page = ""
        page = f"{page}\n\n{part}" if page else part
    yield page
