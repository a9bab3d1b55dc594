"""Statuspal: `statuspal.io/api/v2/status_pages/<subdomain>/summary` (or `.eu`) lists what is current and to come.

The API's document stands elsewhere than the page; its address needs the page's subdomain, which is in the page's
address (`<subdomain>.statuspal.io`, `statuspal.io/status_pages/<subdomain>`) or, on a domain of its own, in its
HTML.
- Times have no zone. They are in UTC: Statuspal's code converts what is typed in the page's zone to UTC before it
  stores it, and pages in Detroit and Istanbul that one sweep touched show the same hour.
- Services are nested to any depth, and one with children may have trouble of its own: each is a component, in the
  group of those above it.
- Types of incidents may be a page's own (`performance`). `current_status_type` tells what the page's present one
  stands for: `minor`, `major` or `scheduled`.
- The list that an incident or a maintenance stands on says whether it is current or to come, not its times. What
  ended vanishes. Notices (`info_notices`) are neither.
Sources: docs.statuspal.io (statuses), github.com/statuspal/statuspal (times), recorded pages.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows, Page, Reading
from adapters.address import beside
from adapters.compose import compose, oldest_first
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import HTML, Document, DocumentReader, html_of
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
    Update,
)

NAME = "statuspal"

STATUS = {
    "minor": Status.DEGRADED,
    "major": Status.MAJOR_OUTAGE,
    "scheduled": Status.MAINTENANCE,
    "performance": Status.DEGRADED,
    "emergency-maintenance": Status.MAINTENANCE,
    "info": Status.UNKNOWN,
}
"""Of a service or the page by the type of its worst incident; none is operational."""
IMPACT = {
    "minor": Impact.MINOR,
    "major": Impact.MAJOR,
    "scheduled": Impact.NONE,
    "performance": Impact.MINOR,
    "emergency-maintenance": Impact.NONE,
    "info": Impact.UNKNOWN,
}
OWN_TYPES = ("minor", "major", "scheduled")
"""Every other type is one of these by another name."""
PHASE = {
    "issue": IncidentPhase.INVESTIGATING,
    "investigating": IncidentPhase.INVESTIGATING,
    "identified": IncidentPhase.IDENTIFIED,
    "monitoring": IncidentPhase.MONITORING,
    "resolved": IncidentPhase.RESOLVED,
    "retroactive": IncidentPhase.RESOLVED,
    "update": IncidentPhase.UNKNOWN,
    "escalate": IncidentPhase.UNKNOWN,
    "deescalate": IncidentPhase.UNKNOWN,
    "info": IncidentPhase.UNKNOWN,
}
"""Of an update by its type; some say nothing of how far the incident is."""
MAINTENANCE_PHASE = {
    "scheduled": MaintenancePhase.SCHEDULED,
    "postponed": MaintenancePhase.SCHEDULED,
    "started": MaintenancePhase.IN_PROGRESS,
    "essential": MaintenancePhase.IN_PROGRESS,
    "monitoring": MaintenancePhase.VERIFYING,
    "resolved": MaintenancePhase.COMPLETED,
    "retroactive": MaintenancePhase.COMPLETED,
    "issue": MaintenancePhase.UNKNOWN,
    "update": MaintenancePhase.UNKNOWN,
}

_Phase = TypeVar("_Phase", IncidentPhase, MaintenancePhase)

_SUB = r"([a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?)(?![a-z0-9_-])"
_HOST = re.compile(rf"{_SUB}\.statuspal\.(?:io|eu)")
_PATH = re.compile(rf"^(?:/api/v\d+)?/status_pages/{_SUB}")
_NAMED = (
    re.compile(rf"/status_pages/{_SUB}"),
    re.compile(rf"""subdomain["']?\s{{0,9}}[:=]\s{{0,9}}["']{_SUB}["']"""),
    re.compile(rf"//{_HOST.pattern}"),
)
"""Where a page's HTML names its subdomain, the surest first."""
_NOBODYS = frozenset({"www", "api", "app", "assets", "cdn", "docs", "help", "static", "support"})


