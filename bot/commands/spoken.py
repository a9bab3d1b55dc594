"""How people write the manner of a follow: times, zones, impacts, who is mentioned. Pure; raises CommandError.

Each function takes its own answer, too: what a dialog hands over needs no other way than what somebody typed.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import time
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from adapters.schema import Impact
from bot.commands.reply import CommandError
from relay.events import USUAL_STREAMS, Stream
from relay.manner import Loud, Quiet, Shape

MOST_MENTIONS = 20
MOST_MINUTES = 10_080
"""A week."""

NOTHING = frozenset({"none", "no", "off", "never", "nobody", "nothing", "0"})
STREAMS = {str(stream): str(stream) for stream in Stream} | {
    "incident": "incidents",
    "component": "components",
    "maintenances": "maintenance",
    "signal": "signals",
}
IMPACTS = {str(impact): str(impact) for impact in Impact if impact != Impact.UNKNOWN} | {"any": "none"}
SHAPES = {
    "threads": str(Shape.THREADS),
    "both": str(Shape.BOTH),
    "channel": str(Shape.CHANNEL),
    "thread": str(Shape.THREADS),
    "threads only": str(Shape.THREADS),
    "threads and channel": str(Shape.BOTH),
    "thread and channel": str(Shape.BOTH),
    "channel and threads": str(Shape.BOTH),
    "channel and thread": str(Shape.BOTH),
    "channel only": str(Shape.CHANNEL),
    "digest": str(Shape.DIGEST),
    "digest only": str(Shape.DIGEST),
    "digest alone": str(Shape.DIGEST),
}
LOUD = {str(loud): str(loud) for loud in Loud}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_TIME = r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?"
_HOURS = re.compile(
    rf"(?:from\s+)?({_TIME})\s*(?:[-‐‑‒–—−]+|to|until|till)\s*({_TIME})(?:\s+(\S.*))?", re.IGNORECASE
)
_LEAD = re.compile(r"(\d{1,6})\s*(m|min|mins|minutes?|h|hours?|d|days?)?", re.IGNORECASE)
PEOPLE = {
    "slack": re.compile(r"<@([A-Z0-9]+)>|<!subteam\^([A-Z0-9]+)>|@?([UWS](?=[A-Z]*[0-9])[A-Z0-9]+)"),
    "discord": re.compile(r"<@!?(\d{15,20})>|<@(&\d{15,20})>|(&?\d{15,20})"),
}
"""People and groups as each chat writes them, and as they are kept: Discord's roles with an `&`."""


def guess(word: str, known: Collection[str]) -> str:
    """`; did you mean …?`, or a full stop."""
    close = get_close_matches(word.lower(), known, n=1)
    return f"; did you mean {close[0]}?" if close else "."


def one_of(kind: str, word: str, known: Mapping[str, str], shown: Iterable[str]) -> str:
    """The word's meaning. What it can't be is answered with what there is."""
    found = known.get(" ".join(word.lower().split()))
    if found is None:
        close = get_close_matches(word.lower(), known, n=1)
        meant = f"; did you mean {close[0]}? There" if close else ": there"
        raise CommandError(f"I don't know the {kind} “{word[:40]}”{meant} are {', '.join(shown)}")
    return found


def streams(values: Iterable[str]) -> tuple[str, ...]:
    """Of `incidents`, `components`, `maintenance` and `signals`; `all` is all that pages say: the first three."""
    words = _split(values)
    known = STREAMS | {"all": "all"}
    found = tuple(dict.fromkeys(one_of("stream", word, known, list(Stream)) for word in words))
    if "all" not in found:
        return found
    return tuple(one for one in Stream if one in USUAL_STREAMS or one in found)


def impact(text: str) -> str:
    """`none`, `minor`, `major` or `critical`."""
    return one_of("impact", text, IMPACTS, [word for word in IMPACTS if word != "any"])


def shape(text: str) -> str:
    """`threads`, `threads and channel`, `channel only` or `digest only`."""
    plain = re.sub(r"\s*(?:\+|&|,)\s*", " and ", text.lower().replace("-", " "))
    return one_of("way", plain.replace(" the ", " "), SHAPES, Shape)


def loud(values: Iterable[str]) -> tuple[str, ...]:
    """Of `resolved`, `raised` and `reopened`; `none` is nothing."""
    words = list(_split(values))
    if len(words) == 1 and words[0].lower() in NOTHING:
        return ()
    known = LOUD | {"all": "all"}
    found = tuple(dict.fromkeys(one_of("kind of news", word, known, [*Loud, "none"]) for word in words))
    return tuple(str(one) for one in Loud if "all" in found or one in found)


