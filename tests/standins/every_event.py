"""Events of every type, as pages tell them: whole ones, sparse ones, and ones whose text is hostile."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from standins.login_outage import MAIN, SIGNAL, STORY, URL, event, incident, incident_event, maintenance, update

from adapters.schema import Impact, IncidentPhase, MaintenancePhase, Status
from relay.endpoint import Endpoint
from relay.events import Context, EventType, SignalIncident, StoredEvent, Subject, SubjectKind

HEALED = MAIN.model_copy(update={"status": Status.OPERATIONAL})
CONFIRMED = SIGNAL.model_copy(
    update={
        "confirmed": True,
        "incident": SignalIncident(id="wqrzsb2dhryr", title="Login outage", url=f"{URL}/incidents/wqrzsb2dhryr"),
    }
)
IN_THE_INCIDENT = Subject(SubjectKind.INCIDENT, "wqrzsb2dhryr")


def _window(type_: EventType, phase: MaintenancePhase, **more: Any) -> StoredEvent:
    said = update(str(phase), 1, "We begin.")
    return event(type_, 2, **{"maintenance": maintenance(phase=phase), "update": said} | more)


def _over(phase: IncidentPhase) -> StoredEvent:
    return incident_event(EventType.INCIDENT_OPENED, 5, incident=incident(5, phase=phase))


EVENTS: Mapping[str, StoredEvent] = {
    "opened": STORY[0],
    "opened, sparse": event(
        EventType.INCIDENT_OPENED,
        context=Context(),
        incident=incident(1, started_at=None, url=None, impact=Impact.UNKNOWN, updates=(), component_ids=()),
    ),
    "opened, over already": _over(IncidentPhase.RESOLVED),
    "said something": STORY[1],
    "said no more": incident_event(EventType.INCIDENT_UPDATED, 2),
    "identified": STORY[2],
    "monitoring": STORY[3],
    "edited": incident_event(EventType.INCIDENT_EDITED, 2),
    "resolved": STORY[4],
    "reopened": incident_event(EventType.INCIDENT_REOPENED, 2, previous={"phase": "resolved"}),
    "postmortem": STORY[5],
    "removed": incident_event(EventType.INCIDENT_REMOVED, 2, update=None),
    "scheduled": _window(EventType.MAINTENANCE_SCHEDULED, MaintenancePhase.SCHEDULED),
    "window moved": _window(EventType.MAINTENANCE_UPDATED, MaintenancePhase.SCHEDULED, update=None),
    "maintenance edited": _window(EventType.MAINTENANCE_EDITED, MaintenancePhase.SCHEDULED),
    "reminder": _window(EventType.MAINTENANCE_REMINDER, MaintenancePhase.SCHEDULED, update=None),
    "started": _window(EventType.MAINTENANCE_STARTED, MaintenancePhase.IN_PROGRESS),
    "completed": _window(EventType.MAINTENANCE_COMPLETED, MaintenancePhase.COMPLETED),
    "canceled": _window(EventType.MAINTENANCE_CANCELED, MaintenancePhase.CANCELED),
    "component fell": event(EventType.COMPONENT_CHANGED, component=MAIN, previous={"status": "operational"}),
    "component healed": event(EventType.COMPONENT_CHANGED, component=HEALED, previous={"status": "major_outage"}),
    "component of an incident healed": event(
        EventType.COMPONENT_CHANGED, component=HEALED, subject=IN_THE_INCIDENT, previous={"status": "major_outage"}
    ),
    "unreadable": event(EventType.PROVIDER_UNREADABLE, context=Context(reason="it answered 500")),
    "readable": event(EventType.PROVIDER_READABLE),
    "signal raised": event(EventType.SIGNAL_RAISED, signal=SIGNAL, context=Context(opens=True)),
    "signal cleared": event(EventType.SIGNAL_CLEARED, 50, signal=SIGNAL, context=Context()),
    "signal confirmed": event(EventType.SIGNAL_CLEARED, 50, signal=CONFIRMED, context=Context()),
    "test": event(EventType.TEST, context=Context()),
}
"""At least one of each type."""

KEY = "R0UT1NGKEY" + 22 * "0"
TEMPLATE = '{"text": "{{ summary }}", "n": "{{ sequence }}", "keep": [true, null, 1.5, "as it is"]}'
ENDPOINTS: Mapping[str, Endpoint] = {
    "standard": Endpoint(),
    "cloudevents": Endpoint(format="cloudevents"),
    "template": Endpoint(format="template", template=TEMPLATE),
    "pagerduty": Endpoint(format="pagerduty", key=KEY),
    "opsgenie": Endpoint(format="opsgenie", key=KEY),
    "teams": Endpoint(format="teams"),
    "google-chat": Endpoint(format="google-chat"),
    "mattermost": Endpoint(format="mattermost"),
    "statuspage": Endpoint(format="statuspage"),
}
"""One of each format, with what it needs."""
ADDRESS = "https://hooks.example.com/a?key=k%3D1&token=t%2F2"


def hostile(text: str) -> tuple[StoredEvent, ...]:
    """The text wherever a page can put one."""
    said = update("investigating", 1, text, id=text or "u")
    case = incident(1, title=text, url=f"{URL}/{text}", id=text or "i", updates=(said,))
    named = Context.model_validate({"affected": [{"id": "c", "name": text, "status": "degraded"}]})
    provider = {"slug": "chargeover", "name": text, "url": URL, "status": "operational"}
    component = MAIN.model_copy(update={"name": text, "id": text or "c"})
    return (
        event(EventType.INCIDENT_OPENED, incident=case, update=said, context=named, provider=provider),
        event(EventType.INCIDENT_UPDATED, incident=case, update=said, context=named, previous={"title": text}),
        event(EventType.COMPONENT_CHANGED, component=component, context=named, provider=provider),
        event(EventType.PROVIDER_UNREADABLE, context=Context(reason=text), provider=provider),
        replace(EVENTS["scheduled"], raw_data=_titled(text)),
    )


def _titled(text: str) -> dict[str, Any]:
    data = dict(EVENTS["scheduled"].raw_data)
    return data | {"maintenance": data["maintenance"] | {"title": text, "url": text}}
