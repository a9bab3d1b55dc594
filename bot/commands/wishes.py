"""What a request asks of a follow, column by column, and how a follow's manner reads. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from adapters.schema import Impact
from bot.commands import spoken
from bot.commands.destinations import told_to
from bot.commands.reply import CommandError, Request, UsageError
from bot.commands.services import counted
from relay import manner
from relay.events import USUAL_STREAMS, Stream
from relay.manner import REMIND_MINUTES, Loud, Quiet, Shape
from storage.tables import Follow

_PLACES = {str(Shape.CHANNEL): "the channel only", str(Shape.DIGEST): "the digest alone"}
STREAMS = tuple(str(stream) for stream in Stream)


def check(request: Request) -> None:
    """Raises CommandError for what makes no sense whatever the follow is like now: before any page is read."""
    if request.quiet is None:
        if request.quiet_except is not None:
            _exception(request.quiet_except)
        if request.zone is not None:
            spoken.zone(request.zone)
        request = replace(request, quiet_except=None, zone=None)
    columns(request, None)


def check_place(request: Request, transport: str) -> None:
    """Raises CommandError for what makes no sense at such a destination."""
    if request.shape is not None and spoken.shape(request.shape) == Shape.DIGEST and not told_to(transport):
        raise CommandError("A digest is for people to read: a channel or a mail address can be told in it alone")


def columns(request: Request, before: Follow | None) -> dict[str, Any]:
    """The columns of a follow's row that the request says something about, but for the components, which only the
    page's own list can tell. Raises CommandError for what makes no sense."""
    found: dict[str, Any] = {}
    if request.streams:
        chosen = spoken.streams(request.streams)
        found |= {stream: stream in chosen for stream in STREAMS}
    for column, text in (("min_impact", request.min_impact), ("mention_impact", request.mention_impact)):
        if text is not None:
            found[column] = _least(text)
    if request.shape is not None:
        found["shape"] = spoken.shape(request.shape)
    if request.loud is not None:
        found["loud"] = list(spoken.loud(request.loud))
    if request.mention is not None:
        found["mention"] = list(spoken.mention(request.mention, _chat(request)))
    if request.remind is not None:
        found["remind_minutes"] = spoken.minutes(request.remind)
    return found | _quiet(request, before)


def _chat(request: Request) -> str:
    """The chat whose people are mentioned."""
    places = (request.to or "", request.here)
    return next((chat for chat in spoken.PEOPLE for place in places if place.startswith(f"{chat}:")), "slack")


def _least(text: str) -> str | None:
    """A least impact as a row holds it: none is any, and says nothing."""
    found = spoken.impact(text)
    return None if found == Impact.NONE else found


def _quiet(request: Request, before: Follow | None) -> dict[str, Any]:
    if request.quiet is None and request.quiet_except is None and request.zone is None:
        return {}
    former = manner.of_follow(before).quiet if before is not None else None
    quiet = former
    if request.quiet is not None:
        quiet = spoken.quiet(request.quiet, request.zone, former.zone if former else "UTC")
        quiet = replace(quiet, least=former.least) if quiet and former else quiet
    elif quiet is not None and request.zone is not None:
        quiet = replace(quiet, zone=spoken.zone(request.zone))
    if quiet is None:
        if request.quiet is None or request.quiet_except not in (None, "none"):
            raise UsageError("Quiet hours come first, as in --quiet 22:00-07:00")
        return {"quiet": None}
    if request.quiet_except is not None:
        least = _exception(request.quiet_except)
        quiet = replace(quiet, least=least)
    return {"quiet": manner.stored_quiet(quiet)}


def _exception(text: str) -> Impact | None:
    if text.strip().lower() in spoken.NOTHING:
        return None
    found = Impact(spoken.impact(text))
    if found == Impact.NONE:
        raise CommandError("With an exception from any impact on there are no quiet hours; use --quiet none")
    return found


def defaults() -> dict[str, Any]:
    """What a new follow takes where nothing is said."""
    return {
        **{stream: stream in USUAL_STREAMS for stream in STREAMS},
        "component_ids": [],
        "min_impact": None,
        "shape": str(Shape.THREADS),
        "loud": [str(one) for one in Loud],
        "mention": [],
        "mention_impact": None,
        "remind_minutes": REMIND_MINUTES,
        "quiet": None,
    }


