"""The OpenAPI document, made of the list of operations and the models that they answer with. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from bot.web.api import models
from bot.web.api.operation import BASE, Operation, PathParameter
from relay.events import SCHEMA_VERSION, EventType

Document = dict[str, Any]

_REFERENCE = "#/components/schemas/{model}"
_DATA: dict[str, type[models.Data]] = {
    "incident": models.IncidentData,
    "maintenance": models.MaintenanceData,
    "component": models.ComponentData,
    "provider": models.ProviderData,
    "signal": models.SignalData,
    "test": models.ProviderData,
}
"""By what stands before the dot of an event's type. One that is missing here fails as the document is made."""
_DESCRIPTION = """\
What official status pages say, as uptimus reads them. Everything but what is a workspace's own can be read without
a token. Times are RFC 3339 in UTC. Lists are paged: follow `next` until it is null. Answers have an `ETag`: send
it back as `If-None-Match`. Mistakes are answered as `application/problem+json` (RFC 9457)."""


class _Whole(GenerateJsonSchema):
    """Every field of an answer is always there, null or not."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Whatever its default is: that is for who makes one, not for who reads it."""
        return True


def document(operations: Sequence[Operation], *, home: str, version: str) -> Document:
    """The whole of it. `home` is the server's own address."""
    schemas = _schemas(operations)
    paths: Document = {}
    for operation in operations:
        paths.setdefault(BASE + operation.path, {})[operation.method.lower()] = _operation(operation)
    paths["/api/openapi.json"] = {"get": _itself()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "uptimus",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": home.rstrip("/")}],
        "paths": paths,
        "webhooks": {str(one): {"post": _webhook(one)} for one in EventType},
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "`uptimus token create NAME`"}
            },
            "headers": _HEADERS,
            "responses": _RESPONSES,
        },
    }


def _schemas(operations: Iterable[Operation]) -> Document:
    answers = dict.fromkeys(operation.answer for operation in operations)
    wanted: list[type[BaseModel]] = [*answers, models.ProblemBody, *dict.fromkeys(_DATA.values())]
    _, found = models_json_schema(
        [(one, "validation") for one in wanted], ref_template=_REFERENCE, schema_generator=_Whole
    )
    defined: Document = found["$defs"]
    defined["ProblemBody"]["required"].remove("parameter")
    queries = dict.fromkeys(operation.query for operation in operations)
    _, asked = models_json_schema([(one, "validation") for one in queries], ref_template=_REFERENCE)
    enumerations = {name: one for name, one in asked.get("$defs", {}).items() if "enum" in one}
    event = defined["EventBody"]
    events = {f"{name.capitalize()}Event": _event(event, name, data) for name, data in _DATA.items()}
    schemas = defined | enumerations | events
    schemas["EventBody"] = {
        "description": event["description"],
        "oneOf": [{"$ref": _REFERENCE.format(model=name)} for name in events],
    }
    return {name: _open(one) for name, one in sorted(schemas.items())}


def _event(event: Document, prefix: str, data: type[BaseModel]) -> Document:
    """The body of the events about one kind of subject."""
    types = [str(one) for one in EventType if one.partition(".")[0] == prefix]
    return {
        "type": "object",
        "required": event["required"],
        "properties": event["properties"]
        | {
            "type": {"type": "string", "enum": types},
            "schema_version": {"type": "integer", "const": SCHEMA_VERSION},
            "data": {"$ref": _REFERENCE.format(model=data.__name__)},
        },
    }


def _open(schema: Any) -> Any:
    """Fields may be added within a version, so no object is closed."""
    if isinstance(schema, list):
        return [_open(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _open(value)
        for key, value in schema.items()
        if not (key == "additionalProperties" and value is False)
        and not (key == "title" and isinstance(value, str))
    }


def _operation(operation: Operation) -> Document:
    said: Document = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": ["A workspace's own" if operation.own else "Public"],
        "parameters": [
            *(_path_parameter(one) for one in operation.parameters),
            *(_query_parameter(name, one, operation) for name, one in operation.query.model_fields.items()),
        ],
        "responses": _responses(operation),
    }
    if operation.description:
        said["description"] = operation.description
    if operation.own:
        said["security"] = [{"token": []}]
    return said


def _path_parameter(one: PathParameter) -> Document:
    return {
        "name": one.name,
        "in": "path",
        "required": True,
        "description": one.description,
        "schema": {"type": "string", "pattern": one.pattern},
    }


def _query_parameter(name: str, field: FieldInfo, operation: Operation) -> Document:
    schema = _bare(operation.query.model_json_schema(ref_template=_REFERENCE)["properties"][name])
    described = {"name": name, "in": "query", "schema": schema}
    return described | ({"description": field.description} if field.description else {})


