"""What changed between two reads, as a table of small named cases; nothing here touches a network or a clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standins.pages import at, incident, snapshot
from standins.pages import update as post

from adapters.fetch import AdapterError
from adapters.schema import (
    Component,
    Coverage,
    Impact,
    IncidentPhase,
    Maintenance,
    MaintenancePhase,
    Snapshot,
    Status,
    Update,
)
from relay.diff import Change, diff, implausible, opening, readable, unreadable
from relay.events import Event, Subject, SubjectKind
from storage.state import State

NEW = State(slug="chargeover", name="ChargeOver", url="https://status.example.com")
HOLD = timedelta(minutes=1)

U1 = post("u1", "investigating", 0)
U2 = post("u2", "identified", 10)
U3 = post("u3", "monitoring", 20)
U4 = post("u4", "resolved", 30)
PM = post("pm", "postmortem", 5000)
M1 = post("m1", "scheduled", 0)
M2 = post("m2", "in_progress", 60)
M3 = post("m3", "completed", 120)

GONE = Coverage(active_incidents=True, active_maintenances=True, past_incidents=True, gone=frozenset({"inc1"}))
GONE_WINDOW = GONE.model_copy(update={"gone": frozenset({"mnt1"})})
SUMMARY_ONLY = Coverage(active_incidents=True, active_maintenances=True)
SOME = Coverage(some_components=True)
NEWEST = Coverage(some_updates=True)
DOWN, SLOW, FINE = Status.MAJOR_OUTAGE, Status.DEGRADED, Status.OPERATIONAL
CALM = snapshot()
OPEN = snapshot(incident(U1))
CLOSED = snapshot(incident(U1, U4, resolved_at=at(30)))


def window(*updates: Update, **given_: Any) -> Maintenance:
    """A maintenance whose phase is that of its last update."""
    values: dict[str, Any] = {
        "title": "New switches",
        "phase": MaintenancePhase(updates[-1].phase) if updates else MaintenancePhase.SCHEDULED,
        "starts_at": at(60),
        "ends_at": at(120),
        "component_ids": ("app",),
    }
    return Maintenance(id="mnt1", updates=updates, **(values | given_))


def planned(*updates: Update, **given_: Any) -> Snapshot:
    """A page with one maintenance."""
    return snapshot(maintenances=(window(*updates, **given_),))


def parts(*components: Component) -> Snapshot:
    """A page with just these components."""
    return snapshot(components=components)


APP = Component(id="app", name="Main Application", status=FINE)
SEARCH = Component(id="search", name="Search", status=FINE)


def run(*reads: Snapshot, minutes: Sequence[float] | None = None, hold: timedelta = HOLD) -> Change:
    """Reads one after the other, a minute apart unless told otherwise; what the last one made."""
    state, change = NEW, Change(NEW)
    for place, read in enumerate(reads):
        moment = at(minutes[place] if minutes else 30 + place)
        change = diff(state, read, moment, hold)
        state = change.after
    return change


def shown(event: Event) -> str:
    """`incident.updated u2`."""
    cause = event.data.update.id if event.data.update else event.data.component.id if event.data.component else ""
    return f"{event.type} {cause}".strip()


@dataclass(frozen=True)
class Case:
    """A few reads, and what the last one makes."""

    name: str
    reads: tuple[Snapshot, ...]
    events: tuple[str, ...] = ()
    minutes: tuple[float, ...] | None = None
    hold: timedelta = HOLD
    previous: dict[int, dict[str, Any]] = field(default_factory=dict)
    phases: tuple[str, ...] | None = None
    """The subject's phase as each event shows it."""


