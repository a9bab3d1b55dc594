"""What Discord demands of buttons, menus, the parts of a V2 message, and modals.

developers/components/reference of Discord's documentation.
"""

from collections.abc import Iterator
from typing import Any, Final

from standins.discord_errors import Fault

Json = dict[str, Any]
ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS: Final = frozenset({3, 5, 6, 7, 8})
SECTION, TEXT_DISPLAY, CONTAINER, LABEL = 9, 10, 17, 18
LINK, PREMIUM = 5, 6
_V2_ALONE: Final = frozenset({9, 10, 11, 12, 13, 14, 17})
_MOST_PARTS, _MOST_TEXT = 40, 4000


def component_faults(components: list[Json], *, v2: bool) -> Iterator[Fault]:
    """Why Discord refuses the components of a message."""
    if not v2 and len(components) > 5:
        yield Fault("components", "Must be between 1 and 5 in length.", "BASE_TYPE_BAD_LENGTH")
    found = list(_walk(components, "components"))
    if v2 and len(found) > _MOST_PARTS:
        yield Fault("components", f"Must be {_MOST_PARTS} or fewer in total.", "BASE_TYPE_BAD_LENGTH")
    if v2 and sum(len(str(part.get("content", ""))) for _, part in found) > _MOST_TEXT:
        yield Fault(
            "components", f"Displayable text exceeds {_MOST_TEXT}", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"
        )
    for number, part in enumerate(components):
        if not v2 and part.get("type") != ROW:
            yield Fault(
                f"components.{number}.type", "Value of field 'type' must be one of (1,).", "UNION_TYPE_CHOICES"
            )
        if v2 and part.get("type") not in _V2_ALONE | {ROW}:
            yield Fault(f"components.{number}.type", "Not at the top of a message", "UNION_TYPE_CHOICES")
    for path, part in found:
        yield from _part_faults(path, part)
    yield from _twice(found)


def modal_faults(modal: Json) -> Iterator[Fault]:
    """Why Discord refuses a modal."""
    for name, most in {"title": 45, "custom_id": 100}.items():
        yield from _length(f"data.{name}", modal.get(name), most, least=1)
    components = modal.get("components") or []
    if not 1 <= len(components) <= 5:
        yield Fault("data.components", "Must be between 1 and 5 in length.", "BASE_TYPE_BAD_LENGTH")
    found = list(_walk(components, "data.components"))
    for path, part in found:
        if part.get("type") == LABEL:
            yield from _length(f"{path}.label", part.get("label"), 45, least=1)
        elif part.get("type") == TEXT_INPUT:
            yield from _length(f"{path}.custom_id", part.get("custom_id"), 100, least=1)
            yield from _length(f"{path}.placeholder", part.get("placeholder"), 100)
        elif part.get("type") in SELECTS:
            yield from _select_faults(path, part)
    yield from _twice(found)


def _walk(components: list[Json], path: str) -> Iterator[tuple[str, Json]]:
    for number, part in enumerate(components):
        here = f"{path}.{number}"
        yield here, part
        yield from _walk(part.get("components") or [], f"{here}.components")
        for name in ("accessory", "component"):
            if isinstance(part.get(name), dict):
                yield f"{here}.{name}", part[name]


def _part_faults(path: str, part: Json) -> Iterator[Fault]:
    kind = part.get("type")
    if kind == ROW:
        yield from _row_faults(path, part.get("components") or [])
    elif kind == BUTTON:
        yield from _button_faults(path, part)
    elif kind in SELECTS:
        yield from _select_faults(path, part)
    elif kind == SECTION and not 1 <= len(part.get("components") or []) <= 3:
        yield Fault(f"{path}.components", "Must be between 1 and 3 in length.", "BASE_TYPE_BAD_LENGTH")
    elif kind == TEXT_DISPLAY and not part.get("content"):
        yield Fault(f"{path}.content", "This field is required", "BASE_TYPE_REQUIRED")


def _row_faults(path: str, parts: list[Json]) -> Iterator[Fault]:
    menus = [part for part in parts if part.get("type") in SELECTS]
    if not 1 <= len(parts) <= 5 or (menus and len(parts) > 1):
        yield Fault(f"{path}.components", "Must be between 1 and 5 in length.", "BASE_TYPE_BAD_LENGTH")
    for number, part in enumerate(parts):
        if part.get("type") not in SELECTS | {BUTTON}:
            yield Fault(f"{path}.components.{number}.type", "Not inside of a row", "UNION_TYPE_CHOICES")


def _button_faults(path: str, button: Json) -> Iterator[Fault]:
    yield from _length(f"{path}.label", button.get("label"), 80)
    if button.get("style") not in range(1, 7):
        yield Fault(f"{path}.style", "Value must be one of (1, 2, 3, 4, 5, 6).", "BASE_TYPE_CHOICES")
    if button.get("style") == LINK:
        if not str(button.get("url") or "").startswith(("http://", "https://", "discord://")):
            yield Fault(
                f"{path}.url", "Scheme must be one of ('http', 'https', 'discord').", "URL_TYPE_INVALID_SCHEME"
            )
        yield from _length(f"{path}.url", button.get("url"), 512)
        if button.get("custom_id"):
            yield Fault(
                path, "A custom id and url cannot both be specified", "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY"
            )
    elif button.get("style") != PREMIUM:
        yield from _length(f"{path}.custom_id", button.get("custom_id"), 100, least=1)
        if button.get("url"):
            yield Fault(f"{path}.url", "Only a link has an address", "BUTTON_COMPONENT_URL")
    if not button.get("label") and not button.get("emoji") and button.get("style") != PREMIUM:
        yield Fault(path, "A button needs a label or an emoji", "BUTTON_COMPONENT_EMPTY")


def _select_faults(path: str, menu: Json) -> Iterator[Fault]:
    yield from _length(f"{path}.custom_id", menu.get("custom_id"), 100, least=1)
    yield from _length(f"{path}.placeholder", menu.get("placeholder"), 150)
    if menu.get("type") != STRING_SELECT:
        return
    options = menu.get("options") or []
    if not 1 <= len(options) <= 25:
        yield Fault(f"{path}.options", "Must be between 1 and 25 in length.", "BASE_TYPE_BAD_LENGTH")
    for number, option in enumerate(options):
        for name, least in {"label": 1, "value": 1, "description": 0}.items():
            yield from _length(f"{path}.options.{number}.{name}", option.get(name), 100, least=least)
    values = [option.get("value") for option in options]
    if len(values) != len(set(values)):
        yield Fault(
            f"{path}.options", "The specified option value is already used", "SELECT_COMPONENT_OPTION_VALUE_DUP"
        )


def _length(path: str, text: Any, most: int, least: int = 0) -> Iterator[Fault]:
    if least and not text:
        yield Fault(path, "This field is required", "BASE_TYPE_REQUIRED")
    if text is not None and len(str(text)) > most:
        yield Fault(path, f"Must be {most} or fewer in length.", "BASE_TYPE_MAX_LENGTH")


def _twice(found: list[tuple[str, Json]]) -> Iterator[Fault]:
    seen: set[str] = set()
    for path, part in found:
        name = part.get("custom_id")
        if name and name in seen:
            yield Fault(
                f"{path}.custom_id", "Component custom id cannot be duplicated", "COMPONENT_CUSTOM_ID_DUPLICATED"
            )
        seen.add(str(name))
