"""How an event reads, before any transport dresses it.

`card` is the first message of a thread and always shows the present state; `note` is one update below it.
Texts are plain and not escaped, bodies are the provider's own Markdown, moments stay datetimes so that each
platform can show them in the reader's own zone. Whatever a page does not tell is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from adapters.schema import OVER, Impact, Incident, IncidentPhase, Maintenance, Status, Update
from relay.events import Affected, EventType, Signal, StoredEvent
from relay.happened import happened, phase_words
from relay.states import impact_words, link, people_words, state_words, status_of, subject_title
from relay.wording import plain, utc


@dataclass(frozen=True)
class Since:
    """The moment from which on something lasts: a platform that can say how long ago that is does so."""

    at: datetime


Words = tuple[str | datetime | Since, ...]
"""A text with moments in it: the transport joins it, each moment in the reader's zone."""


@dataclass(frozen=True)
class Fact:
    """A label and what is known: "Started", (a moment,)."""

    label: str
    words: Words


@dataclass(frozen=True)
class Entry:
    """One update as the card retells it. `body` is Markdown."""

    label: str
    body: str
    at: datetime
    excerpt: bool = False
    """A chat shows its first paragraph alone."""


@dataclass(frozen=True)
class Standing:
    """How the trouble stands at one of several providers that share a thread."""

    provider: str
    state: str
    status: Status
    url: str | None = None


@dataclass(frozen=True)
class Card:
    """The present state of a thread's subject. `state` says in words what `status` says by colour."""

    headline: str
    state: str
    status: Status
    summary: str
    """One complete sentence, its time in UTC: for notifications and screen readers."""
    facts: tuple[Fact, ...] = ()
    affected: tuple[Affected, ...] = ()
    story: tuple[Entry, ...] = ()
    url: str | None = None
    standings: tuple[Standing, ...] = ()
    """One for each provider, where several share the thread."""


@dataclass(frozen=True)
class Note:
    """One thing that happened. `body` is Markdown, empty where the page said nothing."""

    title: str
    status: Status
    at: datetime
    summary: str
    """One complete sentence, its time in UTC: for notifications and screen readers."""
    body: str = ""
    facts: tuple[Fact, ...] = ()
    """A maintenance's window, where this is about it."""
    url: str | None = None
    excerpt: bool = False
    """Of the body a chat shows the first paragraph alone."""


def card(event: StoredEvent, told: int | None = None) -> Card:
    """The subject as it stands with this event.

    `told` is how many of the updates the first message retells; None: all there are so far (a thread that
    starts now holds the whole story).
    """
    state = state_words(event)
    incident = event.data.incident
    active = incident is not None and incident.phase not in OVER and incident.impact != Impact.UNKNOWN
    said = f"{state}, {impact_words(incident.impact)}" if incident is not None and active else state
    return Card(
        headline=f"{event.data.provider.name}: {subject_title(event)}",
        state=state,
        status=status_of(event),
        summary=_sentence(event, said, _state_since(event)),
        facts=_facts(event),
        affected=event.context.affected if event.data.incident or event.data.maintenance else (),
        story=_story(event)[:told],
        url=link(event),
    )


def note(event: StoredEvent) -> Note:
    """What this event adds to a thread that has begun."""
    title = happened(event)
    return Note(
        title=title,
        status=status_of(event),
        at=_moment(event),
        summary=_sentence(event, title, _moment(event)),
        body=event.data.update.body if event.data.update is not None else "",
        facts=_note_facts(event),
        url=link(event),
        excerpt=event.type == EventType.INCIDENT_POSTMORTEM,
    )


def _signal_facts(event: StoredEvent, signal: Signal) -> tuple[Fact, ...]:
    raised = event.type == EventType.SIGNAL_RAISED
    facts = [Fact("Reported since", (Since(signal.since) if raised else signal.since,))]
    if not raised:
        facts.append(Fact("At most", (people_words(signal),)))
    if signal.components:
        facts.append(Fact("They name", (_shares((one.name, one.people) for one in signal.components),)))
    if signal.regions:
        facts.append(Fact("Time zones", (_shares(signal.regions.items()),)))
    return (*facts, Fact("The status page says", (plain(event.data.provider.status),)))


