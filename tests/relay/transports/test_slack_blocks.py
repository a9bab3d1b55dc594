"""What events look like in Slack: escaped, within its limits, readable by everybody."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standins.login_outage import (
    START,
    STORY,
    event,
    incident,
    incident_event,
    maintenance,
    update,
)
from standins.slack import SlackServer
from standins.slack_rules import message_faults
from standins.telling import tell

from adapters.schema import Component, Status
from relay.events import Affected, Context, EventType, StoredEvent
from relay.messages import card, note
from relay.transports.slack import SlackTransport
from relay.transports.slack_blocks import card_message, note_message, section
from relay.transports.slack_text import label, mrkdwn, short, take

IDENTIFIED = STORY[2]


# hostile and long texts

HOSTILE = (
    "<!channel> <!here> <!everyone> <@U1> <!subteam^S1> @channel @here &lt;!channel&gt; </b> "
    "[<!channel>](https://evil.example) [https://bank.example](https://evil.example) [x](javascript:alert(1)) "
    "<https://evil.example|https://bank.example> **<!here>** ```open & <code> \x00 \u202e"
)


def hostile() -> StoredEvent:
    bad = update("identified", 44, HOSTILE)
    return incident_event(
        EventType.INCIDENT_UPDATED,
        3,
        incident=incident(3, title=HOSTILE, updates=(bad,), url="https://x.example/<!channel>|a b"),
        update=bad,
        previous={"title": HOSTILE},
        context=Context(affected=(Affected(id="c", name=HOSTILE, status=Status.DEGRADED),), reason=HOSTILE),
    )


def faults(message: dict[str, Any]) -> list[str]:
    refused, unwanted = message_faults(message)
    return refused + unwanted


@pytest.mark.parametrize("message", [card_message(card(hostile())), note_message(note(hostile()))])
def test_hostile_text_pings_nobody(message: dict[str, Any]) -> None:
    sent = json.dumps(message, ensure_ascii=False)
    assert faults(message) == []
    for never in (
        "<!channel",
        "<!here",
        "<!everyone",
        "<@U",
        "<!subteam",
        "@channel",
        "@here",
        "javascript:alert(1)>",
    ):
        assert never not in sent
    assert "<https://evil.example|https://bank" not in sent
    assert not {"\x00", "\u202e"} & set(sent)


async def test_hostile_text_is_taken_by_the_stand_in(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, hostile())
    await tell(transport, hostile(), first.reference)
    slack.assert_clean()


LONG = " ".join(f"Sentence number {i} says that A & B <did> not work." for i in range(90))


def test_a_long_body_is_told_whole_in_a_note() -> None:
    assert len(LONG) > 4000
    message = note_message(note(incident_event(EventType.INCIDENT_UPDATED, update=update("identified", 1, LONG))))
    texts = [block["text"]["text"] for block in message["blocks"]]
    assert faults(message) == []
    assert "Sentence number 89 says that A &amp; B &lt;did&gt; not work." in texts[-1]
    assert all(text.endswith(".") for text in texts)


def test_a_longer_body_is_cut_with_a_link() -> None:
    message = note_message(
        note(incident_event(EventType.INCIDENT_UPDATED, update=update("identified", 1, LONG * 4)))
    )
    assert faults(message) == []
    assert len(message["blocks"]) == 4
    assert "<https://status.chargeover.com/incidents/wqrzsb2dhryr|" in message["blocks"][-1]["elements"][0]["text"]


def test_a_card_cuts_a_long_opening_at_a_sentence() -> None:
    opening = incident(1, updates=(update("investigating", 0, LONG),))
    message = card_message(card(incident_event(EventType.INCIDENT_OPENED, incident=opening)))
    body = message["blocks"][-2]["text"]["text"]
    assert faults(message) == []
    assert ". … <https://" in body


def test_two_hundred_components_are_counted() -> None:
    many = tuple(Affected(id=str(i), name=f"Region <{i}> & more", status=Status.DEGRADED) for i in range(200))
    message = card_message(card(incident_event(EventType.INCIDENT_OPENED, context=Context(affected=many))))
    assert faults(message) == []
    assert "… and 175 more" in json.dumps(message, ensure_ascii=False)


def test_a_hundred_updates_at_first_telling_fit() -> None:
    many = tuple(update("monitoring", i, LONG, id=f"u{i}") for i in range(100))
    message = card_message(card(incident_event(EventType.INCIDENT_OPENED, incident=incident(3, updates=many))))
    assert faults(message) == []
    assert "… 70 more updates" in json.dumps(message, ensure_ascii=False)


@pytest.mark.parametrize("length", [2900, 2970, 3000])
def test_addresses_of_any_length_fit(length: int) -> None:
    url = "https://x.io/".ljust(length, "x")
    told = incident_event(
        EventType.INCIDENT_UPDATED, incident=incident(3, url=url), update=update("monitoring", 9, LONG * 9)
    )
    assert faults(card_message(card(told))) == []
    assert faults(note_message(note(told))) == []


@pytest.mark.parametrize("length", [1, 149, 150, 151, 4000])
def test_titles_of_any_length_fit(length: int) -> None:
    message = card_message(card(incident_event(EventType.INCIDENT_OPENED, incident=incident(title="&<" * length))))
    assert faults(message) == []


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("plain", "plain"),
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("&amp;", "&amp;amp;"),
        ("**bold** and __strong__", "*bold* and *strong*"),
        ("**[t](https://x.io)**", "*<https://x.io|t>*"),
        ("[t](https://x.io/a?b=1&c=2)", "<https://x.io/a?b=1&amp;c=2|t>"),
        ("[t](https://x.io/a_(b))", "<https://x.io/a_(b)|t>"),
        ('[t](https://x.io "title")', "<https://x.io|t>"),
        ("[a|b](https://x.io)", "<https://x.io|a/b>"),
        ("[x.io](https://x.io/status)", "<https://x.io/status|x.io>"),
        ("[status.x.io](https://x.io)", "<https://x.io|https://x.io>"),
        ("[bank.com](https://evil.com)", "<https://evil.com|https://evil.com>"),
        ("[t](javascript:alert)", "t"),
        ("[t](/relative)", "t"),
        ("[](https://x.io)", "<https://x.io|https://x.io>"),
        ("![alt](https://x.io/i.png)", "<https://x.io/i.png|alt>"),
        ("see https://x.io/a.", "see <https://x.io/a|https://x.io/a>."),
        ("<https://x.io>", "&lt;<https://x.io|https://x.io>&gt;"),
        ("# Title #\ntext", "*Title*\ntext"),
        ("- one\n* two\n  + three", "• one\n• two\n  • three"),
        ("---", "———"),
        (r"5 \* 3 \_x\_", "5 * 3 _x_"),
        ("```\nopen", "'''\nopen"),
        ("@channel", "@\u2060channel"),
        ("mail me@here.com", "mail me@\u2060here.com"),
    ],
)
def test_markdown_becomes_mrkdwn(markdown: str, expected: str) -> None:
    assert mrkdwn(markdown) == expected


@given(st.text(max_size=400), st.integers(80, 300))
def test_a_cut_loses_nothing_but_blanks(text: str, limit: int) -> None:
    parts, rest = [], text.strip()
    while rest:
        part, rest = take(rest, limit)
        assert len(part) <= limit
        parts.append(part)
    message = {"text": "x", "blocks": [section(part) for part in parts[:3] if part.strip()]}
    assert faults(message) == []


MARKUP = st.sampled_from(
    [
        *(
            "<!channel>",
            "<",
            ">",
            "&",
            "&amp;",
            "[",
            "](",
            ")",
            "https://x.io/",
            "**",
            "__",
            "\\",
            "```",
            "|",
            "@here",
        ),
        *("\n# ", "\n- ", "word", " ", "<@U1>", "<!date^1^{date}|x>", "](javascript:x)", "](https://e.io)", "."),
    ]
)


@given(st.lists(MARKUP, max_size=60).map("".join))
def test_no_mixture_of_markup_gets_through(text: str) -> None:
    happened = incident_event(
        EventType.INCIDENT_UPDATED,
        3,
        incident=incident(3, title=text or "t", updates=(update("identified", 1, text),)),
        update=update("identified", 1, text),
    )
    assert faults(card_message(card(happened))) == []
    assert faults(note_message(note(happened))) == []
    assert len(short(text, 40)) <= 40
    assert len(label(text, 40)) <= 40


def test_times_are_in_the_readers_zone() -> None:
    message = note_message(note(IDENTIFIED))
    stamp = int((START + timedelta(minutes=44)).timestamp())
    assert (
        f"<!date^{stamp}^{{date_short_pretty}}, {{time}}|18 Jul 2025, 19:44 UTC>"
        in message["blocks"][0]["text"]["text"]
    )
    assert message["text"] == "ChargeOver: Login outage. Identified (18 Jul 2025, 19:44 UTC)."


def test_a_window_reads_as_two_moments() -> None:
    message = card_message(card(event(EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance())))
    assert "UTC> to <!date" in message["blocks"][1]["fields"][1]["text"]


def test_an_unnamed_state_has_words_beside_its_colour() -> None:
    grey = event(EventType.COMPONENT_CHANGED, component=Component(id="x", name="API", status=Status.UNKNOWN))
    message = card_message(card(grey))
    assert message["blocks"][0]["text"]["text"] == "⚪ ChargeOver: API"
    assert message["blocks"][1]["fields"][0]["text"] == "*State*\nUnknown"
