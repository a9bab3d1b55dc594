"""Statusfy, a static site or a small server: `incidents`, `systems` and `scheduled`, for each of its languages.

A static site keeps them below `static/content/api/v0`, with the number of the page and the language in their
names; a server below `api/v0`. The language stands in the page's HTML. A list of incidents is the newest ten;
what is to come is on a list of its own until its time has come (on a static site: until it is built again).
Work under way is an incident whose severity says so. Nothing names the page, and a system is known by its name.
Updates are blocks of the incident's HTML: a time, a title that anybody may word, a text; they have no numbers.
`modified` is when a file was last touched, so only an update that says so tells when an incident was resolved.
Sources: juliomrqz/statusfy docs/guide/api.md and incidents.md, core/lib/content/database.js,
core/client/helpers/api.js, markdown/containers.js.
"""

import html
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote, urlsplit

from adapters import fields, plain
from adapters.adapter import Adapter, Getter, Knows
from adapters.compose import compose, oldest_first
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import HTML, Document, DocumentReader
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
    rfc3339,
)

NAME = "statusfy"
LOOKED_AT = 20_000
"""Characters of a page's HTML in which its language is looked for."""
DEFAULT_LANGUAGE = "en"

STATUS = {
    "operational": Status.OPERATIONAL,
    "under-maintenance": Status.MAINTENANCE,
    "degraded-performance": Status.DEGRADED,
    "partial-outage": Status.PARTIAL_OUTAGE,
    "major-outage": Status.MAJOR_OUTAGE,
}
PLANNED = "under-maintenance"
IMPACT = {
    "degraded-performance": Impact.MINOR,
    "partial-outage": Impact.MAJOR,
    "major-outage": Impact.CRITICAL,
}
PHASE = {
    "investigating": IncidentPhase.INVESTIGATING,
    "identified": IncidentPhase.IDENTIFIED,
    "monitoring": IncidentPhase.MONITORING,
    "resolved": IncidentPhase.RESOLVED,
}
MAINTENANCE_PHASE = {
    "scheduled": MaintenancePhase.SCHEDULED,
    "in progress": MaintenancePhase.IN_PROGRESS,
    "completed": MaintenancePhase.COMPLETED,
}

_BLOCK = '<div class="update-block">'
_LANGUAGE = re.compile(r"""<html\b[^>]{0,500}?\slang=["']?([A-Za-z]{2,3})((?:-[A-Za-z0-9]{2,8})?)(?=["'\s>])""")

_Phase = TypeVar("_Phase", IncidentPhase, MaintenancePhase)


async def locate(url: str, getter: Getter) -> str:
    """The address of the page's documents, with `{}` for a document's name. Raises AdapterError."""
    for language in await _languages(url, getter):
        place = f"{url}/static/content/api/v0/{{}}.{language}.json"
        if (await getter.get(_main(place))).status == 200:
            return place
    return f"{url}/api/v0/{{}}"


async def _languages(url: str, getter: Getter) -> list[str]:
    """The language of the page's HTML, as it is and without its country, and what a new site has."""
    answer = await getter.get(f"{url}/", accept=HTML)
    found = _LANGUAGE.search(answer.body[:LOOKED_AT].decode("utf-8", "replace"))
    told = [found[1] + found[2], found[1]] if found and answer.status == 200 else []
    return list(dict.fromkeys([*told, DEFAULT_LANGUAGE]))


