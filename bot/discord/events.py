"""What Discord tells of its servers and channels: uptimus was added or removed, a channel is gone, something was
allowed. Each may be told twice, and some of it not at all: what happened while nobody listened is seen at the next
start, or when the next message is refused."""

from collections.abc import Awaitable, Sequence

import discord
import structlog

from bot.closing import close_place
from bot.discord.desk import Desk
from bot.discord.permits import missing_in
from storage import channels, workspaces

INVITE_AGAIN = "invite it again"
"""Stands in the reason of what is disabled because uptimus was removed, also where a message was refused."""
REMOVED = f"uptimus was removed from the server: {INVITE_AGAIN}"
DELETED = "the channel was deleted: follow from another channel"
FORBIDDEN = "in the channel's settings"
"""Stands in the reason of what is disabled because something is not allowed there."""

log = structlog.get_logger("discord")


class Events:
    """Nothing is raised: what goes wrong is logged."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._database = desk, desk.services.database

    async def ready(self, guilds: Sequence[discord.Guild], shards: int) -> None:
        """All guilds are known: what we remember of them is brought into line."""
        log.info("discord.ready", guilds=len(guilds), shards=shards)
        await self._safely("ready", self._in_line({f"discord:{one.id}": one for one in guilds}))

    async def joined(self, guild: discord.Guild) -> None:
        """What it followed before is told again, unless that is too long ago."""
        await self._safely("guild_join", self._come_back(f"discord:{guild.id}", guild.name))

    async def removed(self, guild: discord.Guild) -> None:
        """Nothing is told there any more; what it follows is kept for a while."""
        await self._safely("guild_remove", self._leave(f"discord:{guild.id}"))

    async def renamed(self, guild: discord.Guild) -> None:
        """Its name, where we know it."""
        await self._safely("guild_update", self._name(f"discord:{guild.id}", guild.name))

    async def deleted(self, channel: discord.abc.GuildChannel) -> None:
        """Those who follow in it are told, once."""
        await self._safely("channel_delete", close_place(self._desk.services, _uri(channel), DELETED))

    async def permitted(self, guild: discord.Guild, changed: Sequence[discord.abc.GuildChannel]) -> None:
        """Where uptimus lacked a permission and lacks none any more, it tells what waits."""
        await self._safely("permitted", self._enable(changed))

    async def _safely(self, what: str, work: Awaitable[None]) -> None:
        await self._desk.attempt(what, work)

    async def _in_line(self, guilds: dict[str, discord.Guild]) -> None:
        async with self._database.read() as session:
            known = await workspaces.known(session, "discord")
        for one in known:
            guild = guilds.get(one.key)
            if guild is None:
                await self._leave(one.key)
            elif one.uninstalled_at is not None:
                await self._come_back(one.key, guild.name)
            elif guild.name and guild.name != one.name:
                await self._name(one.key, guild.name)

    async def _come_back(self, key: str, name: str) -> None:
        async with self._database.write() as session:
            again = await workspaces.come_back(session, key, INVITE_AGAIN)
            await workspaces.seen(session, key, name=name)
        log.info("discord.joined", guild=key, destinations=again)
        self._desk.services.wake()

    async def _leave(self, key: str) -> None:
        async with self._database.write() as session:
            await workspaces.leave(session, key, REMOVED)
        log.info("discord.left", guild=key)

    async def _name(self, key: str, name: str) -> None:
        async with self._database.write() as session:
            if await workspaces.by_key(session, key) is not None:
                await workspaces.seen(session, key, name=name)

    async def _enable(self, changed: Sequence[discord.abc.GuildChannel]) -> None:
        places = {_uri(one): one for one in changed}
        async with self._database.read() as session:
            closed = await channels.disabled(session, list(places), FORBIDDEN)
        mended = [uri for uri in closed if not missing_in(places[uri])]
        async with self._database.write() as session:
            for uri in mended:
                await channels.enable(session, await channels.at(session, uri), FORBIDDEN)
        if mended:
            self._desk.services.wake()


def _uri(channel: discord.abc.GuildChannel) -> str:
    return f"discord:{channel.guild.id}/{channel.id}"
