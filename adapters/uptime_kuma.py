"""Uptime Kuma: `/api/status-page/<slug>` names groups, monitors and notes, `/api/status-page/heartbeat/<slug>`
holds the last beats of each monitor.

A monitor is as its last beat says, and beats stand oldest first (in some versions a beat without data is the
number 0). A beat that is pending is one that failed and is tried again before anybody is told: neither up nor
down, so `unknown`.
Kuma calls "incident" a note that somebody pinned; it has a colour and no phase. One (`incident`) in 1.x, several
(`incidents`) since 2.1, which also tells the latest of the past in `incident-history`; an older server answers
that path with its HTML. Maintenances are listed only while they run, and a recurring one runs again under the same
number, so that its id here has the time of its beginning behind it.
Times of notes have no zone and are in UTC, as Kuma writes them; those of maintenances are in `timezoneOffset`, or
in UTC where there is none (before 1.21). A server so old that it has no list of maintenances knows none.
A page on a domain of its own shows its slug in its HTML alone.
Source: louislam/uptime-kuma, server/routers/status-page-router.js and server/model/, 1.x to 2.1.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from urllib.parse import urlsplit

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows
from adapters.address import origin
from adapters.compose import compose
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.monitors import overall
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
    rfc3339,
)

NAME = "uptime-kuma"

STATUS = {
    "0": Status.MAJOR_OUTAGE,
    "1": Status.OPERATIONAL,
    "2": Status.UNKNOWN,
    "3": Status.MAINTENANCE,
}
IMPACT = {
    "info": Impact.NONE,
    "warning": Impact.MINOR,
    "danger": Impact.MAJOR,
    "primary": Impact.UNKNOWN,
    "light": Impact.UNKNOWN,
    "dark": Impact.UNKNOWN,
}
"""The colours of a note."""
MAINTENANCE_PHASE = {
    "scheduled": MaintenancePhase.SCHEDULED,
    "under-maintenance": MaintenancePhase.IN_PROGRESS,
    "ended": MaintenancePhase.COMPLETED,
    "inactive": MaintenancePhase.CANCELED,
    "unknown": MaintenancePhase.UNKNOWN,
}

_SLUG = r"([A-Za-z0-9][A-Za-z0-9_.-]{0,199})"
_PAGE_PATH = re.compile(rf"(.*?)/(?:status|api/status-page(?:/heartbeat)?)/{_SLUG}(?:/|$)")
_IN_HTML = re.compile(rf"/api/status-page/{_SLUG}/manifest\.json")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


async def locate(url: str, getter: Getter) -> str:
    """The address of the page with its slug: from the address, from where it leads, or from the HTML."""
    named = _place(url)
    if named:
        return named
    answer = await getter.get(url, accept=HTML)
    led = _place(answer.url)
    if led:
        return led
    found = _IN_HTML.search(html_of(answer))
    base = re.sub(r"/status(?:-page)?$", "", url)
    return f"{base}/status/{found[1].lower() if found else 'default'}"


def _place(url: str) -> str | None:
    found = _PAGE_PATH.match(urlsplit(url).path)
    return f"{origin(url)}{found[1]}/status/{found[2].lower()}" if found else None


def _documents(place: str) -> dict[str, Document]:
    base, _, slug = place.rpartition("/status/")
    api = f"{base}/api/status-page"
    return {
        "page": Document(f"{api}/{slug}"),
        "heartbeats": Document(f"{api}/heartbeat/{slug}", needed=False),
        "history": Document(f"{api}/{slug}/incident-history", needed=False),
    }


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `page`, and `heartbeats` and `history` where there are any. Raises AdapterError."""
    page = fields.decode(documents["page"], "the page")
    config, groups = page.get("config"), page.get("publicGroupList")
    if not isinstance(config, dict) or not isinstance(groups, list):
        raise AdapterError("this is not an Uptime Kuma page")
    components = _components(fields.strict_records(groups, "a group"), _beats(documents))
    notes, past = _notes(page), _past(documents)
    incidents = [_incident(one) for one in (*(notes or ()), *(past or ()))]
    planned = fields.strict_records(page.get("maintenanceList"), "a maintenance")
    maintenances = [_maintenance(one, read_at) for one in planned]
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=fields.text(config, "title"),
        status=overall(components, incidents, maintenances),
        components=components,
        incidents=incidents,
        maintenances=maintenances,
        coverage=Coverage(
            active_incidents=notes is not None,
            active_maintenances=isinstance(page.get("maintenanceList", []), list),
            past_incidents=past is not None,
        ),
    )


