"""uptimus as an app that any number of workspaces install, against the stand-in Slack: everything is real but the
commands, which say for whom they were asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.fernet import Fernet
from standins.slack import SlackServer

from bot import app
from bot.commands.reply import Reply, Request
from bot.commands.services import Services
from bot.parts import services
from bot.settings import Settings
from bot.slack import ways
from bot.slack.door import SlackDoor
from relay.transports.slack_clients import Installed
from storage.database import Database
from storage.installations import Installations


@dataclass
class Town:
    """A running uptimus, the Slack that it is in, and somebody's browser. `woken` is set by each wake."""

    slack: SlackServer
    settings: Settings
    services: Services
    browser: aiohttp.ClientSession
    woken: asyncio.Event

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def kept(self) -> Installations:
        """Where installs are kept."""
        return ways.installations(self.settings, self.database, self.services.vault)

    def clients(self) -> Installed:
        """Those of another process."""
        return ways.installed(self.settings, self.database, self.kept)

    async def begin(self) -> tuple[str, str]:
        """Somebody opens /slack/install: where they are sent, and the cookie that they got."""
        url = str(self.settings.slack_install_url)
        async with self.browser.get(url, allow_redirects=False) as answer:
            assert answer.status == 302
            cookie = answer.headers["Set-Cookie"]
            assert "Secure" in cookie
            assert "HttpOnly" in cookie
            return answer.headers["Location"], cookie.partition(";")[0]

    async def come_back(self, url: str, cookie: str = "") -> tuple[int, str]:
        """Slack sends them back: what they get to see. (A cookie jar keeps a Secure one from plain HTTP.)"""
        headers = {"Cookie": cookie} if cookie else {}
        async with self.browser.get(url, headers=headers, allow_redirects=False) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            return answer.status, await answer.text()

    async def install(self, team: str, user: str = "U1", *, org_wide: bool = False) -> str:
        """Somebody installs it from the beginning to the end: the last page."""
        place, cookie = await self.begin()
        redirect = await self.slack.approve(place, team, user, org_wide=org_wide)
        status, page = await self.come_back(redirect.url, cookie)
        assert status == 200, page
        return page

    async def expire(self, team: str, seconds: float = -60) -> None:
        """So many seconds are left of a workspace's (or an organisation's) token, as we know it. Where there are
        none, Slack does not take it any more, either."""
        bot = await self.kept.serving(team, team)
        assert bot is not None
        assert bot.bot_token_expires_at is not None
        now = bot.bot_token_expires_at - 43_200
        bot.bot_token_expires_at = int(now + seconds)
        await self.kept.async_save_bot(bot)
        if seconds <= 0:
            self.slack.expire_tokens(team)


async def where(services: Any, request: Request) -> Reply:
    return Reply(f"You are at {request.here}.")


@asynccontextmanager
async def town(slack: SlackServer, database: Database, port: int, way: str = "http") -> AsyncIterator[Town]:
    """`way`: `http` or `socket`. Nothing is installed yet; T1's own token of the stand-in is not used."""
    heard: dict[str, Any] = {"slack_signing_secret": slack.signing_secret}
    if way == "socket":
        heard = {"slack_app_token": slack.app_token}
    settings = Settings(
        _env_file=None,
        public_url=f"http://127.0.0.1:{port}",
        secret_key=Fernet.generate_key().decode(),
        slack_client_id=slack.client_id,
        slack_client_secret=slack.client_secret,
        slack_api_url=slack.api_url,
        **heard,
    )
    woken = asyncio.Event()
    async with services(settings, database) as parts, aiohttp.ClientSession() as browser:
        parts = replace(parts, wake=woken.set)
        door = SlackDoor(settings, {"status": where, "help": where}, parts)
        runner = web.AppRunner(_site(settings, door))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        slack.request_url = f"http://127.0.0.1:{port}/slack/events" if way == "http" else None
        await door.start()
        try:
            yield Town(slack, settings, parts, browser, woken)
        finally:
            await door.aclose()
            await runner.cleanup()


def _site(settings: Settings, door: SlackDoor) -> web.Application:
    site = web.Application()
    for (method, path), answer in app.slack_routes(settings, door).items():
        site.router.add_route(method, path, answer)
    return site
