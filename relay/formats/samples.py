"""Made-up events of every type, whole ones and sparse ones: what a template is tried against. Pure."""

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
    SignalIncident,
    StoredEvent,
    Subject,
    SubjectKind,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)
URL = "https://status.example.com"
PROVIDER = EventProvider(slug="example", name="Example", url=URL, status=Status.PARTIAL_OUTAGE)
_AFFECTED = (Affected(id="c1", name="API", status=Status.PARTIAL_OUTAGE),)
_PHASES = {
    EventType.INCIDENT_OPENED: IncidentPhase.INVESTIGATING,
    EventType.INCIDENT_RESOLVED: IncidentPhase.RESOLVED,
    EventType.INCIDENT_POSTMORTEM: IncidentPhase.POSTMORTEM,
    EventType.MAINTENANCE_STARTED: MaintenancePhase.IN_PROGRESS,
    EventType.MAINTENANCE_UPDATED: MaintenancePhase.IN_PROGRESS,
    EventType.MAINTENANCE_COMPLETED: MaintenancePhase.COMPLETED,
    EventType.MAINTENANCE_CANCELED: MaintenancePhase.CANCELED,
}


def samples(type_: EventType) -> tuple[StoredEvent, ...]:
    """A whole event of this type, and one of a page that tells as little as possible."""
    return tuple(_event(type_, _data(type_, whole), whole) for whole in (True, False))


def _event(type_: EventType, data: dict[str, Any], whole: bool) -> StoredEvent:
    return StoredEvent(
        id="evt_sample",
        type=type_,
        sequence=2,
        subject=_subject(data),
        seen_at=AT,
        raw_data=EventData.model_validate({"provider": PROVIDER} | data).public(),
        raw_context=Context(affected=_AFFECTED if whole else ()).model_dump(mode="json"),
    )


def _subject(data: dict[str, Any]) -> Subject:
    for kind in (SubjectKind.INCIDENT, SubjectKind.MAINTENANCE, SubjectKind.COMPONENT):
        if kind in data:
            return Subject(kind, data[kind].id)
    return Subject(SubjectKind.SIGNAL if "signal" in data else SubjectKind.PROVIDER)


def _data(type_: EventType, whole: bool) -> dict[str, Any]:
    kind = type_.partition(".")[0]
    if kind == SubjectKind.INCIDENT:
        update = _update(_PHASES.get(type_, IncidentPhase.IDENTIFIED))
        return {"incident": _incident(type_, update, whole)} | ({"update": update} if whole else {})
    if kind == SubjectKind.MAINTENANCE:
        update = _update(_PHASES.get(type_, MaintenancePhase.SCHEDULED))
        return {"maintenance": _maintenance(type_, update, whole)} | ({"update": update} if whole else {})
    if kind == SubjectKind.COMPONENT:
        component = Component(id="c1", name="API", status=Status.PARTIAL_OUTAGE, changed_at=AT if whole else None)
        return {"component": component, "previous": {"status": "operational"}}
    return {"signal": _signal(type_, whole)} if kind == SubjectKind.SIGNAL else {}


def _signal(type_: EventType, whole: bool) -> Signal:
    if not whole:
        return Signal(people=7, since=AT, window_minutes=15)
    over = type_ == EventType.SIGNAL_CLEARED
    return Signal(
        people=7,
        since=AT,
        window_minutes=15,
        regions={"Europe/Berlin": 4},
        components=(SignalComponent(id="c1", name="API", people=3),),
        confirmed=over,
        incident=SignalIncident(id="i1", title="Slow answers", url=f"{URL}/incidents/i1") if over else None,
    )


def _update(phase: str) -> Update:
    return Update(id="u2", phase=phase, body="We found the cause & are on it.", posted_at=AT)


def _incident(type_: EventType, update: Update, whole: bool) -> Incident:
    phase = _PHASES.get(type_, IncidentPhase.IDENTIFIED)
    if not whole:
        return Incident.model_validate({"id": "i1", "title": "Slow answers", "phase": phase})
    return Incident(
        id="i1",
        title="Slow answers",
        impact=Impact.MAJOR,
        phase=IncidentPhase(phase),
        started_at=AT - timedelta(hours=1),
        resolved_at=AT if phase in (IncidentPhase.RESOLVED, IncidentPhase.POSTMORTEM) else None,
        url=f"{URL}/incidents/i1",
        component_ids=("c1",),
        updates=(update,),
    )


def _maintenance(type_: EventType, update: Update, whole: bool) -> Maintenance:
    phase = _PHASES.get(type_, MaintenancePhase.SCHEDULED)
    if not whole:
        return Maintenance.model_validate({"id": "m1", "title": "Database upgrade", "phase": phase})
    return Maintenance(
        id="m1",
        title="Database upgrade",
        phase=MaintenancePhase(phase),
        starts_at=AT + timedelta(hours=1),
        ends_at=AT + timedelta(hours=3),
        url=f"{URL}/incidents/m1",
        component_ids=("c1",),
        updates=(update,),
    )
