"""Every way of typing a command that people and their keyboards have."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import COMMANDS
from bot.commands.parse import parse
from bot.commands.reply import CommandError, Request, Wish

SLACK: dict[str, str] = {"workspace": "slack:T1", "here": "slack:T1/C1", "actor": "U1", "here_name": "ops"}


def parsed(text: str) -> tuple[str, Request]:
    return parse(text, commands=COMMANDS, **SLACK)


@pytest.mark.parametrize(
    ("text", "command", "expected"),
    [
        ("", "help", {}),
        ("   ", "help", {}),
        ("?", "help", {}),
        ("follow", "follow", {}),
        ("follow <#C2|dev>", "follow", {"to": "slack:T1/C2"}),
        ("follow x --help", "help", {"provider": "follow"}),
        ("-h", "help", {}),
        ("--help", "help", {}),
        ("HELP", "help", {}),
        ("follow chargeover", "follow", {"provider": "chargeover"}),
        ("  Follow \u00a0 chargeover  ", "follow", {"provider": "chargeover"}),
        ("follow\u200b chargeover", "follow", {"provider": "chargeover"}),
        ("follow Google Cloud", "follow", {"provider": "Google Cloud"}),
        ("follow “Google Cloud”", "follow", {"provider": "Google Cloud"}),
        ("follow 'Google Cloud'", "follow", {"provider": "Google Cloud"}),
        ("follow Moody's", "follow", {"provider": "Moody's"}),
        ("follow AT&amp;T", "follow", {"provider": "AT&T"}),
        ("follow <https://status.x.com|status.x.com>", "follow", {"provider": "https://status.x.com"}),
        ("follow <https://status.x.com>", "follow", {"provider": "https://status.x.com"}),
        ("follow https://status.x.com/?a=1&amp;b=2", "follow", {"provider": "https://status.x.com/?a=1&b=2"}),
        ("follow x <#C2|general>", "follow", {"provider": "x", "to": "slack:T1/C2"}),
        ("follow <#C2> x", "follow", {"provider": "x", "to": "slack:T1/C2"}),
        ("follow x --to <#C2|general>", "follow", {"provider": "x", "to": "slack:T1/C2"}),
        ("follow x #ops", "follow", {"provider": "x", "to": "slack:T1/C1"}),
        ("follow x --to slack:T1/C9", "follow", {"provider": "x", "to": "slack:T1/C9"}),
        ("follow x --to <https://h.io/a|h.io/a>", "follow", {"provider": "x", "to": "https://h.io/a"}),
        ("follow x --to <mailto:a@b.c|a@b.c>", "follow", {"provider": "x", "to": "mailto:a@b.c"}),
        ("follow x --stream incidents", "follow", {"provider": "x", "streams": ("incidents",)}),
        ("follow x —stream incidents", "follow", {"provider": "x", "streams": ("incidents",)}),
        ("follow x –stream=Incidents", "follow", {"provider": "x", "streams": ("incidents",)}),
        (
            "follow x stream:incidents,components",
            "follow",
            {"provider": "x", "streams": ("incidents", "components")},
        ),
        ("follow x --stream incident --stream incidents", "follow", {"provider": "x", "streams": ("incidents",)}),
        (
            'follow x --component "Main Application"',
            "follow",
            {"provider": "x", "components": ("Main Application",)},
        ),
        (
            "follow x component:“Main Application”",
            "follow",
            {"provider": "x", "components": ("Main Application",)},
        ),
        ("follow x component:Search component:API", "follow", {"provider": "x", "components": ("Search", "API")}),
        ("follow x --min-impact MAJOR", "follow", {"provider": "x", "min_impact": "major"}),
        ("follow x impact:critical", "follow", {"provider": "x", "min_impact": "critical"}),
        ("follow x --thread both", "follow", {"provider": "x", "shape": "threads and channel"}),
        ("follow x --thread channel only", "follow", {"provider": "x", "shape": "channel only"}),
        ("follow --thread threads and channel x", "follow", {"provider": "x", "shape": "threads and channel"}),
        ("follow --thread channel threads", "follow", {"provider": "threads", "shape": "channel only"}),
        ("follow x --thread “threads and channel”", "follow", {"provider": "x", "shape": "threads and channel"}),
        ("follow --loud resolved, raised x", "follow", {"provider": "x", "loud": ("resolved", "raised")}),
        ("follow x —loud NONE", "follow", {"provider": "x", "loud": ()}),
        ("follow x --mention <!here> --mention <@U7|bob>", "follow", {"provider": "x", "mention": ("here", "U7")}),
        ("follow --mention @here, <!subteam^S1|@ops> x", "follow", {"provider": "x", "mention": ("here", "S1")}),
        ("follow x --mention none", "follow", {"provider": "x", "mention": ()}),
        ("follow x mention:@channel", "follow", {"provider": "x", "mention": ("channel",)}),
        ("follow x --mention-from MAJOR", "follow", {"provider": "x", "mention_impact": "major"}),
        ("follow --remind 30 min x", "follow", {"provider": "x", "remind": "30 min"}),
        ("follow x --remind none", "follow", {"provider": "x", "remind": "none"}),
        ("follow --remind 30 x", "follow", {"provider": "x", "remind": "30"}),
        ("follow x --quiet 22:00–07:00", "follow", {"provider": "x", "quiet": "22:00–07:00"}),
        (
            "follow --quiet 22:00 – 07:00 Europe/Berlin x",
            "follow",
            {"provider": "x", "quiet": "22:00 – 07:00 Europe/Berlin"},
        ),
        ("follow --quiet 22-7 berlin x", "follow", {"provider": "x", "quiet": "22-7 berlin"}),
        ("follow --quiet 22:00-07:00 x", "follow", {"provider": "x", "quiet": "22:00-07:00"}),
        (
            "follow --quiet 22-7 https://status.x.com/y",
            "follow",
            {"provider": "https://status.x.com/y", "quiet": "22-7"},
        ),
        (
            "follow x --quiet none --quiet-except Critical",
            "follow",
            {"provider": "x", "quiet": "none", "quiet_except": "critical"},
        ),
        ("digest daily --at 9 am --zone berlin", "digest", {"provider": "daily", "at": "9 am", "zone": "berlin"}),
        ("digest weekly --on Monday", "digest", {"provider": "weekly", "on": "Monday"}),
        (
            "webhook add <https://h.io/a|h.io/a> “Google Cloud”",
            "webhook",
            {"provider": "add https://h.io/a Google Cloud", "words": ("add", "https://h.io/a", "Google Cloud")},
        ),
        (
            "webhook add https://h.io/a --format PagerDuty --key “R0 1” --header 'A: b' --header x:y --type a, b",
            "webhook",
            {
                "provider": "add https://h.io/a",
                "words": ("add", "https://h.io/a"),
                "wish": Wish(format="PagerDuty", key="R0 1", headers=("A: b", "x:y"), types=("a, b",)),
            },
        ),
        (
            "webhook add https://h.io/a --untested x --ed25519",
            "webhook",
            {"provider": "add https://h.io/a x", "wish": Wish(untested=True, ed25519=True)},
        ),
        ("mute x Type: outage", "mute", {"provider": "x Type: outage"}),
        ("settings changes <@U1|ann>", "settings", {"provider": "changes <@U1>"}),
        ("mute x Login off", "mute", {"provider": "x Login off"}),
        ("uptime x --days 30", "uptime", {"provider": "x", "days": 30}),
        ("uptime", "uptime", {}),
        ("search a b", "search", {"provider": "a b", "text": "a b"}),
        ('follow say"hi', "follow", {"provider": "sayhi"}),
    ],
)
def test_typed(text: str, command: str, expected: dict[str, Any]) -> None:
    name, request = parsed(text)
    assert name == command
    expected = {"text": expected.get("provider", "")} | expected
    quoted = any(quote in text for quote in "\"'“")  # then several words may be one
    expected = {"words": request.words if quoted else tuple(expected["text"].split())} | expected
    assert " ".join(request.words) == request.text
    assert request == Request(workspace="slack:T1", actor="U1", here="slack:T1/C1", **expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("folow x", "I don't know “folow”; did you mean follow? Try /uptimus help"),
        ("xyzzy", "I don't know “xyzzy”. Try /uptimus help"),
        ("follow x --straem a", "I don't know the option --straem; did you mean --stream?"),
        ("follow x --to", "--to needs a value"),
        ("follow x --to --days 3", "--to needs a value"),
        ("follow x --mentoin @here", "did you mean --mention? Usage: /uptimus follow <provider"),
        ("follow x --thread thraeds", "did you mean threads?"),
        ("follow x --loud resovled", "did you mean resolved?"),
        ("follow x --mention @bob", "I can't tell who @bob is: pick them"),
        ("follow x --mention-from majro", "did you mean major?"),
        ("follow x --remind 2weeks", "is no time ahead"),
        ("follow x --quiet 22:00", "are no quiet hours"),
        ("follow x --quiet 22-7 Europe/Berlim", "did you mean Europe/Berlin?"),
        ("follow x --quiet-except huge", "there are none, minor, major, critical"),
        ("digest daily --at noon", "is no time of day; write 09:00 or 21:30. Usage: /uptimus digest"),
        ("digest weekly --on mnday", "did you mean monday?"),
        ("digest daily --zone nowhere", "I don't know the time zone"),
        ("follow x --stream nonsense", "there are incidents, components, maintenance"),
        ("follow x impact:huge", "there are none, minor, major, critical"),
        ("uptime --days soon", "a number of days"),
        ("uptime --days 0", "a number of days"),
        ("follow x #elsewhere", "I can't tell which channel #elsewhere is"),
        ("follow x <#C1> <#C2>", "one channel at a time"),
        ("follow x --to slack:T2/C1", "only post to channels of this workspace"),
        ("follow x --to console:", "only post to channels of this workspace"),
        ("follow x --to discord:1/2", "only post to channels of this workspace"),
    ],
)
def test_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(CommandError) as error:
        parsed(text)
    assert said in str(error.value)


PIECES = st.sampled_from(
    [
        *(
            "follow",
            "status",
            "--",
            "—to",
            "--to",
            "<#C2|x>",
            "<#",
            "<https://x|x>",
            "“",
            '"',
            "'",
            "stream:",
            "=",
        ),
        *("--thread", "threads and", "--loud", "resolved,", "--mention", "<@U1|", "<!subteam^S1>", "@here,"),
        *(
            "--quiet",
            "22:00-07:00",
            "–",
            "7",
            "Europe/Berlin",
            "--remind",
            "30 m",
            "--at",
            "9 pm",
            "--zone",
            "--on",
        ),
        *(
            "--quiet-except",
            "--mention-from",
            "webhook add",
            "digest",
            "mute",
            "off",
            "settings changes",
            "--help",
        ),
        *("&amp;", "--days", "9" * 30, "\x00", "impact:major", "<mailto:", "#", "\u200b", "component:", "\n", "٣"),
    ]
)


@given(
    st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=12).map(" ".join), st.lists(PIECES).map("".join))
)
def test_never_anything_but_a_request_or_words(text: str) -> None:
    try:
        name, request = parsed(text)
    except CommandError:
        return
    assert name in COMMANDS
    assert isinstance(request, Request)
