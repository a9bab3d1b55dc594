"""Events become visible in the order of their ids: who reads them by a cursor misses none."""

import asyncio

from storage import events, listing, providers
from storage.database import Database
from storage.events import NewEvent
from storage.tables import Provider


def event(key: str) -> NewEvent:
    return NewEvent("provider.readable", key, "provider", "", None, {}, {})


async def add(database: Database, slug: str, entered: asyncio.Event, go_on: asyncio.Event) -> None:
    """Adds an event of a provider's, and commits when it is told to."""
    async with database.write() as session:
        row = Provider(
            slug=slug, name=slug, url=f"https://{slug}.example.com", adapter="x", source="user",
            verification="pending", status="unknown", memory={}, active=False, failures=0, unreadable=False,
        )  # fmt: skip
        session.add(row)
        await session.flush()
        await events.add(session, row.id, [event(slug)], await providers.database_now(session))
        entered.set()
        await go_on.wait()


async def seen(database: Database) -> list[str]:
    async with database.read() as session:
        found = await listing.events(session, after=0, provider_id=None, types=(), limit=10)
        return [(await session.get_one(Provider, one.provider_id)).slug for one in found]


async def test_an_event_is_never_seen_before_one_with_a_smaller_id(database: Database) -> None:
    first, second, hold, free = asyncio.Event(), asyncio.Event(), asyncio.Event(), asyncio.Event()
    free.set()
    slow = asyncio.create_task(add(database, "slow", first, hold))
    await first.wait()
    quick = asyncio.create_task(add(database, "quick", second, free))
    await asyncio.wait({quick}, timeout=0.5)
    assert await seen(database) == []
    hold.set()
    await asyncio.gather(slow, quick)
    assert await seen(database) == ["slow", "quick"]
