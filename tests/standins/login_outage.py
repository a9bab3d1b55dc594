"""Stored events to tell: ChargeOver's Login outage of July 18, 2025 and whatever a test makes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.schema import (
    Component,
    Impact,
    Incident,
    IncidentPhase,
    Maintenance,
    MaintenancePhase,
    Status,
    Update,
)
from relay.events import (
    Affected,
    Context,
    EventData,
    EventProvider,
    EventType,
    Signal,
    SignalComponent,
    StoredEvent,
    Subject,
    SubjectKind,
)

START = datetime(2025, 7, 18, 19, 0, tzinfo=UTC)
URL = "https://status.chargeover.com"
PROVIDER = EventProvider(slug="chargeover", name="ChargeOver", url=URL, status=Status.PARTIAL_OUTAGE)
STEPS = (
    ("investigating", 0, "Some customers can't log in. Payments go on as usual."),
    ("investigating", 11, "The team is on it."),
    ("identified", 44, "A third party's metrics service holds up the login page."),
    ("monitoring", 67, "A fix is out & we watch it."),
    ("resolved", 74, "Logins work again."),
    (
        "postmortem",
        7209,
        "# What happened\n\n- a call without a time-out\n- see [the report](https://example.com/r)",
    ),
)


def update(phase: str, minutes: float, body: str, id: str | None = None) -> Update:
    """An update so many minutes after the start."""
    return Update(id=id or f"u{minutes}", phase=phase, body=body, posted_at=START + timedelta(minutes=minutes))


UPDATES = tuple(update(*step) for step in STEPS)


def incident(steps: int = 1, **more: Any) -> Incident:
    """The Login outage after so many updates."""
    known = {
        "id": "wqrzsb2dhryr",
        "title": "Login outage",
        "impact": Impact.MAJOR,
        "phase": IncidentPhase(UPDATES[steps - 1].phase),
        "started_at": START,
        "resolved_at": START + timedelta(minutes=74) if steps >= 5 else None,
        "url": f"{URL}/incidents/wqrzsb2dhryr",
        "component_ids": ("c1",),
        "updates": UPDATES[:steps],
    }
    return Incident.model_validate(known | more)


def maintenance(**more: Any) -> Maintenance:
    """A window of two hours."""
    known = {
        "id": "m1",
        "title": "Database upgrade",
        "phase": MaintenancePhase.SCHEDULED,
        "starts_at": START,
        "ends_at": START + timedelta(hours=2),
        "url": f"{URL}/incidents/m1",
        "component_ids": ("c1",),
        "updates": (update("scheduled", -60, "Half an hour of read-only time."),),
    }
    return Maintenance.model_validate(known | more)


MAIN = Component(id="c1", name="Main Application", status=Status.MAJOR_OUTAGE, changed_at=START)
SIGNAL = Signal(
    people=7,
    since=START,
    window_minutes=15,
    regions={"Europe/Berlin": 4, "America/Chicago": 2},
    components=(SignalComponent(id="c1", name="Main Application", people=3),),
)
AFFECTED = (Affected(id="c1", name="Main Application", status=Status.MAJOR_OUTAGE),)


def event(type: EventType, sequence: int = 1, *, context: Context | None = None, **data: Any) -> StoredEvent:
    """An event as the database keeps it. Its subject follows from its data, unless `subject` says otherwise."""
    subject = data.pop("subject", None)
    whole = EventData.model_validate({"provider": PROVIDER} | data)
    context = context or Context(affected=AFFECTED)
    return StoredEvent(
        id=f"evt_{type}_{sequence}",
        type=type,
        sequence=sequence,
        subject=subject or _subject(whole),
        seen_at=START + timedelta(minutes=sequence),
        raw_data=whole.public(),
        raw_context=context.model_dump(mode="json"),
    )


def _subject(data: EventData) -> Subject:
    for kind in (SubjectKind.INCIDENT, SubjectKind.MAINTENANCE, SubjectKind.COMPONENT):
        if (about := getattr(data, kind)) is not None:
            return Subject(kind, about.id)
    return Subject(SubjectKind.SIGNAL if data.signal is not None else SubjectKind.PROVIDER)


def incident_event(type: EventType, steps: int = 1, **more: Any) -> StoredEvent:
    """The incident after so many updates, caused by the newest of them."""
    known: dict[str, Any] = {"incident": incident(steps), "update": UPDATES[steps - 1]}
    return event(type, steps, **known | more)


STORY = (
    incident_event(EventType.INCIDENT_OPENED, 1),
    incident_event(EventType.INCIDENT_UPDATED, 2, previous={"impact": "minor"}),
    incident_event(EventType.INCIDENT_UPDATED, 3, previous={"phase": "investigating"}),
    incident_event(EventType.INCIDENT_UPDATED, 4, previous={"phase": "identified"}),
    incident_event(EventType.INCIDENT_RESOLVED, 5, previous={"phase": "monitoring"}),
    incident_event(EventType.INCIDENT_POSTMORTEM, 6, previous={"phase": "resolved"}),
)
"""The Login outage, event by event."""