def _shares(counted: Iterable[tuple[str, int]]) -> str:
    shown = [f"{name} ({people})" for name, people in counted]
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")


def _facts(event: StoredEvent) -> tuple[Fact, ...]:
    incident, maintenance = event.data.incident, event.data.maintenance
    if incident is not None:
        return _incident_facts(event, incident)
    if maintenance is not None:
        return _maintenance_facts(event, maintenance)
    if event.data.signal is not None:
        return _signal_facts(event, event.data.signal)
    component = event.data.component
    since = Fact("Since", (Since((component.changed_at if component is not None else None) or event.seen_at),))
    if event.type != EventType.PROVIDER_READABLE:
        return (since,)
    return (Fact("It says", (plain(event.data.provider.status),)), since)


def _incident_facts(event: StoredEvent, incident: Incident) -> tuple[Fact, ...]:
    facts = [] if incident.impact == Impact.UNKNOWN else [Fact("Impact", (plain(incident.impact),))]
    if incident.started_at is not None:
        started = incident.started_at
        facts.append(Fact("Started", (started if incident.phase in OVER else Since(started),)))
    if incident.phase in OVER and incident.resolved_at is not None:
        facts.append(Fact("Resolved", (incident.resolved_at,)))
    return (*facts, *_unnamed(event))


def _maintenance_facts(event: StoredEvent, maintenance: Maintenance) -> tuple[Fact, ...]:
    window = _window(maintenance)
    return (*([Fact("Window", window)] if window else []), *_unnamed(event))


def _note_facts(event: StoredEvent) -> tuple[Fact, ...]:
    maintenance, moved = event.data.maintenance, {"starts_at", "ends_at"} & event.data.previous.keys()
    matters = event.type in _WINDOW_MATTERS or event.context.overrun
    if maintenance is None or not (moved or matters):
        return ()
    return (Fact("Window", _window(maintenance)),) if _window(maintenance) else ()


def _window(maintenance: Maintenance) -> Words:
    if maintenance.starts_at is None:
        return ("until ", maintenance.ends_at) if maintenance.ends_at is not None else ()
    if maintenance.ends_at is None:
        return ("from ", maintenance.starts_at)
    return (maintenance.starts_at, " to ", maintenance.ends_at)


def _unnamed(event: StoredEvent) -> tuple[Fact, ...]:
    if event.context.affected:
        return ()
    return (Fact("Components", ("none named: it may concern any",)),)


def _story(event: StoredEvent) -> tuple[Entry, ...]:
    subject = event.data.incident or event.data.maintenance
    return tuple(_entry(update) for update in subject.updates) if subject is not None else ()


def _entry(update: Update) -> Entry:
    return Entry(phase_words(update), update.body, update.posted_at, update.phase == IncidentPhase.POSTMORTEM)


def _moment(event: StoredEvent) -> datetime:
    """The page's own time where it gives one (a backdated update stays backdated), else when it was seen."""
    data = event.data
    if data.update is not None:
        return data.update.posted_at
    if event.type == EventType.INCIDENT_RESOLVED and data.incident is not None:
        return data.incident.resolved_at or event.seen_at
    changed = data.component.changed_at if data.component is not None else None
    return changed or event.seen_at


def _state_since(event: StoredEvent) -> datetime:
    """A postmortem, days later, does not resolve an incident anew."""
    incident = event.data.incident
    over = incident is not None and incident.phase in OVER
    return (incident.resolved_at if incident is not None and over else None) or _moment(event)


def _sentence(event: StoredEvent, what: str, at: datetime) -> str:
    what = what.rstrip(".")
    return f"{event.data.provider.name}: {subject_title(event)}. {what} ({utc(at)})."


_WINDOW_MATTERS = (EventType.MAINTENANCE_SCHEDULED, EventType.MAINTENANCE_REMINDER)
"""Also of one that is overrunning."""
