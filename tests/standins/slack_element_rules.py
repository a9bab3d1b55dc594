"""What Slack refuses about buttons, menus, inputs and images, in a message as well as in a view.

The limits are those of docs.slack.dev/reference/block-kit; the models of slack_sdk know only some of them.
"""

from collections.abc import Iterator
from typing import Any

from standins.slack_elements import MANY, STATES, elements_of, options_of

Json = dict[str, Any]

STRINGS = {"accessibility_label": 75, "initial_value": 3000}
MOST_OPTIONS = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}
MARKED = frozenset({"checkboxes", "radio_buttons"})
"""Kinds whose options may be mrkdwn."""


def element_faults(blocks: list[Json]) -> Iterator[str]:
    """Every fault of what can be pressed, chosen, typed into or looked at."""
    for block in blocks:
        yield from _block_faults(block)
        inside = [element for own, element in elements_of([block]) if own is block]
        ids = [element["action_id"] for element in inside if "action_id" in element]
        if len(ids) != len(set(ids)):
            yield f"action_id already exists for another element: {ids}"
        for element in inside:
            where = element["type"]
            yield from (f"{where}: {fault}" for fault in _element_faults(element))
    if sum(bool(element.get("focus_on_load")) for _, element in elements_of(blocks)) > 1:
        yield "focus_on_load twice"


def _block_faults(block: Json) -> Iterator[str]:
    match block.get("type"):
        case "actions" | "context" if not block.get("elements"):
            yield f"{block['type']} without elements"
        case "section" if not block.get("text") and not block.get("fields"):
            yield "section without text"
        case "input":
            if not isinstance(block.get("element"), dict) or block["element"].get("type") not in STATES:
                yield "input without an element"
            yield from _plain("input.label", block.get("label"), 2000)
            if "hint" in block:
                yield from _plain("input.hint", block["hint"], 2000)
    for image in _images(block):
        if not image.get("alt_text"):
            yield "image without alt_text"
        if not str(image.get("image_url", "")).startswith(("http://", "https://")) and "slack_file" not in image:
            yield f"image_url {image.get('image_url')!r}"


def _images(block: Json) -> Iterator[Json]:
    inside = [block, block.get("accessory"), *(block.get("elements") or [])]
    yield from (one for one in inside if isinstance(one, dict) and one.get("type") == "image")


def _element_faults(element: Json) -> Iterator[str]:
    kind = element["type"]
    for name, most in STRINGS.items():
        if len(str(element.get(name, ""))) > most:
            yield f"{name} of {len(element[name])} characters, {most} allowed"
    if "placeholder" in element:
        yield from _plain("placeholder", element["placeholder"], 150)
    if "confirm" in element:
        yield from _confirm_faults(element["confirm"])
    if kind == "button":
        yield from _button_faults(element)
    if kind in ("static_select", "multi_static_select", "overflow", "checkboxes", "radio_buttons"):
        yield from _menu_faults(element)
    if kind in MANY and element.get("max_selected_items", 1) < 1:
        yield "max_selected_items below 1"
    if kind == "plain_text_input":
        yield from _text_input_faults(element)
    if kind == "number_input" and not isinstance(element.get("is_decimal_allowed"), bool):
        yield "is_decimal_allowed is missing"


def _button_faults(button: Json) -> Iterator[str]:
    yield from _plain("text", button.get("text"), 75)
    if button.get("style", "primary") not in ("primary", "danger"):
        yield f"style {button['style']!r}"
    if len(str(button.get("value", ""))) > 2000:
        yield f"value of {len(button['value'])} characters, 2000 allowed"
    if "url" in button and not str(button["url"]).startswith(("http://", "https://", "mailto:", "slack://")):
        yield f"url {button['url']!r}"


def _menu_faults(element: Json) -> Iterator[str]:
    kind, groups = element["type"], element.get("option_groups")
    if groups is not None and "options" in element:
        yield "options and option_groups"
    if groups is not None and not 1 <= len(groups) <= 100:
        yield f"{len(groups)} groups, 1 to 100 allowed"
    for group in groups or []:
        yield from _plain("label", group.get("label"), 75)
        yield from options_faults(group.get("options", []), kind)
    if groups is None:
        yield from options_faults(element.get("options", []), kind)
    initial = element.get(STATES[kind][1]) if kind in STATES else None
    for option in initial if isinstance(initial, list) else [initial] if initial is not None else []:
        if option not in options_of(element):
            yield f"the initial option {option.get('value')!r} is not among the options"
    if initial == []:
        yield "initial_options is empty"


def options_faults(options: list[Json], kind: str, least: int = 1) -> Iterator[str]:
    """Faults of a list of options, of an external menu's answer too."""
    most = MOST_OPTIONS.get(kind, 100)
    if not least <= len(options) <= most:
        yield f"{len(options)} options, {least} to {most} allowed"
    for option in options:
        if kind in MARKED and option.get("text", {}).get("type") == "mrkdwn":
            yield from _length("option.text", option["text"].get("text"), 75)
        else:
            yield from _plain("option.text", option.get("text"), 75)
        yield from _length("option.value", option.get("value"), 150)
        if "description" in option:
            yield from _plain("option.description", option["description"], 75)
        if "url" in option and kind != "overflow":
            yield "an option's url outside an overflow"
        if unknown := option.keys() - {"text", "value", "description", "url"}:
            yield f"option with {sorted(unknown)}"
    values = [option.get("value") for option in options]
    if len(values) != len(set(values)):
        yield f"an option's value twice: {sorted({str(one) for one in values if values.count(one) > 1})}"


def _text_input_faults(element: Json) -> Iterator[str]:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if not 0 <= least <= 3000 or not 1 <= most <= 3000 or least > most:
        yield f"min_length {least}, max_length {most}"
    if len(element.get("initial_value", "")) > most:
        yield "initial_value is longer than max_length"


def _confirm_faults(confirm: Json) -> Iterator[str]:
    for name, most in (("title", 100), ("confirm", 30), ("deny", 30)):
        yield from _plain(f"confirm.{name}", confirm.get(name), most)
    yield from _length("confirm.text", confirm.get("text", {}).get("text"), 300)


def _plain(where: str, text: Any, most: int) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") != "plain_text":
        yield f"{where} must be plain_text"
    else:
        yield from _length(where, text.get("text"), most)


def _length(where: str, text: Any, most: int) -> Iterator[str]:
    if not isinstance(text, str) or not 1 <= len(text) <= most:
        yield f"{where}: {len(text) if isinstance(text, str) else 'no'} characters, 1 to {most} allowed"
