"""Cachet: `/api/v1/components`, `…/incidents` and `…/schedules` up to 2.x, `/api/components` and so on in 3.x.

2.x lists the oldest twenty first unless it is asked otherwise, so the newest hundred are asked for. Where there
are more, an old incident may be open beyond them, and the list is not called complete. Updates are told since 2.4;
before, an incident is edited in place, and its last edit is the nearest to a time at which it was resolved.
Before 2.4 an incident with status 0 is a planned maintenance; the page shows it until it begins and nothing says
when it is over, so it is left out from then on. In 3.x status 0 means that nobody knows.
3.x speaks JSON:API: its records are made flat first, into the shape of 2.x. What a page shows of a component there
is its `latest_status`, in which its open incidents count. Incidents and schedules are numbered apart, so the id of
a schedule says that it is one.
Times have no zone. 3.x has them in UTC, 2.x in the zone that the page is set to, which the API doesn't tell: they
are taken as UTC, as an installation has it by default. No id depends on a time, but of updates without an id.
Sources: cachethq/core (src/Http/Resources, src/Enums, routes/api.php) for 3.x, the presenters of 2.x and answers
recorded from 2.4 for the rest.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows
from adapters.compose import compose, oldest_first
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import Document, DocumentReader
from adapters.schema import (
    Component,
    Coverage,
    Incident,
    IncidentPhase,
    Maintenance,
    MaintenancePhase,
    Snapshot,
    Status,
    Update,
    rfc3339,
)

NAME = "cachet"
PLANNED = "0"
"""The status of an incident that is a maintenance, before 2.4."""
FIRST = "message"
"""The id of the post that an incident begins with."""

STATUS = {
    "0": Status.UNKNOWN,
    "1": Status.OPERATIONAL,
    "2": Status.DEGRADED,
    "3": Status.PARTIAL_OUTAGE,
    "4": Status.MAJOR_OUTAGE,
    "5": Status.UNKNOWN,
    "6": Status.MAINTENANCE,
}
PHASE = {
    "0": IncidentPhase.UNKNOWN,
    "1": IncidentPhase.INVESTIGATING,
    "2": IncidentPhase.IDENTIFIED,
    "3": IncidentPhase.MONITORING,
    "4": IncidentPhase.RESOLVED,
}
MAINTENANCE_PHASE = {
    "0": MaintenancePhase.SCHEDULED,
    "1": MaintenancePhase.IN_PROGRESS,
    "2": MaintenancePhase.COMPLETED,
}

_Known = TypeVar("_Known")


async def locate(url: str, getter: Getter) -> str:
    """Where the API is: a server that knows no version 1 of it may know the one of 3.x."""
    first = f"{url}/api/v1"
    answer = await getter.get(_documents(first)["components"].url)
    return first if answer.status == 200 else f"{url}/api"


def _documents(place: str) -> dict[str, Document]:
    if place.endswith("/v1"):
        newest = "sort=id&order=desc&per_page=100"
        return {
            "components": Document(f"{place}/components?per_page=500"),
            "groups": Document(f"{place}/components/groups?per_page=500", needed=False),
            "incidents": Document(f"{place}/incidents?{newest}", needed=False),
            "schedules": Document(f"{place}/schedules?{newest}", needed=False),
        }
    newest = "include=components,updates&sort=-id&per_page=100"
    return {
        "components": Document(f"{place}/components?include=group&per_page=100"),
        "incidents": Document(f"{place}/incidents?{newest}", needed=False),
        "schedules": Document(f"{place}/schedules?{newest}", needed=False),
    }


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `components`, and where they are `groups`, `incidents` and `schedules`.

    Raises AdapterError.
    """
    parts, all_parts = _listed(documents["components"], "component")
    groups, _ = _listed(documents["groups"], "group") if "groups" in documents else ([], True)
    told, all_told = _listed(documents["incidents"], "incident") if "incidents" in documents else ([], False)
    planned, all_planned = _listed(documents["schedules"], "schedule") if "schedules" in documents else ([], None)
    is_old = all_planned is None
    incidents = [one for one in told if not _is_planned(one)]
    before = [one for one in told if is_old and _is_planned(one) and _is_ahead(one, read_at)]
    names = {fields.key(one, "a group"): fields.text(one, "name") for one in groups}
    snapshot = compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=urlsplit(url).hostname,
        components=[_component(one, names) for one in parts],
        incidents=[_incident(one) for one in incidents],
        maintenances=[_maintenance(one, "schedules/") for one in planned] + [_maintenance(one) for one in before],
        coverage=Coverage(
            active_incidents=all_told,
            active_maintenances=all_told if is_old else all_planned is True,
            past_incidents="incidents" in documents,
            some_components=not all_parts,
        ),
    )
    if not all_parts and snapshot.status == Status.OPERATIONAL:  # those that are not listed may be down
        return snapshot.model_copy(update={"status": Status.UNKNOWN})
    return snapshot


def _listed(document: bytes, what: str) -> tuple[list[Record], bool]:
    """The records of a list, flat, and whether they are all that there are."""
    name = f"the list of {what}s"
    decoded = fields.decode(document, name)
    meta, data = decoded.get("meta"), decoded.get("data")
    if not isinstance(meta, dict) or not isinstance(data, list) or not meta.keys() & {"pagination", "per_page"}:
        raise AdapterError("this is not a Cachet page")
    found = fields.strict_records(data, f"a {what}")
    others = {_reference(one): one for one in fields.records(decoded.get("included"))}
    return [_flat(one, others, deep=True) for one in found], _is_whole(meta, decoded.get("links"))


def _is_whole(meta: Record, links: object) -> bool:
    pages = meta.get("pagination")
    if isinstance(pages, dict):
        total = pages.get("total_pages")
        return isinstance(total, int) and total <= 1
    return isinstance(links, dict) and "next" in links and links["next"] is None


