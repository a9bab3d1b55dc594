"""One channel in Slack, and the calls that a telling makes there: paced, timed out, renewed, told plainly."""

import asyncio
from dataclasses import dataclass
from typing import Any, NoReturn

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from relay.transports.slack_clients import Clients
from relay.transports.slack_errors import (
    DEAD,
    EXPIRED,
    GONE,
    MALFORMED,
    UNCHANGEABLE,
    RefusedError,
    refused,
    unsure,
)
from relay.transports.slack_pace import Pace
from relay.transports.transport import DeliveryError

PATIENCE = 5.0
"""Seconds that a call waits for its turn inside a telling; beyond them its thread is due again later."""

Message = dict[str, Any]


@dataclass(frozen=True)
class Room:
    """A channel (or, for direct messages, a person) of a workspace. `attempt` is the telling's."""

    clients: Clients
    pace: Pace
    timeout: float
    team: str
    channel: str
    attempt: int = 1

    async def post(self, message: Message, metadata: Message | None = None, **more: Any) -> str:
        """A new message; its ts."""
        quiet: Message = {"unfurl_links": False, "unfurl_media": False}
        quiet |= {"metadata": metadata} if metadata else {}
        return str((await self._plainer("chat.postMessage", message | quiet | more))["ts"])

    async def update(self, ts: str, message: Message, metadata: Message) -> bool:
        """Changes a message; False when it is not there any more. One that Slack won't change stays as it is."""
        try:
            await self._plainer("chat.update", message | {"ts": ts, "metadata": metadata})
        except RefusedError as refusal:
            if refusal.error in GONE:
                return False
            if refusal.error not in UNCHANGEABLE:
                raise
        return True

    async def _plainer(self, method: str, message: Message) -> Any:
        """As blocks, and once more as plain text where Slack finds a fault in them: the news must not be lost."""
        try:
            return await self._in_turn(method, message)
        except RefusedError as refusal:
            if refusal.error not in MALFORMED:
                raise
        plain = {name: value for name, value in message.items() if name not in ("blocks", "metadata")}
        if method == "chat.update":  # left out, the blocks that are there may stay, and hide the text
            plain["blocks"] = []
        return await self._in_turn(method, plain)

    async def _in_turn(self, method: str, arguments: Message) -> Any:
        """Once more with another token, where Slack does not take this one (any more) and there is another."""
        if method == "chat.postMessage":
            await self.pace.post(self.team, self.channel, PATIENCE)
        else:
            await self.pace.call(self.team, method, PATIENCE)
        client = await self.clients(self.team)
        try:
            return await self._call(client, method, arguments)
        except RefusedError as refusal:
            if refusal.error not in DEAD:
                raise
            other = await self._other(client, refusal)
        return await self._call(other, method, arguments)

    async def _other(self, failed: AsyncWebClient, refusal: RefusedError) -> AsyncWebClient:
        """It has expired; or somebody installed the app again, of which this process has not heard."""
        try:
            return await self.clients.renewed(self.team, failed)
        except DeliveryError as error:
            said = error if refusal.error in EXPIRED or not error.permanent else refusal
            raise said from None

    async def _call(self, client: AsyncWebClient, method: str, arguments: Message) -> Any:
        try:
            async with asyncio.timeout(self.timeout):
                return await client.api_call(method, json={"channel": self.channel, **arguments})
        except SlackApiError as error:
            self._refuse(method, error)
        except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError, ValueError, AttributeError) as error:
            # the last two: the SDK on an answer that is no JSON object
            raise unsure(error) from None

    def _refuse(self, method: str, error: SlackApiError) -> NoReturn:
        refusal = refused(error, self.attempt)
        if refusal.uncounted:
            self.pace.hold(self.team, method, refusal.retry_after or 1.0)
        raise refusal from None
