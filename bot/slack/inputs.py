"""Pieces of dialogs and of the home tab (Block Kit): options, inputs, buttons; and what somebody chose. Pure.

https://docs.slack.dev/reference/block-kit
"""

from collections.abc import Iterable, Mapping
from typing import Any

from relay.transports.slack_text import SECTION, escape, label, short

Block = dict[str, Any]
Option = dict[str, Any]
View = dict[str, Any]

OPTION_TEXT, OPTION_VALUE = 75, 150
BUTTON_TEXT = 75
TITLE = 24
MOST_OPTIONS = 100
MOST_BLOCKS = 100


def plain(text: str, limit: int = SECTION) -> dict[str, Any]:
    """A text in which Slack reads nothing."""
    return {"type": "plain_text", "text": label(text, limit) or "—", "emoji": False}


def mrkdwn(text: str) -> dict[str, Any]:
    """A text that is escaped already."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str, accessory: Block | None = None) -> Block:
    """A paragraph that is escaped already, with something to press beside it."""
    return {"type": "section", "text": mrkdwn(text)} | ({"accessory": accessory} if accessory else {})


def context(text: str) -> Block:
    """A paragraph in small print, escaped already."""
    return {"type": "context", "elements": [mrkdwn(text)]}


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain(text, 150)}


def actions(*elements: Block, block_id: str | None = None) -> Block:
    """A row of things to press."""
    return {"type": "actions", "elements": list(elements)} | ({"block_id": block_id} if block_id else {})


def said(text: str) -> Block:
    """Somebody's words, of whatever length and kind, as a paragraph."""
    return section(short(text, SECTION) or escape("—"))


def option(value: str, text: str, description: str = "") -> Option:
    """One thing that can be chosen."""
    made: Option = {"text": plain(text, OPTION_TEXT), "value": value}
    return made | ({"description": plain(description, OPTION_TEXT)} if description else {})


def button(text: str, action_id: str, value: str = "", *, means: str = "", style: str | None = None) -> Block:
    """`means` is read to people who don't see what the button stands beside."""
    made: Block = {"type": "button", "text": plain(text, BUTTON_TEXT), "action_id": action_id}
    made |= {"value": value} if value else {}
    made |= {"accessibility_label": label(means, 75)} if means else {}
    return made | ({"style": style} if style else {})


def asked(block_id: str, question: str, element: Block, *, optional: bool = False, hint: str = "") -> Block:
    """One question of a dialog. The element's action_id is the block's own id, so that an answer has one name."""
    made: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(question, 2000),
        "element": {"action_id": block_id.partition(":")[0]} | element,
        "optional": optional,
    }
    return made | ({"hint": plain(hint, 2000)} if hint else {})


def one_of(kind: str, options: Iterable[Option], value: str | None = None) -> Block:
    """`static_select` or `radio_buttons`, with the one that is chosen now."""
    listed = list(options)
    chosen = next((one for one in listed if one["value"] == value), None)
    return {"type": kind, "options": listed} | ({"initial_option": chosen} if chosen else {})


def some_of(options: Iterable[Option], values: Iterable[str]) -> Block:
    """Checkboxes, with those that are ticked now."""
    listed, wanted = list(options), set(values)
    ticked = [one for one in listed if one["value"] in wanted]
    return {"type": "checkboxes", "options": listed} | ({"initial_options": ticked} if ticked else {})


def found_as_one_types(placeholder: str, chosen: Option | None = None, *, least: int = 0) -> Block:
    """A menu that asks us for its options, from the first `least` letters on."""
    made: Block = {"type": "external_select", "placeholder": plain(placeholder, 150), "min_query_length": least}
    return made | ({"initial_option": chosen} if chosen else {})


def modal(
    callback_id: str,
    title: str,
    blocks: list[Block],
    *,
    submit: str | None = None,
    close: str = "Close",
    metadata: str = "",
    clears: bool = False,
) -> View:
    """A dialog. `clears`: closing it closes what lies below it, too."""
    made: View = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title, TITLE),
        "close": plain(close, TITLE),
        "blocks": blocks[:MOST_BLOCKS],
        "private_metadata": metadata,
    }
    made |= {"submit": plain(submit, TITLE)} if submit else {}
    return made | ({"clear_on_close": True} if clears else {})


def working(title: str, what: str) -> View:
    """What is shown while an answer is on its way."""
    return modal("working", title, [section(f"⏳ {short(what, 500)}")])


def answered(title: str, message: Mapping[str, Any]) -> View:
    """An answer, as a message's blocks."""
    return modal("answered", title, list(message["blocks"]), clears=True)


def refused(title: str, message: Mapping[str, Any]) -> View:
    """A refusal; closing it leads back to what was chosen."""
    return modal("refused", title, list(message["blocks"]), close="Back")


_CHOSEN = (
    "selected_option",
    "selected_options",
    "selected_conversation",
    "selected_users",
    "selected_time",
    "value",
)


def answers(view: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen so far, by the name of the question; of menus the whole option."""
    values: Mapping[str, Any] = view.get("state", {}).get("values", {})
    return {
        block_id.partition(":")[0]: next((state.get(name) for name in _CHOSEN if name in state), None)
        for block_id, states in values.items()
        for state in list(states.values())[:1]
    }


def value_of(chosen: Any) -> str | None:
    """The value of a menu's option."""
    return chosen["value"] if chosen else None


def values_of(chosen: Any) -> tuple[str, ...]:
    """The values of what was ticked."""
    return tuple(one["value"] for one in chosen or ())
