"""Rootly: `/api/v1/status.json` says how a page fares, `/api/v1/incidents.json` what is active, with its updates.

Both stand on the page's own domain alone. They look like a Statuspage's, with differences: what is active is all
there is, so that what ends vanishes; no component is told of; `major` is the worst indicator there is.
The guide's example and the reference don't agree: in the one, incidents and updates have no ids, and `started` is
a status; in the other they have, and the address of an incident ends in its id. So an incident is known by its id
or the end of its address, an update by its id or its time and phase. The status of an incident may be one of
Rootly's inner workings; its last update says more than that. Incidents without a name occur: the first line of
their first update stands for it. There is no list of maintenances; the words that are kept for planned work tell
them from incidents.
Sources: docs.rootly.com (status-page-public-api, status-page-write-api, api-reference/statuspages), two clients of
a live page (bentleypark/aiwatch, AstroQore/vibe-bar). There is no recorded page.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from adapters import fields, plain
from adapters.adapter import Adapter, Knows
from adapters.compose import compose, oldest_first
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import Document, DocumentReader
from adapters.schema import (
    OVER,
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

NAME = "rootly"
LONGEST_TITLE = 120

INDICATOR = {
    "none": Status.OPERATIONAL,
    "minor": Status.DEGRADED,
    "major": Status.MAJOR_OUTAGE,
    "critical": Status.MAJOR_OUTAGE,
    "maintenance": Status.MAINTENANCE,
}
IMPACT = {str(one): one for one in Impact if one is not Impact.UNKNOWN}
INNER = {
    "in_triage": IncidentPhase.INVESTIGATING,
    "started": IncidentPhase.INVESTIGATING,
    "detected": IncidentPhase.INVESTIGATING,
    "acknowledged": IncidentPhase.INVESTIGATING,
    "mitigated": IncidentPhase.MONITORING,
}
"""What Rootly calls the phases of an incident among those who handle it."""
PHASE = INNER | {
    "investigating": IncidentPhase.INVESTIGATING,
    "identified": IncidentPhase.IDENTIFIED,
    "monitoring": IncidentPhase.MONITORING,
    "resolved": IncidentPhase.RESOLVED,
    "closed": IncidentPhase.RESOLVED,
    "cancelled": IncidentPhase.RESOLVED,
}
MAINTENANCE_PHASE = {
    "scheduled": MaintenancePhase.SCHEDULED,
    "in_progress": MaintenancePhase.IN_PROGRESS,
    "verifying": MaintenancePhase.VERIFYING,
    "completed": MaintenancePhase.COMPLETED,
}

_Phase = TypeVar("_Phase", IncidentPhase, MaintenancePhase)


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `status`, and `incidents` where the page has it. Raises AdapterError."""
    status = fields.decode(documents["status"], "status.json")
    page, said = status.get("page"), status.get("status")
    if not isinstance(page, dict) or not isinstance(said, dict) or not isinstance(status.get("incidents"), list):
        raise AdapterError("this is not a Rootly page")
    if not isinstance(said.get("indicator"), str):
        raise AdapterError("status.json has no indicator")
    listed = _listed(documents, page)
    active = _by_id([*fields.records(listed.get("incidents")), *_strict(status)])
    whole = _is_whole(listed)
    indicator = fields.word("indicator", said["indicator"], INDICATOR, Status.UNKNOWN)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=fields.text(page, "name"),
        page_id=fields.text(page, "id"),
        status=None if indicator == Status.UNKNOWN else indicator,
        incidents=[_incident(one, record) for one, record in active.items() if not _is_planned(record)],
        maintenances=[_maintenance(one, record) for one, record in active.items() if _is_planned(record)],
        coverage=Coverage(active_incidents=whole, active_maintenances=whole),
    )


def _listed(documents: Mapping[str, bytes], page: Record) -> Record:
    """The list of what is active; empty where the page has none beside its status."""
    if "incidents" not in documents:
        return {}
    listed = fields.decode(documents["incidents"], "incidents.json")
    _strict(listed)
    theirs = fields.text(fields.part(listed, "page"), "id")
    if theirs and fields.text(page, "id") not in (None, theirs):
        raise AdapterError("incidents.json belongs to another page than status.json")
    return listed


def _strict(document: Record) -> list[Record]:
    if not isinstance(document.get("incidents"), list):
        raise AdapterError("incidents.json holds no list of them")
    return fields.strict_records(document["incidents"], "an incident")