def _main(place: str) -> str:
    return place.replace("{}", "incidents.page-1" if place.endswith(".json") else "incidents")


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `incidents`, and `systems` and `scheduled`. Raises AdapterError."""
    listed = fields.decode(documents["incidents"], "incidents")
    if not isinstance(listed.get("incidents"), list) or "page_size" not in listed:
        raise AdapterError("this is not a Statusfy page")
    past = fields.strict_records(listed["incidents"], "an incident")
    scheduled = _scheduled(documents)
    components = _components(documents)
    names = frozenset(one.id for one in components or ())
    whole = listed.get("total_pages") in (0, 1)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=urlsplit(url).hostname,
        components=components,
        incidents=[_incident(one, names, url) for one in past if one.get("severity") != PLANNED],
        maintenances=[
            *(_maintenance(one, MaintenancePhase.SCHEDULED, names, url) for one in scheduled or ()),
            *(
                _maintenance(one, MaintenancePhase.IN_PROGRESS, names, url)
                for one in past
                if one.get("severity") == PLANNED
            ),
        ],
        coverage=Coverage(
            active_incidents=whole, active_maintenances=whole and scheduled is not None, past_incidents=True
        ),
    )


def _scheduled(documents: Mapping[str, bytes]) -> list[Record] | None:
    if "scheduled" not in documents:
        return None
    listed = fields.decode(documents["scheduled"], "scheduled").get("incidents")
    if not isinstance(listed, list):
        raise AdapterError("scheduled lacks its list")
    return fields.strict_records(listed, "a maintenance")


def _components(documents: Mapping[str, bytes]) -> list[Component] | None:
    if "systems" not in documents:
        return None
    listed = fields.decode_list(documents["systems"], "systems")
    return [
        Component(
            id=fields.identity({"id": name}, "a system"),
            name=name,
            status=fields.word("system status", one.get("status"), STATUS, Status.UNKNOWN),
        )
        for one in fields.strict_records(listed, "a system")
        for name in [fields.name(one, "a system")]
    ]


def _incident(record: Record, names: frozenset[str], url: str) -> Incident:
    updates = oldest_first(_updates(record, PHASE, IncidentPhase.UNKNOWN))
    resolved = record.get("resolved") is True
    said = IncidentPhase(updates[-1].phase) if updates else IncidentPhase.UNKNOWN
    ends = [one.posted_at for one in updates if one.phase == IncidentPhase.RESOLVED]
    key = fields.key(record, "an incident")
    return Incident(
        id=key,
        title=fields.name(record, "an incident", "title"),
        impact=fields.word("severity", record.get("severity"), IMPACT, Impact.UNKNOWN),
        phase=IncidentPhase.RESOLVED if resolved else IncidentPhase.UNKNOWN if said in OVER else said,
        started_at=fields.moment(record, "date"),
        resolved_at=ends[-1] if resolved and ends else None,
        url=f"{url}/incidents/{quote(key, safe='')}",
        component_ids=fields.known_names(record, "affectedsystems", names),
        updates=updates,
    )


def _maintenance(record: Record, phase: MaintenancePhase, names: frozenset[str], url: str) -> Maintenance:
    """The list it stands on says how far it is, until it is marked as over."""
    starts_at = fields.moment(record, "scheduled", "date")
    minutes = fields.number(record, "duration")
    key = fields.key(record, "a maintenance")
    return Maintenance(
        id=key,
        title=fields.name(record, "a maintenance", "title"),
        phase=MaintenancePhase.COMPLETED if record.get("resolved") is True else phase,
        starts_at=starts_at,
        ends_at=fields.later(starts_at, minutes=minutes),
        url=f"{url}/incidents/{quote(key, safe='')}",
        component_ids=fields.known_names(record, "affectedsystems", names),
        updates=oldest_first(_updates(record, MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN)),
    )


def _updates(record: Record, phases: Mapping[str, _Phase], unknown: _Phase) -> Iterator[Update]:
    """What was written first, and the blocks."""
    content = record.get("content")
    text, *blocks = content.split(_BLOCK) if isinstance(content, str) else [""]
    began_at, body = fields.moment(record, "date"), plain.body(text)
    if began_at and body:
        yield Update(id="text", phase=unknown, body=body, posted_at=began_at)
    for block in blocks:
        posted_at = fields.instant(_inside(block, "date").strip())
        if posted_at:
            phase = phases.get(plain.line(_inside(block, "title")).casefold(), unknown)
            body = plain.body(block.partition('<div class="update-block-body">')[2])
            yield Update(id=rfc3339(posted_at), phase=phase, body=body, posted_at=posted_at)


def _inside(block: str, part: str) -> str:
    found, end, _ = block.partition(f'<div class="update-block-{part}">')[2].partition("</div>")
    return html.unescape(found) if end else ""


ADAPTER = Adapter(
    name=NAME,
    title="Statusfy",
    read=DocumentReader(
        lambda place: {
            "incidents": Document(_main(place)),
            "systems": Document(place.replace("{}", "systems"), needed=False),
            "scheduled": Document(place.replace("{}", "scheduled"), needed=False),
        },
        parse,
        locate,
    ),
    parse=parse,
    knows=Knows(
        stable_ids="yes; updates by their time, a system is its name",
        complete="yes, on a page of ten incidents or fewer",
        history="the newest ten incidents",
        cheap="validators and digests of three small documents",
    ),
    marks=('content="statusfy"',),
)