async def locate(url: str, getter: Getter) -> str:
    """The address of the API's document about the page, by its subdomain in its address or else in its HTML."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = _PATH.search(parts.path) or _HOST.fullmatch(host)
    if named and named[1] not in _NOBODYS:
        return f"{beside(url, _api(host))}/api/v2/status_pages/{named[1]}/summary"
    answer = await getter.get(url, accept=HTML)
    text = html_of(answer).lower()
    found = _named_in(text)
    if found is None and fields.looks_like_an_object(answer.body) and '"status_page"' in text:
        return url
    if found is None:
        raise AdapterError("this is not a Statuspal page: its HTML names no subdomain")
    return f"{beside(url, _api(text))}/api/v2/status_pages/{found}/summary"


def _named_in(text: str) -> str | None:
    """The subdomain that a page's HTML names: every Statuspal page speaks of Statuspal or of its API."""
    if "statuspal" not in text and "/api/v2/status_pages/" not in text:
        return None
    named = (found[1] for pattern in _NAMED for found in pattern.finditer(text))
    return next((one for one in named if one not in _NOBODYS), None)


def _api(evidence: str) -> str:
    return "https://statuspal.eu" if "statuspal.eu" in evidence else "https://statuspal.io"


class _Reader(DocumentReader):
    """Takes the API's address for that of its page: what is cut off it otherwise is what tells the page."""

    async def __call__(self, page: Page, getter: Getter) -> Reading:
        """As a DocumentReader does."""
        return await super().__call__(replace(page, url=page_address(page.url)), getter)


def page_address(url: str) -> str:
    """`https://statuspal.eu/api/v2/status_pages/quillpost/summary` → `https://statuspal.eu/status_pages/quillpost`."""
    return re.sub(r"/api/v\d+(/status_pages/[^/?#]+)(?:/summary)?/?$", r"\1", url.strip())


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `summary`. Raises AdapterError."""
    summary = fields.decode(documents["summary"], "the summary")
    page = summary.get("status_page")
    if not isinstance(page, dict) or "current_incident_type" not in page:
        raise AdapterError("this is not a Statuspal page")
    services, incidents = summary.get("services"), summary.get("incidents")
    if not isinstance(services, list) or not isinstance(incidents, list):
        raise AdapterError("the summary lacks its lists of services and incidents")
    aliases = _aliases(page, summary)
    components = [_component(one, above, aliases) for one, above in _services(services)]
    current = [_incident(one, aliases) for one in fields.strict_records(incidents, "an incident")]
    planned, said = _maintenances(summary), _status(page, "page status", aliases)
    wrong = {one.status for one in components} - {Status.OPERATIONAL, Status.UNKNOWN}
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=fields.text(page, "name"),
        page_id=fields.text(page, "subdomain"),
        status=said if said != Status.UNKNOWN or not (wrong or current) else None,
        components=components,
        incidents=current,
        maintenances=planned or (),
        coverage=Coverage(active_incidents=True, active_maintenances=planned is not None),
    )


def _aliases(page: Record, summary: Record) -> dict[str, str]:
    """What the page's present type stands for, where it is one of its own."""
    own, stands_for = page.get("current_incident_type"), summary.get("current_status_type")
    known = isinstance(own, str) and own not in OWN_TYPES and stands_for in OWN_TYPES
    return {str(own): str(stands_for)} if known else {}


def _services(roots: list[object]) -> Iterator[tuple[Record, tuple[str, ...]]]:
    """Each service and the names of those above it, in the page's order."""
    waiting = [(one, tuple[str, ...]()) for one in reversed(fields.strict_records(roots, "a service"))]
    while waiting:
        service, above = waiting.pop()
        if not service:
            continue
        yield service, above
        inside = (*above, fields.name(service, "a service"))
        children = fields.strict_records(service.get("children"), "a service")
        waiting += [(one, inside) for one in reversed(children)]


def _component(record: Record, above: tuple[str, ...], aliases: Mapping[str, str]) -> Component:
    return Component(
        id=fields.key(record, "a service"),
        name=fields.name(record, "a service"),
        group=" / ".join(above) or None,
        description=fields.body(record, "description") or None,
        status=_status(record, "component status", aliases),
    )


