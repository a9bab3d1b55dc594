"""One place in Discord, and the calls that a telling makes there: repeated, they post nothing twice."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from relay.transports.discord_embeds import plainer, unsaid
from relay.transports.discord_errors import (
    ALREADY_PUBLISHED,
    BLOCKED,
    FULL,
    HAS_THREAD,
    MALFORMED,
    MISSING_PERMISSIONS,
    NO_CHANNEL,
    NO_MESSAGE,
    SHUT,
    UNCHANGEABLE,
    RefusedError,
)
from relay.transports.discord_places import Place
from relay.transports.discord_wire import Wire
from relay.transports.transport import DeliveryError

A_WEEK = 10080
"""Minutes without news after which Discord archives a thread by itself: the longest that it knows."""
CLOCKS_DIFFER = timedelta(seconds=30)

_CROSSPOSTED = 1 << 0
_EPOCH = 1_420_070_400_000
_MESSAGES = "/channels/{channel_id}/messages"
_MESSAGE = _MESSAGES + "/{message_id}"

Message = dict[str, Any]


@dataclass
class Room:
    """A channel of a guild for the time of one telling. `since`: nothing that tells of it was posted before.
    `may_be_there`: an earlier try may have posted it so long ago that Discord has forgotten its nonce."""

    wire: Wire
    guild: str
    place: Place
    since: datetime
    may_be_there: bool = False
    woken: set[str] = field(default_factory=set)
    """Threads that were archived before and are not now."""

    async def post(self, channel: str, message: Message, nonce: str, *, below: str | None = None) -> str:
        """A new message in the channel or a thread of it, as an answer to the one `below` which it stands; its id.
        The same nonce posts it once."""
        if self.may_be_there and (there := await self._there(channel, message)) is not None:
            return there
        more: Message = {"nonce": nonce[:25], "enforce_nonce": True}
        if below is not None:
            more["message_reference"] = {"message_id": below, "fail_if_not_exists": False}
        made = await self._plainer("POST", _MESSAGES, message, more, channel_id=channel)
        return str(made["id"])

    async def edit(self, channel: str, id: str, message: Message) -> Message | None:
        """Changes a message; None when it is not there any more. One that Discord won't change now stays as it
        is. An archived thread is opened for it."""
        try:
            return await self._edited(channel, id, message)
        except RefusedError as refusal:
            if refusal.code not in SHUT:
                raise
        if not await self.open_thread(channel):
            return {}
        return await self._edited(channel, id, message)

    async def _edited(self, channel: str, id: str, message: Message) -> Message | None:
        quiet = message | {"allowed_mentions": {"parse": []}}
        try:
            made = await self._plainer("PATCH", _MESSAGE, quiet, {}, channel_id=channel, message_id=id)
        except RefusedError as refusal:
            if refusal.code in (NO_MESSAGE, NO_CHANNEL):
                return None
            if refusal.code not in UNCHANGEABLE and not refusal.uncounted:
                raise
            return {}
        except DeliveryError as error:
            if not error.uncounted:
                raise
            return {}  # the bucket for edits of old messages is small: the news does not wait for it
        return dict(made)

    async def publish(self, message: Message) -> None:
        """Sends an announcement on to the channels that follow this one, once; a courtesy that may fail."""
        if int(message.get("flags") or 0) & _CROSSPOSTED:
            return
        try:
            path = _MESSAGE + "/crosspost"
            await self.wire("POST", path, channel_id=self.place.id, message_id=str(message["id"]))
        except RefusedError as refusal:
            if refusal.code != ALREADY_PUBLISHED and refusal.everywhere:
                raise
        except DeliveryError:
            return

    # threads

    async def start_thread(self, message: str, name: str) -> str | None:
        """The thread that begins at a message: a new one, or the one that is there. None: the guild has no room
        for one, or none can begin here."""
        body = {"name": name, "auto_archive_duration": A_WEEK}
        try:
            path = _MESSAGE + "/threads"
            made = await self.wire("POST", path, body, channel_id=self.place.id, message_id=message)
        except RefusedError as refusal:
            if refusal.code == HAS_THREAD:
                return message
            if refusal.code in FULL or refusal.code == NO_MESSAGE:
                return None
            raise
        return str(made["id"])

    async def thread(self, id: str) -> Message | None:
        """A thread as it is now; None when it is not there any more."""
        try:
            return dict(await self.wire("GET", "/channels/{channel_id}", channel_id=id))
        except RefusedError as refusal:
            if refusal.code != NO_CHANNEL:
                raise
            return None

    async def open_thread(self, id: str, **more: Any) -> bool:
        """Un-archives a thread; False where a moderator has locked it, or the guild has no room for it."""
        opened = await self._change(id, {"archived": False, **more})
        if opened:
            self.woken.add(id)
        return opened

    async def set_tags(self, id: str, tags: list[str]) -> bool:
        """Changes what a post is filed under; False where it is locked."""
        return await self._change(id, {"applied_tags": tags})

    async def close_thread(self, id: str) -> None:
        """Archives a thread: nobody waits for news there. A courtesy that may fail."""
        try:
            await self._change(id, {"archived": True})
        except DeliveryError as error:
            if error.everywhere:
                raise

    async def _change(self, id: str, changes: Message) -> bool:
        try:
            await self.wire("PATCH", "/channels/{channel_id}", changes, channel_id=id)
        except RefusedError as refusal:
            if refusal.code in SHUT | FULL | {MISSING_PERMISSIONS, NO_CHANNEL}:
                return False
            raise
        return True

    # forum posts

    async def open_post(self, name: str, message: Message, tags: list[str], thread_id: int | None) -> str:
        """A new post in the forum, the id of it and of its first message. It has no nonce: one of ours that an
        earlier try made is known by its buttons."""
        if (there := await self._own_post(thread_id)) is not None:
            return there
        body = {"name": name, "auto_archive_duration": A_WEEK, "applied_tags": tags}
        made = await self._plainer(
            "POST", "/channels/{channel_id}/threads", message, body, inside="message", channel_id=self.place.id
        )
        return str(made["id"])

    async def _own_post(self, thread_id: int | None) -> str | None:
        if thread_id is None:
            return None
        active = await self.wire("GET", "/guilds/{guild_id}/threads/active", guild_id=self.guild)
        me, oldest = await self.wire.me(), int(self._oldest())
        for one in active["threads"]:
            ours = one["parent_id"] == self.place.id and one["owner_id"] == me
            fresh = int(one["id"]) >= oldest and not one["thread_metadata"]["locked"]
            if ours and fresh and await self._is_about(str(one["id"]), thread_id):
                return str(one["id"])
        return None

    async def _is_about(self, post: str, thread_id: int) -> bool:
        try:
            first = await self.wire("GET", _MESSAGE, channel_id=post, message_id=post)
        except RefusedError:
            return False
        pressed = [one.get("custom_id") for row in first["components"] for one in row.get("components", ())]
        return f"uptimus:details:{thread_id}" in pressed

    # what went out already

    async def _there(self, channel: str, message: Message) -> str | None:
        """The message as an earlier try posted it, where one did."""
        query = {"after": self._oldest(), "limit": "100"}
        try:
            found = await self.wire("GET", _MESSAGES, query=query, channel_id=channel)
        except RefusedError:
            return None
        me = await self.wire.me()
        same = (one for one in found if one["author"]["id"] == me and _said(one) == _said(message))
        return next((str(one["id"]) for one in same), None)

    def _oldest(self) -> str:
        """The id that a message of just before the telling's event would have."""
        at = self.since - CLOCKS_DIFFER
        return str(max(0, int(at.timestamp() * 1000) - _EPOCH) << 22)

    async def _plainer(
        self, method: str, path: str, message: Message, more: Message, *, inside: str | None = None, **names: str
    ) -> Message:
        """As it is; where Discord finds a fault in it, once more as plain text, and where a server's AutoMod does
        not like its words, without them: that there is news must not be lost."""

        async def sent(shown: Message) -> Message:
            body = {inside: shown, **more} if inside else shown | more
            return dict(await self.wire(method, path, body, query=None, **names))

        try:
            return await sent(message)
        except RefusedError as refusal:
            if refusal.code not in MALFORMED | BLOCKED:
                raise
            other = unsaid if refusal.code in BLOCKED else plainer
        return await sent(other(message))


def _said(message: Message) -> tuple[str, list[str]]:
    texts = [str(embed.get("description") or "").strip() for embed in message.get("embeds") or ()]
    return str(message.get("content") or "").strip(), texts
