"""What pages load from us: the style, the script, the icon. Each address changes with its text."""

import hashlib
from functools import cache, partial
from pathlib import Path

from aiohttp import web

from bot.web import conditional

STATIC = Path(__file__).parent / "static"
TYPES = {
    "status.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml; charset=utf-8",
}
FOR_EVER = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"


@cache
def _text(name: str) -> bytes:
    return (STATIC / name).read_bytes()


@cache
def version_of(name: str) -> str:
    """Another one for another text."""
    return hashlib.sha256(_text(name)).hexdigest()[:12]


def routes() -> list[web.RouteDef]:
    """Each file, and the icon where browsers look for one."""
    return [
        *(web.get(f"/static/{name}", partial(_file, name)) for name in TYPES),
        web.get("/favicon.ico", partial(_file, "icon.svg")),
    ]


async def _file(name: str, request: web.Request) -> web.StreamResponse:
    lasting = request.query.get("v") == version_of(name)
    response = conditional.answered(
        request, _text(name), content_type=TYPES[name], cache=FOR_EVER if lasting else A_DAY
    )
    response.enable_compression()
    return response
