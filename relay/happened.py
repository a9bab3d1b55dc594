"""What an event says in one line: "Identified · Impact raised from minor to major". Pure."""

from datetime import timedelta

from adapters.schema import Impact, Maintenance, Update
from relay.events import EventType, StoredEvent
from relay.states import FIXED, after, maintenance_state, readable, signal_state
from relay.wording import capital, lasting, plain


def phase_words(update: Update) -> str:
    return "Update" if update.phase in ("", "unknown") else capital(plain(update.phase))


_EDITED = (EventType.INCIDENT_EDITED, EventType.MAINTENANCE_EDITED)


def happened(event: StoredEvent) -> str:
    """One line; what changed besides stands after it: "Identified · Impact raised from minor to major"."""
    changes = _changes(event)
    lead = _lead(event)
    if lead is None:
        return " · ".join(changes) or "Updated"
    return " · ".join((lead, *changes))


def _lead(event: StoredEvent) -> str | None:
    data = event.data
    if event.type in FIXED:
        return FIXED[event.type]
    if event.type in (EventType.PROVIDER_UNREADABLE, EventType.PROVIDER_READABLE):
        return readable(event)
    if event.type in _EDITED:
        return f"{phase_words(data.update)} (edited)" if data.update is not None else None
    if data.component is not None:
        return _component_change(event)
    if data.maintenance is not None:
        return _maintenance_lead(event, data.maintenance)
    return signal_state(event, data.signal) if data.signal is not None else _incident_lead(event)


def _incident_lead(event: StoredEvent) -> str | None:
    incident, update = event.data.incident, event.data.update
    if event.type == EventType.INCIDENT_RESOLVED and incident is not None:
        return f"Resolved{after(incident.started_at, incident.resolved_at)}"
    phase = phase_words(update) if update is not None else None
    if event.type == EventType.INCIDENT_REOPENED:
        return "Reopened" if phase is None else f"Reopened: {phase.lower()}"
    if phase is None and "phase" in event.data.previous and incident is not None:
        return capital(plain(incident.phase))
    return phase


def _maintenance_lead(event: StoredEvent, maintenance: Maintenance) -> str | None:
    if event.type == EventType.MAINTENANCE_COMPLETED:
        return maintenance_state(event, maintenance)
    if event.type == EventType.MAINTENANCE_SCHEDULED:
        return "Scheduled"
    if event.type == EventType.MAINTENANCE_REMINDER:
        return f"Maintenance starts {_lead_time(event, maintenance)}"
    if event.data.update is not None:
        return phase_words(event.data.update)
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
