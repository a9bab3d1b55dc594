"""What uptimus knows of Discord's channels and of what it may do there: asked once in a while."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from relay.transports.discord_errors import MISSING_ACCESS, NO_CHANNEL, NO_GUILD, RefusedError, kicked
from relay.transports.discord_permissions import (
    ANNOUNCEMENT,
    DIRECT,
    FORUMS,
    TEXT,
    THREADS,
    granted,
    lacking,
    missing,
)
from relay.transports.discord_tags import Tag
from relay.transports.discord_wire import Wire
from relay.transports.transport import DeliveryError

CACHED_FOR = 3600.0
"""Seconds. What is not true any more shows in a refusal, and is looked at anew then."""
MOST_KEPT = 20_000
_REQUIRE_TAG = 1 << 4

Json = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """A channel of a guild, or (kind DIRECT) the direct messages with a person."""

    id: str
    kind: int
    name: str
    tags: tuple[Tag, ...] = ()
    requires_tag: bool = False

    @property
    def is_forum(self) -> bool:
        """Only posts go there, which are threads."""
        return self.kind in FORUMS

    @property
    def has_threads(self) -> bool:
        """A thread can begin at a message."""
        return self.kind in (TEXT, ANNOUNCEMENT)

    @property
    def publishes(self) -> bool:
        """Its messages can be sent on to the channels that follow it."""
        return self.kind == ANNOUNCEMENT


class Places:
    """Looks channels up. `now`: a clock of its own, for tests."""

    def __init__(self, wire: Wire, now: Callable[[], float] = monotonic) -> None:
        self._wire, self._now = wire, now
        self._known: dict[str, tuple[float, Json]] = {}

    async def place(self, guild: str, channel: str, *, threads: bool) -> Place:
        """A channel in which uptimus may do what it has to. Raises DeliveryError, permanent where it may not: with
        the names of what is lacking. threads: updates are to go into threads."""
        known = f"/channels/{channel}" in self._known
        found = await self._channel(guild, channel)
        lacks = await self._lacks(guild, found, threads=threads)
        if lacks and known:  # somebody may have mended it since
            self.forget(guild, channel)
            found = await self._channel(guild, channel)
            lacks = await self._lacks(guild, found, threads=threads)
        if lacks:
            self.forget(guild, channel)
            raise DeliveryError(lacking(lacks, f"#{found.get('name')}"), permanent=True)
        return _place(found)

    async def person(self, user: str) -> Place:
        """Somebody's direct messages."""
        made = await self._wire("POST", "/users/@me/channels", {"recipient_id": user})
        return Place(str(made["id"]), DIRECT, "direct messages")

    def forget(self, guild: str, channel: str) -> None:
        """What was known of them may not be true any more."""
        for path in (f"/channels/{channel}", f"/guilds/{guild}", *self._members(guild)):
            self._known.pop(path, None)

    def _members(self, guild: str) -> list[str]:
        return [path for path in self._known if path.startswith(f"/guilds/{guild}/")]

    async def _channel(self, guild: str, channel: str) -> Json:
        try:
            found = await self._asked(f"/channels/{channel}")
        except RefusedError as refusal:
            if refusal.code in (MISSING_ACCESS, NO_CHANNEL):
                await self._look_into(guild)
            raise
        if str(found.get("guild_id")) != guild:
            raise DeliveryError("Discord: the channel is not one of that server", permanent=True)
        return found

    async def _look_into(self, guild: str) -> None:
        """A channel out of sight may be the whole guild's being out of reach."""
        self._known.pop(f"/guilds/{guild}", None)
        try:
            await self._asked(f"/guilds/{guild}")
        except RefusedError as refusal:
            raise (kicked() if refusal.code in NO_GUILD else refusal) from None

    async def _lacks(self, guild: str, channel: Json, *, threads: bool) -> list[str]:
        whole = channel
        if channel["type"] in THREADS and channel.get("parent_id"):
            whole = await self._channel(guild, str(channel["parent_id"]))
        me = await self._wire.me()
        about, member = await asyncio.gather(
            self._asked(f"/guilds/{guild}"), self._asked(f"/guilds/{guild}/members/{me}")
        )
        return missing(granted(about, member, whole), channel["type"], threads=threads)

    async def _asked(self, path: str) -> Json:
        until, found = self._known.get(path, (0.0, {}))
        if self._now() >= until:
            try:
                found = await self._get(path)
            except DeliveryError:
                self._known.pop(path, None)
                raise
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[path] = self._now() + CACHED_FOR, found
        return found

    async def _get(self, path: str) -> Json:
        kind, id, *member = path.strip("/").split("/")
        if kind == "channels":
            found = await self._wire("GET", "/channels/{channel_id}", channel_id=id)
        elif member:
            found = await self._wire("GET", "/guilds/{guild_id}/members/{user_id}", guild_id=id, user_id=member[1])
        else:
            whole = await self._wire("GET", "/guilds/{guild_id}", guild_id=id)
            roles = [{name: role[name] for name in ("id", "permissions")} for role in whole["roles"]]
            found = {"id": whole["id"], "owner_id": whole["owner_id"], "roles": roles}
        return dict(found)


def _place(found: Json) -> Place:
    tags = found.get("available_tags") or ()
    return Place(
        id=str(found["id"]),
        kind=int(found["type"]),
        name=str(found.get("name") or ""),
        tags=tuple(Tag(str(tag["id"]), str(tag["name"]), bool(tag.get("moderated"))) for tag in tags),
        requires_tag=bool(int(found.get("flags") or 0) & _REQUIRE_TAG),
    )
