"""Heroku: `/api/v4/current-status` has the systems, what is open and what is planned; `/api/v4/incidents` more.

A system is green, yellow, red or blue (under maintenance), and its name is its id. What is over has the state
"resolved", often with `resolved` false and `resolved_at` null beside it; when it ended is then told by the
update of that type. The type of an update is its phase, but for a mere "update"; they stand newest first. How
bad an incident is, its systems say, on older pages its updates (of production and development apart). Planned
work has no times but in prose, and may stay "upcoming" for weeks after its last update said that it is done:
only the systems' colours tell that work is under way. On the list of past incidents only what is over is
believed.
Sources: a recorded document, Heroku's own command line client, and notes on live documents by public clients.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from adapters import fields
from adapters.adapter import Adapter, Knows
from adapters.compose import LONG_AGO, compose, oldest_first, worst_impact
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
    Maintenance,
    MaintenancePhase,
    Snapshot,
    Status,
    Update,
    rfc3339,
)

NAME = "heroku"
MOST_PAST = 25

_Phase = TypeVar("_Phase", IncidentPhase, MaintenancePhase)

STATUS = {
    "green": Status.OPERATIONAL,
    "blue": Status.MAINTENANCE,
    "yellow": Status.DEGRADED,
    "red": Status.MAJOR_OUTAGE,
}
IMPACT = {"green": Impact.NONE, "blue": Impact.NONE, "yellow": Impact.MINOR, "red": Impact.CRITICAL}
PHASE = {
    "investigating": IncidentPhase.INVESTIGATING,
    "issue": IncidentPhase.IDENTIFIED,
    "identified": IncidentPhase.IDENTIFIED,
    "monitoring": IncidentPhase.MONITORING,
    "resolved": IncidentPhase.RESOLVED,
    "open": IncidentPhase.UNKNOWN,
    "update": IncidentPhase.UNKNOWN,
}
"""An "issue" is one that was confirmed."""
PLANNED = {
    "upcoming": MaintenancePhase.SCHEDULED,
    "scheduled": MaintenancePhase.SCHEDULED,
    "resolved": MaintenancePhase.COMPLETED,
    "completed": MaintenancePhase.COMPLETED,
    "open": MaintenancePhase.UNKNOWN,
    "update": MaintenancePhase.UNKNOWN,
}


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `current-status`, and `incidents` where the page has them. Raises AdapterError."""
    current = fields.decode(documents["current-status"], "current-status")
    systems, listed = current.get("status"), current.get("incidents")
    if not isinstance(systems, list) or not systems or not isinstance(listed, list):
        raise AdapterError("this is not Heroku's status page")
    scheduled = current.get("scheduled")
    planned = [_maintenance(one) for one in fields.strict_records(scheduled, "a maintenance")]
    past = _past(documents)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name="Heroku",
        components=[_component(one) for one in fields.strict_records(systems, "a system")],
        incidents=[*(_incident(one) for one in fields.strict_records(listed, "an incident")), *(past or ())],
        maintenances=planned,
        coverage=Coverage(
            active_incidents=True,
            active_maintenances=isinstance(scheduled, list),
            past_incidents=past is not None,
        ),
    )


def _past(documents: Mapping[str, bytes]) -> list[Incident] | None:
    """The incidents that are over; None where the page doesn't list them."""
    if "incidents" not in documents:
        return None
    listed = fields.strict_records(fields.decode_list(documents["incidents"], "incidents"), "an incident")
    incidents = [_incident(one) for one in listed if not _is_planned(one)]
    return [one for one in incidents if one.phase in OVER]


def _is_planned(record: Record) -> bool:
    updates = fields.records(record.get("updates"))
    return record.get("state") == "upcoming" or any(one.get("update_type") == "scheduled" for one in updates)


def _component(record: Record) -> Component:
    name = fields.name(record, "a system", "system")
    return Component(
        id=fields.identity({"id": name}, "a system"),
        name=name,
        status=fields.word("system status", record.get("status"), STATUS, Status.UNKNOWN),
    )