ASKED = frozenset(
    {
        "streams", "components", "min_impact", "shape", "loud", "mention", "mention_impact", "remind", "quiet",
        "quiet_except",
    }
)  # fmt: skip
"""What `as_asked` gives: a button that holds it can ask for nothing else."""


def as_asked(row: Follow) -> dict[str, Any]:
    """The fields of a Request that asks for a follow as this one is, but for its provider and its place."""
    quiet = manner.of_follow(row).quiet
    hours = f"{quiet.begins:%H:%M}-{quiet.ends:%H:%M} {quiet.zone}" if quiet else "none"
    return {
        "streams": tuple(streams(row)),
        "components": tuple(row.component_ids) or ("all",),
        "min_impact": row.min_impact or "none",
        "shape": row.shape,
        "loud": tuple(row.loud),
        "mention": tuple(row.mention),
        "mention_impact": row.mention_impact or "none",
        "remind": str(row.remind_minutes) if row.remind_minutes is not None else "none",
        "quiet": hours,
        "quiet_except": (quiet.least or "none") if quiet else None,
    }


def apply(row: Follow, wanted: dict[str, Any]) -> list[str]:
    """Sets the columns; the names of those that were different."""
    changed = [column for column, value in wanted.items() if getattr(row, column) != value]
    for column in changed:
        setattr(row, column, wanted[column])
    return changed


def said(row: Follow, names: Iterable[str]) -> list[str]:
    """Some of a follow's columns, in words; the streams together."""
    lines = (_line(row, name) for name in ("streams" if name in STREAMS else name for name in names))
    return [line for line in dict.fromkeys(lines) if line]


def unusual(row: Follow) -> list[str]:
    """What a follow has otherwise than the defaults, in words."""
    return said(row, [name for name, value in defaults().items() if getattr(row, name) != value])


def streams(row: Follow) -> list[str]:
    """The streams that a follow takes."""
    return [stream for stream in STREAMS if getattr(row, stream)]


def _line(row: Follow, name: str) -> str:
    return {
        "streams": lambda: _stream_line(streams(row)),
        "component_ids": lambda: (
            counted(len(row.component_ids), "component") if row.component_ids else "all of it"
        ),
        "min_impact": lambda: f"impact {row.min_impact} or worse" if row.min_impact else "any impact",
        "shape": lambda: f"told in {_PLACES.get(row.shape, row.shape)}",
        "loud": lambda: f"shown in the channel, too: {', '.join(row.loud) or 'nothing'}",
        "mention": lambda: f"mentions {_mentions(row.mention)}",
        "mention_impact": lambda: f"mentions from {row.mention_impact or 'any impact'} on" if row.mention else "",
        "remind_minutes": lambda: _reminder(row.remind_minutes),
        "quiet": lambda: _quiet_line(manner.of_follow(row).quiet),
    }[name]()


def _stream_line(chosen: list[str]) -> str:
    if not set(USUAL_STREAMS) <= set(chosen):
        return ", ".join(chosen)
    return "all streams" if len(chosen) == len(USUAL_STREAMS) else "all streams, and what users report"


def _mentions(mention: list[str]) -> str:
    wide = [f"@{one}" for one in ("here", "channel") if one in mention]
    others = len(mention) - len(wide)
    people = ["1 person or group" if others == 1 else f"{others} people and groups"] if others else []
    return ", ".join([*wide, *people]) or "nobody"


def _reminder(minutes: int | None) -> str:
    if minutes is None:
        return "no reminder"
    for size, unit in ((1440, "day"), (60, "hour")):
        if minutes % size == 0:
            return f"a reminder {counted(minutes // size, unit)} ahead"
    return f"a reminder {counted(minutes, 'minute')} ahead"


def _quiet_line(quiet: Quiet | None) -> str:
    if quiet is None:
        return "no quiet hours"
    hours = f"quiet {quiet.begins:%H:%M}–{quiet.ends:%H:%M} {quiet.zone}"
    return f"{hours}, except for {quiet.least}{' or worse' if quiet.least != Impact.CRITICAL else ''}" if (
        quiet.least
    ) else hours  # fmt: skip
