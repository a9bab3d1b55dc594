"""What a provider goes through, in the documents of each kind of page. Their shapes are those of the fixtures."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from standins.cases import FIXTURES

BEGIN = datetime(2026, 2, 3, 10, 0, tzinfo=UTC)
WORK_BEGINS = BEGIN + timedelta(hours=4)
WORK_ENDS = BEGIN + timedelta(hours=5)

Json = dict[str, Any]
Pages = Mapping[str, bytes]


@dataclass(frozen=True)
class Post:
    """One post on the incident. `phase` is `investigating`, `identified` or `resolved`."""

    number: int
    phase: str
    text: str

    @property
    def at(self) -> datetime:
        """When it was posted."""
        return BEGIN + timedelta(minutes=10 * self.number)


@dataclass(frozen=True)
class World:
    """How the provider is: one incident with its posts, oldest first, planned work, and a component that fails."""

    posts: tuple[Post, ...] = ()
    forgotten: bool = False
    """The incident is over for so long that it left every list."""
    work: str = ""
    """`scheduled`, `in_progress` or `completed`; empty where there is none (any more)."""
    down: bool = False

    @property
    def open(self) -> bool:
        """Whether the incident is going on."""
        return bool(self.posts) and self.posts[-1].phase != "resolved"

    @property
    def told(self) -> bool:
        """Whether a page that keeps the past tells of the incident."""
        return bool(self.posts) and not self.forgotten

    @property
    def phase(self) -> str:
        """Of the incident."""
        return self.posts[-1].phase

    @property
    def last(self) -> datetime:
        """When the incident was last spoken of."""
        return self.posts[-1].at


def _read(path: str) -> Any:
    return json.loads((FIXTURES / path).read_bytes())


def _pages(documents: Mapping[str, object]) -> Pages:
    return {path: json.dumps(body).encode() for path, body in documents.items()}


def _at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _bare(moment: datetime, between: str = "T") -> str:
    return moment.strftime(f"%Y-%m-%d{between}%H:%M:%S")


def _record(template: Json, **changes: object) -> Json:
    return {**template, **changes}


def _one_if(told: bool, record: Callable[[], Json]) -> list[Json]:
    return [record()] if told else []


def incidentio(world: World) -> Pages:
    """The copy of Statuspage's documents, and the widget API for maintenances."""
    summary = _read("incidentio/both/www/api/v2/summary.json")
    own = _read("incidentio/both/www/api/v1/summary")
    former = _read("incidentio/both/www/api/v2/incidents.json")["incidents"][-1]
    template = summary["incidents"][1]

    def incident() -> Json:
        updates = [
            template["incident_updates"][0]
            | {
                "id": f"01KGHDZD304R5VY7KC2T1TYE{one.number:02}",
                "body": one.text,
                "status": one.phase,
                "created_at": _at(one.at),
                "display_at": _at(one.at),
            }
            for one in reversed(world.posts)
        ]
        return _record(
            template,
            status=world.phase,
            created_at=_at(world.posts[0].at),
            updated_at=_at(world.last),
            incident_updates=updates,
        )

    for one in summary["components"]:
        one["status"] = "operational"
    summary["components"][0]["status"] = "full_outage" if world.down else "operational"
    summary["incidents"] = _one_if(world.open, incident)
    incidents = {"page": summary["page"], "incidents": [*_one_if(world.told, incident), former]}
    return _pages(
        {
            "/api/v2/summary.json": summary,
            "/api/v2/incidents.json": incidents,
            "/api/v1/summary": _own(own, world),
        }
    )


def incidentio_own(world: World) -> Pages:
    """The widget API alone."""
    return _pages({"/api/v1/summary": _own(_read("incidentio/own-alone/www/api/v1/summary"), world)})


def _own(own: Json, world: World) -> Json:
    template, planned = own["ongoing_incidents"][1], own["scheduled_maintenances"][0]

    def incident() -> Json:
        said = {"last_update_at": _at(world.last), "last_update_message": world.posts[-1].text}
        return _record(template, status=world.phase, affected_components=[], **said)

    def work(phase: str, begins: str, ends: str) -> Json:
        times = {begins: _at(WORK_BEGINS), ends: _at(WORK_ENDS)}
        return {key: planned[key] for key in ("id", "name", "url")} | times | {"status": f"maintenance_{phase}"}

    return own | {
        "ongoing_incidents": _one_if(world.open, incident),
        "in_progress_maintenances": _one_if(
            world.work == "in_progress", lambda: work("in_progress", "started_at", "scheduled_end_at")
        ),
        "scheduled_maintenances": _one_if(
            world.work == "scheduled", lambda: work("scheduled", "starts_at", "ends_at")
        ),
    }


