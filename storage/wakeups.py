"""Wake-ups among the processes on one PostgreSQL: who has written work down says so, those who wait look at once.

They carry nothing and may be lost: behind them is the look that everybody takes every second or so.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import NullPool

from storage.database import Database
from storage.postgresql import postgresql_engine

DELIVER, POLL = "uptimus_deliver", "uptimus_poll"
"""There may be something to tell; there may be a page to read."""
APART = 0.02
"""Seconds between two that a process sends: what happens meanwhile is said once."""
SEND_WITHIN, LAST_WITHIN = 5.0, 1.0
PING_EVERY, PING_WITHIN = 10.0, 5.0
"""A connection that is cut off without a word is noticed after so long."""
FIRST_AGAIN, LONGEST_AGAIN = 0.2, 10.0
"""Seconds before another try to listen."""

log = structlog.get_logger("wakeups")


class Wakeups:
    """Calls those who wait in this process and, once it was started, hears of the others. On SQLite nobody else is
    told: one process alone works on it.

    PostgreSQL lets transactions that notify commit one at a time, in the whole server. So none that writes does,
    which would keep the others waiting until it has reached the disk: its wake-up follows in one of its own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._calls: dict[str, list[Callable[[], None]]] = {}
        self._unsent: set[str] = set()
        self._more = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def on(self, channel: str, call: Callable[[], None]) -> None:
        """Is called for each wake-up on the channel, whoever it comes from; at least once for several."""
        self._calls.setdefault(channel, []).append(call)

    def wake(self, *channels: str) -> None:
        """What was to be done is committed. Here they look at once, elsewhere a moment later."""
        for channel in channels:
            self._look(channel)
        if not self._database.is_sqlite:
            self._unsent.update(channels)
            self._more.set()

    def start(self) -> None:
        """Begins to listen, and to tell the others in the background."""
        if not self._database.is_sqlite:
            self._tasks = [asyncio.create_task(self._send_on(), name="notify")]
            if self._calls:
                self._tasks.append(asyncio.create_task(self._listen(), name="listen"))

    async def aclose(self) -> None:
        """Says what has not been said yet."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._send(LAST_WITHIN)

    def _look(self, channel: str) -> None:
        for call in self._calls.get(channel, ()):
            call()

    async def _send_on(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            await self._send()
            await asyncio.sleep(APART)

    async def _send(self, within: float = SEND_WITHIN) -> None:
        channels, self._unsent = sorted(self._unsent), set()
        if not channels:
            return
        try:
            async with asyncio.timeout(within), self._database.engine.connect() as connection:
                alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
                for channel in channels:
                    await alone.exec_driver_sql(f"NOTIFY {channel}")
        except Exception as error:  # the database: they look by themselves before long
            log.info("wake-up not sent", error=type(error).__name__)

    async def _listen(self) -> None:
        wait = FIRST_AGAIN
        while True:
            began = monotonic()
            try:
                await self._hear()
                reason = "closed"
            except Exception as error:
                reason = type(error).__name__
            log.warning("wake-ups are not heard", reason=reason)
            if monotonic() - began > LONGEST_AGAIN:
                wait = FIRST_AGAIN
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(2 * wait, LONGEST_AGAIN)

    async def _hear(self) -> None:
        """Until the connection ends. It is one of its own: what listens can't do anything else meanwhile."""
        engine, lost = postgresql_engine(self._database.url, poolclass=NullPool), asyncio.Event()
        async with engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            try:
                await self._heard(raw, lost)
            finally:
                raw.terminate()  # to close it would wait for an answer

    async def _heard(self, raw: Any, lost: asyncio.Event) -> None:
        raw.add_termination_listener(lambda *_: lost.set())
        for channel in self._calls:
            await raw.add_listener(channel, lambda *heard: self._look(heard[2]))
        for channel in self._calls:  # what was said while nobody listened
            self._look(channel)
        log.info("wake-ups are heard", channels=sorted(self._calls))
        while not lost.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(PING_EVERY):
                    await lost.wait()
            if not lost.is_set():
                await raw.execute("SELECT 1", timeout=PING_WITHIN)
