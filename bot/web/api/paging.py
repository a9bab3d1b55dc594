"""Lists in pages: where a list goes on, and where its next page begins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode, urlsplit

from bot.web.api import cursors
from bot.web.api.operation import Call
from bot.web.api.problems import Problem

Row = TypeVar("Row")
Place = tuple[Any, ...]


@dataclass(frozen=True)
class Page(Generic[Row]):
    """What is shown of a list. `next` is the address of what comes behind it; None: nothing does."""

    rows: Sequence[Row]
    next: str | None


def most(call: Call) -> int:
    """How many rows are to be read: one more than are shown, which tells whether there are more."""
    limit: int = call.query.limit
    return limit + 1


def behind(call: Call, *kinds: type, name: str = "cursor") -> Place | None:
    """The place that was named, part by part as its kinds say; None where none was. Raises Problem."""
    given = getattr(call.query, name)
    if given is None:
        return None
    place = cursors.place(given, *kinds)
    if place is None:
        raise Problem(400, f"{name} is none that this list gave: take it from next", parameter=name)
    return tuple(place)


def behind_id(call: Call, name: str = "cursor") -> int:
    """The same, of a list whose places are ids: 0 where it begins. Raises Problem."""
    place = behind(call, int, name=name)
    return int(place[0]) if place is not None else 0


def page(call: Call, rows: Sequence[Row], place: Callable[[Row], tuple[cursors.Part, ...]]) -> Page[Row]:
    """One page out of the rows that were read; `place` is where a row stands in the list."""
    shown = rows[: call.query.limit]
    if len(shown) == len(rows):
        return Page(shown, None)
    return Page(shown, onward(call, cursor=cursors.cursor(*place(shown[-1]))))


def onward(call: Call, **more: str) -> str:
    """The address at which this list goes on."""
    separator = "&" if urlsplit(call.address).query else "?"
    return f"{call.address}{separator}{urlencode(more)}"
