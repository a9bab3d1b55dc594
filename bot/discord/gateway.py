"""One process at a time holds Discord's gateway, or everything would be answered twice; when it dies, another
takes over. The others wait, and try."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic

import structlog

from storage import leases
from storage.database import Database

NAME = "discord-gateway"
LEASE = 20.0
"""Seconds; with TRY, and what it takes to connect, the longest for which nobody answers after a death."""
RENEW, TRY, AGAIN = 7.0, 3.0, 10.0
"""AGAIN: after a connection that ended by itself."""
MARGIN = 3.0
"""Seconds before the end of a lease that can't be renewed at which its holder lets go."""

log = structlog.get_logger("discord")


class Gateway:
    """`connect` runs for as long as the connection is to be held; it is cancelled when that is over. It returns
    whether it makes sense to connect again."""

    def __init__(self, database: Database, connect: Callable[[], Awaitable[bool]]) -> None:
        self._database, self._connect = database, connect
        self._holder = secrets.token_hex(8)
        self._until = 0.0

    async def run(self) -> None:
        """Until it is cancelled, or there is no sense in going on."""
        while True:
            if not await self._take(RENEW):
                await asyncio.sleep(TRY)
            elif await self._hold():
                await asyncio.sleep(AGAIN)
            else:
                return

    async def _hold(self) -> bool:
        log.info("discord.gateway_held")
        connected = asyncio.ensure_future(self._connect())
        kept = asyncio.create_task(self._keep())
        try:
            await asyncio.wait({connected, kept}, return_when=asyncio.FIRST_COMPLETED)
            return connected.result() if connected.done() else True
        finally:
            for task in (connected, kept):
                task.cancel()
            await asyncio.gather(connected, kept, return_exceptions=True)
            await self._give_back()

    async def _keep(self) -> None:
        """Ends when it isn't ours any more."""
        while (left := self._left()) > 0:
            await asyncio.sleep(min(RENEW, left / 2))
            await self._take(max(0.0, self._left()))
        log.warning("discord.gateway_lost")

    def _left(self) -> float:
        """Seconds for which the holder may still speak. The last ones it needs to let go."""
        return self._until - MARGIN - monotonic()

    async def _take(self, within: float) -> bool:
        """Takes or renews it, in so many seconds. By our own clock it ends no later than by the database's: it
        is counted from before it was asked for."""
        began = monotonic()
        try:
            async with asyncio.timeout(within), self._database.write() as session:
                taken = await leases.take(session, NAME, self._holder, LEASE)
        except Exception as error:  # the database, in whichever of its libraries' words
            log.warning("discord.gateway_unsure", reason=type(error).__name__)
            return False
        self._until = began + LEASE if taken else 0.0
        return taken

    async def _give_back(self) -> None:
        with suppress(Exception):  # then it ends by itself
            async with asyncio.timeout(RENEW), self._database.write() as session:
                await leases.release(session, NAME, self._holder)
