"""incident.io: its own summary of what is active (`/api/v1/summary`), and its copy of Statuspage's documents.

Most pages have the copy (`/api/v2/…`), which leaves out maintenances, and which components an incident concerns.
A page whose owner enabled the widget API has its own summary, which names both, but lists no component that is
well, no former updates, and nothing that is over. So:

- A page that has the copy is read from it. Incidents and updates have the copy's ids, which stay the same when an
  incident ends and `incidents.json` alone tells of it. The page's own summary may call the same incident by
  another id, so it adds no incidents; one with the same id (or, while it is active, the same name) gets its web
  address and its components from there. Maintenances, with their ids, are those of the own summary wherever there
  is one.
- A page without the copy is read from its own summary alone: what ends vanishes, the newest post is its only
  update, known by its time. Which of both it is, is found out once and remembered: the ids must not change.

Page ids are ULIDs; a copy with another id belongs to somebody else. A ULID begins with the moment at which it was
made: each of 31 recorded incidents agrees with its `created_at` to the second.
Sources: docs.incident.io (widget-api, embedding, status-page-incidents-v2, status-page-maintenances-v2), public
clients of the widget API with examples of its answer, and recorded documents of one page.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows
from adapters.compose import LONG_AGO, compose
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
    Update,
    rfc3339,
)
from adapters.statuspage_parse import INCIDENT_PHASE, assemble

NAME = "incidentio"
COPY = "/api/v2/summary.json"
OWN = "/api/v1/summary"

IMPACT = {
    "operational": Impact.NONE,
    "under_maintenance": Impact.NONE,
    "degraded_performance": Impact.MINOR,
    "partial_outage": Impact.MAJOR,
    "full_outage": Impact.CRITICAL,
}
MAINTENANCE_PHASE = {
    "maintenance_scheduled": MaintenancePhase.SCHEDULED,
    "maintenance_in_progress": MaintenancePhase.IN_PROGRESS,
    "maintenance_complete": MaintenancePhase.COMPLETED,
}
PLANNED = {
    "in_progress_maintenances": MaintenancePhase.IN_PROGRESS,
    "scheduled_maintenances": MaintenancePhase.SCHEDULED,
}
"""The lists of maintenances, and how far those are that say nothing else of it."""

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = re.compile(rf"[0-7][{_DIGITS}]{{25}}")

Parts = Mapping[str, str] | None
"""The page's components by their ids and by those names that only one has; None where it lists none."""


async def locate(url: str, getter: Getter) -> str:
    """The page's address where it has the copy, else the address of its own summary."""
    answer = await getter.get(f"{url}{COPY}")
    return url if answer.status == 200 else f"{url}{OWN}"


