"""What uptimus is measured against, in a process of its own: status pages, and receivers of webhooks."""

import asyncio
import json
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from aiohttp import web


class World:
    """Any number of pages at `/p/N`, all alike; receivers at `/hook/…`. `/change` puts up news on one page."""

    def __init__(self) -> None:
        self.version: dict[str, int] = defaultdict(int)
        self.shown_at: dict[tuple[str, int], float] = {}
        self.arrivals: list[float] = []
        self.etag = 'W/"0"'

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/p/{number}/api/v2/summary.json", self.summary)
        app.router.add_get("/p/{number}/api/v2/{list}.json", self.listed)
        app.router.add_post("/hook/{follower}", self.receive)
        app.router.add_post("/change/{number}", self.change)
        app.router.add_get("/arrivals", self.arrived)
        return app

    async def summary(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        version = self.version[number]
        etag = f'W/"{version}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        self.shown_at.setdefault((number, version), time.time())
        return web.json_response(page(number, version), headers={"ETag": etag})

    async def listed(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        whole = page(number, self.version[number])
        name = "incidents" if request.match_info["list"] == "incidents" else "scheduled_maintenances"
        return web.json_response({"page": whole["page"], name: whole[name]})

    async def change(self, request: web.Request) -> web.Response:
        self.version[request.match_info["number"]] += 1
        self.arrivals.clear()
        return web.Response()

    async def receive(self, request: web.Request) -> web.Response:
        await request.read()
        self.arrivals.append(time.time())
        return web.Response(status=204)

    async def arrived(self, _: web.Request) -> web.Response:
        shown = max(self.shown_at.values(), default=0.0)
        return web.json_response({"shown_at": shown, "arrivals": self.arrivals})


def page(number: str, version: int) -> dict[str, Any]:
    """A page of twenty components, with `version` updates under one incident."""
    moment = "2026-01-01T00:00:00.000Z"
    updates = [
        {
            "id": f"u{place:011d}",
            "status": "investigating",
            "body": f"Update {place}: we are looking into reports of slow answers ({number}).",
            "created_at": f"2026-01-01T00:{place % 60:02d}:{place // 60:02d}.000Z",
            "updated_at": moment,
            "display_at": f"2026-01-01T00:{place % 60:02d}:{place // 60:02d}.000Z",
            "affected_components": None,
        }
        for place in range(version, 0, -1)
    ]
    incident = {
        "id": "inc000000001", "name": f"Slow answers {number}", "status": "investigating", "impact": "minor",
        "created_at": moment, "updated_at": moment, "started_at": moment, "resolved_at": None,
        "shortlink": "https://stspg.example/x", "page_id": "page00000001", "incident_updates": updates,
        "components": [],
    }  # fmt: skip
    return {
        "page": {"id": "page00000001", "name": f"Provider {number}", "url": "https://x", "time_zone": "Etc/UTC",
                 "updated_at": moment},
        "components": [
            {"id": f"c{place:011d}", "name": f"Component {place}", "status": "operational", "created_at": moment,
             "updated_at": moment, "position": place, "description": None, "showcase": False, "start_date": None,
             "group_id": None, "page_id": "page00000001", "group": False, "only_show_if_degraded": False}
            for place in range(20)
        ],
        "incidents": [incident] if version else [],
        "scheduled_maintenances": [],
        "status": {"indicator": "none", "description": "All Systems Operational"},
    }  # fmt: skip


async def _serve(connection: Connection) -> None:
    runner = web.AppRunner(World().application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    connection.send(runner.addresses[0][1])
    await asyncio.get_running_loop().run_in_executor(None, connection.recv)
    await runner.cleanup()


def _run(connection: Connection) -> None:
    asyncio.run(_serve(connection))


@contextmanager
def world() -> Iterator[str]:
    """A world on loopback; its address."""
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(theirs,), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{mine.recv()}"
    mine.send("enough")
    process.join(10)


SIZE = len(json.dumps(page("0", 0)))
