"""Which events a follow wants, case by case."""

from datetime import UTC, datetime

import pytest

from adapters.schema import Component, Impact, Incident, IncidentPhase, Maintenance, MaintenancePhase, Status
from relay.events import (
    Context,
    EventData,
    EventProvider,
    EventType,
    StoredEvent,
    Stream,
    Subject,
    SubjectKind,
)
from relay.filters import Filters, wants

AT = datetime(2026, 3, 1, tzinfo=UTC)
PROVIDER = EventProvider(slug="acme", name="Acme", url="https://acme.test", status=Status.DEGRADED)


def _event(type_: EventType, named: tuple[str, ...] = (), **data: object) -> StoredEvent:
    return StoredEvent(
        id="evt_1",
        type=type_,
        sequence=1,
        subject=Subject(SubjectKind(type_.partition(".")[0]), "s1"),
        seen_at=AT,
        raw_data=EventData.model_validate({"provider": PROVIDER, **data}).public(),
        raw_context=Context(component_ids=named).model_dump(mode="json"),
    )


def _incident(impact: Impact = Impact.MINOR, named: tuple[str, ...] = ()) -> StoredEvent:
    incident = Incident(
        id="s1",
        title="Login trouble",
        impact=impact,
        phase=IncidentPhase.INVESTIGATING,
        started_at=AT,
        resolved_at=None,
        url=None,
        component_ids=named,
        updates=(),
    )
    return _event(EventType.INCIDENT_OPENED, named, incident=incident)


def _maintenance(named: tuple[str, ...] = ()) -> StoredEvent:
    maintenance = Maintenance(
        id="s1",
        title="New switches",
        phase=MaintenancePhase.SCHEDULED,
        starts_at=AT,
        ends_at=None,
        url=None,
        component_ids=named,
        updates=(),
    )
    return _event(EventType.MAINTENANCE_SCHEDULED, named, maintenance=maintenance)


def _component(was: Status, is_: Status) -> StoredEvent:
    component = Component(id="api", name="API", group=None, description=None, status=is_, changed_at=None)
    return _event(EventType.COMPONENT_CHANGED, ("api",), component=component, previous={"status": str(was)})


ONLY = frozenset[Stream]
UNREADABLE = _event(EventType.PROVIDER_UNREADABLE)
CASES = {
    "everything by default": (Filters(), _incident(), True),
    "an incident without impact by default": (Filters(), _incident(Impact.NONE), True),
    "a maintenance by default": (Filters(), _maintenance(), True),
    "a component by default": (Filters(), _component(Status.OPERATIONAL, Status.DEGRADED), True),
    "an incident in its stream": (Filters(ONLY({Stream.INCIDENTS})), _incident(), True),
    "a maintenance in another stream": (Filters(ONLY({Stream.INCIDENTS})), _maintenance(), False),
    "an incident in another stream": (Filters(ONLY({Stream.MAINTENANCE})), _incident(), False),
    "a component in another stream": (
        Filters(ONLY({Stream.INCIDENTS, Stream.MAINTENANCE})),
        _component(Status.OPERATIONAL, Status.MAJOR_OUTAGE),
        False,
    ),
    "an unreadable page, whatever the stream": (Filters(ONLY({Stream.MAINTENANCE})), UNREADABLE, True),
    "an unreadable page, whatever the component": (Filters(component_ids=frozenset({"api"})), UNREADABLE, True),
    "an unreadable page, whatever the impact": (Filters(min_impact=Impact.CRITICAL), UNREADABLE, True),
    "the component itself": (Filters(component_ids=frozenset({"api"})), _incident(named=("api",)), True),
    "one of several": (Filters(component_ids=frozenset({"api", "web"})), _incident(named=("web", "db")), True),
    "another component": (Filters(component_ids=frozenset({"api"})), _incident(named=("web",)), False),
    "no component named": (Filters(component_ids=frozenset({"api"})), _incident(), True),
    "a maintenance of another component": (
        Filters(component_ids=frozenset({"api"})),
        _maintenance(named=("web",)),
        False,
    ),
    "impact just enough": (Filters(min_impact=Impact.MAJOR), _incident(Impact.MAJOR), True),
    "impact more than enough": (Filters(min_impact=Impact.MAJOR), _incident(Impact.CRITICAL), True),
    "impact too small": (Filters(min_impact=Impact.MAJOR), _incident(Impact.MINOR), False),
    "no impact, asked for minor": (Filters(min_impact=Impact.MINOR), _incident(Impact.NONE), False),
    "no impact, asked for none": (Filters(min_impact=Impact.NONE), _incident(Impact.NONE), True),
    "impact unknown": (Filters(min_impact=Impact.CRITICAL), _incident(Impact.UNKNOWN), True),
    "a maintenance has no impact": (Filters(min_impact=Impact.CRITICAL), _maintenance(), True),
    "a component grave enough": (
        Filters(min_impact=Impact.MAJOR),
        _component(Status.OPERATIONAL, Status.PARTIAL_OUTAGE),
        True,
    ),
    "a component not grave enough": (
        Filters(min_impact=Impact.MAJOR),
        _component(Status.OPERATIONAL, Status.DEGRADED),
        False,
    ),
    "a component that recovers from what was grave": (
        Filters(min_impact=Impact.MAJOR),
        _component(Status.MAJOR_OUTAGE, Status.OPERATIONAL),
        True,
    ),
}


@pytest.mark.parametrize(("filters", "event", "wanted"), CASES.values(), ids=CASES)
def test_wants(filters: Filters, event: StoredEvent, wanted: bool) -> None:
    assert wants(filters, event, begun=False) is wanted


def test_a_thread_that_has_begun_is_told_to_its_end_though_the_impact_sinks() -> None:
    filters = Filters(min_impact=Impact.MAJOR)
    assert not wants(filters, _incident(Impact.MINOR), begun=False)
    assert wants(filters, _incident(Impact.MINOR), begun=True)


def test_a_thread_that_has_begun_still_obeys_the_streams_and_components() -> None:
    assert not wants(Filters(ONLY({Stream.MAINTENANCE})), _incident(), begun=True)
    assert not wants(Filters(component_ids=frozenset({"api"})), _incident(named=("web",)), begun=True)
