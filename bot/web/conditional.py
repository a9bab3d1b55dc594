"""Answers that a client may keep: a strong ETag made of the content, and 304 for who has it (RFC 9110, 13)."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from aiohttp import web

SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
"""Of everything that is no page: should a browser show it all the same, nothing in it runs or loads."""
BRIEFLY = "public, max-age=10, stale-while-revalidate=30"


def etag_of(body: bytes) -> str:
    """The same for the same bytes alone."""
    return hashlib.sha256(body).hexdigest()[:32]


def answered(
    request: web.Request,
    body: bytes,
    *,
    content_type: str,
    cache: str = BRIEFLY,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    last_modified: datetime | None = None,
) -> web.Response:
    """The body, or 304 without it where the client names the same one. `content_type` may name a charset."""
    tag = etag_of(body)
    sent = {**SAFE_HEADERS, "Cache-Control": cache, **(headers or {})}
    known = status == 200 and _is_known(request, tag, last_modified)
    response = web.Response(status=304 if known else status, headers=sent)
    response.etag = tag
    response.last_modified = last_modified
    if not known:
        response.headers["Content-Type"] = content_type
        response.body = body
    return response


def _is_known(request: web.Request, tag: str, last_modified: datetime | None) -> bool:
    """If-None-Match decides alone where it is sent; both compare weakly (RFC 9110, 13.1.2 and 13.1.3)."""
    if "If-None-Match" in request.headers:
        return any(one.value in ("*", tag) for one in request.if_none_match or ())
    since = request.if_modified_since
    return last_modified is not None and since is not None and last_modified.replace(microsecond=0) <= since
