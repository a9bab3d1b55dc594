"""How an event reads, before any transport dresses it.

`card` is the first message of a thread and always shows the present state; `note` is one update below it.
Texts are plain and not escaped, bodies are the provider's own Markdown, moments stay datetimes so that each
platform can show them in the reader's own zone. Whatever a page does not tell is left out.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.schema import (
    OVER,
    Impact,
    Incident,
    IncidentPhase,
    Maintenance,
    MaintenancePhase,
    Status,
    Update,
)
from relay.events import Affected, EventType, StoredEvent


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
    return Card(
        headline=f"{event.data.provider.name}: {subject_title(event)}",
        state=state,
        status=status_of(event),
        summary=_sentence(
            event, f"{state}, {_impact(incident.impact)}" if incident and active else state, _state_since(event)
        ),
        facts=_facts(event),
        affected=event.context.affected if event.data.incident or event.data.maintenance else (),
        story=_story(event)[:told],
        url=link(event),
    )


def note(event: StoredEvent) -> Note:
    """What this event adds to a thread that has begun."""
    title = _happened(event)
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


def plain(words: str) -> str:
    """A word of the schema as people write it: `partial_outage` → `partial outage`."""
    return words.replace("_", " ")


def capital(text: str) -> str:
    """The first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def first_paragraph(markdown: str) -> str:
    """Of a long text what it begins with; its headings are no beginning."""
    paragraphs = [_without_headings(part) for part in re.split(r"\n\s*\n", markdown.replace("\r\n", "\n"))]
    return next((part for part in paragraphs if part), markdown.strip())


_HEADING = re.compile(r"\s*(?:#{1,6}\s.*|\*\*[^*]+\*\*:?|__[^_]+__:?|[-=*_ ]+)")


def _without_headings(paragraph: str) -> str:
    lines = paragraph.strip("\n").split("\n")
    while lines and (not lines[0].strip() or _HEADING.fullmatch(lines[0]) or _is_underlined(lines)):
        lines.pop(0)
    return "\n".join(lines).rstrip()


def _is_underlined(lines: list[str]) -> bool:
    return len(lines) > 1 and re.fullmatch(r"-{3,}|={3,}", lines[1].strip()) is not None


def utc(moment: datetime) -> str:
    """`18 Jul 2025, 19:00 UTC`"""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def lasting(span: timedelta) -> str:
    """`1 h 14 min`, `2 d 3 h`: the two largest units, rounded down."""
    minutes = int(span.total_seconds()) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min"))]
    first = next((i for i, n in enumerate((days, hours, minutes)) if n), None)
    if first is None:
        return "less than a minute"
    return " ".join(part for part in parts[first : first + 2] if not part.startswith("0 "))


def status_of(event: StoredEvent) -> Status:
    """The colour of the subject's state. Unknown (grey) where the page gives no reason for another."""
    data = event.data
    if event.type in (EventType.INCIDENT_REMOVED, EventType.PROVIDER_UNREADABLE):
        return Status.UNKNOWN
    if data.incident is not None:
        return _incident_status(data.incident)
    if data.maintenance is not None:
        return _maintenance_status(data.maintenance)
    return data.component.status if data.component is not None else data.provider.status


def state_words(event: StoredEvent) -> str:
    """The subject's state in words: `Investigating`, `Resolved after 1 h 14 min`."""
    data = event.data
    if event.type == EventType.INCIDENT_REMOVED:
        return "Taken off the status page"
    if event.type == EventType.TEST:
        return _FIXED[EventType.TEST]
    if data.incident is not None:
        return _incident_state(data.incident)
    if data.maintenance is not None:
        return _maintenance_state(event, data.maintenance)
    if data.component is not None:
        return capital(plain(data.component.status))
    return _readable(event)


def subject_title(event: StoredEvent) -> str:
    """What the thread is called."""
    data = event.data
    if data.incident is not None:
        return data.incident.title
    if data.maintenance is not None:
        return data.maintenance.title
    return data.component.name if data.component is not None else "status page"


