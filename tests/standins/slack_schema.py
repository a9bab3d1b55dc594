"""The JSON schemas made from @slack/types beside the repository (`../shared/specs`), where they are there.

Each block is held against the definition of its own type: against the choice of all of them it takes twenty times
as long, and the person's three seconds run meanwhile.
"""

import json
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jsonschema

SPECS = Path(__file__).parents[3] / "shared" / "specs" / "slack"

Json = dict[str, Any]


def schema_faults(name: str, document: Json) -> Iterator[str]:
    """What `{name}.schema.json` finds in a document with blocks. `name`: Post, Modal or Home."""
    if not (SPECS / f"{name}.schema.json").exists():
        return
    yield from _found(name, None, json.dumps(document | {"blocks": []}))
    for number, block in enumerate(document.get("blocks") or []):
        kind = block.get("type") if isinstance(block, dict) else None
        for fault in _found(name, _definitions(name).get(str(kind)), json.dumps(block)):
            yield f"{fault} in block {number}"


@lru_cache(maxsize=4096)
def _found(name: str, definition: str | None, document: str) -> list[str]:
    """By the whole schema, or by one of its definitions."""
    faults = []
    for error in _validator(name, definition).iter_errors(json.loads(document)):
        best = jsonschema.exceptions.best_match(error.context or [error]) or error
        faults.append(f"{name}.schema.json: {best.json_path} {best.message[:200]}")
    return faults


@cache
def _schema(name: str) -> Json:
    schema: Json = json.loads((SPECS / f"{name}.schema.json").read_text())
    return schema


@cache
def _validator(name: str, definition: str | None) -> jsonschema.Draft7Validator:
    schema = _schema(name)
    return jsonschema.Draft7Validator(schema if definition is None else schema | {"$ref": definition})


@cache
def _definitions(name: str) -> dict[str, str]:
    """A block's type → its definition; a type that is not there is held against the whole choice."""
    found = {}
    for key, definition in _schema(name)["definitions"].items():
        shape = definition.get("anyOf", [definition])[0]
        kind = shape.get("properties", {}).get("type", {}).get("const")
        if kind is not None and key.endswith("Block"):
            found[kind] = f"#/definitions/{key}"
    return found
