"""The door that people in Slack come in through: verify, acknowledge, parse → command → Reply → blocks.

slack-bolt does the protocol, over HTTP (`handle`) as well as over Socket Mode. A command is acknowledged before
any work; its answer goes to the response_url, which works where the bot isn't a member. Only who asked sees it.
"""

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands.parse import parse
from bot.commands.reply import CommandError, Reply, Request
from bot.settings import Settings, SettingsError
from bot.slack_blocks import error_message, reply_message

REPEATED_FOR = 600.0
"""Seconds for which a request that came twice is recognized: longer than Slack's last repeat."""
LAST_ANSWERS = 5.0
"""Seconds that answers under way get to finish when the door closes."""

log = structlog.get_logger()

Commands = Mapping[str, Callable[[Any, Request], Awaitable[Reply]]]


class SlackDoorError(SettingsError):
    """Slack can't be used with these settings, or can't be reached; one line says why."""


class SlackDoor:
    """Slack's commands for one workspace. `services` is handed to each command as it is."""

    def __init__(self, settings: Settings, commands: Commands, services: Any) -> None:
        if settings.slack_bot_token is None:
            raise SlackDoorError("SLACK_BOT_TOKEN is missing")
        self._token = settings.slack_bot_token.get_secret_value()
        self._app_token = settings.slack_app_token.get_secret_value() if settings.slack_app_token else None
        self._secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None
        self._api_url, self._commands, self._services = settings.slack_api_url, commands, services
        self._seen = _Seen(REPEATED_FOR)
        self._answers: set[asyncio.Task[Any]] = set()
        self._socket: AsyncSocketModeHandler | None = None
        self._who: AuthorizeResult | None = None
        self._app = self._bolt()

    @property
    def workspace(self) -> str:
        """`slack:TEAM`, once started."""
        return f"slack:{self._who.team_id if self._who else ''}"

    async def start(self) -> None:
        """Learns whose token it is and opens the socket, where there is an app token. Raises SlackDoorError."""
        client = AsyncWebClient(self._token, self._api_url, timeout=10)
        found = await _checked("SLACK_BOT_TOKEN", client.auth_test())
        self._who = AuthorizeResult(
            enterprise_id=found.get("enterprise_id"),
            team_id=found.get("team_id"),
            bot_user_id=found.get("user_id"),
            bot_id=found.get("bot_id"),
            bot_token=self._token,
        )
        if self._app_token is not None:
            await self._open_socket(client, self._app_token)

    async def aclose(self) -> None:
        """Takes no more requests, lets the answers under way finish, closes the socket."""
        if self._socket is not None:
            await self._socket.client.close()  # type: ignore[no-untyped-call]
        if self._answers:
            await asyncio.wait(self._answers, timeout=LAST_ANSWERS)

    async def handle(self, request: web.Request) -> web.Response:
        """`POST /slack/events`: 401 for a wrong or an old signature, 404 where HTTP was not set up."""
        if self._secret is None:
            return web.Response(status=404, text="SLACK_SIGNING_SECRET is not set")
        try:
            bolt_request = await to_bolt_request(request)
        except (ValueError, LookupError, AttributeError, TypeError):  # bolt reads the body before the signature
            return web.Response(status=400, text="unreadable")
        return await to_aiohttp_response(await self._app.async_dispatch(bolt_request))

    async def _open_socket(self, client: AsyncWebClient, app_token: str) -> None:
        # asked once here, for bolt would ask again and again with a token that is wrong
        opened = await _checked("SLACK_APP_TOKEN", client.apps_connections_open(app_token=app_token))
        self._socket = AsyncSocketModeHandler(self._app, app_token)
        self._socket.client.wss_uri = opened["url"]
        await self._socket.client.connect()  # type: ignore[no-untyped-call]

    def _bolt(self) -> AsyncApp:
        async def authorize(team_id: str | None) -> Any:  # no method: bolt would pass `self` itself
            """Only the workspace whose token we hold."""
            return self._who if self._who is not None and team_id == self._who.team_id else None

        app = AsyncApp(
            client=AsyncWebClient(base_url=self._api_url, timeout=10),
            # no HTTP behind it: bolt's own way asks auth.test while the person's three seconds run
            authorize=authorize,
            signing_secret=self._secret or secrets.token_hex(),
        )
        app.command(re.compile(""))(self._on_command)
        app.event(re.compile(""))(_nothing)  # what we have no use for is acknowledged all the same
        return app

    async def _on_command(self, ack: AsyncAck, command: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        if self._seen.before(command.get("trigger_id")):
            return
        task = asyncio.current_task()
        if task is not None:
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)
        await _respond(respond, await self._answer(command))

    async def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """A message for every outcome: nobody is left without words."""
        try:
            name, request = self._parsed(command)
            return reply_message(await self._commands[name](self._services, request))
        except CommandError as error:
            return error_message(str(error))
        except Exception:
            id = secrets.token_hex(3)
            log.exception("slack.command_failed", id=id, command=command.get("text"), user=command.get("user_id"))
            return error_message(f"Something went wrong (id {id})")

    def _parsed(self, command: dict[str, Any]) -> tuple[str, Request]:
        return parse(
            command.get("text", ""),
            commands=self._commands,
            workspace=self.workspace,
            here=f"{self.workspace}/{command['channel_id']}",
            here_name=command.get("channel_name", ""),
            actor=command.get("user_id", ""),
        )


async def _nothing() -> None:
    """An event that tells us nothing."""


class _Seen:
    """Requests that came before, for a while: Slack repeats what it thinks was not heard."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: OrderedDict[str, float] = OrderedDict()

    def before(self, id: str | None) -> bool:
        """Whether this one came before; from now on it did."""
        now = monotonic()
        while self._until and next(iter(self._until.values())) < now:
            self._until.popitem(last=False)
        if id is None or id in self._until:
            return id is not None
        self._until[id] = now + self._seconds
        return False


async def _respond(respond: AsyncRespond, message: dict[str, Any]) -> None:
    """To the response_url; as plain text where Slack finds a fault in the blocks. Bolt raises nothing."""
    try:
        result = await respond(**message, response_type="ephemeral")
        if result.status_code == 400 or (result.status_code == 500 and "block" in result.body):
            result = await respond(text=message["text"], response_type="ephemeral")
    except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError) as error:
        log.warning("slack.answer_lost", reason=type(error).__name__)
        return
    if result.status_code != 200:
        log.warning("slack.answer_refused", status=result.status_code, answer=result.body[:200])


async def _checked(setting: str, call: Awaitable[Any]) -> Any:
    """Slack's answer to a first call with a token; one line says what is wrong with it."""
    try:
        return await call
    except SlackApiError as error:
        word = error.response.get("error") or f"HTTP {error.response.status_code}"
        raise SlackDoorError(f"{setting}: Slack does not accept it ({word})") from None
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError, ValueError, AttributeError) as error:
        raise SlackDoorError(f"Slack could not be reached ({type(error).__name__})") from None
