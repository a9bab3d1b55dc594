"""How several subjects that share a thread read together."""

from datetime import timedelta

import pytest
from standins.login_outage import MAIN, PROVIDER, START, STORY, UPDATES, event, incident, incident_event

from relay.events import EventType, StoredEvent, Subject, SubjectKind
from relay.family import family_card, family_note
from relay.messages import card, note
from relay.transports.transport import Kin

OPENED, IDENTIFIED, RESOLVED = STORY[0], STORY[2], STORY[4]


def at(name: str, steps: int, type: EventType = EventType.INCIDENT_UPDATED, impact: str = "major") -> StoredEvent:
    """The same incident on another page."""
    provider = PROVIDER.model_copy(update={"slug": name.lower(), "name": name})
    return incident_event(type, steps, incident=incident(steps, id=name, impact=impact), provider=provider)


def test_without_kin_nothing_is_different() -> None:
    assert family_card(IDENTIFIED, (), 1) == card(IDENTIFIED, 1)
    assert family_note(IDENTIFIED, ()) == note(IDENTIFIED)


@pytest.mark.parametrize(
    ("kin", "headline"),
    [
        ([Kin(at("Jira", 1), False)], "Jira and ChargeOver: Login outage"),
        ([Kin(at("Jira", 1), False, older=False)], "ChargeOver and Jira: Login outage"),
        (
            [Kin(at("Jira", 1), False), Kin(at("Trello", 1), False)],
            "Jira, Trello and 1 more: Login outage",
        ),
        (
            [Kin(at(name, 1), False, older=False) for name in ("Jira", "Trello", "Opsgenie")],
            "ChargeOver, Jira and 2 more: Login outage",
        ),
        ([Kin(RESOLVED, True)], "ChargeOver: Login outage"),
    ],
)
def test_a_headline_names_the_providers(kin: list[Kin], headline: str) -> None:
    assert family_card(OPENED, kin, 1).headline == headline


def test_the_worst_state_is_the_threads() -> None:
    grave = at("Jira", 3, impact="critical")
    told = family_card(RESOLVED, [Kin(grave, False)], 1)
    assert (told.state, told.status) == (card(grave).state, card(grave).status)
    assert [(one.provider, one.state) for one in told.standings] == [
        ("Jira", "Identified"),
        ("ChargeOver", "Resolved after 1 h 14 min"),
    ]
    assert told.summary.startswith("Jira and ChargeOver: Login outage. Identified, critical impact")


def test_the_first_message_keeps_retelling_the_oldest_subject() -> None:
    told = family_card(IDENTIFIED, [Kin(at("Jira", 2), False)], 2)
    assert [entry.body for entry in told.story] == [UPDATES[0].body, UPDATES[1].body]
    assert [entry.body for entry in family_card(IDENTIFIED, [Kin(RESOLVED, True)], 5).story] == [UPDATES[0].body]


def test_a_component_among_the_kin_says_nothing_of_the_state() -> None:
    change = event(
        EventType.COMPONENT_CHANGED, component=MAIN, subject=Subject(SubjectKind.INCIDENT, "wqrzsb2dhryr")
    )
    assert family_card(IDENTIFIED, [Kin(change, False)], 1).headline == "ChargeOver: Login outage"


def again(number: int, body: str) -> StoredEvent:
    later = START + timedelta(hours=number)
    first = UPDATES[0].model_copy(update={"id": f"again{number}", "body": body, "posted_at": later})
    once_more = incident(1, id=f"again{number}", started_at=later, updates=(first,))
    return incident_event(EventType.INCIDENT_OPENED, 1, incident=once_more, update=first)


@pytest.mark.parametrize(
    ("told", "kin", "title", "body"),
    [
        (at("Jira", 1, EventType.INCIDENT_OPENED), [Kin(OPENED, False)], "Also at Jira · Investigating", ""),
        (
            at("Jira", 2, EventType.INCIDENT_OPENED),
            [Kin(OPENED, False)],
            "Also at Jira · Investigating",
            UPDATES[1].body,
        ),
        (again(1, UPDATES[0].body.upper()), [Kin(RESOLVED, True)], "Again (2×) · Investigating", ""),
        (
            again(2, "Worse."),
            [Kin(RESOLVED, True), Kin(again(1, "x"), True)],
            "Again (3×) · Investigating",
            "Worse.",
        ),
        (
            again(1, "Worse."),
            [Kin(RESOLVED, True), Kin(at("Jira", 1), False)],
            "Again at ChargeOver (2×) · Investigating",
            "Worse.",
        ),
        (IDENTIFIED, [Kin(at("Jira", 2), False)], "ChargeOver: Identified", UPDATES[2].body),
        (IDENTIFIED, [Kin(again(1, "x"), True, older=False)], "Identified", UPDATES[2].body),
        (IDENTIFIED, [Kin(incident_event(EventType.INCIDENT_UPDATED, 3), True)], "Identified", UPDATES[2].body),
    ],
)
def test_a_reply_says_whose_it_is(told: StoredEvent, kin: list[Kin], title: str, body: str) -> None:
    update = family_note(told, kin)
    assert update is not None
    assert (update.title, update.body) == (title, body)


@pytest.mark.parametrize(("steps", "said"), [(2, False), (3, True), (5, True)])
def test_the_very_same_text_of_a_sibling_is_not_said_again(steps: int, said: bool) -> None:
    assert (family_note(IDENTIFIED, [Kin(at("Jira", steps), False)]) is None) == said


def test_the_same_words_in_another_phase_are_news() -> None:
    words = UPDATES[2].model_copy(update={"body": UPDATES[1].body})
    told = incident_event(EventType.INCIDENT_UPDATED, 3, update=words)
    assert family_note(told, [Kin(at("Jira", 2), False)]) is not None


def test_an_update_without_words_is_news() -> None:
    bare = incident_event(EventType.INCIDENT_UPDATED, 3, update=None, previous={"phase": "investigating"})
    assert family_note(bare, [Kin(at("Jira", 5), False)]) is not None
