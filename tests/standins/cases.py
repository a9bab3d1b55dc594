"""Whole pages as folders of documents, for every kind of page.

A case is a folder `tests/adapters/fixtures/<adapter>/<case>/` with the page's documents under `www/`, at the
paths at which the page serves them (`index` for a path that ends in a slash), and either `expected.json` (the
snapshot) or `error.txt` (why it can't be read, in one line). `page.txt` holds the path of the page's address where
that is not `/`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from adapters.fetch import Answer
from adapters.schema import Snapshot

FIXTURES = Path(__file__).parents[1] / "adapters" / "fixtures"
SERVED = sorted(path.parent for path in FIXTURES.glob("*/*/www"))


@dataclass
class Site:
    """A case, served. Answers conditional requests; counts what it was asked for."""

    case: Path
    asked: list[str]

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        file = self.case / "www" / request.path.lstrip("/")
        if request.path.endswith("/") or file.is_dir():
            file = file / "index"
        if not file.is_file():
            return web.Response(
                status=404, text="<!DOCTYPE html><title>Not found</title>", content_type="text/html"
            )
        body = file.read_bytes()
        kind = "text/html" if body.lstrip()[:9].lower() == b"<!doctype" else "application/octet-stream"
        response = web.Response(body=body, content_type=kind, headers={"ETag": f'"{len(body)}"'})
        return web.Response(status=304) if request.headers.get("If-None-Match") == f'"{len(body)}"' else response


def page_url(case: Path, base: str) -> str:
    path = case / "page.txt"
    return base + (path.read_text("utf-8").strip() if path.exists() else "")


def plain(snapshot: Snapshot, base: str) -> dict[str, Any]:
    """A snapshot as `expected.json` has it: of a page at http://page, read at no matter what time."""
    said = snapshot.model_dump_json(exclude={"read_at"}, exclude_defaults=True)
    found: dict[str, Any] = json.loads(said.replace(base, "http://page"))
    if "coverage" in found and "gone" in found["coverage"]:
        found["coverage"]["gone"].sort()
    return found


@dataclass
class Shelf:
    """A case, as a getter: no network."""

    case: Path

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "application/json",
    ) -> Answer:
        body = self.body(url)
        return Answer(404, url, b"") if body is None else Answer(200, url, body)

    def body(self, url: str) -> bytes | None:
        path = urlsplit(url).path
        file = self.case / "www" / path.lstrip("/")
        file = file / "index" if path.endswith("/") or file.is_dir() else file
        return file.read_bytes() if file.is_file() else None
