"""The state of an event's subject: its colour, its words, what it is called and where to read more. Pure."""

from datetime import datetime

from adapters.schema import OVER, Impact, Incident, IncidentPhase, Maintenance, MaintenancePhase, Status
from relay.events import EventType, Signal, StoredEvent
from relay.wording import capital, lasting, plain

FIXED = {
    EventType.TEST: "A test: messages arrive here",
    EventType.INCIDENT_POSTMORTEM: "Postmortem",
    EventType.INCIDENT_REMOVED: "Taken off the status page without a resolution",
    EventType.MAINTENANCE_STARTED: "Maintenance started",
    EventType.MAINTENANCE_CANCELED: "Maintenance canceled",
}
"""What is said of these, whatever else changed."""


def status_of(event: StoredEvent) -> Status:
    """The colour of the subject's state. Unknown (grey) where the page gives no reason for another."""
    data = event.data
    if event.type in (EventType.INCIDENT_REMOVED, EventType.PROVIDER_UNREADABLE) or data.signal is not None:
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
        return FIXED[EventType.TEST]
    if data.incident is not None:
        return _incident_state(data.incident)
    if data.maintenance is not None:
        return maintenance_state(event, data.maintenance)
    if data.component is not None:
        return capital(plain(data.component.status))
    return signal_state(event, data.signal) if data.signal is not None else readable(event)


def subject_title(event: StoredEvent) -> str:
    """What the thread is called."""
    data = event.data
    if data.incident is not None:
        return data.incident.title
    if data.maintenance is not None:
        return data.maintenance.title
    if data.component is not None:
        return data.component.name
    return "user reports" if data.signal is not None else "status page"


def link(event: StoredEvent) -> str:
    """Where to read more: the incident's own address, else the page's."""
    signal = event.data.signal
    subject = event.data.incident or event.data.maintenance or (signal.incident if signal is not None else None)
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
        return f"Resolved{after(incident.started_at, incident.resolved_at)}"
    return "Active" if incident.phase == IncidentPhase.UNKNOWN else capital(plain(incident.phase))


def impact_words(impact: str) -> str:
    return "no impact" if impact == Impact.NONE else f"{plain(impact)} impact"


def maintenance_state(event: StoredEvent, maintenance: Maintenance) -> str:
    if maintenance.phase == MaintenancePhase.COMPLETED:
        # the announced end is not when it ended: only the update that says so does
        update = event.data.update
        ended = update.posted_at if update is not None and update.phase == MaintenancePhase.COMPLETED else None
        return f"Completed{after(maintenance.starts_at, ended)}"
    if event.context.overrun:
        return "Still under way, beyond its planned end"
    return "Announced" if maintenance.phase == MaintenancePhase.UNKNOWN else capital(plain(maintenance.phase))


def after(start: datetime | None, end: datetime | None) -> str:
    if start is None or end is None or end <= start:
        return ""
    return f" after {lasting(end - start)}"


def unconfirmed(provider: str) -> str:
    """What users say, and nobody else: never that there is an outage."""
    return f"Users report trouble with {provider}, not confirmed by {provider}"


def signal_state(event: StoredEvent, signal: Signal) -> str:
    name = event.data.provider.name
    if event.type == EventType.SIGNAL_RAISED:
        return f"{unconfirmed(name)} ({people_words(signal)})"
    if signal.incident is not None:
        return f"{name} now tells of it: {signal.incident.title}"
    if signal.confirmed:
        return f"{name}'s status page now says: {plain(event.data.provider.status)}"
    return f"No more reports than usual any more; {name} has confirmed nothing"


def people_words(signal: Signal) -> str:
    people = "1 person" if signal.people == 1 else f"{signal.people} people"
    return f"{people} in {signal.window_minutes} minutes"


def readable(event: StoredEvent) -> str:
    if event.type != EventType.PROVIDER_UNREADABLE:
        return "The status page can be read again"
    reason = event.context.reason
    return "The status page can't be read" + (f": {reason}" if reason else "")
