"""Renews the tokens of Slack's installs: each once, whoever asks for it, in however many processes.

A refresh token is good once, so a lease sees to it that one process alone uses it. Cancelling whoever asked does
not interrupt that: the new tokens would be lost.
"""

import asyncio
import secrets
import time

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from relay.transports.slack_errors import unsure
from relay.transports.transport import DeliveryError
from storage import leases
from storage.database import Database
from storage.installations import Installations

WITHIN = 20.0
LEASE = 30.0
LOOK_AGAIN = 0.1
"""Seconds between two looks whether another process has renewed the token that it is at."""
ANY_TIME = 10**9
"""Minutes before a token's end at which slack_sdk renews it: that it is time was decided before."""

REACH = (aiohttp.ClientError, SlackClientError, TimeoutError, OSError, ValueError, AttributeError)
"""What a call raises that Slack did not answer. The last two: the SDK on an answer that is no JSON object."""

_DEAD = frozenset(
    {
        "invalid_refresh_token",
        "token_revoked",
        "token_expired",
        "invalid_auth",
        "account_inactive",
        "invalid_grant",
    }
    | {"app_uninstalled", "team_not_found", "not_authed"}
)
"""What Slack says of a refresh token that is of no more use. (A wrong client secret is our operator's mistake.)"""

log = structlog.get_logger("slack")


class Renewals:
    """Those under way in this process."""

    def __init__(self, database: Database, installations: Installations, client_secret: str) -> None:
        self._database, self._installations, self._secret = database, installations, client_secret
        self._under_way: dict[str, asyncio.Task[Bot]] = {}
        self._holder = secrets.token_hex(8)

    async def renewed(self, team: str, stale: Bot, client: AsyncWebClient) -> Bot:
        """The bot with another token. Raises DeliveryError, permanent where there can't be one."""
        return await asyncio.shield(self.begin(team, stale, client))

    def begin(self, team: str, stale: Bot, client: AsyncWebClient) -> asyncio.Task[Bot]:
        """The renewal that is under way, or a new one. `client` has no token, and asks where the settings say."""
        name = f"slack token {stale.team_id or stale.enterprise_id}"
        task = self._under_way.get(name)
        if task is None:
            task = self._under_way[name] = asyncio.create_task(self._alone(team, stale, client, name))
            task.add_done_callback(lambda _: self._under_way.pop(name, None))
            task.add_done_callback(_logged)
        return task

    async def finish(self) -> None:
        """Waits for those that are under way."""
        if self._under_way:
            await asyncio.wait(list(self._under_way.values()), timeout=WITHIN)

    async def _alone(self, team: str, stale: Bot, client: AsyncWebClient, name: str) -> Bot:
        """One at a time: whoever comes second finds the first one's token."""
        patient_until = time.monotonic() + WITHIN
        while time.monotonic() < patient_until:
            async with self._database.write() as session:
                mine = await leases.take(session, name, self._holder, LEASE)
            try:
                bot = await self._installations.serving(team, stale.enterprise_id)
                if bot is None:
                    raise not_installed(team)
                if bot.bot_token != stale.bot_token:
                    return bot
                if mine:
                    return await self._rotated(bot, client)
            finally:
                if mine:
                    async with self._database.write() as session:
                        await leases.release(session, name, self._holder)
            await asyncio.sleep(LOOK_AGAIN)
        raise DeliveryError("Slack's token is being renewed by another process")

    async def _rotated(self, bot: Bot, client: AsyncWebClient) -> Bot:
        id = self._installations.client_id
        # with our own client: its own would ask slack.com whatever the settings say
        rotator = AsyncTokenRotator(client_id=id, client_secret=self._secret, client=client)
        try:
            fresh = await rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=ANY_TIME)
        except SlackTokenRotationError as error:
            raise _refused(error.api_error) from None
        except REACH as error:
            raise unsure(error) from None
        if fresh is None:
            raise DeliveryError("Slack gave no new token")
        await self._installations.async_save_bot(fresh)
        return fresh


def not_installed(team: str) -> DeliveryError:
    """Nothing can be sent to the workspace until somebody installs uptimus there."""
    reason = f"uptimus is not installed in the workspace {team}: install uptimus there again"
    return DeliveryError(reason, permanent=True, everywhere=True)


def dead(word: str) -> DeliveryError:
    """The install's tokens are of no more use; `word` is Slack's."""
    reason = f"Slack: uptimus's token is of no more use: install uptimus in the workspace again ({word})"
    return DeliveryError(reason, permanent=True, everywhere=True, answer=word)


def _refused(error: SlackApiError) -> DeliveryError:
    data = error.response if isinstance(error.response, dict) else getattr(error.response, "data", None)
    word = str(data.get("error", ""))[:100] if isinstance(data, dict) else ""
    if word in _DEAD:
        return dead(word)
    return DeliveryError(f"Slack did not renew uptimus's token ({word or 'no answer'})", answer=word)


def _logged(task: asyncio.Task[Bot]) -> None:
    """Nobody may be waiting for it."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.warning("slack.token_not_renewed", reason=str(error)[:200])