CASES = [
    # the first read is history
    Case("first read of a calm page", (CALM,)),
    Case("first read with an active incident", (OPEN,)),
    Case("first read with components in trouble", (snapshot(app=DOWN),)),
    Case("the same again", (OPEN, OPEN)),
    Case("the same calm page again", (CALM, CALM)),
    # an incident's life
    Case("opened", (CALM, OPEN), ("incident.opened u1",), phases=("investigating",)),
    Case("opened without any update", (CALM, snapshot(incident())), ("incident.opened",)),
    Case(
        "opened by an unknown phase", (CALM, snapshot(incident(post("u1", "unknown", 0)))), ("incident.opened u1",)
    ),
    Case("opened with impact none", (CALM, snapshot(incident(U1, impact=Impact.NONE))), ("incident.opened u1",)),
    Case("opened without components", (CALM, snapshot(incident(U1, component_ids=()))), ("incident.opened u1",)),
    Case(
        "opened and told twice since the last read",
        (CALM, snapshot(incident(U1, U2, U3))),
        ("incident.opened u1", "incident.updated u2", "incident.updated u3"),
        phases=("investigating", "identified", "monitoring"),
        previous={1: {"phase": "investigating"}, 2: {"phase": "identified"}},
    ),
    Case(
        "updated",
        (OPEN, snapshot(incident(U1, U2))),
        ("incident.updated u2",),
        previous={0: {"phase": "investigating"}},
    ),
    Case(
        "updated in the same phase",
        (OPEN, snapshot(incident(U1, post("u2", "investigating", 5)))),
        ("incident.updated u2",),
        previous={0: {}},
    ),
    Case(
        "several updates between two reads",
        (OPEN, snapshot(incident(U1, U2, U3, U4))),
        ("incident.updated u2", "incident.updated u3", "incident.resolved u4"),
        phases=("identified", "monitoring", "resolved"),
    ),
    Case(
        "updates of one moment",
        (OPEN, snapshot(incident(U1, post("a", "identified", 10), post("b", "monitoring", 10)))),
        ("incident.updated a", "incident.updated b"),
    ),
    Case("resolved", (OPEN, CLOSED), ("incident.resolved u4",), previous={0: {"phase": "investigating"}}),
    Case(
        "resolved without an update",
        (OPEN, snapshot(incident(U1, phase=IncidentPhase.RESOLVED))),
        ("incident.resolved",),
    ),
    Case(
        "a word after the resolution",
        (CLOSED, snapshot(incident(U1, U4, post("u5", "resolved", 40)))),
        ("incident.updated u5",),
    ),
    Case(
        "resolved and reopened over two reads",
        (OPEN, CLOSED, snapshot(incident(U1, U4, post("u5", "investigating", 40)))),
        ("incident.reopened u5",),
        previous={0: {"phase": "resolved"}},
    ),
    Case(
        "resolved and reopened in one read",
        (OPEN, snapshot(incident(U1, U4, post("u5", "investigating", 40)))),
        ("incident.resolved u4", "incident.reopened u5"),
    ),
    Case(
        "reopened without an update",
        (OPEN, CLOSED, snapshot(incident(U1, U4, phase=IncidentPhase.MONITORING))),
        ("incident.reopened",),
    ),
    Case(
        "postmortem days later",
        (OPEN, CLOSED, snapshot(incident(U1, U4, PM))),
        ("incident.postmortem pm",),
        previous={0: {"phase": "resolved"}},
    ),
    Case(
        "straight to the postmortem",
        (OPEN, snapshot(incident(U1, PM))),
        ("incident.resolved", "incident.postmortem pm"),
        phases=("resolved", "postmortem"),
    ),
    Case(
        "resolved and postmortem in one read",
        (OPEN, snapshot(incident(U1, U4, PM))),
        ("incident.resolved u4", "incident.postmortem pm"),
    ),
    Case("an unknown phase changes no calm", (CLOSED, snapshot(incident(U1, U4, phase=IncidentPhase.UNKNOWN)))),
    Case(
        "an unknown phase of an active incident",
        (OPEN, snapshot(incident(U1, post("u2", "unknown", 5)))),
        ("incident.updated u2",),
    ),
    # first seen late
    Case(
        "first seen resolved, of today",
        (CALM, CLOSED),
        ("incident.opened u1", "incident.resolved u4"),
        phases=("resolved", "resolved"),
    ),
    Case("first seen resolved, of last month", (CALM, CLOSED), minutes=(30, 60 * 24 * 31)),
    Case(
        "first seen resolved, of six days ago",
        (CALM, CLOSED),
        ("incident.opened u1", "incident.resolved u4"),
        minutes=(30, 60 * 24 * 6),
    ),
    Case(
        "first seen with its postmortem",
        (CALM, snapshot(incident(U1, U4, PM))),
        ("incident.opened u1", "incident.resolved", "incident.postmortem pm"),
        minutes=(30, 5010),
    ),
    Case(
        "an old incident's postmortem of today",
        (CALM, snapshot(incident(U1, U4, PM))),
        ("incident.opened u1", "incident.resolved", "incident.postmortem pm"),
        minutes=(30, 5001),
    ),
    Case("a resolved one without updates", (CALM, snapshot(incident(phase=IncidentPhase.RESOLVED)))),
    # edits
    Case(
        "an edited body",
        (OPEN, snapshot(incident(post("u1", "investigating", 0, "said better")))),
        ("incident.edited u1",),
        previous={0: {"body": "text of u1"}},
    ),
    Case(
        "an edited title",
        (OPEN, snapshot(incident(U1, title="Logins and search fail"))),
        ("incident.edited",),
        previous={0: {"title": "Logins fail"}},
    ),
    Case(
        "an edited title and a new update",
        (OPEN, snapshot(incident(U1, U2, title="Worse"))),
        ("incident.edited", "incident.updated u2"),
    ),
    Case(
        "an edited body and a new update",
        (OPEN, snapshot(incident(post("u1", "investigating", 0, "better"), U2))),
        ("incident.edited u1", "incident.updated u2"),
    ),
    Case(
        "a moved time is no news",
        (OPEN, snapshot(incident(post("u1", "investigating", 1, "text of u1"), started_at=at(0)))),
    ),
    Case(
        "an update that returns to a page which lists some of them only",
        (OPEN, snapshot(incident(U2), coverage=NEWEST), snapshot(incident(U1, U2), coverage=NEWEST)),
    ),
    Case("a deleted update is no news", (snapshot(incident(U1, U2)), snapshot(incident(U2, started_at=at(0))))),
    Case(
        "an edit after the resolution",
        (CLOSED, snapshot(incident(U1, post("u4", "resolved", 30, "really"), resolved_at=at(30)))),
        ("incident.edited u4",),
    ),
    # times
    Case(
        "an update dated before the last one",
        (snapshot(incident(U1, U3)), snapshot(incident(U1, U2, U3))),
        ("incident.updated u2",),
        phases=("monitoring",),
    ),
    Case(
        "updates out of order",
        (snapshot(incident(U1, U3)), snapshot(incident(U1, U2, U3, U4))),
        ("incident.updated u2", "incident.resolved u4"),
    ),
    Case(
        "a backdated resolution",
        (
            snapshot(incident(U1, U3)),
            snapshot(incident(U1, post("u9", "resolved", 15), U3, phase=IncidentPhase.RESOLVED)),
        ),
        ("incident.resolved u9",),
    ),
    # impact and components of an incident
    Case(
        "impact raised",
        (snapshot(incident(U1, impact=Impact.MINOR)), OPEN),
        ("incident.updated",),
        previous={0: {"impact": "minor"}},
    ),
    Case(
        "impact lowered",
        (OPEN, snapshot(incident(U1, impact=Impact.MINOR))),
        ("incident.updated",),
        previous={0: {"impact": "major"}},
    ),
    Case(
        "impact raised with an update",
        (snapshot(incident(U1, impact=Impact.MINOR)), snapshot(incident(U1, U2))),
        ("incident.updated u2",),
        previous={0: {"phase": "investigating", "impact": "minor"}},
    ),
    Case(
        "a component linked later",
        (OPEN, snapshot(incident(U1, component_ids=("app", "search")))),
        ("incident.updated",),
        previous={0: {"component_ids": ["app"]}},
    ),
    Case(
        "a component unlinked",
        (OPEN, snapshot(incident(U1, component_ids=()))),
    ),
    Case("an impact that is told no more", (OPEN, snapshot(incident(U1, impact=Impact.UNKNOWN)))),
    # vanished
    Case("vanished, not looked up", (OPEN, CALM)),
    Case("vanished, on a page that says nothing of incidents", (OPEN, snapshot(coverage=Coverage()))),
    Case("vanished, looked up and still open", (OPEN, OPEN)),
    Case("vanished, looked up and resolved", (OPEN, CLOSED), ("incident.resolved u4",)),
    Case("gone once", (OPEN, snapshot(coverage=GONE))),
    Case(
        "gone twice",
        (OPEN, snapshot(coverage=GONE), snapshot(coverage=GONE)),
        ("incident.removed",),
        previous={0: {"phase": "investigating"}},
    ),
    Case("gone, back, gone", (OPEN, snapshot(coverage=GONE), OPEN, snapshot(coverage=GONE))),
    Case(
        "gone for good is told once",
        (OPEN, snapshot(coverage=GONE), snapshot(coverage=GONE), snapshot(coverage=GONE)),
    ),
    Case(
        "removed and back",
        (OPEN, snapshot(coverage=GONE), snapshot(coverage=GONE), snapshot(incident(U1, U2))),
        ("incident.reopened u2",),
    ),
    Case("a resolved one that left the lists", (CLOSED, CALM, CALM)),
    Case(
        "two at once",
        (CALM, snapshot(incident(U2, id_="b"), incident(U1, id_="a"))),
        ("incident.opened u1", "incident.opened u2"),
    ),
    # maintenance
    Case("announced", (CALM, planned(M1)), ("maintenance.scheduled m1",)),
    Case(
        "announced and told again",
        (planned(M1), planned(M1, post("m9", "scheduled", 30))),
        ("maintenance.updated m9",),
    ),
    Case(
        "moved",
        (planned(M1), planned(M1, starts_at=at(90), ends_at=at(150))),
        ("maintenance.updated",),
        previous={0: {"starts_at": "2026-01-01T13:00:00Z", "ends_at": "2026-01-01T14:00:00Z"}},
    ),
    Case(
        "moved, with a word",
        (planned(M1), planned(M1, post("m9", "scheduled", 30), ends_at=at(150))),
        ("maintenance.updated m9",),
        previous={0: {"ends_at": "2026-01-01T14:00:00Z"}},
    ),
    Case("started", (planned(M1), planned(M1, M2)), ("maintenance.started m2",)),
    Case("started early", (planned(M1), planned(M1, post("m2", "in_progress", 10))), ("maintenance.started m2",)),
    Case(
        "verifying", (planned(M1, M2), planned(M1, M2, post("m9", "verifying", 100))), ("maintenance.updated m9",)
    ),
    Case("overruns", (planned(M1, M2), planned(M1, M2)), minutes=(30, 500)),
    Case("completed", (planned(M1, M2), planned(M1, M2, M3)), ("maintenance.completed m3",)),
    Case(
        "started and completed since the last read",
        (planned(M1), planned(M1, M2, M3)),
        ("maintenance.started m2", "maintenance.completed m3"),
    ),
    Case("canceled", (planned(M1), planned(M1, post("mc", "canceled", 20))), ("maintenance.canceled mc",)),
    Case(
        "a maintenance edited",
        (planned(M1), planned(post("m1", "scheduled", 0, "better"))),
        ("maintenance.edited m1",),
    ),
    Case(
        "a maintenance's title edited", (planned(M1), planned(M1, title="Newer switches")), ("maintenance.edited",)
    ),
    Case(
        "a maintenance deleted",
        (planned(M1), snapshot(coverage=GONE_WINDOW), snapshot(coverage=GONE_WINDOW)),
        ("maintenance.canceled",),
    ),
    Case(
        "a maintenance under way that is listed no more",
        (planned(M1, M2), snapshot(coverage=GONE_WINDOW), snapshot(coverage=GONE_WINDOW)),
        ("maintenance.completed",),
        previous={0: {"phase": "in_progress"}},
    ),
    Case(
        "a maintenance without an end that is listed no more before it begins",
        (planned(M1, ends_at=None), snapshot(coverage=GONE_WINDOW), snapshot(coverage=GONE_WINDOW)),
        ("maintenance.canceled",),
    ),
    Case(
        "a maintenance without any times that is listed no more",
        (
            planned(M1, starts_at=None, ends_at=None),
            snapshot(coverage=GONE_WINDOW),
            snapshot(coverage=GONE_WINDOW),
        ),
        ("maintenance.completed",),
    ),
    Case(
        "a maintenance of an unknown phase",
        (planned(M1), planned(M1, phase=MaintenancePhase.UNKNOWN)),
        ("maintenance.updated",),
    ),
    Case("first seen under way", (CALM, planned(M1, M2)), ("maintenance.scheduled m1", "maintenance.started m2")),
    Case(
        "first seen completed, of today",
        (CALM, planned(M1, M2, M3)),
        ("maintenance.scheduled m1", "maintenance.completed m3"),
        minutes=(30, 130),
    ),
    # components
    Case("a component breaks, inside the hold", (CALM, snapshot(app=DOWN)), minutes=(30, 31)),
    Case(
        "a component breaks and stays broken",
        (CALM, snapshot(app=DOWN), snapshot(app=DOWN)),
        ("component.changed app",),
        previous={0: {"status": "operational"}},
    ),
    Case("a component flaps inside the hold", (CALM, snapshot(app=DOWN), CALM), minutes=(30, 30.5, 30.9)),
    Case(
        "a component flaps and breaks again: the hold begins anew",
        (CALM, snapshot(app=DOWN), CALM, snapshot(app=DOWN)),
        minutes=(30, 30.5, 30.9, 31.8),
    ),
    Case(
        "without a hold it is told at once",
        (CALM, snapshot(app=SLOW)),
        ("component.changed app",),
        hold=timedelta(0),
    ),
    Case(
        "it heals after it was told",
        (CALM, snapshot(app=DOWN), CALM),
        ("component.changed app",),
        hold=timedelta(0),
        previous={0: {"status": "major_outage"}},
    ),
    Case(
        "it gets worse",
        (CALM, snapshot(app=SLOW), snapshot(app=DOWN)),
        ("component.changed app",),
        hold=timedelta(0),
        previous={0: {"status": "degraded"}},
    ),
    Case("an unknown status is no news", (CALM, snapshot(app=Status.UNKNOWN)), hold=timedelta(0)),
    Case(
        "a change that an active incident covers",
        (OPEN, snapshot(incident(U1), app=DOWN)),
        ("component.changed app",),
    ),
    Case(
        "a change together with the incident",
        (CALM, snapshot(incident(U1), app=DOWN)),
        ("incident.opened u1", "component.changed app"),
    ),
    Case(
        "a recovery together with the resolution",
        (snapshot(incident(U1), app=DOWN), snapshot(incident(U1, U4))),
        ("component.changed app", "incident.resolved u4"),
    ),
    Case(
        "a change of a component that the incident does not name",
        (
            snapshot(incident(U1, component_ids=("search",))),
            snapshot(incident(U1, component_ids=("search",)), app=DOWN),
        ),
    ),
    Case("a component added", (parts(APP), parts(APP, SEARCH))),
    Case("a component renamed", (parts(APP), parts(APP.model_copy(update={"name": "App"})))),
    Case("a component moved to a group", (parts(APP), parts(APP.model_copy(update={"group": "Core"})))),
    Case("a component removed", (parts(APP, SEARCH), parts(APP)), hold=timedelta(0)),
    Case("a component removed and back", (parts(APP, SEARCH), parts(APP), parts(APP, SEARCH)), hold=timedelta(0)),
    Case("half an answer: no word of components", (CALM, snapshot(components=None)), hold=timedelta(0)),
    Case(
        "another name of the page",
        (CALM, snapshot(provider=CALM.provider.model_copy(update={"name": "Charge & Over"}))),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    change = run(*case.reads, minutes=case.minutes, hold=case.hold)
    assert tuple(shown(event) for event in change.events) == case.events
    for place, previous in case.previous.items():
        assert change.events[place].data.previous == previous
    if case.phases is not None:
        subjects = [event.data.incident or event.data.maintenance for event in change.events]
        assert tuple(str(subject.phase) for subject in subjects if subject) == case.phases
    assert len({event.key for event in change.events}) == len(change.events)


def test_there_are_enough_cases_and_each_has_its_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60


IMPLAUSIBLE = [
    ("the same page", CALM, CALM, None),
    ("a calm day after an incident", CLOSED, snapshot(coverage=SUMMARY_ONLY), None),
    ("no components any more", CALM, snapshot(components=()), "components"),
    ("no word of components", CALM, snapshot(components=None), "components"),
    ("a page that never had components", snapshot(components=()), snapshot(components=()), None),
    ("another page", CALM, snapshot(page_id="zzzzzzzzzzzz"), "another page"),
    (
        "another name of the same page",
        CALM,
        snapshot(provider=CALM.provider.model_copy(update={"name": "X"})),
        None,
    ),
    ("a first read", None, CALM, None),
]


@pytest.mark.parametrize(("name", "before", "after", "said"), IMPLAUSIBLE, ids=[row[0] for row in IMPLAUSIBLE])
def test_implausible(name: str, before: Snapshot | None, after: Snapshot, said: str | None) -> None:
    state = run(before).after if before is not None else NEW
    doubt = implausible(state, after)
    assert (doubt is None) if said is None else (doubt is not None and said in doubt)


def test_a_page_that_forgets_a_long_past_is_implausible() -> None:
    assert implausible(replace(run(CALM).after, past_incidents=34), CALM) == "the page has lost its whole history"
    assert implausible(replace(run(CALM).after, past_incidents=34), CLOSED) is None
    assert implausible(replace(run(CALM).after, past_incidents=34), snapshot(coverage=SUMMARY_ONLY)) is None


def test_edited_and_back_and_again_are_three_edits() -> None:
    other = snapshot(incident(post("u1", "investigating", 0, "other")))
    keys, state = [], run(OPEN).after
    for read in (other, OPEN, other):
        change = diff(state, read, at(30), HOLD)
        state = change.after
        keys += [event.key for event in change.events]
    assert len(set(keys)) == 3


def test_an_incident_first_seen_when_over_is_one_message_in_chat() -> None:
    opened, resolved = run(CALM, CLOSED).events
    assert not opened.context.told_whole
    assert resolved.context.told_whole
    assert opened.data.incident == resolved.data.incident


def test_components_unlinked_at_the_end_stay_for_filters_and_readers() -> None:
    [event] = run(OPEN, snapshot(incident(U1, U4, component_ids=()))).events
    assert event.context.component_ids == ("app",)
    assert event.data.incident is not None
    assert event.data.incident.component_ids == ("app",)


def test_a_filter_looks_at_every_component_ever_named() -> None:
    [event] = run(OPEN, snapshot(incident(U1, U2, component_ids=("search",)))).events
    assert event.context.component_ids == ("app", "search")
    assert event.data.incident is not None
    assert event.data.incident.component_ids == ("search",)


def test_each_event_shows_the_subject_as_it_was_then() -> None:
    first, second = run(OPEN, snapshot(incident(U1, U2, U4, resolved_at=at(30)))).events
    assert first.data.incident is not None
    assert second.data.incident is not None
    assert [one.id for one in first.data.incident.updates] == ["u1", "u2"]
    assert first.data.incident.resolved_at is None
    assert [one.id for one in second.data.incident.updates] == ["u1", "u2", "u4"]
    assert second.data.incident.resolved_at == at(30)


def test_a_held_change_says_when_to_look_again() -> None:
    assert run(CALM, snapshot(app=DOWN), minutes=(30, 31)).hold_at == at(32)
    assert run(CALM, CALM).hold_at is None


def test_a_component_that_breaks_anew_begins_a_new_conversation() -> None:
    [broke] = run(CALM, snapshot(app=DOWN), hold=timedelta(0)).events
    [healed] = run(CALM, snapshot(app=DOWN), CALM, hold=timedelta(0)).events
    assert broke.context.opens
    assert not healed.context.opens
    assert broke.subject == healed.subject == Subject(SubjectKind.COMPONENT, "app")


def test_a_covered_change_belongs_to_the_incident() -> None:
    [event] = run(OPEN, snapshot(incident(U1), app=DOWN)).events
    assert event.subject == Subject(SubjectKind.INCIDENT, "inc1")
    assert not event.context.opens


def test_a_late_recovery_belongs_to_the_incident_that_told_the_trouble() -> None:
    broken = snapshot(incident(U1), app=DOWN)
    still = snapshot(incident(U1, U4), app=DOWN)
    [event] = run(OPEN, broken, still, snapshot(incident(U1, U4)), hold=timedelta(0)).events
    assert event.subject == Subject(SubjectKind.INCIDENT, "inc1")
    assert event.data.previous == {"status": "major_outage"}


@pytest.mark.parametrize(("later", "adopted"), [(14, True), (16, False)])
def test_an_incident_takes_over_what_was_told_of_its_component_shortly_before(later: float, adopted: bool) -> None:
    reads = (CALM, snapshot(app=DOWN), snapshot(incident(U1), app=DOWN))
    change = run(*reads, minutes=(0, 1, 1 + later), hold=timedelta(0))
    pair = (Subject(SubjectKind.INCIDENT, "inc1"), Subject(SubjectKind.COMPONENT, "app"))
    assert change.adoptions == ((pair,) if adopted else ())


def test_a_change_that_an_announced_maintenance_names_is_not_explained_by_it() -> None:
    change = run(planned(M1), snapshot(maintenances=(window(M1),), app=DOWN), hold=timedelta(0))
    assert [event.subject.kind for event in change.events] == [SubjectKind.COMPONENT]


def test_a_change_during_maintenance_belongs_to_it() -> None:
    reads = (planned(M1, M2), snapshot(maintenances=(window(M1, M2),), app=Status.MAINTENANCE))
    assert [event.subject for event in run(*reads).events] == [Subject(SubjectKind.MAINTENANCE, "mnt1")]


def test_the_story_so_far_of_an_active_incident() -> None:
    event = opening(run(snapshot(incident(U1, U2))).after, run(snapshot(incident(U1, U2))).after.incidents["inc1"])
    assert shown(event) == "incident.opened u2"
    assert event.key == "incident:inc1:opened"
    assert [one.name for one in event.context.affected] == ["Main Application"]


def test_unreadable_and_readable_are_one_pair_an_outage() -> None:
    lost, found = unreadable(NEW, "it answered 500", at(0)), readable(NEW, at(0))
    assert lost.context.reason == "it answered 500"
    assert lost.context.opens
    assert len({lost.key, found.key, unreadable(NEW, "", at(9)).key}) == 3


# properties

PHASES = st.sampled_from(["investigating", "identified", "monitoring", "resolved", "unknown"])
STORIES = st.lists(st.tuples(PHASES, st.integers(0, 50), st.sampled_from(["a", "b"])), min_size=1, max_size=7)


def told(story: Sequence[tuple[str, int, str]], upto: int) -> Snapshot:
    """The first `upto` posts of a story, as the page shows them."""
    posts = [post(f"p{place}", phase, minute, body) for place, (phase, minute, body) in enumerate(story[:upto])]
    posts.sort(key=lambda one: (one.posted_at, one.id))
    return snapshot(incident(*posts, phase=IncidentPhase(story[upto - 1][0]), started_at=at(0)))


@settings(max_examples=200)
@given(STORIES, st.data())
def test_every_update_is_told_exactly_once_however_the_reads_fall(
    story: list[tuple[str, int, str]], data: st.DataObject
) -> None:
    stops = sorted(data.draw(st.sets(st.integers(1, len(story)))) | {len(story)})
    state, events = run(CALM).after, list[Event]()
    for upto in stops:
        change = diff(state, told(story, upto), at(60), HOLD)
        again = diff(change.after, told(story, upto), at(60), HOLD)
        assert again.events == ()
        state = change.after
        events += change.events
    assert len({event.key for event in events}) == len(events)
    carried = [event.data.update.id for event in events if event.data.update]
    assert len(carried) == len(set(carried))
    first = events[0].data.incident
    assert first is not None
    assert set(carried) | {one.id for one in first.updates} == {f"p{place}" for place in range(len(story))}


@settings(max_examples=100)
@given(STORIES)
def test_reading_step_by_step_ends_where_one_read_ends(story: list[tuple[str, int, str]]) -> None:
    state = run(CALM).after
    for upto in range(1, len(story) + 1):
        state = diff(state, told(story, upto), at(60), HOLD).after
    whole = told(story, len(story)).incidents[0]
    known = state.incidents["inc1"].case
    assert known.updates == whole.updates
    assert known.phase == whole.phase or whole.phase == IncidentPhase.UNKNOWN


def test_recorded_pages_make_no_event_twice_and_no_false_end() -> None:
    """A series of summaries as they were recorded: what merely vanished is neither resolved nor removed."""
    from pathlib import Path

    from adapters.statuspage import parse

    folder = Path(__file__).parents[3] / "shared" / "payloads" / "statuspage" / "github"
    if not folder.exists():
        pytest.skip("the recorded pages are not here")
    for series in sorted(folder.glob("series-summary-*")):
        state, keys = NEW, list[str]()
        for place, file in enumerate(sorted(series.glob("*.json"))):
            try:
                read = parse(
                    {"summary": file.read_bytes()}, url="https://status.example.com", read_at=at(place * 60)
                )
            except AdapterError:
                continue  # recorded while the page failed: nothing is known from it
            assert implausible(state, read) is None
            change = diff(state, read, read.read_at, HOLD)
            state = change.after
            keys += [event.key for event in change.events]
            assert not {"incident.removed", "incident.resolved"} & {str(event.type) for event in change.events}
        assert len(keys) == len(set(keys))


def test_a_component_that_half_a_list_leaves_out_is_not_removed() -> None:
    half = snapshot(components=(APP,), coverage=SOME)
    assert run(parts(APP, SEARCH), parts(APP)).after.components["search"].removed_at is not None
    assert run(parts(APP, SEARCH), half).after.components["search"].removed_at is None
