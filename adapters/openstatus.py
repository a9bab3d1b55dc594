"""OpenStatus: `/feed/json` holds all that was ever reported, `/api/status/summary.json` how components fare now.

The feed has numbers for ids, all reports with all their updates (newest first), and all maintenances without a
phase: how far one is, the clock says, as on the page itself. Its `updatedAt` is the moment of the request.
Components that stand for a monitor have their status in the list of monitors; that of the others (`static` ones)
only the summary tells, which knows components by nothing but their names. Older feeds list monitors alone. The
feed's own status leaves static components out, and says `success` where it doesn't know: it is taken for calm only
where nothing else speaks against it. How bad a report is, neither document says.
A page that has no feed is read from its summary: components by their names, and only what is active.
Sources: openstatusHQ/openstatus (apps/status-page: `feed/json/route.ts`, `api/status`, `status-json.ts`,
`status-vocab.ts`, `alternates.ts`; packages/db: schema), and its users' clients. There is no recorded page.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows
from adapters.address import origin
from adapters.compose import compose, oldest_first, worst
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
from adapters.statuspage_parse import COMPONENT_STATUS

NAME = "openstatus"
FEED = "/feed/json"
SUMMARY = "/summary.json"

STATUS = COMPONENT_STATUS | {
    "success": Status.OPERATIONAL,
    "active": Status.OPERATIONAL,
    "degraded": Status.DEGRADED,
    "error": Status.MAJOR_OUTAGE,
    "info": Status.MAINTENANCE,
}
"""The feed's words, older ones too, and the summary's."""
INDICATOR = {
    "none": Status.OPERATIONAL,
    "minor": Status.DEGRADED,
    "major": Status.MAJOR_OUTAGE,  # it describes it so
    "maintenance": Status.MAINTENANCE,
}
CALM = (Status.UNKNOWN, Status.OPERATIONAL)
PHASE = {
    "investigating": IncidentPhase.INVESTIGATING,
    "identified": IncidentPhase.IDENTIFIED,
    "monitoring": IncidentPhase.MONITORING,
    "resolved": IncidentPhase.RESOLVED,
}
MAINTENANCE_PHASE = {"scheduled": MaintenancePhase.SCHEDULED, "in_progress": MaintenancePhase.IN_PROGRESS}

# What people paste beside the page's own address: its documents, and what its pages link to.
_BELOW = re.compile(
    r"/(?:feed/(?:json|rss|atom)|api/status|events(?:/(?:report|maintenance)/\d+)?|monitors(?:/\d+)?)$"
)


async def locate(url: str, getter: Getter) -> str:
    """The feed's address, or the summary's where there is no feed."""
    base = _base(url)
    answer = await getter.get(f"{base}{FEED}")
    return f"{base}{FEED}" if answer.status == 200 else _summary(base)


def documents(place: str) -> Mapping[str, Document]:
    if not place.endswith(FEED):
        return {"summary": Document(place)}
    return {
        "feed": Document(place),
        "summary": Document(_summary(place.removesuffix(FEED)), needed=False),
    }


def _base(url: str) -> str:
    return _BELOW.sub("", url)


def _summary(base: str) -> str:
    """A page in a folder of its host has its summary in a folder of that name: `/api/status/quillpost/…`."""
    return f"{origin(base)}/api/status{urlsplit(base).path}{SUMMARY}"


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `feed`, or `summary`, or both. Raises AdapterError."""
    base = _base(url)
    if "feed" not in documents:
        return _from_summary(documents, base, read_at)
    feed = fields.decode(documents["feed"], FEED)
    reports, planned = feed.get("statusReports"), feed.get("maintenances")
    if not isinstance(reports, list) or fields.text(feed, "title") is None:
        raise AdapterError("this is not an OpenStatus page: its feed lacks its title or its reports")
    if not isinstance(planned, list | None):
        raise AdapterError("the maintenances are not a list")
    parts = _Parts(feed, _told(documents))
    said = fields.word("page status", feed.get("status"), STATUS, Status.UNKNOWN)
    snapshot = compose(
        adapter=NAME,
        url=base,
        read_at=read_at,
        name=fields.text(feed, "title"),
        status=said if said not in CALM else None,
        components=parts.components,
        incidents=[_incident(one, base, parts) for one in fields.strict_records(reports, "a report")],
        maintenances=[
            _maintenance(one, base, parts, read_at) for one in fields.strict_records(planned, "a maintenance")
        ],
        coverage=Coverage(active_incidents=True, active_maintenances=planned is not None, past_incidents=True),
        calm=True,
    )
    return _doubted(snapshot, said)


