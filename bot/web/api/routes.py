"""The routes of the API: one for each operation, and the document that describes them all."""

import json
from functools import partial
from importlib.metadata import version

from aiohttp import web

from bot.commands.services import Services
from bot.web import conditional
from bot.web.api import openapi, operation
from bot.web.api.operation import JSON
from bot.web.api.own import OWN
from bot.web.api.public import PUBLIC

OPERATIONS = (*PUBLIC, *OWN)


def routes(services: Services) -> list[web.RouteDef]:
    """Everything under /api."""
    document = openapi.document(OPERATIONS, home=services.home, version=version("uptimus"))
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return [
        *(operation.route(one, services) for one in OPERATIONS),
        web.get("/api/openapi.json", partial(_document, body)),
    ]


async def _document(body: bytes, request: web.Request) -> web.StreamResponse:
    return conditional.answered(request, body, content_type=JSON, cache="public, max-age=300")
