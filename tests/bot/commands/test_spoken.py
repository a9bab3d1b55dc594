"""Times, zones, people and kinds of news, as people write them."""

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest

from bot.commands import spoken
from bot.commands.reply import CommandError
from relay.manner import Quiet

NIGHT = Quiet(time(22), time(7), "UTC")


@pytest.mark.parametrize(
    ("read", "text", "meant"),
    [
        (spoken.clock, "09:00", time(9)),
        (spoken.clock, "9", time(9)),
        (spoken.clock, "9.30", time(9, 30)),
        (spoken.clock, " 9pm ", time(21)),
        (spoken.clock, "12 am", time(0)),
        (spoken.clock, "12pm", time(12)),
        (spoken.clock, "24:00", time(0)),
        (spoken.minutes, "30", 30),
        (spoken.minutes, "30 min", 30),
        (spoken.minutes, "2H", 120),
        (spoken.minutes, "7d", 10_080),
        (spoken.minutes, "None", None),
        (spoken.minutes, "off", None),
        (spoken.zone, "europe/berlin", "Europe/Berlin"),
        (spoken.zone, "New York", "America/New_York"),
        (spoken.zone, "utc", "UTC"),
        (spoken.weekday, "Monday", 0),
        (spoken.weekday, "sun", 6),
        (spoken.weekday, "tuesdays", 1),
        (spoken.quiet, "22:00-07:00", NIGHT),
        (spoken.quiet, "22 – 7", NIGHT),
        (spoken.quiet, "from 10pm to 7am", NIGHT),
        (spoken.quiet, "22:00-07:00 berlin", Quiet(time(22), time(7), "Europe/Berlin")),
        (spoken.quiet, "none", None),
        (spoken.shape, "Threads", "threads"),
        (spoken.shape, "both", "threads and channel"),
        (spoken.shape, "threads + channel", "threads and channel"),
        (spoken.shape, "threads and the channel", "threads and channel"),
        (spoken.shape, "channel-only", "channel only"),
        (spoken.shape, "channel only", "channel only"),
        (spoken.impact, "Major", "major"),
        (spoken.impact, "any", "none"),
        (spoken.loud, ("Resolved,raised",), ("resolved", "raised")),
        (spoken.loud, ("none",), ()),
        (spoken.loud, (), ()),
        (spoken.loud, ("all",), ("resolved", "raised", "reopened")),
        (spoken.streams, ("incident", "components"), ("incidents", "components")),
        (spoken.streams, ("all",), ("incidents", "components", "maintenance")),
        (spoken.mention, ("@here, @channel",), ("here", "channel")),
        (spoken.mention, ("<!here>", "<!channel|channel>"), ("here", "channel")),
        (spoken.mention, ("<@U1|bob>", "<@W2>", "@U1"), ("U1", "W2")),
        (spoken.mention, ("<!subteam^S1|@ops>",), ("S1",)),
        (spoken.mention, ("U024BE7LH",), ("U024BE7LH",)),
        (spoken.mention, ("Nobody",), ()),
        (spoken.mention, ("here", "U1", "S1"), ("here", "U1", "S1")),
    ],
)
def test_read(read: Callable[[Any], Any], text: object, meant: object) -> None:
    assert read(text) == meant


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (spoken.clock, "25:00", "is no time of day"),
        (spoken.clock, "13pm", "is no time of day"),
        (spoken.clock, "9:60", "is no time of day"),
        (spoken.minutes, "8d", "a week at most"),
        (spoken.minutes, "soon", "write 30m"),
        (spoken.zone, "Europe/Berlim", "did you mean Europe/Berlin?"),
        (spoken.zone, "../../etc/passwd", "write it as Europe/Berlin or UTC"),
        (spoken.zone, "", "write it as"),
        (spoken.weekday, "mnday", "did you mean monday?"),
        (spoken.quiet, "22:00", "are no quiet hours"),
        (spoken.quiet, "7-7", "begin and end at different times"),
        (spoken.quiet, "22-7 Mars/Olympus", "I don't know the time zone"),
        (spoken.shape, "thraeds", "did you mean threads?"),
        (spoken.impact, "critcal", "did you mean critical? There are none, minor, major, critical"),
        (spoken.loud, ("resovled",), "did you mean resolved?"),
        (spoken.streams, ("nonsense",), "there are incidents, components, maintenance"),
        (spoken.mention, ("@bob",), "pick them from the list"),
        (spoken.mention, ("<!everyone>",), "@channel reaches everybody"),
        (spoken.mention, ("SALES",), "pick them from the list"),
        (spoken.mention, [f"U{number}" for number in range(21)], "At most 20"),
        (spoken.people, ("<@U1>", "@here"), "here is not one"),
    ],
)
def test_refused_in_words(read: Callable[[Any], Any], text: object, said: str) -> None:
    with pytest.raises(CommandError) as error:
        read(text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
