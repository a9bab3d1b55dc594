"""Adding uptimus to a workspace or an organisation: OAuth v2 by slack-bolt, with our pages and our stores.

https://docs.slack.dev/authentication/installing-with-oauth
"""

from collections.abc import Mapping

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackClientError
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.web.async_client import AsyncWebClient

from bot.limits import RateLimit, client_of
from bot.settings import Settings
from bot.slack.scopes import BASE
from bot.web.pages import words_page
from bot.web.server import SAFE_HEADERS
from relay.transports.slack_clients import Installed
from storage import workspaces
from storage.database import Database
from storage.installations import STATE_SECONDS, Installations, OauthStates

INSTALL_AGAIN = "install uptimus"
"""Stands in every reason for which a destination was disabled that a new install does away with."""
TIMEOUT = 10
QUOTA, WINDOW = 30, STATE_SECONDS
"""Installs at once that a client may begin, and seconds until it may begin as many again: by then their states are
forgotten."""

_ONCE_MORE = "Nothing was installed. You can start once more from the link that brought you here."
_FAILURES: Mapping[str, tuple[int, str, str]] = {
    "access_denied": (
        200,
        "Not installed",
        "You chose not to install uptimus, so nothing has changed. Should you change your mind, the link that "
        "brought you here works again.",
    ),
    "invalid_browser": (
        400,
        "This install can't be finished",
        f"It was not begun in this browser, or its cookies are turned off. {_ONCE_MORE}",
    ),
    "invalid_state": (
        400,
        "This install can't be finished",
        f"It took longer than ten minutes, or was finished already. {_ONCE_MORE}",
    ),
}
_OTHER = (400, "Slack did not install uptimus", _ONCE_MORE)
"""A code that is missing, wrong or was used, a scope that is not allowed …"""
_UNREACHED = (502, "Slack could not be reached", f"{_ONCE_MORE} Please wait a minute first.")

log = structlog.get_logger("slack")


class Install:
    """`GET /slack/install` and `GET /slack/oauth_redirect`."""

    def __init__(
        self, settings: Settings, database: Database, installations: Installations, clients: Installed
    ) -> None:
        self._database, self._clients = database, clients
        self._proxies, self._limit = settings.proxies, RateLimit(QUOTA, WINDOW)
        self.flow = AsyncOAuthFlow(
            client=AsyncWebClient(base_url=settings.slack_api_url, timeout=TIMEOUT),
            settings=_oauth_settings(settings, database, installations, self._done),
        )

    async def begin(self, request: web.Request) -> web.Response:
        """Sends the person to Slack, with a state that only their browser knows. Each is a row: not too many."""
        if wait := self._limit.take(client_of(request, self._proxies)).wait:
            return _private(await to_aiohttp_response(_too_often(wait)))
        response = await self.flow.handle_installation(await to_bolt_request(request))
        return _private(await to_aiohttp_response(response))

    async def finish(self, request: web.Request) -> web.Response:
        """Slack sends the person back here."""
        try:
            response = await self.flow.handle_callback(await to_bolt_request(request))
        except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
            log.warning("slack.install_failed", reason=type(error).__name__)
            response = _page(*_UNREACHED)
        return _private(await to_aiohttp_response(response))

    async def _done(self, args: AsyncSuccessArgs) -> BoltResponse:
        """The workspace is (again) one of ours: what it followed not too long ago comes back."""
        made = args.installation
        back = await arrived(self._database, made)
        self._clients.forget_all()
        log.info(
            "slack.installed",
            team=made.team_id,
            enterprise=made.enterprise_id,
            org_wide=made.is_enterprise_install,
            destinations_back=back,
        )
        page = _page(200, "uptimus is installed", _welcome(made, back))
        page.headers["set-cookie"] = [self.flow.settings.state_utils.build_set_cookie_for_deletion()]
        return page


async def arrived(database: Database, made: Installation) -> int:
    """Writes down which workspace it is, or that an organisation's are back; how many destinations came back."""
    async with database.write() as session:
        if made.team_id is not None:
            key = f"slack:{made.team_id}"
            back = await workspaces.come_back(session, key, INSTALL_AGAIN)
            await workspaces.seen(session, key, name=made.team_name, enterprise_id=made.enterprise_id)
            return back
        theirs = await workspaces.of_enterprise(session, made.enterprise_id or "")
        return sum([await workspaces.come_back(session, one.key, INSTALL_AGAIN) for one in theirs])


def _oauth_settings(
    settings: Settings, database: Database, installations: Installations, done: object
) -> AsyncOAuthSettings:
    assert settings.slack_client_id is not None
    assert settings.slack_client_secret is not None
    return AsyncOAuthSettings(
        client_id=settings.slack_client_id,
        client_secret=settings.slack_client_secret.get_secret_value(),
        scopes=[*BASE, *settings.extra_scopes],
        user_scopes=[],
        redirect_uri=f"{settings.home.rstrip('/')}/slack/oauth_redirect",
        # every Slack has its own: https://slack.com/api/ → https://slack.com/oauth/v2/authorize
        authorization_url=f"{settings.slack_api_url.removesuffix('api/')}oauth/v2/authorize",
        install_page_rendering_enabled=False,
        callback_options=AsyncCallbackOptions(success=done, failure=_failed),  # type: ignore[arg-type]
        installation_store=installations,
        state_store=OauthStates(database),
        state_expiration_seconds=STATE_SECONDS,
    )


async def _failed(args: AsyncFailureArgs) -> BoltResponse:
    if args.reason not in ("access_denied", "invalid_browser", "invalid_state"):
        log.warning("slack.install_failed", reason=args.reason[:100])
    return _page(*_FAILURES.get(args.reason, _OTHER))


def _welcome(made: Installation, back: int) -> str:
    where = made.team_name or made.enterprise_name or "your workspace"
    again = " What was followed there before is told again." if back else ""
    return (
        f"It is in {where} now.{again} Type /uptimus help in any channel to see what it does, or "
        "/uptimus follow with the name of a service that your team depends on. You can close this page."
    )


def _too_often(wait: int) -> BoltResponse:
    page = _page(429, "That was too often", f"Nothing was begun. Please open this page again in {wait} s.")
    page.headers["retry-after"] = [str(wait)]
    return page


def _page(status: int, title: str, text: str) -> BoltResponse:
    return BoltResponse(
        status=status, body=words_page(title, text), headers={"Content-Type": "text/html; charset=utf-8"}
    )


def _private(response: web.Response) -> web.Response:
    response.headers.update(SAFE_HEADERS | {"Cache-Control": "no-store"})
    return response
