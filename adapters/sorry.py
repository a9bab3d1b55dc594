"""Sorry: `api/v1/` below the page's address holds `status`, `components` and `notices`, without a key.

A list of notices is the newest 25 of all times, so those of the present and of the future are asked for by a
filter; the link to a second page drops the filter, so it is not followed: a list that has one is not complete.
A list has each notice's last update alone; all of them, and the components, stand in `notices/<id>`, which is
read for what is not long over. Components come 25 a page; each is known by its number and its group is its
parent, which is a component too. Trouble has one word, `degraded`, and no impact. A notice is planned,
unplanned or general: the last has no state and is news. A false alarm is over, as what was resolved. An update
is known by its time, since not every document tells its number.
Sources: the API's own description on each page (status.sorryapp.com/api), docs.sorryapp.com/v1/notices,
api-evangelist/university-of-st-andrews openapi (checked against live answers) and public clients of Postmark's
page.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows, Page, Reading
from adapters.compose import compose, oldest_first
from adapters.fetch import AdapterError, Answer
from adapters.fields import Record
from adapters.reader import JSON, Document, DocumentReader
from adapters.schema import (
    OVER,
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

NAME = "sorry"
MOST_PAGES = 8
"""Of components."""
MOST_DETAILS = 10
"""Notices of one list whose updates are all read, the newest of them."""
LISTS = ("present", "future", "newest")

STATUS = {
    "operational": Status.OPERATIONAL,
    "degraded": Status.DEGRADED,
    "partially_degraded": Status.DEGRADED,
    "partially-degraded": Status.DEGRADED,
    "under_maintenance": Status.MAINTENANCE,
    "under-maintenance": Status.MAINTENANCE,
}
PHASE = {
    "investigating": IncidentPhase.INVESTIGATING,
    "identified": IncidentPhase.IDENTIFIED,
    "recovering": IncidentPhase.MONITORING,
    "resolved": IncidentPhase.RESOLVED,
    "false_alarm": IncidentPhase.RESOLVED,
}
MAINTENANCE_PHASE = {
    "scheduled": MaintenancePhase.SCHEDULED,
    "underway": MaintenancePhase.IN_PROGRESS,
    "complete": MaintenancePhase.COMPLETED,
    "cancelled": MaintenancePhase.CANCELED,
}
GENERAL = "general"
PLANNED = "planned"
LONG_OVER = "past_distant"

_Phase = TypeVar("_Phase", IncidentPhase, MaintenancePhase)


class Reader(DocumentReader):
    """Reads components to their last page, and notices with all of their updates."""

    async def __call__(self, page: Page, getter: Getter) -> Reading:
        """As DocumentReader does. A list that is as it was is not read further."""
        return await super().__call__(page, _Whole(getter))


class _Whole:
    """A getter whose lists are whole."""

    def __init__(self, getter: Getter) -> None:
        self._getter = getter

    async def get(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None, accept: str = JSON
    ) -> Answer:
        answer = await self._getter.get(url, etag=etag, last_modified=last_modified, accept=accept)
        path = urlsplit(url).path
        if answer.status == 200 and path.endswith("/components"):
            return await self._with_pages(answer, url)
        if answer.status == 200 and path.endswith("/notices"):
            return await self._with_details(answer, url.partition("?")[0])
        return answer

    async def _with_pages(self, first: Answer, url: str) -> Answer:
        """All pages as one, which has no validators: those of the first don't speak for the others."""
        pages = {url: fields.decode(first.body, "components")}
        while len(pages) < MOST_PAGES:
            url = _next_page(url, pages[url])
            answer = None if not url or url in pages else await self._getter.get(url)
            if answer is None or answer.status != 200:
                break
            pages[url] = fields.decode(answer.body, "components")
        if len(pages) == 1:
            return first
        parts = [part for page in pages.values() for part in fields.records(page.get("components"))]
        return Answer(200, first.url, json.dumps({"components": parts}).encode())

    async def _with_details(self, listed: Answer, url: str) -> Answer:
        document = fields.decode(listed.body, "notices")
        notices = fields.strict_records(document.get("notices"), "a notice")
        if not notices:
            return listed
        wanted = [one for one in notices if one.get("timeline_state") != LONG_OVER and one.get("type") != GENERAL]
        details = {}
        for key in [fields.key(one, "a notice") for one in wanted[:MOST_DETAILS]]:
            answer = await self._getter.get(f"{url}/{quote(key, safe='')}")
            if answer.status == 200:
                details[key] = fields.decode(answer.body, "a notice").get("notice")
        whole = [_merged(one, details.get(fields.key(one, "a notice"))) for one in notices]
        return replace(listed, body=json.dumps(document | {"notices": whole}).encode())


def _next_page(url: str, document: Record) -> str:
    """Where the list goes on, on the same host; empty at its end."""
    found = fields.part(document, "meta").get("next_page")
    beside = isinstance(found, str) and found.startswith("/") and not found.startswith(("//", "/\\"))
    return urljoin(url, found) if beside else ""