def _bare(schema: Document) -> Document:
    """Of a parameter: one that isn't sent is not null."""
    others = {key: value for key, value in schema.items() if key not in ("title", "description")}
    if "anyOf" in others:
        [said] = [one for one in others.pop("anyOf") if one != {"type": "null"}]
        others = said | {key: value for key, value in others.items() if value is not None}
    if others.get("default") in ("", []):
        others.pop("default")
    return others


def _responses(operation: Operation) -> Document:
    answer = {
        "description": "What was asked for.",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _SENT},
        "content": {"application/json": {"schema": {"$ref": _REFERENCE.format(model=operation.answer.__name__)}}},
    }
    found: Document = {"200": answer}
    statuses = [400, 401, 429, *([404] if operation.parameters or operation.looks_up else [])]
    if operation.method == "GET":
        found["304"] = {"description": "It is as it was: the ETag that was sent is the present one."}
    return found | {str(one): {"$ref": f"#/components/responses/{one}"} for one in sorted(statuses)}


def _webhook(type_: EventType) -> Document:
    name = f"{type_.partition('.')[0].capitalize()}Event"
    schema = {
        "allOf": [
            {"$ref": _REFERENCE.format(model=name)},
            {"properties": {"type": {"const": str(type_)}}},
        ]
    }
    return {
        "operationId": f"on.{type_}",
        "summary": _SAID[type_],
        "tags": ["Webhooks"],
        "description": "Sent as Standard Webhooks 1.0.0 says, signed with the destination's secret.",
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": said, "schema": {"type": "string"}}
            for name, said in _WEBHOOK_HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {
            "2XX": {"description": "Taken."},
            "410": {"description": "Never again: the destination is disabled."},
            "default": {"description": "Not taken: it is tried again, for about three days."},
        },
    }


_WEBHOOK_HEADERS = {
    "webhook-id": "The event's id, the same on every retry and replay.",
    "webhook-timestamp": "Seconds of the epoch.",
    "webhook-signature": "`v1,…`; several, separated by spaces, while a secret is rotated.",
}
_SAID = {
    EventType.INCIDENT_OPENED: "There is trouble",
    EventType.INCIDENT_UPDATED: "The provider has posted an update",
    EventType.INCIDENT_EDITED: "The provider has changed what it had said",
    EventType.INCIDENT_RESOLVED: "It is over",
    EventType.INCIDENT_REOPENED: "It isn't over after all",
    EventType.INCIDENT_POSTMORTEM: "The provider tells what it was",
    EventType.INCIDENT_REMOVED: "The page doesn't know the incident any more",
    EventType.MAINTENANCE_SCHEDULED: "Work is planned",
    EventType.MAINTENANCE_UPDATED: "The provider has posted an update",
    EventType.MAINTENANCE_EDITED: "The provider has changed what it had said",
    EventType.MAINTENANCE_REMINDER: "The work begins soon, or is still under way after its end",
    EventType.MAINTENANCE_STARTED: "The work has begun",
    EventType.MAINTENANCE_COMPLETED: "The work is done",
    EventType.MAINTENANCE_CANCELED: "The work was called off",
    EventType.COMPONENT_CHANGED: "A component has another status",
    EventType.PROVIDER_UNREADABLE: "The page can't be read any more: what it says is unknown",
    EventType.PROVIDER_READABLE: "The page can be read again",
    EventType.SIGNAL_RAISED: "Users report trouble, and the provider has not confirmed it",
    EventType.SIGNAL_CLEARED: "No more users than usual report trouble, or the provider has confirmed it",
    EventType.TEST: "Nothing happened: somebody tries the destination",
}


def _itself() -> Document:
    return {
        "operationId": "getDocument",
        "summary": "This document",
        "tags": ["Public"],
        "responses": {
            "200": {
                "description": "It.",
                "content": {"application/json": {"schema": {"type": "object", "required": ["openapi", "paths"]}}},
            },
            "304": {"description": "It is as it was."},
            "401": {"$ref": "#/components/responses/401"},
            "429": {"$ref": "#/components/responses/429"},
        },
    }


_SENT = ("ETag", "Link", "RateLimit", "RateLimit-Policy")
_HEADERS: Document = {
    "ETag": {"description": "Of the content.", "schema": {"type": "string"}},
    "Link": {"description": 'The next page, `rel="next"`, where there is one.', "schema": {"type": "string"}},
    "RateLimit": {"description": "What is left, and when all of it is back.", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "How many requests in how many seconds.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "Bearer.", "schema": {"type": "string"}},
}


def _problem(description: str, *headers: str) -> Document:
    return {
        "description": description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(model="ProblemBody")}}},
    }


_RESPONSES: Document = {
    "400": _problem("A parameter is wrong; `parameter` says which."),
    "401": _problem("There is no token, or it is not valid.", "WWW-Authenticate"),
    "404": _problem("There is nothing of this name, for who asks."),
    "429": _problem("Too many requests.", "Retry-After", "RateLimit", "RateLimit-Policy"),
}
