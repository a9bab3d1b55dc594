"""The history of a Statuspage, for a new follow: ninety days of each component, and incidents that no list has.

The days stand in the HTML of the page alone, as `uptimeData`: seconds of partial (p) and of major (m) outage. A
day without any is one on which the page counts no outage; degraded performance is not counted. Components that
the owner shows without their uptime are absent. Where `incidents.json` is turned off, the feed tells the newest 25
incidents; their impact stands nowhere in it.
"""

import json
import re
from datetime import datetime
from typing import Any

from adapters import feed, fields
from adapters.adapter import Getter, Page
from adapters.address import normalize_url
from adapters.fetch import AdapterError, Answer
from adapters.items import items
from adapters.reader import HTML, XML
from adapters.schema import OVER, Incident, Past, PastDay, Status

_UPTIME_DATA = re.compile(r"\buptimeData\s{0,9}=\s{0,9}(?=\{)")
_INCIDENT_CODE = re.compile(r"/incidents/([a-z0-9]{6,40})$")


async def read_past(page: Page, getter: Getter) -> Past:
    """Reads the page's HTML, and its feed where there is no list of incidents. Raises AdapterError."""
    base = normalize_url(page.url)
    html = await getter.get(f"{base}/", accept=HTML)
    days = past_days(html.body) if html.status == 200 else ()
    listed = await _listed(getter, base)
    if listed.status == 200:
        return Past(days=days)
    told = await getter.get(f"{base}/history.atom", accept=XML)
    return Past(days=days, incidents=past_incidents(told.body, page.now) if told.status == 200 else ())


async def _listed(getter: Getter, base: str) -> Answer:
    try:
        return await getter.get(f"{base}/api/v2/incidents.json")
    except AdapterError:  # forbidden, as good as absent
        return Answer(404, base, b"")


def past_days(document: bytes) -> tuple[PastDay, ...]:
    """The days that the page's HTML tells, by component; none where it tells none. Raises AdapterError."""
    text = document.decode("utf-8", "replace")
    found = _UPTIME_DATA.search(text)
    if found is None:
        return ()
    try:
        data, _ = json.JSONDecoder().raw_decode(text, found.end())
    except (ValueError, RecursionError) as error:
        raise AdapterError("the page's days can't be read") from error
    listed = data.items() if isinstance(data, dict) else ()
    return tuple(day for id_, told in listed if isinstance(told, dict) for day in _days(id_, told))


def _days(component_id: str, told: dict[str, Any]) -> list[PastDay]:
    starts = fields.day(fields.part(told, "component"), "startDate")
    found = []
    for one in fields.records(told.get("days")):
        day, outages = fields.day(one, "date"), one.get("outages")
        if day is None or (starts is not None and day < starts) or not isinstance(outages, dict):
            continue
        status = Status.PARTIAL_OUTAGE if outages.get("p") else Status.OPERATIONAL
        status = Status.MAJOR_OUTAGE if outages.get("m") else status
        found.append(PastDay(component_id=component_id, day=day, status=status))
    return found


def past_incidents(document: bytes, now: datetime) -> tuple[Incident, ...]:
    """The incidents of the page's feed that are over, under the ids that its documents give them."""
    told = items(document)
    incidents, _ = feed.told(told.items, told.link, now)
    return tuple(
        one.model_copy(update={"id": code[1]})
        for one in incidents
        if one.phase in OVER and (code := _INCIDENT_CODE.search(one.id))
    )
