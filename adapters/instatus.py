"""Instatus: `summary.json` lists what is active and nothing else; `components.json` stands beside it.

Read as a Statuspage (it answers that path too) such a page would be "always operational". Keys are absent where
their lists are empty. What ends just vanishes, and no updates are told.
Sources: instatus.com/help/api and a recorded page.
"""

from collections.abc import Mapping
from datetime import datetime

from adapters import fields
from adapters.adapter import Adapter, Knows
from adapters.compose import compose
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
)

NAME = "instatus"

STATUS = {
    "OPERATIONAL": Status.OPERATIONAL,
    "UNDERMAINTENANCE": Status.MAINTENANCE,
    "DEGRADEDPERFORMANCE": Status.DEGRADED,
    "PARTIALOUTAGE": Status.PARTIAL_OUTAGE,
    "MINOROUTAGE": Status.PARTIAL_OUTAGE,
    "MAJOROUTAGE": Status.MAJOR_OUTAGE,
}
PAGE_STATUS = {"UP": Status.OPERATIONAL, "UNDERMAINTENANCE": Status.MAINTENANCE}
"""HASISSUES, ONEMAJOROUTAGE and their like count parts without saying how bad it is: what is listed decides."""
IMPACT = {
    "OPERATIONAL": Impact.NONE,
    "UNDERMAINTENANCE": Impact.NONE,
    "DEGRADEDPERFORMANCE": Impact.MINOR,
    "PARTIALOUTAGE": Impact.MAJOR,
    "MINOROUTAGE": Impact.MAJOR,
    "MAJOROUTAGE": Impact.CRITICAL,
}
PHASE = {
    "INVESTIGATING": IncidentPhase.INVESTIGATING,
    "IDENTIFIED": IncidentPhase.IDENTIFIED,
    "MONITORING": IncidentPhase.MONITORING,
    "RESOLVED": IncidentPhase.RESOLVED,
}
MAINTENANCE_PHASE = {
    "NOTSTARTEDYET": MaintenancePhase.SCHEDULED,
    "INPROGRESS": MaintenancePhase.IN_PROGRESS,
    "VERIFYING": MaintenancePhase.VERIFYING,
    "COMPLETED": MaintenancePhase.COMPLETED,
}


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `summary`, and `components` where the page has them. Raises AdapterError."""
    summary = fields.decode(documents["summary"], "summary.json")
    page = summary.get("page")
    if not isinstance(page, dict) or not isinstance(page.get("status"), str) or "status" in summary:
        raise AdapterError("this is not an Instatus page")
    said = PAGE_STATUS.get(page["status"], Status.UNKNOWN)
    components = _components(documents)
    incidents = [_incident(one) for one in fields.strict_records(summary.get("activeIncidents"), "an incident")]
    planned = fields.strict_records(summary.get("activeMaintenances"), "a maintenance")
    trouble = any(one.status != Status.OPERATIONAL for one in components or ()) or incidents
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=fields.text(page, "name"),
        status=said if said != Status.UNKNOWN or not trouble else None,
        components=components,
        incidents=incidents,
        maintenances=[_maintenance(one) for one in planned],
        coverage=Coverage(active_incidents=True, active_maintenances=True),
    )


def _components(documents: Mapping[str, bytes]) -> list[Component] | None:
    if "components" not in documents:
        return None
    listed = fields.decode(documents["components"], "components.json").get("components")
    return [
        Component(
            id=fields.identity(one, "a component"),
            name=fields.name(one, "a component"),
            group=_group(one),
            description=fields.body(one, "description") or None,
            status=fields.word("component status", one.get("status"), STATUS, Status.UNKNOWN),
        )
        for one in fields.strict_records(listed, "a component")
        if one.get("isParent") is not True
    ]


def _group(record: Record) -> str | None:
    group = record.get("group")
    return fields.text(group, "name") if isinstance(group, dict) else None


def _incident(record: Record) -> Incident:
    return Incident(
        id=fields.identity(record, "an incident"),
        title=fields.name(record, "an incident"),
        impact=fields.word("impact", record.get("impact"), IMPACT, Impact.UNKNOWN),
        phase=fields.word("incident phase", record.get("status"), PHASE, IncidentPhase.UNKNOWN),
        started_at=fields.moment(record, "started"),
        url=fields.link(record, "url"),
    )


def _maintenance(record: Record) -> Maintenance:
    starts_at, minutes = fields.moment(record, "start"), fields.number(record, "duration")
    return Maintenance(
        id=fields.identity(record, "a maintenance"),
        title=fields.name(record, "a maintenance"),
        phase=fields.word("maintenance phase", record.get("status"), MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN),
        starts_at=starts_at,
        ends_at=fields.later(starts_at, minutes=minutes),
        url=fields.link(record, "url"),
    )


ADAPTER = Adapter(
    name=NAME,
    title="Instatus",
    read=DocumentReader(
        lambda base: {
            "summary": Document(f"{base}/summary.json"),
            "components": Document(f"{base}/v2/components.json", needed=False),
        },
        parse,
    ),
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes",
        history="none: what ended vanishes",
        cheap="validators and digests of two small documents",
    ),
    hosts=(".instatus.com",),
    marks=("instatus.com",),
    guessed=True,
)
