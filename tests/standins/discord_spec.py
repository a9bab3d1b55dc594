"""Discord's own OpenAPI document as a validator of requests and of this stand-in's answers.

It is read from ../shared/specs beside the checkout where it is present; without it nothing is found here, and the
rules written out in discord_rules, discord_component_rules and discord_command_rules stand alone. The published
document is too lenient in places: `_patched` puts those right (research/platform-specs.md lists them).
"""

import copy
import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from standins.discord_errors import Fault

Json = dict[str, Any]
SPEC = Path(__file__).parents[3] / "shared" / "specs" / "discord-openapi.json"


def request_faults(method: str, route: str, body: Any) -> Iterator[Fault]:
    """What the document says against the body of a request."""
    schema = _schema_of(method, route, "requestBody")
    if schema is not None:
        yield from _faults(_validator(json.dumps(schema), closed=False), body)


def unknown_keys(method: str, route: str, body: Any) -> Iterator[str]:
    """Keys that Discord does not know and ignores; to be asked of bodies without faults."""
    schema = _schema_of(method, route, "requestBody")
    if schema is not None:
        validator = _validator(json.dumps(schema), closed=True)
        for fault in _faults(validator, _without_library_keys(body)):
            yield f"{method} {route}: {fault}"


def answer_faults(method: str, route: str, status: int, body: Any) -> Iterator[str]:
    """What is wrong with an answer of ours; nothing is for errors."""
    schema = _schema_of(method, route, "responses", str(status))
    if schema is not None:
        for fault in _faults(_validator(json.dumps(schema), closed=False), body):
            yield f"answer to {method} {route}: {fault}"


def _faults(validator: Draft202012Validator, body: Any) -> Iterator[Fault]:
    for error in validator.iter_errors(body):
        found = _deepest(error)
        yield Fault(".".join(str(part) for part in found.absolute_path), found.message[:200])


def _deepest(error: ValidationError) -> ValidationError:
    """The cause inside of a choice of schemas, in the branch against which there is least."""
    branches: defaultdict[Any, list[ValidationError]] = defaultdict(list)
    for inner in error.context or []:
        branches[inner.schema_path[0]].append(inner)
    if not branches:
        return error
    fewest = min(branches.values(), key=lambda found: (any(_of_other_kind(one) for one in found), len(found)))
    return _deepest(fewest[0])


def _of_other_kind(error: ValidationError) -> bool:
    """Whether what was sent is no attempt at this branch at all."""
    return error.validator == "required" or (error.validator == "enum" and list(error.path)[-1:] == ["type"])


def _without_library_keys(body: Any) -> Any:
    """Without what discord.py writes by itself and Discord ignores."""
    if isinstance(body, list):
        return [_without_library_keys(one) for one in body]
    if not isinstance(body, dict):
        return body
    ours = {key: value for key, value in body.items() if (key, value) not in (("tts", False), ("flags", 0))}
    if "message" in ours:
        ours.pop("type", None)  # the kind of a forum post, which is always the same
    return {key: _without_library_keys(value) for key, value in ours.items()}


@cache
def _document() -> Json | None:
    return _patched(json.loads(SPEC.read_text())) if SPEC.exists() else None


def _patched(document: Json) -> Json:
    schemas = document["components"]["schemas"]
    for name in ("MessageCreateRequest", "MessageEditRequestPartial", "BaseCreateMessageCreateRequest"):
        schemas[name]["properties"]["content"]["maxLength"] = 2000
    schemas["SnowflakeType"]["type"] = [
        "string",
        "integer",
    ]  # discord.py writes some as numbers; Discord takes both
    schemas["ApplicationCommandUpdateRequest"]["properties"]["nsfw"] = {"type": "boolean"}
    for name, schema in schemas.items():
        properties = schema.get("properties", {}) if name.startswith("RichEmbed") else {}
        for key in ("url", "icon_url"):
            if isinstance(properties.get(key), dict) and properties[key].get("format") == "uri":
                properties[key]["pattern"] = "^(https?|attachment)://"
    for name in ("name", "value"):
        schemas["RichEmbedField"]["properties"][name]["minLength"] = 1
    return document


@cache
def _components(closed: bool) -> Json:
    schemas: Json = (_document() or {})["components"]["schemas"]
    if not closed:
        return schemas
    shut = copy.deepcopy(schemas)
    for schema in shut.values():
        if "properties" in schema and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
    return shut


@cache
def _validator(schema: str, closed: bool) -> Draft202012Validator:
    whole = json.loads(schema) | {"components": {"schemas": _components(closed)}}
    return Draft202012Validator(whole, format_checker=FormatChecker())


def _schema_of(method: str, route: str, *where: str) -> Json | None:
    document = _document()
    found: Any = (document or {}).get("paths", {}).get(route, {}).get(method.lower(), {})
    for name in (*where, "content", "application/json", "schema"):
        found = found.get(name, {})
    return found or None
