"""A bot of the real discord.py for the tests of the stand-in Discord: connected, with a few commands."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import discord
from discord import app_commands
from standins.discord import DiscordServer

NOBODY = discord.AllowedMentions.none()


class Client(discord.AutoShardedClient):
    """`tree`: its commands. It says which events it heard of in `heard`, and begins sessions without waiting."""

    def __init__(self, **options: Any) -> None:
        intents = options.pop("intents", discord.Intents(guilds=True))
        options = {"guild_ready_timeout": 0.05, "max_messages": None} | options
        super().__init__(intents=intents, allowed_mentions=NOBODY, **options)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[str] = []
        self._waiting: list[asyncio.Future[None]] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Without the five seconds between two shards; the stand-in has its `identify_window`."""

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        super().dispatch(event, *args, **kwargs)
        self.heard.append(event)
        self._wake()

    async def close(self) -> None:
        await super().close()
        self._wake()

    async def until(self, condition: Callable[[], object], within: float = 60) -> None:
        """Waits until this holds, looked at after everything that the client hears of."""
        async with asyncio.timeout(within):
            while not condition():
                news = asyncio.get_running_loop().create_future()
                self._waiting.append(news)
                await news

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for news in waiting:
            if not news.done():
                news.set_result(None)


@contextlib.asynccontextmanager
async def running(
    server: DiscordServer, client: Client | None = None, *, sync: bool = False
) -> AsyncIterator[Client]:
    """The client, ready, in front of the server. `sync`: its commands are registered first."""
    client = client or Client()
    with server.pointed_at():
        await client.login(server.token)
        if sync:
            await client.tree.sync()
        going = asyncio.create_task(client.connect())
        ready = asyncio.create_task(client.wait_until_ready())
        await asyncio.wait([going, ready], return_when=asyncio.FIRST_COMPLETED, timeout=60)
        ready.cancel()
        try:
            if going.done():
                going.result()
            yield client
        finally:
            await client.close()
            going.cancel()
            await asyncio.gather(going, ready, return_exceptions=True)
