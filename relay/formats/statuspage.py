"""The format `statuspage`: what Atlassian Statuspage's own webhook subscribers get, of every provider alike.

https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/
"""

from typing import Any

from adapters.schema import (
    Impact,
    Incident,
    IncidentPhase,
    Maintenance,
    MaintenancePhase,
    Moment,
    Status,
    Update,
    rfc3339,
)
from relay.endpoint import Endpoint
from relay.events import EventType, StoredEvent
from relay.formats.format import Format, Rendered, as_bytes

DOCUMENTATION = "https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/"
_COMPONENT = {Status.DEGRADED: "degraded_performance", Status.MAINTENANCE: "under_maintenance"}
_PAGE = {
    Status.OPERATIONAL: ("none", "All Systems Operational"),
    Status.DEGRADED: ("minor", "Partially Degraded Service"),
    Status.PARTIAL_OUTAGE: ("major", "Partial System Outage"),
    Status.MAJOR_OUTAGE: ("critical", "Major System Outage"),
    Status.MAINTENANCE: ("maintenance", "Service Under Maintenance"),
    Status.UNKNOWN: ("none", "Unknown"),
}
_PHASES = {
    IncidentPhase.UNKNOWN: "investigating",
    MaintenancePhase.UNKNOWN: "scheduled",
    MaintenancePhase.CANCELED: "completed",  # Statuspage has no word for it; nothing is under way any more
}
_UPDATES = {"unknown": "investigating", "": "investigating", "canceled": "completed"}


def render(event: StoredEvent, _: Endpoint, __: str) -> Rendered | None:
    """An incident (a maintenance is one here, as at Statuspage) or a component's change; None for what Statuspage
    does not tell: a page that can't be read, what users report, an incident that was taken down."""
    said = _said(event)
    if said is None:
        return None
    indicator, description = _PAGE[event.data.provider.status]
    page = {
        "id": event.data.provider.slug,
        "status_indicator": indicator,
        "status_description": description,
    }
    meta = {
        "unsubscribe": event.data.provider.url,
        "documentation": DOCUMENTATION,
        "generated_at": rfc3339(event.seen_at),
    }
    return Rendered(as_bytes({"meta": meta, "page": page} | said))


def _said(event: StoredEvent) -> dict[str, Any] | None:
    data = event.data
    if event.type == EventType.TEST:
        return {"incident": _incident(event, _test(event))}
    if event.type == EventType.INCIDENT_REMOVED:
        return None
    if data.incident is not None:
        return {"incident": _incident(event, data.incident)}
    if data.maintenance is not None:
        return {"incident": _maintenance(event, data.maintenance)}
    return _component(event)


def _test(event: StoredEvent) -> Incident:
    update = Update(id=event.id, phase="resolved", body="A test: messages arrive here.", posted_at=event.seen_at)
    return Incident(
        id=event.id,
        title="uptimus: a test",
        impact=Impact.NONE,
        phase=IncidentPhase.RESOLVED,
        started_at=event.seen_at,
        resolved_at=event.seen_at,
        updates=(update,),
    )


def _incident(event: StoredEvent, incident: Incident) -> dict[str, Any]:
    impact = "none" if incident.impact == Impact.UNKNOWN else str(incident.impact)
    postmortem = next((one for one in incident.updates if one.phase == IncidentPhase.POSTMORTEM), None)
    monitored = next((one.posted_at for one in incident.updates if one.phase == IncidentPhase.MONITORING), None)
    return _case(event, incident, incident.started_at) | {
        "status": _PHASES.get(incident.phase, str(incident.phase)),
        "impact": impact,
        "monitoring_at": _moment(monitored),
        "resolved_at": _moment(incident.resolved_at),
        "postmortem_body": postmortem.body if postmortem else None,
        "postmortem_body_last_updated_at": _moment(postmortem.posted_at if postmortem else None),
        "postmortem_published_at": _moment(postmortem.posted_at if postmortem else None),
    }


def _maintenance(event: StoredEvent, maintenance: Maintenance) -> dict[str, Any]:
    reminded = event.seen_at if event.type == EventType.MAINTENANCE_REMINDER else None
    first = maintenance.updates[0].posted_at if maintenance.updates else None
    ended = event.seen_at if event.type == EventType.MAINTENANCE_COMPLETED else None
    return _case(event, maintenance, first) | {
        "status": _PHASES.get(maintenance.phase, str(maintenance.phase)),
        "impact": "maintenance",
        "scheduled_for": _moment(maintenance.starts_at),
        "scheduled_until": _moment(maintenance.ends_at),
        "scheduled_reminded_at": _moment(reminded),
        "resolved_at": _moment(ended),
    }


def _case(event: StoredEvent, case: Incident | Maintenance, created: Moment | None) -> dict[str, Any]:
    return {
        "backfilled": False,
        "created_at": _moment(created or event.seen_at),
        "impact": "none",
        "impact_override": None,
        "monitoring_at": None,
        "postmortem_body": None,
        "postmortem_body_last_updated_at": None,
        "postmortem_ignored": False,
        "postmortem_notified_subscribers": False,
        "postmortem_notified_twitter": False,
        "postmortem_published_at": None,
        "resolved_at": None,
        "scheduled_auto_transition": False,
        "scheduled_for": None,
        "scheduled_remind_prior": False,
        "scheduled_reminded_at": None,
        "scheduled_until": None,
        "shortlink": case.url or event.data.provider.url,
        "status": None,
        "updated_at": rfc3339(event.seen_at),
        "id": case.id,
        "organization_id": None,
        "incident_updates": [_update(case.id, one) for one in reversed(case.updates)],
        "name": case.title,
    }


def _update(case_id: str, update: Update) -> dict[str, Any]:
    at = rfc3339(update.posted_at)
    return {
        "body": update.body,
        "created_at": at,
        "display_at": at,
        "status": _UPDATES.get(update.phase, update.phase),
        "twitter_updated_at": None,
        "updated_at": at,
        "wants_twitter_update": False,
        "id": update.id,
        "incident_id": case_id,
    }


def _component(event: StoredEvent) -> dict[str, Any] | None:
    component = event.data.component
    if component is None:
        return None
    at = rfc3339(component.changed_at or event.seen_at)
    now = _component_status(component.status)
    former = event.data.previous.get("status")
    return {
        "component_update": {
            "created_at": at,
            "new_status": now,
            "old_status": _component_status(Status(former)) if former else "operational",
            "id": event.id,
            "component_id": component.id,
        },
        "component": {"created_at": at, "id": component.id, "name": component.name, "status": now},
    }


def _component_status(status: Status) -> str:
    return "operational" if status == Status.UNKNOWN else _COMPONENT.get(status, str(status))


def _moment(moment: Moment | None) -> str | None:
    return rfc3339(moment) if moment is not None else None


FORMAT = Format(render, shared=True)
