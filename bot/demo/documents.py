"""The documents of a Statuspage page at one step of a scenario: pure, true to the recorded shape and its quirks.

The quirks, measured on recorded pages: `summary.json` holds neither resolved incidents nor completed
maintenances; everything is newest first; `display_at` and `affected_components` are null on a postmortem;
`page.updated_at` moves with every change, also with those that the document doesn't show.
"""

from datetime import datetime, timedelta
from typing import Any

from bot.demo.scenario import Part, Post, Scenario, Step

Document = dict[str, Any]

OVER = ("resolved", "postmortem", "completed")
LIST_LENGTH = 50


def documents(scenario: Scenario, step: int) -> dict[str, Document]:
    """Every document by its path, after the first `step` steps of the story (0: before it begins)."""
    site = _Site(scenario)
    for happened in (*scenario.past, *scenario.steps[:step]):
        site.happen(happened)
    return _paths(site.documents()) | {f"/incidents/{id_}.json": doc for id_, doc in site.subjects.items()}


def shows(scenario: Scenario, step: int) -> frozenset[str]:
    """The paths of the documents that tell this step from the one before it, the page's own clock aside."""
    before, after = (documents(scenario, n) for n in (max(step - 1, 0), step))
    return frozenset(path for path in after if _telling(after[path]) != _telling(before.get(path)))


def _telling(document: Document | None) -> Document | None:
    return document and {key: value for key, value in document.items() if key != "page"}


def _paths(documents: dict[str, Document]) -> dict[str, Document]:
    return {f"/api/v2/{name}.json": document for name, document in documents.items()}


class _Site:
    """The page while the steps are folded into it."""

    def __init__(self, scenario: Scenario) -> None:
        self.page = scenario.page
        self.updated_at = _before_everything(scenario)
        self.components = {
            part.id: _component(scenario, position, part, self.updated_at)
            for position, part in enumerate(scenario.components, 1)
        }
        self.subjects: dict[str, Document] = {}

    def happen(self, step: Step) -> None:
        """Folds one step in."""
        self.updated_at = step.at
        affected = self._change_components(step)
        if step.subject is None:
            return
        if step.remove:
            del self.subjects[step.subject]
            return
        subject = self.subjects.setdefault(step.subject, _subject(self.page.id, self.page.url, step))
        self._change_subject(subject, step)
        if step.update is not None:
            subject["incident_updates"].insert(0, _update(subject, step, step.update, affected))

    def _change_components(self, step: Step) -> list[Document]:
        affected = []
        for id_, status in step.components.items():
            component = self.components[id_]
            affected.append(_affected(component, component["status"], status))
            component.update(status=status, updated_at=_time(step.at))
        return affected

    def _change_subject(self, subject: Document, step: Step) -> None:
        named = [component["id"] for component in subject["components"]]
        now_named = step.names if step.names is not None else dict.fromkeys((*named, *step.components))
        subject["components"] = [self.components[id_] for id_ in now_named]
        subject["updated_at"] = _time(step.at)
        subject.update(_given(step))
        for update in subject["incident_updates"]:
            if update["id"] in step.edits:
                update.update(body=step.edits[update["id"]], updated_at=_time(step.at))

    def documents(self) -> dict[str, Document]:
        """The lists, newest first."""
        newest = sorted(
            self.subjects.values(), key=lambda s: datetime.fromisoformat(s["created_at"]), reverse=True
        )
        incidents = [subject for subject in newest if "scheduled_for" not in subject]
        maintenances = [subject for subject in newest if "scheduled_for" in subject]
        unresolved = [incident for incident in incidents if incident["status"] not in OVER]
        coming = [maintenance for maintenance in maintenances if maintenance["status"] not in OVER]
        components, status = {"components": list(self.components.values())}, {"status": self._status()}
        page = {"page": self._page()}
        return {
            "summary": page | components | {"incidents": unresolved, "scheduled_maintenances": coming} | status,
            "status": page | status,
            "components": page | components,
            "incidents": page | {"incidents": incidents[:LIST_LENGTH]},
            "incidents/unresolved": page | {"incidents": unresolved},
            "scheduled-maintenances": page | {"scheduled_maintenances": maintenances[:LIST_LENGTH]},
            "scheduled-maintenances/upcoming": page | {"scheduled_maintenances": _in("scheduled", coming)},
            "scheduled-maintenances/active": page
            | {"scheduled_maintenances": _in("in_progress", coming) + _in("verifying", coming)},
        }

    def _page(self) -> Document:
        return self.page.model_dump() | {"updated_at": _time(self.updated_at)}

    def _status(self) -> Document:
        """As recorded pages derive it from their components: only when all are down it is critical."""
        statuses = [component["status"] for component in self.components.values() if not component["group"]]
        if statuses and all(status == "major_outage" for status in statuses):
            return {"indicator": "critical", "description": "Major Service Outage"}
        worst = next((status for status in _INDICATORS if status in statuses), None)
        indicator, description = _INDICATORS[worst] if worst else ("none", "All Systems Operational")
        return {"indicator": indicator, "description": description}


