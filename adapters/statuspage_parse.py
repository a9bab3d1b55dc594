"""What the documents of a Statuspage say: pure, from JSON to a Snapshot.

Words of the page's and ours:

- component: `degraded_performance` is degraded, `under_maintenance` maintenance; the others are the same
- provider (`status.indicator`): none is operational, minor degraded, major partial_outage, critical major_outage,
  maintenance is maintenance; without it the provider's status is unknown
- impact of an incident: the same words; `maintenance` is none, since planned work is no trouble
- phase: the same words; `cancelled` is canceled

A word that is not here becomes unknown and is logged once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from adapters import fields
from adapters.address import normalize_url
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.schema import (
    OVER,
    Component,
    Coverage,
    Impact,
    Incident,
    IncidentPhase,
    Maintenance,
    MaintenancePhase,
    Provider,
    Snapshot,
    Status,
    Update,
    rfc3339,
)

ADAPTER = "statuspage"

COMPONENT_STATUS = {
    "operational": Status.OPERATIONAL,
    "degraded_performance": Status.DEGRADED,
    "partial_outage": Status.PARTIAL_OUTAGE,
    "major_outage": Status.MAJOR_OUTAGE,
    "full_outage": Status.MAJOR_OUTAGE,  # incident.io's
    "under_maintenance": Status.MAINTENANCE,
}
INDICATOR = {
    "none": Status.OPERATIONAL,
    "minor": Status.DEGRADED,
    "major": Status.PARTIAL_OUTAGE,
    "critical": Status.MAJOR_OUTAGE,
    "maintenance": Status.MAINTENANCE,
}
IMPACT = {"maintenance": Impact.NONE} | {str(one): one for one in Impact if one is not Impact.UNKNOWN}
INCIDENT_PHASE = {str(one): one for one in IncidentPhase if one is not IncidentPhase.UNKNOWN}
MAINTENANCE_PHASE = {"cancelled": MaintenancePhase.CANCELED} | {
    str(one): one for one in MaintenancePhase if one is not MaintenancePhase.UNKNOWN
}

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_LOOKED_UP = "incident:"

Documents = Mapping[str, dict[str, Any]]


def parse(
    documents: Mapping[str, bytes], *, url: str, read_at: datetime, gone: frozenset[str] = frozenset()
) -> Snapshot:
    """What the documents of one read say together.

    `documents` holds `summary`, and as far as they were read `incidents`, `maintenances` and one `incident:<id>`
    for each that was looked up; `gone` are ids that were looked up in vain. Raises AdapterError, and nothing
    else, when one of them is not what it should be.
    """
    decoded = {name: fields.decode(document, _file(name)) for name, document in documents.items()}
    return assemble(decoded, url=normalize_url(url), read_at=read_at, gone=gone)


def assemble(
    documents: Documents, *, url: str, read_at: datetime, gone: frozenset[str], adapter: str = ADAPTER
) -> Snapshot:
    """`parse` for documents that are decoded already; `url` is the page's address, normalized."""
    summary = documents.get("summary")
    if summary is None:
        raise AdapterError("there is no summary.json")
    page = _page(summary)
    _same_page(documents, page)
    parts = _components(summary.get("components"))
    found = _Found.among(documents)
    incidents = [_incident(record, parts) for record in found.incidents.values()]
    maintenances = [_maintenance(record, parts) for record in found.maintenances.values()]
    return Snapshot(
        provider=Provider(name=fields.text(page, "name") or urlsplit(url).netloc, url=url, adapter=adapter),
        page_id=fields.text(page, "id"),
        status=fields.word("indicator", _indicator(summary), INDICATOR, Status.UNKNOWN),
        components=parts.components,
        incidents=tuple(sorted(incidents, key=lambda one: (one.started_at or _LONG_AGO, one.id), reverse=True)),
        maintenances=tuple(
            sorted(maintenances, key=lambda one: (one.starts_at or _LONG_AGO, one.id), reverse=True)
        ),
        coverage=Coverage(
            active_incidents=isinstance(summary.get("incidents"), list),
            active_maintenances=isinstance(summary.get("scheduled_maintenances"), list),
            past_incidents="incidents" in documents,
            gone=gone,
        ),
        read_at=read_at,
    )


def ids(documents: Documents) -> set[str]:
    """The ids of every incident and maintenance that these documents list. Raises AdapterError."""
    found = _Found.among(documents)
    return {*found.incidents, *found.maintenances}


