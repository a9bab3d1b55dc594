"""Tells events in a terminal: each thread is an indented tree that grows as its events arrive."""

import asyncio
import io
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.text import Text

from adapters.schema import OVER, Status
from relay.bulletin import Bulletin, Row
from relay.events import OWN_SUBJECTS, Affected, EventType, StoredEvent
from relay.messages import Card, Fact, Since, Words, card, note
from relay.transports.transport import DeliveryError, Sent, Telling
from relay.wording import plain

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

REMEMBERED = 256
"""Threads whose heads are remembered."""
PLAIN_SIGNS = str.maketrans("●│├└─·✎→…", "*||`--~>.")
"""For terminals that can't show more than their own few letters."""
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class ConsoleTransport:
    """A Transport. Its references are the subject's key: the terminal keeps no messages that could be changed, so
    an edit is one more line. Colours and styles are for terminals alone: a pipe or a file gets plain text."""

    is_chat = False
    at_once = 8

    def __init__(self, console: Console, patience: float = PATIENCE) -> None:
        self._console, self._patience = console, patience
        self._last = ""
        """The thread whose line was printed last."""
        self._threads: OrderedDict[str, _Thread] = OrderedDict()
        # one thread: what is printed keeps its order, and a terminal that stands still holds up nobody else
        self._printer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="console")

    async def send(self, telling: Telling) -> Sent:
        """Prints one event; raises DeliveryError."""
        event = telling.event
        if telling.reference is not None and event.context.told_whole:
            return Sent(reference=telling.reference)
        key, thread = _key(event), self._thread(event)
        begins = telling.reference is None or event.context.opens
        await self._print([*_beginning(event)] if begins else [*self._again(key, thread), *_update(event, thread)])
        self._last = key
        return Sent(reference=key)

    async def turn(self, address: str) -> None:
        """At once: what is printed waits in a queue of its own."""

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        """Prints it by itself; raises DeliveryError."""
        await self._print([*_announcement(bulletin)])
        self._last = ""
        return Sent()

    async def aclose(self) -> None:
        """Lets go of the terminal, which stays open."""
        self._printer.shutdown(wait=False, cancel_futures=True)

    def _thread(self, event: StoredEvent) -> "_Thread":
        """How the event's thread stands. A component's change inside an incident's thread says nothing of it."""
        key = _key(event)
        if _has_state(event) or key not in self._threads:
            self._threads[key] = _Thread(_head(card(event), continued=True), _over(event))
        self._threads.move_to_end(key)
        if len(self._threads) > REMEMBERED:
            self._threads.popitem(last=False)
        return self._threads[key]

    def _again(self, key: str, thread: "_Thread") -> Iterator["Line"]:
        """Where another thread was printed in between, the reader is told which one goes on."""
        if self._last != key:
            yield Line()
            yield Line(thread.head, further="  ")

    async def _print(self, lines: Sequence["Line"]) -> None:
        try:
            text = _rendered(lines, self._console)
            async with asyncio.timeout(self._patience):
                await asyncio.get_running_loop().run_in_executor(self._printer, self._write, text)
        except TimeoutError:
            raise DeliveryError(f"the terminal took nothing for {self._patience:g} s") from None
        except (OSError, ValueError, RuntimeError) as error:  # a closed pipe, a closed file, a closed transport
            raise DeliveryError(f"the terminal can't be written to ({type(error).__name__})") from error

    def _write(self, text: str) -> None:
        file, encoding = self._console.file, self._console.encoding
        if not encoding.startswith("utf"):
            text = text.translate(PLAIN_SIGNS).encode(encoding, errors="replace").decode(encoding)
        file.write(text)
        file.flush()


@dataclass(frozen=True)
class _Thread:
    """How a thread stands: its short head, and whether its tree is closed."""

    head: Text
    closed: bool


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


def _rendered(lines: Sequence[Line], console: Console) -> str:
    """As the console would print it. (Its own capture() touches its file, which may stand still.)"""
    paper = Console(
        file=io.StringIO(),
        width=console.width,
        force_terminal=console.is_terminal,
        color_system=console.color_system if console.is_terminal else None,  # type: ignore[arg-type]
        no_color=console.no_color,
        legacy_windows=False,
        _environ={},
    )
    with paper.capture() as captured:
        for line in lines:
            line.show(paper)
    return captured.get()


def _key(event: StoredEvent) -> str:
    return f"{event.data.provider.slug}/{event.subject.kind}/{event.subject.id}"


def _has_state(event: StoredEvent) -> bool:
    own_subject = event.subject.kind in OWN_SUBJECTS
    return own_subject or event.data.incident is not None or event.data.maintenance is not None


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


def _update(event: StoredEvent, thread: _Thread) -> Iterator[Line]:
    told = note(event)
    title = f"✎ {told.title}" if event.type in EDITED else told.title
    yield from _post(title, told.at, told.body, told.status, thread.closed)
    for fact in told.facts:
        yield Line(_fact(fact), "   " if thread.closed else "│  ", "     " if thread.closed else "│    ")


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


def _announcement(bulletin: Bulletin) -> Iterator[Line]:
    yield Line()
    yield Line(Text(_safe(bulletin.text), style="bold"), further="  ")
    for section in bulletin.sections:
        if section.heading:
            yield Line(Text(_safe(section.heading), style="bold"), "  ", "    ")
        for row in section.rows:
            yield Line(_announced(row), "  ", "    ")
        if section.note:
            yield Line(Text(_safe(section.note), style=FAINT), "  ", "  ")


def _announced(row: Row) -> Text:
    """A row on one line. (Days are squares in a chat; their percentages stand in words beside them.)"""
    state = [Text(plain(row.status), style=COLOURS[row.status])] if row.status is not None else []
    said = [row.detail, _local(row.at) if row.at is not None else "", row.place or "", row.url or ""]
    head = Text.assemble("- ", _safe(row.title), ": " if row.title and (state or any(said)) else "")
    return head + Text(" · ").join([*state, *(Text(_safe(part)) for part in said if part)])


def _part(part: Affected) -> Text:
    return Text.assemble(_safe(part.name), (f" ({plain(part.status)})", COLOURS[part.status]))


def _fact(fact: Fact) -> Text:
    return Text.assemble((f"{fact.label} ", FAINT), _safe(_joined(fact.words)))


def _joined(words: Words) -> str:
    moments = (word.at if isinstance(word, Since) else word for word in words)
    return "".join(word if isinstance(word, str) else _local(word) for word in moments)


def _local(moment: datetime) -> str:
    """In the terminal's own zone, which is named."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M %Z}"


def _safe(text: str) -> str:
    """Without what could steer a terminal: control characters (also ESC) and changes of direction."""
    text = text.replace("\r\n", "\n").replace("\t", "    ")
    return "".join(c for c in text if c == "\n" or (unicodedata.category(c) != "Cc" and c not in BIDI))
