"""Forgets what is kept no longer. Meant to be called every hour or so."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from relay.transports.webpush_message import GONE
from storage import notes, providers, pruning, pushes, signals, workspaces
from storage.database import Database
from storage.tables import Event, Thread

KEEP_DAYS = 30
EVENTS_KEPT_DAYS = 90
"""At least: what happened can be looked up for so long, whatever was told of it."""
BATCH = 1000
STRETCH = 10_000
"""Rows of a table that are looked through at once."""
BREATH = 0.05
"""Seconds between two batches, for whoever waits to write."""

log = structlog.get_logger("purge")


async def purge(database: Database, *, keep_days: int = KEEP_DAYS, batch: int = BATCH) -> list[str]:
    """Drops what workspaces follow that uptimus was removed from long ago, and browsers that can't be told any
    more, and leaves the pages alone that nobody follows any more; makes numbers of what users reported. Then
    forgets deliveries that ended more than `keep_days` ago, threads that are over, and old events, in batches. The
    workspaces' keys."""
    async with database.write() as session:
        forgotten = await workspaces.forget_old(session)
        await notes.forget_old(session)
        await pushes.remove_gone(session, GONE)
    await _fold(database, batch)
    for key in forgotten:
        log.info("workspace forgotten", workspace=key)
    await _prune(database, keep_days, batch)
    return forgotten


async def _prune(database: Database, keep_days: int, batch: int) -> None:
    forgotten = {
        "deliveries": await _deliveries(database, keep_days, batch),
        "threads": await _walk(database, Thread, pruning.idle_threads, pruning.remove_threads, keep_days, batch),
        "events": await _walk(
            database, Event, pruning.old_events, pruning.remove_events, max(keep_days, EVENTS_KEPT_DAYS), batch
        ),
    }
    if any(forgotten.values()):
        log.info("forgotten", **forgotten)


async def _fold(database: Database, batch: int) -> None:
    """What users reported on days that are over."""
    while True:
        async with database.write() as session:
            if await signals.fold(session, await providers.database_now(session), batch) < batch:
                return
        await asyncio.sleep(BREATH)


async def _deliveries(database: Database, days: int, batch: int) -> int:
    forgotten = 0
    while True:
        async with database.write() as session:
            number = await pruning.deliveries(session, days, batch)
        forgotten += number
        if number < batch:
            return forgotten
        await asyncio.sleep(BREATH)


async def _walk(
    database: Database,
    table: type[Thread] | type[Event],
    find: Callable[[AsyncSession, float, range], Awaitable[Sequence[int]]],
    remove: Callable[[AsyncSession, Sequence[int]], Awaitable[int]],
    days: int,
    batch: int,
) -> int:
    """Looks for what may go, stretch by stretch, without holding up anybody, and removes it part by part."""
    forgotten = 0
    async with database.read() as session:
        rest = await pruning.numbers(session, table)
    while rest:
        stretch, rest = rest[:STRETCH], rest[STRETCH:]
        async with database.read() as session:
            ids = await find(session, days, stretch)
        for first in range(0, len(ids), batch):
            async with database.write() as session:
                forgotten += await remove(session, ids[first : first + batch])
            await asyncio.sleep(BREATH)
    return forgotten
