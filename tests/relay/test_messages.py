"""How events read, by tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standins.login_outage import (
    AFFECTED,
    MAIN,
    START,
    STORY,
    event,
    incident,
    incident_event,
    maintenance,
    update,
)

from adapters.schema import Status, Update
from relay.events import Context, EventType, StoredEvent
from relay.messages import Card, Fact, Since, card, note
from relay.wording import first_paragraph, lasting

NAMELESS = Context()


def facts(card: Card) -> dict[str, Any]:
    return {fact.label: fact.words[0] if len(fact.words) == 1 else fact.words for fact in card.facts}


def sample(type: EventType, **more: Any) -> StoredEvent:
    """Any event of this type."""
    kind = type.partition(".")[0]
    data: dict[str, dict[str, Any]] = {
        "incident": {"incident": incident(2)},
        "maintenance": {"maintenance": maintenance()},
    }
    return event(type, **data.get(kind, {"component": MAIN} if kind == "component" else {}) | more)


def overrun(minutes: int, *, update: Update | None = None, **more: Any) -> StoredEvent:
    """A maintenance of two hours, so many minutes after its start."""
    late = maintenance(phase="in_progress", **more)
    stored = sample(EventType.MAINTENANCE_UPDATED, maintenance=late, update=update, context=Context(overrun=True))
    return replace(stored, seen_at=START + timedelta(minutes=minutes))


@pytest.mark.parametrize("type", EventType)
@pytest.mark.parametrize("context", [Context(affected=AFFECTED), NAMELESS])
def test_every_event_reads(type: EventType, context: Context) -> None:
    told, added = card(sample(type, context=context)), note(sample(type, context=context))
    assert told.headline.startswith("ChargeOver: ")
    assert told.state
    assert told.url
    assert added.title
    for summary in (told.summary, added.summary):
        assert summary.startswith("ChargeOver: ")
        assert summary.endswith(" UTC).")
    assert added.excerpt == (type == EventType.INCIDENT_POSTMORTEM)


@pytest.mark.parametrize(
    ("event", "title"),
    [
        (STORY[0], "Investigating"),
        (STORY[1], "Investigating · Impact raised from minor to major"),
        (STORY[2], "Identified"),
        (STORY[4], "Resolved after 1 h 14 min"),
        (STORY[5], "Postmortem"),
        (
            incident_event(EventType.INCIDENT_UPDATED, 2, previous={"impact": "critical"}, update=None),
            "Impact lowered from critical to major",
        ),
        (
            incident_event(EventType.INCIDENT_UPDATED, 2, previous={"impact": "unknown"}, update=None),
            "Impact changed from unknown to major",
        ),
        (
            incident_event(EventType.INCIDENT_UPDATED, 3, previous={"phase": "investigating"}, update=None),
            "Identified",
        ),
        (incident_event(EventType.INCIDENT_UPDATED, 3, update=None), "Updated"),
        (
            incident_event(EventType.INCIDENT_UPDATED, 3, update=None, previous={"component_ids": []}),
            "Also affects Main Application",
        ),
        (incident_event(EventType.INCIDENT_EDITED, 3), "Identified (edited)"),
        (
            incident_event(EventType.INCIDENT_EDITED, 3, update=None, previous={"title": "Logins"}),
            "Title changed (it was “Logins”)",
        ),
        (incident_event(EventType.INCIDENT_REOPENED, 3), "Reopened: identified"),
        (incident_event(EventType.INCIDENT_REOPENED, 3, update=None), "Reopened"),
        (
            incident_event(EventType.INCIDENT_REMOVED, 3, update=None),
            "Taken off the status page without a resolution",
        ),
        (event(EventType.INCIDENT_RESOLVED, incident=incident(5, resolved_at=None)), "Resolved"),
        (
            event(EventType.INCIDENT_RESOLVED, incident=incident(5, resolved_at=START - timedelta(hours=1))),
            "Resolved",
        ),
        (sample(EventType.MAINTENANCE_SCHEDULED), "Scheduled"),
        (sample(EventType.MAINTENANCE_REMINDER), "Maintenance starts soon"),
        (
            sample(EventType.MAINTENANCE_REMINDER, context=Context(lead_minutes=60)),
            "Maintenance starts in 60 min",
        ),
        (
            sample(EventType.MAINTENANCE_REMINDER, context=Context(lead_minutes=1440)),
            "Maintenance starts in 1 d",
        ),
        (
            replace(
                sample(EventType.MAINTENANCE_REMINDER, context=Context(lead_minutes=60)),
                seen_at=START - timedelta(minutes=10, seconds=5),
            ),
            "Maintenance starts in 10 min",
        ),
        (overrun(145), "Still under way, 25 min beyond its planned end"),
        (overrun(145, ends_at=None), "Still under way, beyond its planned end"),
        (overrun(145, update=update("in_progress", 145, "An hour more.")), "In progress"),
        (sample(EventType.MAINTENANCE_STARTED), "Maintenance started"),
        (sample(EventType.MAINTENANCE_UPDATED, previous={"starts_at": "x", "ends_at": "y"}), "Window moved"),
        (sample(EventType.MAINTENANCE_CANCELED), "Maintenance canceled"),
        (
            sample(
                EventType.MAINTENANCE_COMPLETED,
                maintenance=maintenance(phase="completed"),
                update=update("completed", 95, "Done."),
            ),
            "Completed after 1 h 35 min",
        ),
        (sample(EventType.MAINTENANCE_COMPLETED, maintenance=maintenance(phase="completed")), "Completed"),
        (
            sample(EventType.COMPONENT_CHANGED, previous={"status": "operational"}),
            "Main Application: operational → major outage",
        ),
        (sample(EventType.COMPONENT_CHANGED), "Main Application: major outage"),
        (
            sample(EventType.PROVIDER_UNREADABLE, context=Context(reason="HTTP 503")),
            "The status page can't be read: HTTP 503",
        ),
        (sample(EventType.PROVIDER_UNREADABLE), "The status page can't be read"),
        (sample(EventType.PROVIDER_READABLE), "The status page can be read again"),
    ],
)
def test_a_note_says_what_happened(event: StoredEvent, title: str) -> None:
    assert note(event).title == title


@pytest.mark.parametrize(
    ("event", "state", "status"),
    [
        (STORY[0], "Investigating", Status.PARTIAL_OUTAGE),
        (STORY[3], "Monitoring", Status.PARTIAL_OUTAGE),
        (STORY[4], "Resolved after 1 h 14 min", Status.OPERATIONAL),
        (STORY[5], "Resolved after 1 h 14 min", Status.OPERATIONAL),
        (sample(EventType.INCIDENT_OPENED, incident=incident(impact="minor")), "Investigating", Status.DEGRADED),
        (
            sample(EventType.INCIDENT_OPENED, incident=incident(impact="critical")),
            "Investigating",
            Status.MAJOR_OUTAGE,
        ),
        (sample(EventType.INCIDENT_OPENED, incident=incident(impact="none")), "Investigating", Status.UNKNOWN),
        (sample(EventType.INCIDENT_OPENED, incident=incident(phase="unknown")), "Active", Status.PARTIAL_OUTAGE),
        (sample(EventType.INCIDENT_REMOVED), "Taken off the status page", Status.UNKNOWN),
        (sample(EventType.MAINTENANCE_SCHEDULED), "Scheduled", Status.MAINTENANCE),
        (
            sample(EventType.MAINTENANCE_STARTED, maintenance=maintenance(phase="in_progress")),
            "In progress",
            Status.MAINTENANCE,
        ),
        (
            sample(EventType.MAINTENANCE_CANCELED, maintenance=maintenance(phase="canceled")),
            "Canceled",
            Status.UNKNOWN,
        ),
        (overrun(145), "Still under way, beyond its planned end", Status.MAINTENANCE),
        (sample(EventType.COMPONENT_CHANGED), "Major outage", Status.MAJOR_OUTAGE),
        (sample(EventType.PROVIDER_UNREADABLE), "The status page can't be read", Status.UNKNOWN),
    ],
)
def test_a_card_shows_the_present_state(event: StoredEvent, state: str, status: Status) -> None:
    assert (card(event).state, card(event).status) == (state, status)


def test_a_card_holds_what_a_reader_needs() -> None:
    told = card(STORY[0])
    assert told.headline == "ChargeOver: Login outage"
    assert told.summary == "ChargeOver: Login outage. Investigating, major impact (18 Jul 2025, 19:00 UTC)."
    assert facts(told) == {"Impact": "major", "Started": Since(START)}
    assert told.affected == AFFECTED
    assert told.url == "https://status.chargeover.com/incidents/wqrzsb2dhryr"


def test_a_resolved_card_says_when() -> None:
    assert facts(card(STORY[4]))["Resolved"] == START + timedelta(minutes=74)


def test_a_maintenance_shows_its_window() -> None:
    window = {"Window": (START, " to ", START + timedelta(hours=2))}
    assert facts(card(sample(EventType.MAINTENANCE_SCHEDULED))) == window
    assert note(sample(EventType.MAINTENANCE_SCHEDULED)).facts == (Fact("Window", window["Window"]),)
    assert note(sample(EventType.MAINTENANCE_STARTED)).facts == ()
    open_end = sample(EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance(ends_at=None))
    assert facts(card(open_end)) == {"Window": ("from ", START)}


def test_an_incident_without_components_may_concern_any() -> None:
    told = card(sample(EventType.INCIDENT_OPENED, context=NAMELESS))
    assert facts(told)["Components"] == "none named: it may concern any"


def test_what_the_page_does_not_tell_is_left_out() -> None:
    bare = incident(1, impact="unknown", started_at=None, url=None, updates=())
    told = card(event(EventType.INCIDENT_OPENED, incident=bare))
    assert facts(told) == {}
    assert told.story == ()
    assert told.url == "https://status.chargeover.com"


def test_a_thread_that_starts_late_holds_the_story_so_far() -> None:
    assert [entry.label for entry in card(STORY[3]).story] == [
        "Investigating",
        "Investigating",
        "Identified",
        "Monitoring",
    ]
    assert [entry.body for entry in card(STORY[3], told=1).story] == [
        "Some customers can't log in. Payments go on as usual."
    ]


def test_a_backdated_update_keeps_the_pages_own_time() -> None:
    seen_late = event(
        EventType.INCIDENT_RESOLVED, 9000, incident=incident(5), update=update("resolved", 74, "Over.")
    )
    assert note(seen_late).at == START + timedelta(minutes=74)
    assert "18 Jul 2025, 20:14 UTC" in note(seen_late).summary


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=40), "less than a minute"),
        (timedelta(minutes=14), "14 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=1, minutes=14), "1 h 14 min"),
        (timedelta(days=2, hours=18, minutes=55), "2 d 18 h"),
        (timedelta(days=2, minutes=5), "2 d"),
    ],
)
def test_durations(span: timedelta, words: str) -> None:
    assert lasting(span) == words


def test_moments_stay_moments() -> None:
    assert note(STORY[2]).at == datetime(2025, 7, 18, 19, 44, tzinfo=UTC)


def test_a_page_that_can_be_read_again_says_how_it_stands() -> None:
    told = card(sample(EventType.PROVIDER_READABLE))
    assert facts(told)["It says"] == "partial outage"
    assert told.status == Status.PARTIAL_OUTAGE


def test_a_components_own_card_does_not_list_it_again() -> None:
    assert card(sample(EventType.COMPONENT_CHANGED)).affected == ()


def test_a_maintenance_that_overruns_shows_its_window() -> None:
    assert note(overrun(145)).facts == (Fact("Window", (START, " to ", START + timedelta(hours=2))),)


@pytest.mark.parametrize(
    ("markdown", "first"),
    [
        ("One. Two.\n\nThree.", "One. Two."),
        ("# What happened\n\n- a call\n- a report\n\nMore", "- a call\n- a report"),
        ("## Summary\nAll at once.\nStill.\n\nRest", "All at once.\nStill."),
        ("**Summary**\r\n\r\nText **bold** here.\r\n\r\nRest", "Text **bold** here."),
        ("Summary\n---\n\nText", "Text"),
        ("---\n\n\n \nText", "Text"),
        ("# Nothing but a heading", "# Nothing but a heading"),
        ("", ""),
    ],
)
def test_a_first_paragraph_is_no_heading(markdown: str, first: str) -> None:
    assert first_paragraph(markdown) == first


def test_a_postmortem_does_not_resolve_anew() -> None:
    told = card(STORY[-1])
    assert told.summary == "ChargeOver: Login outage. Resolved after 1 h 14 min (18 Jul 2025, 20:14 UTC)."