def documents(place: str) -> Mapping[str, Document]:
    """Those of the copy, which the page's own summary adds to, or the latter alone."""
    if place.endswith(OWN):
        return {"own summary": Document(place)}
    return {
        "summary": Document(f"{place}{COPY}"),
        "incidents": Document(f"{place}/api/v2/incidents.json", needed=False),
        "own summary": Document(f"{place}{OWN}", needed=False, guarded=True),
    }


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `summary` (the copy's) or `own summary`, or both, and `incidents`. Raises AdapterError."""
    if "summary" not in documents:
        return _alone(documents, url=url, read_at=read_at)
    copy = {
        one: fields.decode(documents[one], f"{one}.json") for one in ("summary", "incidents") if one in documents
    }
    _demand_page(copy["summary"])
    snapshot = assemble(copy, url=url, read_at=read_at, gone=frozenset(), adapter=NAME)
    try:
        own = _own(documents)
    except AdapterError:  # an error page: the copy is whole without it
        own = None
    return snapshot if own is None else _with_own(snapshot, own)


def _demand_page(summary: Record) -> None:
    found = fields.part(summary, "page").get("id")
    if not isinstance(found, str):
        raise AdapterError("this is not an incident.io page: it has no id")
    if not _ULID.fullmatch(found):
        raise AdapterError("this is a Statuspage, not an incident.io page")


def _own(documents: Mapping[str, bytes]) -> Record | None:
    """The page's own summary, None where there is none."""
    if "own summary" not in documents:
        return None
    own = fields.decode(documents["own summary"], "/api/v1/summary")
    if "ongoing_incidents" not in own or not any(fields.text(own, one) for one in ("page_title", "page_url")):
        raise AdapterError("this is not an incident.io page: its summary lacks its title or its incidents")
    for name in ("ongoing_incidents", *PLANNED):
        if not isinstance(own.get(name), list | None):
            raise AdapterError(f"{name} is not a list")
    return own


def _alone(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """A page that has its own summary only."""
    own = _own(documents)
    if own is None:
        raise AdapterError("there is no incident.io page at this address")
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=fields.text(own, "page_title"),
        incidents=[_incident(one, None) for one in _ongoing(own)],
        maintenances=_maintenances(own, None),
        coverage=Coverage(active_incidents=True, active_maintenances=_lists_planned(own), some_updates=True),
        calm=True,
    )


def _with_own(snapshot: Snapshot, own: Record) -> Snapshot:
    """What the copy says, with what the page's own summary adds."""
    parts = _parts(snapshot.components)
    ongoing = [_incident(one, parts) for one in _ongoing(own)]
    added: dict[str, object] = {"incidents": tuple(_completed(one, ongoing) for one in snapshot.incidents)}
    if _lists_planned(own):
        added["maintenances"] = _planned(snapshot.maintenances, _maintenances(own, parts))
        added["coverage"] = snapshot.coverage.model_copy(update={"active_maintenances": True})
    return snapshot.model_copy(update=added)


def _completed(incident: Incident, ongoing: Sequence[Incident]) -> Incident:
    """An incident of the copy's, with the address and the components that the page's own summary gives it."""
    same = [one for one in ongoing if one.id == incident.id]
    if not same and incident.phase not in OVER:
        same = [one for one in ongoing if one.title == incident.title]
    if len(same) != 1:
        return incident
    return incident.model_copy(
        update={
            "url": incident.url or same[0].url,
            "component_ids": incident.component_ids or same[0].component_ids,
            "impact": same[0].impact if incident.impact == Impact.UNKNOWN else incident.impact,
        }
    )


def _planned(copied: Sequence[Maintenance], listed: Sequence[Maintenance]) -> tuple[Maintenance, ...]:
    """The maintenances that the page's own summary lists, with their updates where the copy has them, and those
    that the copy says are over."""
    told = {one.id: one.updates for one in copied}
    active = {one.id: one.model_copy(update={"updates": told.get(one.id) or one.updates}) for one in listed}
    over = {one.id: one for one in copied if one.phase in OVER}
    return tuple(
        sorted((active | over).values(), key=lambda one: (one.starts_at or LONG_AGO, one.id), reverse=True)
    )


def _parts(components: Sequence[Component] | None) -> Parts:
    if components is None:
        return None
    names = Counter(one.name for one in components)
    return {one.name: one.id for one in components if names[one.name] == 1} | {
        one.id: one.id for one in components
    }


def _ongoing(own: Record) -> list[Record]:
    return fields.strict_records(own.get("ongoing_incidents"), "an incident")


def _lists_planned(own: Record) -> bool:
    return all(name in own for name in PLANNED)


def _maintenances(own: Record, parts: Parts) -> list[Maintenance]:
    return [
        _maintenance(one, phase, parts)
        for name, phase in PLANNED.items()
        for one in fields.strict_records(own.get(name), "a maintenance")
    ]


def _incident(record: Record, parts: Parts) -> Incident:
    one = fields.identity(record, "an incident")
    phase = fields.word("incident phase", record.get("status"), INCIDENT_PHASE, IncidentPhase.UNKNOWN)
    return Incident(
        id=one,
        title=fields.name(record, "an incident"),
        impact=fields.word("impact", record.get("current_worst_impact"), IMPACT, Impact.UNKNOWN),
        phase=phase,
        started_at=made_at(one),
        url=fields.link(record, "url"),
        component_ids=_affected(record, parts),
        updates=_newest(record, phase),
    )


def _maintenance(record: Record, phase: MaintenancePhase, parts: Parts) -> Maintenance:
    said = fields.word("maintenance phase", record.get("status"), MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN)
    phase = phase if said == MaintenancePhase.UNKNOWN else said
    return Maintenance(
        id=fields.identity(record, "a maintenance"),
        title=fields.name(record, "a maintenance"),
        phase=phase,
        starts_at=fields.moment(record, "started_at", "starts_at"),
        ends_at=fields.moment(record, "scheduled_end_at", "ends_at"),
        url=fields.link(record, "url"),
        component_ids=_affected(record, parts),
        updates=_newest(record, phase),
    )


def _newest(record: Record, phase: str) -> tuple[Update, ...]:
    """The newest post, which is all that is told of them. Its time is its id: the phase may move on without it."""
    posted_at, body = fields.moment(record, "last_update_at"), fields.body(record, "last_update_message")
    if posted_at is None or not body:
        return ()
    return (Update(id=rfc3339(posted_at), phase=phase, body=body, posted_at=posted_at),)


def _affected(record: Record, parts: Parts) -> tuple[str, ...]:
    """The components that are affected, by the ids that the page lists them by; those that it doesn't are left
    out."""
    found: dict[str, None] = {}
    for one in fields.records(record.get("affected_components")):
        own = one.get("id")
        if not isinstance(own, str) or not own or not own.isprintable():
            continue
        known = own if parts is None else parts.get(own) or parts.get(fields.text(one, "name") or "")
        if known:
            found[known] = None
    return tuple(found)


def made_at(ulid: str) -> datetime | None:
    """The moment that a ULID begins with, to the second as the page tells its times; None for another id."""
    if not _ULID.fullmatch(ulid):
        return None
    milliseconds = 0
    for digit in ulid[:10]:
        milliseconds = milliseconds * 32 + _DIGITS.index(digit)
    moment = fields.epoch(milliseconds)
    return moment.replace(microsecond=0) if moment else None


ADAPTER = Adapter(
    name=NAME,
    title="incident.io",
    read=DocumentReader(documents, parse, locate),
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes; maintenances only where the widget API is enabled",
        history="about 30 incidents; none on pages with the widget API alone",
        cheap="validators and digests of three documents",
    ),
    hosts=("statuspage.incident.io",),
    marks=("component_uptimes", "component_impacts"),
    guessed=True,
    aliases=("incident.io", "incidentio-compat"),
)
