"""A message's blocks with other buttons: only what can be pressed differs. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.commands import wishes
from bot.slack import inputs
from bot.slack.inputs import Block
from relay.transports.slack_blocks import buttons
from relay.transports.slack_text import label
from storage.tables import Follow

LONGEST_VALUE = 2000
MUTE, UNMUTE, UNFOLLOW, FOLLOW, DETAILS = (
    f"uptimus.{name}" for name in ("mute", "unmute", "unfollow", "follow", "details")
)


def share(action_id: str, words: str) -> Block:
    """The row below an answer that only one person sees."""
    return inputs.actions(
        inputs.button("Share in channel", action_id, words, means="Share this answer in the channel")
    )


def with_mute(blocks: list[Block], *, muted: bool) -> list[Block]:
    """The button says what it would do now."""
    old, new, text = (MUTE, UNMUTE, "Unmute") if muted else (UNMUTE, MUTE, "Mute here")

    def turned(element: Block) -> Block:
        spoken = str(element.get("accessibility_label") or "").removeprefix("Mute").removeprefix("Unmute").strip()
        means = f"{'Unmute' if muted else 'Mute'} {spoken}".strip()
        return element | {
            "action_id": new,
            "text": inputs.plain(text, 75),
            "accessibility_label": label(means, 75),
        }

    return _changed(blocks, {old: turned})


def with_follow(blocks: list[Block], value: str, name: str) -> list[Block]:
    """After unfollowing: nothing is left to mute, and there is a way back."""
    again = inputs.button("Follow again", FOLLOW, value, means=f"Follow {name} again here")
    return _changed(blocks, {MUTE: None, UNMUTE: None, UNFOLLOW: lambda _: again})


def without_follow(blocks: list[Block]) -> list[Block]:
    """Where it isn't known what the buttons would stand for."""
    return _changed(blocks, {FOLLOW: None})


def renewed(blocks: list[Block], thread_id: str, follow_id: int, muted: bool, provider: str) -> list[Block]:
    """The buttons of a follow that came back."""
    title = next((_title(element) for element in _elements(blocks) if element.get("action_id") == DETAILS), "")
    [row] = buttons(int(thread_id), follow_id, muted, title=title, provider=provider)
    return [row | _id(block) if _is_row(block) else block for block in blocks]


def thread_id(blocks: list[Block]) -> str | None:
    """Of the thread that the message stands for."""
    found = (element.get("value") for element in _elements(blocks) if element.get("action_id") == DETAILS)
    return next(found, None)


def _title(element: Block) -> str:
    return str(element.get("accessibility_label") or "").removeprefix("Show details of").strip()


def _id(block: Block) -> Block:
    return {"block_id": block["block_id"]} if "block_id" in block else {}


def _is_row(block: Block) -> bool:
    return block.get("type") == "actions" and any(
        str(element.get("action_id", "")).startswith("uptimus.") for element in block.get("elements", ())
    )


def _elements(blocks: list[Block]) -> Iterator[Block]:
    return (element for block in blocks if block.get("type") == "actions" for element in block.get("elements", ()))


def _changed(blocks: list[Block], by_action: Mapping[str, Any]) -> list[Block]:
    """The blocks with some buttons turned into others (None: taken away)."""
    out = []
    for block in blocks:
        if _is_row(block):
            elements = [_turned(element, by_action) for element in block["elements"]]
            block = block | {"elements": [element for element in elements if element is not None]}
        if block.get("elements") != []:
            out.append(block)
    return out


def _turned(element: Block, by_action: Mapping[str, Any]) -> Block | None:
    action = str(element.get("action_id", ""))
    if action not in by_action:
        return element
    turn = by_action[action]
    return turn(element) if turn is not None else None


def kept(follow: Follow, slug: str) -> str:
    """How something was followed, so that it can be followed so again: the value of a button."""
    fields = {"provider": slug} | wishes.as_asked(follow)
    value = json.dumps(fields, separators=(",", ":"))
    return value if len(value) <= LONGEST_VALUE else json.dumps({"provider": slug})


def wanted(value: str) -> dict[str, Any]:
    """The fields of the Request that such a button asks for. Who asks, and of which workspace, no button says."""
    fields: dict[str, Any] = json.loads(value)
    return {
        name: tuple(field) if isinstance(field, list) else field
        for name, field in fields.items()
        if name == "provider" or name in wishes.ASKED
    }