def betterstack(world: World) -> Pages:
    """`index.json`, with reports and their updates included."""
    index = _read("betterstack/calm/www/index.json")
    included = [one for one in index["included"] if not one["type"].startswith("status_")] + [
        one for one in index["included"] if one["type"] in ("status_page_resource", "status_page_section")
    ]
    resource = next(one for one in included if one["type"] == "status_page_resource")
    resource["attributes"]["status"] = "downtime" if world.down else "operational"
    reports = []
    if world.told:
        state = "degraded" if world.open else "resolved"
        reports.append(
            _report("9002", "manual", "Letters are late", world.posts[0].at, None, state, list(world.posts))
        )
        for one in reversed(world.posts):
            said = "resolved" if one.phase == "resolved" else "degraded"
            included.append(
                {
                    "id": f"9{one.number}",
                    "type": "status_update",
                    "attributes": {
                        "message": one.text,
                        "published_at": _at(one.at),
                        "affected_resources": [{"status_page_resource_id": resource["id"], "status": said}],
                    },
                }
            )
    if world.work:
        state = "resolved" if world.work == "completed" else "maintenance"
        reports.append(_report("9021", "maintenance", "New shelves", WORK_BEGINS, WORK_ENDS, state, []))
    index["included"] = included + reports
    index["data"]["relationships"]["status_reports"] = {
        "data": [{"id": one["id"], "type": "status_report"} for one in reports]
    }
    return _pages({"/index.json": index})


def _report(
    id_: str, kind: str, title: str, begins: datetime, ends: datetime | None, state: str, posts: list[Post]
) -> Json:
    return {
        "id": id_,
        "type": "status_report",
        "attributes": {
            "title": title,
            "report_type": kind,
            "starts_at": _at(begins),
            "ends_at": _at(ends) if ends else None,
            "affected_resources": [],
            "aggregate_state": state,
        },
        "relationships": {
            "status_updates": {"data": [{"id": f"9{one.number}", "type": "status_update"} for one in posts]}
        },
    }


def instatus(world: World) -> Pages:
    """The summary and the components. It has no posts."""
    summary = _read("instatus/busy/www/summary.json")
    components = _read("instatus/busy/www/v2/components.json")
    incident, planned = summary.pop("activeIncidents")[0], summary.pop("activeMaintenances")[0]
    for one in components["components"]:
        one["status"] = "OPERATIONAL"
    components["components"][0]["status"] = "MAJOROUTAGE" if world.down else "OPERATIONAL"
    summary["page"]["status"] = "HASISSUES" if world.open or world.down else "UP"
    if world.open:
        summary["activeIncidents"] = [incident | {"status": world.phase.upper()}]
    if world.work in ("scheduled", "in_progress"):
        status = "NOTSTARTEDYET" if world.work == "scheduled" else "INPROGRESS"
        summary["activeMaintenances"] = [planned | {"start": _at(WORK_BEGINS), "duration": 60, "status": status}]
    return _pages({"/summary.json": summary, "/v2/components.json": components})


STATUSIO = "/1.0/status/5f00aa11bb22cc33dd44ee55"


def statusio(world: World) -> Pages:
    """The API's one document."""
    document = _read(f"statusio/maintenance/www{STATUSIO}")
    result = document["result"]
    for component in result["status"]:
        for one in (component, *component["containers"]):
            one["status_code"] = 100
    result["status"][0]["containers"][0]["status_code"] = 500 if world.down else 100
    planned = result["maintenance"]["upcoming"][0] | {
        "datetime_planned_start": _at(WORK_BEGINS),
        "datetime_planned_end": _at(WORK_ENDS),
        "components_affected": [],
        "containers_affected": [],
    }
    codes = {"investigating": 100, "identified": 200, "resolved": 400}

    def incident() -> Json:
        messages = [
            {"details": one.text, "state": codes[one.phase], "status": 300, "datetime": _at(one.at)}
            for one in world.posts
        ]
        return {
            "name": "Tracking is slow",
            "_id": "5f0000000000000000001002",
            "datetime_open": _at(world.posts[0].at),
            "messages": messages,
            "components_affected": [],
            "containers_affected": [],
        }

    result["incidents"] = _one_if(world.open, incident)
    result["maintenance"] = {
        "active": [planned] if world.work == "in_progress" else [],
        "upcoming": [planned] if world.work == "scheduled" else [],
    }
    return _pages({STATUSIO: document})


STATUSPAL = "/api/v2/status_pages/quillpost/summary"


