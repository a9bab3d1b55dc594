"""A small Statuspage-compatible server that shows one step of a scenario at a time."""

import asyncio
import hashlib
import json
from collections.abc import Callable

from aiohttp import web

from bot.demo.documents import documents, shows
from bot.demo.scenario import Scenario

SUMMARY = "/api/v2/summary.json"


class DemoPage:
    """A status page on loopback. It knows who read it, so that a story never runs ahead of its reader.

    A step has been *read whole* when it was fetched and the reader has then come back for the next `summary.json`:
    one read of a page may take several documents, and none of them may come from another step. What must have
    been fetched is `summary.json`; of a step that it doesn't show (a postmortem), a document that does. Whoever
    finds news there fetches `summary.json` once more for the same read, so only the second time counts then.
    """

    def __init__(self, scenario: Scenario, host: str = "127.0.0.1", port: int = 0) -> None:
        self.scenario = scenario
        self.step = 0
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None
        self._waiting: tuple[asyncio.Event, Callable[[], None]] | None = None
        self.show(0)

    def show(self, step: int) -> None:
        """Puts a step up at once, whether the one before it was read or not."""
        self.step, self._read = step, False
        shown_by = shows(self.scenario, step)
        hidden = bool(shown_by) and SUMMARY not in shown_by
        self._shown_by = shown_by if hidden else frozenset({SUMMARY})
        self._returns = 2 if hidden else 1
        self._documents = {
            path: json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
            for path, document in documents(self.scenario, step).items()
        }

    async def read_whole(self, then: Callable[[], None] = lambda: None) -> None:
        """Waits until the step that is up has been read whole; does `then` before the reader is answered."""
        event = asyncio.Event()
        self._waiting = event, then
        await event.wait()

    async def start(self) -> str:
        """Serves; returns the page's address, without a slash at its end."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def aclose(self) -> None:
        """Stops serving."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        if request.path == SUMMARY and self._read:
            self._reader_is_back()
        body = self._documents.get(request.path)
        if body is None:
            return web.Response(status=404, text="<h1>Not found</h1>", content_type="text/html")
        self._read = self._read or request.path in self._shown_by
        headers = {
            "ETag": f'W/"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
            "Cache-Control": "max-age=10, public, s-maxage=10, stale-while-revalidate=20, stale-if-error=3600",
            "Vary": "Accept,Accept-Encoding",
            "Access-Control-Allow-Origin": "*",
        }
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="application/json", charset="utf-8", headers=headers)

    def _reader_is_back(self) -> None:
        self._returns -= 1
        if self._returns <= 0 and self._waiting is not None:
            (event, then), self._waiting = self._waiting, None
            then()
            event.set()
