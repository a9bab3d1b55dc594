"""The format `opsgenie`: Opsgenie's Alert API. https://docs.opsgenie.com/docs/alert-api

An alert is created when trouble begins or changes: under the alias of an open alert Opsgenie counts it onto that
one, and somebody who began to follow in the middle of an incident has an alert, too. What the page says besides
becomes a note; the end closes it.
"""

from typing import Any
from urllib.parse import quote

from adapters.schema import Impact, Status
from relay.endpoint import Endpoint
from relay.events import EventType, StoredEvent, SubjectKind
from relay.formats import format as formats
from relay.formats.format import Format, Rendered, as_bytes, line, paragraphs, subject_key, web
from relay.formats.paging import Stage, details, headline, stage
from relay.messages import note
from relay.states import link

ADDRESS = "https://api.opsgenie.com/v2/alerts"
KEY = "an Opsgenie API key"
_BY_IMPACT = {Impact.CRITICAL: "P1", Impact.MAJOR: "P2", Impact.MINOR: "P3", Impact.NONE: "P5"}
_BY_STATUS = {Status.MAJOR_OUTAGE: "P1", Status.PARTIAL_OUTAGE: "P2"}
NOTE = 25000
DESCRIPTION = 15000


def render(event: StoredEvent, endpoint: Endpoint, address: str) -> Rendered | None:
    """Creates, adds a note, or closes; None where nobody is to be woken."""
    now = stage(event)
    if now is None and event.subject.kind == SubjectKind.INCIDENT and event.data.component is not None:
        return _request(endpoint, address, event, "/notes", {"note": _said(event)})
    if now is None:
        return None
    if now == Stage.OVER:
        return _request(endpoint, address, event, "/close", {"note": _said(event)})
    if _is_only_said(event):
        return _request(endpoint, address, event, "/notes", {"note": _said(event)})
    return _request(endpoint, address, event, None, _alert(event))


def _is_only_said(event: StoredEvent) -> bool:
    return event.type == EventType.INCIDENT_UPDATED and not {"phase", "impact"} & event.data.previous.keys()


def _alert(event: StoredEvent) -> dict[str, Any]:
    return {
        "message": headline(event, 130),
        "alias": _alias(event),
        "description": paragraphs(f"{_said(event)}\n\n{web(link(event)) or ''}", DESCRIPTION),
        "entity": line(event.data.provider.name, 512),
        "tags": ["uptimus", line(event.data.provider.slug, 50).replace(",", " ")],
        "priority": priority(event),
        "details": {name: line(value, 500) for name, value in details(event).items()},
        "note": _said(event),
    }


def priority(event: StoredEvent) -> str:
    """By the incident's impact, by the component's status; an unknown impact is a P3."""
    if event.type == EventType.TEST:
        return "P5"
    if event.data.incident is not None:
        return _BY_IMPACT.get(event.data.incident.impact, "P3")
    return _BY_STATUS.get(event.data.component.status, "P3") if event.data.component else "P5"


def _said(event: StoredEvent) -> str:
    happened = note(event)
    return paragraphs(f"{line(happened.summary, 1000)}\n\n{happened.body}", min(NOTE, DESCRIPTION - 2100))


def _alias(event: StoredEvent) -> str:
    return f"uptimus:test:{event.id}" if event.type == EventType.TEST else subject_key(event, 512)


def _request(
    endpoint: Endpoint, address: str, event: StoredEvent, action: str | None, more: dict[str, Any]
) -> Rendered:
    base = address.partition("#")[0].partition("?")[0].rstrip("/")
    to = f"{base}/{quote(_alias(event), safe='')}{action}?identifierType=alias" if action else base
    body = as_bytes({"source": "uptimus", "user": "uptimus"} | more)
    return Rendered(body, {"Authorization": f"GenieKey {endpoint.key}"}, url=to)


def check(endpoint: Endpoint) -> None:
    """A key, and no other authorization."""
    formats.needs_key(KEY)(endpoint)
    if any(name.lower() == "authorization" for name in endpoint.headers):
        raise ValueError("the header “Authorization” holds the Opsgenie API key")


FORMAT = Format(render, check, needs_key=KEY, address=ADDRESS)