def _doubted(snapshot: Snapshot, said: Status) -> Snapshot:
    """A page whose status nobody understands is not calm because nothing else is wrong."""
    if said == Status.UNKNOWN and snapshot.status == Status.OPERATIONAL:
        return snapshot.model_copy(update={"status": Status.UNKNOWN})
    return snapshot


class _Parts:
    """The components of a feed, and which of them a report means: by their own ids, or by those of monitors."""

    def __init__(self, feed: Record, told: Mapping[str, Status]) -> None:
        listed = fields.strict_records(feed.get("pageComponents"), "a component")
        monitors = fields.strict_records(feed.get("monitors"), "a monitor")
        groups = fields.strict_records(feed.get("pageComponentGroups"), "a group")
        names = Counter(fields.text(one, "name") for one in (listed or monitors))
        self._told = {name: status for name, status in told.items() if names[name] == 1}
        self._groups = {fields.key(one, "a group"): fields.text(one, "name") for one in groups}
        self._by_monitor = {fields.key(one, "a monitor"): _status(one) for one in monitors}
        self._owner = {_number(one.get("monitorId")): fields.key(one, "a component") for one in listed}
        self.components = [self._component(one) for one in _in_order(listed) or monitors]

    def _component(self, record: Record) -> Component:
        name, monitor = fields.name(record, "a component"), _number(record.get("monitorId"))
        one = fields.key(record, "a component")
        own = _status(record) if "status" in record else self._by_monitor.get(monitor, Status.UNKNOWN)
        return Component(
            id=one,
            name=name,
            group=self._groups.get(_number(record.get("groupId"))),
            description=fields.body(record, "description") or None,
            status=self._told.get(name, own),
        )

    def affected(self, record: Record) -> tuple[str, ...]:
        parts, monitors = record.get("pageComponents"), record.get("monitors")
        named = [_number(one) for one in parts] if isinstance(parts, list) else []
        if not named and isinstance(monitors, list):
            named = [self._owner.get(_number(one), _number(one)) for one in monitors]
        return tuple(dict.fromkeys(one for one in named if one))


def _in_order(listed: Sequence[Record]) -> list[Record]:
    """As the page shows them: a group where the first of its members stands, its members in their own order."""
    first: dict[str, float] = {}
    for one in listed:
        group, own = _number(one.get("groupId")), fields.number(one, "order") or 0.0
        first[group] = min(own, first.get(group, own))

    def place(one: Record) -> tuple[float, str, float]:
        group, own = _number(one.get("groupId")), fields.number(one, "order") or 0.0
        return (first[group], group, fields.number(one, "groupOrder") or 0.0) if group else (own, "", 0.0)

    return sorted(listed, key=place)


