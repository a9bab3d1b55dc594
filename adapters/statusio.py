"""Status.io: `api.status.io/1.0/status/<page id>` holds the overall status, the components, and what is open.

The API never names the page, and the page's id (24 hexadecimal digits) stands in the page's HTML or its address.
A component runs in containers (regions), whose ids repeat across components; one that calls itself operational may
have a container that is down. So each component is as bad as its worst container, under its own id; where it has
several, each of them stands below it too, in the group of its name, with `<component>/<container>` for its id. No
id depends on how anything fares. `updated` is when a status was last looked at, not when it changed.
Messages have no ids of their own and stand oldest first; only what is open is listed.
Sources: recorded pages of two providers; GitLab's handbook and public clients of the API for the codes of states.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows
from adapters.address import beside
from adapters.compose import LONG_AGO, compose, oldest_first, worst
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import HTML, Document, DocumentReader, html_of
from adapters.schema import (
    Component,
    Coverage,
    Impact,
    Incident,
    IncidentPhase,
    Maintenance,
    MaintenancePhase,
    Snapshot,
    Status,
    Update,
    rfc3339,
)

NAME = "statusio"
API = "https://api.status.io"

STATUS = {
    "100": Status.OPERATIONAL,
    "200": Status.MAINTENANCE,
    "300": Status.DEGRADED,
    "400": Status.PARTIAL_OUTAGE,
    "500": Status.MAJOR_OUTAGE,
    "600": Status.MAJOR_OUTAGE,
}
"""600 is a security event: the page shows it as its worst."""
IMPACT = {
    "100": Impact.NONE,
    "200": Impact.NONE,
    "300": Impact.MINOR,
    "400": Impact.MAJOR,
    "500": Impact.CRITICAL,
    "600": Impact.CRITICAL,
}
PHASE = {
    "100": IncidentPhase.INVESTIGATING,
    "200": IncidentPhase.IDENTIFIED,
    "300": IncidentPhase.MONITORING,
    "400": IncidentPhase.RESOLVED,
}
MAINTENANCE_PHASE = {
    "100": MaintenancePhase.SCHEDULED,
    "200": MaintenancePhase.IN_PROGRESS,
    "300": MaintenancePhase.COMPLETED,
}

_Phase = TypeVar("_Phase", IncidentPhase, MaintenancePhase)

_PLACE = re.compile(r"/1\.0/status/[0-9a-f]{24}$")
_PAGE_PATH = re.compile(r"/pages/(?:[a-z]+/)?([0-9a-f]{24})(?:/|$)")
_PAGE_ID = re.compile(
    r"""(?:status\.io/1\.0/status/|/pages/(?:[a-z]{1,20}/)?|page[_-]?id["']?\s{0,9}[:=]\s{0,9}["']?)"""
    r"([0-9a-f]{24})(?![0-9a-z])",
    re.IGNORECASE,
)


async def locate(url: str, getter: Getter) -> str:
    """The address of the API's document about the page, by the page's id in its address or else in its HTML."""
    if _PLACE.search(url):
        return url
    named = _PAGE_PATH.search(urlsplit(url).path)
    if named:
        return f"{beside(url, API)}/1.0/status/{named[1]}"
    answer = await getter.get(url, accept=HTML)
    found = _PAGE_ID.search(html_of(answer))
    if found is None and fields.looks_like_an_object(answer.body):
        return url
    if found is None:
        raise AdapterError("this is not a Status.io page: its HTML names no page id")
    return f"{beside(url, API)}/1.0/status/{found[1].lower()}"


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `status`. Raises AdapterError."""
    result = fields.decode(documents["status"], "the status").get("result")
    overall = result.get("status_overall") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not isinstance(overall, dict):
        raise AdapterError("this is not a Status.io page")
    listed, incidents = result.get("status"), result.get("incidents")
    if not isinstance(listed, list) or not isinstance(incidents, list):
        raise AdapterError("the status lacks its lists of components and incidents")
    parts = fields.strict_records(listed, "a component")
    inside = {fields.key(one, "a component"): _containers(one) for one in parts}
    planned = _maintenances(result.get("maintenance"), inside)
    all_planned = planned is not None and all(
        isinstance(result["maintenance"].get(name), list) for name in ("active", "upcoming")
    )
    said = _status(overall)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=urlsplit(url).hostname,
        status=None if said == Status.UNKNOWN else said,
        components=[component for one in parts for component in _components(one)],
        incidents=[_incident(one, inside) for one in fields.strict_records(incidents, "an incident")],
        maintenances=planned or (),
        coverage=Coverage(active_incidents=True, active_maintenances=all_planned),
    )


def _components(record: Record) -> list[Component]:
    """A component, and its containers where it has several."""
    component, name = fields.key(record, "a component"), fields.name(record, "a component")
    containers = fields.strict_records(record.get("containers"), "a container")
    own, below = _status(record), worst(_status(one) for one in containers)
    fine = below in (Status.UNKNOWN, Status.OPERATIONAL)
    whole = Component(id=component, name=name, status=own if fine else worst([own, below]))
    if len(containers) < 2:
        return [whole]
    return [whole] + [
        Component(
            id=f"{component}/{fields.key(one, 'a container')}",
            name=fields.name(one, "a container"),
            group=name,
            status=_status(one),
        )
        for one in containers
    ]


def _containers(record: Record) -> frozenset[str]:
    """The ids of a component's containers that stand as components of their own."""
    containers = fields.strict_records(record.get("containers"), "a container")
    return frozenset(fields.key(one, "a container") for one in containers) if len(containers) > 1 else frozenset()


def _incident(record: Record, inside: Mapping[str, frozenset[str]]) -> Incident:
    updates = _updates(record, "incident phase", PHASE, IncidentPhase.UNKNOWN)
    phase = IncidentPhase(updates[-1].phase) if updates else IncidentPhase.UNKNOWN
    return Incident(
        id=fields.key(record, "an incident", "_id"),
        title=fields.name(record, "an incident"),
        impact=_impact(record),
        phase=phase,
        started_at=fields.moment(record, "datetime_open"),
        resolved_at=updates[-1].posted_at if phase == IncidentPhase.RESOLVED else None,
        component_ids=_affected(record, inside),
        updates=updates,
    )


def _impact(record: Record) -> Impact:
    """How bad its messages say it is, the last one that says so: "operational again" doesn't make it harmless."""
    messages = sorted(
        fields.records(record.get("messages")),
        key=lambda one: fields.moment(one, "datetime") or LONG_AGO,
    )
    told = [fields.word("impact", fields.code(one.get("status")), IMPACT, Impact.UNKNOWN) for one in messages]
    return next((one for one in reversed(told) if one != Impact.NONE), told[-1] if told else Impact.UNKNOWN)


def _maintenances(listed: object, inside: Mapping[str, frozenset[str]]) -> list[Maintenance] | None:
    """Those under way and those to come; None where the page doesn't tell of any list."""
    if listed is None:
        return None
    if not isinstance(listed, dict):
        raise AdapterError("the status lacks its lists of maintenances")
    return [
        _maintenance(one, phase, inside)
        for name, phase in (("active", MaintenancePhase.IN_PROGRESS), ("upcoming", MaintenancePhase.SCHEDULED))
        for one in fields.strict_records(listed.get(name), "a maintenance")
    ]


def _maintenance(record: Record, phase: MaintenancePhase, inside: Mapping[str, frozenset[str]]) -> Maintenance:
    """The list it stands on says how far it is: work may begin by the clock, without a message."""
    updates = _updates(record, "maintenance phase", MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN)
    over = bool(updates) and updates[-1].phase == MaintenancePhase.COMPLETED
    return Maintenance(
        id=fields.key(record, "a maintenance", "_id"),
        title=fields.name(record, "a maintenance"),
        phase=MaintenancePhase.COMPLETED if over else phase,
        starts_at=fields.moment(record, "datetime_planned_start"),
        ends_at=fields.moment(record, "datetime_planned_end"),
        component_ids=_affected(record, inside),
        updates=updates,
    )


def _updates(record: Record, kind: str, phases: Mapping[str, _Phase], unknown: _Phase) -> tuple[Update, ...]:
    found = []
    for message in fields.strict_records(record.get("messages"), "a message"):
        posted_at = fields.moment(message, "datetime")
        if posted_at is not None:
            phase = fields.word(kind, fields.code(message.get("state")), phases, unknown)
            found.append(
                Update(
                    id=f"{rfc3339(posted_at)}/{phase}",
                    phase=phase,
                    body=fields.body(message, "details"),
                    posted_at=posted_at,
                )
            )
    return oldest_first(found)


def _affected(record: Record, inside: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The components it names, each followed by those of its containers that it names."""
    components, containers = (
        fields.keys(fields.records(record.get(name)), "a part", "_id")
        for name in ("components_affected", "containers_affected")
    )
    below = {one: sorted(inside.get(one, frozenset()).intersection(containers)) for one in components}
    return tuple(part for one in components for part in (one, *(f"{one}/{other}" for other in below[one])))


def _status(record: Record) -> Status:
    return fields.word("status", fields.code(record.get("status_code")), STATUS, Status.UNKNOWN)


ADAPTER = Adapter(
    name=NAME,
    title="Status.io",
    read=DocumentReader(lambda place: {"status": Document(place)}, parse, locate),
    parse=parse,
    knows=Knows(
        stable_ids="yes; updates by their time and phase",
        complete="yes",
        history="none: what ended vanishes",
        cheap="validators and the digest of one document",
    ),
    hosts=("status.io", ".status.io"),
    shape=re.compile(r"/(?:1\.0/status|pages(?:/[a-z]{1,20})?)/[0-9a-f]{24}(?=/|$)"),
    marks=("powered by status.io", "statusio_page_id", "api.status.io/1.0/status/"),
    aliases=("status.io",),
)