def mention(values: Iterable[str], chat: str = "slack") -> tuple[str, ...]:
    """`here`, `channel`, and people and groups by their ids, as that chat has them; `none` is nobody."""
    words = list(_split(values))
    if len(words) == 1 and words[0].lower() in NOTHING:
        return ()
    found = tuple(dict.fromkeys(_mentioned(word, chat) for word in words))
    if len(found) > MOST_MENTIONS:
        raise CommandError(f"At most {MOST_MENTIONS} can be mentioned; a group counts as one")
    return found


def people(values: Iterable[str], chat: str = "slack") -> tuple[str, ...]:
    """People alone, by their ids."""
    found = mention(values, chat)
    if not_people := [one for one in found if not (one.isdecimal() if chat == "discord" else one[0] in "UW")]:
        raise CommandError(f"Name people, one by one: {not_people[0]} is not one")
    return found


def _mentioned(word: str, chat: str) -> str:
    plain = word.lower().strip("<>").lstrip("@!").partition("|")[0]
    if plain in ("here", "channel"):
        return plain
    if plain == "everyone":
        raise CommandError("I don't mention @everyone; @channel reaches everybody in the channel")
    bare = re.sub(r"\|[^>]*>$", ">", word)
    person = PEOPLE[chat].fullmatch(bare)
    if person is None:
        raise CommandError(f"I can't tell who {word[:40]} is: pick them from the list that appears as you type")
    return next(one for one in person.groups() if one)


def _split(values: Iterable[str]) -> Iterator[str]:
    return (word for word in re.split(r"[,;\s]+", " ".join(values).strip()) if word)


def minutes(text: str) -> int | None:
    """`30`, `30m`, `1h`, `1d`; `none` is None."""
    if text.strip().lower() in NOTHING:
        return None
    found = _LEAD.fullmatch(text.strip())
    number = int(found[1]) * {"h": 60, "d": 1440}.get((found[2] or "m")[0].lower(), 1) if found else 0
    if not 1 <= number <= MOST_MINUTES:
        raise CommandError(f"“{text[:40]}” is no time ahead; write 30m, 1h, 1d (a week at most) or none")
    return number


def clock(text: str) -> time:
    """`09:00`, `9`, `9.30`, `9pm`."""
    found = re.fullmatch(_TIME, text.strip(), re.IGNORECASE)
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    half = (found[3] or "").lower() if found else ""
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif half:
        hour = 99
    if (hour, minute) == (24, 0):
        hour = 0
    if hour > 23 or minute > 59:
        raise CommandError(f"“{text[:40]}” is no time of day; write 09:00 or 21:30")
    return time(hour, minute)


def quiet(text: str, zone_text: str | None = None, default_zone: str = "UTC") -> Quiet | None:
    """`22:00-07:00`, with a zone behind it or apart; `none` is None. The exception is apart."""
    if text.strip().lower() in NOTHING:
        return None
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        raise CommandError(
            f"“{text[:40]}” are no quiet hours; write 22:00-07:00, 22:00-07:00 Europe/Berlin or none"
        )
    begins, ends, behind = clock(found[1]), clock(found[5]), found[9]
    if begins == ends:
        raise CommandError("Quiet hours begin and end at different times; to be told nothing, unfollow")
    return Quiet(begins, ends, zone(zone_text or behind or default_zone))


def zone(text: str) -> str:
    """A time zone by its name, or by its city alone; the case doesn't matter."""
    plain = "_".join(text.strip().casefold().split())
    found = _zones().get(plain)
    if found is None:
        close = get_close_matches(plain, _zones(), n=1)
        raise CommandError(
            f"I don't know the time zone “{text[:40]}”"
            + (f"; did you mean {_zones()[close[0]]}?" if close else "; write it as Europe/Berlin or UTC")
        )
    return found


def is_zone(text: str) -> bool:
    """Whether it can be read as one."""
    return text.casefold() in _zones()


@cache
def _zones() -> dict[str, str]:
    """By their names and, where only one is called so, by the last parts of them."""
    whole = {name.casefold(): name for name in available_timezones()} | {"utc": "UTC"}
    cities: dict[str, set[str]] = {}
    for name in whole.values():
        area, _, city = name.rpartition("/")
        if area and area not in ("Etc", "posix", "right"):
            cities.setdefault(city.casefold(), set()).add(name)
    return {city: names.pop() for city, names in cities.items() if len(names) == 1} | whole


def weekday(text: str) -> int:
    """0 is Monday; three letters are enough."""
    known = {name: name for name in WEEKDAYS} | {name[:3]: name for name in WEEKDAYS}
    return WEEKDAYS.index(
        one_of("day", text.strip().removesuffix("s") if len(text) > 4 else text, known, WEEKDAYS)
    )
