"""The format `pagerduty`: PagerDuty's Events API v2.

An incident triggers an alert and resolves it again; the page's updates in between trigger it anew under the same
key, which PagerDuty adds to the open alert's log. It is acknowledged when the provider says that a fix is in place
(`monitoring`), and not when the provider has merely found the cause: that would stop the escalation before
anybody of the team looked. https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

from typing import Any

from adapters.schema import Impact, Status, rfc3339
from relay.endpoint import Endpoint
from relay.events import EventType, StoredEvent
from relay.formats.format import Format, Rendered, as_bytes, line, needs_key, subject_key, web
from relay.formats.paging import Stage, details, headline, stage
from relay.messages import note
from relay.states import link

ADDRESS = "https://events.pagerduty.com/v2/enqueue"
KEY = "a PagerDuty integration key"
_ACTIONS = {Stage.TROUBLE: "trigger", Stage.EASING: "acknowledge", Stage.OVER: "resolve"}
_BY_IMPACT = {Impact.CRITICAL: "critical", Impact.MAJOR: "error", Impact.MINOR: "warning", Impact.NONE: "info"}
_BY_STATUS = {Status.MAJOR_OUTAGE: "critical", Status.PARTIAL_OUTAGE: "error"}


def render(event: StoredEvent, endpoint: Endpoint, _: str) -> Rendered | None:
    """An alert event, or None where nobody is to be woken."""
    now = stage(event)
    if now is None:
        return None
    page = web(link(event))
    document: dict[str, Any] = {
        "routing_key": endpoint.key,
        "event_action": _ACTIONS[now],
        "dedup_key": f"uptimus:test:{event.id}" if event.type == EventType.TEST else subject_key(event, 255),
        "payload": {
            "summary": headline(event, 1024),
            "source": line(event.data.provider.url, 255) or "uptimus",
            "severity": severity(event),
            "timestamp": rfc3339(note(event).at),
            "component": line(", ".join(one.name for one in event.context.affected[:5]), 255),
            "group": line(event.data.provider.name, 255),
            "class": event.type,
            "custom_details": details(event),
        },
        "client": "uptimus",
    }
    if page is not None:
        document |= {"client_url": page, "links": [{"href": page, "text": "Status page"}]}
    return Rendered(as_bytes(document))


def severity(event: StoredEvent) -> str:
    """By the incident's impact, by the component's status; an unknown impact is a warning."""
    if event.type == EventType.TEST:
        return "info"
    if event.data.incident is not None:
        return _BY_IMPACT.get(event.data.incident.impact, "warning")
    return _BY_STATUS.get(event.data.component.status, "warning") if event.data.component else "info"


FORMAT = Format(render, needs_key(KEY), needs_key=KEY, address=ADDRESS)