def statuspal(world: World) -> Pages:
    """The API's one document."""
    summary = _read(f"statuspal/maintenance/www{STATUSPAL}")
    update = summary["maintenances"][0]["updates"][0]
    planned = summary["upcoming_maintenances"][0] | {
        "starts_at": _bare(WORK_BEGINS),
        "ends_at": _bare(WORK_ENDS),
        "service_ids": [],
    }
    summary["services"][1]["current_incident_type"] = "major" if world.down else None
    types = {"investigating": "issue", "identified": "update", "resolved": "resolved"}

    def incident() -> Json:
        updates = [
            update
            | {
                "id": 900 + one.number,
                "type": types[one.phase],
                "description": one.text,
                "posted_at": _bare(one.at),
                "inserted_at": _bare(one.at),
            }
            for one in reversed(world.posts)
        ]
        times = {"starts_at": _bare(world.posts[0].at), "ends_at": None}
        return _record(planned, id=301, type="minor", title="Late letters", updates=updates, **times)

    summary["incidents"] = _one_if(world.open, incident)
    summary["maintenances"] = [planned] if world.work == "in_progress" else []
    summary["upcoming_maintenances"] = [planned] if world.work == "scheduled" else []
    return _pages({STATUSPAL: summary})


def google_cloud(world: World) -> Pages:
    """The two documents of a dashboard."""
    products = _read("google-cloud/disruption/www/products.json")
    listed = _read("google-cloud/disruption/www/incidents.json")
    active, former = listed[0], [one for one in listed if one.get("end")]

    def incident() -> Json:
        updates = [
            {
                "created": _at(one.at),
                "modified": _at(one.at),
                "when": _at(one.at),
                "text": one.text,
                "status": "AVAILABLE" if one.phase == "resolved" else "SERVICE_DISRUPTION",
            }
            for one in reversed(world.posts)
        ]
        ended = {} if world.open else {"end": _at(world.last)}
        began = {"begin": _at(world.posts[0].at), "created": _at(world.posts[0].at)}
        return _record(active, updates=updates, affected_products=[], **began, **ended)

    return _pages({"/incidents.json": [*_one_if(world.told, incident), *former], "/products.json": products})


def slack(world: World) -> Pages:
    """What is current, and the history."""
    former = _read("slack/trouble/www/api/v2.0.0/history")[1]
    template = _read("slack/trouble/www/api/v2.0.0/current")["active_incidents"][0] | {"services": []}

    def incident() -> Json:
        notes = [{"date_created": _at(one.at), "body": f"<p>{one.text}</p>"} for one in world.posts]
        status = "active" if world.open else "resolved"
        return _record(template, date_created=_at(world.posts[0].at), status=status, notes=notes)

    def work() -> Json:
        status = {"scheduled": "scheduled", "in_progress": "active"}.get(world.work, "completed")
        return _record(template, id=2006, title="Huddles move", type="maintenance", status=status, notes=[])

    active = [
        *_one_if(world.open, incident),
        *_one_if(world.work in ("scheduled", "in_progress"), work),
    ]
    current = {"status": "active" if active else "ok", "active_incidents": active}
    past = [
        *_one_if(world.told and not world.open, incident),
        *_one_if(world.work == "completed", work),
        former,
    ]
    return _pages({"/api/v2.0.0/current": current, "/api/v2.0.0/history": past})


def heroku(world: World) -> Pages:
    """What is current, and the list of incidents."""
    current = _read("heroku/maintenance/www/api/v4/current-status")
    planned = current["scheduled"][0] | {"systems": [], "updates": current["scheduled"][0]["updates"][1:]}
    template = _read("heroku/trouble/www/api/v4/current-status")["incidents"][0]
    former = _read("heroku/several/www/api/v4/incidents")[0]
    for one in current["status"]:
        one["status"] = "green"
    current["status"][0]["status"] = "red" if world.down else "green"
    types = {"investigating": "investigating", "identified": "issue", "resolved": "resolved"}

    def incident() -> Json:
        updates = [
            template["updates"][0]
            | {
                "id": 9000 + one.number,
                "contents": one.text,
                "created_at": _at(one.at),
                "update_type": types[one.phase],
            }
            for one in reversed(world.posts)
        ]
        state = {"state": "open" if world.open else "resolved", "created_at": _at(world.posts[0].at)}
        return _record(template, updates=updates, systems=[], **state)

    current["incidents"] = _one_if(world.open, incident)
    current["scheduled"] = [planned] if world.work in ("scheduled", "in_progress") else []
    past = [*_one_if(world.told, incident), former]
    return _pages({"/api/v4/current-status": current, "/api/v4/incidents": past})


