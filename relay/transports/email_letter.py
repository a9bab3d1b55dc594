"""What a mail says, before it is text or HTML. Pure.

The first mail of a thread holds the story so far, each further one what happened; every one says how things stand,
since mails can't be changed afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.schema import Status
from relay.bulletin import Bulletin
from relay.events import OWN_SUBJECTS, Affected, EventType, StoredEvent
from relay.family import family_card, family_note, named_note
from relay.messages import Card, Entry, Fact, Note, Since, Standing, Words
from relay.states import subject_title
from relay.transports.markdown import UNSEEN
from relay.transports.transport import Kin
from relay.wording import utc

SUBJECT = 160
"""Characters of a title in a mail's subject: what a list of mails shows of it is less."""
HEADLINE = 300
BODY = 10_000
STORY = 30_000
"""Characters of an update, and of all of them in one mail: clients cut what is beyond 100 kB."""
MOST_PARTS = 40


@dataclass(frozen=True)
class Foot:
    """Why the reader gets this, and how they can end it."""

    because: str
    unsubscribe: str | None
    home: str


@dataclass(frozen=True)
class Letter:
    """One mail. `facts` have their times in UTC; bodies of `entries` are the provider's Markdown, newest last."""

    provider: str
    title: str
    status: Status | None
    """None: the mail does not say how the thread's subject stands (a component's change in an incident's)."""
    state: str
    entries: tuple[Entry, ...]
    foot: Foot
    facts: tuple[tuple[str, str], ...] = ()
    affected: tuple[Affected, ...] = ()
    more_affected: int = 0
    standings: tuple[Standing, ...] = ()
    left_out: int = 0
    """Earlier updates that did not fit."""
    url: str | None = None


@dataclass(frozen=True)
class Circular:
    """A bulletin as a mail of its own."""

    bulletin: Bulletin
    foot: Foot


def first_letter(event: StoredEvent, kin: Sequence[Kin], foot: Foot) -> Letter:
    """What begins a thread: the story so far."""
    shown = family_card(event, kin)
    entries, left_out = _fitting(shown.story)
    return _letter(event, shown, shown.facts, entries, left_out, foot)


def next_letter(event: StoredEvent, kin: Sequence[Kin], foot: Foot, *, again: bool = False) -> Letter | None:
    """What happened since; None where a sibling has told the very same (unless it is wanted `again`)."""
    update = family_note(event, kin) or (named_note(event, kin) if again else None)
    if update is None:
        return None
    shown = family_card(event, kin)
    facts = (*shown.facts, *(fact for fact in update.facts if fact not in shown.facts))
    return _letter(event, shown, facts, (_entry(update),), 0, foot)


def subject_of(event: StoredEvent, kin: Sequence[Kin]) -> str:
    """`[ChargeOver] Login failures`: of a thread that begins now, and of all its mails from then on."""
    provider, title = _halves(event, family_card(event, kin))
    if event.type == EventType.TEST:
        title = "Test: mails arrive here"
    return in_header(f"[{provider.replace('[', '(').replace(']', ')')[:80]}] {title}", SUBJECT + 90)


def circular_subject(bulletin: Bulletin) -> str:
    """Of a bulletin: what it begins with."""
    return in_header(f"[uptimus] {bulletin.text.rstrip('.')}", SUBJECT)


def in_header(text: str, most: int) -> str:
    """Text that can stand in a header: one line, nothing that steers or that is decoded as something else."""
    line = " ".join("".join(c if c.isprintable() else " " for c in UNSEEN.sub(" ", text)).split())
    line = line.encode("utf-8", "replace").decode("utf-8")
    cut = line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
    return cut.replace("=?", "=\u2060?")  # else clients read it as an encoded word


def said(words: Words) -> str:
    """Words with their moments in UTC."""
    return "".join(one if isinstance(one, str) else utc(_moment(one)) for one in words)


def seen(text: str, most: int) -> str:
    """Text without what can't be seen, cut."""
    clean = UNSEEN.sub("", text.replace("\r\n", "\n")).encode("utf-8", "replace").decode("utf-8")
    return clean if len(clean) <= most else f"{clean[: most - 1].rstrip()}…"


def _letter(
    event: StoredEvent, shown: Card, facts: tuple[Fact, ...], entries: tuple[Entry, ...], left_out: int, foot: Foot
) -> Letter:
    provider, title = _halves(event, shown)
    known = _has_state(event)
    return Letter(
        provider=provider,
        title=title,
        status=shown.status if known else None,
        state=seen(shown.state, HEADLINE) if known else "",
        entries=entries,
        foot=foot,
        facts=tuple((fact.label, said(fact.words)) for fact in facts),
        affected=shown.affected[:MOST_PARTS],
        more_affected=len(shown.affected[MOST_PARTS:]),
        standings=shown.standings[:MOST_PARTS],
        left_out=left_out,
        url=shown.url,
    )


def _halves(event: StoredEvent, shown: Card) -> tuple[str, str]:
    """Whose page it is, or whose they are, and what the subject is called."""
    provider, title = event.data.provider.name, subject_title(event)
    if shown.headline != f"{provider}: {title}":
        provider, _, title = shown.headline.partition(": ")
    return seen(provider, HEADLINE), seen(" ".join(title.split()), HEADLINE)


def _fitting(story: Sequence[Entry]) -> tuple[tuple[Entry, ...], int]:
    """The newest of them."""
    size, kept = 0, list[Entry]()
    for entry in reversed(story):
        size += min(len(entry.body), BODY)
        if size > STORY:
            break
        kept.insert(0, entry)
    return tuple(kept), len(story) - len(kept)


def _entry(update: Note) -> Entry:
    return Entry(update.title, update.body, update.at, update.excerpt)


def _has_state(event: StoredEvent) -> bool:
    """Whether it says how the thread's subject stands; a component's change in an incident's thread doesn't."""
    own_subject = event.subject.kind in OWN_SUBJECTS
    return own_subject or event.data.incident is not None or event.data.maintenance is not None


def _moment(word: datetime | Since) -> datetime:
    return word.at if isinstance(word, Since) else word