def _merged(notice: Record, detail: object) -> Record:
    """A notice of a list, with what only its own document tells: that one may come from a cache, and be older."""
    if not isinstance(detail, dict) or detail.get("id") != notice.get("id"):
        return notice
    return {**detail, **notice}


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `status`, and `components`, `present`, `future` and `newest`. Raises AdapterError."""
    document = fields.decode(documents["status"], "status")
    page = document.get("page")
    if not isinstance(page, dict) or not isinstance(page.get("state"), str) or "status" in document:
        raise AdapterError("this is not a Sorry page")
    said = fields.word("page state", page["state"], STATUS, Status.UNKNOWN)
    lists = {name: fields.decode(documents[name], "notices") for name in LISTS if name in documents}
    notices = [one for listed in lists.values() for one in _notices(listed)]
    components = _components(documents)
    present, future = (name in lists and not _next_page(url, lists[name]) for name in LISTS[:2])
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=fields.text(page, "name"),
        status=None if said == Status.UNKNOWN else said,
        components=components,
        incidents=[_incident(one) for one in notices if one.get("type") != PLANNED],
        maintenances=[_maintenance(one) for one in notices if one.get("type") == PLANNED],
        coverage=Coverage(
            active_incidents=present,
            active_maintenances=present and future,
            past_incidents="newest" in lists,
            some_updates=True,
        ),
    )


def _components(documents: Mapping[str, bytes]) -> list[Component] | None:
    if "components" not in documents:
        return None
    listed = fields.decode(documents["components"], "components").get("components")
    if not isinstance(listed, list):
        raise AdapterError("components lacks its list")
    parts = {fields.key(one, "a component"): one for one in fields.strict_records(listed, "a component")}
    return [
        Component(
            id=key,
            name=fields.name(one, "a component"),
            group=_parent(one, parts),
            description=fields.body(one, "description") or None,
            status=fields.word("component state", one.get("state"), STATUS, Status.UNKNOWN),
        )
        for key, one in parts.items()
    ]


def _parent(record: Record, parts: Mapping[str, Record]) -> str | None:
    parent = parts.get(str(record.get("parent_id")))
    return fields.text(parent, "name") if parent else None


def _notices(listed: dict[str, Any]) -> list[Record]:
    if not isinstance(listed.get("notices"), list):
        raise AdapterError("notices lacks its list")
    found = fields.strict_records(listed["notices"], "a notice")
    return [one for one in found if one.get("type") != GENERAL]


def _incident(record: Record) -> Incident:
    phase = _phase(record, PHASE, IncidentPhase.UNKNOWN, IncidentPhase.RESOLVED)
    return Incident(
        id=fields.key(record, "a notice"),
        title=fields.name(record, "a notice", "subject"),
        phase=phase,
        started_at=fields.moment(record, "began_at", "created_at"),
        resolved_at=fields.moment(record, "ended_at") if phase in OVER else None,
        url=fields.link(record, "url"),
        component_ids=fields.keys(fields.records(record.get("components")), "a component"),
        updates=oldest_first(_updates(record, PHASE, IncidentPhase.UNKNOWN)),
    )


def _maintenance(record: Record) -> Maintenance:
    return Maintenance(
        id=fields.key(record, "a notice"),
        title=fields.name(record, "a notice", "subject"),
        phase=_phase(record, MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN, MaintenancePhase.COMPLETED),
        starts_at=fields.moment(record, "begins_at", "began_at"),
        ends_at=fields.moment(record, "ends_at"),
        url=fields.link(record, "url"),
        component_ids=fields.keys(fields.records(record.get("components")), "a component"),
        updates=oldest_first(_updates(record, MAINTENANCE_PHASE, MaintenancePhase.UNKNOWN)),
    )


def _phase(record: Record, phases: Mapping[str, _Phase], unknown: _Phase, over: _Phase) -> _Phase:
    """What its state says; one that nobody knows is over when the notice has ended."""
    found = fields.word("notice state", record.get("state"), phases, unknown)
    return over if found == unknown and fields.moment(record, "ended_at") else found


def _updates(record: Record, phases: Mapping[str, _Phase], unknown: _Phase) -> Iterator[Update]:
    listed = fields.strict_records(record.get("updates"), "an update")
    newest = fields.records([record.get("latest_update")])
    for one in listed + newest:
        posted_at = fields.moment(one, "created_at")
        if posted_at is not None:
            yield Update(
                id=rfc3339(posted_at),
                phase=fields.word("notice state", one.get("state"), phases, unknown),
                body=fields.body(one, "content"),
                posted_at=posted_at,
            )


def _documents(base: str) -> dict[str, Document]:
    api, state = f"{base}/api/v1", "filter%5Btimeline_state_eq%5D"
    return {
        "status": Document(f"{api}/status"),
        "components": Document(f"{api}/components", needed=False),
        "present": Document(f"{api}/notices?{state}=present", needed=False),
        "future": Document(f"{api}/notices?{state}=future", needed=False),
        "newest": Document(f"{api}/notices", needed=False),
    }


ADAPTER = Adapter(
    name=NAME,
    title="Sorry",
    read=Reader(_documents, parse),
    parse=parse,
    knows=Knows(
        stable_ids="yes; updates by their time",
        complete="yes, up to 25",
        history="the newest 25 notices",
        cheap="five documents' validators and digests; 10 min old at most",
    ),
    hosts=(".sorryapp.com",),
    marks=("sorryapp.com",),
    aliases=("sorryapp", "sorry app"),
)
