"""What is known of a provider in the form of Atlassian Statuspage: who reads such pages can read ours. Pure.

What that form has no word for (a state, an impact or a phase that is unknown) is said with our own, `unknown`: to
invent one would be worse than to surprise.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.schema import OVER, Component, Incident, Maintenance, Status, Update, rfc3339

Document = dict[str, Any]

COMPONENT_STATUS = {
    Status.OPERATIONAL: "operational",
    Status.DEGRADED: "degraded_performance",
    Status.PARTIAL_OUTAGE: "partial_outage",
    Status.MAJOR_OUTAGE: "major_outage",
    Status.MAINTENANCE: "under_maintenance",
    Status.UNKNOWN: "unknown",
}
INDICATOR = {
    Status.OPERATIONAL: ("none", "All Systems Operational"),
    Status.DEGRADED: ("minor", "Degraded Performance"),
    Status.PARTIAL_OUTAGE: ("major", "Partial Outage"),
    Status.MAJOR_OUTAGE: ("critical", "Major Outage"),
    Status.MAINTENANCE: ("maintenance", "Under Maintenance"),
    Status.UNKNOWN: ("unknown", "State unknown"),
}


@dataclass(frozen=True)
class Site:
    """A provider, with what its page listed last. `incidents` and `maintenances` are newest first."""

    id: str
    name: str
    page: str
    """Our own page of it."""
    status: Status
    readable: bool
    read_at: datetime | None
    components: tuple[Component, ...] = ()
    incidents: tuple[Incident, ...] = ()
    maintenances: tuple[Maintenance, ...] = ()


def documents(site: Site) -> dict[str, Document]:
    """Every document by its name below /api/v2/, without `.json`."""
    components = _components(site)
    by_id = {one["id"]: one for one in components}
    incidents = [_incident(one, site, by_id) for one in site.incidents]
    works = [_maintenance(one, site, by_id) for one in site.maintenances]
    open_incidents, open_works = _open(incidents), _open(works)
    indicator, description = INDICATOR[site.status]
    page, status = {"page": _page(site)}, {"status": {"indicator": indicator, "description": description}}
    return {
        "summary": page
        | {"components": components, "incidents": open_incidents, "scheduled_maintenances": open_works}
        | status,
        "status": page | status,
        "components": page | {"components": components},
        "incidents": page | {"incidents": incidents},
        "incidents/unresolved": page | {"incidents": open_incidents},
        "scheduled-maintenances": page | {"scheduled_maintenances": works},
        "scheduled-maintenances/upcoming": page | {"scheduled_maintenances": _in(works, "scheduled")},
        "scheduled-maintenances/active": page | {"scheduled_maintenances": _in(works, "in_progress", "verifying")},
    }


def one_case(site: Site, id_: str) -> Document | None:
    """An incident or a maintenance by itself; None where there is none of this id."""
    by_id = {one["id"]: one for one in _components(site)}
    found = [_incident(one, site, by_id) for one in site.incidents if one.id == id_]
    found += [_maintenance(one, site, by_id) for one in site.maintenances if one.id == id_]
    return found[0] if found else None


def _page(site: Site) -> Document:
    return {
        "id": site.id,
        "name": site.name,
        "url": site.page,
        "time_zone": "Etc/UTC",
        "updated_at": _time(site.read_at),
    }


def _components(site: Site) -> list[Document]:
    """Groups are records of their own, which stand where the first of their members does."""
    groups: dict[str, Document] = {}
    found: list[Document] = []
    for one in site.components:
        if one.group is not None and one.group not in groups:
            groups[one.group] = _record(site, _group_id(one.group), one.group, len(found) + 1, group=True)
            found.append(groups[one.group])
        record = _record(site, one.id, one.name, len(found) + 1, one)
        if one.group is not None:
            record["group_id"] = groups[one.group]["id"]
            groups[one.group]["components"].append(one.id)
        found.append(record)
    for group in groups.values():
        group["status"] = _worst(one["status"] for one in found if one["id"] in group["components"])
    return found


def _record(
    site: Site, id_: str, name: str, position: int, component: Component | None = None, *, group: bool = False
) -> Document:
    status = component.status if component is not None and site.readable else Status.UNKNOWN
    changed_at = _time(component.changed_at if component is not None else site.read_at)
    return {
        "id": id_,
        "name": name,
        "status": COMPONENT_STATUS[status],
        "created_at": changed_at,
        "updated_at": changed_at,
        "position": position,
        "description": component.description if component is not None else None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": site.id,
        "group": group,
        "only_show_if_degraded": False,
    } | ({"components": []} if group else {})


def _group_id(name: str) -> str:
    return f"group-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:16]}"


def _worst(statuses: Iterable[str]) -> str:
    order = list(COMPONENT_STATUS.values())
    known = [one for one in statuses if one != "unknown"]
    return max(known, key=order.index, default="unknown")


def _incident(case: Incident, site: Site, components: Mapping[str, Document]) -> Document:
    resolved = {"resolved_at": _time(case.resolved_at)}
    return _case(case, site, components, case.started_at) | {"impact": str(case.impact)} | resolved


def _maintenance(case: Maintenance, site: Site, components: Mapping[str, Document]) -> Document:
    ended = case.updates[-1].posted_at if case.updates and case.phase in OVER else None
    return _case(case, site, components, case.updates[0].posted_at if case.updates else case.starts_at) | {
        "impact": "maintenance",
        "scheduled_for": _time(case.starts_at),
        "scheduled_until": _time(case.ends_at),
        "resolved_at": _time(ended),
    }


def _case(
    case: Incident | Maintenance, site: Site, components: Mapping[str, Document], began: datetime | None
) -> Document:
    last = case.updates[-1].posted_at if case.updates else began
    monitored = [one.posted_at for one in case.updates if one.phase == "monitoring"]
    return {
        "id": case.id,
        "name": case.title,
        "status": str(case.phase),
        "created_at": _time(began),
        "updated_at": _time(last),
        "monitoring_at": _time(monitored[-1] if monitored else None),
        "shortlink": case.url or site.page,
        "started_at": _time(began),
        "page_id": site.id,
        "incident_updates": [_update(one, case.id) for one in reversed(case.updates)],
        "components": [components[id_] for id_ in case.component_ids if id_ in components],
        "reminder_intervals": None,
    }


def _update(update: Update, case_id: str) -> Document:
    moment = _time(update.posted_at)
    return {
        "id": update.id,
        "status": update.phase,
        "body": update.body,
        "incident_id": case_id,
        "created_at": moment,
        "updated_at": moment,
        "display_at": moment,
        "affected_components": None,
        "deliver_notifications": False,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _open(cases: Sequence[Document]) -> list[Document]:
    return [one for one in cases if one["status"] not in OVER]


def _in(cases: Sequence[Document], *phases: str) -> list[Document]:
    return [one for one in cases if one["status"] in phases]


def _time(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment is not None else None
