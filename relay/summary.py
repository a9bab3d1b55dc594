"""The summary after quiet hours: what was held back, and how it stands now. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from adapters.schema import Status
from relay.bulletin import Bulletin, Row, Section
from relay.events import StoredEvent
from relay.manner import Quiet
from relay.states import link, state_words, status_of, subject_title

MOST_ROWS = 12
"""In one message: so many fit whole into what platforms take. What is beyond them follows in another."""
SENTENCE = 140
TITLE = 120

_NOUNS = {
    "incident": ("incident", "incidents"),
    "maintenance": ("maintenance", "maintenances"),
    "component": ("component", "components"),
    "provider": ("status page", "status pages"),
    "signal": ("early warning", "early warnings"),
}


@dataclass(frozen=True)
class Missed:
    """One subject: its newest event, and those that were held back, the oldest first."""

    present: StoredEvent
    held: tuple[StoredEvent, ...]


def summary(missed: Sequence[Missed], quiet: Sequence[Quiet], *, more: int = 0) -> Bulletin:
    """A row for each, those that are not over first. `quiet`: the hours of the follows concerned. `more`: how many
    subjects another message will tell of."""
    ordered = sorted(missed, key=lambda one: status_of(one.present) == Status.OPERATIONAL)
    rest = f"{more} more in the next message" if more else ""
    return Bulletin(
        f"While it was quiet{_hours(quiet)}: {_counts(missed)}{f', and {rest}' if rest else ''}.",
        (Section(rows=tuple(_row(one) for one in ordered)),),
    )


def _hours(quiet: Sequence[Quiet]) -> str:
    """Only where they are the same for all."""
    hours: set[tuple[time, time]] = {(one.begins, one.ends) for one in quiet}
    if len(hours) != 1:
        return ""
    [(begins, ends)] = hours
    return f" ({begins:%H:%M} to {ends:%H:%M})"


def _counts(missed: Sequence[Missed]) -> str:
    counted = Counter(str(one.present.subject.kind) for one in missed)
    return ", ".join(
        f"{counted[kind]} {one if counted[kind] == 1 else many}"
        for kind, (one, many) in _NOUNS.items()
        if counted[kind]
    )


def _row(one: Missed) -> Row:
    event, number = one.present, len(one.held)
    newest = next((held.data.update.body for held in reversed(one.held) if held.data.update is not None), "")
    said = (state_words(event), f"{number} update{'' if number == 1 else 's'} held back", first_sentence(newest))
    return Row(
        title=_cut(f"{event.data.provider.name}: {subject_title(event)}", TITLE),
        status=status_of(event),
        detail=" · ".join(filter(None, said)),
        url=link(event),
    )


_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_MARKS = re.compile(r"\*\*|__|`+|^\s*(?:#{1,6}|>|[-*+])\s+", re.MULTILINE)
_END = re.compile(r"(?<=[.!?])\s")


def first_sentence(body: str) -> str:
    """Of a Markdown text, as plain text and cut to a line."""
    text = " ".join(_MARKS.sub("", _LINK.sub(r"\1", body[:4000])).split())
    return _cut(_END.split(text, maxsplit=1)[0], SENTENCE)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