def aws(world: World) -> Pages:
    """The current events, in UTF-16."""
    (event, *_) = json.loads((FIXTURES / "aws/disruption/www/public/currentevents").read_bytes())

    def incident() -> Json:
        log = [
            {
                "summary": "[RESOLVED] Errors" if one.phase == "resolved" else "Errors",
                "message": one.text,
                "status": 0 if one.phase == "resolved" else 2,
                "timestamp": int(one.at.timestamp()),
            }
            for one in world.posts
        ]
        told = {"date": str(log[0]["timestamp"]), "summary": log[-1]["summary"], "status": str(log[-1]["status"])}
        return _record(event, event_log=log, **told)

    listed = _one_if(world.told, incident)
    return {"/public/currentevents": b"\xfe\xff" + json.dumps(listed).encode("utf-16-be")}


def zendesk(world: World) -> Pages:
    """The two lists of incidents, and the services."""
    folder = "zendesk/calm/www/api"
    active, ssp = _read(f"{folder}/incidents/active"), _read(f"{folder}/ssp/incidents.json")
    services = _read(f"{folder}/ssp/services.json")
    told = _read("zendesk/several/www/api/incidents/active")["data"][0]
    listed = _read("zendesk/several/www/api/ssp/incidents.json")["data"][0]
    if world.told:
        resolved = None if world.open else _at(world.last)
        began = _at(world.posts[0].at)
        said = {"startedAt": began, "resolvedAt": resolved, "status": world.phase}
        ssp["data"].insert(0, listed | {"attributes": listed["attributes"] | said, "relationships": {}})
    if world.open:
        ids = [{"id": str(800 + one.number), "type": "incident_update"} for one in reversed(world.posts)]
        said = {"started_at": began, "resolved_at": None, "status": world.phase}
        relations = {"incident_updates": {"data": ids}}
        active["data"] = [told | {"attributes": told["attributes"] | said, "relationships": relations}]
        active["included"] = [
            {
                "id": str(800 + one.number),
                "type": "incident_update",
                "attributes": {"created_at": _at(one.at), "description": f"<p>{one.text}</p>"},
            }
            for one in world.posts
        ]
    return _pages(
        {"/api/incidents/active": active, "/api/ssp/incidents.json": ssp, "/api/ssp/services.json": services}
    )


CHECKLY = "/api/status-page/quillpost"


def checkly(world: World) -> Pages:
    """What is unresolved, the services, and the windows."""
    folder = f"checkly/trouble/www{CHECKLY}"
    template = _read(f"{folder}/unresolved-incidents")["incidents"][0]
    window = _read(f"checkly/maintenance/www{CHECKLY}/maintenance-windows")["active"][0]
    window |= {"startsAt": _at(WORK_BEGINS), "endsAt": _at(WORK_ENDS)}

    def incident() -> Json:
        updates = [
            template["incidentUpdates"][0]
            | {
                "id": f"7a11000{one.number}-1111-4a52-9c1e-000000000000",
                "status": one.phase.upper(),
                "description": one.text,
                "publicIncidentUpdateDate": _at(one.at),
            }
            for one in world.posts
        ]
        last = {"lastUpdateStatus": world.phase.upper(), "created_at": _at(world.posts[0].at)}
        hit = template["services"] if world.down else [{"id": "3f0c1a52-0009-4a52-9c1e-dddddddddddd"}]
        return _record(template, incidentUpdates=updates, services=hit, **last)

    return _pages(
        {
            f"{CHECKLY}/unresolved-incidents": {"incidents": _one_if(world.open, incident)},
            f"{CHECKLY}/uptime": _read(f"{folder}/uptime"),
            f"{CHECKLY}/maintenance-windows": {
                "active": [window] if world.work == "in_progress" else [],
                "upcoming": [window] if world.work == "scheduled" else [],
            },
        }
    )


def cachet(world: World) -> Pages:
    """Version 2.4."""
    api = "/api/v1"
    folder = f"cachet/maintenance/www{api}"
    components = _read(f"{folder}/components/index")
    incidents, schedules = _read(f"{folder}/incidents"), _read(f"{folder}/schedules")
    template = next(one for one in _read(f"cachet/several/www{api}/incidents")["data"] if len(one["updates"]) == 2)
    components["data"][0]["status"] = 4 if world.down else 1
    codes = {"investigating": 1, "identified": 2, "resolved": 4}
    if world.told:
        first, *rest = world.posts
        updates = [
            template["updates"][0]
            | {
                "id": one.number,
                "status": codes[one.phase],
                "message": one.text,
                "created_at": _bare(one.at, " "),
            }
            for one in rest
        ]
        code = codes[world.phase]
        said = {"message": first.text, "created_at": _bare(first.at, " "), "occurred_at": _bare(first.at, " ")}
        ends = {"status": 1, "latest_status": code, "is_resolved": code == 4, "component_id": 0}
        incidents["data"] = [template | said | ends | {"updates": updates}]
    planned = {
        "scheduled_at": _bare(WORK_BEGINS, " "),
        "created_at": _bare(BEGIN, " "),
        "status": {"scheduled": 0, "in_progress": 1}.get(world.work, 2),
        "components": [],
    }
    schedules["data"] = [schedules["data"][0] | planned] if world.work else []
    return _pages(
        {
            f"{api}/components": components,
            f"{api}/components/groups": _read(f"{folder}/components/groups"),
            f"{api}/incidents": incidents,
            f"{api}/schedules": schedules,
        }
    )


