"""What the formats of chats share: of an event the parts that a message shows, in a chat's own markup. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapters.schema import Status
from relay.events import StoredEvent
from relay.formats.format import web
from relay.messages import Since, Words, card, note
from relay.transports.markdown import Dialect, fit, rendered, take
from relay.wording import first_paragraph, plain, utc

COLOURS = {
    Status.OPERATIONAL: "#2eb67d",
    Status.DEGRADED: "#ecb22e",
    Status.PARTIAL_OUTAGE: "#e8710a",
    Status.MAJOR_OUTAGE: "#e01e5a",
    Status.MAINTENANCE: "#36699e",
    Status.UNKNOWN: "#8d8d8d",
}
HEADLINE = 200
VALUE = 300
SHOWN = 10


@dataclass(frozen=True)
class Message:
    """All texts are in the chat's markup already, except `url`. What is empty is not known."""

    headline: str
    happened: str
    body: str
    facts: tuple[tuple[str, str], ...]
    summary: str
    colour: str
    status: Status
    url: str | None


def message(event: StoredEvent, dialect: Dialect, length: int) -> Message:
    """The event as one message of its own: what happened, what was said, and how the subject stands."""
    stands, happened = card(event), note(event)
    body = first_paragraph(happened.body) if happened.excerpt else happened.body

    def marked(markdown: str) -> str:
        return rendered(markdown, dialect)

    said, rest = take(body, length, marked) if body else ("", "")
    return Message(
        headline=_one_line(stands.headline, HEADLINE, dialect.escape),
        happened=_one_line(happened.title, VALUE, dialect.escape),
        body=said.strip() + (" …" if rest else ""),
        facts=_facts(event, dialect.escape),
        summary=_one_line(happened.summary, 2 * VALUE, dialect.escape),
        colour=COLOURS[happened.status],
        status=happened.status,
        url=web(happened.url),
    )


def _facts(event: StoredEvent, escape: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    stands = card(event)
    facts = [("State", stands.state)] + [(fact.label, _words(fact.words)) for fact in stands.facts]
    named = [f"{one.name} ({plain(one.status)})" for one in stands.affected[:SHOWN]]
    more = len(stands.affected) - SHOWN
    if named:
        facts.append(("Components", ", ".join(named) + (f" and {more} more" if more > 0 else "")))
    return tuple((label, _one_line(value, VALUE, escape)) for label, value in facts)


def _one_line(text: str, limit: int, escape: Callable[[str], str]) -> str:
    return fit(" ".join(text.split()), limit, escape)


def _words(words: Words) -> str:
    return "".join(_word(word) for word in words)


def _word(word: str | datetime | Since) -> str:
    if isinstance(word, Since):
        return utc(word.at)
    return word if isinstance(word, str) else utc(word)
