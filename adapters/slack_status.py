"""Slack: `/api/v2.0.0/current` lists everything that is active, `/api/v2.0.0/history` what was before.

Nothing tells how bad an incident is but its type: a notice is information, an outage says that something is out,
and an incident may be anything. What is open is just "active", with no phase; planned work stands among it, as
scheduled, completed or cancelled, and its window is told in prose only. Notes are HTML and have no ids: each is
known by its time. When something ended isn't told either: the last note on it says so, while `date_updated` also
moves when a summary is mended days later. Services are names: those that Slack documents always stand as
components, as bad as what is active says, with any other name as long as it is affected.
Sources: docs.slack.dev/reference/slack-status-api, recorded documents, and public clients of the API.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from adapters import fields, phrases
from adapters.adapter import Adapter, Knows
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
    Maintenance,
    MaintenancePhase,
    Snapshot,
    Status,
    Update,
    rfc3339,
)

NAME = "slack"

SERVICES = (
    "Login/SSO",
    "Messaging",
    "Notifications",
    "Search",
    "Workspace/Org Administration",
    "Canvases",
    "Connectivity",
    "Files",
    "Huddles",
    "Apps/Integrations/APIs",
    "Workflows",
)
IMPACT = {"notice": Impact.NONE, "incident": Impact.UNKNOWN, "outage": Impact.MAJOR}
PHASE = {"active": IncidentPhase.UNKNOWN, "resolved": IncidentPhase.RESOLVED}
PLANNED = {
    "scheduled": MaintenancePhase.SCHEDULED,
    "completed": MaintenancePhase.COMPLETED,
    "cancelled": MaintenancePhase.CANCELED,
}
UNDER_WAY = {"active": MaintenancePhase.IN_PROGRESS, "resolved": MaintenancePhase.COMPLETED} | PLANNED
"""What the phases of an incident mean where the type says that it is a maintenance."""

_BELOW = re.compile(r"/\d{4}-\d\d(?:/\w+)?$", re.ASCII)
"""The page of an incident."""


def wanted(url: str) -> dict[str, Document]:
    """The documents of the page."""
    api = f"{_BELOW.sub('', url)}/api/v2.0.0"
    return {"current": Document(f"{api}/current"), "history": Document(f"{api}/history", needed=False)}


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `current`, and `history` where the page has it. Raises AdapterError."""
    current = fields.decode(documents["current"], "current")
    said, active = current.get("status"), current.get("active_incidents")
    if not isinstance(said, str) or not isinstance(active, list):
        raise AdapterError("this is not Slack's status page")
    listed = fields.strict_records(active, "an incident")
    told = [*listed, *_history(documents)]
    incidents = [_incident(one) for one in told if not _is_planned(one)]
    maintenances = [_maintenance(one) for one in told if _is_planned(one)]
    fine = said == "ok" or bool(listed)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name="Slack",
        components=_components(incidents, maintenances, Status.OPERATIONAL if fine else Status.UNKNOWN),
        incidents=incidents,
        maintenances=maintenances,
        coverage=Coverage(active_incidents=True, active_maintenances=True, past_incidents="history" in documents),
    )


def _history(documents: Mapping[str, bytes]) -> list[Record]:
    if "history" not in documents:
        return []
    return fields.strict_records(fields.decode_list(documents["history"], "history"), "an incident")


def _is_planned(record: Record) -> bool:
    """Its type or its status says so; while it is under way, of a notice the title alone may."""
    kind, title = record.get("type"), record.get("title")
    said = kind == "notice" and isinstance(title, str) and phrases.is_work(title)
    return said or kind == "maintenance" or record.get("status") in tuple(PLANNED)


def _incident(record: Record) -> Incident:
    updates = _updates(record)
    phase = fields.word("incident phase", record.get("status"), PHASE, IncidentPhase.UNKNOWN)
    return Incident(
        id=fields.key(record, "an incident"),
        title=fields.name(record, "an incident", "title"),
        impact=fields.word("incident type", record.get("type"), IMPACT, Impact.UNKNOWN),
        phase=phase,
        started_at=fields.moment(record, "date_created"),
        resolved_at=_last_word(record, updates) if phase == IncidentPhase.RESOLVED else None,
        url=fields.link(record, "url"),
        component_ids=_services(record),
        updates=updates,
    )


def _maintenance(record: Record) -> Maintenance:
    return Maintenance(
        id=fields.key(record, "a maintenance"),
        title=fields.name(record, "a maintenance", "title"),
        phase=fields.word("maintenance phase", record.get("status"), UNDER_WAY, MaintenancePhase.UNKNOWN),
        url=fields.link(record, "url"),
        component_ids=_services(record),
        updates=_updates(record),
    )


def _updates(record: Record) -> tuple[Update, ...]:
    """The notes. A further one of the same second is numbered."""
    found: dict[str, Update] = {}
    for note in fields.strict_records(record.get("notes"), "a note"):
        posted_at = fields.moment(note, "date_created")
        if posted_at is not None:
            id_ = rfc3339(posted_at)
            same = sum(one.posted_at == posted_at for one in found.values())
            id_ = f"{id_}/{same + 1}" if same else id_
            found[id_] = Update(
                id=id_, phase=IncidentPhase.UNKNOWN, body=fields.body(note, "body"), posted_at=posted_at
            )
    return oldest_first(found.values())


def _last_word(record: Record, updates: tuple[Update, ...]) -> datetime | None:
    return updates[-1].posted_at if updates else fields.moment(record, "date_updated")


def _services(record: Record) -> tuple[str, ...]:
    """The names of the services that it affects, each once."""
    listed = record.get("services")
    names = [fields.text({"name": one}, "name") for one in listed] if isinstance(listed, list) else []
    return tuple(dict.fromkeys(one for one in names if one and len(one) <= fields.LONGEST_ID))


def _components(
    incidents: Iterable[Incident], maintenances: Iterable[Maintenance], otherwise: Status
) -> list[Component]:
    """Slack's services, each as bad as the worst that is active says."""
    found: dict[str, list[Status]] = {name: [otherwise] for name in SERVICES}
    for incident in incidents:
        if incident.phase not in OVER:
            for name in incident.component_ids:
                found.setdefault(name, []).append(OF_IMPACT[incident.impact])
    for maintenance in maintenances:
        if maintenance.phase == MaintenancePhase.IN_PROGRESS:
            for name in maintenance.component_ids:
                found.setdefault(name, []).append(Status.MAINTENANCE)
    return [Component(id=name, name=name, status=worst(statuses)) for name, statuses in found.items()]


ADAPTER = Adapter(
    name=NAME,
    title="Slack",
    read=DocumentReader(wanted, parse),
    parse=parse,
    knows=Knows(
        stable_ids="yes; updates by their time",
        complete="yes",
        history="the last few dozen incidents",
        cheap="validators and digests of two small documents",
    ),
    hosts=("slack-status.com", "status.slack.com"),
    paths=("/api/v2.0.0/current", "/api/v2.0.0/history"),
    aliases=("slack-v2",),
)
