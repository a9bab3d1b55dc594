"""Discord's words for what commands are asked and answer: options, mentions, pages, the guide. Pure."""

from typing import Any

import pytest
from standins.login_outage import START

from adapters.schema import Status
from bot.commands import COMMANDS, destinations, spoken
from bot.commands.parse import parse
from bot.commands.reply import CommandError, Reply, Request, Row, Section
from bot.discord import paging
from bot.discord.guide import guide
from bot.discord.story import PAGE, story_pages
from bot.discord.tree import Uptimus
from bot.discord.words import asked, in_options, mentions, said_in_options
from relay.messages import Card, Entry

ALICE, ROLE = "100000000000000001", "200000000000000002"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Quiet hours come first, as in --quiet 22:00-07:00", "Quiet hours come first, as in quiet: 22:00-07:00"),
        ("--min-impact major and --quiet-except minor", "impact: major and quiet_except: minor"),
        ("/uptimus follow x --to https://a.io/--b", "/uptimus follow x webhook: https://a.io/--b"),
        ("a -- b, well--known", "a -- b, well--known"),
    ],
)
def test_options_in_discord_s_words(typed: str, shown: str) -> None:
    assert in_options(typed) == shown


def test_what_pages_say_stays_as_it_is() -> None:
    reply = Reply("try --at 09:00", (Section("--a", (Row("--title", detail="--quiet"),), note="--days 3"),))
    turned = said_in_options(reply)
    assert (turned.text, turned.sections[0].note) == ("try at: 09:00", "days: 3")
    assert turned.sections[0].rows == reply.sections[0].rows


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (f"<@{ALICE}> <@!{ALICE}>", (ALICE,)),
        (f"<@&{ROLE}>, @here", (f"&{ROLE}", "here")),
        ("@everyone", ("channel",)),
        ("everyone here", ("channel", "here")),
        ("none", ()),
        (f"{ALICE} &{ROLE}", (ALICE, f"&{ROLE}")),
    ],
)
def test_who_is_mentioned(typed: str, kept: tuple[str, ...]) -> None:
    assert spoken.mention(mentions(typed), "discord") == kept


@pytest.mark.parametrize("typed", ["bob", "<@123>", "U123ABC", "<!subteam^S1>", "@everybody"])
def test_who_can_t_be_mentioned(typed: str) -> None:
    with pytest.raises(CommandError, match="I can't tell who"):
        spoken.mention(mentions(typed), "discord")


def test_people_are_no_roles_and_slack_knows_no_numbers() -> None:
    with pytest.raises(CommandError, match="is not one"):
        spoken.people([f"<@&{ROLE}>"], "discord")
    with pytest.raises(CommandError, match="I can't tell who"):
        spoken.mention([ALICE])


@pytest.mark.parametrize(
    "uri", ["discord:1/2", "discord:100000000000000001", "discord:abc/100000000000000001", "discord:"]
)
def test_what_is_no_address(uri: str) -> None:
    with pytest.raises(CommandError, match=r"discord:GUILD/CHANNEL"):
        destinations.transport_of(uri, None)  # type: ignore[arg-type]


def test_an_address() -> None:
    assert destinations.transport_of(f"discord:{ALICE}/{ROLE}", None) == "discord"  # type: ignore[arg-type]


ASKED: list[tuple[str, dict[str, Any], str | None]] = [
    ("status", {}, "status"),
    ("status", {"provider": "Google Cloud"}, 'status "Google Cloud"'),
    ("uptime", {"provider": "x", "days": 30}, 'uptime "x" --days 30'),
    ("uptime", {"days": 30}, "uptime --days 30"),
    ("search", {"text": 'a "b"'}, 'search "a  b"'),
    ("webhook", {"text": "list"}, "webhook list"),
    ("webhook", {"text": "deliveries dead"}, "webhook deliveries dead"),
    ("webhook", {"text": "remove https://x.io"}, None),
    ("mute", {"text": "chargeover"}, None),
    ("follow", {"provider": "x"}, None),
]


@pytest.mark.parametrize(("name", "fields", "words"), ASKED)
def test_a_question_as_a_button_holds_it(name: str, fields: dict[str, Any], words: str | None) -> None:
    request = Request(workspace="discord:1", here="discord:1/2", **fields)
    assert asked(name, request) == words
    if words is not None:
        again, found = parse(words, commands=COMMANDS, workspace="discord:1", here="discord:1/2")
        assert (again, found.days) == (name, request.days)
        assert asked(again, found) == words


def test_pages_have_buttons_where_the_question_fits() -> None:
    pages: list[dict[str, Any]] = [{}, {}, {}]
    [row] = paging.page_rows("list", 1, pages)
    back, on = row["components"]
    assert (back["custom_id"], back["disabled"]) == ("uptimus:page:0:list", True)
    assert (on["custom_id"], on["disabled"]) == ("uptimus:page:2:list", False)
    assert paging.page_rows("list", 1, pages[:1]) == []
    assert paging.page_rows(None, 1, pages) == []
    assert paging.page_rows("x" * 90, 1, pages) == []
    assert paging.split('2:status "a:b"') == (2, 'status "a:b"')
    assert paging.split("x:list") == (1, "list")
    assert [paging.clamped(number, pages) for number in (0, 2, 9)] == [1, 2, 3]


def test_the_guide_names_every_command_and_option() -> None:
    group = Uptimus()
    titles = [row.title for row in guide(group).sections[0].rows]
    assert {title.split()[1] for title in titles} == set(COMMANDS)
    options = [row.title for row in guide(group, "follow").sections[0].rows]
    assert options[:2] == ["provider:", "channel:"]
    assert "(needed)" in guide(group, "follow").sections[0].rows[0].detail
    assert "--" not in str([guide(group, name) for name in COMMANDS])


def test_a_story_loses_nothing() -> None:
    words_ = [f"word{number}" for number in range(3000)]
    story = (Entry("Investigating", "Begins. @everyone", START), Entry("Update", " ".join(words_), START))
    card = Card("X: *down*", "Active", Status.MAJOR_OUTAGE, "X: down.", story=story, url="https://x.io/1")
    pages = story_pages(card)
    assert len(pages) > 5
    said = "\n".join(page["embeds"][0]["description"] for page in pages)
    assert [word for word in words_ if word not in said] == []
    assert "@everyone" not in said
    assert max(len(page["embeds"][0]["description"]) for page in pages) <= PAGE + 10
    assert pages[0]["content"] == f"X: down. (page 1 of {len(pages)})"
