"""What changed between what we knew of a page and what it says now. Touches no network, database or clock."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.schema import Incident, Snapshot, rfc3339
from relay.cases import GONE_READS, INCIDENT, MAINTENANCE, CaseReading, Kind, context_of, names_of, provider_of
from relay.components import ComponentReading
from relay.events import Context, Event, EventData, EventType, Subject, SubjectKind
from storage.state import Case, Known, KnownComponent, State


@dataclass(frozen=True)
class Change:
    """What one read amounts to: the state to remember and the events, in the order in which they happened."""

    after: State
    events: tuple[Event, ...] = ()
    adoptions: tuple[tuple[Subject, Subject], ...] = ()
    """(incident, component): the incident's thread takes over the first message of the component's."""
    hold_at: datetime | None = None
    """When the first held change of a component is to be told, if nothing heals before."""


def implausible(state: State, snapshot: Snapshot) -> str | None:
    """Why a read that parses well can't be believed, in one line; None when it can.

    An empty list of incidents on an otherwise whole page is a calm day. A page that lost everything is not.
    """
    if state.page_id and snapshot.page_id and state.page_id != snapshot.page_id:
        return f"another page answers at this address (its id is {snapshot.page_id[:40]})"
    listed = any(known.removed_at is None for known in state.components.values())
    if listed and not snapshot.components:
        return "the page has lost all its components"
    # One or two may really have been deleted; a page that forgets all of a longer past is a broken read.
    if snapshot.coverage.past_incidents and not snapshot.incidents and state.past_incidents >= GONE_READS + 1:
        return "the page has lost its whole history"
    return None


def diff(state: State, snapshot: Snapshot, now: datetime, hold: timedelta) -> Change:
    """Compares a plausible snapshot with the state.

    The first read of a page is history: it changes the state and makes no events. `hold` is how long the change
    of a component that no incident covers must last before it is told.
    """
    if state.first_read_at is None:
        return Change(after=_first_state(state, snapshot, now))
    reading = CaseReading(state, snapshot, now)
    incidents = reading.cases(INCIDENT, state.incidents, snapshot.incidents)
    maintenances = reading.cases(MAINTENANCE, state.maintenances, snapshot.maintenances)
    after = replace(
        state,
        page_id=snapshot.page_id or state.page_id,
        status=snapshot.status,
        incidents=incidents.known,
        maintenances=maintenances.known,
    )
    components = ComponentReading(state, after, snapshot, now, hold, incidents.touched | maintenances.touched)
    known, changes, adoptions = components.compare(incidents.opened)
    held = [component.held_since for component in known.values() if component.held_since]
    return Change(
        after=replace(after, components=known),
        events=_in_order((*incidents.events, *maintenances.events), changes),
        adoptions=adoptions,
        hold_at=min(held) + hold if held else None,
    )


_ENDS = frozenset(
    {
        EventType.INCIDENT_RESOLVED,
        EventType.INCIDENT_POSTMORTEM,
        EventType.MAINTENANCE_COMPLETED,
        EventType.MAINTENANCE_CANCELED,
    }
)


def _in_order(told: tuple[Event, ...], changes: tuple[Event, ...]) -> tuple[Event, ...]:
    """What became of the components stands before the end of the incident it belongs to: the end comes last."""
    before, ends, goes_on = list[Event](), list[Event](), set[Subject]()
    for event in reversed(told):
        if event.type in _ENDS and event.subject not in goes_on:
            ends.append(event)
        else:
            goes_on.add(event.subject)
            before.append(event)
    return (*reversed(before), *changes, *reversed(ends))


def unreadable(state: State, reason: str, since: datetime) -> Event:
    """The page could not be read for a while. `since` is the first failed read."""
    return _provider_event(state, EventType.PROVIDER_UNREADABLE, since, Context(opens=True, reason=reason))


def readable(state: State, since: datetime) -> Event:
    """The page can be read again. `since` is the first read that had failed."""
    return _provider_event(state, EventType.PROVIDER_READABLE, since, Context())


def opening(state: State, known: Known[Case]) -> Event:
    """The story so far of an incident or maintenance that nobody had been told of: for a follow that begins
    while it is active."""
    kind: Kind[Any] = INCIDENT if isinstance(known.case, Incident) else MAINTENANCE
    case = known.case
    return Event(
        type=kind.opened,
        key=f"{kind.subject}:{case.id}:opened",
        subject=Subject(kind.subject, case.id),
        data=EventData(
            provider=provider_of(state),
            update=case.updates[-1] if case.updates else None,
            **{kind.subject.value: case},
        ),
        context=context_of(known, names_of(state, None)),
    )


def _provider_event(state: State, type_: EventType, since: datetime, context: Context) -> Event:
    return Event(
        type=type_,
        key=f"{type_}:{rfc3339(since)}",
        subject=Subject(SubjectKind.PROVIDER),
        data=EventData(provider=provider_of(state)),
        context=context,
    )


def _first_state(state: State, snapshot: Snapshot, now: datetime) -> State:
    return replace(
        state,
        page_id=snapshot.page_id,
        first_read_at=now,
        status=snapshot.status,
        components={
            component.id: KnownComponent(component, told_status=component.status)
            for component in snapshot.components or ()
        },
        incidents={case.id: Known(case, case.component_ids) for case in snapshot.incidents},
        maintenances={case.id: Known(case, case.component_ids) for case in snapshot.maintenances},
    )
