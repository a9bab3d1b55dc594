"""A strict stand-in of Discord on 127.0.0.1: any number of guilds, REST under /api/v10, the gateway under /gw.

It refuses what Discord refuses and counts what Discord counts. What Discord would swallow but nobody should send
(a ping that nobody meant, a key that Discord doesn't know, two sessions of one shard) is a violation:
`assert_clean()` fails the test that caused it.

    async with DiscordServer() as server:
        with server.pointed_at():  # the real discord.py, in this process
            …
        print(server.transcript(server.channel))
        server.assert_clean()

What it is made of: guilds and people (`discord_state`, `discord_guild`, `discord_channel`), requests
(`discord_rest`, `discord_limits`, `discord_spec`), their routes (`discord_messages`, `discord_threads`,
`discord_commands`, `discord_lookups`), the gateway (`discord_gateway`), what people do (`discord_people`) with the
bot's answers to it (`discord_answers`), and what happens around it (`discord_happenings`).
"""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Self

from aiohttp import web
from standins.discord_answers import ACK_LIMIT
from standins.discord_channel import Channel, Message, Tag
from standins.discord_errors import Refusal
from standins.discord_guild import Guild, User
from standins.discord_happenings import Happenings
from standins.discord_interaction import TOKEN_LIFE, Interaction, NotAnsweredError
from standins.discord_messages import NONCE_LIFE
from standins.discord_people import People
from standins.discord_rest import HANG, POSTED_BUT_500, POSTED_BUT_CUT
from standins.discord_routes import Call
from standins.discord_session import Session

__all__ = [
    "ACK_LIMIT",
    "HANG",
    "NONCE_LIFE",
    "POSTED_BUT_500",
    "POSTED_BUT_CUT",
    "TOKEN_LIFE",
    "Call",
    "Channel",
    "DiscordServer",
    "Guild",
    "Interaction",
    "Message",
    "NotAnsweredError",
    "Refusal",
    "Session",
    "Tag",
    "User",
]


class DiscordServer(Happenings, People):
    """Options, each with a default: those of the classes in `discord_rest`, `_messages`, `_answers`, `_gateway`.

    `now`; `pace`, `invalid`, `check_answers`; `most_threads`; `ack_limit`; `shards`, `max_concurrency`,
    `identify_window`, `starts`, `approved`, `heartbeat`.
    """

    port = 0

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=32 * 2**20)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        app.router.add_get("/gw", self._socket)
        app.router.add_get("/gw/", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        self.cut(1001)
        await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        """For DISCORD_API_URL."""
        return f"http://127.0.0.1:{self.port}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gw"

    @contextlib.contextmanager
    def pointed_at(self) -> Iterator[None]:
        """Within it the discord.py of this process speaks to this server, and to the real one after it."""
        from standins.discord_hooks import pointed_at  # a bot in another process needs no discord.py here

        with pointed_at(self.api_url, self.gateway_url, f"http://127.0.0.1:{self.port}/cdn"):
            yield


async def _serve() -> None:
    """By itself, for a person who wants to look: prints the settings that point uptimus here."""
    async with DiscordServer() as server:
        print(f"DISCORD_API_URL={server.api_url}\nDISCORD_GATEWAY_URL={server.gateway_url}")
        print(f"DISCORD_TOKEN={server.token}\n# discord:{server.guild.id}/{server.channel.id}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve())
