"""Salesforce Trust: `/v1/instances/status/preview` holds every instance with what is under way there.

The API stands on a host of its own. A page's address may name one instance (`/instances/NA100`), whose own
document is read then, or one product (`/products/Heroku`), whose instances are; `/v1/incidents/active` adds what
events there were. An incident stands below each of its instances and has no title: it is called after the kind
of its impact, which is a key as `performanceDegradationSubset`. Its messages are such keys or null. It is over
when all its impacts have ended; an event's type tells how far it is. Planned work begins when its impact does,
not by the clock. One instance of many that is down is not all of Salesforce: the whole is a partial outage then.
Sources: recorded documents of instances and localizations, Heroku's command line client, which reads this API
too, and public clients of it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from adapters import fields
from adapters.adapter import Adapter, Knows
from adapters.address import beside
from adapters.compose import compose, oldest_first, worst_impact
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import Document, DocumentReader
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
)

NAME = "salesforce"
API = "https://api.status.salesforce.com"
SITE = "https://status.salesforce.com"

STATUS = {
    "OK": Status.OPERATIONAL,
    "INFORMATIONAL_CORE": Status.OPERATIONAL,
    "INFORMATIONAL_NONCORE": Status.OPERATIONAL,
    "MAINTENANCE_CORE": Status.MAINTENANCE,
    "MAINTENANCE_NONCORE": Status.MAINTENANCE,
    "MINOR_INCIDENT_CORE": Status.DEGRADED,
    "MINOR_INCIDENT_NONCORE": Status.DEGRADED,
    "MAJOR_INCIDENT_CORE": Status.MAJOR_OUTAGE,
    "MAJOR_INCIDENT_NONCORE": Status.PARTIAL_OUTAGE,
}
IMPACT = {"minor": Impact.MINOR, "major": Impact.MAJOR, "critical": Impact.CRITICAL}
STATE = {"Resolved": IncidentPhase.RESOLVED, "Active": IncidentPhase.UNKNOWN}
EVENTS = {
    "investigating": IncidentPhase.INVESTIGATING,
    "issueIsolated": IncidentPhase.IDENTIFIED,
    "implementingSolution": IncidentPhase.IDENTIFIED,
    "monitoring": IncidentPhase.MONITORING,
}
"""How the types of events begin that tell a phase, as `issueIsolatedDatabaseTier`. Most tell none."""
PLANNED_EVENTS = {
    "scheduled": MaintenancePhase.SCHEDULED,
    "rescheduled": MaintenancePhase.SCHEDULED,
    "cancelled": MaintenancePhase.CANCELED,
}

_Phase = TypeVar("_Phase", IncidentPhase, MaintenancePhase)

_INSTANCE = re.compile(r"/instances/([\w-]+)(?:/status)?$", re.ASCII)
_PRODUCT = re.compile(r"/products/([\w-]+)$", re.ASCII)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def wanted(url: str) -> dict[str, Document]:
    """The documents of a page: of an instance, of a product's instances, or of all."""
    path, api = urlsplit(url).path, beside(url, API)
    instance, product = _INSTANCE.search(path), _PRODUCT.search(path)
    if instance:
        return {"instances": Document(f"{api}/v1/instances/{instance[1]}/status")}
    query = f"?products={product[1]}" if product else ""
    return {
        "instances": Document(f"{api}/v1/instances/status/preview{query}"),
        "incidents": Document(f"{api}/v1/incidents/active", needed=False),
    }


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `instances`, and `incidents` where they are known. Raises AdapterError."""
    instances = _instances(documents["instances"])
    keys = {fields.key(one, "an instance", "key") for one in instances}
    components = [_component(one) for one in instances]
    active = _active(documents, keys if _is_part(url) else None)
    told, where = _gathered([(None, active), *((one, _below(one, "Incidents")) for one in instances)])
    planned, there = _gathered([(one, _below(one, "Maintenances")) for one in instances])
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=_name(url),
        status=_whole(components),
        components=components,
        incidents=[_incident(one, id_, where[id_], url) for id_, one in told.items()],
        maintenances=[_maintenance(one, id_, there[id_], url) for id_, one in planned.items()],
        coverage=Coverage(active_incidents=True, active_maintenances=True),
    )


def _instances(document: bytes) -> list[Record]:
    decoded = fields.decode_any(document, "the status of the instances")
    listed = fields.strict_records([decoded] if isinstance(decoded, dict) else decoded, "an instance")
    if not listed or not all(isinstance(one.get("status"), str) for one in listed):
        raise AdapterError("this is not a Salesforce Trust page")
    return listed


def _is_part(url: str) -> bool:
    path = urlsplit(url).path
    return bool(_INSTANCE.search(path) or _PRODUCT.search(path))


def _name(url: str) -> str:
    path = urlsplit(url).path
    instance, product = _INSTANCE.search(path), _PRODUCT.search(path)
    if instance:
        return f"Salesforce {instance[1]}"
    return product[1].replace("_", " ") if product else "Salesforce"


def _active(documents: Mapping[str, bytes], keys: set[str] | None) -> list[Record]:
    """The active incidents, of these instances alone where only they are asked for."""
    if "incidents" not in documents:
        return []
    listed = fields.strict_records(fields.decode_list(documents["incidents"], "incidents"), "an incident")
    return [one for one in listed if keys is None or keys.intersection(_keys(one))]


def _gathered(
    found: Iterable[tuple[Record | None, Sequence[Record]]],
) -> tuple[dict[str, Record], dict[str, list[str]]]:
    """Each incident or maintenance once, by its id, and the instances that it names or that name it."""
    records: dict[str, Record] = {}
    where: dict[str, list[str]] = {}
    for instance, listed in found:
        for record in listed:
            id_ = fields.key(record, "an incident")
            records.setdefault(id_, record)
            below = [] if instance is None else [fields.key(instance, "an instance", "key")]
            where.setdefault(id_, []).extend([*_keys(record), *below])
    return records, where


def _below(record: Record, name: str) -> list[Record]:
    return fields.strict_records(record.get(name), "an event of an instance")


def _keys(record: Record) -> list[str]:
    listed = record.get("instanceKeys")
    return [one for one in listed if isinstance(one, str) and one] if isinstance(listed, list) else []


def _component(record: Record) -> Component:
    key = fields.key(record, "an instance", "key")
    return Component(
        id=key,
        name=key,
        group=fields.text(record, "location"),
        status=fields.word("instance status", record.get("status"), STATUS, Status.UNKNOWN),
    )


def _whole(components: Sequence[Component]) -> Status | None:
    down = sum(one.status == Status.MAJOR_OUTAGE for one in components)
    return Status.PARTIAL_OUTAGE if 0 < down < len(components) else None


def _incident(record: Record, id_: str, where: Sequence[str], url: str) -> Incident:
    impacts = fields.strict_records(record.get("IncidentImpacts"), "an impact")
    updates = _updates(record, "IncidentEvents", EVENTS, IncidentPhase.UNKNOWN)
    starts = [found for one in impacts if (found := fields.moment(one, "startTime"))]
    phase, ended = _phase(record, impacts, updates)
    return Incident(
        id=id_,
        title=_called(record, impacts, id_),
        impact=_impact(impacts),
        phase=phase,
        started_at=min(starts, default=fields.moment(record, "createdAt")),
        resolved_at=ended if phase == IncidentPhase.RESOLVED else None,
        url=f"{beside(url, SITE)}/incidents/{id_}" if id_.isalnum() else None,
        component_ids=tuple(dict.fromkeys(where)),
        updates=updates,
    )


def _called(record: Record, impacts: Sequence[Record], id_: str) -> str:
    """After its first impact, or else the first service that it touches."""
    first = min(impacts, key=lambda one: str(one.get("startTime")), default={})
    services = record.get("serviceKeys")
    service = services[0] if isinstance(services, list) and services else None
    return _words(first.get("type")) or _words(service) or f"Incident {id_}"


def _words(key: object) -> str | None:
    """`performanceDegradationSubset` → `Performance degradation subset`."""
    text = fields.text({"key": _HUMP.sub(" ", key)}, "key") if isinstance(key, str) else None
    return text and text[:1].upper() + text[1:].lower()


def _impact(impacts: Sequence[Record]) -> Impact:
    """The worst of what goes on, or of all when it is over."""
    going_on = [one for one in impacts if fields.moment(one, "endTime") is None]
    told = [one.get("severity") for one in going_on or impacts]
    return worst_impact(fields.word("severity", one, IMPACT, Impact.UNKNOWN) for one in told)


def _phase(
    record: Record, impacts: Sequence[Record], updates: Sequence[Update]
) -> tuple[IncidentPhase, datetime | None]:
    """How far it is, and when the last of its impacts ended."""
    phase = fields.word("incident status", record.get("status"), STATE, IncidentPhase.UNKNOWN)
    ends = [found for one in impacts if (found := fields.moment(one, "endTime"))]
    if phase == IncidentPhase.RESOLVED or (impacts and len(ends) == len(impacts)):
        return IncidentPhase.RESOLVED, max(ends, default=None)
    said = [IncidentPhase(one.phase) for one in updates if one.phase != IncidentPhase.UNKNOWN]
    return said[-1] if said else phase, None


def _maintenance(record: Record, id_: str, where: Sequence[str], url: str) -> Maintenance:
    updates = _updates(record, "MaintenanceEvents", PLANNED_EVENTS, MaintenancePhase.UNKNOWN)
    kind = _words(fields.part(record, "message").get("maintenanceType"))
    return Maintenance(
        id=id_,
        title=fields.text(record, "name") or kind or f"Maintenance {id_}",
        phase=_progress(fields.strict_records(record.get("MaintenanceImpacts"), "an impact"), updates),
        starts_at=fields.moment(record, "plannedStartTime"),
        ends_at=fields.moment(record, "plannedEndTime"),
        url=f"{beside(url, SITE)}/maintenances/{id_}" if id_.isalnum() else None,
        component_ids=tuple(dict.fromkeys(where)),
        updates=updates,
    )


def _progress(impacts: Sequence[Record], updates: Sequence[Update]) -> MaintenancePhase:
    said = [MaintenancePhase(one.phase) for one in updates if one.phase != MaintenancePhase.UNKNOWN]
    if said and said[-1] == MaintenancePhase.CANCELED:
        return MaintenancePhase.CANCELED
    begun = [one for one in impacts if fields.moment(one, "startTime") is not None]
    if not begun:
        return MaintenancePhase.SCHEDULED
    over = all(fields.moment(one, "endTime") is not None for one in begun)
    return MaintenancePhase.COMPLETED if over else MaintenancePhase.IN_PROGRESS


def _updates(record: Record, name: str, phases: Mapping[str, _Phase], unknown: _Phase) -> tuple[Update, ...]:
    found = []
    for event in fields.strict_records(record.get(name), "an event"):
        posted_at, type_ = fields.moment(event, "createdAt"), event.get("type")
        if posted_at is not None:
            kind = type_ if isinstance(type_, str) else ""
            phase = next((phases[one] for one in phases if kind.startswith(one)), unknown)
            found.append(
                Update(
                    id=fields.key(event, "an event"),
                    phase=phase,
                    body=fields.body(event, "message") or _words(kind) or "",
                    posted_at=posted_at,
                )
            )
    return oldest_first(found)


ADAPTER = Adapter(
    name=NAME,
    title="Salesforce Trust",
    read=DocumentReader(wanted, parse),
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes, but planned work only of a page of one instance",
        history="none: what ended vanishes",
        cheap="validators and digests; 1.5 MB for all, little for one",
    ),
    hosts=("status.salesforce.com", "api.status.salesforce.com", "trust.salesforce.com"),
    paths=("/v1/instances/status/preview",),
    aliases=("salesforce-trust",),
)
