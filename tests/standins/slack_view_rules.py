"""What Slack refuses about a modal's or a home tab's form, and what we ourselves never want to show."""

import json
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.views import View as ViewModel
from standins import slack_rules as rules
from standins.slack_elements import elements_of
from standins.slack_schema import schema_faults

MOST_BLOCKS = 100
MOST_CHARACTERS = 250_000
"""Of the whole view as JSON: what `view_too_large` has been seen at."""
STRINGS = {"private_metadata": 3000, "callback_id": 255, "external_id": 255}
TITLES = ("title", "submit", "close")
_KEYS = {
    "modal": {*STRINGS, *TITLES, "type", "blocks", "clear_on_close", "notify_on_close", "submit_disabled"},
    "home": {*STRINGS, "type", "blocks"},
}


def view_faults(view: dict[str, Any], kind: str, allowed: set[str]) -> tuple[list[str], list[str]]:
    """(what Slack answers `invalid_arguments` to, what it would show and we don't want)."""
    # the schemas are older than this one key
    known = {key: value for key, value in view.items() if key != "submit_disabled"}
    refused = [*_table_faults(view, kind), *_model_faults(view), *schema_faults(kind.title(), known)]
    return refused, list(rules.mrkdwn_faults(view.get("blocks", []), allowed, pings=False))


def is_too_large(view: dict[str, Any]) -> bool:
    """Whether Slack answers `view_too_large`."""
    return len(json.dumps(view)) > MOST_CHARACTERS


def _table_faults(view: dict[str, Any], kind: str) -> Iterator[str]:
    if view.get("type") != kind:
        yield f"a view of type {view.get('type')!r} as a {kind}"
        return
    if unknown := view.keys() - _KEYS[kind]:
        yield f"a {kind} with {sorted(unknown)}"
    for name, most in STRINGS.items():
        if len(str(view.get(name, ""))) > most:
            yield f"{name} of {len(view[name])} characters, {most} allowed"
    blocks = view.get("blocks")
    if not isinstance(blocks, list) or not 1 <= len(blocks) <= MOST_BLOCKS:
        yield f"{len(blocks or [])} blocks, 1 to {MOST_BLOCKS} allowed"
        return
    yield from rules.shape_faults(blocks)
    if kind == "modal":
        yield from _modal_faults(view)


def _modal_faults(view: dict[str, Any]) -> Iterator[str]:
    for name in TITLES:
        text = view.get(name)
        if text is None and name != "title":
            continue
        if not isinstance(text, dict) or text.get("type") != "plain_text":
            yield f"{name} must be plain_text"
        elif not 1 <= len(text.get("text", "")) <= 24:
            yield f"{name} of {len(text.get('text', ''))} characters, 1 to 24 allowed"
    if "submit" not in view and any(block.get("type") == "input" for block, _ in elements_of(view["blocks"])):
        yield "submit is missing although there is an input"


def _model_faults(view: dict[str, Any]) -> Iterator[str]:
    try:
        ViewModel(**view).validate_json()
    except Exception as error:  # the models raise several kinds
        yield f"slack_sdk: {error}"
    yield from rules.model_faults(view.get("blocks") or [])