KUMA = "/api/status-page"


def uptime_kuma(world: World) -> Pages:
    """Version 2.1. A note is one post."""
    folder = f"uptime-kuma/several/www{KUMA}"
    page, beats = _read(f"{folder}/quillpost/index"), _read(f"{folder}/heartbeat/quillpost")
    history = _read(f"{folder}/quillpost/incident-history")
    note = history["incidents"][0]
    past = [one for one in history["incidents"] if one["active"] is False]
    single = _read(f"uptime-kuma/maintenance/www{KUMA}/quillpost")["maintenanceList"][0]
    slot = {"startDate": _bare(WORK_BEGINS, " "), "endDate": _bare(WORK_ENDS, " ")}
    for monitor in beats["heartbeatList"].values():
        monitor.append({"status": 1, "time": _bare(BEGIN, " "), "msg": "", "ping": 40})
    beats["heartbeatList"]["3"].append(beats["heartbeatList"]["3"][-1] | {"status": 0 if world.down else 1})

    def incident() -> Json:
        shown = world.posts[-1]
        said = {"content": shown.text, "createdDate": _bare(world.posts[0].at, " ")}
        edited = _bare(shown.at, " ")
        return _record(note, active=world.open, pin=world.open, lastUpdatedDate=edited, **said)

    page["incidents"] = _one_if(world.open, incident)
    history["incidents"] = [*_one_if(world.told, incident), *past]
    page["maintenanceList"] = (
        [single | {"timeslotList": [slot], "timezoneOffset": "+00:00"}] if world.work == "in_progress" else []
    )
    return _pages(
        {
            f"{KUMA}/quillpost": page,
            f"{KUMA}/heartbeat/quillpost": beats,
            f"{KUMA}/quillpost/incident-history": history,
        }
    )


def feed(world: World) -> Pages:
    """An Atom feed as Statuspage writes it, with the posts of an incident in one text."""
    whole = (FIXTURES / "feed/trouble/www/history.atom").read_text("utf-8")
    head, *entries = whole.split("<entry>")
    old = next(one for one in entries if "Incident/901<" in one)
    shown = []
    if world.told:
        story = [(one.at, one.phase.title(), one.text) for one in reversed(world.posts)]
        shown.append(_entry("905", "Letters are late", story))
    if world.work:
        labels = {"scheduled": "Scheduled", "in_progress": "In progress", "completed": "Completed"}
        moments = {"scheduled": BEGIN, "in_progress": WORK_BEGINS, "completed": WORK_ENDS}
        words = list(labels)[: list(labels).index(world.work) + 1]
        story = [(moments[one], labels[one], "Letters wait.") for one in reversed(words)]
        shown.append(_entry("906", "New machines", story))
    document = head + "".join(f"<entry>{one}" for one in [*shown, old])
    return {"/history.atom": (document if "</feed>" in document else document + "</feed>").encode()}


def _entry(number: str, title: str, story: list[tuple[datetime, str, str]]) -> str:
    posts = "".join(
        f"<p><small>{at:%b} <var data-var='date'>{at.day}</var>, <var data-var='time'>{at:%H:%M}</var> UTC</small>"
        f"<br><strong>{label}</strong> - {text}</p>"
        for at, label, text in story
    )
    return (
        f"<id>tag:status.quillpost.example,2005:Incident/{number}</id><published>{_at(story[-1][0])}</published>"
        f"<updated>{_at(story[0][0])}</updated>"
        f'<link rel="alternate" type="text/html" href="https://status.quillpost.example/incidents/z{number}y{number}"/>'
        f'<title>{title}</title><content type="html">{escape(posts)}</content></entry>'
    )