def _number(value: object) -> str:
    """An id that refers to something; empty where there is none."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18 else ""


def _status(record: Record) -> Status:
    return fields.word("component status", record.get("status"), STATUS, Status.UNKNOWN)


def _told(documents: Mapping[str, bytes]) -> dict[str, Status]:
    """How the summary says that components fare, by their names: the worst of those that share one."""
    if "summary" not in documents:
        return {}
    try:
        summary = _checked(documents["summary"])
    except AdapterError:  # an error page: the feed is whole without it
        return {}
    told: dict[str, Status] = {}
    for one in fields.strict_records(summary.get("components"), "a component"):
        name = fields.name(one, "a component")
        told[name] = worst([_status(one), told.get(name, Status.UNKNOWN)])
    return told


def _checked(document: bytes) -> Record:
    summary = fields.decode(document, "summary.json")
    page, lists = summary.get("page"), ("components", "incidents", "scheduled_maintenances")
    if not isinstance(page, dict) or not all(isinstance(summary.get(one), list) for one in lists):
        raise AdapterError("this is not an OpenStatus page: its summary lacks its lists")
    if "id" in page:
        raise AdapterError("this is a Statuspage, not an OpenStatus page")
    return summary


def _from_summary(documents: Mapping[str, bytes], base: str, read_at: datetime) -> Snapshot:
    """A page without a feed."""
    if "summary" not in documents:
        raise AdapterError("there is no OpenStatus page at this address")
    summary = _checked(documents["summary"])
    indicator = fields.part(summary, "status").get("indicator")
    said = fields.word("indicator", indicator, INDICATOR, Status.UNKNOWN)
    snapshot = compose(
        adapter=NAME,
        url=base,
        read_at=read_at,
        name=fields.text(summary["page"], "name"),
        status=said if said not in CALM else None,
        components=[Component(id=name, name=name, status=one) for name, one in _told(documents).items()],
        incidents=[
            _active_incident(one, base) for one in fields.strict_records(summary["incidents"], "an incident")
        ],
        maintenances=[
            _active_maintenance(one, base)
            for one in fields.strict_records(summary["scheduled_maintenances"], "a maintenance")
        ],
        coverage=Coverage(active_incidents=True, active_maintenances=True),
        calm=True,
    )
    return _doubted(snapshot, said)


def _incident(record: Record, base: str, parts: _Parts) -> Incident:
    one, phase = fields.key(record, "a report"), _phase(record)
    posts = fields.strict_records(record.get("statusReportUpdates"), "an update")
    updates = oldest_first(
        Update(
            id=fields.key(post, "an update"),
            phase=_phase(post),
            body=fields.body(post, "message"),
            posted_at=_posted_at(post, "date"),
        )
        for post in posts[::-1]
    )
    return Incident(
        id=one,
        title=fields.name(record, "a report", "title"),
        phase=phase,
        started_at=updates[0].posted_at if updates else None,
        resolved_at=_resolved_at(phase, updates),
        url=f"{base}/events/report/{one}",
        component_ids=parts.affected(record),
        updates=updates,
    )


def _active_incident(record: Record, base: str) -> Incident:
    """An incident of the summary, whose updates are known by their times."""
    one, phase = fields.key(record, "an incident"), _phase(record)
    posts = [
        (_posted_at(post, "created_at"), post)
        for post in fields.strict_records(record.get("incident_updates"), "an update")[::-1]
    ]
    updates = oldest_first(
        Update(
            id=f"{rfc3339(at)}/{_phase(post)}", phase=_phase(post), body=fields.body(post, "body"), posted_at=at
        )
        for at, post in posts
    )
    return Incident(
        id=one,
        title=fields.name(record, "an incident"),
        phase=phase,
        started_at=updates[0].posted_at if updates else None,
        resolved_at=_resolved_at(phase, updates),
        url=f"{base}/events/report/{one}",
        updates=updates,
    )


def _phase(record: Record) -> IncidentPhase:
    return fields.word("incident phase", record.get("status"), PHASE, IncidentPhase.UNKNOWN)


def _posted_at(post: Record, name: str) -> datetime:
    found = fields.moment(post, name)
    if found is None:
        raise AdapterError("there is an update without a time")
    return found


def _resolved_at(phase: IncidentPhase, updates: Sequence[Update]) -> datetime | None:
    if phase != IncidentPhase.RESOLVED:
        return None
    return next((one.posted_at for one in reversed(updates) if one.phase == IncidentPhase.RESOLVED), None)


def _maintenance(record: Record, base: str, parts: _Parts, now: datetime) -> Maintenance:
    one = fields.key(record, "a maintenance")
    starts_at, ends_at = fields.moment(record, "from"), fields.moment(record, "to")
    return Maintenance(
        id=one,
        title=fields.name(record, "a maintenance"),
        phase=phase_at(now, starts_at, ends_at),
        starts_at=starts_at,
        ends_at=ends_at,
        url=f"{base}/events/maintenance/{one}",
        component_ids=parts.affected(record),
        updates=_announcement(record),
    )


def _active_maintenance(record: Record, base: str) -> Maintenance:
    one = fields.key(record, "a maintenance")
    return Maintenance(
        id=one,
        title=fields.name(record, "a maintenance"),
        phase=fields.word("maintenance phase", record.get("status"), MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN),
        starts_at=fields.moment(record, "scheduled_for"),
        ends_at=fields.moment(record, "scheduled_until"),
        url=f"{base}/events/maintenance/{one}",
    )


def phase_at(now: datetime, starts_at: datetime | None, ends_at: datetime | None) -> MaintenancePhase:
    """How far a maintenance is by the clock: the page has no other way to tell either."""
    if starts_at is None or ends_at is None:
        return MaintenancePhase.UNKNOWN
    if now < starts_at:
        return MaintenancePhase.SCHEDULED
    return MaintenancePhase.IN_PROGRESS if now <= ends_at else MaintenancePhase.COMPLETED


def _announcement(record: Record) -> tuple[Update, ...]:
    """The one text of a maintenance, which may be edited, with the time of that."""
    posted_at, body = fields.moment(record, "updatedAt"), fields.body(record, "message")
    if posted_at is None or not body:
        return ()
    return (Update(id="announcement", phase=MaintenancePhase.SCHEDULED, body=body, posted_at=posted_at),)


ADAPTER = Adapter(
    name=NAME,
    title="OpenStatus",
    read=DocumentReader(documents, parse, locate),
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes",
        history="everything; none on pages without a feed",
        cheap="validators and digests of two documents, but for ticks",
    ),
    hosts=(".openstatus.dev",),
    marks=("/api/status/summary.json",),
    paths=(FEED, "/api/status/summary.json"),
)
