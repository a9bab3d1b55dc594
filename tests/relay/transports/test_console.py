"""The console transport: a tree that grows, plain where there is no terminal, unmoved by hostile text."""

import io
import os
import threading
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from rich.console import Console
from standins.login_outage import MAIN, START, STORY, event, incident, incident_event, maintenance, update

from adapters.schema import Status
from relay.bulletin import Bulletin, Row, Section
from relay.events import Context, EventType, StoredEvent, Subject, SubjectKind
from relay.transports.console import ConsoleTransport
from relay.transports.transport import DeliveryError, Sent, Telling


class Terminal:
    """A console that writes into memory."""

    def __init__(self, *, colours: bool = False, width: int = 80) -> None:
        self.file = io.StringIO()
        console = Console(file=self.file, force_terminal=colours, width=width, color_system="truecolor")
        self.transport = ConsoleTransport(console)

    async def tell(self, stored: StoredEvent, reference: str | None = None) -> Sent:
        return await self.transport.send(Telling(event=stored, address="", reference=reference))

    @property
    def text(self) -> str:
        return self.file.getvalue()


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    terminal = Terminal()
    yield terminal
    await terminal.transport.aclose()


async def tell_story(terminal: Terminal) -> None:
    reference = None
    for stored in STORY:
        reference = (await terminal.tell(stored, reference)).reference


def local(minutes: float) -> str:
    return f"{update('', minutes, '').posted_at.astimezone():%Y-%m-%d %H:%M %Z}"


async def test_a_whole_story_is_one_tree(terminal: Terminal) -> None:
    await tell_story(terminal)
    assert (
        terminal.text
        == f"""
● Investigating  ChargeOver: Login outage
│ Impact major · Started {local(0)}
│ Affected Main Application (major outage)
│ https://status.chargeover.com/incidents/wqrzsb2dhryr
├─ {local(0)}  Investigating
│  Some customers can't log in. Payments go on as usual.
├─ {local(11)}  Investigating · Impact raised from minor to major
│  The team is on it.
├─ {local(44)}  Identified
│  A third party's metrics service holds up the login page.
├─ {local(67)}  Monitoring
│  A fix is out & we watch it.
└─ {local(74)}  Resolved after 1 h 14 min
   Logins work again.
└─ {local(7209)}  Postmortem
   What happened

   - a call without a time-out
   - see [the report](https://example.com/r)
"""
    )


async def test_colours_are_for_terminals_alone(terminal: Terminal) -> None:
    coloured = Terminal(colours=True)
    await tell_story(terminal)
    await tell_story(coloured)
    assert "\x1b" not in terminal.text
    assert "\x1b[" in coloured.text
    await coloured.transport.aclose()


async def test_a_thread_that_goes_on_after_another_names_itself_again(terminal: Terminal) -> None:
    other = incident_event(EventType.INCIDENT_OPENED, incident=incident(id="other", title="Another one"))
    reference = (await terminal.tell(STORY[0])).reference
    assert (await terminal.tell(other)).reference != reference
    await terminal.tell(STORY[1], reference)
    await terminal.tell(STORY[2], reference)
    assert terminal.text.count("ChargeOver: Login outage") == 2
    assert terminal.text.count("● Investigating  ChargeOver: Login outage  (continued)") == 1


async def test_a_thread_that_began_before_a_restart_names_itself(terminal: Terminal) -> None:
    await terminal.tell(STORY[1], "chargeover/incident/wqrzsb2dhryr")
    assert "(continued)" in terminal.text


async def test_a_thread_that_begins_late_holds_the_story_so_far(terminal: Terminal) -> None:
    await terminal.tell(STORY[2])
    assert terminal.text.index("Payments go on") < terminal.text.index("The team") < terminal.text.index("metrics")


async def test_what_was_told_whole_is_not_told_again(terminal: Terminal) -> None:
    whole = incident_event(EventType.INCIDENT_OPENED, 5)
    resolved = incident_event(EventType.INCIDENT_RESOLVED, 5, context=Context(told_whole=True))
    reference = (await terminal.tell(whole)).reference
    before = terminal.text
    assert (await terminal.tell(resolved, reference)).reference == reference
    assert terminal.text == before
    assert "└─" in before


async def test_an_edit_is_a_line_of_its_own(terminal: Terminal) -> None:
    reference = (await terminal.tell(STORY[0])).reference
    edited = update("investigating", 0, "Nobody can log in.")
    await terminal.tell(incident_event(EventType.INCIDENT_EDITED, 1, update=edited), reference)
    assert "✎ Investigating (edited)\n│  Nobody can log in." in terminal.text


async def test_maintenances_and_components_have_threads_too(terminal: Terminal) -> None:
    await terminal.tell(event(EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance()))
    await terminal.tell(event(EventType.COMPONENT_CHANGED, component=MAIN, previous={"status": "operational"}))
    await terminal.tell(event(EventType.PROVIDER_UNREADABLE, context=Context(reason="it answered 503")))
    assert "● Scheduled  ChargeOver: Database upgrade" in terminal.text
    assert "● Major outage  ChargeOver: Main Application" in terminal.text
    assert "The status page can't be read: it answered 503" in terminal.text


async def test_a_component_inside_an_incidents_thread_speaks_for_itself_alone(terminal: Terminal) -> None:
    change = event(
        EventType.COMPONENT_CHANGED,
        component=MAIN,
        previous={"status": "operational"},
        subject=Subject(SubjectKind.INCIDENT, "wqrzsb2dhryr"),
    )
    reference = (await terminal.tell(STORY[0])).reference
    await terminal.tell(change, reference)
    await terminal.tell(STORY[4], reference)
    await terminal.tell(change, reference)
    await terminal.tell(event(EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance()))
    await terminal.tell(change, reference)
    title = "Main Application: operational → major outage"
    assert [line[0] for line in terminal.text.splitlines() if line.endswith(title)] == ["├", "└", "└"]
    assert "● Resolved after 1 h 14 min  ChargeOver: Login outage  (continued)" in terminal.text


