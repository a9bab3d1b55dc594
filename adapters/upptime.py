"""Upptime: `history/summary.json` in a GitHub repository lists the sites; its issues are incidents
and maintenances.

The page itself is static and names its repository in a link to it; a page of GitHub's own names it in its address.
A page on a host without a name is a copy of one, with both documents beside it.
An issue with the label `status` is an incident, open or closed, whose other labels are the slugs of its sites; one
with the label `maintenance` has its times in an HTML comment. Other issues are nothing of the page.
An open issue doesn't say how far it is, and comments would cost a request each. Upptime closes a maintenance when
its time is over; whether an open one has begun tells the clock.
GitHub's API gives strangers sixty answers an hour, for all pages together: while nothing changes it is asked every
ten minutes only, and where it refuses, the sites are told and nothing is said about incidents.
Sources: upptime.js.org/docs, upptime/status-page (src/components), upptime/uptime-monitor (src/summary.ts,
src/update.ts) and a recorded repository.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows, Page, Reading
from adapters.address import has_no_name
from adapters.compose import compose
from adapters.fetch import AdapterError, Answer, FetchError
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
)

NAME = "upptime"
GITHUB = "https://github.com/"
API = "https://api.github.com/"
MOST_ISSUES = 100
ASKED_EVERY = 600.0
"""Seconds between two questions to GitHub's API where nothing else is new."""

STATUS = {"up": Status.OPERATIONAL, "down": Status.MAJOR_OUTAGE, "degraded": Status.DEGRADED}

_PART = r"([A-Za-z0-9_.-]{1,100})"
_IN_PATH = re.compile(rf"/{_PART}(?:/{_PART})?")
_LINK = re.compile(rf"""href=["']?https://github\.com/{_PART}/{_PART}["'\s>]""")
_COMMENT = re.compile(r"<!--(.{0,5000}?)-->", re.DOTALL)
_OWN = ("upptime", "upptime")
"""The repository of Upptime itself, which any page may link to."""


async def locate(url: str, getter: Getter) -> str:
    """The address of the repository, or of the page where its documents stand beside it."""
    named = _named(url)
    if named:
        return f"{GITHUB}{named}"
    answer = await getter.get(url, accept=HTML)
    links = _LINK.findall(html_of(answer))
    others = [one for one in links if one != _OWN] or links
    if has_no_name(url):
        return f"{url}/repos/{'/'.join(others[-1])}" if others else url
    if not others:
        raise AdapterError("this is not an Upptime page: its HTML links to no repository")
    return f"{GITHUB}{'/'.join(others[-1])}"  # the last link stands in the page's foot


def _named(url: str) -> str | None:
    """The owner and the name of the repository in an address of GitHub's."""
    parts = urlsplit(url)
    host, found = parts.hostname or "", _IN_PATH.match(parts.path)
    if host in ("github.com", "www.github.com", "raw.githubusercontent.com") and found:
        return f"{found[1]}/{found[2] or 'uptime'}"  # a normalized address has lost a last part of that name
    if host.endswith(".github.io") and found:
        return f"{host.removesuffix('.github.io')}/{found[1]}"
    return None


def _documents(place: str) -> dict[str, Document]:
    if place.startswith(GITHUB):
        repository = place.removeprefix(GITHUB)
        base, api = f"https://raw.githubusercontent.com/{repository}/HEAD", f"{API}repos/{repository}"
    else:
        base, beside, repository = place.partition("/repos/")
        api = f"{base}{beside}{repository}" if repository else ""
    found = {"summary": Document(f"{base}/history/summary.json")}
    if api:
        found["issues"] = Document(f"{api}/issues?state=all&per_page={MOST_ISSUES}", needed=False)
    return found


@dataclass(frozen=True)
class _SparingReader(DocumentReader):
    """Reads a page without using up what GitHub's API allows."""

    async def __call__(self, page: Page, getter: Getter) -> Reading:
        asked_at, inner = page.memory.get("asked_at"), page.memory.get("reader")
        now = page.now.timestamp()
        due = not isinstance(asked_at, int | float) or now - asked_at >= ASKED_EVERY
        sparing = _Sparing(getter, due, page.memory.get("refused") is True)
        reading = await super().__call__(replace(page, memory=inner if isinstance(inner, dict) else {}), sparing)
        memory = {
            "asked_at": now if due else asked_at,
            "refused": sparing.refused,
            "reader": dict(reading.memory),
        }
        return Reading(reading.snapshot, page.memory if memory == page.memory else memory)


