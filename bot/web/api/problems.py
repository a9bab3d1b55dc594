"""What goes wrong under /api, as RFC 9457 has it: `application/problem+json`, whoever noticed it."""

import json
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.web.conditional import SAFE_HEADERS

log = structlog.get_logger("web")


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """A request can't be answered as it was meant; `detail` is one sentence for who wrote the program."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        parameter: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.parameter, self.headers = status, detail, parameter, headers or {}


def is_api(path: str) -> bool:
    """Whether it is a program that asks."""
    return path == "/api" or path.startswith("/api/")


def response(problem: Problem) -> web.Response:
    """The problem as it is sent."""
    said: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.parameter is not None:
        said["parameter"] = problem.parameter
    return web.Response(
        body=json.dumps(said, ensure_ascii=False).encode(errors="replace"),
        status=problem.status,
        content_type="application/problem+json",
        headers={**SAFE_HEADERS, "Cache-Control": "no-store", **problem.headers},
    )


@web.middleware
async def as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nothing under /api is answered with a page, also not what aiohttp itself refuses."""
    if not is_api(request.path):
        return await handler(request)
    try:
        return await handler(request)
    except Problem as problem:
        return response(problem)
    except web.HTTPMethodNotAllowed as refused:
        allowed = ", ".join(sorted(refused.allowed_methods))
        said = f"{request.method[:20]} is not among what this address takes: {allowed}"
        return response(Problem(405, said, headers={"Allow": allowed}))
    except web.HTTPNotFound:
        return response(Problem(404, "There is nothing at this address; /api/openapi.json lists what there is"))
    except web.HTTPException as refused:
        if refused.status < 400:
            raise
        return response(Problem(refused.status, refused.reason))
    except Exception:
        log.exception("api failed", path=request.path)
        return response(Problem(500, "This can't be answered at the moment; try again in a minute"))