async def test_a_component_that_breaks_again_starts_a_new_tree(terminal: Terminal) -> None:
    again = event(EventType.COMPONENT_CHANGED, component=MAIN, context=Context(opens=True))
    await terminal.tell(again, "chargeover/component/c1")
    assert "(continued)" not in terminal.text
    assert "● Major outage" in terminal.text


async def test_long_bodies_wrap_inside_their_tree(terminal: Terminal) -> None:
    body = "- " + "word " * 40 + "\n" + "x" * 200
    await terminal.tell(
        incident_event(EventType.INCIDENT_OPENED, incident=incident(updates=(update("x", 0, body),)))
    )
    lines = terminal.text.splitlines()
    assert max(map(len, lines)) <= 80
    assert "│    word word" in terminal.text
    assert all(line.startswith(("│", "├", "●")) for line in lines if line)
    assert sum(line.count("x") for line in lines if line.startswith("│  x")) == 200


async def test_a_maintenance_tells_its_reminder_and_that_it_overruns(terminal: Terminal) -> None:
    late = maintenance(phase="in_progress")
    reference = (await terminal.tell(event(EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance()))).reference
    reminder = event(EventType.MAINTENANCE_REMINDER, maintenance=maintenance(), context=Context(lead_minutes=30))
    await terminal.tell(reminder, reference)
    overrun = event(EventType.MAINTENANCE_UPDATED, 145, maintenance=late, context=Context(overrun=True))
    await terminal.tell(overrun, reference)
    assert "Maintenance starts in 30 min\n│  Window" in terminal.text
    assert "Still under way, 25 min beyond its planned end\n│  Window" in terminal.text


async def test_a_bulletin_is_printed_by_itself() -> None:
    terminal = Terminal(width=120)
    rows = (
        Row("Stripe", Status.DEGRADED, "2 incidents, 74 min", START, "https://x.io", "slack:T1/C1"),
        Row("", None, "nothing else"),
    )
    bulletin = Bulletin("The week of 14 July.", (Section("Incidents", rows, note="All of it."), Section(None)))
    reference = (await terminal.tell(STORY[0])).reference
    before = terminal.text
    assert await terminal.transport.announce("", bulletin) == Sent()
    assert (
        terminal.text.removeprefix(before)
        == f"""
The week of 14 July.
  Incidents
  - Stripe: degraded · 2 incidents, 74 min · {local(0)} · slack:T1/C1 · https://x.io
  - nothing else
  All of it.
"""
    )
    await terminal.tell(STORY[1], reference)
    assert terminal.text.count("(continued)") == 1
    await terminal.transport.aclose()


async def test_a_hostile_bulletin_cannot_steer_the_terminal(terminal: Terminal) -> None:
    row = Row(HOSTILE, None, HOSTILE, None, HOSTILE, HOSTILE)
    await terminal.transport.announce("", Bulletin(HOSTILE, (Section(HOSTILE, (row,), note=HOSTILE),)))
    assert not set("\x1b\x07\x9b\u202e\r") & set(terminal.text)


HOSTILE = "\x1b[2J\x1b]8;;https://evil.example\x07\x9b31m \u202egnp.exe [red]not markup[/red] \r\noverwritten\rX"


async def test_hostile_text_cannot_steer_the_terminal() -> None:
    for colours in (False, True):
        terminal = Terminal(colours=colours, width=200)
        evil = incident(title=HOSTILE, url=f"https://x/{HOSTILE}", updates=(update("x", 0, HOSTILE),))
        await terminal.tell(incident_event(EventType.INCIDENT_OPENED, incident=evil))
        for steering in ("\x1b[2J", "\x1b]", "\x07", "\x9b", "\u202e", "\r"):
            assert steering not in terminal.text
        assert "[red]not markup[/red]" in terminal.text
        await terminal.transport.aclose()


async def test_a_terminal_of_few_letters_gets_what_it_can_show() -> None:
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding="ascii"), width=80)
    transport = ConsoleTransport(console)
    await transport.send(Telling(event=STORY[0], address=""))
    assert raw.getvalue().decode("ascii").startswith("\n* Investigating  ChargeOver: Login outage\n| Impact")
    await transport.aclose()


async def test_a_closed_pipe_is_a_failed_delivery() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    file = os.fdopen(writing, "w")
    transport = ConsoleTransport(Console(file=file))
    with pytest.raises(DeliveryError, match="can't be written to") as caught:
        await transport.send(Telling(event=STORY[0], address=""))
    assert not caught.value.permanent
    await transport.aclose()
    with pytest.raises(BrokenPipeError):
        file.close()


class Stuck(io.StringIO):
    """A pipe that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def write(self, text: str) -> int:
        self.released.wait()
        return super().write(text)


async def test_a_terminal_that_stands_still_holds_up_nobody_else() -> None:
    file = Stuck()
    transport = ConsoleTransport(Console(file=file), patience=2)
    with pytest.raises(DeliveryError, match="took nothing"):
        await transport.send(Telling(event=STORY[0], address=""))
    file.released.set()
    await transport.send(Telling(event=replace(STORY[0], id="another"), address=""))
    assert "Login outage" in file.getvalue()
    await transport.aclose()
