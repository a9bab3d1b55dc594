"""A bolt app in front of the stand-in Slack, for the stand-in's own tests: installed wherever Slack says it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from standins.slack import SlackServer


def bolt_app(slack: SlackServer) -> AsyncApp:
    """It speaks with the token of the workspace (or of its organization) that a request comes from."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        workspace = slack.workspaces.get(team_id or "")
        owner = workspace if workspace and workspace.installed else slack.organizations[enterprise_id or ""]
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token=owner.bot_token, bot_user_id=owner.bot_user
        )

    client = AsyncWebClient(base_url=slack.api_url, retry_handlers=[])
    return AsyncApp(client=client, authorize=authorize, signing_secret=slack.signing_secret)


@asynccontextmanager
async def served(app: AsyncApp, slack: SlackServer) -> AsyncIterator[None]:
    """The app behind a real HTTP server that Slack knows."""

    async def handle(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    behind = web.Application()
    behind.router.add_post("/slack/events", handle)
    runner = web.AppRunner(behind, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield
    finally:
        await runner.cleanup()


async def error_of(slack: SlackServer, method: str, token: str | None = None, **arguments: object) -> str:
    """The error that a call is answered with, or "ok"."""
    client = AsyncWebClient(slack.bot_token if token is None else token, slack.api_url, retry_handlers=[])
    try:
        await client.api_call(method, json=arguments)
    except SlackApiError as error:
        return str(error.response["error"])
    return "ok"
