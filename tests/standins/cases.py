"""Whole pages as folders of documents, for every kind of page.

A case is a folder `tests/adapters/fixtures/<adapter>/<case>/` with the page's documents under `www/`, at the
paths at which the page serves them (`index` for a path that ends in a slash), and either `expected.json` (the
snapshot) or `error.txt` (why it can't be read, in one line). `page.txt` holds the path of the page's address where
that is not `/`.
"""

import asyncio
import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from adapters import ADAPTERS
from adapters.fetch import Answer
from adapters.reader import DocumentReader, Locate
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

    async def get(self, url: str, **_: object) -> Answer:
        body = self.body(url)
        return Answer(404, url, b"") if body is None else Answer(200, url, body)

    def body(self, url: str) -> bytes | None:
        path = urlsplit(url).path
        file = self.case / "www" / path.lstrip("/")
        file = file / "index" if path.endswith("/") or file.is_dir() else file
        return file.read_bytes() if file.is_file() else None


@functools.cache
def whole(adapter: str) -> dict[str, bytes]:
    """The documents of the adapter's largest case, under the names that its `parse` knows them by."""
    read = ADAPTERS[adapter].read
    if not isinstance(read, DocumentReader):
        return _OTHERS[adapter]()
    cases = [case for case in SERVED if case.parent.name == adapter and (case / "expected.json").exists()]
    return max((_documents(read, case) for case in cases), key=lambda one: sum(map(len, one.values())))


def _documents(read: DocumentReader, case: Path) -> dict[str, bytes]:
    """What a case serves; the main document at another's path is none, as the reader has it."""
    shelf = Shelf(case)
    place = page_url(case, "http://127.0.0.1")  # where the documents of each kind stand beside the page
    if read.locate:
        place = asyncio.run(_located(read.locate, place, shelf))
    found = {name: shelf.body(document.url) for name, document in read.documents(place).items()}
    main = next(iter(found))
    return {
        name: body for name, body in found.items() if body is not None and (name == main or body != found[main])
    }


async def _located(locate: Locate, url: str, shelf: Shelf) -> str:
    return await locate(url, shelf)


def _statuspage() -> dict[str, bytes]:
    folder = FIXTURES / "statuspage" / "chargeover-login-outage"
    return {name: (folder / f"{name}.json").read_bytes() for name in ("summary", "incidents", "maintenances")}


def _uptimerobot() -> dict[str, bytes]:
    folder = FIXTURES / "uptimerobot" / "two-pages"
    return {name: (folder / f"{name}.json").read_bytes() for name in ("page1", "page2")}


_OTHERS = {"statuspage": _statuspage, "uptimerobot": _uptimerobot}
"""The documents of adapters that choose what to read."""
