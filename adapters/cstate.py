"""cState, a static site: `index.json` holds the summary and the systems, `issues/index.json` every issue ever.

The bodies stand in the feed, `index.xml`, under the issues' permalinks. An issue is one text that its author
keeps editing, so it is one update; the times inside of it lack the year. It is known by the last part of its
permalink, the name of its file, and a system by its name, as `affected` names it. Severity `notice` is what
cState itself shows as maintenance, with its start and its end for a calendar; nobody says when it begins, so
until it is resolved its phase is not known. An unresolved issue with an end is watched until it is resolved.
What is `informational` is news. The JSON is written by a template that escapes nothing: a quote in a title or a
line break in a description breaks it, so what stands on a line is mended. Where the list of issues can't be
read, the systems still name their own. Times are as Go prints them; front matter without a zone is UTC to
cState. Version 4 knows no states of systems.
Sources: cstate/cstate layouts/*.json, index.xml, README.md and i18n; its wiki's page on the API.
"""

import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from adapters import fields, plain
from adapters.adapter import Adapter, Knows
from adapters.compose import LONG_AGO, compose
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import XML, Document, DocumentReader
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

NAME = "cstate"
MOST_PAST = 100
"""Issues that are over, the newest of them: a site keeps all of its years."""
TEXT = "text"
"""The id of the one text of an issue: its time may be corrected."""

STATUS = {
    "ok": Status.OPERATIONAL,
    "notice": Status.MAINTENANCE,
    "disrupted": Status.PARTIAL_OUTAGE,
    "down": Status.MAJOR_OUTAGE,
}
NOTICE = "notice"
IMPACT = {"disrupted": Impact.MAJOR, "down": Impact.CRITICAL}
NO_VALUE = "<no value>"

_CONTROL = dict.fromkeys(range(32), " ")
_VALUE = re.compile(r'(\s*"\w+": *")(.*)(" *,?)')
_BARE_QUOTE = re.compile(r'(?<!\\)"')
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))? ?(Z|[+-]\d\d:?\d\d)?(?: [A-Z+-][A-Z0-9]{1,5})?"
)


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `index`, and where the site has them `issues` and `feed`. Raises AdapterError."""
    index = _decode(documents["index"], "index.json")
    if index.get("is") != "index" or "cStateVersion" not in index or not isinstance(index.get("systems"), list):
        raise AdapterError("this is not a cState page")
    components = _components(index)
    names = frozenset(one.id for one in components)
    listed = _listed(documents.get("issues", b""))
    issues = _issues(listed or [], index)
    complete = listed is not None or _names_its_issues(index)
    bodies = _bodies(documents.get("feed", b""))
    said = fields.word("summary status", index.get("summaryStatus"), STATUS, Status.UNKNOWN)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=fields.text(index, "title"),
        status=None if said == Status.UNKNOWN else said,
        components=components,
        incidents=[_incident(one, names, bodies) for one in issues if one.get("severity") != NOTICE],
        maintenances=[_maintenance(one, names, bodies) for one in issues if one.get("severity") == NOTICE],
        coverage=Coverage(
            active_incidents=complete, active_maintenances=complete, past_incidents=listed is not None
        ),
    )


def _decode(document: bytes, name: str) -> dict[str, Any]:
    """A document as it is, or mended where that is no JSON. Raises AdapterError."""
    try:
        return fields.decode(document, name)
    except AdapterError:
        lines = document.decode("utf-8", "replace").splitlines()
        return fields.decode(" ".join(map(_mended, lines)).translate(_CONTROL).encode(), name)


def _mended(line: str) -> str:
    """The quotes inside of a value that fills its line, escaped."""
    found = _VALUE.fullmatch(line.rstrip())
    return found[1] + _BARE_QUOTE.sub(r'\\"', found[2]) + found[3] if found else line


def _components(index: Record) -> list[Component]:
    listed = fields.records(index.get("categories"))
    hidden = {fields.text(one, "name") for one in listed if one.get("hideTitle") is True}
    return [
        Component(
            id=fields.identity({"id": name}, "a system"),
            name=name,
            group=None if fields.text(one, "category") in hidden else fields.text(one, "category"),
            description=fields.body(one, "description") or None,
            status=fields.word("system status", one.get("status"), STATUS, Status.UNKNOWN),
        )
        for one in fields.strict_records(index["systems"], "a system")
        for name in [fields.name(one, "a system")]
    ]


def _issues(listed: list[Record], index: Record) -> list[Record]:
    """Everything active, and of what is over the last that ended: an old issue must not vanish with its end."""
    unresolved = [
        issue
        for one in fields.records(index["systems"])
        for issue in fields.strict_records(one.get("unresolvedIssues"), "an issue")
    ]
    told = [one for one in [*listed, *unresolved] if not _is_true(one.get("informational"))]
    active = [one for one in told if not _is_true(one.get("resolved"))]
    over = [one for one in told if _is_true(one.get("resolved"))]
    return active + sorted(over, key=_ended_at, reverse=True)[:MOST_PAST]


def _ended_at(issue: Record) -> datetime:
    return _moment(issue.get("resolvedAt")) or _moment(issue.get("createdAt")) or LONG_AGO


def _listed(document: bytes) -> list[Record] | None:
    """The issues of the list, newest first as it has them; None where there is none or it is beyond mending."""
    try:
        pages = _decode(document, "issues/index.json").get("pages")
    except AdapterError:
        return None
    if not isinstance(pages, list):
        return None
    return [one for one in fields.strict_records(pages, "an issue") if one.get("is") == "issue"]


def _names_its_issues(index: Record) -> bool:
    systems = fields.records(index["systems"])
    return bool(systems) and all(isinstance(one.get("unresolvedIssues"), list) for one in systems)


def _incident(issue: Record, names: frozenset[str], bodies: Mapping[str, str]) -> Incident:
    resolved, ended_at = _is_true(issue.get("resolved")), _moment(issue.get("resolvedAt"))
    watched = IncidentPhase.MONITORING if ended_at else IncidentPhase.UNKNOWN
    return Incident(
        id=_slug(issue),
        title=fields.name(issue, "an issue", "title"),
        impact=fields.word("severity", _told(issue.get("severity")), IMPACT, Impact.UNKNOWN),
        phase=IncidentPhase.RESOLVED if resolved else watched,
        started_at=_moment(issue.get("createdAt")),
        resolved_at=ended_at if resolved else None,
        url=fields.link(issue, "permalink"),
        component_ids=fields.known_names(issue, "affected", names),
        updates=tuple(_updates(issue, bodies)),
    )


def _maintenance(issue: Record, names: frozenset[str], bodies: Mapping[str, str]) -> Maintenance:
    over = _is_true(issue.get("resolved"))
    return Maintenance(
        id=_slug(issue),
        title=fields.name(issue, "an issue", "title"),
        phase=MaintenancePhase.COMPLETED if over else MaintenancePhase.UNKNOWN,
        starts_at=_moment(issue.get("createdAt")),
        ends_at=_moment(issue.get("resolvedAt")),
        url=fields.link(issue, "permalink"),
        component_ids=fields.known_names(issue, "affected", names),
        updates=tuple(_updates(issue, bodies)),
    )


def _updates(issue: Record, bodies: Mapping[str, str]) -> Iterator[Update]:
    """The text, if there is one. What lies ahead was written before it begins: when it was last edited."""
    begins_at, body = _moment(issue.get("createdAt")), bodies.get(_slug(issue))
    if begins_at and body:
        posted_at = min(begins_at, _moment(issue.get("lastMod")) or begins_at)
        yield Update(id=TEXT, phase=IncidentPhase.UNKNOWN, body=body, posted_at=posted_at)


def _slug(issue: Record) -> str:
    """The name of the issue's page. Raises AdapterError where it has none."""
    found = _last_part(fields.text(issue, "permalink") or "")
    return fields.identity({"id": found or fields.text(issue, "filename")}, "an issue")