_INDICATORS = {
    "major_outage": ("major", "Partial System Outage"),
    "partial_outage": ("minor", "Minor Service Outage"),
    "degraded_performance": ("minor", "Partially Degraded Service"),
    "under_maintenance": ("maintenance", "Service Under Maintenance"),
}


def _time(moment: datetime) -> str:
    text = moment.isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _before_everything(scenario: Scenario) -> datetime:
    return min(step.at for step in (*scenario.past, *scenario.steps)) - timedelta(days=365)


def _component(scenario: Scenario, position: int, part: Part, since: datetime) -> Document:
    members = [other.id for other in scenario.components if other.group == part.id]
    return {
        "id": part.id,
        "name": part.name,
        "status": "operational",
        "created_at": _time(since),
        "updated_at": _time(since),
        "position": position,
        "description": part.description,
        "showcase": not members,
        "start_date": since.date().isoformat(),
        "group_id": part.group,
        "page_id": scenario.page.id,
        "group": bool(members),
        "only_show_if_degraded": False,
    } | ({"components": members} if members else {})


def _subject(page_id: str, page_url: str, step: Step) -> Document:
    return {
        "id": step.subject,
        "name": step.title or "",
        "status": "investigating" if step.scheduled_for is None else "scheduled",
        "created_at": _time(step.at),
        "updated_at": _time(step.at),
        "monitoring_at": None,
        "resolved_at": None,
        "impact": "none" if step.scheduled_for is None else "maintenance",
        "shortlink": f"{page_url}/incidents/{step.subject}",
        "started_at": _time(step.started_at or step.at),
        "page_id": page_id,
        "incident_updates": [],
        "components": [],
        "reminder_intervals": None,
    }


def _given(step: Step) -> Document:
    """What the step says of its subject."""
    fields: Document = {"name": step.title, "impact": step.impact}
    for name in ("started_at", "scheduled_for", "scheduled_until"):
        moment = getattr(step, name)
        fields[name] = None if moment is None else _time(moment)
    given = {name: value for name, value in fields.items() if value is not None}
    return given | (_phase(step.at, step.update) if step.update is not None else {})


def _phase(at: datetime, post: Post) -> Document:
    """A postmortem leaves the time of the resolution as it is, any other phase begins anew."""
    moment = _time(post.display_at or at)
    fields: Document = {"status": post.phase}
    if post.phase == "monitoring":
        fields["monitoring_at"] = moment
    if post.phase != "postmortem":
        fields["resolved_at"] = moment if post.phase in OVER else None
    return fields


def _update(subject: Document, step: Step, post: Post, affected: list[Document]) -> Document:
    postmortem = post.phase == "postmortem"
    untouched = [c for c in subject["components"] if c["id"] not in step.components]
    affected = affected + [_affected(c, c["status"], c["status"]) for c in untouched]
    return {
        "id": post.id,
        "status": post.phase,
        "body": post.body.strip(),
        "incident_id": subject["id"],
        "created_at": _time(step.at),
        "updated_at": _time(step.at),
        "display_at": None if postmortem else _time(post.display_at or step.at),
        "affected_components": affected if affected and not postmortem else None,
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _affected(component: Document, old: str, new: str) -> Document:
    return {"code": component["id"], "name": component["name"], "old_status": old, "new_status": new}


def _in(status: str, subjects: list[Document]) -> list[Document]:
    return [subject for subject in subjects if subject["status"] == status]
