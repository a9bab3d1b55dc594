"""Whose request it is: what slack-bolt asks before anything else, answered from memory where that can be."""

from typing import Any

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_sdk.oauth.installation_store import Bot

from relay.transports.slack_clients import Installed
from storage import workspaces
from storage.database import Database


class OneWorkspace(AsyncAuthorize):
    """Only the workspace whose token we hold. `who` is known once the door has started."""

    def __init__(self) -> None:
        self.who: AuthorizeResult | None = None

    async def __call__(self, *, team_id: str | None, **_: Any) -> AuthorizeResult | None:
        """None for any other."""
        return self.who if self.who is not None and team_id == self.who.team_id else None


class AnyWorkspace(AsyncAuthorize):
    """Every workspace that installed the app, by itself or through its organisation."""

    def __init__(self, clients: Installed, database: Database) -> None:
        self._clients, self._database = clients, database
        self._known: set[str] = set()

    async def __call__(
        self, *, enterprise_id: str | None, team_id: str | None, **_: Any
    ) -> AuthorizeResult | None:
        """None where nothing is installed (any more)."""
        place = team_id or enterprise_id
        if place is None:
            return None
        bot = await self._clients.serving(place, enterprise_id)
        if bot is None:
            return None
        if bot.team_id is None and team_id is not None:
            await self._remember(team_id, bot)
        return AuthorizeResult(
            enterprise_id=bot.enterprise_id,
            team_id=team_id,
            bot_user_id=bot.bot_user_id,
            bot_id=bot.bot_id,
            bot_token=bot.bot_token,
            bot_scopes=list(bot.bot_scopes),
        )

    async def _remember(self, team_id: str, bot: Bot) -> None:
        """That the organisation's install serves it has to be known before anything is followed there."""
        if team_id not in self._known:
            async with self._database.write() as session:
                await workspaces.seen(session, f"slack:{team_id}", enterprise_id=bot.enterprise_id)
            self._known.add(team_id)
