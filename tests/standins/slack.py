"""A strict stand-in of Slack on 127.0.0.1: any number of workspaces, each with the same app.

It refuses what Slack refuses and counts what Slack counts. What Slack would swallow but nobody should send (a raw
mention, blocks without text) is a violation: `assert_clean()` fails the test that caused it.

    async with SlackServer() as slack:
        client = AsyncWebClient(slack.bot_token, slack.api_url)
        …
        print(slack.transcript("C1"))
        slack.assert_clean()

What it is made of: workspaces (`slack_state`, `slack_workspace`), requests to the app (`slack_delivery`), commands
and their answers (`slack_responses`), what people press and fill in (`slack_people`, `slack_modals`), events
(`slack_events`), installing (`slack_oauth`), and the Web API (`slack_api`, `slack_chat`, `slack_views`).
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Self

import aiohttp
from aiohttp import web
from standins.slack_api import HANG, POSTED_BUT_500, Api, Call
from standins.slack_channel import Answer, Channel, Message
from standins.slack_delivery import ACK_LIMIT, OperationTimeoutError
from standins.slack_events import Events
from standins.slack_modals import Submitted
from standins.slack_oauth import AuthorizePageError, Redirect
from standins.slack_people import People
from standins.slack_responses import RESPONSE_LIFE, RESPONSE_USES, TRIGGER_LIFE, Interaction
from standins.slack_view import View
from standins.slack_workspace import User, Workspace

__all__ = [
    "HANG",
    "POSTED_BUT_500",
    "RESPONSE_LIFE",
    "RESPONSE_USES",
    "TRIGGER_LIFE",
    "Answer",
    "AuthorizePageError",
    "Call",
    "Channel",
    "Interaction",
    "Message",
    "OperationTimeoutError",
    "Redirect",
    "SlackServer",
    "Submitted",
    "User",
    "View",
    "Workspace",
]


class SlackServer(Api, People, Events):
    """`rate`: messages a second in one channel after `burst` (None: no limits at all)."""

    def __init__(
        self,
        *,
        rate: float | None = 1.0,
        burst: int = 5,
        now: Callable[[], float] = time.time,
        ack_limit: float = ACK_LIMIT,
    ) -> None:
        super().__init__(rate=rate, burst=burst, now=now, ack_limit=ack_limit)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=8 * 2**20)
        app.router.add_route("*", "/api/{method}", self._web_api)
        app.router.add_post("/response/{id}", self._response_url)
        app.router.add_get("/socket/{ticket}", self._socket)
        app.router.add_get("/oauth/v2/authorize", self._authorize_page)
        app.router.add_get("/approve", self._approve_page)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        for socket in self._sockets:
            await socket.close()
        await self._http.close()
        await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        """For SLACK_API_URL."""
        return f"http://127.0.0.1:{self.port}/api/"


async def _serve() -> None:
    """By itself, for a person who wants to look: prints the settings that point uptimus here."""
    async with SlackServer() as slack:
        print(
            f"SLACK_API_URL={slack.api_url}\nSLACK_BOT_TOKEN={slack.bot_token}\nSLACK_APP_TOKEN={slack.app_token}"
        )
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve())