def _file(name: str) -> str:
    if name.startswith(_LOOKED_UP):
        return "the page of one incident"
    return {"maintenances": "scheduled-maintenances.json"}.get(name, f"{name}.json")


def _page(summary: Record) -> Record:
    page = summary.get("page")
    if not isinstance(page, dict):
        raise AdapterError("summary.json does not say whose page it is")
    if isinstance(summary.get("components"), list) or isinstance(summary.get("incidents"), list):
        return page
    if isinstance(page.get("status"), str) and _indicator(summary) is None:
        raise AdapterError("this is an Instatus page, which answers in another form")
    raise AdapterError("summary.json has neither components nor incidents")


def _indicator(summary: Record) -> object:
    return fields.part(summary, "status").get("indicator")


def _same_page(documents: Documents, page: Record) -> None:
    """A list that belongs to another page (a redirect, a mixed-up cache) must not be taken for this one's."""
    for name in ("incidents", "maintenances"):
        other_id = fields.part(documents.get(name, {}), "page").get("id")
        if isinstance(other_id, str) and isinstance(page.get("id"), str) and other_id != page["id"]:
            raise AdapterError(f"{_file(name)} belongs to another page than summary.json")


@dataclass(frozen=True)
class _Found:
    """The records of all documents by their ids, the newest of each."""

    incidents: dict[str, Record]
    maintenances: dict[str, Record]

    @classmethod
    def among(cls, documents: Documents) -> "_Found":
        incidents: dict[str, Record] = {}
        maintenances: dict[str, Record] = {}
        for name, document in documents.items():
            for record, planned in _records(name, document):
                kind = maintenances if planned else incidents
                one = fields.identity(record, "a maintenance" if planned else "an incident")
                if one not in kind or _is_newer(record, kind[one]):
                    kind[one] = record
        return cls({one: record for one, record in incidents.items() if one not in maintenances}, maintenances)


def _records(name: str, document: Record) -> Iterable[tuple[Record, bool]]:
    """The records of one document, each with whether it is planned work."""
    if name.startswith(_LOOKED_UP):
        if document.get("id") != name.removeprefix(_LOOKED_UP):
            raise AdapterError("the page of one incident shows another one")
        return [(document, _is_planned(document))]
    wanted = {"incidents": "incidents", "maintenances": "scheduled_maintenances"}.get(name)
    if wanted is not None and not isinstance(document.get(wanted), list):
        raise AdapterError(f"{_file(name)} holds no list of them")
    lists = {"incidents", "scheduled_maintenances"} if wanted is None else {wanted}
    planned = document.get("scheduled_maintenances") if "scheduled_maintenances" in lists else None
    others = document.get("incidents") if "incidents" in lists else None
    return [
        *((one, True) for one in fields.strict_records(planned, "a maintenance")),
        *((one, _is_planned(one)) for one in fields.strict_records(others, "an incident")),
    ]


def _is_planned(record: Record) -> bool:
    return isinstance(record.get("scheduled_for"), str)


def _is_newer(record: Record, than: Record) -> bool:
    """Documents are cached apart from each other. Those read later win when nothing tells."""
    return _edited_at(record) >= _edited_at(than)


def _edited_at(record: Record) -> datetime:
    return fields.moment(record, "updated_at") or _LONG_AGO


@dataclass(frozen=True)
class _Parts:
    """A page's components in its order (None where it tells of none), and the ids of its groups."""

    components: tuple[Component, ...] | None
    groups: frozenset[str] = frozenset()


def _components(value: object) -> _Parts:
    if not isinstance(value, list):
        return _Parts(None)
    records = {
        fields.identity(one, "a component"): one for one in reversed(fields.strict_records(value, "a component"))
    }
    places = {one: _place(record, index) for index, (one, record) in enumerate(reversed(records.items()))}
    names = {one: fields.name(record, "a component") for one, record in records.items()}
    groups = frozenset(one for one, record in records.items() if record.get("group") is True)

    def group_of(one: str) -> str | None:
        group = records[one].get("group_id")
        return group if isinstance(group, str) and group in groups else None

    def order(one: str) -> tuple[tuple[int, int], tuple[int, int]]:
        group = group_of(one)
        return (places[group], places[one]) if group else (places[one], (0, 0))

    singles = sorted((one for one in records if one not in groups), key=order)
    return _Parts(
        tuple(_component(records[one], one, names[one], names.get(group_of(one) or "")) for one in singles), groups
    )