def rootly(world: World) -> Pages:
    """The status and the list of what is active. It has no components."""
    status, listed = (
        _read("rootly/trouble/www/api/v1/status.json"),
        _read("rootly/trouble/www/api/v1/incidents.json"),
    )
    template = listed["incidents"][0]
    statuses = {"scheduled": "scheduled", "in_progress": "in_progress", "completed": "completed"}

    def incident() -> Json:
        updates = [
            template["incident_updates"][0]
            | {
                "id": f"59863e8a-5240-50fe-8992-a5099ad7080{one.number}",
                "status": one.phase,
                "body": one.text,
                "display_at": _at(one.at),
            }
            for one in reversed(world.posts)
        ]
        return _record(template, status="started", incident_updates=updates)

    def work() -> Json:
        update = template["incident_updates"][0] | {"status": "scheduled", "display_at": _at(BEGIN)}
        times = {"scheduled_for": _at(WORK_BEGINS), "scheduled_until": _at(WORK_ENDS)}
        said = {"id": "7f05cdb1-65f3-5f08-9254-056c652c6a55", "status": statuses[world.work]}
        return _record(template, **said, **times, incident_updates=[update])

    active = [*_one_if(world.open, incident), *_one_if(world.work in ("scheduled", "in_progress"), work)]
    status["status"]["indicator"] = "minor" if world.open else "none"
    status["incidents"] = [{key: one[key] for key in one if key != "incident_updates"} for one in active]
    listed["incidents"] = active
    return _pages({"/api/v1/status.json": status, "/api/v1/incidents.json": listed})


def openstatus(world: World) -> Pages:
    """The feed, which ticks with each request. How far a maintenance is, the clock alone says."""
    feed = _read("openstatus/trouble/www/feed/json")
    report = next(one for one in feed["statusReports"] if one["id"] == 40)
    planned = next(one for one in feed["maintenances"] if one["id"] == 40)
    update = report["statusReportUpdates"][0]
    for one in feed["monitors"]:
        one["status"] = "success"
    feed["monitors"][0]["status"] = "error" if world.down else "success"
    feed["status"] = "success"

    def incident() -> Json:
        updates = [
            update | {"id": 400 + one.number, "status": one.phase, "message": one.text, "date": _at(one.at)}
            for one in reversed(world.posts)
        ]
        parts: Json = {"monitors": [], "pageComponents": []}
        return _record(report, status=world.phase, statusReportUpdates=updates, **parts)

    def work() -> Json:
        times = {"from": _at(WORK_BEGINS), "to": _at(WORK_ENDS), "updatedAt": _at(BEGIN)}
        return _record(planned, pageComponents=[], **times)

    former = [one for one in feed["statusReports"] if one["status"] == "resolved"]
    feed["statusReports"] = [*_one_if(world.told, incident), *former]
    feed["maintenances"] = _one_if(bool(world.work), work)
    return _pages({"/feed/json": feed})


def upptime(world: World) -> Pages:
    """The sites and the issues. An issue is one post; a maintenance begins by the clock."""
    issues = "/repos/quillpost/upptime/issues"
    sites = _read("upptime/trouble/www/history/summary.json")
    status, former = _read(f"upptime/trouble/www{issues}")[:2]
    (planned, *_) = _read(f"upptime/maintenance/www{issues}")
    for one in sites:
        one["status"] = "up"
    sites[0]["status"] = "down" if world.down else "up"

    def incident() -> Json:
        state = {"state": "open" if world.open else "closed", "closed_at": None if world.open else _at(world.last)}
        made = {"created_at": _at(world.posts[0].at), "labels": status["labels"][:1]}
        return _record(status, body=world.posts[-1].text, **state, **made)

    def work() -> Json:
        over = world.work == "completed"
        state = {"state": "closed" if over else "open", "closed_at": _at(WORK_ENDS) if over else None}
        body = f"<!--\nstart: {_at(WORK_BEGINS)}\nend: {_at(WORK_ENDS)}\n-->\nNew scales come."
        return _record(planned, body=body, **state)

    listed = [*_one_if(world.told, incident), *_one_if(bool(world.work), work), former]
    page = (FIXTURES / "upptime/trouble/www/index").read_bytes()
    return {"": page, **_pages({"/history/summary.json": sites, issues: listed})}


def yandex_cloud(world: World) -> Pages:
    """The newest incidents, and the services."""
    listed = _read("yandex-cloud/trouble/www/api/incidents")
    template, former = listed["items"]
    types = {"investigating": "investigation", "identified": "update", "resolved": "resolved"}

    def incident() -> Json:
        comments = [
            template["comments"][0]
            | {"id": 900 + one.number, "type": types[one.phase], "content": one.text, "createdAt": _at(one.at)}
            for one in reversed(world.posts)
        ]
        ends = (
            {"status": "open", "endDate": None}
            if world.open
            else {"status": "resolved", "endDate": _at(world.last)}
        )
        return _record(template, comments=comments, services=[], startDate=_at(world.posts[0].at), **ends)

    listed["items"] = [*_one_if(world.told, incident), former]
    return _pages({"/api/incidents": listed, "/api/services": _read("yandex-cloud/trouble/www/api/services")})


