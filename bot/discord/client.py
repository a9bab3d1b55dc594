"""The connection to Discord's gateway: sharded from the first day, nothing heard or kept that is not needed."""

from typing import Any

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.discord.buttons import Pressed
from bot.discord.desk import Desk
from bot.discord.events import Events
from bot.discord.tree import Tree
from bot.settings import Settings

LONGEST_PAUSE = 30.0
"""Seconds that a request waits where Discord asks for it."""


class Client(discord.AutoShardedClient):
    """`desk`: what commands and buttons ask. It keeps no members, no messages, and hears of guilds alone: no
    privileged intent is needed."""

    def __init__(self, settings: Settings, desk: Desk) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=LONGEST_PAUSE,
        )
        self.desk = desk
        self.tree = Tree(self)
        self._events = Events(desk)
        self._gateway_url = settings.discord_gateway_url
        self._ask_gateway = self.http.get_bot_gateway
        self.http.get_bot_gateway = self._gateway  # type: ignore[method-assign]
        Route.BASE = settings.discord_api_url  # one for the whole process, as discord.py has it

    async def setup_hook(self) -> None:
        """Buttons are known by their ids, also those of messages from before a restart."""
        self.add_dynamic_items(Pressed)

    async def _gateway(self) -> tuple[int, str, Any]:
        """Discord's answer, with the address from the settings; a new connection later on goes there, too."""
        shards, url, limits = await self._ask_gateway()
        url = self._gateway_url or url
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
        return shards, url, limits

    # what the gateway tells

    async def on_ready(self) -> None:
        """Every shard knows its guilds."""
        await self._events.ready(self.guilds, self.shard_count or 1)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Somebody added uptimus."""
        await self._events.joined(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Somebody removed uptimus. (A guild that Discord has an outage of is unavailable, and not removed.)"""
        await self._events.removed(guild)

    async def on_guild_update(self, before: discord.Guild, after: discord.Guild) -> None:
        """It may have another name."""
        if before.name != after.name:
            await self._events.renamed(after)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Nothing can be told there any more."""
        await self._events.deleted(channel)

    async def on_guild_channel_update(
        self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        """Something may have been allowed there."""
        if before.overwrites != after.overwrites:
            await self._events.permitted(after.guild, [after])

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """Something may have been allowed in the whole server."""
        if before.permissions != after.permissions:
            await self._events.permitted(after.guild, after.guild.channels)