def _place(record: Record, index: int) -> tuple[int, int]:
    """Where a component stands on the page: by its position, those of the same position as they were listed."""
    position = record.get("position")
    return (position if isinstance(position, int) else index, index)


def _component(record: Record, one: str, name: str, group: str | None) -> Component:
    return Component(
        id=one,
        name=name,
        group=group,
        description=fields.body(record, "description") or None,
        status=fields.word("component status", record.get("status"), COMPONENT_STATUS, Status.UNKNOWN),
        changed_at=fields.moment(record, "updated_at"),
    )


def _incident(record: Record, parts: _Parts) -> Incident:
    phase = fields.word("incident phase", record.get("status"), INCIDENT_PHASE, IncidentPhase.UNKNOWN)
    updates = _updates(record, "incident", INCIDENT_PHASE)
    return Incident(
        id=fields.identity(record, "an incident"),
        title=fields.name(record, "an incident"),
        impact=fields.word("impact", record.get("impact"), IMPACT, Impact.UNKNOWN),
        phase=phase,
        started_at=fields.moment(record, "started_at", "created_at"),
        resolved_at=_resolved_at(record, phase, updates),
        url=_link(record),
        component_ids=_component_ids(record, parts),
        updates=updates,
    )


def _maintenance(record: Record, parts: _Parts) -> Maintenance:
    return Maintenance(
        id=fields.identity(record, "a maintenance"),
        title=fields.name(record, "a maintenance"),
        phase=fields.word("maintenance phase", record.get("status"), MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN),
        starts_at=fields.moment(record, "scheduled_for"),
        ends_at=fields.moment(record, "scheduled_until"),
        url=_link(record),
        component_ids=_component_ids(record, parts),
        updates=_updates(record, "maintenance", MAINTENANCE_PHASE),
    )


def _resolved_at(record: Record, phase: IncidentPhase, updates: Iterable[Update]) -> datetime | None:
    """A reopened incident keeps its former `resolved_at`, which says nothing any more."""
    if phase not in OVER:
        return None
    posts = [one.posted_at for one in updates if one.phase == IncidentPhase.RESOLVED]
    return fields.moment(record, "resolved_at") or (posts[-1] if posts else None)


def _updates(record: Record, owner: str, phases: Mapping[str, str]) -> tuple[Update, ...]:
    """Oldest first. Times of their own come first; `display_at` is null on postmortems."""
    found: dict[str, tuple[tuple[datetime, datetime, str], Update]] = {}
    posts = record.get("incident_updates")
    for post in fields.strict_records(posts, "an update"):
        phase = fields.word(f"{owner} phase", post.get("status"), phases, "unknown")
        posted_at = _posted_at(post, record)
        update = Update(
            # A copy that leaves ids out altogether still has times, which edits don't change.
            id=fields.identity(post, "an update") if "id" in post else f"{rfc3339(posted_at)}/{phase}",
            phase=phase,
            body=fields.body(post, "body"),
            posted_at=posted_at,
        )
        created_at = fields.moment(post, "created_at") or update.posted_at
        found.setdefault(update.id, ((update.posted_at, created_at, update.id), update))
    return tuple(update for _, update in sorted(found.values(), key=lambda one: one[0]))


def _posted_at(post: Record, owner: Record) -> datetime:
    own = fields.moment(post, "display_at", "created_at", "updated_at")
    found = own or fields.moment(owner, "started_at", "created_at", "scheduled_for")
    if found is None:
        raise AdapterError("there is an update without a time")
    return found


def _link(record: Record) -> str | None:
    link = fields.text(record, "shortlink")
    return link if link and link.startswith(("https://", "http://")) else None


def _component_ids(record: Record, parts: _Parts) -> tuple[str, ...]:
    """What an incident concerns: the components linked now, and those that its updates named."""
    linked = [one.get("id") for one in fields.records(record.get("components")) if one.get("group") is not True]
    named = [
        affected.get("code")
        for post in fields.records(record.get("incident_updates"))
        for affected in fields.records(post.get("affected_components"))
    ]
    known = dict.fromkeys(one for one in [*linked, *named] if isinstance(one, str) and one.isprintable())
    return tuple(one for one in known if one and one not in parts.groups)