@dataclass
class _Sparing:
    """A getter for which GitHub's API says "as before" when it is not asked, and when it refuses."""

    getter: Getter
    due: bool
    refused: bool
    """The last answer was none."""

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "application/json",
    ) -> Answer:
        if not url.startswith(API):
            return await self.getter.get(url, etag=etag, last_modified=last_modified, accept=accept)
        as_before = Answer(304, url, b"")
        if not self.due and (self.refused or etag or last_modified):
            return as_before
        try:
            answer = await self.getter.get(url, etag=etag, last_modified=last_modified, accept=accept)
        except FetchError:
            self.refused = True
            return as_before
        self.refused = False
        return answer


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `summary`, and `issues` where they could be read. Raises AdapterError."""
    sites = fields.strict_records(fields.decode_list(documents["summary"], "the summary"), "a site")
    if not all("slug" in one for one in sites) or not any("status" in one for one in sites):
        raise AdapterError("this is not an Upptime page")
    components = [_component(one) for one in sites]
    slugs = frozenset(one.id for one in components)
    issues = _issues(documents)
    incidents = [_incident(one, slugs) for one in issues or () if "status" in _labels(one)]
    planned = [_maintenance(one, slugs, read_at) for one in issues or () if "maintenance" in _labels(one)]
    whole = issues is not None and len(issues) < MOST_ISSUES
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=_name(url),
        status=overall(components, incidents, planned),
        components=components,
        incidents=incidents,
        maintenances=planned,
        coverage=Coverage(active_incidents=whole, active_maintenances=whole, past_incidents=issues is not None),
    )


def _name(url: str) -> str:
    parts = urlsplit(url)
    at_github = parts.hostname in ("github.com", "www.github.com", "raw.githubusercontent.com")
    return "/".join(parts.path.split("/")[1:3]) if at_github else parts.hostname or ""


def _component(record: Record) -> Component:
    return Component(
        id=fields.key(record, "a site", "slug"),
        name=fields.name(record, "a site"),
        status=fields.word("site status", record.get("status"), STATUS, Status.UNKNOWN),
    )


def _issues(documents: Mapping[str, bytes]) -> list[Record] | None:
    if "issues" not in documents:
        return None
    return fields.strict_records(fields.decode_list(documents["issues"], "the list of issues"), "an issue")


def _labels(record: Record) -> frozenset[str]:
    """The labels of an issue; none of a pull request, which GitHub lists among them."""
    if record.get("pull_request") is not None:
        return frozenset()
    return frozenset(name for one in fields.records(record.get("labels")) if (name := fields.text(one, "name")))


def _incident(record: Record, slugs: frozenset[str]) -> Incident:
    title, closed = fields.name(record, "an issue", "title"), record.get("state") == "closed"
    return Incident(
        id=fields.key(record, "an issue", "number"),
        title=title.replace("🛑", "").replace("⚠️", "").strip() or title,
        impact=_impact(title),
        phase=IncidentPhase.RESOLVED if closed else IncidentPhase.UNKNOWN,
        started_at=fields.moment(record, "created_at"),
        resolved_at=fields.moment(record, "closed_at") if closed else None,
        url=fields.link(record, "html_url"),
        component_ids=tuple(sorted(_labels(record) & slugs)),
        updates=_first(record),
    )


def _impact(title: str) -> Impact:
    """As Upptime titles its own issues: "🛑 … is down", "⚠️ … has degraded performance"."""
    if "⚠️" in title or "degraded" in title:
        return Impact.MINOR
    return Impact.MAJOR if "🛑" in title else Impact.UNKNOWN


def _first(record: Record) -> tuple[Update, ...]:
    """The issue's own text: the first post, under an id of its own, as it may be edited."""
    body, posted_at = fields.body(record, "body"), fields.moment(record, "created_at")
    return (Update(id="issue", phase="unknown", body=body, posted_at=posted_at),) if body and posted_at else ()


def _maintenance(record: Record, slugs: frozenset[str], read_at: datetime) -> Maintenance:
    told = _told(record.get("body"))
    starts_at, ends_at = (fields.instant(told.get(key), UTC) for key in ("start", "end"))
    expected = [
        name.strip() for key in ("expectedDown", "expectedDegraded") for name in told.get(key, "").split(",")
    ]
    title = fields.name(record, "an issue", "title")
    return Maintenance(
        id=fields.key(record, "an issue", "number"),
        title=title,
        phase=_phase(record, starts_at, read_at),
        starts_at=starts_at,
        ends_at=ends_at,
        url=fields.link(record, "html_url"),
        component_ids=tuple(name for name in dict.fromkeys(expected) if name in slugs),
        updates=_first(record),
    )


def _phase(record: Record, starts_at: datetime | None, read_at: datetime) -> MaintenancePhase:
    if record.get("state") == "closed":
        closed_at = fields.moment(record, "closed_at")
        early = starts_at is not None and closed_at is not None and closed_at < starts_at
        return MaintenancePhase.CANCELED if early else MaintenancePhase.COMPLETED
    if starts_at is None:
        return MaintenancePhase.UNKNOWN
    return MaintenancePhase.SCHEDULED if starts_at > read_at else MaintenancePhase.IN_PROGRESS


def _told(body: object) -> dict[str, str]:
    """The lines `key: value` of the first HTML comment."""
    found = _COMMENT.search(body) if isinstance(body, str) else None
    lines = [line.partition(":") for line in found[1].splitlines()] if found else []
    return {key.strip(): value.strip() for key, colon, value in lines if colon}


ADAPTER = Adapter(
    name=NAME,
    title="Upptime",
    read=_SparingReader(_documents, parse, locate),
    parse=parse,
    knows=Knows(
        stable_ids="yes: slugs of sites, numbers of issues",
        complete="with fewer than a hundred issues, and if GitHub answers",
        history="the latest hundred issues",
        cheap="validators; GitHub's API every ten minutes",
    ),
    marks=("upptime.js.org", "/upptime/upptime/master/assets/"),
    paths=("/history/summary.json",),
)
