"""What Slack tells of its workspaces and channels: uptimus was removed, a channel was archived, is gone, is back
or has another id. Each is acknowledged at once; each may come twice and in any order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.web.async_client import AsyncWebClient

from bot.closing import close_place
from bot.slack.authorize import OneWorkspace
from bot.slack.desk import Desk
from bot.slack.install import INSTALL_AGAIN
from relay.transports.slack_errors import DEAD
from storage import channels, workspaces
from storage.database import Database

REMOVED = f"uptimus was removed from the workspace: {INSTALL_AGAIN} there again"
ARCHIVE = "the channel is archived"
ARCHIVED = f"{ARCHIVE}: unarchive it or choose another, then follow again"
DELETED = "the channel was deleted: follow from another channel"
LEFT = "uptimus was removed from the channel: type /invite @uptimus in it, then follow again"

log = structlog.get_logger("slack")

Json = Mapping[str, Any]


class Installs(Protocol):
    """Where uptimus is installed."""

    async def forget(self, *, enterprise_id: str | None, team_id: str | None, as_of: datetime) -> bool:
        """Whether the install that there was then is gone; it is not kept any longer."""
        ...

    async def serving(self, team_id: str, enterprise_id: str | None = None) -> Bot | None:
        """The bot that serves a workspace."""
        ...


class OneInstall:
    """The one workspace of the settings' token. What Slack tells may be old, so Slack is asked."""

    def __init__(self, known: OneWorkspace, client: AsyncWebClient) -> None:
        self._known, self._client = known, client

    async def forget(self, *, enterprise_id: str | None, team_id: str | None, as_of: datetime) -> bool:
        """Whether Slack takes the token no more. Raises SlackApiError where it says neither."""
        if self._known.who is None or team_id != self._known.who.team_id:
            return False
        try:
            await self._client.auth_test()
        except SlackApiError as error:
            if error.response.get("error") not in DEAD:
                raise
            return True
        return False

    async def serving(self, team_id: str, enterprise_id: str | None = None) -> Bot | None:
        """No other one."""
        return None


class Events:
    """`changed` is called when an install was removed."""

    def __init__(self, desk: Desk, database: Database, installs: Installs, changed: Callable[[], None]) -> None:
        self._desk, self._database, self._installs, self._changed = desk, database, installs, changed

    def register(self, app: AsyncApp) -> None:
        """Listens to each."""
        heard: dict[str, Callable[[Json, AsyncBoltContext], Awaitable[None]]] = {
            "app_uninstalled": self._removed,
            "tokens_revoked": self._revoked,
            "channel_id_changed": self._moved,
        }
        for kind in ("channel", "group"):
            heard |= {
                f"{kind}_archive": self._archived,
                f"{kind}_unarchive": self._unarchived,
                f"{kind}_deleted": self._deleted,
                f"{kind}_left": self._left,
            }
        for name, does in heard.items():
            app.event(name)(self._listener(name, does))

    def _listener(
        self, name: str, does: Callable[[Json, AsyncBoltContext], Awaitable[None]]
    ) -> Callable[..., Awaitable[None]]:
        async def listen(body: dict[str, Any], context: AsyncBoltContext) -> None:
            if self._desk.first_time(body.get("event_id")):
                self._desk.track(asyncio.current_task())
                await self._desk.attempt(name, does(body, context))

        return listen

    # the workspace

    async def _revoked(self, body: Json, context: AsyncBoltContext) -> None:
        """People's own tokens are none of our business: we have none."""
        if (body["event"].get("tokens") or {}).get("bot"):
            await self._removed(body, context)

    async def _removed(self, body: Json, context: AsyncBoltContext) -> None:
        """Of a workspace, or of all that an organisation's install served."""
        team, enterprise = context.team_id, context.enterprise_id
        if context.is_enterprise_install:
            team = None
        told_at = datetime.fromtimestamp(body["event_time"], UTC) if "event_time" in body else datetime.now(UTC)
        gone = await self._installs.forget(enterprise_id=enterprise, team_id=team, as_of=told_at)
        self._changed()
        if not gone:
            return
        concerned = [f"slack:{team}"] if team is not None else await self._of_organisation(enterprise)
        left = [key for key in concerned if await self._is_left(key, enterprise)]
        async with self._database.write() as session:
            for key in left:
                await workspaces.leave(session, key, REMOVED)
        log.info("slack.removed", team=team, enterprise=enterprise)

    async def _of_organisation(self, enterprise: str | None) -> list[str]:
        async with self._database.read() as session:
            return [one.key for one in await workspaces.of_enterprise(session, enterprise or "")]

    async def _is_left(self, key: str, enterprise: str | None) -> bool:
        """No other install serves it: its own, or its organisation's."""
        return await self._installs.serving(key.removeprefix("slack:"), enterprise) is None

    # its channels

    async def _archived(self, body: Json, context: AsyncBoltContext) -> None:
        await self._close(body, context, ARCHIVED)

    async def _deleted(self, body: Json, context: AsyncBoltContext) -> None:
        await self._close(body, context, DELETED)

    async def _left(self, body: Json, context: AsyncBoltContext) -> None:
        """uptimus itself was removed: what others do is another event."""
        await self._close(body, context, LEFT)

    async def _close(self, body: Json, context: AsyncBoltContext, reason: str) -> None:
        await close_place(self._desk.services, _uri(body, context), reason)

    async def _unarchived(self, body: Json, context: AsyncBoltContext) -> None:
        async with self._database.write() as session:
            await channels.enable(session, await channels.at(session, _uri(body, context)), ARCHIVE)
        self._desk.services.wake()

    async def _moved(self, body: Json, context: AsyncBoltContext) -> None:
        event = body["event"]
        workspace = f"slack:{_team(body, context)}"
        async with self._database.write() as session:
            await channels.move(
                session, f"{workspace}/{event['old_channel_id']}", f"{workspace}/{event['new_channel_id']}"
            )


def _team(body: Json, context: AsyncBoltContext) -> str | None:
    """The workspace that uptimus is in: a shared channel's event may have happened in another."""
    return context.team_id or body.get("team_id")


def _uri(body: Json, context: AsyncBoltContext) -> str:
    return f"slack:{_team(body, context)}/{body['event']['channel']}"