def _beats(documents: Mapping[str, bytes]) -> Mapping[str, Any]:
    """The beats of each monitor by its number."""
    if "heartbeats" not in documents:
        return {}
    beats = fields.decode(documents["heartbeats"], "the heartbeats").get("heartbeatList")
    if not isinstance(beats, dict):
        raise AdapterError("the heartbeats lack their list")
    return beats


def _components(groups: Sequence[Record], beats: Mapping[str, Any]) -> list[Component]:
    return [
        Component(
            id=(number := fields.key(monitor, "a monitor")),
            name=fields.name(monitor, "a monitor"),
            group=fields.text(group, "name"),
            status=_last(beats.get(number)),
        )
        for group in groups
        for monitor in fields.strict_records(group.get("monitorList"), "a monitor")
    ]


def _last(beats: object) -> Status:
    """What the last beat says that says anything."""
    told = [one.get("status") for one in fields.records(beats)]
    code = told[-1] if told else None
    known = isinstance(code, int) and not isinstance(code, bool) and abs(code) < 1000
    return fields.word("beat", str(code) if known else None, STATUS, Status.UNKNOWN)


def _notes(page: Record) -> list[Record] | None:
    """The pinned notes; None where the page doesn't tell of any."""
    if isinstance(page.get("incidents"), list):
        return fields.strict_records(page["incidents"], "an incident")
    if "incident" not in page:
        return None
    single = page["incident"]
    if single is None:
        return []
    if not isinstance(single, dict):
        raise AdapterError("there is an incident that is not an object")
    return [single]


def _past(documents: Mapping[str, bytes]) -> list[Record] | None:
    """The latest notes, pinned or not; None where the server is too old to tell."""
    if documents.get("history", b"").lstrip()[:1] != b"{":
        return None
    listed = fields.decode(documents["history"], "the history").get("incidents")
    return fields.strict_records(listed, "an incident") if isinstance(listed, list) else None


def _incident(record: Record) -> Incident:
    """A note. It is over for the page when it is resolved or no longer pinned; only the first has a time."""
    posted_at, content = fields.moment(record, "createdDate", zone=UTC), fields.body(record, "content")
    resolved, pinned = record.get("active") is False, record.get("pin") is not False
    phase = IncidentPhase.RESOLVED if resolved or not pinned else IncidentPhase.UNKNOWN
    note = [Update(id=rfc3339(posted_at), phase="unknown", body=content, posted_at=posted_at)] if posted_at else []
    return Incident(
        id=fields.key(record, "an incident"),
        title=fields.name(record, "an incident", "title"),
        impact=fields.word("note style", record.get("style"), IMPACT, Impact.UNKNOWN),
        phase=phase,
        started_at=posted_at,
        resolved_at=fields.moment(record, "lastUpdatedDate", zone=UTC) if resolved else None,
        updates=tuple(note) if content else (),
    )


def _maintenance(record: Record, read_at: datetime) -> Maintenance:
    """Notes and maintenances are numbered apart, so the id says which it is."""
    number, (start, end) = f"maintenance/{fields.key(record, 'a maintenance')}", _slot(record, read_at)
    again = fields.text(record, "strategy") not in (None, "single", "manual")
    return Maintenance(
        id=f"{number}/{rfc3339(start)}" if again and start else number,
        title=fields.name(record, "a maintenance", "title"),
        phase=fields.word("maintenance status", record.get("status"), MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN),
        starts_at=start,
        ends_at=end,
    )


def _slot(record: Record, read_at: datetime) -> tuple[datetime | None, datetime | None]:
    """The time of a maintenance: the first that is listed, unless it runs now and that is its next time."""
    slots = fields.records(record.get("timeslotList"))
    zone = _zone(record.get("timezoneOffset"))
    start, end = (
        (fields.instant(slots[0].get(key), zone) for key in ("startDate", "endDate")) if slots else (None,) * 2
    )
    runs = record.get("status") == "under-maintenance"
    return (None, None) if runs and start and start > read_at else (start, end)


def _zone(value: object) -> tzinfo:
    found = _OFFSET.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[2]) > 14:
        return UTC
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset)


ADAPTER = Adapter(
    name=NAME,
    title="Uptime Kuma",
    read=DocumentReader(_documents, parse, locate),
    parse=parse,
    knows=Knows(
        stable_ids="yes; recurring maintenances by the time they begin",
        complete="yes (pinned notes); maintenances only while they run",
        history="the latest notes since 2.1, none before",
        cheap="validators and digests of three documents, 1 to 5 min old",
    ),
    marks=('id="preload-data"', 'href="/api/status-page/'),
    shape=re.compile(rf"/(?:status|api/status-page(?:/heartbeat)?)/{_SLUG}$"),
    aliases=("kuma",),
)
