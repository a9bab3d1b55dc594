"""The parts that tell, on a database that a test breaks: real webhooks to a real receiver."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from replicas.outside import says, troubles
from sqlalchemy import func, select, update
from standins.receiver import Received

from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.transports.transport import Transport
from relay.transports.webhook import WebhookTransport
from storage.claims import PARKED
from storage.database import Database, from_now
from storage.tables import Destination, Thread

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@asynccontextmanager
async def telling(
    database: Database, metrics: Metrics, others: Mapping[str, Transport] | None = None, **given: Any
) -> AsyncIterator[Deliverer]:
    """Tells webhooks, and what the others tell, while it lasts."""
    webhook = WebhookTransport(user_agent="test", allow_private_networks=True)
    transports = {"webhook": webhook, **(others or {})}
    parts = Deliverer(database, transports, metrics=metrics, open_secret=str, idle_wait=0.05, **given)
    parts.start()
    try:
        yield parts
    finally:
        await parts.aclose()
        await webhook.aclose()


async def grows(database: Database, *, incidents: int, updates: int, slug: str = "stormy") -> None:
    """On its page so many incidents get so many updates, one after the other: each is an event."""
    for number in range(1, updates + 1):
        await says(database, slug, *troubles(incidents, number))


def told(received: Sequence[Received]) -> dict[tuple[str, str], list[int]]:
    """Of each incident at each place: the numbers of its events, as they arrived."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in received:
        found[one.path, one.event["data"]["incident"]["id"]].append(one.event["sequence"])
    return found


async def hasten(database: Database) -> None:
    """What waits for its next try, or for its destination, is due now."""
    async with database.write() as session:
        waits = Thread.due_at.is_not(None), Thread.token.is_(None) | (Thread.token == PARKED)
        await session.execute(update(Thread).where(*waits).values(due_at=from_now(), token=None))
    async with database.write() as session:  # in the order in which those who tell lock them, and nothing before
        paused = select(Destination.id).where(Destination.paused_until.is_not(None)).order_by(Destination.id)
        ids = (await session.scalars(paused.with_for_update())).all()
        ended = update(Destination).where(Destination.id.in_(ids))
        await session.execute(ended.values(paused_until=from_now(), pauses=1))


async def left(database: Database) -> int:
    """How many threads have something to tell."""
    async with database.read() as session:
        return await session.scalar(select(func.count()).where(Thread.due_at.is_not(None))) or 0


async def settled(database: Database, parts: Deliverer, within: float = 60.0) -> None:
    """Waits until everything is told or given up, and lets no further try wait."""
    async with asyncio.timeout(within):
        while await left(database):
            await hasten(database)
            parts.wake()
            await asyncio.sleep(0.05)