def cstate(world: World) -> Pages:
    """The index, the issues and their texts. An issue is one text, and planned work a notice."""
    index, issues = _read("cstate/trouble/www/index.json"), _read("cstate/trouble/www/issues/index.json")
    template, former = issues["pages"]
    xml = (FIXTURES / "cstate/trouble/www/index.xml").read_text("utf-8")
    for one in index["systems"]:
        one |= {"status": "ok", "unresolvedIssues": []}
    index["summaryStatus"] = "ok"
    index["systems"][0]["status"] = "down" if world.down else "ok"

    def incident() -> Json:
        over = {"resolved": not world.open, "resolvedAt": "<no value>" if world.open else _go(world.last)}
        return _record(template, createdAt=_go(world.posts[0].at), affected=[], **over)

    def work() -> Json:
        over = {"resolved": world.work == "completed", "severity": "notice", "createdAt": _go(WORK_BEGINS)}
        place = {"permalink": "https://status.quillpost.example/issues/new-scales/", "affected": []}
        return _record(template, title="New scales", **over, **place)

    issues["pages"] = [*_one_if(world.told, incident), *_one_if(bool(world.work), work), former]
    text = world.posts[-1].text if world.posts else ""
    return {
        **_pages({"/index.json": index, "/issues/index.json": issues}),
        "/index.xml": xml.replace("The vans do not start.", text).encode(),
    }


def azure(world: World) -> Pages:
    """The feed of what goes on: one text, edited in place, that says how far it is."""
    whole = (FIXTURES / "azure/calm/www/en-us/status/feed/index").read_text("utf-8")
    said = {"investigating": "We are investigating. ", "identified": "The cause has been identified. "}
    item = (
        f"<item><guid isPermaLink='false'>azure-late-letters</guid><title>Late letters</title>"
        f"<pubDate>{world.last:%a, %d %b %Y %H:%M:%S} Z</pubDate>"
        f"<description>{escape(said[world.phase] + world.posts[-1].text)}</description></item>"
        if world.open
        else ""
    )
    return {"/en-us/status/feed/": whole.replace("</channel>", f"{item}</channel>").encode()}


def _go(moment: datetime) -> str:
    return f"{_bare(moment, ' ')} +0000 UTC"


def sorry(world: World) -> Pages:
    """The notices, of which a list tells the last update alone, each with a document of its own."""
    api = "/api/v1"
    folder = f"sorry/trouble/www{api}"
    components, status = _read(f"{folder}/components"), _read(f"{folder}/status")
    listed, detail = _read(f"{folder}/notices/index"), _read(f"{folder}/notices/100")["notice"]
    template, former = listed["notices"]
    update = detail["updates"][0]
    status["page"]["state"] = "degraded" if world.down else "operational"
    for one in components["components"]:
        one["state"] = "operational"
    components["components"][0]["state"] = "degraded" if world.down else "operational"
    details: dict[str, object] = {}

    def notice(number: int, updates: list[Json], **said: object) -> Json:
        place = f"{api}/notices/{number}"
        details[place] = {"notice": _record(detail, id=number, components=[], updates=updates, **said)}
        return _record(template, id=number, latest_update=updates[0], **said)

    def incident() -> Json:
        updates = [
            _record(update, id=1000 + one.number, state=one.phase, content=one.text, created_at=_at(one.at))
            for one in reversed(world.posts)
        ]
        ended = None if world.open else _at(world.last)
        return notice(100, updates, state=world.phase, began_at=_at(world.posts[0].at), ended_at=ended)

    def work() -> Json:
        state = {"scheduled": "scheduled", "in_progress": "underway"}.get(world.work, "complete")
        times = {"begins_at": _at(WORK_BEGINS), "ends_at": _at(WORK_ENDS), "began_at": None}
        said = _record(update, id=2000, state="scheduled", content="New vans.", created_at=_at(BEGIN))
        return notice(101, [said], type="planned", state=state, **times)

    listed["notices"] = [*_one_if(world.told, incident), *_one_if(bool(world.work), work), former]
    return _pages({f"{api}/status": status, f"{api}/components": components, f"{api}/notices": listed, **details})


