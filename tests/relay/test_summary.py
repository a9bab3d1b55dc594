"""The summary after quiet hours, and the word of trouble: how they read."""

from datetime import time
from typing import Any

import pytest
from standins.pages import at, incident, update

from adapters.schema import Component, Maintenance, MaintenancePhase, Status, Update
from relay.bulletin import Row
from relay.events import EventData, EventProvider, EventType, StoredEvent, Subject, SubjectKind
from relay.manner import Quiet
from relay.summary import SENTENCE, Missed, first_sentence, summary
from relay.trouble import people, trouble

PROVIDER = EventProvider(slug="acme", name="Acme", url="https://acme.example.com", status=Status.DEGRADED)
NIGHT = Quiet(time(22), time(7))


def event(type_: EventType, sequence: int, id_: str = "s1", **data: Any) -> StoredEvent:
    return StoredEvent(
        id=f"evt_{sequence}",
        type=type_,
        sequence=sequence,
        subject=Subject(SubjectKind(type_.partition(".")[0]), id_),
        seen_at=at(0),
        raw_data=EventData.model_validate({"provider": PROVIDER, **data}).public(),
    )


def outage(*phases: str, id_: str = "s1") -> Missed:
    """An incident of which all was held back."""
    posts = tuple(update(f"u{n}", phase, n * 10, f"Post {n}. More of it.") for n, phase in enumerate(phases))
    told = [
        event(EventType.INCIDENT_UPDATED, n + 1, id_, incident=incident(*posts[: n + 1], id_=id_), update=post)
        for n, post in enumerate(posts)
    ]
    return Missed(told[-1], tuple(told))


def work() -> Missed:
    window = Maintenance(id="m1", title="New disks", phase=MaintenancePhase.SCHEDULED)
    told = event(EventType.MAINTENANCE_SCHEDULED, 1, "m1", maintenance=window)
    return Missed(told, (told,))


def change() -> Missed:
    told = event(
        EventType.COMPONENT_CHANGED, 1, "c1", component=Component(id="c1", name="App", status=Status.DEGRADED)
    )
    return Missed(told, (told,))


def test_a_row_for_each_with_its_present_state() -> None:
    over = outage("investigating", "identified", "resolved", id_="s2")
    bulletin = summary([over, outage("investigating"), work()], [NIGHT, NIGHT])
    assert bulletin.text == "While it was quiet (22:00 to 07:00): 2 incidents, 1 maintenance."
    [section] = bulletin.sections
    url = "https://status.example.com/incidents/inc1"
    assert section.rows == (
        Row(
            "Acme: Logins fail", Status.PARTIAL_OUTAGE, "Investigating · 1 update held back · Post 0.", url=url,
        ),
        Row("Acme: New disks", Status.MAINTENANCE, "Scheduled · 1 update held back", url=PROVIDER.url),
        Row("Acme: Logins fail", Status.OPERATIONAL, "Resolved · 3 updates held back · Post 2.", url=url),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("missed", "quiet", "more", "text"),
    [
        pytest.param([work()], [], 0, "While it was quiet: 1 maintenance.", id="no hours any more"),
        pytest.param(
            [work()], [NIGHT, Quiet(time(20), time(7))], 0,
            "While it was quiet: 1 maintenance.", id="several hours",
        ),
        pytest.param(
            [work(), work(), change()], [NIGHT], 0,
            "While it was quiet (22:00 to 07:00): 2 maintenances, 1 component.", id="components",
        ),
        pytest.param(
            [work()], [NIGHT], 3,
            "While it was quiet (22:00 to 07:00): 1 maintenance, and 3 more in the next message.",
            id="more to come",
        ),
    ],
)  # fmt: skip
def test_what_it_was_in_one_sentence(missed: list[Missed], quiet: list[Quiet], more: int, text: str) -> None:
    assert summary(missed, quiet, more=more).text == text


def test_the_newest_update_is_quoted_also_where_something_else_came_after_it() -> None:
    missed = outage("investigating", "identified")
    silent = event(EventType.INCIDENT_UPDATED, 3, incident=missed.present.data.incident)
    [section] = summary([Missed(silent, (*missed.held, silent))], []).sections
    assert section.rows[0].detail == "Identified · 3 updates held back · Post 1."


def test_a_long_title_is_cut() -> None:
    long = incident(update("u", "investigating", 0), title="x" * 500)
    told = event(EventType.INCIDENT_OPENED, 1, incident=long)
    [section] = summary([Missed(told, (told,))], []).sections
    assert len(section.rows[0].title) == 120
    assert section.rows[0].title.endswith("x…")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", ""),
        ("We look into it. More soon.", "We look into it."),
        ("We look\ninto it", "We look into it"),
        ("Version 2.5 is out! Enjoy.", "Version 2.5 is out!"),
        ("**Update**: see [our `blog`](https://example.com/a.b) now.", "Update: see our blog now."),
        ("# Heading\n- a point", "Heading a point"),
        ("> quoted", "quoted"),
        ("a_b and <!channel> stay as they are", "a_b and <!channel> stay as they are"),
        ("x" * 1000, "x" * (SENTENCE - 1) + "…"),
    ],
)
def test_the_first_sentence_is_plain_and_short(body: str, sentence: str) -> None:
    assert first_sentence(body) == sentence


def test_a_hostile_text_takes_no_time() -> None:
    assert len(first_sentence("[" * 200_000 + "(" * 200_000)) == SENTENCE


def test_an_update_without_words_adds_none() -> None:
    posted = Update(id="u", phase="investigating", body="", posted_at=at(0))
    told = event(EventType.INCIDENT_OPENED, 1, incident=incident(posted), update=posted)
    [section] = summary([Missed(told, (told,))], []).sections
    assert section.rows[0].detail == "Investigating · 1 update held back"


@pytest.mark.parametrize(
    ("uri", "followed_by", "told"),
    [
        ("slack:T1/C1", ["U111", "W222", "U111"], {"U111": "T1/U111", "W222": "T1/W222"}),
        ("slack:T1/C1", ["", "terminal", "B01", "U1; drop"], {}),
        ("https://example.com/hook", ["U111"], {}),
        ("discord:1/2", ["U111", "terminal", "1" * 18], {"1" * 18: f"1/{'1' * 18}"}),
        ("console:", ["U111"], {}),
    ],
)
def test_who_is_told_of_trouble(uri: str, followed_by: list[str], told: dict[str, str]) -> None:
    assert people(uri, followed_by) == told


def test_trouble_names_the_place_the_reason_and_what_is_followed() -> None:
    providers = [(f"P{n}", f"https://p{n}.example.com") for n in range(45)]
    bulletin = trouble("slack:T1/C1", "the channel is archived: unarchive it, then enable it.", providers)
    assert bulletin.text == (
        "uptimus can't post any more in a place where you follow status pages: "
        "the channel is archived: unarchive it, then enable it."
    )
    where, what = bulletin.sections
    assert [row.place for row in where.rows] == ["slack:T1/C1"]
    assert (what.heading, len(what.rows), what.note) == ("It follows there", 40, "… and 5 more")
    assert what.rows[0] == Row("P0", url="https://p0.example.com")
