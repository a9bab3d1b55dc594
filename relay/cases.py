"""What became of incidents and maintenances between two reads. Pure, as relay/diff.py is."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic

from adapters.schema import (
    OVER,
    Component,
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
from relay.events import Affected, Context, Event, EventData, EventProvider, EventType, Subject, SubjectKind
from storage.state import Case, Known, State

NEWS_AGE = timedelta(days=7)
"""An incident that is first seen when it is over is news up to this age of its newest update, else history."""
GONE_READS = 2
"""How many reads running must not know an incident before it counts as removed."""


@dataclass(frozen=True)
class Kind(Generic[Case]):
    """In which words an incident or a maintenance is told."""

    subject: SubjectKind
    opened: EventType
    updated: EventType
    edited: EventType
    reopened: EventType
    removed: EventType
    entered: Mapping[str, EventType]
    """What it is called when a phase begins; the other phases are told as `updated`."""
    watched: tuple[str, ...]
    """Fields whose change is told (besides title, phase and updates)."""
    gone_phase: str | None
    """The phase of one that the page took back before it began, where there is such a phase."""


INCIDENT: Kind[Incident] = Kind(
    subject=SubjectKind.INCIDENT,
    opened=EventType.INCIDENT_OPENED,
    updated=EventType.INCIDENT_UPDATED,
    edited=EventType.INCIDENT_EDITED,
    reopened=EventType.INCIDENT_REOPENED,
    removed=EventType.INCIDENT_REMOVED,
    entered={
        IncidentPhase.RESOLVED: EventType.INCIDENT_RESOLVED,
        IncidentPhase.POSTMORTEM: EventType.INCIDENT_POSTMORTEM,
    },
    watched=("impact",),
    gone_phase=None,
)
MAINTENANCE: Kind[Maintenance] = Kind(
    subject=SubjectKind.MAINTENANCE,
    opened=EventType.MAINTENANCE_SCHEDULED,
    updated=EventType.MAINTENANCE_UPDATED,
    edited=EventType.MAINTENANCE_EDITED,
    reopened=EventType.MAINTENANCE_UPDATED,
    removed=EventType.MAINTENANCE_CANCELED,
    entered={
        MaintenancePhase.IN_PROGRESS: EventType.MAINTENANCE_STARTED,
        MaintenancePhase.COMPLETED: EventType.MAINTENANCE_COMPLETED,
        MaintenancePhase.CANCELED: EventType.MAINTENANCE_CANCELED,
    },
    watched=("starts_at", "ends_at"),
    gone_phase=MaintenancePhase.CANCELED,
)


@dataclass(frozen=True)
class _Step:
    """One event in the making: its type, the update behind it, the phase after it and the one before."""

    type: EventType
    update: Update | None
    phase: str
    before: str


@dataclass(frozen=True)
class Cases(Generic[Case]):
    """What became of all incidents, or of all maintenances."""

    known: dict[str, Known[Case]]
    events: tuple[Event, ...]
    opened: tuple[str, ...]
    touched: frozenset[Subject]
    """Those that this read told something of: they cover their components, even if they just ended."""


@dataclass(frozen=True)
class CaseReading:
    state: State
    snapshot: Snapshot
    now: datetime

    def cases(self, kind: Kind[Case], known: Mapping[str, Known[Case]], seen: tuple[Case, ...]) -> Cases[Case]:
        """Compares all incidents, or all maintenances, oldest first."""
        after, events, opened = dict(known), list[Event](), list[str]()
        for case in reversed(seen):
            before = known.get(case.id)
            after[case.id], news = (
                self._changed(kind, before, case) if before is not None else self._new(kind, case)
            )
            if before is None and news:
                opened.append(case.id)
            events += news
        seen_ids = {case.id for case in seen}
        for id_, before in known.items():
            if before.active and id_ not in seen_ids:
                after[id_], news = self._vanished(kind, before)
                events += news
        return Cases(after, tuple(events), tuple(opened), frozenset(event.subject for event in events))

    def _new(self, kind: Kind[Case], case: Case) -> tuple[Known[Case], list[Event]]:
        known = Known(case, case.component_ids)
        if case.phase in OVER:
            return known, self._late(kind, known) if self._is_news(case) else []
        first, *rest = case.updates or (None,)
        phase = str(case.phase) if not rest or first is None or first.phase == "unknown" else first.phase
        steps = [_Step(kind.opened, first, phase, phase)]
        steps += _steps(kind, phase, (), tuple(update for update in rest if update), str(case.phase))
        return known, self._events(kind, known, steps, told=(), last_previous={})

    def _is_news(self, case: Incident | Maintenance) -> bool:
        newest = case.updates[-1].posted_at if case.updates else getattr(case, "resolved_at", None)
        return newest is not None and self.now - newest <= NEWS_AGE

    def _late(self, kind: Kind[Case], known: Known[Case]) -> list[Event]:
        """First seen when it was over: opened, and how it ended; each with the whole story."""
        last = known.case.updates[-1] if known.case.updates else None
        first = known.case.updates[0] if len(known.case.updates) > 1 else None
        ends = _transition(kind, "", str(known.case.phase))
        events = [
            self._event(kind, known, known.case, kind.opened, first, {}, f"{kind.subject}:{known.case.id}:opened")
        ]
        for type_ in ends:
            update = last if type_ == ends[-1] else None
            event = self._event(kind, known, known.case, type_, update, {}, _key(kind, known, type_, update))
            events.append(replace(event, context=event.context.model_copy(update={"told_whole": True})))
        return events

    def _changed(self, kind: Kind[Case], before: Known[Case], seen: Case) -> tuple[Known[Case], list[Event]]:
        seen = _settled(before.case, seen, some_updates=self.snapshot.coverage.some_updates)
        ever = tuple(dict.fromkeys((*before.ever_component_ids, *seen.component_ids)))
        known = Known(seen, ever, before.revision, missing=0, removed=False)
        if seen == before.case and not before.removed:
            return replace(known, missing=0), []
        known = replace(known, revision=before.revision + 1)
        previous = {
            name: _plain(getattr(before.case, name))
            for name in kind.watched
            if getattr(before.case, name) != getattr(seen, name)
        }
        if set(ever) - set(before.ever_component_ids):
            previous["component_ids"] = list(before.case.component_ids)
        told = {update.id: update for update in before.case.updates}
        fresh = tuple(update for update in seen.updates if update.id not in told)
        base = IncidentPhase.RESOLVED if before.removed else before.case.phase
        steps = _steps(kind, str(base), before.case.updates, fresh, str(seen.phase))
        events = self._edits(kind, before, known)
        if not steps and previous:
            steps = [_Step(kind.updated, None, str(seen.phase), str(seen.phase))]
        return known, events + self._events(kind, known, steps, tuple(told), previous)

    def _edits(self, kind: Kind[Case], before: Known[Case], known: Known[Case]) -> list[Event]:
        """Title and texts that the provider rewrote."""
        events, case = list[Event](), known.case
        as_before = case.model_copy(
            update={
                "phase": before.case.phase,
                "updates": tuple(u for u in case.updates if u.id in {old.id for old in before.case.updates}),
            }
        )
        prefix = f"{kind.subject}:{case.id}:edited"
        if case.title != before.case.title:
            key = f"{prefix}:title:{known.revision}:{_digest(case.title)}"
            previous = {"title": before.case.title}
            events.append(self._event(kind, known, as_before, kind.edited, None, previous, key))
        old = {update.id: update for update in before.case.updates}
        for update in case.updates:
            was = old.get(update.id)
            if was is None or was.body == update.body:
                continue
            key = f"{prefix}:{update.id}:{known.revision}:{_digest(update.body)}"
            events.append(self._event(kind, known, as_before, kind.edited, update, {"body": was.body}, key))
        return events

    def _vanished(self, kind: Kind[Case], before: Known[Case]) -> tuple[Known[Case], list[Event]]:
        """Left the lists. It stays as it was unless the page, asked by its id, does not know it, twice."""
        if before.case.id not in self.snapshot.coverage.gone:
            return before, []
        known = replace(before, missing=before.missing + 1)
        if known.missing < GONE_READS:
            return known, []
        type_, phase = kind.removed, kind.gone_phase
        done = isinstance(before.case, Maintenance) and self._had_its_time(before.case)
        if done:
            type_, phase = EventType.MAINTENANCE_COMPLETED, MaintenancePhase.COMPLETED
        known = replace(known, removed=not done, revision=before.revision + 1)
        if phase is not None:
            known = replace(known, case=before.case.model_copy(update={"phase": MaintenancePhase(phase)}))
        previous = {"phase": str(before.case.phase)}
        key = f"{kind.subject}:{before.case.id}:removed:{known.revision}"
        return known, [self._event(kind, known, known.case, type_, None, previous, key)]

    def _had_its_time(self, case: Maintenance) -> bool:
        """Under way when it was last listed, or beyond its planned end (or beginning, where that is all that is
        known): many pages list a maintenance until it is done, and no longer. Without any times, it is taken for
        done as well: few are called off, and fewer without a word."""
        under_way = case.phase in (MaintenancePhase.IN_PROGRESS, MaintenancePhase.VERIFYING)
        ends_at = case.ends_at or case.starts_at
        return under_way or ends_at is None or ends_at <= self.now

    def _events(
        self,
        kind: Kind[Case],
        known: Known[Case],
        steps: list[_Step],
        told: tuple[str, ...],
        last_previous: dict[str, Any],
    ) -> list[Event]:
        """Each step with the subject as it was after it."""
        events, shown = list[Event](), set(told)
        for step in steps:
            if step.update is not None:
                shown.add(step.update.id)
            last = step is steps[-1]
            previous = {"phase": step.before} if step.phase != step.before else {}
            case = known.case if last else _as_of(known.case, step.phase, shown)
            previous |= last_previous if last else {}
            key = _key(kind, known, step.type, step.update)
            events.append(self._event(kind, known, case, step.type, step.update, previous, key))
        return events

    def _event(
        self,
        kind: Kind[Case],
        known: Known[Case],
        case: Case,
        type_: EventType,
        update: Update | None,
        previous: dict[str, Any],
        key: str,
    ) -> Event:
        subject = Subject(kind.subject, case.id)
        data = EventData(
            provider=provider_of(self.state, self.snapshot.status),
            update=update,
            previous=previous,
            **{kind.subject.value: case},
        )
        return Event(type_, key, subject, data, context_of(known, names_of(self.state, self.snapshot)))


def _steps(
    kind: Kind[Any], phase: str, told: tuple[Update, ...], fresh: tuple[Update, ...], final: str
) -> list[_Step]:
    """The new updates in the order of their times, each with what it does to the phase.

    The page's own phase has the last word: pages skip phases, and some keep the first until the end. An update
    that was posted before the last one we told adds to the story and changes nothing else.
    """
    newest = max((update.posted_at for update in told), default=None)
    late = [update for update in fresh if newest is not None and update.posted_at < newest]
    timely = [update for update in fresh if update not in late]
    if not timely and final != phase:  # backdated: posted as if it had been said before
        timely = [update for update in late if update.phase == final][-1:]
        late = [update for update in late if update not in timely]
    steps = [_Step(kind.updated, update, phase, phase) for update in late]
    for update in timely:
        then = final if update is timely[-1] else update.phase
        then = phase if then == IncidentPhase.UNKNOWN and phase in OVER else then
        *before, type_ = _transition(kind, phase, then)
        steps += [_Step(early, None, IncidentPhase.RESOLVED, phase) for early in before]
        steps.append(_Step(type_, update, then, phase))
        phase = then
    if phase != final:
        steps += [_Step(type_, None, final, phase) for type_ in _transition(kind, phase, final)]
    return steps


def _transition(kind: Kind[Any], before: str, after: str) -> list[EventType]:
    """What it is called that a phase follows another. One that goes straight to its postmortem was resolved."""
    if before in OVER and after not in OVER:
        return [kind.reopened]
    if after == before or (before in OVER and after != IncidentPhase.POSTMORTEM):
        return [kind.updated]
    if after == MaintenancePhase.IN_PROGRESS and before == MaintenancePhase.VERIFYING:
        return [kind.updated]
    if after == IncidentPhase.POSTMORTEM and before not in OVER:
        return [EventType.INCIDENT_RESOLVED, EventType.INCIDENT_POSTMORTEM]
    return [kind.entered.get(after, kind.updated)]


def _settled(before: Case, seen: Case, *, some_updates: bool) -> Case:
    """What the page says, with what it must not take back: components that are unlinked all at once (as some
    do when they resolve) stay linked, an impact stays until another one is stated, a phase that we don't
    understand ends no calm, and what was posted stays where the page lists some of the updates only."""
    changes: dict[str, Any] = {}
    if not seen.component_ids:
        changes["component_ids"] = before.component_ids
    if some_updates and before.updates:
        updates = {update.id: update for update in (*before.updates, *seen.updates)}
        changes["updates"] = tuple(sorted(updates.values(), key=lambda update: update.posted_at))
    if isinstance(seen, Incident) and isinstance(before, Incident) and seen.impact == Impact.UNKNOWN:
        changes["impact"] = before.impact
    if seen.phase == "unknown" and before.phase in OVER:
        changes["phase"] = before.phase
    return seen.model_copy(update=changes) if changes else seen


def _as_of(case: Case, phase: str, shown: set[str]) -> Case:
    changes: dict[str, Any] = {
        "phase": type(case.phase)(phase),
        "updates": tuple(update for update in case.updates if update.id in shown),
    }
    if isinstance(case, Incident) and phase not in OVER:
        changes["resolved_at"] = None
    return case.model_copy(update=changes)


def _key(kind: Kind[Any], known: Known[Any], type_: EventType, update: Update | None) -> str:
    """Unique per provider: a second poll of the same page can't make the event twice."""
    prefix = f"{kind.subject}:{known.case.id}"
    if type_ == kind.opened:
        return f"{prefix}:opened"
    if update is not None:
        return f"{prefix}:update:{update.id}"
    return f"{prefix}:{type_}:{known.revision}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:12]


def _plain(value: object) -> object:
    return rfc3339(value) if isinstance(value, datetime) else str(value) if value is not None else None


def names_of(state: State, snapshot: Snapshot | None) -> dict[str, Component]:
    names = {id_: known.component for id_, known in state.components.items()}
    return names | {component.id: component for component in (snapshot.components or () if snapshot else ())}


def context_of(known: Known[Any], names: Mapping[str, Component]) -> Context:
    affected = tuple(
        Affected(id=id_, name=names[id_].name, status=names[id_].status)
        for id_ in known.case.component_ids
        if id_ in names
    )
    return Context(affected=affected, component_ids=known.ever_component_ids)


def provider_of(state: State, status: Status | None = None) -> EventProvider:
    return EventProvider(slug=state.slug, name=state.name, url=state.url, status=status or state.status)
