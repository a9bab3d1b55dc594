"""A few plain lines for a phone: what is in them, and what never is."""

import pytest
from standins.login_outage import START, STORY, event, incident, incident_event, maintenance, update

from adapters.schema import Status
from relay.bulletin import Bulletin, Row, Section
from relay.events import Context, EventType, StoredEvent
from relay.transports.plain_text import adds_nothing, bulletin_lines, cut, lines, one_line, unmarked

EVIL = "a\r\nTo: x@example.com\x1b[31m\u202e <b>&amp;</b> @everyone **bold** [words](https://example.com)"


@pytest.mark.parametrize(
    ("told", "begun", "body"),
    [
        (
            STORY[3],
            True,
            "Monitoring\nA fix is out & we watch it.",
        ),
        (STORY[1], True, "Investigating · Impact raised from minor to major\nThe team is on it."),
        (
            event(EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance(), update=maintenance().updates[0]),
            False,
            "Scheduled · Window: 18 Jul 2025, 19:00 UTC to 18 Jul 2025, 21:00 UTC · Affects Main Application\n"
            "Half an hour of read-only time.",
        ),
        (
            event(EventType.PROVIDER_UNREADABLE, context=Context(reason="it answered 503")),
            False,
            "The status page can't be read: it answered 503 · Since: 18 Jul 2025, 19:01 UTC",
        ),
    ],
)
def test_how_it_reads(told: StoredEvent, begun: bool, body: str) -> None:
    assert lines(told, begun=begun).body == body


def test_a_test_says_so() -> None:
    told = lines(event(EventType.TEST), begun=False)
    assert told.title == "ChargeOver: status page"
    assert "A test: messages arrive here" in told.body


def test_hostile_text_is_one_line_in_a_title_and_has_no_controls() -> None:
    evil = incident(1, title=EVIL, updates=(update("investigating", 0, EVIL),))
    told = lines(incident_event(EventType.INCIDENT_OPENED, incident=evil), begun=False)
    assert "\n" not in told.title
    for hidden in ("\r", "\x1b", "\u202e"):
        assert hidden not in told.title + told.body
    assert "bold words (https://example.com)" in told.body


def test_a_postmortem_is_told_by_its_first_paragraph() -> None:
    assert "see the report" in lines(STORY[5], begun=True).body
    assert "What happened" not in lines(STORY[5], begun=True).body


@pytest.mark.parametrize(
    ("told", "nothing"),
    [
        (STORY[0], False),
        (incident_event(EventType.INCIDENT_EDITED, 2), True),
        (event(EventType.MAINTENANCE_EDITED, maintenance=maintenance()), True),
        (incident_event(EventType.INCIDENT_RESOLVED, 5, context=Context(told_whole=True)), True),
    ],
)
def test_what_adds_nothing(told: StoredEvent, nothing: bool) -> None:
    assert adds_nothing(told) == nothing


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 5, "short"),
        ("one two three", 9, "one two…"),
        ("onetwothreefour", 9, "onetwoth…"),
        ("x", 0, "…"),
        ("", 0, ""),
    ],
)
def test_cut(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


def test_marks_go_and_links_stay() -> None:
    body = "## Heading\n- one\n- [two](https://example.com/2)\n\\*literal\\*\nhttps://example.com/3"
    assert unmarked(body) == "Heading\n• one\n• two (https://example.com/2)\n*literal*\nhttps://example.com/3"
    assert one_line(" a \n b ", 10) == "a b"


def test_a_bulletin_as_text() -> None:
    rows = (Row("ChargeOver", Status.MAJOR_OUTAGE, "Login outage", START, "https://status.chargeover.com"),)
    told = bulletin_lines(Bulletin("The week of 14 July.", (Section("Incidents", rows, note="… and 2 more"),)))
    assert told.title == "The week of 14 July."
    assert told.body == (
        "Incidents\n"
        "• ChargeOver: major outage · Login outage · 18 Jul 2025, 19:00 UTC (https://status.chargeover.com)\n"
        "… and 2 more"
    )
