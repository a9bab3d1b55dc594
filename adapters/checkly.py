"""Checkly: `/api/status-page/<slug>/unresolved-incidents` lists what is open and nothing else.

Beside it `uptime` names the services in their groups, and `maintenance-windows` lists those that run and those to
come. A service has no status of its own: it is as bad as the open incidents that name it, and well where none
does; where an incident doesn't say whom it hits, nobody knows of the others. What ends just vanishes.
The page is an app that answers any path with HTML. Its slug is the first part of its host at Checkly, and stands
in its HTML on another. None of this is documented: a window that can't be told from others is passed over, since
its form was not seen, and the list of windows is then not called complete.
Sources: recorded documents and a reader of them (AlgoraLabs-AI/AI-Cloud-Status, internal/providers/checkly.go),
the public API's reference at checklyhq.com/docs for severities, phases and the times of windows.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows
from adapters.compose import OF_IMPACT, compose, oldest_first, worst
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import HTML, Document, DocumentReader, html_of
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
)

NAME = "checkly"
HOST = ".checkly-status-page.com"

IMPACT = {
    "MINOR": Impact.MINOR,
    "MEDIUM": Impact.MINOR,
    "MAJOR": Impact.MAJOR,
    "CRITICAL": Impact.CRITICAL,
}
"""Most users are unaffected, some, many, or all are affected."""
PHASE = {
    "INVESTIGATING": IncidentPhase.INVESTIGATING,
    "IDENTIFIED": IncidentPhase.IDENTIFIED,
    "MONITORING": IncidentPhase.MONITORING,
    "RESOLVED": IncidentPhase.RESOLVED,
}

_SLUG = r"([A-Za-z0-9][A-Za-z0-9_-]{0,99})"
_PATH = re.compile(rf"/api/status-page/{_SLUG}(?:/.*)?$")
_IN_HTML = re.compile(rf"""(?:/api/status-page/|["']maintenance-windows-){_SLUG}["'/]""")


async def locate(url: str, getter: Getter) -> str:
    """Where the documents are: the slug stands in the address, in the host, or in the HTML."""
    base, named = _PATH.sub("", url), _PATH.search(urlsplit(url).path)
    if named:
        return f"{base}/api/status-page/{named[1]}"
    host = urlsplit(url).hostname or ""
    if host.endswith(HOST):
        return f"{base}/api/status-page/{host.removesuffix(HOST)}"
    answer = await getter.get(url, accept=HTML)
    found = _IN_HTML.search(html_of(answer))
    if found is None and fields.looks_like_an_object(answer.body):
        return url
    if found is None:
        raise AdapterError("this is not a Checkly page: its HTML names no slug")
    return f"{base}/api/status-page/{found[1]}"


def _documents(place: str) -> dict[str, Document]:
    if not _PATH.search(place):
        return {"incidents": Document(place)}
    return {
        "incidents": Document(f"{place}/unresolved-incidents"),
        "uptime": Document(f"{place}/uptime", needed=False),
        "maintenances": Document(f"{place}/maintenance-windows", needed=False),
    }


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `incidents`, and `uptime` and `maintenances` where they are. Raises AdapterError."""
    decoded = fields.decode(documents["incidents"], "the list of incidents")
    if not isinstance(decoded.get("incidents"), list) or "page" in decoded:
        raise AdapterError("this is not a Checkly page")
    listed = fields.strict_records(decoded["incidents"], "an incident")
    incidents = [_incident(one, _PATH.sub("", url)) for one in listed]
    maintenances, all_told = _maintenances(documents)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=urlsplit(url).hostname,
        components=_components(documents, incidents),
        incidents=incidents,
        maintenances=maintenances,
        coverage=Coverage(active_incidents=True, active_maintenances=all_told),
        calm=True,
    )


def _incident(record: Record, base: str) -> Incident:
    incident, updates = fields.identity(record, "an incident"), _updates(record)
    said = record.get("lastUpdateStatus") or (updates[-1].phase.upper() if updates else None)
    phase = fields.word("incident phase", said, PHASE, IncidentPhase.UNKNOWN)
    over = phase == IncidentPhase.RESOLVED
    return Incident(
        id=incident,
        title=fields.name(record, "an incident"),
        impact=fields.word("severity", record.get("severity"), IMPACT, Impact.UNKNOWN),
        phase=phase,
        started_at=fields.moment(record, "created_at"),
        resolved_at=updates[-1].posted_at if over and updates else None,
        url=f"{base}/incident/{incident}",
        component_ids=fields.keys(fields.records(record.get("services")), "a service"),
        updates=updates,
    )


def _updates(record: Record) -> tuple[Update, ...]:
    found = []
    for one in fields.strict_records(record.get("incidentUpdates"), "an update"):
        posted_at = fields.moment(one, "publicIncidentUpdateDate", "created_at")
        if posted_at is not None:
            phase = fields.word("incident phase", one.get("status"), PHASE, IncidentPhase.UNKNOWN)
            found.append(
                Update(
                    id=fields.identity(one, "an update"),
                    phase=phase,
                    body=fields.body(one, "description"),
                    posted_at=posted_at,
                )
            )
    return oldest_first(found)


def _components(documents: Mapping[str, bytes], incidents: Sequence[Incident]) -> list[Component] | None:
    groups = _beside(documents, "uptime").get("metadata")
    if not isinstance(groups, list):
        return None
    return [
        Component(
            id=(service := fields.key(one, "a service")),
            name=fields.name(one, "a service"),
            group=fields.text(group, "name"),
            status=_status(service, incidents),
        )
        for group in fields.strict_records(groups, "a group")
        for one in fields.strict_records(group.get("services"), "a service")
    ]


def _status(service: str, incidents: Sequence[Incident]) -> Status:
    active = [one for one in incidents if one.phase not in OVER]
    hit = [OF_IMPACT[one.impact] for one in active if service in one.component_ids]
    known = all(one.component_ids for one in active)
    return worst(hit) if hit else Status.OPERATIONAL if known else Status.UNKNOWN


def _maintenances(documents: Mapping[str, bytes]) -> tuple[list[Maintenance], bool]:
    """The windows, and whether they are all; a page without a list of them has none to tell."""
    windows = _beside(documents, "maintenances")
    phases = (("active", MaintenancePhase.IN_PROGRESS), ("upcoming", MaintenancePhase.SCHEDULED))
    listed = [(one, phase) for name, phase in phases for one in fields.records(windows.get(name))]
    found = [window for one, phase in listed if (window := _maintenance(one, phase)) is not None]
    return found, len(found) == len(listed)


def _maintenance(record: Record, phase: MaintenancePhase) -> Maintenance | None:
    """A window; one that repeats runs again under the same id, which has its beginning behind it then."""
    try:
        window, title = fields.key(record, "a window"), fields.name(record, "a window")
    except AdapterError:
        return None
    starts_at = fields.moment(record, "startsAt")
    again = bool(record.get("repeatInterval") or record.get("repeatUnit")) and starts_at is not None
    return Maintenance(
        id=f"{window}/{starts_at:%Y-%m-%dT%H:%M:%SZ}" if again else window,
        title=title,
        phase=phase,
        starts_at=starts_at,
        ends_at=fields.moment(record, "endsAt"),
    )


def _beside(documents: Mapping[str, bytes], name: str) -> Record:
    """A document beside the main one: empty where the page has none and answers with its HTML."""
    if documents.get(name, b"").lstrip()[:1] != b"{":
        return {}
    return fields.decode(documents[name], f"the document of {name}")


ADAPTER = Adapter(
    name=NAME,
    title="Checkly",
    read=DocumentReader(_documents, parse, locate),
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes",
        history="none: what ended vanishes",
        cheap="validators and digests of three documents",
    ),
    hosts=(HOST,),
    shape=re.compile(rf"/api/status-page/{_SLUG}(?:/(?:unresolved-incidents|uptime|maintenance-windows))?$"),
    marks=('"maintenance-windows-', "checkly-status-page.com"),
)