def statusfy(world: World) -> Pages:
    """A static site: the newest incidents, what is scheduled, and the systems."""
    api = "/static/content/api/v0"
    folder = f"statusfy/trouble/www{api}"
    systems, scheduled = _read(f"{folder}/systems.en.json"), _read(f"{folder}/scheduled.en.json")
    listed = _read(f"{folder}/incidents.page-1.en.json")
    template, former = listed["incidents"]
    for one in systems:
        one["status"] = "operational"
    systems[0]["status"] = "major-outage" if world.down else "operational"

    def incident() -> Json:
        first, *rest = world.posts
        blocks = "".join(
            f'<div class="update-block"><div class="update-block-title">{one.phase.title()}</div>'
            f'<div class="update-block-date">{_at(one.at)}</div>'
            f'<div class="update-block-body"><p>{one.text}</p></div></div>'
            for one in reversed(rest)
        )
        content = f"<p>{first.text}</p>{blocks}"
        return _record(template, content=content, date=_at(first.at), resolved=not world.open, affectedsystems=[])

    def work() -> Json:
        times = {"scheduled": _at(WORK_BEGINS), "duration": 60, "date": _at(BEGIN), "affectedsystems": []}
        over = {"severity": "under-maintenance", "resolved": world.work == "completed"}
        return _record(template, id="3c18506d", title="New vans", content="<p>They come.</p>", **times, **over)

    begun = world.work in ("in_progress", "completed")
    listed["incidents"] = [*_one_if(world.told, incident), *_one_if(begun, work), former]
    scheduled["incidents"] = _one_if(world.work == "scheduled", work)
    page = (FIXTURES / "statusfy/trouble/www/index").read_bytes()
    documents = {"systems": systems, "scheduled": scheduled, "incidents.page-1": listed}
    return {"": page, **_pages({f"{api}/{name}.en.json": body for name, body in documents.items()})}


def xai(world: World) -> Pages:
    """The feed of all incidents, each with its updates in one text."""
    head, *items = (FIXTURES / "xai/several/www/feed.xml").read_text("utf-8").split("<item>")
    former = next(one for one in items if "INC00000001<" in one)
    shown = []
    if world.told:
        posts = "".join(
            f"<div>\n<p><strong>{one.at:%a, %d %b %Y %H:%M:%S} GMT</strong></p>\n<h3>{one.phase.title()}</h3>\n"
            f"<p>{one.text}</p>\n</div>\n"
            for one in reversed(world.posts)
        )
        html = f"<h3>Status: {world.phase.upper()}</h3>\n<p>Severity: degraded</p>\n<hr />\n{posts}"
        shown.append(
            f"<title>[Web] Letters are late</title><link>https://status.x.ai/INC00000009</link>"
            f"<guid>INC00000009</guid><description>{escape(html)}</description>"
            f"<pubDate>{world.posts[0].at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        )
    document = head + "".join(f"<item>{one}" for one in [*shown, former])
    return {"/feed.xml": (document if "</rss>" in document else f"{document}</channel></rss>").encode()}


def _rss(title: str, items: list[str]) -> bytes:
    link = "<link>https://status.quillpost.example/</link>"
    return f"<rss version='2.0'><channel><title>{title}</title>{link}{''.join(items)}</channel></rss>".encode()


def _item(title: str, link: str, guid: str, at: datetime, text: str) -> str:
    return (
        f"<item><title>{title}</title><link>{link}</link><guid isPermaLink='false'>{guid}</guid>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate><description>{escape(text)}</description></item>"
    )


def feed_of_posts(world: World) -> Pages:
    """A feed in which each post is an item, and only the last two of an incident's are left."""
    link = "https://status.quillpost.example/incidents/z905y905"
    items = [
        _item("Late letters", link, f"post-{one.number}", one.at, f"Status: {one.phase.title()}. {one.text}")
        for one in reversed(world.posts[-2:])
        if world.told
    ]
    return {"/feed.rss": _rss("Quillpost Status", items)}


def feed_of_texts(world: World) -> Pages:
    """A feed in which an incident is one text, rewritten as it goes on."""
    link = "https://status.quillpost.example/incidents/z905y905"
    last = world.posts[-1:] if world.told else ()
    items = [_item("Late letters", link, link, one.at, f"Status: {one.phase.title()}. {one.text}") for one in last]
    return {"/feed.rss": _rss("Quillpost Status", items)}


def aws_rss(world: World) -> Pages:
    """AWS's feed of posts, which has no ends but in titles."""
    items = [
        _item(
            f"Service impact: {'[RESOLVED] ' if one.phase == 'resolved' else ''}Errors",
            "https://status.aws.amazon.com/",
            f"https://status.aws.amazon.com/#ec2-eu-quarry-1_{int(one.at.timestamp())}",
            one.at,
            one.text,
        )
        for one in reversed(world.posts)
        if world.told
    ]
    return {"/rss/all.rss": _rss("Amazon Web Services Service Status", items)}
