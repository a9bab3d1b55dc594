"""Yandex Cloud: `/api/incidents` lists the newest twenty incidents, with `status=open` those that are open.

An end may be set, and a comment may say "resolved", while the status still is "open": it is open as long as its
status says so, and monitored once a comment said that. Starts and ends are typed by hand, and an end before its
start tells nothing. Level 1 is "Minor", level 2 "Unavailable"; there are no maintenances. Comments stand newest
first and are HTML; a published report is the last word. Texts are Russian, unless the page's address is `/en`.
Services stand once for each region (`installationCode`) under one id, and have no status but what the open
incidents make of them.
Sources: recorded documents and the public client essentialkaos/ycs.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from adapters import fields
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
    Snapshot,
    Status,
    Update,
)

NAME = "yandex-cloud"

IMPACT = {1: Impact.MINOR, 2: Impact.MAJOR}
SERVICE = {Impact.MINOR: Status.DEGRADED, Impact.MAJOR: Status.MAJOR_OUTAGE, Impact.UNKNOWN: Status.DEGRADED}
"""What an open incident makes of a service that it names. "Unavailable" is the service, not the whole cloud."""
STATE = {
    "open": IncidentPhase.UNKNOWN,
    "resolved": IncidentPhase.RESOLVED,
    "withReport": IncidentPhase.POSTMORTEM,
}
COMMENT = {
    "investigation": IncidentPhase.INVESTIGATING,
    "update": IncidentPhase.UNKNOWN,
    "resolved": IncidentPhase.RESOLVED,
}

_BELOW = re.compile(r"/(?:api|(?:ru|en)(?:/\w+)?)$")


def wanted(url: str) -> dict[str, Document]:
    """The documents of a page."""
    asked = f"installation=all&lang={_language(url)}"
    api = f"{_root(url)}/api"
    return {
        "incidents": Document(f"{api}/incidents?{asked}"),
        "open": Document(f"{api}/incidents?{asked}&status=open", needed=False),
        "services": Document(f"{api}/services?{asked}", needed=False),
    }


def _root(url: str) -> str:
    return _BELOW.sub("", url)


def _language(url: str) -> str:
    return "en" if re.search(r"/en(?:/|$)", urlsplit(url).path) else "ru"


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `incidents`, and `open` and `services` where they are known. Raises AdapterError."""
    listed = [*_items(documents, "incidents"), *_items(documents, "open")]
    incidents = [_incident(one, url) for one in listed]
    active = [one for one in incidents if one.phase not in OVER]
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name="Yandex Cloud",
        status=worst([Status.OPERATIONAL, *(OF_IMPACT[one.impact] for one in active)]),
        components=_components(documents, active),
        incidents=incidents,
        coverage=Coverage(active_incidents=True, active_maintenances=True, past_incidents=True),
    )


def _items(documents: Mapping[str, bytes], name: str) -> list[Record]:
    if name not in documents:
        return []
    decoded = fields.decode(documents[name], "the list of incidents")
    items = decoded.get("items")
    if not isinstance(items, list) or fields.number(decoded, "count") is None:
        raise AdapterError("this is not Yandex Cloud's status page")
    return fields.strict_records(items, "an incident")


def _components(documents: Mapping[str, bytes], active: Iterable[Incident]) -> list[Component] | None:
    """The services, each once and as bad as the worst incident that is open there."""
    if "services" not in documents:
        return None
    listed = fields.strict_records(fields.decode_list(documents["services"], "the list of services"), "a service")
    affected: dict[str, list[Status]] = {}
    for incident in active:
        for id_ in incident.component_ids:
            affected.setdefault(id_, []).append(SERVICE[incident.impact])
    return [
        Component(
            id=(id_ := fields.key(one, "a service")),
            name=fields.name(one, "a service"),
            description=fields.body(one, "description") or None,
            status=worst([Status.OPERATIONAL, *affected.get(id_, [])]),
        )
        for one in listed
    ]


def _incident(record: Record, url: str) -> Incident:
    id_, started_at = fields.key(record, "an incident"), fields.moment(record, "startDate", "createdAt")
    updates = _updates(record)
    phase = _phase(record, updates)
    return Incident(
        id=id_,
        title=fields.name(record, "an incident", "title"),
        impact=_impact(record),
        phase=phase,
        started_at=started_at,
        resolved_at=_ended(record, started_at, updates) if phase in OVER else None,
        url=f"{_root(url)}/{_language(url)}/incidents/{id_}" if id_.isalnum() else None,
        component_ids=fields.keys(fields.records(record.get("services")), "a service"),
        updates=updates,
    )


def _impact(record: Record) -> Impact:
    level = fields.number(record, "levelId")
    return Impact.UNKNOWN if level is None else IMPACT.get(int(level), Impact.UNKNOWN)


def _phase(record: Record, updates: Iterable[Update]) -> IncidentPhase:
    phase = fields.word("incident status", record.get("status"), STATE, IncidentPhase.UNKNOWN)
    told = [one.phase for one in updates if one.phase != IncidentPhase.UNKNOWN]
    if phase in OVER:
        return IncidentPhase.POSTMORTEM if IncidentPhase.POSTMORTEM in told else phase
    if not told:
        return phase
    return IncidentPhase.MONITORING if told[-1] in OVER else IncidentPhase(told[-1])


def _ended(record: Record, started_at: datetime | None, updates: Iterable[Update]) -> datetime | None:
    """The end that was typed, or when the last comment said so where that can't be."""
    ended = fields.moment(record, "endDate")
    if ended is not None and (started_at is None or ended >= started_at):
        return ended
    return max((one.posted_at for one in updates if one.phase == IncidentPhase.RESOLVED), default=None)


def _updates(record: Record) -> tuple[Update, ...]:
    found = []
    for comment in fields.strict_records(record.get("comments"), "a comment"):
        posted_at = fields.moment(comment, "createdAt")
        if posted_at is not None:
            found.append(
                Update(
                    id=fields.key(comment, "a comment"),
                    phase=fields.word("comment type", comment.get("type"), COMMENT, IncidentPhase.UNKNOWN),
                    body=fields.body(comment, "content"),
                    posted_at=posted_at,
                )
            )
    return oldest_first([*found, *_report(record)])


def _report(record: Record) -> list[Update]:
    text, posted_at = fields.body(record, "report"), fields.moment(record, "reportPublishedTime")
    if not text or posted_at is None or record.get("isReportPublished") is not True:
        return []
    return [Update(id="report", phase=IncidentPhase.POSTMORTEM, body=text, posted_at=posted_at)]


ADAPTER = Adapter(
    name=NAME,
    title="Yandex Cloud",
    read=DocumentReader(wanted, parse),
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes",
        history="the newest twenty incidents",
        cheap="validators and digests of three documents of up to 0.4 MB",
    ),
    hosts=("status.yandex.cloud",),
    paths=("/api/incidents",),
)