def link(event: StoredEvent) -> str:
    """Where to read more: the incident's own address, else the page's."""
    subject = event.data.incident or event.data.maintenance
    return (subject.url if subject is not None else None) or event.data.provider.url


_INCIDENT_STATUS = {
    Impact.MINOR: Status.DEGRADED,
    Impact.MAJOR: Status.PARTIAL_OUTAGE,
    Impact.CRITICAL: Status.MAJOR_OUTAGE,
}


def _incident_status(incident: Incident) -> Status:
    if incident.phase in OVER:
        return Status.OPERATIONAL
    return _INCIDENT_STATUS.get(incident.impact, Status.UNKNOWN)


def _maintenance_status(maintenance: Maintenance) -> Status:
    if maintenance.phase == MaintenancePhase.CANCELED:
        return Status.UNKNOWN
    return Status.OPERATIONAL if maintenance.phase in OVER else Status.MAINTENANCE


def _incident_state(incident: Incident) -> str:
    if incident.phase in OVER:
        return f"Resolved{_after(incident.started_at, incident.resolved_at)}"
    return "Active" if incident.phase == IncidentPhase.UNKNOWN else capital(plain(incident.phase))


def _impact(impact: str) -> str:
    return "no impact" if impact == Impact.NONE else f"{plain(impact)} impact"


def _maintenance_state(event: StoredEvent, maintenance: Maintenance) -> str:
    if maintenance.phase == MaintenancePhase.COMPLETED:
        # the announced end is not when it ended: only the update that says so does
        update = event.data.update
        ended = update.posted_at if update is not None and update.phase == MaintenancePhase.COMPLETED else None
        return f"Completed{_after(maintenance.starts_at, ended)}"
    if event.context.overrun:
        return "Still under way, beyond its planned end"
    return "Announced" if maintenance.phase == MaintenancePhase.UNKNOWN else capital(plain(maintenance.phase))


def _after(start: datetime | None, end: datetime | None) -> str:
    if start is None or end is None or end <= start:
        return ""
    return f" after {lasting(end - start)}"


def _readable(event: StoredEvent) -> str:
    if event.type != EventType.PROVIDER_UNREADABLE:
        return "The status page can be read again"
    reason = event.context.reason
    return "The status page can't be read" + (f": {reason}" if reason else "")


def _facts(event: StoredEvent) -> tuple[Fact, ...]:
    incident, maintenance = event.data.incident, event.data.maintenance
    if incident is not None:
        return _incident_facts(event, incident)
    if maintenance is not None:
        return _maintenance_facts(event, maintenance)
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
    return Entry(_phase(update), update.body, update.posted_at, update.phase == IncidentPhase.POSTMORTEM)


def _phase(update: Update) -> str:
    return "Update" if update.phase in ("", "unknown") else capital(plain(update.phase))


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

_EDITED = (EventType.INCIDENT_EDITED, EventType.MAINTENANCE_EDITED)

_FIXED = {
    EventType.TEST: "A test: messages arrive here",
    EventType.INCIDENT_POSTMORTEM: "Postmortem",
    EventType.INCIDENT_REMOVED: "Taken off the status page without a resolution",
    EventType.MAINTENANCE_STARTED: "Maintenance started",
    EventType.MAINTENANCE_CANCELED: "Maintenance canceled",
}


def _happened(event: StoredEvent) -> str:
    """One line; what changed besides stands after it: "Identified · Impact raised from minor to major"."""
    changes = _changes(event)
    lead = _lead(event)
    if lead is None:
        return " · ".join(changes) or "Updated"
    return " · ".join((lead, *changes))


