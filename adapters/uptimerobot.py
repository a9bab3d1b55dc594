"""UptimeRobot: `/api/getMonitorList/<key>` lists a page's monitors, thirty at a time (`?page=2`).

The key stands in the page's address (`stats.uptimerobot.com/<key>`) or, on a domain of its own, in its HTML
(`window.pspApiPath`); the page's own host answers for the list. Monitors are components. The list knows no
incidents, and none are made of monitors that are down; what people write (`getEventFeed`) is not read.
- `psp.totalMonitors` says how many there are. Of a list that is not whole only what it lists is known: a monitor
  that nobody read may be down and is not removed, so that nothing is called operational as a whole.
- The monitors stand in `data` (and again in `psp.monitors`), in `psp.monitors` alone, or, where the page has one
  only, in `monitor`.
- `black` is paused. The colours of `dailyRatios` are those of days, not of now. The document doesn't name the
  page.
Sources: recorded pages, public clients of the API (page counts, `data`, `groupName`).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows, Page, Reading
from adapters.address import has_no_name, normalize_url, origin
from adapters.compose import compose
from adapters.fetch import AdapterError, Answer
from adapters.fields import Record
from adapters.reader import AFRESH_EVERY, HTML, digest, html_of, remembered
from adapters.schema import Component, Coverage, Snapshot, Status, Value

NAME = "uptimerobot"
HOST = "stats.uptimerobot.com"
PER_PAGE = 30
MOST_PAGES = 40

STATUS = {
    "success": Status.OPERATIONAL,
    "warning": Status.DEGRADED,
    "danger": Status.MAJOR_OUTAGE,
    "black": Status.UNKNOWN,
    "paused": Status.UNKNOWN,
}

_API = re.compile(r"/api/getMonitor(?:List)?/([0-9A-Za-z]{4,32})(?![0-9A-Za-z])")
_PATH = re.compile(r"/([0-9A-Za-z]{8,12})(?:/|$)")


class _Memory(Value):
    version: Literal[1] = 1
    place: str = ""
    etag: str | None = None
    last_modified: str | None = None
    """Validators of a list of one page; of several, one page's say nothing of the others."""
    said: str = ""
    """The digest of the last snapshot: the ratios tick."""
    afresh_at: float = 0.0


async def read(page: Page, getter: Getter) -> Reading:
    """Reads the list as far as the page has it. Raises AdapterError when there was no answer for a part of it."""
    known, url = remembered(_Memory, page.memory), normalize_url(page.url)
    place = known.place or await locate(url, getter)
    afresh = page.now.timestamp() - known.afresh_at >= AFRESH_EVERY
    first = await _first(place, getter, _Memory() if afresh else known)
    if first.status == 304 and known.said:
        return Reading(None, page.memory)
    documents = {"page1": first.body}
    pages = _number_of_pages(first.body)
    for number in range(2, pages + 1):
        answer = await getter.get(f"{place}?page={number}")
        if answer.status != 200:
            break
        documents[f"page{number}"] = answer.body
    snapshot = parse(documents, url=url, read_at=page.now)
    said = digest(snapshot.model_dump_json(exclude={"read_at"}).encode())
    memory = _Memory(
        place=place,
        etag=first.etag if pages == 1 else None,
        last_modified=first.last_modified if pages == 1 else None,
        said=said,
        afresh_at=page.now.timestamp() if afresh else known.afresh_at,
    )
    return Reading(None if said == known.said else snapshot, memory.model_dump(mode="json"))


async def _first(place: str, getter: Getter, valid: _Memory) -> Answer:
    etag, last_modified = valid.etag, None if valid.etag else valid.last_modified
    answer = await getter.get(place, etag=etag, last_modified=last_modified)
    if answer.status not in (200, 304):
        raise AdapterError(f"there is no such page at this address: no list of monitors ({answer.status})")
    return answer


async def locate(url: str, getter: Getter) -> str:
    """The address of the list, by the page's key in its address or else in its HTML."""
    parts = urlsplit(url)
    has_key = parts.hostname == HOST or has_no_name(url)
    named = _API.fullmatch(parts.path) or (_PATH.match(parts.path) if has_key else None)
    if named is None:
        answer = await getter.get(url, accept=HTML)
        named = _API.search(html_of(answer).replace("\\/", "/"))
        if named is None and fields.looks_like_an_object(answer.body):
            return url
    if named is None:
        raise AdapterError("this is not an UptimeRobot page: its HTML names no list of monitors")
    return f"{origin(url)}/api/getMonitorList/{named[1]}"


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `page1` and as many more as the list has. Raises AdapterError."""
    lists = [_decoded(document) for document in documents.values()]
    monitors = [one for page in lists for one in _monitors(page)]
    components = {one.id: one for one in map(_component, monitors)}
    half = len(components) < _total(lists[0])
    if half and not components:
        raise AdapterError("the list of monitors is empty")
    wrong = any(one.status not in (Status.OPERATIONAL, Status.UNKNOWN) for one in components.values())
    strange = any(str(one.get("statusClass")) not in STATUS for one in monitors)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=urlsplit(url).hostname,
        status=Status.UNKNOWN if (strange or half) and not wrong else None,
        components=list(components.values()),
        coverage=Coverage(some_components=half),
    )


def _decoded(document: bytes) -> dict[str, Any]:
    page = fields.decode(document, "the list of monitors")
    if page.get("status") != "ok" or not any(name in page for name in ("data", "psp", "monitor")):
        raise AdapterError("this is not an UptimeRobot page")
    return page


def _monitors(page: Record) -> list[Record]:
    """The monitors of one page of the list."""
    if isinstance(page.get("monitor"), dict):
        return [page["monitor"]]
    listed = page.get("data")
    if not isinstance(listed, list):
        listed = fields.part(page, "psp").get("monitors")
    if not isinstance(listed, list):
        raise AdapterError("this is not an UptimeRobot page: it has no list of monitors")
    return fields.strict_records(listed, "a monitor")


def _component(record: Record) -> Component:
    in_a_group = record.get("groupId") != 0  # the default group, in which nobody put anything
    return Component(
        id=fields.key(record, "a monitor", "monitorId"),
        name=fields.name(record, "a monitor"),
        group=fields.text(record, "groupName") if in_a_group else None,
        status=fields.word("component status", record.get("statusClass"), STATUS, Status.UNKNOWN),
    )


def _number_of_pages(document: bytes) -> int:
    """How many pages the list has, by its first. Raises AdapterError where it can't be a list."""
    first = _decoded(document)
    per_page = max(len(_monitors(first)), int(fields.number(fields.part(first, "psp"), "perPage") or PER_PAGE), 1)
    pages = -(-_total(first) // per_page)
    if pages > MOST_PAGES:
        raise AdapterError(f"the list of monitors is too long: {pages} pages")
    return max(pages, 1)


def _total(page: Record) -> int:
    """How many monitors there are; as many as are listed, where the page doesn't count them."""
    return int(fields.number(fields.part(page, "psp"), "totalMonitors") or len(_monitors(page)))


ADAPTER = Adapter(
    name=NAME,
    title="UptimeRobot",
    read=read,
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="it lists monitors, no incidents",
        history="none: how monitors fare now",
        cheap="a digest of what it says; validators for a list of one page",
    ),
    hosts=(HOST,),
    marks=("pspapipath",),
    shape=re.compile(r"/api/getMonitorList/[0-9A-Za-z]{4,32}$|^/(?=[^/]*[0-9])(?=[^/]*[A-Z])[0-9A-Za-z]{8,12}$"),
)
