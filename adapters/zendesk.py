"""Zendesk: `/api/ssp/incidents.json` lists incidents of the last days, `/api/ssp/services.json` the services.

Both are JSON:API: what an incident refers to stands among the included. `/api/incidents/active`, the documented
Status API, lists what is active once more, in other words (`title` for `name`, `started_at` for `startedAt`),
with the updates that the first list lacks, and is read alone where that isn't there. An incident's status goes
stale: one was "monitoring" two months after its `resolvedAt`, so that decides. No service has a status of its
own: it is what the open incidents make of it. How bad the whole is, their impact says. Updates have no phase.
Planned work is listed elsewhere, in a form that nothing describes, and isn't read.
Sources: developer.zendesk.com/api-reference/status_api, and public clients with notes on captured documents.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows
from adapters.compose import OF_IMPACT, compose, oldest_first, worst
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import Document, DocumentReader
from adapters.schema import (
    OVER,
    Component,
    Coverage,
    Impact,
    Incident,
    IncidentPhase,
    Snapshot,
    Status,
    Update,
)

NAME = "zendesk"
ACTIVE = "/api/incidents/active"

IMPACT = {
    "no impact": Impact.NONE,
    "none": Impact.NONE,
    "minor": Impact.MINOR,
    "major": Impact.MAJOR,
    "critical": Impact.CRITICAL,
}
PHASE = {
    "investigating": IncidentPhase.INVESTIGATING,
    "identified": IncidentPhase.IDENTIFIED,
    "monitoring": IncidentPhase.MONITORING,
    "resolved": IncidentPhase.RESOLVED,
}

_BELOW = re.compile(r"/api(?:/.*)?$")


@dataclass(frozen=True)
class _Found:
    """An incident, and what it made of each service that it touches: None where it touches it no more."""

    incident: Incident
    services: Mapping[str, Status | None]


async def locate(url: str, getter: Getter) -> str:
    """The page's address, or that of the Status API where the page's own list isn't."""
    root = _BELOW.sub("", url)
    answer = await getter.get(wanted(root)["incidents"].url)
    return root if answer.status == 200 else f"{root}{ACTIVE}"


def wanted(place: str) -> dict[str, Document]:
    """The documents of the page, or the Status API's alone."""
    if place.endswith(ACTIVE):
        return {"active": Document(place)}
    api = f"{place}/api"
    return {
        "incidents": Document(f"{api}/ssp/incidents.json"),
        "services": Document(f"{api}/ssp/services.json", needed=False),
        "active": Document(f"{place}{ACTIVE}", needed=False),
    }


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `incidents`, `services` and `active`, one of the lists at least. Raises AdapterError."""
    found = [*_listed(documents, "active"), *_listed(documents, "incidents")]
    active = [one.incident for one in found if one.incident.phase not in OVER]
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name="Zendesk",
        status=worst([Status.OPERATIONAL, *(OF_IMPACT[one.impact] for one in active)]),
        components=_components(documents, found),
        incidents=[one.incident for one in found],
        coverage=Coverage(
            active_incidents=True, past_incidents="incidents" in documents, some_updates="incidents" in documents
        ),
    )


def _listed(documents: Mapping[str, bytes], name: str) -> list[_Found]:
    if name not in documents:
        return []
    decoded = fields.decode(documents[name], "the list of incidents")
    data = fields.strict_records(decoded.get("data"), "an incident")
    if not isinstance(decoded.get("data"), list) or any(one.get("type") != "incident" for one in data):
        raise AdapterError("this is not Zendesk's status page")
    included = {
        (_kind(one.get("type")), str(one.get("id"))): one for one in fields.records(decoded.get("included"))
    }
    return [_incident(one, included) for one in data]


def _kind(name: object) -> str:
    """`incidentServices`, `incident_service` → `incidentservice`."""
    return name.replace("_", "").lower().removesuffix("s") if isinstance(name, str) else ""


def _incident(record: Record, included: Mapping[tuple[str, str], Record]) -> _Found:
    said, related = fields.part(record, "attributes"), _related(record, included)
    updates = oldest_first(_updates(related))
    resolved_at = fields.moment(said, "resolvedAt", "resolved_at")
    phase = fields.word("incident status", said.get("status"), PHASE, IncidentPhase.UNKNOWN)
    impact = _impact(said)
    services = _services(related, impact)
    incident = Incident(
        id=fields.key(record, "an incident"),
        title=fields.text(said, "name") or fields.name(said, "an incident", "title"),
        impact=impact,
        phase=phase if resolved_at is None else IncidentPhase.RESOLVED,
        started_at=fields.moment(said, "startedAt", "started_at"),
        resolved_at=resolved_at,
        url=fields.link(said, "postmortem"),
        component_ids=tuple(services),
        updates=updates,
    )
    return _Found(incident, services)


def _related(record: Record, included: Mapping[tuple[str, str], Record]) -> list[tuple[str, Record]]:
    """What an incident refers to, each with its kind; the bare reference where it isn't included."""
    relations = record.get("relationships")
    found = []
    for name, relation in relations.items() if isinstance(relations, dict) else ():
        for one in fields.records(relation.get("data")) if isinstance(relation, dict) else ():
            kind = _kind(one.get("type") or name)
            found.append((kind, included.get((kind, str(one.get("id"))), one)))
    return found


