"""Tells events in Discord: one message per subject that is kept up to date, and a thread with each update.

Every message carries the delivery's name as its nonce: a try that follows a lost answer, in another process too,
posts nothing twice. Whatever can be repeated without harm (edits) is done before what is told.
"""

import asyncio
from datetime import UTC, datetime, timedelta

from relay.bulletin import Bulletin
from relay.manner import Shape
from relay.transports.bucket import Bucket
from relay.transports.discord_bulletin import bulletin_message
from relay.transports.discord_errors import MISSING_ACCESS, NO_CHANNEL, PERMISSIONS, RefusedError
from relay.transports.discord_places import Places
from relay.transports.discord_room import Room
from relay.transports.discord_subject import digest
from relay.transports.discord_telling import tell
from relay.transports.discord_text import THREAD_NAME, label
from relay.transports.discord_wire import CALL_TIMEOUT, Wire
from relay.transports.transport import DeliveryError, Sent, Telling

SEND_TIMEOUT = 19.0
NONCE_LASTS = timedelta(seconds=100)
"""For "the past few minutes" Discord knows a message by its nonce."""


class DiscordTransport:
    """A Transport. Addresses are GUILD/CHANNEL; announcements also go to GUILD/USER, as direct messages.

    Its references are the ids `MESSAGE`, or `MESSAGE/THREAD` for one with a thread (a forum's post: twice the
    same), for one that began late with `+` and how many updates that message retells. The message that carried an
    event is `MESSAGE` in the channel and `MESSAGE/THREAD` in a thread.

    Of an announcement channel the first message is published where a follow wants its news in threads and channel.
    """

    is_chat = True
    at_once = 1

    def __init__(
        self,
        token: str,
        api_url: str | None = None,
        timeout: float = CALL_TIMEOUT,
        bucket: Bucket | None = None,
    ) -> None:
        self._wire = Wire(token, api_url, timeout, bucket)
        self._places = Places(self._wire)

    async def turn(self, address: str) -> None:
        """There is nothing to wait for: discord.py keeps to Discord's limits inside of each call."""

    async def send(self, telling: Telling) -> Sent:
        """Tells one event; raises DeliveryError."""
        guild, channel = _ids(telling.address)
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                return await self._told(telling, guild, channel)
        except TimeoutError:
            raise DeliveryError("Discord did not answer in time") from None

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        """A message of its own in a channel, or to a person; raises DeliveryError."""
        guild, channel = _ids(address)
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                return await self._announced(guild, channel, bulletin)
        except TimeoutError:
            raise DeliveryError("Discord did not answer in time") from None

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()

    async def _told(self, telling: Telling, guild: str, channel: str) -> Sent:
        if telling.muted and telling.reference is None:
            return Sent()
        threads = telling.shape != Shape.CHANNEL
        place = await self._places.place(guild, channel, threads=threads)
        since = telling.event.seen_at
        forgotten = telling.attempt > 1 and datetime.now(UTC) - since > NONCE_LASTS
        room = Room(self._wire, guild, place, since, forgotten)
        try:
            return await tell(room, telling)
        except RefusedError as refusal:
            self._places.forget(guild, channel)
            if refusal.code in PERMISSIONS | {MISSING_ACCESS, NO_CHANNEL}:
                await self._places.place(guild, channel, threads=threads)  # says what is lacking, if anything
            raise

    async def _announced(self, guild: str, channel: str, bulletin: Bulletin) -> Sent:
        try:
            place = await self._places.place(guild, channel, threads=False)
        except RefusedError as refusal:
            if refusal.code != NO_CHANNEL:
                raise
            place = await self._places.person(channel)
        room = Room(self._wire, guild, place, datetime.now(UTC))
        message = bulletin_message(bulletin, guild)
        if place.is_forum:
            tags = [tag.id for tag in place.tags if not tag.moderated][:1] if place.requires_tag else []
            post = await room.open_post(label(bulletin.text, THREAD_NAME) or "uptimus", message, tags, None)
            return Sent(reference=f"{post}/{post}", message=f"{post}/{post}")
        posted = await room.post(place.id, message, digest(f"{channel} {bulletin}"))
        return Sent(reference=posted, message=posted)


def _ids(address: str) -> tuple[str, str]:
    guild, _, channel = address.partition("/")
    if not guild.isdecimal() or not channel.isdecimal():
        raise DeliveryError(f"{address!r} is not GUILD/CHANNEL", permanent=True)
    return guild, channel
