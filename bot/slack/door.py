"""The door that people in Slack come in through: verify, acknowledge, parse → command → Reply → blocks.

slack-bolt does the protocol, over HTTP (`handle`) as well as over Socket Mode. A command is acknowledged before
any work; its answer goes to the response_url, which works where the bot isn't a member. Only who asked sees it.
"""

import asyncio
import re
import secrets
from dataclasses import replace
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands.parse import parse
from bot.commands.reply import Request
from bot.settings import Settings
from bot.slack import dialog, showing
from bot.slack.buttons import with_share
from bot.slack.desk import Answer, Commands, Desk, Refusal
from bot.slack.handlers import HANDLERS
from bot.slack.install import Install
from bot.slack.ways import TIMEOUT, ByInstall, ByToken, SlackDoorError, checked
from relay.transports.slack_bulletin import bulletin_message, error_message

_SECONDS = re.compile(r"[0-9]{1,12}")


class SlackDoor:
    """Slack's commands, for one workspace or for every one that installs the app. `services` is handed to each
    command as it is; `answer` asks one by its name (None: each is called as it is)."""

    def __init__(
        self, settings: Settings, commands: Commands, services: Any, answer: Answer | None = None
    ) -> None:
        way = settings.slack
        if way is None:
            raise SlackDoorError("SLACK_BOT_TOKEN is missing")
        self._way: ByToken | ByInstall = (
            ByToken(settings, services) if way == "one" else ByInstall(settings, services)
        )
        self._settings = settings
        self._desk = Desk(services, commands, answer, self._way.clients)
        self._socket: AsyncSocketModeHandler | None = None
        self._app = self._bolt()

    @property
    def install(self) -> Install | None:
        """What answers those who install the app; None where the settings hold the one token there is."""
        return self._way.install

    async def start(self) -> None:
        """Learns whose token it is and opens the socket, where there is an app token. Raises SlackDoorError."""
        await self._way.start()
        if self._settings.slack_app_token is not None:
            await self._open_socket(self._settings.slack_app_token.get_secret_value())

    async def aclose(self) -> None:
        """Takes no more requests, lets the answers under way finish, closes the socket."""
        if self._socket is not None:
            await self._socket.client.close()  # type: ignore[no-untyped-call]
        await self._desk.finish()
        await self._way.clients.aclose()

    async def handle(self, request: web.Request) -> web.Response:
        """`POST /slack/events`: 401 for a wrong or an old signature, 404 where HTTP was not set up."""
        if self._settings.slack_signing_secret is None:
            return web.Response(status=404, text="SLACK_SIGNING_SECRET is not set")
        if not _SECONDS.fullmatch(request.headers.get("X-Slack-Request-Timestamp", "")):  # bolt would stumble
            return web.Response(status=401, text="invalid request")
        try:
            bolt_request = await to_bolt_request(request)
        except (ValueError, LookupError, AttributeError, TypeError):  # bolt reads the body before the signature
            return web.Response(status=400, text="unreadable")
        return await to_aiohttp_response(await self._app.async_dispatch(bolt_request))

    async def _open_socket(self, app_token: str) -> None:
        # asked once here, for bolt would ask again and again with a token that is wrong
        client = AsyncWebClient(base_url=self._settings.slack_api_url, timeout=TIMEOUT)
        opened = await checked("SLACK_APP_TOKEN", client.apps_connections_open(app_token=app_token))
        self._socket = AsyncSocketModeHandler(self._app, app_token)
        self._socket.client.wss_uri = opened["url"]
        await self._socket.client.connect()  # type: ignore[no-untyped-call]

    def _bolt(self) -> AsyncApp:
        secret = self._settings.slack_signing_secret
        app = AsyncApp(
            client=AsyncWebClient(base_url=self._settings.slack_api_url, timeout=TIMEOUT),
            # no HTTP behind it: bolt's own way asks auth.test while the person's three seconds run
            authorize=self._way.authorize,  # type: ignore[arg-type]  # its own class is not in the signature
            # ours even where there is nothing to install: bolt makes its own out of the environment otherwise
            oauth_flow=self._way.install.flow if self._way.install is not None else None,
            signing_secret=secret.get_secret_value() if secret is not None else secrets.token_hex(),
            user_facing_authorize_error_message=self._way.not_here,
        )
        app.command(re.compile(""))(self._on_command)
        self._way.events(self._desk).register(app)
        for register in HANDLERS:
            register(app, self._desk)
        _acknowledge_the_rest(app)
        return app

    async def _on_command(
        self, ack: AsyncAck, command: dict[str, Any], respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        await ack()
        if self._desk.first_time(command.get("trigger_id")):
            self._desk.track(asyncio.current_task())
            message = await self._answer(command, client)
            if message is not None:
                await showing.respond(respond, message)

    async def _answer(self, command: dict[str, Any], client: AsyncWebClient) -> dict[str, Any] | None:
        """A message for every outcome: nobody is left without words. None: a dialog has opened."""
        parsed = await self._desk.attempt("parse", self._parsed(command))
        if isinstance(parsed, Refusal):
            return error_message(parsed.text)
        name, request = parsed
        if name == "follow" and request.provider is None and request.to is None:
            refusal = await dialog.open_new(self._desk, client, command)
            return error_message(refusal.text) if refusal is not None else None
        answer = await self._desk.answer(name, request)
        if isinstance(answer, Refusal):
            return error_message(answer.text)
        message = bulletin_message(answer, request.workspace.partition(":")[2])
        return with_share(message, name, command.get("text", ""))

    async def _parsed(self, command: dict[str, Any]) -> tuple[str, Request]:
        asked = self._desk.request(command)
        name, request = parse(
            command.get("text", ""),
            commands=self._desk.commands,
            workspace=asked.workspace,
            here=asked.here,
            here_name=command.get("channel_name", ""),
            actor=asked.actor,
        )
        return name, replace(request, is_admin=asked.is_admin)


def _acknowledge_the_rest(app: AsyncApp) -> None:
    """What we have no use for: a link that is a button, an event, what an older version of uptimus left behind."""
    anything = re.compile("")
    for listen in (app.action, app.view, app.view_closed, app.shortcut):
        listen(anything)(_acknowledge)
    app.options(anything)(_offer_nothing)
    app.event(anything)(_nothing)


async def _acknowledge(ack: AsyncAck) -> None:
    await ack()


async def _offer_nothing(ack: AsyncAck) -> None:
    await ack(options=[])


async def _nothing() -> None:
    """An event that tells us nothing: bolt acknowledges those itself."""
