"""What events look like in Discord: escaped, within its limits, readable by everybody."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standins.discord_component_rules import component_faults
from standins.discord_rules import is_empty, message_faults, message_violations, pings
from standins.discord_spec import request_faults, unknown_keys
from standins.login_outage import START, STORY, event, incident, incident_event, maintenance, update

from adapters.schema import Component, Status
from relay.events import Affected, Context, EventType, StoredEvent
from relay.messages import Card, Standing, card, note
from relay.transports.discord_embeds import (
    buttons,
    card_message,
    line_message,
    mentions,
    note_message,
    plainer,
    unsaid,
)
from relay.transports.discord_text import discord_markdown, escape, label, link, short, take

IDENTIFIED = STORY[2]
ROUTE = "/channels/{channel_id}/messages"
HOSTILE = (
    "@everyone @here <@1> <@&2> <#3> </status:4> <:x:5> <t:1:R> [@everyone](https://evil.example) "
    "[https://bank.example](https://evil.example) [bank.example](https://evil.example) [x](javascript:alert(1)) "
    "**<@1>** ||spoiler|| ```open `code ~~gone~~ __u__ *i* _i_ \\ \n# big\n> quote\n-# small\n1. one \x00 \u202e"
)


def faults(message: dict[str, Any]) -> list[str]:
    """Whatever Discord would refuse, or take though nobody should send it."""
    found = [str(one) for one in message_faults(message, 0)]
    found += [str(one) for one in request_faults("POST", ROUTE, message)]
    found += [*unknown_keys("POST", ROUTE, message)]
    found += message_violations("it", message, pings(message), ())
    return found + (["empty"] if is_empty(message) else [])


def hostile(text: str = HOSTILE) -> StoredEvent:
    bad = update("identified", 44, text)
    return incident_event(
        EventType.INCIDENT_UPDATED,
        3,
        incident=incident(3, title=text, updates=(bad,), url=f"https://x.example/{text}"),
        update=bad,
        previous={"title": text},
        context=Context(affected=(Affected(id="c", name=text, status=Status.DEGRADED),), reason=text),
    )


def every(happened: StoredEvent) -> list[dict[str, Any]]:
    """All that can be made of an event."""
    rows = buttons(1, 2, False, provider=happened.data.provider.name, url=card(happened).url)
    update = note(happened)
    made = [card_message(card(happened), rows=rows), note_message(update, headline=card(happened).headline)]
    made += [plainer(made[0]), unsaid(made[1]), line_message(update, "5"), note_message(update)]
    return made


@pytest.mark.parametrize("message", every(hostile()))
def test_hostile_text_pings_nobody_and_links_nowhere(message: dict[str, Any]) -> None:
    sent = json.dumps(message, ensure_ascii=False)
    assert faults(message) == []
    assert message["allowed_mentions"] == {"parse": []}
    for never in ("@everyone", "@here", "\x00", "\u202e"):
        assert never not in sent
    embeds = [{**one, "author": None} for one in message.get("embeds", ())]  # a name is read as it stands
    said = json.dumps([message["content"], embeds], ensure_ascii=False).replace("\\\\", "\\")
    assert not re.search(r"(?<!\\)<(?!t:\d+:[fR]>|#5>)", said)
    assert not re.search(r"(?<!\\)\[[^]]*bank\.example[^]]*\]\(", said)
    assert not re.search(r"(?<!\\)(\]\(javascript|[`~|])", said)


MARKUP = st.sampled_from(
    [
        *("@everyone", "<@1>", "<", ">", "[", "](", ")", "https://x.io/", "**", "__", "_", "\\", "```", "||", "`"),
        *(
            "\n# ",
            "\n- ",
            "\n1. ",
            "word",
            " ",
            "<@&1>",
            "<t:1:R>",
            "](javascript:x)",
            "](https://e.io)",
            ".",
            "~~",
        ),
    ]
)


@given(st.one_of(st.lists(MARKUP, max_size=60).map("".join), st.text(max_size=300)))
def test_no_mixture_of_markup_gets_through(text: str) -> None:
    for message in every(hostile(text or "t")):
        assert faults(message) == []
        assert pings(message | {"allowed_mentions": {"parse": ["everyone"]}}) == []
    assert len(short(text, 40)) <= 40
    assert len(label(text, 40)) <= 40


@given(st.text(max_size=400), st.integers(80, 300))
def test_a_cut_loses_nothing_but_blanks(text: str, limit: int) -> None:
    rest = text.strip()
    while rest:
        part, rest = take(rest, limit)
        assert len(part) <= limit


LONG = " ".join(f"Sentence number {i} says that A & B <did> not_work_well." for i in range(90))


def description(message: dict[str, Any]) -> str:
    return str(message["embeds"][0]["description"])


def test_a_longer_body_is_cut_at_a_sentence_with_a_link() -> None:
    told = incident_event(EventType.INCIDENT_UPDATED, update=update("identified", 1, LONG * 2))
    message = note_message(note(told))
    assert faults(message) == []
    assert len(description(message)) > 3500
    link = "… [Read on on the status page](https://status.chargeover.com/incidents/wqrzsb2dhryr)"
    assert description(message).endswith(f"well.\n{link}")


def test_a_card_cuts_a_long_opening_at_a_sentence() -> None:
    opening = incident(1, updates=(update("investigating", 0, LONG * 2),))
    message = card_message(card(incident_event(EventType.INCIDENT_OPENED, incident=opening)))
    assert faults(message) == []
    assert re.search(r"well\. … \[read on\]\(https://[^ ]+\)$", description(message))


def test_two_hundred_components_are_counted() -> None:
    many = tuple(Affected(id=str(i), name=f"Region <{i}> & more", status=Status.DEGRADED) for i in range(200))
    message = card_message(card(incident_event(EventType.INCIDENT_OPENED, context=Context(affected=many))))
    field = message["embeds"][0]["fields"][-1]
    assert faults(message) == []
    assert field["name"] == "Affected components"
    shown = field["value"].splitlines()
    assert shown[-1] == f"… and {200 - len(shown) + 1} more"


def test_the_largest_card_fits() -> None:
    many = tuple(update("monitoring", i, LONG, id=f"u{i}") for i in range(100))
    parts = tuple(Affected(id=str(i), name=f"Region_{i}*" * 40, status=Status.DEGRADED) for i in range(200))
    told = incident_event(
        EventType.INCIDENT_OPENED,
        incident=incident(3, title="_*" * 500, updates=many, url="https://x.io/" + "y" * 1900),
        context=Context(affected=parts),
    )
    shown = card(told)
    standings = tuple(
        Standing(f"<Provider_{i}>" * 20, "x_" * 200, Status.DEGRADED, told.data.provider.url) for i in range(30)
    )
    for one in (shown, Card(**{**shown.__dict__, "standings": standings})):
        assert faults(card_message(one, rows=buttons(1, 2, True, provider="x" * 300, url=one.url))) == []
    assert "-# … 90 more updates" in description(card_message(shown))


@pytest.mark.parametrize("length", [1, 255, 256, 257, 4000])
def test_titles_of_any_length_fit(length: int) -> None:
    told = incident_event(EventType.INCIDENT_OPENED, incident=incident(title="*_" * length))
    for message in every(told):
        assert faults(message) == []


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("plain (words), 19:00: fine & good!", "plain (words), 19:00: fine & good!"),
        ("**bold** and __strong__", "**bold** and **strong**"),
        ("5 * 3 _x_ ~~y~~ `z` ||s||", r"5 \* 3 \_x\_ \~\~y\~\~ \`z\` \|\|s\|\|"),
        ("[t](https://x.io/a?b=1&c=2)", "[t](https://x.io/a?b=1&c=2)"),
        ("[t](https://x.io/a_(b))", "[t](https://x.io/a_%28b%29)"),
        ("[x.io](https://x.io/status)", "[x.io](https://x.io/status)"),
        ("[https://x.io](https://x.io/status)", "https://x.io/status"),
        ("[bank.com](https://evil.com)", "https://evil.com"),
        ("[t](javascript:alert)", "t"),
        ("[t](/relative)", "t"),
        ("![alt](https://x.io/i.png)", "[alt](https://x.io/i.png)"),
        ("see https://x.io/a_b_c.", "see https://x.io/a_b_c."),
        ("https://x.io/@everyone", "https://x.io/%40everyone"),
        ("<https://x.io>", r"\<https://x.io\>"),
        ("<@1> <@&1> <#1> <t:1>", r"\<@1> \<@&1> \<#1> \<t:1>"),
        ("# Title #\ntext", "**Title**\ntext"),
        ("- one\n* two\n  + three", "- one\n- two\n  - three"),
        ("> quoted", r"\> quoted"),
        ("1. one", "1\u2060. one"),
        ("-# small", r"\-# small"),
        ("---", "———"),
        (r"5 \* 3 \_x\_", r"5 \* 3 \_x\_"),
        ("```\nopen", "\\`\\`\\`\nopen"),
        ("@everyone @here", "@\u2060everyone @\u2060here"),
    ],
)
def test_markdown_becomes_discords(markdown: str, expected: str) -> None:
    assert discord_markdown(markdown) == expected


@pytest.mark.parametrize(
    ("url", "text", "expected"),
    [
        (None, "a_b", r"a\_b"),
        ("ftp://x.io", "t", "t"),
        ("https://x.io/ \n", "[t]", r"[\[t\]](https://x.io/%20)"),
        ("https://x.io", "", "https://x.io"),
        ("https:///nowhere", "t", "t"),
    ],
)
def test_links(url: str | None, text: str, expected: str) -> None:
    assert link(url, text) == expected


def test_the_card_says_what_how_bad_since_when_and_where() -> None:
    message = card_message(card(STORY[0]), rows=buttons(12, 34, False, provider="ChargeOver", url="https://x.io"))
    [embed] = message["embeds"]
    stamp = int(START.timestamp())
    assert embed["title"] == "🟠 ChargeOver: Login outage"
    assert embed["url"] == "https://status.chargeover.com/incidents/wqrzsb2dhryr"
    assert [(field["name"], field["value"]) for field in embed["fields"]] == [
        ("State", "Investigating"),
        ("Impact", "major"),
        ("Started", f"<t:{stamp}:f> (<t:{stamp}:R>)"),
        ("Affected components", "🔴 Main Application: major outage"),
    ]
    assert embed["description"] == (
        f"**Investigating** · <t:{stamp}:f>\nSome customers can't log in. Payments go on as usual."
    )
    assert message["content"] == "ChargeOver: Login outage. Investigating, major impact (18 Jul 2025, 19:00 UTC)."
    assert faults(message) == []


def test_a_note_says_when_and_what() -> None:
    message = note_message(note(IDENTIFIED))
    stamp = int((START + timedelta(minutes=44)).timestamp())
    [embed] = message["embeds"]
    assert embed["title"] == "🟠 Identified"
    assert embed["description"] == f"<t:{stamp}:f>\nA third party's metrics service holds up the login page."
    assert message["content"] == "ChargeOver: Login outage. Identified (18 Jul 2025, 19:44 UTC)."
    assert "author" not in embed


def test_a_window_reads_as_two_moments() -> None:
    message = card_message(card(event(EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance())))
    assert re.fullmatch(r"<t:\d+:f> to <t:\d+:f>", message["embeds"][0]["fields"][1]["value"])


def test_an_unnamed_state_has_words_beside_its_colour() -> None:
    grey = event(EventType.COMPONENT_CHANGED, component=Component(id="x", name="API", status=Status.UNKNOWN))
    [embed] = card_message(card(grey))["embeds"]
    assert (embed["title"], embed["fields"][0]["value"]) == ("⚪ ChargeOver: API", "Unknown")


@pytest.mark.parametrize(
    ("thread_id", "follow_id", "muted", "ids"),
    [
        (1, 2, False, ["uptimus:details:1", "uptimus:mute:1", "uptimus:unfollow:2"]),
        (1, 2, True, ["uptimus:details:1", "uptimus:unmute:1", "uptimus:unfollow:2"]),
        (1, None, False, ["uptimus:details:1", "uptimus:mute:1"]),
        (None, 2, False, ["uptimus:unfollow:2"]),
        (None, None, True, []),
    ],
)
def test_buttons(thread_id: int | None, follow_id: int | None, muted: bool, ids: list[str]) -> None:
    made = buttons(thread_id, follow_id, muted, provider="ChargeOver " * 20)
    assert [one["custom_id"] for row in made for one in row["components"]] == ids
    assert [*component_faults(made, v2=False)] == []


def test_a_link_that_is_too_long_for_a_button_is_left_out() -> None:
    assert buttons(None, None, False, url="https://x.io/" + "y" * 600) == []


WHO = ("7", "&12", "here", "@channel", "everyone", "<@1>", "7>", "", "&", "nobody")


def test_who_is_mentioned_may_be_pinged_and_nobody_else() -> None:
    message = card_message(card(STORY[0]), mention=WHO)
    assert message["content"].endswith(". cc <@7> <@&12> @here")
    assert message["allowed_mentions"] == {"parse": ["everyone"], "users": ["7"], "roles": ["12"]}
    assert pings(message) == ["7", "12", "everyone"]
    assert [*mentions(("channel", "8\n", "HERE"))] == ["@everyone"]
    assert card_message(card(STORY[0]), mention=("nobody",))["allowed_mentions"] == {"parse": []}


def test_text_without_marks_stays_as_it_is() -> None:
    assert escape("API errors (5%) - we're on it; see v1.2 #3 + more!") == (
        "API errors (5%) - we're on it; see v1.2 #3 + more!"
    )