def _updates(related: Iterable[tuple[str, Record]]) -> list[Update]:
    found = []
    for kind, record in related:
        said = fields.part(record, "attributes")
        posted_at = fields.moment(said, "created_at", "createdAt")
        if kind == "incidentupdate" and posted_at is not None:
            id_, body = fields.key(record, "an update"), fields.body(said, "description")
            found.append(Update(id=id_, phase=IncidentPhase.UNKNOWN, body=body, posted_at=posted_at))
    return found


def _impact(said: Record) -> Impact:
    told = fields.word("impact", said.get("impact"), IMPACT, Impact.UNKNOWN)
    if told != Impact.UNKNOWN:
        return told
    if said.get("outage") is True:
        return Impact.MAJOR
    return Impact.MINOR if said.get("degradation") is True else Impact.UNKNOWN


def _services(related: Iterable[tuple[str, Record]], impact: Impact) -> dict[str, Status | None]:
    """The services that an incident touches, by their ids, as bad as it says of each, or else of itself."""
    found: dict[str, Status | None] = {}
    for kind, record in related:
        if kind == "service":
            found.setdefault(fields.key(record, "a service"), OF_IMPACT[impact])
    for kind, record in related:
        said = fields.part(record, "attributes")
        name = next((one for one in ("serviceId", "service_id") if said.get(one) is not None), None)
        if kind == "incidentservice" and name is not None:
            found[fields.key(said, "a service", name)] = _of_service(said, impact)
    return found


def _of_service(said: Record, impact: Impact) -> Status | None:
    if fields.moment(said, "resolvedAt", "resolved_at") is not None:
        return None
    if said.get("outage") is True:
        return Status.MAJOR_OUTAGE
    return Status.DEGRADED if said.get("degradation") is True else OF_IMPACT[impact]


def _components(documents: Mapping[str, bytes], found: Iterable[_Found]) -> list[Component] | None:
    """The services, each as bad as the worst of the open incidents makes it."""
    if "services" not in documents:
        return None
    data = fields.decode(documents["services"], "the list of services").get("data")
    told: dict[str, dict[str, Status | None]] = {}
    for one in found:  # the list that knows each service apart comes last
        told.setdefault(one.incident.id, {}).update(one.services if one.incident.phase not in OVER else {})
    affected: dict[str, list[Status]] = {}
    for services in told.values():
        for id_, status in services.items():
            affected.setdefault(id_, []).extend([] if status is None else [status])
    return [
        Component(
            id=(id_ := fields.key(one, "a service")),
            name=fields.name(fields.part(one, "attributes"), "a service"),
            status=worst([Status.OPERATIONAL, *affected.get(id_, [])]),
        )
        for one in fields.strict_records(data, "a service")
        if fields.part(one, "attributes").get("deprecated") is not True
    ]


ADAPTER = Adapter(
    name=NAME,
    title="Zendesk",
    read=DocumentReader(wanted, parse, locate),
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes, but for planned work, which isn't read",
        history="the last days",
        cheap="validators and digests of three small documents",
    ),
    hosts=("status.zendesk.com",),
    paths=("/api/ssp/incidents.json", ACTIVE),
    aliases=("zendesk-ssp",),
)
