"""Better Stack (formerly Better Uptime): `index.json`, a JSON:API document with everything that the page shows.

`data` is the page; sections, resources (components), status reports and their updates stand in `included` and are
joined by `relationships`. Reports of every kind (manual, automatic, maintenance) stand together, past ones too.
- `ends_at` stays null on manual reports that are over: `aggregate_state` (`resolved`) is what counts.
- Reports have no phases. What an update says of the affected resources tells trouble from its end, nothing more.
- A maintenance is `maintenance` when it is announced and when it is under way: the state of its resources and the
  clock tell which.
- A resource may be down without any report (its monitor says so): it is a component that is down, and no incident.
- Updates stand in any order. `updated_at` is when somebody last edited the page. Times are in UTC (`Z`).
Sources: betterstack.com/docs/uptime (JSON API status; status page reports API) and a recorded page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows, Page
from adapters.address import normalize_url
from adapters.compose import compose, oldest_first, worst_impact
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
    Past,
    PastDay,
    Snapshot,
    Status,
    Update,
)

NAME = "betterstack"

STATUS = {
    "operational": Status.OPERATIONAL,
    "degraded": Status.DEGRADED,
    "downtime": Status.MAJOR_OUTAGE,
    "maintenance": Status.MAINTENANCE,
    "not_monitored": Status.UNKNOWN,
}
OF_TROUBLE = {
    "degraded": Impact.MINOR,
    "downtime": Impact.CRITICAL,
    "operational": Impact.NONE,
    "resolved": Impact.NONE,
    "maintenance": Impact.NONE,
    "not_monitored": Impact.NONE,
}
"""What a report, or an update, may say of a resource that it affects."""
ENDED = ("resolved", "operational")
"""What an incident's report says of all of it when it is over."""

_Phase = TypeVar("_Phase", IncidentPhase, MaintenancePhase)


@dataclass(frozen=True)
class _Listed:
    """What is included, by its type and its id."""

    sections: Mapping[str, Record]
    resources: Mapping[str, Record]
    reports: Mapping[str, Record]
    updates: Mapping[str, Record]


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `index`. Raises AdapterError."""
    index = fields.decode(documents["index"], "index.json")
    page = index.get("data")
    if not isinstance(page, dict) or page.get("type") != "status_page":
        raise AdapterError("this is not a Better Stack page")
    listed, about = _listed(index.get("included")), _attributes(page)
    components = [_component(id, one, listed) for id, one in listed.resources.items()]
    statuses = {one.id: one.status for one in components}
    incidents = [_incident(id, one, listed, read_at) for id, one in listed.reports.items() if not _planned(one)]
    planned = {id: one for id, one in listed.reports.items() if _planned(one)}
    complete = listed.reports.keys() >= set(_related(page, "status_reports"))
    said = fields.word("page status", about.get("aggregate_state"), STATUS, Status.UNKNOWN)
    wrong = set(statuses.values()) - {Status.OPERATIONAL, Status.UNKNOWN}
    trouble = wrong or any(one.phase not in OVER for one in incidents)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=fields.text(about, "company_name"),
        page_id=fields.key(page, "a page"),
        status=said if said != Status.UNKNOWN or not trouble else None,
        components=components,
        incidents=incidents,
        maintenances=[_maintenance(id, one, listed, statuses, read_at) for id, one in planned.items()],
        coverage=Coverage(active_incidents=complete, active_maintenances=complete, past_incidents=True),
    )


def _listed(included: object) -> _Listed:
    if not isinstance(included, list):
        raise AdapterError("index.json lacks its list of what is included")
    found: dict[str, dict[str, Record]] = {}
    for one in fields.strict_records(included, "a resource"):
        id = fields.key(one, "a resource")
        found.setdefault(str(one.get("type")), {}).setdefault(id, one)
    return _Listed(
        sections=found.get("status_page_section", {}),
        resources=found.get("status_page_resource", {}),
        reports=found.get("status_report", {}),
        updates=found.get("status_update", {}),
    )


def _attributes(record: Record) -> Record:
    return fields.part(record, "attributes")


def _related(record: Record, name: str) -> list[str]:
    """The ids that a record's relationship names."""
    linked = fields.part(fields.part(record, "relationships"), name).get("data")
    return [fields.key(one, "a relationship") for one in fields.records(linked)]


def _component(id: str, record: Record, listed: _Listed) -> Component:
    about = _attributes(record)
    section = listed.sections.get(str(about.get("status_page_section_id")), {})
    return Component(
        id=id,
        name=fields.name(about, "a resource", "public_name"),
        group=fields.text(_attributes(section), "name"),
        description=fields.body(about, "explanation") or None,
        status=fields.word("component status", about.get("status"), STATUS, Status.UNKNOWN),
    )


def _title(about: Record, posts: Mapping[str, Record], listed: _Listed) -> str:
    """Its own, or the names of what it affects."""
    named = [_attributes(listed.resources.get(id, {})) for id in _affected(about, posts)]
    names = ", ".join(name for one in named if (name := fields.text(one, "public_name")))
    return fields.text(about, "title") or names or "(without a title)"


def _planned(report: Record) -> bool:
    return _attributes(report).get("report_type") == "maintenance"


