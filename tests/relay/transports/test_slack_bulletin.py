"""Answers, digests and summaries as Slack messages."""

from datetime import date, timedelta
from typing import Any

import pytest
from standins.slack_rules import message_faults

from adapters.schema import Status
from relay.bulletin import Bulletin, DayCell, Picture, Row, Section
from relay.transports.slack_bulletin import bulletin_message, error_message


def faults(message: dict[str, Any]) -> list[str]:
    refused, unwanted = message_faults(message)
    return refused + unwanted


def test_a_long_answer_is_cut_and_counted() -> None:
    rows = tuple(Row(f"Provider {i}", Status.OPERATIONAL, "fine " * 10) for i in range(400))
    message = bulletin_message(Bulletin("400 providers.", (Section("All", rows),)))
    shown = "\n".join(block["text"]["text"] for block in message["blocks"])
    left = int(message["blocks"][-1]["text"]["text"].removeprefix("… and ").removesuffix(" more"))
    assert shown.count("*Provider ") + left == 400
    assert faults(message) == []


@pytest.mark.parametrize("length", [1000, 2970, 20_000])
def test_a_row_of_any_length_fits(length: int) -> None:
    text, url = "<&>" * length, "https://x.io/".ljust(length, "a")
    row = Row(text, Status.OPERATIONAL, text, url=url, who=text, place=text)
    assert faults(bulletin_message(Bulletin(text, (Section(text, (row, Row(text, url=url)), note=text),)))) == []


def test_many_sections_stay_within_fifty_blocks() -> None:
    sections = tuple(Section(f"S{i}", (Row("r", url="https://x.io"),)) for i in range(80))
    message = bulletin_message(Bulletin("Much.", sections))
    assert len(message["blocks"]) == 50
    assert message["blocks"][-1]["text"]["text"] == "… and 32 more"
    assert faults(message) == []


def test_ninety_days_are_squares_with_words() -> None:
    states = ["operational"] + ["outage"] * 2 + ["maintenance"] * 2 + ["unknown"] * 85
    days = tuple(DayCell(date(2025, 5, 1) + timedelta(days=i), state) for i, state in enumerate(states))
    message = bulletin_message(
        Bulletin("20 % of 5 known days.", (Section("ChargeOver", days=days, note="known days only"),))
    )
    lines = message["blocks"][1]["text"]["text"].splitlines()
    assert lines[1] == "🟩🟥🟥🟦🟦" + "⬜" * 25
    assert [len(line) for line in lines[1:4]] == [30, 30, 30]
    said = "🟩 1 day operational · 🟥 2 days outage · 🟦 2 days maintenance · ⬜ 85 days unknown"
    assert lines[4] == f"1 May 2025 to 29 Jul 2025: {said}"
    assert faults(message) == []


def test_hostile_rows_ping_nobody() -> None:
    row = Row("<!channel> *x* <@U1>", Status.UNKNOWN, "@here & <https://evil|bank>", url="javascript:alert(1)")
    message = bulletin_message(
        Bulletin("<!everyone> @channel", (Section("<!here>", (row,), note="_<!channel>_"),))
    )
    assert faults(message) == []
    assert "<!" not in str(message)


@pytest.mark.parametrize(
    ("place", "team", "words"),
    [
        ("slack:T1/C1", "T1", "<#C1>"),
        ("slack:T1/G0AB", "T1", "<#G0AB>"),
        ("slack:T1/C1", None, "<#C1>"),
        ("slack:T1/D1", "T1", "direct message"),
        ("slack:T1/U1", "T1", "direct message"),
        ("slack:T2/C1", "T1", "slack:T2/C1"),
        ("slack:T1/C1>", "T1", "slack:T1/C1&gt;"),
        ("slack:T1/c1", "T1", "slack:T1/c1"),
        ("console:", "T1", "console:"),
        ("https://x.io/<!here>", "T1", "https://x.io/&lt;!here&gt;"),
    ],
)
def test_a_place_is_a_channel_by_its_name_or_plain_words(place: str, team: str | None, words: str) -> None:
    row = Row("Stripe", Status.OPERATIONAL, "all incidents", place=place)
    message = bulletin_message(Bulletin("One follow.", (Section("Follows", (row,)),)), team)
    assert message["blocks"][1]["text"]["text"].endswith(f"*Stripe*: operational · all incidents · {words}")
    assert faults(message) == []


@pytest.mark.parametrize(("url", "shown"), [("https://x.io/a.png", 1), (None, 0)])
def test_a_picture_needs_an_address(url: str | None, shown: int) -> None:
    picture = Picture("a.png", bytes, lambda: "x" * 3000, url)
    message = bulletin_message(Bulletin("One provider.", (Section("All", note="Fine."),), picture))
    assert [block["type"] for block in message["blocks"]].count("image") == shown
    assert faults(message) == []


def test_an_error_has_words_beside_its_sign() -> None:
    message = error_message("No such provider: <x>")
    assert message["text"] == "No such provider: &lt;x&gt;"
    assert message["blocks"][0]["text"]["text"] == "⚠️ No such provider: &lt;x&gt;"
    assert faults(message) == []
