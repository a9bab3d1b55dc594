"""Block Kit as HTML, for pictures of messages and views: each block about as Slack's client draws it."""

from collections.abc import Mapping
from html import escape
from typing import Any

from standins.slack_elements import MANY, STATES
from standins.slack_picture_text import mrkdwn_html, plain_html

Json = dict[str, Any]
Values = Mapping[str, Mapping[str, Json]]
_LINES = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})


def blocks_html(blocks: list[Json], values: Values | None = None, errors: Mapping[str, str] | None = None) -> str:
    """`values`: what is chosen and typed, by block_id and action_id. `errors`: complaints by block_id."""
    return "".join(
        _block(block, (values or {}).get(block.get("block_id", ""), {}), errors or {}) for block in blocks
    )


def text_html(text: Json) -> str:
    """A text object."""
    return mrkdwn_html(text["text"]) if text["type"] == "mrkdwn" else plain_html(text.get("text", ""))


def _block(block: Json, values: Mapping[str, Json], errors: Mapping[str, str]) -> str:
    match block["type"]:
        case "header":
            return f'<div class="header">{text_html(block["text"])}</div>'
        case "divider":
            return "<hr>"
        case "section":
            return _section(block, values)
        case "context":
            inside = "".join(f"<span>{_context(element)}</span>" for element in block["elements"])
            return f'<div class="context">{inside}</div>'
        case "actions":
            return f'<div class="actions">{"".join(_element(one, values) for one in block["elements"])}</div>'
        case "input":
            return _input(block, values, errors.get(block.get("block_id", "")))
        case "image":
            title = f'<div class="title">{text_html(block["title"])}</div>' if "title" in block else ""
            return f'{title}<div class="image">{escape(block["alt_text"])}</div>'
    return f'<div class="unknown">{escape(block["type"])}</div>'


def _section(block: Json, values: Mapping[str, Json]) -> str:
    text = f"<div>{text_html(block['text'])}</div>" if "text" in block else ""
    fields = "".join(f"<div>{text_html(one)}</div>" for one in block.get("fields", []))
    left = text + (f'<div class="fields">{fields}</div>' if fields else "")
    accessory = _element(block["accessory"], values) if "accessory" in block else ""
    return f'<div class="section"><div class="left">{left}</div>{accessory}</div>'


def _context(element: Json) -> str:
    if element["type"] == "image":
        return f'<span class="icon" title="{escape(element["alt_text"])}"></span>'
    return text_html(element)


def _input(block: Json, values: Mapping[str, Json], error: str | None) -> str:
    optional = ' <span class="optional">(optional)</span>' if block.get("optional") else ""
    hint = f'<div class="hint">{text_html(block["hint"])}</div>' if "hint" in block else ""
    wrong = f'<div class="error">⚠ {escape(error)}</div>' if error else ""
    label = f"<label>{text_html(block['label'])}{optional}</label>"
    kind = "input wrong" if error else "input"
    return f'<div class="{kind}">{label}{_element(block["element"], values)}{wrong}{hint}</div>'


def _element(element: Json, values: Mapping[str, Json]) -> str:
    kind = element["type"]
    if kind == "button":
        return f'<span class="button {escape(element.get("style", ""))}">{text_html(element["text"])}</span>'
    if kind == "overflow":
        return '<span class="button overflow">⋯</span>'
    if kind == "image":
        return f'<span class="thumbnail" title="{escape(element["alt_text"])}"></span>'
    chosen = _chosen(element, values.get(element.get("action_id", "")))
    if kind in _LINES:
        return _line(element, chosen)
    if kind in ("checkboxes", "radio_buttons"):
        return _boxes(element, chosen)
    placeholder = element.get("placeholder", {}).get("text", "Select an item")
    if kind in MANY and chosen:
        words = "".join(f'<span class="token">{escape(_word(one))} ×</span>' for one in chosen)
    else:
        words = escape(_word(chosen)) if chosen else f'<span class="placeholder">{escape(placeholder)}</span>'
    return f'<span class="select">{words}<span class="arrow">⌄</span></span>'


def _chosen(element: Json, state: Json | None) -> Any:
    """What is chosen in it: by a person, or at first."""
    name, initial = STATES.get(element["type"], ("value", "initial_value"))
    return state.get(name) if state is not None else element.get(initial)


def _word(chosen: Any) -> str:
    return str(chosen["text"]["text"] if isinstance(chosen, dict) else chosen)


def _line(element: Json, chosen: Any) -> str:
    placeholder = f'<span class="placeholder">{escape(element.get("placeholder", {}).get("text", ""))}</span>'
    tall = " tall" if element.get("multiline") else ""
    return f'<span class="line{tall}">{escape(str(chosen)) if chosen else placeholder}</span>'


def _boxes(element: Json, chosen: Any) -> str:
    picked = chosen if isinstance(chosen, list) else [chosen]
    signs = "☑☐" if element["type"] == "checkboxes" else "◉○"
    lines = []
    for option in element["options"]:
        more = f'<div class="hint">{text_html(option["description"])}</div>' if "description" in option else ""
        sign = signs[0] if option in picked else signs[1]
        lines.append(f'<div class="box"><span>{sign}</span><div>{text_html(option["text"])}{more}</div></div>')
    return f'<div class="boxes">{"".join(lines)}</div>'
