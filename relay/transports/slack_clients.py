"""The client that speaks to a Slack workspace: with the one token of the settings, or with the token that its
install gave, renewed before it expires.

No client repeats a call by itself: that would sleep inside the call, and repeat a post that may have arrived.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.web.async_client import AsyncWebClient

from relay.transports.slack_errors import refused, unsure
from relay.transports.slack_renewal import REACH, Renewals, dead, not_installed
from relay.transports.transport import DeliveryError
from storage.database import Database
from storage.installations import Installations

CALL_TIMEOUT = 8
MARGIN = 2 * 3600.0
"""Seconds before its end at which a token is renewed; it lives for twelve hours."""
CACHED_FOR = 60.0
JUST_NOW = 60.0
"""A token that was renewed so many seconds ago is not what Slack calls expired: an older one was."""


class Clients(Protocol):
    """Finds the client of a team. Both raise DeliveryError where there is none."""

    async def __call__(self, team: str) -> AsyncWebClient:
        """With a token that is good now."""
        ...

    async def renewed(self, team: str, failed: AsyncWebClient | None = None) -> AsyncWebClient:
        """With another token than the one that Slack did not take (`failed`'s, where that is known)."""
        ...

    async def aclose(self) -> None:
        """Closes the connections."""
        ...


class OneToken:
    """The client of the one workspace whose token the settings hold."""

    def __init__(self, token: str, api_url: str) -> None:
        self._token, self._api_url = token, api_url
        self._wire = _Wire(api_url)
        self._team: str | None = None
        self._asking = asyncio.Lock()

    async def __call__(self, team: str) -> AsyncWebClient:
        """Only for its own workspace, which Slack is asked for once."""
        async with self._asking:
            if self._team is None:
                self._team = await self._learn()
        if team != self._team:
            raise DeliveryError(
                f"SLACK_BOT_TOKEN serves the workspace {self._team} and not {team}", permanent=True
            )
        return self._wire.client(self._token)

    async def renewed(self, team: str, failed: AsyncWebClient | None = None) -> AsyncWebClient:
        """Nobody can renew a token of the settings but the operator."""
        reason = "Slack: SLACK_BOT_TOKEN is of no more use: install uptimus again and give it the new token"
        raise DeliveryError(reason, permanent=True, everywhere=True)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()

    async def _learn(self) -> str:
        try:
            answer = await self._wire.client(self._token).auth_test()
        except SlackApiError as error:
            raise refused(error, 1) from None
        except REACH as error:
            raise unsure(error) from None
        return str(answer["team_id"])


@dataclass(frozen=True)
class _Held:
    """A bot as it was read, with the moment (of this process's clock) until which it need not be read again."""

    bot: Bot
    until: float
    renewed_at: float | None = None


class Installed:
    """The clients of every workspace in which the app is installed, by itself or through its organisation."""

    def __init__(
        self,
        database: Database,
        installations: Installations,
        client_secret: str,
        api_url: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._installations = installations
        self._wire, self._now = _Wire(api_url), now
        self._held: dict[str, _Held] = {}
        self._renewals = Renewals(database, installations, client_secret)

    async def __call__(self, team: str) -> AsyncWebClient:
        """With a token that is good for a while. Raises DeliveryError, permanent where nothing is installed."""
        bot = await self._bot(team, None)
        if bot is None:
            raise not_installed(team)
        if self._left(bot) < MARGIN:
            bot = await self._in_time(team, bot)
        return self._wire.client(bot.bot_token)

    async def renewed(self, team: str, failed: AsyncWebClient | None = None) -> AsyncWebClient:
        """Another process may have renewed it already, or somebody may have installed the app again; otherwise it
        is renewed now."""
        held = self._held.get(team)
        if held is not None and failed is None and (held.renewed_at or -JUST_NOW) > time.monotonic() - JUST_NOW:
            return self._wire.client(held.bot.bot_token)
        token = failed.token if failed is not None else held.bot.bot_token if held is not None else None
        bot = await self._installations.serving(team)
        if bot is None:
            self.forget(team)
            raise not_installed(team)
        if token is not None and bot.bot_token != token:
            self._held[team] = _Held(bot, time.monotonic() + CACHED_FOR)
            return self._wire.client(bot.bot_token)
        if bot.bot_refresh_token is None:
            raise dead("token_revoked")
        return self._wire.client((await self._renew(team, bot)).bot_token)

    async def serving(self, team: str, enterprise_id: str | None) -> Bot | None:
        """The bot for a request that waits for its acknowledgement: what is known at once. A token that ends soon
        is renewed meanwhile; one that has ended, before, if that can be done. None: nothing is installed."""
        bot = await self._bot(team, enterprise_id)
        if bot is None or self._left(bot) >= MARGIN:
            return bot
        if self._left(bot) > 0:
            renewal = self._renewals.begin(team, bot, self._wire.client(None))
            renewal.add_done_callback(lambda _: self.forget(team))
            return bot
        try:
            return await self._renew(team, bot)
        except DeliveryError as error:
            return None if error.permanent else bot

    def forget(self, team: str) -> None:
        """What was read of it is not true any more."""
        self._held.pop(team, None)

    def forget_all(self) -> None:
        """The same, of every workspace."""
        self._held.clear()

    async def aclose(self) -> None:
        """Lets renewals under way finish, and closes the connections."""
        await self._renewals.finish()
        await self._wire.aclose()

    async def _bot(self, team: str, enterprise_id: str | None) -> Bot | None:
        held = self._held.get(team)
        if held is not None and time.monotonic() < held.until:
            return held.bot
        bot = await self._installations.serving(team, enterprise_id)
        if bot is None:
            self.forget(team)
        else:
            self._held[team] = _Held(bot, time.monotonic() + CACHED_FOR)
        return bot

    def _left(self, bot: Bot) -> float:
        """Seconds that the token is still good; one that doesn't rotate is good for ever."""
        return float("inf") if bot.bot_token_expires_at is None else bot.bot_token_expires_at - self._now()

    async def _in_time(self, team: str, bot: Bot) -> Bot:
        """The renewed bot; while the old token is still good, it does where a new one can't be had just now."""
        try:
            return await self._renew(team, bot)
        except DeliveryError:
            if self._left(bot) <= 0:
                raise
            return bot

    async def _renew(self, team: str, bot: Bot) -> Bot:
        fresh = await self._renewals.renewed(team, bot, self._wire.client(None))
        self._held[team] = _Held(fresh, time.monotonic() + CACHED_FOR, time.monotonic())
        return fresh


class _Wire:
    """One pool of connections for the clients of all workspaces. Made at first use, inside the running loop."""

    def __init__(self, api_url: str) -> None:
        self._api_url = api_url
        self._session: aiohttp.ClientSession | None = None

    def client(self, token: str | None) -> AsyncWebClient:
        """A client with this token; it costs nothing to make one."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT))
        return AsyncWebClient(token, self._api_url, session=self._session, retry_handlers=[])

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