def _incident(record: Record) -> Incident:
    updates = _updates(record, "incident phase", PHASE, IncidentPhase.UNKNOWN)
    phase = IncidentPhase.RESOLVED if _is_over(record) else _phase(record, updates)
    return Incident(
        id=fields.key(record, "an incident"),
        title=fields.name(record, "an incident", "title"),
        impact=_impact(record, phase),
        phase=phase,
        started_at=fields.moment(record, "created_at"),
        resolved_at=_ended(record, updates) if phase == IncidentPhase.RESOLVED else None,
        url=fields.link(record, "full_url"),
        component_ids=_systems(record),
        updates=updates,
    )


def _phase(record: Record, updates: tuple[Update, ...]) -> IncidentPhase:
    """What its state says, or else the last update that says it. What is open isn't over, whatever was posted."""
    state = record.get("state")
    unsaid = {IncidentPhase.UNKNOWN} | ({IncidentPhase.RESOLVED} if state == "open" else set())
    said = [IncidentPhase(one.phase) for one in updates if one.phase not in unsaid]
    phase = fields.word("incident phase", state, PHASE, IncidentPhase.UNKNOWN)
    return said[-1] if phase == IncidentPhase.UNKNOWN and said else phase


def _is_over(record: Record) -> bool:
    return record.get("resolved") is True or fields.moment(record, "resolved_at") is not None


def _ended(record: Record, updates: tuple[Update, ...]) -> datetime | None:
    told = [one.posted_at for one in updates if one.phase == IncidentPhase.RESOLVED]
    return fields.moment(record, "resolved_at") or (told[-1] if told else None)


def _maintenance(record: Record) -> Maintenance:
    phase = fields.word("maintenance phase", record.get("state"), PLANNED, MaintenancePhase.UNKNOWN)
    return Maintenance(
        id=fields.key(record, "a maintenance"),
        title=fields.name(record, "a maintenance", "title"),
        phase=MaintenancePhase.COMPLETED if _is_over(record) else phase,
        url=fields.link(record, "full_url"),
        component_ids=_systems(record),
        updates=_updates(record, "maintenance phase", PLANNED, MaintenancePhase.UNKNOWN),
    )


def _updates(record: Record, kind: str, phases: Mapping[str, _Phase], unknown: _Phase) -> tuple[Update, ...]:
    found = []
    for update in fields.strict_records(record.get("updates"), "an update"):
        posted_at = fields.moment(update, "created_at")
        if posted_at is not None:
            found.append(
                Update(
                    id=rfc3339(posted_at) if update.get("id") is None else fields.key(update, "an update"),
                    phase=fields.word(kind, update.get("update_type"), phases, unknown),
                    body=fields.body(update, "contents"),
                    posted_at=posted_at,
                )
            )
    return oldest_first(found)


def _impact(record: Record, phase: IncidentPhase) -> Impact:
    """The worst of its systems, or else what an update said, the last that said anything bad. Once it is over,
    systems that are green again say nothing."""
    now = _worst(record.get("systems"), "status")
    updates = sorted(
        fields.records(record.get("updates")),
        key=lambda one: fields.moment(one, "created_at") or LONG_AGO,
        reverse=True,
    )
    then = [_worst([one], "status_prod", "status_dev") for one in updates]
    told = then if phase in OVER and now == Impact.NONE else [now, *then]
    bad = (one for one in told if one not in (Impact.UNKNOWN, Impact.NONE))
    return next(bad, worst_impact(told))


def _worst(listed: object, *names: str) -> Impact:
    colours = [one.get(name) for one in fields.records(listed) for name in names]
    return worst_impact(fields.word("impact", one, IMPACT, Impact.UNKNOWN) for one in colours)


def _systems(record: Record) -> tuple[str, ...]:
    names = [fields.text(one, "name") for one in fields.records(record.get("systems"))]
    return tuple(dict.fromkeys(one for one in names if one and len(one) <= fields.LONGEST_ID))


ADAPTER = Adapter(
    name=NAME,
    title="Heroku",
    read=DocumentReader(
        lambda base: {
            "current-status": Document(f"{base}/api/v4/current-status"),
            "incidents": Document(f"{base}/api/v4/incidents?limit={MOST_PAST}", needed=False),
        },
        parse,
    ),
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes; planned work may stay listed after it is done",
        history="the last 25 incidents",
        cheap="validators and digests of two documents",
    ),
    hosts=("status.heroku.com",),
    paths=("/api/v4/current-status",),
    aliases=("heroku-v4",),
)
