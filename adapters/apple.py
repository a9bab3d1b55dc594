"""Apple: `system_status_en_US.js` lists services with their events, one document for users, one for developers.

It is JSON, or JSON in a call (`jsonCallback({…});`), as the developers' was. A service has no id but its name and
no status of its own: one without an active event is fine, as its list of events says. An event that touches some
services stands in each of them under the same `messageId`. Events that are over stay for days or weeks.
`datePosted` is when the document was written, the same for all its events, so nothing says when a message was
posted: there are no updates, and the message is the title's. Planned work is of the type `Maintenance`.
Developers' services are shown by developer.apple.com, but their document stands on www.apple.com.
Sources: the test data and the models of insidegui/StatusBuddy; inket/stts (the words of states and types);
SNQ-2001/apple-system-status-menubar. It has no documentation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows
from adapters.compose import OF_IMPACT, compose, worst
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
)

NAME = "apple"
DATA = "/support/systemstatus/data"
FILE = "system_status_en_US.js"
DEVELOPER = "developer.apple.com"
WWW = "www.apple.com"

PLANNED = "Maintenance"
IMPACT = {
    "Available": Impact.NONE,
    "Performance": Impact.MINOR,
    "Issue": Impact.MINOR,
    "Outage": Impact.CRITICAL,
}
PHASE = {
    "ongoing": IncidentPhase.UNKNOWN,
    "resolved": IncidentPhase.RESOLVED,
    "completed": IncidentPhase.RESOLVED,
}
MAINTENANCE_PHASE = {
    "upcoming": MaintenancePhase.SCHEDULED,
    "ongoing": MaintenancePhase.IN_PROGRESS,
    "completed": MaintenancePhase.COMPLETED,
    "resolved": MaintenancePhase.COMPLETED,
}

_CALL = re.compile(rb"\s*[\w$.]{1,60}\((.*)\)\s*;?\s*", re.DOTALL)


@dataclass(frozen=True)
class _Event:
    """What the services say of one event: each its name and its record."""

    id: str
    told: Sequence[tuple[str, Record]]

    @property
    def record(self) -> Record:
        """The record of a service for which it isn't over, where there is one."""
        return next(
            (one for _, one in self.told if one.get("eventStatus") not in ("resolved", "completed")),
            self.told[0][1],
        )

    @property
    def title(self) -> str:
        first, *others = self.services
        more = f" and {len(others)} more" if others else ""
        said = fields.text(self.record, "message") or fields.text(self.record, "statusType")
        return f"{first}{more}: {said}" if said else f"{first}{more}"

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(service for service, _ in self.told))


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `status`. Raises AdapterError."""
    listed = fields.strict_records(_decoded(documents["status"]).get("services"), "a service")
    if not listed:
        raise AdapterError("this is not Apple's system status: it lists no services")
    services = [_with_states(one, read_at) for one in listed]
    events = _events(services)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name="Apple Developer" if _is_developers(url) else "Apple",
        components=[_component(one) for one in services],
        incidents=[_incident(one) for one in events if not _is_planned(one.record)],
        maintenances=[_maintenance(one) for one in events if _is_planned(one.record)],
        coverage=Coverage(active_incidents=True, active_maintenances=True, past_incidents=True),
    )


def _decoded(document: bytes) -> Record:
    call = _CALL.fullmatch(document)
    return fields.decode(call[1] if call else document, FILE)


def _with_states(service: Record, read_at: datetime) -> Record:
    """The same service; an event whose `eventStatus` is missing is over when its end has passed."""
    events = _listed(service)
    if events is None:
        return service
    return {**service, "events": [_with_state(one, read_at) for one in events]}


def _with_state(record: Record, read_at: datetime) -> Record:
    end = fields.epoch(record.get("epochEndDate"))
    missing = record.get("eventStatus") is None
    return {**record, "eventStatus": "resolved"} if missing and end and end <= read_at else record


def _events(services: Sequence[Record]) -> list[_Event]:
    found: dict[str, list[tuple[str, Record]]] = {}
    for service in services:
        for record in _listed(service) or ():
            event = fields.key(record, "an event", "messageId")
            found.setdefault(event, []).append((_name(service), record))
    return [_Event(event, told) for event, told in found.items()]


def _component(service: Record) -> Component:
    listed = _listed(service)
    shown = [Status.UNKNOWN if listed is None else Status.OPERATIONAL, *map(_shown, listed or ())]
    return Component(id=_name(service), name=_name(service), status=worst(shown))


def _shown(record: Record) -> Status:
    """What an event makes of its service."""
    if _is_planned(record):
        under_way = _maintenance_phase(record) == MaintenancePhase.IN_PROGRESS
        return Status.MAINTENANCE if under_way else Status.OPERATIONAL
    return Status.OPERATIONAL if _phase(record) in OVER else OF_IMPACT[_impact(record)]


def _listed(service: Record) -> list[Record] | None:
    """The events of a service; None where it has no list of them."""
    listed = service.get("events")
    return fields.strict_records(listed, "an event") if isinstance(listed, list) else None


def _name(service: Record) -> str:
    return fields.name(service, "a service", "serviceName")


def _incident(event: _Event) -> Incident:
    phase, record = _phase(event.record), event.record
    return Incident(
        id=event.id,
        title=event.title,
        impact=_impact(record),
        phase=phase,
        started_at=fields.epoch(record.get("epochStartDate")),
        resolved_at=fields.epoch(record.get("epochEndDate")) if phase in OVER else None,
        component_ids=event.services,
    )


def _maintenance(event: _Event) -> Maintenance:
    return Maintenance(
        id=event.id,
        title=event.title,
        phase=_maintenance_phase(event.record),
        starts_at=fields.epoch(event.record.get("epochStartDate")),
        ends_at=fields.epoch(event.record.get("epochEndDate")),
        component_ids=event.services,
    )


def _is_planned(record: Record) -> bool:
    return record.get("statusType") == PLANNED or record.get("eventStatus") == "upcoming"


def _impact(record: Record) -> Impact:
    """By its type; an outage for some users only is not the worst."""
    found = fields.word("Apple status type", record.get("statusType"), IMPACT, Impact.UNKNOWN)
    some = (fields.text(record, "usersAffected") or "").startswith("Some ")
    return Impact.MAJOR if found == Impact.CRITICAL and some else found


def _phase(record: Record) -> IncidentPhase:
    return fields.word("Apple event status", record.get("eventStatus"), PHASE, IncidentPhase.UNKNOWN)


def _maintenance_phase(record: Record) -> MaintenancePhase:
    return fields.word(
        "Apple event status", record.get("eventStatus"), MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN
    )


def _is_developers(url: str) -> bool:
    parts = urlsplit(url)
    return parts.hostname == DEVELOPER or "/developer" in parts.path or parts.path.endswith("/system-status")


async def locate(url: str, getter: Getter) -> str:
    """The address of the document: the developers' on their page, and where it is the only one."""
    parts = urlsplit(url)
    data = f"{parts.scheme}://{WWW if parts.netloc == DEVELOPER else parts.netloc}{DATA}"
    is_users = not _is_developers(url) and (await getter.get(f"{data}/{FILE}")).status == 200
    return f"{data}/{FILE}" if is_users else f"{data}/developer/{FILE}"


ADAPTER = Adapter(
    name=NAME,
    title="Apple System Status",
    read=DocumentReader(lambda place: {"status": Document(place)}, parse, locate),
    parse=parse,
    knows=Knows(
        stable_ids="yes; services by their names",
        complete="yes",
        history="days or weeks, as long as the page keeps them",
        cheap="validators and the digest of one document",
    ),
    hosts=(DEVELOPER,),
    paths=("/support/systemstatus", f"/{FILE}"),
    aliases=("apple-system-status",),
)