def _reference(record: Record) -> tuple[str, str]:
    return str(record.get("type")), str(record.get("id"))


def _flat(record: Record, others: Mapping[tuple[str, str], Record], *, deep: bool) -> Record:
    """A record of JSON:API as 2.x would have it, with what it relates to inside; one of 2.x as it is."""
    own = record.get("attributes")
    if not isinstance(own, dict):
        return record
    flat: dict[str, Any] = {key: _value(value) for key, value in own.items()} | {"id": record.get("id")}
    for short in ("scheduled", "completed", "occurred", "created", "updated"):
        flat[f"{short}_at"] = flat.get(short)
    related = record.get("relationships")
    for name, relation in related.items() if deep and isinstance(related, dict) else ():
        data = relation.get("data") if isinstance(relation, dict) else None
        many = fields.records(data if isinstance(data, list) else [data])
        flat[name] = [_flat(others.get(_reference(one), one), others, deep=False) for one in many]
    return flat


def _value(value: object) -> object:
    """3.x tells most things twice, for people and for programs."""
    return value.get("value", value.get("string")) if isinstance(value, dict) else value


def _component(record: Record, groups: Mapping[str, str | None]) -> Component:
    if "status" not in record:
        raise AdapterError("this is not a Cachet page: there is a component without a status")
    group, inside = str(record.get("group_id")), fields.records(record.get("group"))
    return Component(
        id=fields.key(record, "a component"),
        name=fields.name(record, "a component"),
        group=fields.text(inside[0], "name") if inside else groups.get(group),
        description=fields.body(record, "description") or None,
        status=_word("status", record, "latest_status", STATUS, Status.UNKNOWN),
    )


def _incident(record: Record) -> Incident:
    phase = _word("incident phase", record, "latest_status", PHASE, IncidentPhase.UNKNOWN)
    updates = _updates(record, phase)
    return Incident(
        id=fields.key(record, "an incident"),
        title=fields.name(record, "an incident"),
        phase=phase,
        started_at=fields.moment(record, "occurred_at", "created_at", zone=UTC),
        resolved_at=_resolved(record, updates) if phase == IncidentPhase.RESOLVED else None,
        url=fields.link(record, "permalink"),
        component_ids=_affected(record),
        updates=updates,
    )


def _resolved(record: Record, updates: tuple[Update, ...]) -> datetime | None:
    """When it was told to be fixed; without any updates, when it was last edited."""
    told = [one.posted_at for one in updates if one.phase == IncidentPhase.RESOLVED and one.id != FIRST]
    return told[-1] if told else None if record.get("updates") else fields.moment(record, "updated_at", zone=UTC)


def _updates(record: Record, phase: str) -> tuple[Update, ...]:
    """The message of the case itself, its first post, and those after it.

    The phase of the first is told only where there can be no others: then it is edited in place.
    """
    body, posted_at = fields.body(record, "message"), fields.moment(record, "created_at", zone=UTC)
    found = []
    if body and posted_at:
        first = "unknown" if isinstance(record.get("updates"), list) else phase
        found.append(Update(id=FIRST, phase=first, body=body, posted_at=posted_at))
    for one in fields.strict_records(record.get("updates"), "an update"):
        posted_at = fields.moment(one, "created_at", zone=UTC)
        if posted_at is not None:
            found.append(
                Update(
                    id=rfc3339(posted_at) if one.get("id") is None else fields.key(one, "an update"),
                    phase=_word("incident phase", one, "status", PHASE, IncidentPhase.UNKNOWN),
                    body=fields.body(one, "message"),
                    posted_at=posted_at,
                )
            )
    return oldest_first(found)


def _is_planned(record: Record) -> bool:
    return fields.code(record.get("status")) == PLANNED and isinstance(record.get("scheduled_at"), str)


def _is_ahead(record: Record, now: datetime) -> bool:
    starts_at = fields.moment(record, "scheduled_at", zone=UTC)
    return starts_at is not None and starts_at > now


def _maintenance(record: Record, prefix: str = "") -> Maintenance:
    phase = _word("schedule status", record, "status", MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN)
    return Maintenance(
        id=f"{prefix}{fields.key(record, 'a schedule')}",
        title=fields.name(record, "a schedule"),
        phase=phase,
        starts_at=fields.moment(record, "scheduled_at", zone=UTC),
        ends_at=fields.moment(record, "completed_at", zone=UTC),
        component_ids=_affected(record),
        updates=_updates(record, "unknown"),
    )


def _affected(record: Record) -> tuple[str, ...]:
    """The components it names: one by its number (0 is none), or several as records."""
    parts = fields.records(record.get("components"))
    codes = [one.get("component_id", one.get("id")) for one in parts] or [record.get("component_id")]
    found = [
        code for code in map(fields.code, codes) if isinstance(code, str) and code.isdigit() and int(code) > 0
    ]
    return tuple(dict.fromkeys(found))


def _word(kind: str, record: Record, name: str, known: Mapping[str, _Known], unknown: _Known) -> _Known:
    """The word for the code in one field, else in `status`."""
    code = record.get(name)
    return fields.word(kind, fields.code(record.get("status") if code is None else code), known, unknown)


ADAPTER = Adapter(
    name=NAME,
    title="Cachet",
    read=DocumentReader(_documents, parse, locate),
    parse=parse,
    knows=Knows(
        stable_ids="yes; before 2.4 without updates",
        complete="where the page has at most a hundred incidents",
        history="the newest hundred",
        cheap="validators and digests of three or four documents",
    ),
    marks=("https://cachethq.io",),
    guessed=True,
    aliases=("cachet-v1", "cachethq"),
)
