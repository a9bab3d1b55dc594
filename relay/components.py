"""What became of components between two reads. Pure, as relay/diff.py is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.schema import Component, MaintenancePhase, Snapshot, Status, rfc3339
from relay.cases import provider_of
from relay.events import Affected, Context, Event, EventData, EventType, Subject, SubjectKind
from storage.state import Known, KnownComponent, State

TAKEOVER = timedelta(minutes=15)
"""An incident takes over the first message of a component's change that was told at most this long ago."""


@dataclass(frozen=True)
class ComponentReading:
    before: State
    after: State
    """With the incidents and maintenances of this read, and the components as they were."""
    snapshot: Snapshot
    now: datetime
    hold: timedelta
    touched: frozenset[Subject]

    def compare(
        self, opened: tuple[str, ...]
    ) -> tuple[dict[str, KnownComponent], tuple[Event, ...], tuple[tuple[Subject, Subject], ...]]:
        """Compares all components; `opened` are the incidents that this read saw for the first time."""
        known, adoptions = self._adopted(opened)
        if self.snapshot.components is None:
            return known, (), adoptions
        events = list[Event]()
        for component in self.snapshot.components:
            known[component.id], event = self._changed(known.get(component.id), component)
            events += [event] if event else []
        if self.snapshot.coverage.some_components:
            return known, tuple(events), adoptions
        listed = {component.id for component in self.snapshot.components}
        for id_ in known.keys() - listed:
            known[id_] = replace(known[id_], held_since=None, removed_at=known[id_].removed_at or self.now)
        return known, tuple(events), adoptions

    def _adopted(
        self, opened: tuple[str, ...]
    ) -> tuple[dict[str, KnownComponent], tuple[tuple[Subject, Subject], ...]]:
        """An incident that follows the change of a component it names takes over what was told of it."""
        known, adoptions = dict(self.before.components), list[tuple[Subject, Subject]]()
        for id_ in opened:
            for component_id in self.after.incidents[id_].case.component_ids:
                component = known.get(component_id)
                if component is None or not self._takes_over(component):
                    continue
                adoptions.append(
                    (Subject(SubjectKind.INCIDENT, id_), Subject(SubjectKind.COMPONENT, component_id))
                )
                known[component_id] = replace(component, told_in=f"{SubjectKind.INCIDENT}:{id_}")
        return known, tuple(adoptions)

    def _takes_over(self, known: KnownComponent) -> bool:
        return (
            known.told_in is None
            and known.told_at is not None
            and known.told_status != Status.OPERATIONAL
            and self.now - known.told_at <= TAKEOVER
        )

    def _changed(self, known: KnownComponent | None, seen: Component) -> tuple[KnownComponent, Event | None]:
        if known is None:
            return KnownComponent(seen, told_status=seen.status), None
        known = replace(known, component=seen, removed_at=None)
        if seen.status in (known.told_status, Status.UNKNOWN):
            return replace(known, held_since=None), None
        covering = self._covering(known, seen)
        if covering is None:
            known = replace(known, held_since=known.held_since or self.now)
            if known.held_since and self.now - known.held_since < self.hold:
                return known, None
        told = replace(
            known,
            told_status=seen.status,
            told_at=self.now,
            told_in=f"{covering.kind}:{covering.id}" if covering and seen.status != Status.OPERATIONAL else None,
            held_since=None,
        )
        return told, self._event(known, seen, covering)

    def _covering(self, known: KnownComponent, seen: Component) -> Subject | None:
        """The incident or maintenance whose thread the change belongs to: an active one that names the
        component (or one that this read closed), or the one in whose thread the trouble was told."""
        named = [
            Subject(kind, id_)
            for kind, cases in self._cases()
            for id_, case in cases.items()
            if seen.id in case.ever_component_ids and (case.active or Subject(kind, id_) in self.touched)
        ]
        if named:
            return max(named, key=lambda subject: self._started(subject))
        if known.told_in and known.told_status != Status.OPERATIONAL:
            kind, _, id_ = known.told_in.partition(":")
            return Subject(SubjectKind(kind), id_)
        return None

    def _cases(self) -> Iterator[tuple[SubjectKind, Mapping[str, Known[Any]]]]:
        yield SubjectKind.INCIDENT, self.after.incidents
        under_way = {
            id_: case
            for id_, case in self.after.maintenances.items()
            if case.case.phase != MaintenancePhase.SCHEDULED  # what is only announced explains nothing yet
        }
        yield SubjectKind.MAINTENANCE, under_way

    def _started(self, subject: Subject) -> tuple[bool, float]:
        """Incidents before maintenances, the latest first."""
        if subject.kind == SubjectKind.INCIDENT:
            began = self.after.incidents[subject.id].case.started_at
        else:
            began = self.after.maintenances[subject.id].case.starts_at
        return subject.kind == SubjectKind.INCIDENT, began.timestamp() if began else 0.0

    def _event(self, known: KnownComponent, seen: Component, covering: Subject | None) -> Event:
        moment = rfc3339(seen.changed_at or self.now)
        return Event(
            type=EventType.COMPONENT_CHANGED,
            key=f"component:{seen.id}:{known.told_status}>{seen.status}:{moment}",
            subject=covering or Subject(SubjectKind.COMPONENT, seen.id),
            data=EventData(
                provider=provider_of(self.before, self.snapshot.status),
                component=seen,
                previous={"status": str(known.told_status)},
            ),
            context=Context(
                affected=(Affected(id=seen.id, name=seen.name, status=seen.status),),
                component_ids=(seen.id,),
                opens=covering is None and known.told_status in (Status.OPERATIONAL, Status.UNKNOWN),
            ),
        )