def _lead(event: StoredEvent) -> str | None:
    data = event.data
    if event.type in _FIXED:
        return _FIXED[event.type]
    if event.type in (EventType.PROVIDER_UNREADABLE, EventType.PROVIDER_READABLE):
        return _readable(event)
    if event.type in _EDITED:
        return f"{_phase(data.update)} (edited)" if data.update is not None else None
    if data.component is not None:
        return _component_change(event)
    if data.maintenance is not None:
        return _maintenance_lead(event, data.maintenance)
    return _incident_lead(event)


def _incident_lead(event: StoredEvent) -> str | None:
    incident, update = event.data.incident, event.data.update
    if event.type == EventType.INCIDENT_RESOLVED and incident is not None:
        return f"Resolved{_after(incident.started_at, incident.resolved_at)}"
    phase = _phase(update) if update is not None else None
    if event.type == EventType.INCIDENT_REOPENED:
        return "Reopened" if phase is None else f"Reopened: {phase.lower()}"
    if phase is None and "phase" in event.data.previous and incident is not None:
        return capital(plain(incident.phase))
    return phase


def _maintenance_lead(event: StoredEvent, maintenance: Maintenance) -> str | None:
    if event.type == EventType.MAINTENANCE_COMPLETED:
        return _maintenance_state(event, maintenance)
    if event.type == EventType.MAINTENANCE_SCHEDULED:
        return "Scheduled"
    if event.type == EventType.MAINTENANCE_REMINDER:
        return f"Maintenance starts {_lead_time(event, maintenance)}"
    if event.data.update is not None:
        return _phase(event.data.update)
    return f"Still under way{_beyond(event, maintenance)}" if event.context.overrun else None


def _lead_time(event: StoredEvent, maintenance: Maintenance) -> str:
    """What was asked for; or less, where a standstill of ours made the reminder late."""
    minutes = event.context.lead_minutes
    if minutes is None:
        return "soon"
    if maintenance.starts_at is not None:
        left = round((maintenance.starts_at - event.seen_at) / timedelta(minutes=1))
        minutes = left if 0 < left < minutes else minutes
    return f"in {minutes} min" if minutes < 120 else f"in {lasting(timedelta(minutes=minutes))}"


def _beyond(event: StoredEvent, maintenance: Maintenance) -> str:
    over = event.seen_at - maintenance.ends_at if maintenance.ends_at is not None else timedelta(0)
    return f", {lasting(over)} beyond its planned end" if over > timedelta(0) else ", beyond its planned end"


def _component_change(event: StoredEvent) -> str:
    component, former = event.data.component, event.data.previous.get("status")
    if component is None:
        return "A component changed"
    before = f"{plain(str(former))} → " if former else ""
    return f"{component.name}: {before}{plain(component.status)}"


def _changes(event: StoredEvent) -> tuple[str, ...]:
    """What changed besides, in words; what the lead already says is left out."""
    previous = event.data.previous
    changes = [
        _impact_change(event),
        f"Title changed (it was “{previous['title']}”)" if "title" in previous else None,
        "Window moved" if {"starts_at", "ends_at"} & previous.keys() else None,
        _also_affects(event),
    ]
    return tuple(change for change in changes if change is not None)


def _also_affects(event: StoredEvent) -> str | None:
    former = event.data.previous.get("component_ids")
    names = [one.name for one in event.context.affected if former is not None and one.id not in former]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"Also affects {', '.join(names[:5])}{more}" if names else None


_SEVERITY = [Impact.NONE, Impact.MINOR, Impact.MAJOR, Impact.CRITICAL]


def _impact_change(event: StoredEvent) -> str | None:
    incident, former = event.data.incident, event.data.previous.get("impact")
    if incident is None or not former or former == incident.impact:
        return None
    now, how = incident.impact, "changed"
    if former in _SEVERITY and now in _SEVERITY:
        how = "raised" if _SEVERITY.index(now) > _SEVERITY.index(Impact(former)) else "lowered"
    return f"Impact {how} from {plain(str(former))} to {plain(now)}"
