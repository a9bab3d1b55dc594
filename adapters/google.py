"""The status dashboards of Google's products: `incidents.json` and `products.json` stand beside each other.

The list holds every incident of about a year, also each that is active: what has no `end` (absent or
null) and whose newest update is not `AVAILABLE`. An empty list is taken for none. It is long (over a megabyte), so
of what is over only the newest `MOST_PAST` are told. `status_impact` says how bad an incident is; updates
stand newest first, have no ids and tell no phases but the end. Those that follow it (reports) are `AVAILABLE` too.
An incident's `uri` is relative. Its `external_desc` may be a whole text in Markdown, under a label (`**Title:**`).
The products have no status of their own: one is as bad as the worst active incident that names it, and fine when
there is none, as every trouble is listed. Incidents may name products that are not in the list (any more).
Sources: a recorded list of status.cloud.google.com; its incidents.schema.json as Checkmk reads it
(cmk/plugins/gcp); public readers of the other dashboards, who found the same form.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from adapters import fields, plain
from adapters.compose import LONG_AGO, OF_IMPACT, compose, oldest_first, worst
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import Document
from adapters.schema import (
    OVER,
    Component,
    Coverage,
    Impact,
    Incident,
    IncidentPhase,
    Snapshot,
    Status,
    Update,
    rfc3339,
)

MOST_PAST = 100
"""Incidents that are over. By number, not by age: a quiet dashboard shows its last ones, too."""

IMPACT = {
    "AVAILABLE": Impact.NONE,
    "SERVICE_INFORMATION": Impact.MINOR,
    "SERVICE_DISRUPTION": Impact.MAJOR,
    "SERVICE_OUTAGE": Impact.CRITICAL,
}
"""Information is not nothing: it is how degradations are told ("lower throughput")."""
SEVERITY = {"low": Impact.MINOR, "medium": Impact.MAJOR, "high": Impact.CRITICAL}
PHASE = {
    "AVAILABLE": IncidentPhase.RESOLVED,
    "SERVICE_INFORMATION": IncidentPhase.UNKNOWN,
    "SERVICE_DISRUPTION": IncidentPhase.UNKNOWN,
    "SERVICE_OUTAGE": IncidentPhase.UNKNOWN,
}

_BELOW = re.compile(
    r"/(?:(?:incidents|products)\.json|summary|products(?:/.*)?|regional(?:/.*)?|(?:[a-z]{2}/)?feed\.(?:atom|json))$"
)

_LABELS = r"(?:title|summary|description)"
_LABEL = re.compile(rf"\A\s*(?:[#*]+\s*{_LABELS}\s*[:*]*|{_LABELS}\s*:)\s*", re.IGNORECASE)


def place_of(url: str) -> str:
    """Where the documents of a dashboard stand, from the address of any page of it."""
    return _BELOW.sub("", url)


def documents_at(place: str) -> Mapping[str, Document]:
    """The documents that `snapshot` reads."""
    return {
        "incidents": Document(f"{place}/incidents.json"),
        "products": Document(f"{place}/products.json", needed=False),
    }


def snapshot(
    documents: Mapping[str, bytes], *, url: str, read_at: datetime, adapter: str, name: str, place: str
) -> Snapshot:
    """`documents` holds `incidents`, and `products` where the dashboard has them. Raises AdapterError."""
    listed = fields.strict_records(fields.decode_list(documents["incidents"], "incidents.json"), "an incident")
    if not listed:
        raise AdapterError("incidents.json lists nothing")
    products = _products(documents)
    every = [_incident(one, place, frozenset(products or ())) for one in listed]
    return compose(
        adapter=adapter,
        url=url,
        read_at=read_at,
        name=name,
        components=None if products is None else _components(products, every),
        incidents=_newest(every),
        coverage=Coverage(active_incidents=True, active_maintenances=True, past_incidents=True),
        calm=True,
    )


def _products(documents: Mapping[str, bytes]) -> dict[str, str] | None:
    """The names of the products by their ids."""
    if "products" not in documents:
        return None
    listed = fields.decode(documents["products"], "products.json").get("products")
    if not isinstance(listed, list):
        raise AdapterError("products.json lacks its list of products")
    return {
        fields.identity(one, "a product"): fields.name(one, "a product", "title")
        for one in fields.strict_records(listed, "a product")
    }


def _components(products: Mapping[str, str], incidents: Iterable[Incident]) -> list[Component]:
    shown: dict[str, list[Status]] = {product: [Status.OPERATIONAL] for product in products}
    for incident in incidents:
        for product in incident.component_ids if incident.phase not in OVER else ():
            shown[product].append(OF_IMPACT[incident.impact])
    return [Component(id=one, name=name, status=worst(shown[one])) for one, name in products.items()]


def _incident(record: Record, place: str, products: frozenset[str]) -> Incident:
    updates = _updates(record)
    ended, last = fields.moment(record, "end"), updates[-1] if updates else None
    if ended is None and last and last.phase in OVER:
        ended = last.posted_at
    return Incident(
        id=fields.identity(record, "an incident"),
        title=_title(record) or fields.name(record, "an incident", "service_name"),
        impact=_impact(record),
        phase=IncidentPhase.RESOLVED if ended else IncidentPhase.UNKNOWN,
        started_at=fields.moment(record, "begin", "created"),
        resolved_at=ended,
        url=_link(record, place),
        component_ids=_affected(record, products),
        updates=updates,
    )


def _title(record: Record) -> str | None:
    """The first line of its description that is not its label."""
    told = record.get("external_desc")
    lines = _LABEL.sub("", told, count=1).splitlines() if isinstance(told, str) else []
    return next((line for line in map(plain.line, lines) if line), None)


def _impact(record: Record) -> Impact:
    """By `status_impact`; by its severity where that says nothing."""
    found = fields.word("Google status impact", record.get("status_impact"), IMPACT, Impact.UNKNOWN)
    if found != Impact.UNKNOWN:
        return found
    return fields.word("Google severity", record.get("severity"), SEVERITY, Impact.UNKNOWN)


def _updates(record: Record) -> tuple[Update, ...]:
    listed = fields.strict_records(record.get("updates"), "an update")
    found = [_update(one) for one in reversed(listed)]
    return oldest_first(one for one in found if one)


def _update(record: Record) -> Update | None:
    """Its id is when it was written, as are both its times, in general."""
    posted_at = fields.moment(record, "when", "created")
    if posted_at is None:
        return None
    created_at = fields.moment(record, "created") or posted_at
    times = dict.fromkeys((rfc3339(posted_at), rfc3339(created_at)))
    return Update(
        id="/".join(times),
        phase=fields.word("Google update status", record.get("status"), PHASE, IncidentPhase.UNKNOWN),
        body=fields.body(record, "text"),
        posted_at=posted_at,
    )


def _affected(record: Record, products: frozenset[str]) -> tuple[str, ...]:
    named: Sequence[object] = [one.get("id") for one in fields.records(record.get("affected_products"))]
    return tuple(dict.fromkeys(one for one in named if isinstance(one, str) and one in products))


def _link(record: Record, place: str) -> str | None:
    whole, uri = fields.link(record, "uri"), fields.text(record, "uri")
    if whole or uri is None or "://" in uri or len(uri) > fields.LONGEST_ID:
        return whole
    return f"{place}/{uri.lstrip('/')}"


def _newest(incidents: Iterable[Incident]) -> list[Incident]:
    """Everything active, and of what is over the last that ended: one that began long ago must not vanish with
    its end."""
    ordered = sorted(incidents, key=lambda one: one.started_at or LONG_AGO, reverse=True)
    over = sorted(
        (one for one in ordered if one.phase in OVER), key=lambda one: one.resolved_at or LONG_AGO, reverse=True
    )
    return [one for one in ordered if one.phase not in OVER] + over[:MOST_PAST]
