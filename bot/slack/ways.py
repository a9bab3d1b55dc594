"""The two ways in which Slack can be set up: for the one workspace whose token the settings hold, or for every
workspace that installs the app. The door doesn't care which."""

from collections.abc import Awaitable
from typing import Any

import aiohttp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings, SettingsError
from bot.slack import authorize
from bot.slack.desk import Desk
from bot.slack.events import Events, OneInstall
from bot.slack.install import INSTALL_AGAIN, Install
from bot.vault import Vault
from relay.transports.slack_clients import Clients, Installed, OneToken
from storage import workspaces
from storage.database import Database
from storage.installations import Installations

TIMEOUT = 10


class SlackDoorError(SettingsError):
    """Slack can't be used with these settings, or can't be reached; one line says why."""


class ByToken:
    """SLACK_BOT_TOKEN."""

    not_here = "This uptimus serves another workspace."
    install: Install | None = None

    def __init__(self, settings: Settings, services: Any) -> None:
        assert settings.slack_bot_token is not None
        self._token = settings.slack_bot_token.get_secret_value()
        self._database: Database = services.database
        self._client = AsyncWebClient(self._token, settings.slack_api_url, timeout=TIMEOUT)
        self.clients = OneToken(self._token, settings.slack_api_url)
        self.authorize = authorize.OneWorkspace()

    async def start(self) -> None:
        """Learns whose token it is; that the workspace has it (again). Raises SlackDoorError."""
        found = await checked("SLACK_BOT_TOKEN", self._client.auth_test())
        self.authorize.who = AuthorizeResult(
            enterprise_id=found.get("enterprise_id"),
            team_id=found.get("team_id"),
            bot_user_id=found.get("user_id"),
            bot_id=found.get("bot_id"),
            bot_token=self._token,
        )
        key = f"slack:{found['team_id']}"
        async with self._database.write() as session:
            await workspaces.come_back(session, key, INSTALL_AGAIN)
            await workspaces.seen(session, key, name=found.get("team"))

    def events(self, desk: Desk) -> Events:
        """What Slack tells of the workspace."""
        return Events(desk, self._database, OneInstall(self.authorize, self._client), lambda: None)


class ByInstall:
    """SLACK_CLIENT_ID and SLACK_CLIENT_SECRET."""

    def __init__(self, settings: Settings, services: Any) -> None:
        self._database: Database = services.database
        self._installations = installations(settings, services.database, services.vault)
        self.clients = installed(settings, services.database, self._installations)
        self.authorize = authorize.AnyWorkspace(self.clients, self._database)
        self.install = Install(settings, self._database, self._installations, self.clients)
        self.not_here = (
            "uptimus is not installed here any more. Whoever may add apps to this workspace can install it again: "
            f"<{settings.slack_install_url}>"
        )

    async def start(self) -> None:
        """Nothing is asked of Slack: each install was tried when it was made."""

    def events(self, desk: Desk) -> Events:
        """What Slack tells of all workspaces."""
        return Events(desk, self._database, self._installations, self.clients.forget_all)


def clients(settings: Settings, database: Database, vault: Vault) -> Clients:
    """What finds the client of a workspace, as the settings describe it."""
    if settings.slack_bot_token is not None:
        return OneToken(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    return installed(settings, database, installations(settings, database, vault))


def installations(settings: Settings, database: Database, vault: Vault) -> Installations:
    """Where installs are kept, with the vault that the settings describe."""
    assert settings.slack_client_id is not None
    return Installations(database, settings.slack_client_id, seal=vault.seal, open_=vault.open)


def installed(settings: Settings, database: Database, kept: Installations) -> Installed:
    """The clients of all those workspaces."""
    assert settings.slack_client_secret is not None
    secret = settings.slack_client_secret.get_secret_value()
    return Installed(database, kept, secret, settings.slack_api_url)


async def checked(setting: str, call: Awaitable[Any]) -> Any:
    """Slack's answer to a first call with a token; one line says what is wrong with it."""
    try:
        return await call
    except SlackApiError as error:
        word = error.response.get("error") or f"HTTP {error.response.status_code}"
        raise SlackDoorError(f"{setting}: Slack does not accept it ({word})") from None
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError, ValueError, AttributeError) as error:
        raise SlackDoorError(f"Slack could not be reached ({type(error).__name__})") from None
