"""One operation of the API: what it is asked, what it answers, who may. The routes and the document are both made
of the list of them, so that neither says what the other doesn't."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from bot.commands.services import Services
from bot.web import conditional
from bot.web.api import params
from bot.web.api.gate import BEARER
from bot.web.api.params import Query
from bot.web.api.problems import Problem

JSON = "application/json; charset=utf-8"
BASE = "/api/v1"
PRIVATE = "private, no-store"


@dataclass(frozen=True)
class Call:
    """One request, checked. `address` is its path and its query without a cursor."""

    services: Services
    query: Any
    path: Mapping[str, str]
    workspace_id: int = 0
    """Whose token was sent; 0 where none is needed."""
    workspace: str = ""
    """Its key, likewise."""
    address: str = ""


@dataclass(frozen=True)
class PathParameter:
    """A part of an address."""

    name: str
    pattern: str
    description: str


SLUG = PathParameter("slug", r"^[a-z0-9]+(-[a-z0-9]+)*$", "A provider's short name.")
DELIVERY = PathParameter("delivery", r"^[0-9]{1,18}\.[0-9]{1,9}$", "A delivery's name, as the list has it.")

Handle = Callable[[Call], Awaitable[BaseModel | dict[str, Any]]]


@dataclass(frozen=True)
class Operation:
    """What stands at one address, for one method. An answer with a field `next` gets a Link header, too."""

    name: str
    path: str
    summary: str
    answer: type[BaseModel]
    handle: Handle
    query: type[Query] = Query
    parameters: tuple[PathParameter, ...] = ()
    method: str = "GET"
    own: bool = False
    """It needs a token, and is about the workspace of that token alone."""
    description: str = ""
    looks_up: bool = False
    """One of its parameters names something that may not be there."""


def route(operation: Operation, services: Services) -> web.RouteDef:
    """Where the server answers it."""
    handler, path = partial(_answer, operation, services), BASE + operation.path
    return web.get(path, handler) if operation.method == "GET" else web.route(operation.method, path, handler)


async def _answer(operation: Operation, services: Services, request: web.Request) -> web.StreamResponse:
    bearer = request.get(BEARER)
    if operation.own and bearer is None:
        raise Problem(
            401, "This needs a token: Authorization: Bearer uptm_…", headers={"WWW-Authenticate": "Bearer"}
        )
    for one in operation.parameters:
        if not re.fullmatch(one.pattern, request.match_info[one.name]):
            raise missing(one.name, request.match_info[one.name])
    call = Call(
        services=services,
        query=params.read(operation.query, request),
        path=dict(request.match_info),
        workspace_id=bearer.workspace_id if bearer is not None else 0,
        workspace=bearer.workspace if bearer is not None else "",
        address=str(request.rel_url.without_query_params("cursor", "after")),
    )
    answer = await operation.handle(call)
    body = answer.model_dump(mode="json") if isinstance(answer, BaseModel) else answer
    return conditional.answered(
        request,
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"),
        content_type=JSON,
        cache=PRIVATE if operation.own else conditional.BRIEFLY,
        headers=_links(body),
    )


def missing(name: str, text: str) -> Problem:
    """Nothing of this name is there (for who asks)."""
    return Problem(404, f"There is no {_NOUNS.get(name, name)} {text[:80]!r} here", parameter=name)


_NOUNS = {"slug": "provider"}


def _links(body: Mapping[str, Any]) -> dict[str, str]:
    behind = body.get("next") if body.get("more", True) else None
    return {"Link": f'<{behind}>; rel="next"'} if behind else {}
