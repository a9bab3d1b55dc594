"""Tells events in a terminal: each thread is an indented tree that grows as its events arrive."""

import asyncio
import re
import unicodedata
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from rich.console import Console
from rich.text import Text

from adapters.schema import OVER, Status
from relay.events import Affected, EventType, StoredEvent
from relay.messages import Card, Fact, Words, card, note, plain
from relay.transports.transport import DeliveryError, Sent, Telling

COLOURS = {
    Status.OPERATIONAL: "green",
    Status.DEGRADED: "yellow",
    Status.PARTIAL_OUTAGE: "dark_orange",
    Status.MAJOR_OUTAGE: "red",
    Status.MAINTENANCE: "blue",
    Status.UNKNOWN: "bright_black",
}
FAINT = "bright_black"
EDITED = (EventType.INCIDENT_EDITED, EventType.MAINTENANCE_EDITED)
PATIENCE = 15.0
"""Seconds that a terminal may take for one event (a pipe that nobody reads, Ctrl-S)."""

PLAIN_SIGNS = str.maketrans("●│├└─·✎→…", "*||`--~>.")
"""For terminals that can't show more than their own few letters."""
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class ConsoleTransport:
    """A Transport. Its references are the subject's key: the terminal keeps no messages that could be changed, so
    an edit is one more line. Colours and styles are for terminals alone: a pipe or a file gets plain text."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: str | None = None
        """The thread whose line was printed last."""
        # one thread: what is printed keeps its order, and a terminal that stands still holds up nobody else
        self._printer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="console")

    async def send(self, telling: Telling) -> Sent:
        """Prints one event; raises DeliveryError."""
        event = telling.event
        key = _key(event)
        if telling.reference is not None and event.context.told_whole:
            return Sent(reference=telling.reference)
        begins = telling.reference is None or event.context.opens
        lines = [*_beginning(event)] if begins else [*self._again(key, event), *_update(event)]
        await self._print(lines)
        self._last = key
        return Sent(reference=key)

    async def aclose(self) -> None:
        """Lets go of the terminal, which stays open."""
        self._printer.shutdown(wait=False, cancel_futures=True)

    def _again(self, key: str, event: StoredEvent) -> Iterator["Line"]:
        """Where another thread was printed in between, the reader is told which one goes on."""
        if self._last != key:
            yield Line()
            yield Line(_head(card(event), continued=True))

    async def _print(self, lines: Sequence["Line"]) -> None:
        try:
            with self._console.capture() as captured:
                for line in lines:
                    line.show(self._console)
            async with asyncio.timeout(PATIENCE):
                await asyncio.get_running_loop().run_in_executor(self._printer, self._write, captured.get())
        except TimeoutError:
            raise DeliveryError(f"the terminal took nothing for {PATIENCE:g} s") from None
        except (OSError, ValueError, RuntimeError) as error:  # a closed pipe, a closed file, a closed transport
            raise DeliveryError(f"the terminal can't be written to ({type(error).__name__})") from error

    def _write(self, text: str) -> None:
        file, encoding = self._console.file, self._console.encoding
        if not encoding.startswith("utf"):
            text = text.translate(PLAIN_SIGNS).encode(encoding, errors="replace").decode(encoding)
        file.write(text)
        file.flush()


class Line:
    """A text with what stands before it, also before each further line when it has to be wrapped."""

    def __init__(self, text: Text | None = None, first: str = "", further: str = "") -> None:
        self.text, self.first, self.further = text or Text(), first, further

    def show(self, console: Console) -> None:
        """Prints it, wrapped to the width that there is."""
        width = max(20, console.width - len(self.first))
        for number, part in enumerate(self.text.wrap(console, width)):
            line = Text.assemble((self.further if number else self.first, FAINT), part)
            line.rstrip()
            console.print(line, soft_wrap=True, highlight=False)


def _key(event: StoredEvent) -> str:
    return f"{event.data.provider.slug}/{event.subject.kind}/{event.subject.id}"


def _over(event: StoredEvent) -> bool:
    """Nothing more is expected: the tree is closed. (A postmortem may still come.)"""
    subject = event.data.incident or event.data.maintenance
    return subject is not None and subject.phase in OVER


def _beginning(event: StoredEvent) -> Iterator[Line]:
    """The head, and below it the story so far."""
    told = card(event)
    yield Line()
    yield Line(_head(told), further="  ")
    for detail in _details(told):
        yield Line(detail, "│ ", "│   ")
    for number, entry in enumerate(told.story, 1):
        closes = number == len(told.story) and _over(event)
        yield from _post(entry.label, entry.at, entry.body, told.status, closes)


def _update(event: StoredEvent) -> Iterator[Line]:
    told = note(event)
    title = f"✎ {told.title}" if event.type in EDITED else told.title
    yield from _post(title, told.at, told.body, told.status, _over(event))
    for fact in told.facts:
        yield Line(_fact(fact), "│  ", "│    ")


def _post(title: str, at: datetime, body: str, status: Status, closes: bool) -> Iterator[Line]:
    head = Text.assemble((_local(at), FAINT), (f"  {_safe(title)}", f"bold {COLOURS[status]}"))
    indent = "   " if closes else "│  "
    yield Line(head, "└─ " if closes else "├─ ", indent)
    for row in _safe(body).strip().splitlines():
        hanging = "  " if row.startswith(("- ", "* ")) else ""
        yield Line(_row(row), indent, indent + hanging)


def _row(markdown: str) -> Text:
    """Markdown reads well as it is; a heading becomes a bold line."""
    heading = re.fullmatch(r"#{1,6}\s+(.*)", markdown)
    return Text(heading[1].replace("**", ""), style="bold") if heading else Text(markdown.rstrip())


def _head(told: Card, *, continued: bool = False) -> Text:
    colour = COLOURS[told.status]
    return Text.assemble(
        ("● ", colour),
        (_safe(told.state), f"bold {colour}"),
        "  ",
        (_safe(told.headline), "" if continued else "bold"),
        ("  (continued)" if continued else "", FAINT),
    )


def _details(told: Card) -> Iterator[Text]:
    if told.facts:
        yield Text(" · ").join(_fact(fact) for fact in told.facts)
    if told.affected:
        yield Text.assemble(("Affected ", FAINT), Text(", ").join(_part(part) for part in told.affected))
    if told.url:
        yield Text(_safe(told.url), style=FAINT)


def _part(part: Affected) -> Text:
    return Text.assemble(_safe(part.name), (f" ({plain(part.status)})", COLOURS[part.status]))


def _fact(fact: Fact) -> Text:
    return Text.assemble((f"{fact.label} ", FAINT), _safe(_joined(fact.words)))


def _joined(words: Words) -> str:
    return "".join(word if isinstance(word, str) else _local(word) for word in words)


def _local(moment: datetime) -> str:
    """In the terminal's own zone, which is named."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M %Z}"


def _safe(text: str) -> str:
    """Without what could steer a terminal: control characters (also ESC) and changes of direction."""
    text = text.replace("\r\n", "\n").replace("\t", "    ")
    return "".join(c for c in text if c == "\n" or (unicodedata.category(c) != "Cc" and c not in BIDI))