def _last_part(permalink: str) -> str:
    try:
        return unquote(urlsplit(permalink).path.rstrip("/").rpartition("/")[2])
    except ValueError:
        return ""


def _bodies(feed: bytes) -> dict[str, str]:
    """The texts of the feed by the names of their issues' pages. Its template is known: no XML need be parsed."""
    _, *items = feed.decode("utf-8", "replace").split("<item>")
    return {_last_part(_inside(one, "guid")): plain.body(_inside(one, "description")) for one in items}


def _inside(item: str, tag: str) -> str:
    found, end, _ = item.partition(f"<{tag}>")[2].partition(f"</{tag}>")
    return html.unescape(found) if end else ""


def _moment(value: object) -> datetime | None:
    """`2026-03-04 05:06:07 +0000 UTC`, as Go prints a time, or what somebody wrote as one."""
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 60 else None
    return fields.instant(f"{found[1]}T{found[2] or '00:00'}{found[3] or ''}", UTC) if found else None


def _told(value: object) -> object:
    return None if value == NO_VALUE else value


def _is_true(value: object) -> bool:
    """Version 4 writes texts."""
    return value is True or value == "true"


ADAPTER = Adapter(
    name=NAME,
    title="cState",
    read=DocumentReader(
        lambda base: {
            "index": Document(f"{base}/index.json"),
            "issues": Document(f"{base}/issues/index.json", needed=False),
            "feed": Document(f"{base}/index.xml", needed=False, accept=XML),
        },
        parse,
    ),
    parse=parse,
    knows=Knows(
        stable_ids="yes; a system is its name",
        complete="yes",
        history=f"the newest {MOST_PAST} issues",
        cheap="validators and digests of three static files",
    ),
    marks=('content="cstate v', "github.com/cstate/cstate"),
    guessed=True,
)
