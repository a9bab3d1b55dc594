"""Instatus: `summary.json` lists what is active and nothing else; `components.json` stands beside it.

Read as a Statuspage (it answers that path too) such a page would be "always operational". Keys are absent where
their lists are empty. What ends just vanishes, and no updates are told.
Sources: instatus.com/help/api and a recorded page.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows
from adapters.compose import compose
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import Document, DocumentReader
from adapters.schema import (
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

NAME = "instatus"

STATUS = {
    "OPERATIONAL": Status.OPERATIONAL,
    "UNDERMAINTENANCE": Status.MAINTENANCE,
    "DEGRADEDPERFORMANCE": Status.DEGRADED,
    "PARTIALOUTAGE": Status.PARTIAL_OUTAGE,
    "MINOROUTAGE": Status.PARTIAL_OUTAGE,
    "MAJOROUTAGE": Status.MAJOR_OUTAGE,
}
PAGE_STATUS = {"UP": Status.OPERATIONAL, "UNDERMAINTENANCE": Status.MAINTENANCE}
HAS_ISSUES = "HASISSUES"
COUNTS = ("ALL", "SOME", "ONE")
"""HASISSUES, ONEMAJOROUTAGE and their like count parts: what is listed decides, and they where nothing is."""
IMPACT = {
    "OPERATIONAL": Impact.NONE,
    "UNDERMAINTENANCE": Impact.NONE,
    "DEGRADEDPERFORMANCE": Impact.MINOR,
    "PARTIALOUTAGE": Impact.MAJOR,
    "MINOROUTAGE": Impact.MAJOR,
    "MAJOROUTAGE": Impact.CRITICAL,
}
PHASE = {
    "INVESTIGATING": IncidentPhase.INVESTIGATING,
    "IDENTIFIED": IncidentPhase.IDENTIFIED,
    "MONITORING": IncidentPhase.MONITORING,
    "RESOLVED": IncidentPhase.RESOLVED,
}
MAINTENANCE_PHASE = {
    "NOTSTARTEDYET": MaintenancePhase.SCHEDULED,
    "INPROGRESS": MaintenancePhase.IN_PROGRESS,
    "VERIFYING": MaintenancePhase.VERIFYING,
    "COMPLETED": MaintenancePhase.COMPLETED,
}

SUMMARIES = ("/summary.json", "/api/v2/summary.json")
COMPONENTS = ("/v2/components.json", "/v3/components.json", "/components.json")
_WRITTEN = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT[+-]\d{4}(?= \(|$)")


async def locate(url: str, getter: Getter) -> str:
    """The address of the summary, which stands at the path of a Statuspage's too."""
    for path in SUMMARIES:
        answer = await getter.get(f"{url}{path}")
        if answer.status == 200 and answer.body.lstrip()[:1] == b"{":
            return f"{url}{path}"
    return f"{url}{SUMMARIES[0]}"


def documents(place: str) -> Mapping[str, Document]:
    """The summary at `place`, and the components."""
    base = next(place.removesuffix(path) for path in reversed(SUMMARIES) if place.endswith(path))
    first, *others = (f"{base}{path}" for path in COMPONENTS)
    return {
        "summary": Document(place),
        "components": Document(first, needed=False, elsewhere=tuple(others)),
    }


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `summary`, and `components` where the page has them. Raises AdapterError."""
    summary = fields.decode(documents["summary"], "summary.json")
    page = summary.get("page")
    if not isinstance(page, dict) or not isinstance(page.get("status"), str) or "status" in summary:
        raise AdapterError("this is not an Instatus page")
    said = PAGE_STATUS.get(page["status"])
    components = _components(documents)
    incidents = [_incident(one) for one in fields.strict_records(summary.get("activeIncidents"), "an incident")]
    planned = fields.strict_records(summary.get("activeMaintenances"), "a maintenance")
    wrong = {one.status for one in components or ()} - {Status.OPERATIONAL, Status.UNKNOWN}
    trouble = wrong or any(one.impact != Impact.NONE for one in incidents)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=fields.text(page, "name"),
        status=said or (None if trouble else _counted(page["status"])),
        components=components,
        incidents=incidents,
        maintenances=[_maintenance(one) for one in planned],
        coverage=Coverage(active_incidents=True, active_maintenances=True),
    )


def _counted(word: str) -> Status:
    """What a page says of its parts without listing them: `SOMEMINOROUTAGE`, or that something is wrong."""
    counted = next((word.removeprefix(one) for one in COUNTS if word.startswith(one)), word)
    return fields.word("page status", counted, {HAS_ISSUES: Status.DEGRADED} | STATUS, Status.UNKNOWN)


def _components(documents: Mapping[str, bytes]) -> list[Component] | None:
    if "components" not in documents:
        return None
    listed = fields.decode(documents["components"], "components.json").get("components")
    if not isinstance(listed, list):
        raise AdapterError("components.json holds no list of them")
    return [
        Component(
            id=fields.identity(one, "a component"),
            name=fields.name(one, "a component"),
            group=fields.text(fields.part(one, "group"), "name"),
            description=fields.body(one, "description") or None,
            status=fields.word("component status", one.get("status"), STATUS, Status.UNKNOWN),
        )
        for one in fields.strict_records(listed, "a component")
        if one.get("isParent") is not True
    ]


def _incident(record: Record) -> Incident:
    return Incident(
        id=fields.identity(record, "an incident"),
        title=fields.name(record, "an incident"),
        impact=fields.word("impact", record.get("impact"), IMPACT, Impact.UNKNOWN),
        phase=fields.word("incident phase", record.get("status"), PHASE, IncidentPhase.UNKNOWN),
        started_at=_moment(record, "started"),
        url=fields.link(record, "url"),
    )


def _maintenance(record: Record) -> Maintenance:
    starts_at, minutes = _moment(record, "start"), fields.number(record, "duration")
    return Maintenance(
        id=fields.identity(record, "a maintenance"),
        title=fields.name(record, "a maintenance"),
        phase=fields.word("maintenance phase", record.get("status"), MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN),
        starts_at=starts_at,
        ends_at=fields.later(starts_at, minutes=minutes),
        url=fields.link(record, "url"),
    )


def _moment(record: Record, key: str) -> datetime | None:
    """RFC 3339, or as JavaScript writes it: `Sat Jul 09 2022 04:20:00 GMT+0000 (Coordinated Universal Time)`."""
    value = record.get(key)
    written = _WRITTEN.match(value) if isinstance(value, str) else None
    if written is None:
        return fields.moment(record, key)
    try:
        return datetime.strptime(written[0], "%a %b %d %Y %H:%M:%S GMT%z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


ADAPTER = Adapter(
    name=NAME,
    title="Instatus",
    read=DocumentReader(documents, parse, locate),
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes",
        history="none: what ended vanishes",
        cheap="validators and digests of two small documents",
    ),
    hosts=(".instatus.com",),
    marks=("instatus.com",),
    guessed=True,
)