def _incident(id: str, report: Record, listed: _Listed, read_at: datetime) -> Incident:
    about, posts = _attributes(report), _posts(report, listed)
    updates = _updates(posts, IncidentPhase.RESOLVED, IncidentPhase.UNKNOWN)
    ended_at = fields.moment(about, "ends_at")
    over = about.get("aggregate_state") in ENDED or (ended_at is not None and ended_at <= read_at)
    return Incident(
        id=id,
        title=_title(about, posts, listed),
        impact=_impact([about, *map(_attributes, posts.values())]),
        phase=IncidentPhase.RESOLVED if over else IncidentPhase.UNKNOWN,
        started_at=fields.moment(about, "starts_at"),
        resolved_at=(ended_at or _resolved_at(updates)) if over else None,
        component_ids=_affected(about, posts),
        updates=updates,
    )


def _impact(told: Sequence[Record]) -> Impact:
    """The worst that the report and its updates say of a resource: its end doesn't make an incident harmless."""
    words = [one.get("status") for record in told for one in _told_of(record)]
    words += [record.get("aggregate_state") for record in told]
    found = {fields.word("impact", one, OF_TROUBLE, Impact.UNKNOWN) for one in words} - {Impact.NONE}
    return worst_impact(found)


def _resolved_at(updates: Sequence[Update]) -> datetime | None:
    """When the updates first said that it is over, and nothing else since."""
    found = None
    for update in updates:
        over = update.phase == IncidentPhase.RESOLVED
        found = (found or update.posted_at) if over else None
    return found


def _maintenance(
    id: str, report: Record, listed: _Listed, statuses: Mapping[str, Status], read_at: datetime
) -> Maintenance:
    about, posts = _attributes(report), _posts(report, listed)
    component_ids, starts_at = _affected(about, posts), fields.moment(about, "starts_at")
    shown = {statuses[one] for one in component_ids if one in statuses}
    over = about.get("aggregate_state") == "resolved"
    return Maintenance(
        id=id,
        title=_title(about, posts, listed),
        phase=MaintenancePhase.COMPLETED if over else _how_far(starts_at, read_at, shown),
        starts_at=starts_at,
        ends_at=fields.moment(about, "ends_at"),
        component_ids=component_ids,
        updates=_updates(posts, MaintenancePhase.COMPLETED, MaintenancePhase.UNKNOWN),
    )


def _how_far(starts_at: datetime | None, now: datetime, statuses: set[Status]) -> MaintenancePhase:
    """How far a maintenance is that is not over: what its components show counts more than the clock."""
    if Status.MAINTENANCE in statuses:
        return MaintenancePhase.IN_PROGRESS
    if starts_at is None:
        return MaintenancePhase.UNKNOWN
    if starts_at > now or statuses == {Status.OPERATIONAL}:
        return MaintenancePhase.SCHEDULED
    return MaintenancePhase.IN_PROGRESS


def _posts(report: Record, listed: _Listed) -> dict[str, Record]:
    """The updates of a report by their ids."""
    return {id: listed.updates[id] for id in _related(report, "status_updates") if id in listed.updates}


def _updates(posts: Mapping[str, Record], over: _Phase, unknown: _Phase) -> tuple[Update, ...]:
    found = []
    for id, post in posts.items():
        about = _attributes(post)
        posted_at = fields.moment(about, "published_at")
        if posted_at is not None:
            told = {fields.text(one, "status") for one in _told_of(about)}
            phase = over if told == {"resolved"} else unknown
            found.append(Update(id=id, phase=phase, body=fields.body(about, "message"), posted_at=posted_at))
    return oldest_first(found)


def _told_of(about: Record) -> list[Record]:
    """What a report or an update says of the resources that it affects, and that the page still has."""
    listed = fields.records(about.get("affected_resources"))
    return [one for one in listed if one.get("status_page_resource_id") is not None]


def _affected(about: Record, posts: Mapping[str, Record]) -> tuple[str, ...]:
    """What the report names, and then what only its updates name."""
    told = [one for record in (about, *map(_attributes, posts.values())) for one in _told_of(record)]
    return fields.keys(told, "an affected resource", "status_page_resource_id")


async def read_past(page: Page, getter: Getter) -> Past:
    """The ninety days that `index.json` carries. Raises AdapterError."""
    answer = await getter.get(f"{normalize_url(page.url)}/index.json")
    return Past(days=past_days(answer.body) if answer.status == 200 else ())


def past_days(document: bytes) -> tuple[PastDay, ...]:
    """The days of each resource as its monitor saw them, where it has one. Raises AdapterError."""
    included = fields.records(fields.decode(document, "index.json").get("included"))
    return tuple(
        PastDay(component_id=fields.key(one, "a resource"), day=day, status=status)
        for one in included
        if one.get("type") == "status_page_resource"
        for told in fields.records(_attributes(one).get("status_history"))
        for day, status in [(fields.day(told, "day"), STATUS.get(str(told.get("status")), Status.UNKNOWN))]
        if day is not None and status != Status.UNKNOWN
    )


ADAPTER = Adapter(
    name=NAME,
    title="Better Stack",
    read=DocumentReader(lambda base: {"index": Document(f"{base}/index.json")}, parse),
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes",
        history="weeks of reports; 90 days of each monitor",
        cheap="validators and digests of one document",
    ),
    hosts=(".betteruptime.com", "status.betterstack.com"),
    guessed=True,
    past=read_past,
    aliases=("better uptime", "betteruptime"),
)