def _is_whole(listed: Record) -> bool:
    """Whether there is no further page of the list."""
    pagination = listed.get("pagination")
    return not isinstance(pagination, dict) or not isinstance(pagination.get("next_page"), int)


def _by_id(records: Sequence[Record]) -> dict[str, Record]:
    """The first of each: the list comes before the status, which may leave updates out."""
    found: dict[str, Record] = {}
    for record in records:
        found.setdefault(_identity(record), record)
    return found


def _identity(record: Record) -> str:
    if record.get("id") is not None:
        return fields.key(record, "an incident")
    address = _address(record)
    *_, place, end = ("", "", *urlsplit(address).path.rstrip("/").split("/")) if address else ("", "")
    return fields.identity({"id": end if place == "incidents" else None}, "an incident")


def _address(record: Record) -> str | None:
    return fields.link(record, "shortlink") or fields.link(record, "url")


def _posts(record: Record) -> list[Record]:
    """Its updates, oldest first as far as they are listed newest first."""
    return fields.strict_records(record.get("incident_updates"), "an update")[::-1]


def _is_planned(record: Record) -> bool:
    """Whether it is planned work: by its first update, which stays as it is, else by its own status."""
    words = [*(one.get("status") for one in _posts(record)[:1]), record.get("status")]
    known = [one for one in words if isinstance(one, str) and (one in PHASE or one in MAINTENANCE_PHASE)]
    return bool(known) and known[0] in MAINTENANCE_PHASE


def _incident(one: str, record: Record) -> Incident:
    updates = _updates(record, "incident phase", PHASE, IncidentPhase.UNKNOWN)
    phase = _phase(record, updates, "incident phase", PHASE, IncidentPhase.UNKNOWN)
    over = [post.posted_at for post in updates if post.phase == IncidentPhase.RESOLVED]
    return Incident(
        id=one,
        title=_title(record, updates),
        impact=fields.word("impact", record.get("impact"), IMPACT, Impact.UNKNOWN),
        phase=phase,
        started_at=fields.moment(record, "started_at", "created_at"),
        resolved_at=fields.moment(record, "resolved_at") or (over[-1] if over else None)
        if phase in OVER
        else None,
        url=_address(record),
        updates=updates,
    )


def _maintenance(one: str, record: Record) -> Maintenance:
    updates = _updates(record, "maintenance phase", MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN)
    return Maintenance(
        id=one,
        title=_title(record, updates),
        phase=_phase(record, updates, "maintenance phase", MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN),
        starts_at=fields.moment(record, "scheduled_for", "started_at"),
        ends_at=fields.moment(record, "scheduled_until"),
        url=_address(record),
        updates=updates,
    )


def _phase(
    record: Record, updates: Sequence[Update], kind: str, phases: Mapping[str, _Phase], unknown: _Phase
) -> _Phase:
    """Its own; that of its last update where its own is not meant for the public, or unknown."""
    said = fields.word(kind, record.get("status"), phases, unknown)
    if said != unknown and record["status"] not in INNER:
        return said
    return type(unknown)(updates[-1].phase) if updates and updates[-1].phase != unknown else said


def _title(record: Record, updates: Sequence[Update]) -> str:
    first = next((one.body.split("\n")[0] for one in updates if one.body), "")
    return fields.text(record, "name") or plain.line(first)[:LONGEST_TITLE] or "(without a name)"


def _updates(record: Record, kind: str, phases: Mapping[str, _Phase], unknown: _Phase) -> tuple[Update, ...]:
    return oldest_first(
        _update(one, fields.word(kind, one.get("status"), phases, unknown)) for one in _posts(record)
    )


def _update(post: Record, phase: str) -> Update:
    posted_at = fields.moment(post, "display_at", "created_at", "updated_at")
    if posted_at is None:
        raise AdapterError("there is an update without a time")
    return Update(
        id=f"{rfc3339(posted_at)}/{phase}" if post.get("id") is None else fields.key(post, "an update"),
        phase=phase,
        body=fields.body(post, "body"),
        posted_at=posted_at,
    )


ADAPTER = Adapter(
    name=NAME,
    title="Rootly",
    read=DocumentReader(
        lambda base: {
            "status": Document(f"{base}/api/v1/status.json"),
            "incidents": Document(f"{base}/api/v1/incidents.json?per_page=100", needed=False),
        },
        parse,
    ),
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes, up to 100 incidents; components are not told",
        history="none: what ended vanishes",
        cheap="validators and digests of two small documents",
    ),
    marks=("status-pages--v2--",),
    paths=("/api/v1/status.json",),
)
