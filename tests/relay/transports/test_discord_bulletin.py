"""Bulletins as Discord messages: pages that read well, within every limit."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standins.discord_rules import embed_length, is_empty, message_faults, message_violations, pings
from standins.discord_spec import request_faults
from standins.login_outage import START

from adapters.schema import Status
from relay.bulletin import Bulletin, DayCell, Row, Section
from relay.transports.discord_bulletin import (
    bulletin_message,
    bulletin_pages,
    error_message,
    person_words,
    place_words,
    row_words,
)


def faults(message: dict[str, Any]) -> list[str]:
    found = [str(one) for one in message_faults(message, 0)]
    found += [str(one) for one in request_faults("POST", "/channels/{channel_id}/messages", message)]
    found += message_violations("it", message, pings(message), ())
    return found + (["empty"] if is_empty(message) else [])


def text_of(message: dict[str, Any]) -> str:
    return "\n".join(embed["description"] for embed in message["embeds"])


def test_a_short_bulletin_is_one_page() -> None:
    row = Row(
        "Stripe", Status.DEGRADED, "2 incidents", url="https://x.io", at=START, place="discord:1/2", who="3" * 18
    )
    [page] = bulletin_pages(Bulletin("The week of 14 July.", (Section("Incidents", (row,), note="All times"),)))
    stamp = int(START.timestamp())
    assert page["content"] == "The week of 14 July."
    assert text_of(page).splitlines() == [
        "**Incidents**",
        f"🟡 **[Stripe](https://x.io)**: degraded · 2 incidents · <t:{stamp}:f> · <#2> · <@{'3' * 18}>",
        "-# All times",
    ]
    assert faults(page) == []


def test_text_alone_has_no_embed() -> None:
    assert bulletin_pages(Bulletin("Nothing is followed here.")) == [
        {"content": "Nothing is followed here.", "embeds": [], "allowed_mentions": {"parse": []}}
    ]


def test_many_rows_are_pages() -> None:
    rows = tuple(Row(f"Provider {i}", Status.OPERATIONAL, "said " * 20) for i in range(95))
    pages = bulletin_pages(Bulletin("What is followed.", (Section("Followed", rows), Section("More", rows[:3]))))
    assert [page["content"] for page in pages] == [f"What is followed. (page {n} of 5)" for n in range(1, 6)]
    assert [text_of(page).count("🟢") for page in pages] == [20, 20, 20, 20, 18]
    assert all(faults(page) == [] for page in pages)
    assert "\n\n**More**\n" in text_of(pages[-1])


def test_a_heading_stays_with_its_first_row() -> None:
    sections = tuple(Section(f"Heading {i}", (Row(f"row {i}", detail="x" * 590),)) for i in range(12))
    for page in bulletin_pages(Bulletin("x", sections)):
        assert "Heading" not in text_of(page).splitlines()[-1]


def test_one_message_counts_what_it_leaves_out() -> None:
    rows = tuple(Row(f"Provider {i}", Status.OPERATIONAL, "said " * 20) for i in range(95))
    message = bulletin_message(Bulletin("x", (Section("Followed", rows),)))
    shown = text_of(message).count("🟢")
    assert len(message["embeds"]) == 2
    assert text_of(message).endswith(f"… and {95 - shown} more")
    assert 5000 < sum(map(embed_length, message["embeds"])) < 6000
    assert faults(message) == []


def test_ninety_days_are_squares_and_words() -> None:
    states = ["operational"] * 80 + ["outage"] * 1 + ["degraded"] * 8 + ["never heard of"]
    days = tuple(DayCell(date(2025, 5, 1) + timedelta(n), state) for n, state in enumerate(states))
    [page] = bulletin_pages(Bulletin("Uptime.", (Section("ChargeOver", days=days),)))
    lines = text_of(page).splitlines()
    assert [len(line) for line in lines[1:4]] == [30, 30, 30]
    assert lines[4] == (
        "1 May 2025 to 29 Jul 2025: "
        "🟩 80 days operational · 🟨 8 days degraded · 🟥 1 day outage · ⬜ 1 day unknown"
    )


@pytest.mark.parametrize(
    ("address", "guild", "shown"),
    [
        ("discord:1/2", None, "<#2>"),
        ("discord:1/2", "1", "<#2>"),
        ("discord:1/2", "9", "discord:1/2"),
        ("https://x.io/a_b", None, r"https://x.io/a\_b"),
        ("discord:1/2>", None, "discord:1/2>"),
        ("slack:T1/C1", None, "slack:T1/C1"),
    ],
)
def test_places(address: str, guild: str | None, shown: str) -> None:
    assert place_words(address, guild) == shown


def test_people_and_rows_with_nothing() -> None:
    assert person_words("<@1>") == r"\<@1>"
    assert row_words(Row("")) == "—"
    assert row_words(Row("", at=datetime.fromtimestamp(0, START.tzinfo))) == "<t:0:f>"


def test_a_refusal() -> None:
    message = error_message("@everyone " + "x" * 3000)
    assert faults(message) == []
    assert message["content"].startswith("⚠️ @\u2060everyone")


PIECES = st.lists(
    st.sampled_from(["@here", "<@1>", "**", "[", "](https://e.io)", "\n", "`", "word", " ", "#"])
).map("".join)


@given(
    st.lists(st.builds(Row, title=PIECES, detail=PIECES, url=PIECES, place=PIECES, who=PIECES), max_size=40),
    PIECES,
)
def test_no_mixture_gets_through(rows: list[Row], text: str) -> None:
    bulletin = Bulletin(text or "x", (Section(text, tuple(rows), note=text), Section(None, tuple(rows))))
    for message in (*bulletin_pages(bulletin), bulletin_message(bulletin)):
        assert [one for one in faults(message) if one != "empty"] == []
