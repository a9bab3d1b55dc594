"""What wakes people, shared by the formats of alerting services: how far the trouble is, and how bad. Pure.

Maintenance, a page that can't be read, what users report, edits and postmortems wake nobody.
"""

from enum import StrEnum
from typing import Any

from adapters.schema import OVER, IncidentPhase, Status, rfc3339
from relay.events import EventType, StoredEvent, SubjectKind
from relay.formats.format import line, paragraphs
from relay.messages import note
from relay.states import link, status_of, subject_title
from relay.wording import plain

DETAIL = 4000
AFFECTED = 20
_SILENT = (EventType.INCIDENT_EDITED, EventType.INCIDENT_POSTMORTEM)


class Stage(StrEnum):
    """How far the trouble is that an event is about."""

    TROUBLE = "trouble"
    EASING = "easing"
    """A fix is in place and the provider watches it."""
    OVER = "over"


def stage(event: StoredEvent) -> Stage | None:
    """None: nobody is to be woken, nor put at rest."""
    if event.type == EventType.TEST:
        return Stage.TROUBLE
    if event.type in _SILENT:
        return None
    incident, component = event.data.incident, event.data.component
    if incident is not None:
        if incident.phase in OVER or event.type == EventType.INCIDENT_REMOVED:
            return Stage.OVER  # an incident that was taken down is heard of no more: its alert must not stay open
        return Stage.EASING if incident.phase == IncidentPhase.MONITORING else Stage.TROUBLE
    if component is None or event.subject.kind != SubjectKind.COMPONENT:
        return None  # within an incident it is the incident that wakes
    if component.status == Status.UNKNOWN:
        return None
    return Stage.OVER if component.status in (Status.OPERATIONAL, Status.MAINTENANCE) else Stage.TROUBLE


def headline(event: StoredEvent, limit: int) -> str:
    """`ChargeOver: Login outage. Investigating …`: what an alert is called, in plain text."""
    return line(f"{event.data.provider.name}: {subject_title(event)}. {note(event).title}", limit)


def details(event: StoredEvent) -> dict[str, str]:
    """What is known, as names and plain texts."""
    data, incident = event.data, event.data.incident
    known: dict[str, Any] = {
        "provider": data.provider.name,
        "status": plain(status_of(event)),
        "impact": plain(incident.impact) if incident else None,
        "phase": plain(incident.phase) if incident else None,
        "components": ", ".join(one.name for one in event.context.affected[:AFFECTED]),
        "started": rfc3339(incident.started_at) if incident and incident.started_at else None,
        "said": paragraphs(data.update.body, DETAIL) if data.update else None,
        "page": link(event),
        "event": event.id,
    }
    return {name: paragraphs(str(value), DETAIL) for name, value in known.items() if value}
