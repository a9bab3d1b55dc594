"""What Discord demands of application commands, as developers/interactions/application-commands writes it."""

import re
from collections.abc import Iterator
from typing import Any, Final

from standins.discord_errors import Fault

Json = dict[str, Any]
CHAT_INPUT = 1
SUB_COMMAND, SUB_COMMAND_GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE = 1, 2, 3, 4, 5, 6, 7, 8
NUMBER, ATTACHMENT = 10, 11
_NAME: Final = re.compile(r"[-_'\w]{1,32}")
_MOST_COMMANDS, _MOST_OPTIONS, _MOST_CHARACTERS = 100, 25, 8000


def commands_faults(commands: list[Json]) -> Iterator[Fault]:
    """Why Discord refuses a whole set of commands."""
    kinds = [command.get("type") or CHAT_INPUT for command in commands]
    if kinds.count(CHAT_INPUT) > _MOST_COMMANDS:
        yield Fault("", f"Maximum number of application commands reached ({_MOST_COMMANDS}).", "MAX_COMMANDS")
    names = [(kind, command.get("name")) for kind, command in zip(kinds, commands, strict=True)]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Fault(str(number), f"Application command names must be unique: {name[1]}", "DUPLICATE_NAME")
    for number, command in enumerate(commands):
        if kinds[number] == CHAT_INPUT:
            yield from _named_faults(command, str(number))
            yield from _options_faults(command.get("options") or [], str(number), depth=0)
            if _characters(command) > _MOST_CHARACTERS:
                yield Fault(str(number), f"Command exceeds maximum size ({_MOST_CHARACTERS})", "COMMAND_TOO_LARGE")


def _named_faults(thing: Json, path: str) -> Iterator[Fault]:
    name, description = str(thing.get("name") or ""), str(thing.get("description") or "")
    if not _NAME.fullmatch(name) or name != name.lower():
        yield Fault(f"{path}.name", "Command name is invalid", "APPLICATION_COMMAND_INVALID_NAME")
    if not 1 <= len(description) <= 100:
        yield Fault(f"{path}.description", "Must be between 1 and 100 in length.", "BASE_TYPE_BAD_LENGTH")


def _options_faults(options: list[Json], path: str, depth: int) -> Iterator[Fault]:
    if len(options) > _MOST_OPTIONS:
        yield Fault(f"{path}.options", f"Must be {_MOST_OPTIONS} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    groups = [option.get("type") in (SUB_COMMAND, SUB_COMMAND_GROUP) for option in options]
    if any(groups) and not all(groups):
        yield Fault(f"{path}.options", "Sub-command and option mixed", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID")
    names = [option.get("name") for option in options]
    if len(names) != len(set(names)):
        yield Fault(
            f"{path}.options", "Option name is not unique", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"
        )
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        text = "Required options must be placed before non-required options"
        yield Fault(f"{path}.options", text, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID")
    for number, option in enumerate(options):
        here = f"{path}.options.{number}"
        yield from _named_faults(option, here)
        yield from _option_faults(option, here)
        if option.get("type") in (SUB_COMMAND, SUB_COMMAND_GROUP):
            if depth >= 2 or (depth == 1 and option["type"] == SUB_COMMAND_GROUP):
                yield Fault(here, "Too deep", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID")
            yield from _options_faults(option.get("options") or [], here, depth + 1)


def _option_faults(option: Json, path: str) -> Iterator[Fault]:
    choices = option.get("choices") or []
    if len(choices) > 25:
        yield Fault(f"{path}.choices", "Must be 25 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    if choices and option.get("autocomplete"):
        yield Fault(path, "Autocomplete and choices together", "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE")
    if option.get("autocomplete") and option.get("type") not in (STRING, INTEGER, NUMBER):
        yield Fault(path, "No autocomplete for this type", "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE")
    yield from choices_faults(choices, f"{path}.choices", option.get("type", STRING))


def choices_faults(choices: list[Json], path: str, kind: int) -> Iterator[Fault]:
    """Why Discord refuses the choices of an option, or those that autocomplete answers."""
    if len(choices) > 25:
        yield Fault(path, "Must be 25 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    for number, choice in enumerate(choices):
        name, value = str(choice.get("name") or ""), choice.get("value")
        if not 1 <= len(name) <= 100:
            yield Fault(f"{path}.{number}.name", "Must be between 1 and 100 in length.", "BASE_TYPE_BAD_LENGTH")
        if kind == STRING and not (isinstance(value, str) and len(value) <= 100):
            yield Fault(f"{path}.{number}.value", "Must be 100 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
        if kind in (INTEGER, NUMBER) and (isinstance(value, bool) or not isinstance(value, int | float)):
            yield Fault(f"{path}.{number}.value", "Not a number", "NUMBER_TYPE_COERCE")


def _characters(thing: Json) -> int:
    """What counts of a command to its size: names, descriptions and values, the longest of each localization."""
    total = 0
    for name in ("name", "description"):
        spoken = [str(thing.get(name) or ""), *map(str, (thing.get(f"{name}_localizations") or {}).values())]
        total += max(map(len, spoken))
    for choice in thing.get("choices") or []:
        total += len(str(choice.get("name"))) + len(str(choice.get("value")))
    return total + sum(_characters(option) for option in thing.get("options") or [])