def _status(record: Record, kind: str, aliases: Mapping[str, str]) -> Status:
    if "current_incident_type" not in record:
        return Status.UNKNOWN
    worst = record["current_incident_type"]
    return (
        Status.OPERATIONAL if worst is None else fields.word(kind, _type(worst, aliases), STATUS, Status.UNKNOWN)
    )


def _type(value: object, aliases: Mapping[str, str]) -> object:
    return aliases.get(value, value) if isinstance(value, str) else value


def _incident(record: Record, aliases: Mapping[str, str]) -> Incident:
    updates = _updates(record, "incident phase", PHASE, IncidentPhase.UNKNOWN)
    told = [one for one in updates if one.phase != IncidentPhase.UNKNOWN]
    phase = IncidentPhase(told[-1].phase) if told else IncidentPhase.UNKNOWN
    over = phase == IncidentPhase.RESOLVED
    return Incident(
        id=fields.key(record, "an incident"),
        title=fields.name(record, "an incident", "title"),
        impact=fields.word("impact", _type(record.get("type"), aliases), IMPACT, Impact.UNKNOWN),
        phase=phase,
        started_at=fields.moment(record, "starts_at", zone=UTC),
        resolved_at=(fields.moment(record, "ends_at", zone=UTC) or told[-1].posted_at) if over else None,
        url=fields.link(record, "url"),
        component_ids=_affected(record),
        updates=updates,
    )


def _maintenances(summary: Record) -> list[Maintenance] | None:
    """Those under way and those to come; None where a list of them is missing."""
    lists = {
        "maintenances": MaintenancePhase.IN_PROGRESS,
        "upcoming_maintenances": MaintenancePhase.SCHEDULED,
    }
    if not all(isinstance(summary.get(name), list) for name in lists):
        return None
    return [
        _maintenance(one, phase)
        for name, phase in lists.items()
        for one in fields.strict_records(summary[name], "a maintenance")
    ]


def _maintenance(record: Record, phase: MaintenancePhase) -> Maintenance:
    updates = _updates(record, "maintenance phase", MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN)
    over = bool(updates) and updates[-1].phase == MaintenancePhase.COMPLETED
    return Maintenance(
        id=fields.key(record, "a maintenance"),
        title=fields.name(record, "a maintenance", "title"),
        phase=MaintenancePhase.COMPLETED if over else phase,
        starts_at=fields.moment(record, "starts_at", zone=UTC),
        ends_at=fields.moment(record, "ends_at", zone=UTC),
        url=fields.link(record, "url"),
        component_ids=_affected(record),
        updates=updates,
    )


def _updates(record: Record, kind: str, phases: Mapping[str, _Phase], unknown: _Phase) -> tuple[Update, ...]:
    found = []
    for post in fields.strict_records(record.get("updates"), "an update"):
        posted_at = fields.moment(post, "posted_at", "inserted_at", zone=UTC)
        if posted_at is not None:
            found.append(
                Update(
                    id=fields.key(post, "an update"),
                    phase=fields.word(kind, post.get("type"), phases, unknown),
                    body=fields.body(post, "description") or fields.body(post, "description_html"),
                    posted_at=posted_at,
                )
            )
    return oldest_first(found)


def _affected(record: Record) -> tuple[str, ...]:
    listed = record.get("service_ids")
    ids = [{"id": one} for one in listed] if isinstance(listed, list) else []
    return fields.keys(ids, "an affected service")


ADAPTER = Adapter(
    name=NAME,
    title="Statuspal",
    read=_Reader(lambda place: {"summary": Document(place)}, parse, locate),
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes",
        history="none: what ended vanishes",
        cheap="validators and the digest of one document",
    ),
    hosts=("statuspal.io", "statuspal.eu", ".statuspal.io", ".statuspal.eu"),
    marks=("powered by statuspal", "statuspal.io/api/", "statuspal.eu/api/"),
    shape=re.compile(r"/status_pages/[^/]+"),
)
