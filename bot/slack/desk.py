"""What every handler of Slack's requests works with: the desk of every chat, and how it makes a Request of one of
Slack's payloads."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import aiohttp
import structlog
from slack_bolt.request.internals import extract_team_id
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot import desk
from bot.commands.reply import Request
from bot.desk import Answer, Commands, Refusal
from relay.transports.transport import DeliveryError

__all__ = ["Answer", "Clients", "Commands", "Desk", "Refusal", "channel_of"]

log = structlog.get_logger()

Clients = Callable[[str], Awaitable[AsyncWebClient]]


class Desk(desk.Desk):
    """`clients` finds the client of a team."""

    platform = "slack"

    def __init__(
        self, services: Any, commands: Commands, answer: Answer | None = None, clients: Clients | None = None
    ) -> None:
        super().__init__(services, commands, answer)
        self.clients = clients

    def request(self, body: Mapping[str, Any], **given: Any) -> Request:
        """Who asks, from where, of any payload of Slack's: a slash command, a press of a button, a dialog that
        was sent, a shortcut. `given` are fields of the Request. Where the payload names no channel and none is
        given, `here` is a direct message to whoever asks."""
        team, user = str(extract_team_id(dict(body)) or ""), _id(body, "user")
        known: dict[str, Any] = {
            "workspace": f"slack:{team}",
            "actor": user,
            "here": f"slack:{team}/{channel_of(body) or user}",
            "is_admin": partial(self.is_admin, team, user),
        }
        return Request(**known | given)

    async def is_admin(self, team: str, user: str) -> bool | None:
        """Whether the person runs the workspace (and not another one that shares a channel with it); None where
        Slack doesn't say (it wants the scope users:read)."""
        if self.clients is None:
            return None
        try:
            person = (await (await self.clients(team)).users_info(user=user))["user"]
            return _belongs(person, team) and bool(person.get("is_admin") or person.get("is_owner"))
        except (SlackClientError, DeliveryError, aiohttp.ClientError, TimeoutError, OSError, LookupError) as error:
            log.info("slack.admin_unknown", reason=type(error).__name__)
            return None


def _belongs(person: Mapping[str, Any], team: str) -> bool:
    """In an organisation somebody may belong to several workspaces."""
    return team in (person.get("team_id", team), *(person.get("enterprise_user") or {}).get("teams", ()))


def channel_of(body: Mapping[str, Any]) -> str:
    """The channel that a payload comes from; empty where it comes from none (a home tab, a global shortcut)."""
    container = body.get("container")
    within = container.get("channel_id") if isinstance(container, Mapping) else None
    return _id(body, "channel") or str(within or "")


def _id(body: Mapping[str, Any], what: str) -> str:
    """`{"user": {"id": …}}`, `{"user": …}` and `{"user_id": …}` alike."""
    value = body.get(what)
    if isinstance(value, Mapping):
        value = value.get("id")
    return str(value or body.get(f"{what}_id") or "")
