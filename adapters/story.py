"""The posts of an incident in one text, as Statuspage writes them into its feeds and others after it:
`<p><small>Jun <var>8</var>, <var>19:13</var> UTC</small><br><strong>Resolved</strong> - text</p>`, newest first.

The year is missing (or not: LambStatus), and the zone is the page's, by its abbreviation.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from adapters import plain

_POST = re.compile(
    r"<small>(?P<when>(?:[^<]|</?var\b[^<>]*>){3,200})</small>\s*(?:<br\s*/?>\s*)*"
    r"<(?P<mark>strong|b)>(?P<label>[^<]{1,60})</(?P=mark)>(?P<text>.*?)(?=<small>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_EVENT_PARAGRAPH = re.compile(
    r"<p>\s*<strong>[^<]{0,20}SCHEDULED EVENT.*?</strong>\s*</p>", re.IGNORECASE | re.DOTALL
)
_EVENT = re.compile(r"SCHEDULED EVENT\s+((?:[^<]|</?var\b[^<>]*>){3,300})", re.IGNORECASE)
_DAY_TIME = re.compile(
    r"(?P<month>[A-Z][a-z]{2})[a-z]*\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?(?:\s+(?P<year>20\d\d),?)?\s+"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::\d\d)?(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_ONLY_TIME = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d\d)")
_TAG = re.compile(r"<[^<>]*>")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ZONES = {
    **dict.fromkeys(("UTC", "GMT", "Z", "WET"), 0.0),
    **dict.fromkeys(("CET", "WEST", "BST"), 1.0),
    **dict.fromkeys(("CEST", "EET", "SAST"), 2.0),
    **dict.fromkeys(("EEST", "MSK"), 3.0),
    **dict.fromkeys(("SGT", "HKT", "AWST"), 8.0),
    **dict.fromkeys(("JST", "KST"), 9.0),
    "AEST": 10.0,
    "AEDT": 11.0,
    "NZST": 12.0,
    "NZDT": 13.0,
    "NDT": -2.5,
    **dict.fromkeys(("BRT", "ADT"), -3.0),
    **dict.fromkeys(("EDT", "AST"), -4.0),
    **dict.fromkeys(("EST", "CDT"), -5.0),
    **dict.fromkeys(("CST", "MDT"), -6.0),
    **dict.fromkeys(("MST", "PDT"), -7.0),
    **dict.fromkeys(("PST", "AKDT"), -8.0),
    "HST": -10.0,
}
"""Hours ahead of UTC. IST is three zones and not here: a story in it is not parted."""


@dataclass(frozen=True)
class Post:
    """One post: its label is the provider's word, its text Markdown. `id` is the minute it was posted in."""

    id: str
    at: datetime
    label: str
    text: str


def posts(text: str, latest: datetime) -> tuple[Post, ...]:
    """The posts of a story, oldest first; none where it is not written so, or one's time can't be read.

    `latest` is when the last of them was posted, which tells the year.
    """
    found: list[tuple[datetime, str, str]] = []
    for part in _POST.finditer(_EVENT_PARAGRAPH.sub("", text)):
        at = _moment(_words(part["when"]), latest)
        if at is None:
            return ()
        body = plain.body(part["text"]).strip().removeprefix("-").strip()
        found.append((at, plain.line(html.unescape(part["label"])), body))
    found.reverse()
    return tuple(_numbered(sorted(found, key=lambda one: one[0])))


def window(text: str, latest: datetime) -> tuple[datetime | None, datetime | None]:
    """From when to when a scheduled event is; None where it doesn't say."""
    event = _EVENT.search(text)
    if event is None:
        return None, None
    words = _words(event[1])
    first, _, last = words.partition(" - ")
    zone = words.split()[-1] if words.split() else ""
    starts_at = _moment(f"{first} {zone}", latest, future=True)
    ends_at = _moment(last, latest, future=True)
    only = _ONLY_TIME.match(last.strip())
    if ends_at is None and starts_at is not None and only:
        offset = timezone(timedelta(hours=ZONES[zone]))
        ends_at = _at_time(starts_at.astimezone(offset), int(only["hour"]), int(only["minute"]))
    return starts_at, ends_at


def _at_time(start: datetime, hour: int, minute: int) -> datetime | None:
    try:
        found = start.replace(hour=hour, minute=minute).astimezone(UTC)
    except ValueError:
        return None
    return found if found > start else found + timedelta(days=1)


def _words(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", text)).replace("\u2013", "-").split())


def _moment(words: str, latest: datetime, *, future: bool = False) -> datetime | None:
    """`Jun 8, 19:13 UTC`, in the year that brings it nearest to `latest` and, unless `future`, not after it."""
    found, zone = _DAY_TIME.search(words), words.split()[-1] if words.split() else ""
    if found is None or zone not in ZONES or found["month"] not in _MONTHS:
        return None
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] in "pP" else 0)
    years = [int(found["year"])] if found["year"] else [latest.year + 1, latest.year, latest.year - 1]
    near = []
    for year in years:
        try:
            offset = timezone(timedelta(hours=ZONES[zone]))
            month = _MONTHS.index(found["month"]) + 1
            at = datetime(year, month, int(found["day"]), hour, int(found["minute"]), tzinfo=offset)
        except ValueError:
            continue
        if future or found["year"] or at <= latest + timedelta(days=2):
            near.append(at.astimezone(UTC))
    return min(near, key=lambda one: abs(one - latest), default=None)


def _numbered(found: Iterable[tuple[datetime, str, str]]) -> Iterable[Post]:
    """Ids by the minute, and by the place within it: a post that is added later comes last."""
    times: dict[str, int] = {}
    for at, label, text in found:
        minute = at.strftime("%Y-%m-%dT%H:%MZ")
        times[minute] = times.get(minute, 0) + 1
        yield Post(minute if times[minute] == 1 else f"{minute}/{times[minute]}", at, label, text)
