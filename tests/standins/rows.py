"""Rows of a page that has been read for a hundred days, of its components, and of its incidents."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from storage.database import Database
from storage.tables import Component, Provider

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def provider(database: Database, slug: str = "chargeover", **given: object) -> int:
    """A row of a page that has been read for a hundred days."""
    values = {
        "slug": slug, "name": slug.title(), "url": f"https://{slug}.example", "adapter": "statuspage",
        "source": "user", "verification": "pending", "status": "operational", "memory": {}, "active": False,
        "failures": 0, "unreadable": False, "first_read_at": NOW - 100 * DAY, "last_read_at": NOW,
        "observed_since": NOW - 5 * DAY,
    }  # fmt: skip
    async with database.write() as session:
        found = await session.scalars(insert(Provider).returning(Provider.id), [values | given])
        return int(found.one())


async def component(database: Database, provider_id: int, name: str, **given: object) -> int:
    """A component of it that was there from the first read."""
    values = {
        "provider_id": provider_id, "external_id": name, "position": 0, "name": name, "status": "operational",
        "told_status": "operational", "first_seen_at": NOW - 100 * DAY,
    }  # fmt: skip
    async with database.write() as session:
        found = await session.scalars(insert(Component).returning(Component.id), [values | given])
        return int(found.one())


def case(provider_id: int, external_id: str, **given: object) -> dict[str, object]:
    """What incidents and maintenances have in common."""
    return {
        "provider_id": provider_id, "external_id": external_id, "title": "Trouble", "component_ids": [],
        "updates": [], "ever_component_ids": [], "revision": 0, "missing": 0, "removed": False,
        "first_seen_at": NOW - 100 * DAY,
    } | given  # fmt: skip
