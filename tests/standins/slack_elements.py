"""What can be pressed, chosen and typed into: where it stands, its state, and how a person's choice looks."""

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_OPTION, _OPTIONS = ("selected_option", "initial_option"), ("selected_options", "initial_options")
STATES = {
    "static_select": _OPTION,
    "external_select": _OPTION,
    "radio_buttons": _OPTION,
    "multi_static_select": _OPTIONS,
    "multi_external_select": _OPTIONS,
    "checkboxes": _OPTIONS,
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
}
"""kind → (the name of what is chosen, the name of what is chosen at first)."""
MANY = frozenset({"checkboxes"}) | {kind for kind in STATES if kind.startswith("multi_")}
ELEMENTS = frozenset(STATES) | {"button", "overflow"}


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """(block, element) of everything interactive."""
    for block in blocks:
        inside = [block.get("element"), block.get("accessory"), *block.get("elements", [])]
        for element in inside:
            if isinstance(element, dict) and element.get("type") in ELEMENTS:
                yield block, element


def with_ids(blocks: list[Json]) -> list[Json]:
    """The blocks as Slack keeps them: each block and each element has an id, made up where the app gave none."""
    kept: list[Json] = []
    for number, block in enumerate(blocks):
        own = block | {"block_id": block.get("block_id") or f"block-{number}"}
        for key in ("element", "accessory"):
            if key in own:
                own[key] = _with_id(own[key], key)
        if "elements" in own:
            own["elements"] = [_with_id(element, str(place)) for place, element in enumerate(own["elements"])]
        kept.append(own)
    return kept


def _with_id(element: Json, place: str) -> Json:
    interactive = element.get("type") in ELEMENTS
    return {"action_id": f"action-{place}"} | element if interactive else element


def options_of(element: Json) -> list[Json]:
    """Everything that can be chosen in it, groups taken apart."""
    groups = [option for group in element.get("option_groups", []) for option in group.get("options", [])]
    return [*element.get("options", []), *groups]


def initial_state(element: Json) -> Json | None:
    """Its state before anybody touched it; None for what has no state."""
    if element["type"] not in STATES:
        return None
    name, initial = STATES[element["type"]]
    return {"type": element["type"], name: element.get(initial, [] if element["type"] in MANY else None)}


def chosen_state(element: Json, choice: Any, offered: list[Json]) -> Json:
    """Its state once a person chose or typed this: an option by its value (or itself), an id, a date, a text.

    `offered`: the options that an external menu showed last. AssertionError for what nobody could have chosen.
    """
    kind = element["type"]
    if kind not in STATES:
        raise AssertionError(f"nothing can be chosen in a {kind}")
    name, initial = STATES[kind]
    if name not in ("selected_option", "selected_options"):
        return {"type": kind, name: list(choice) if kind in MANY else choice if choice != "" else None}
    first = element.get(initial) or []
    can = [*options_of(element), *offered, *(first if isinstance(first, list) else [first])]
    if kind in MANY:
        picked = [pick(can, one) for one in ([choice] if isinstance(choice, str | dict) else choice)]
        if len(picked) > element.get("max_selected_items", 1000):
            raise AssertionError(f"{len(picked)} chosen of at most {element['max_selected_items']}")
        return {"type": kind, name: picked}
    return {"type": kind, name: None if choice is None else pick(can, choice)}


def pick(options: list[Json], choice: Any) -> Json:
    """The option with this value, or this option itself."""
    for option in options:
        if option == choice or option.get("value") == choice:
            return option
    raise AssertionError(f"{choice!r} is not on offer: {[option.get('value') for option in options]}")


def complaints(blocks: list[Json], values: dict[str, dict[str, Json]]) -> dict[str, str]:
    """block_id → what Slack itself says below an input before it even asks the app."""
    found = {}
    for block, element in elements_of(blocks):
        if block["type"] == "input":
            state = values[block["block_id"]][element["action_id"]]
            chosen = state[STATES[element["type"]][0]]
            empty = chosen in (None, "", [])
            complaint = (
                (None if block.get("optional") else "Please complete this required field.")
                if empty
                else _complaint(element, chosen)
            )
            if complaint:
                found[block["block_id"]] = complaint
    return found


def _complaint(element: Json, chosen: Any) -> str | None:
    match element["type"]:
        case "plain_text_input":
            least, most = element.get("min_length", 0), element.get("max_length", 3000)
            return None if least <= len(chosen) <= most else f"Between {least} and {most} characters, please."
        case "url_text_input":
            return None if re.match(r"https?://[^\s/]+\.[^\s]+$", chosen) else "Please enter a valid URL."
        case "email_text_input":
            return None if re.match(r"[^@\s]+@[^@\s]+\.[^@\s]+$", chosen) else "Please enter a valid email."
        case "number_input":
            return _number_complaint(element, chosen)
    return None


def _number_complaint(element: Json, chosen: str) -> str | None:
    whole = not element.get("is_decimal_allowed")
    if not re.fullmatch(r"-?\d+" if whole else r"-?\d+(\.\d+)?", str(chosen)):
        return "Please enter a whole number." if whole else "Please enter a number."
    least, most = (float(element.get(name, chosen)) for name in ("min_value", "max_value"))
    return None if least <= float(chosen) <= most else "Please enter a number in range."
