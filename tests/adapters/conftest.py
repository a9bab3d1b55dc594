"""Real servers on the loopback for the tests of this room."""

from collections.abc import AsyncIterator, Awaitable, Callable
from ssl import SSLContext

import pytest
from aiohttp import web

from adapters.fetch import Fetcher

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[..., Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server around a handler of every path; its address, without a slash at the end."""
    runners: list[web.AppRunner] = []

    async def start(handler: Handler, ssl: SSLContext | None = None) -> str:
        async def answer(request: web.Request) -> web.StreamResponse:
            return await handler(request)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl).start()
        return f"http{'s' if ssl else ''}://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    """A client that may speak to the loopback, and has time."""
    client = Fetcher(allow_private_networks=True, connect_timeout=60, total_timeout=60)
    yield client
    await client.aclose()
