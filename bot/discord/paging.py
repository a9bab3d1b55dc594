"""Answers of several pages: two buttons that hold the question, so that they work after a restart, too. Pure."""

from collections.abc import Sequence
from typing import Any

from relay.transports.discord_bulletin import Message

LONGEST_ID = 100
"""Characters of a button's id."""

Component = dict[str, Any]


def page_rows(asks: str | None, number: int, pages: Sequence[Message], *, what: str = "page") -> list[Component]:
    """The buttons below page `number` (from 1). `what` a press does with what it `asks` once more; None, or too
    long: there are none."""
    if len(pages) < 2 or asks is None or len(_id(what, len(pages) + 1, asks)) > LONGEST_ID:
        return []
    back, on = number - 1, number + 1
    return [
        {
            "type": 1,
            "components": [
                _button("‹ Previous page", _id(what, back, asks), disabled=back < 1),
                _button("Next page ›", _id(what, on, asks), disabled=on > len(pages)),
            ],
        }
    ]


def split(rest: str) -> tuple[int, str]:
    """A button's id behind what it does, as (page, what it asks)."""
    number, _, asks = rest.partition(":")
    return int(number) if number.isdecimal() and len(number) < 5 else 1, asks


def clamped(number: int, pages: Sequence[Message]) -> int:
    """The page that there is now: an answer may have become shorter."""
    return max(1, min(number, len(pages)))


def _id(what: str, number: int, asks: str) -> str:
    return f"uptimus:{what}:{number}:{asks}"


def _button(text: str, id: str, *, disabled: bool) -> Component:
    return {"type": 2, "style": 2, "label": text, "custom_id": id, "disabled": disabled}
