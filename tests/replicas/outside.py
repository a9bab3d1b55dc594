"""Pages that nobody reads, and what is followed of them, on a database that several processes work on."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from standins.pages import incident, snapshot, update

from adapters.adapter import Reading
from adapters.schema import Incident
from relay import record
from relay.poll import pace
from storage import follows, providers, turns
from storage.database import Database
from storage.tables import Follow, Provider
from storage.wakeups import DELIVER, Wakeups


async def page(
    database: Database, slug: str, uris: Sequence[str], transport: str, sealed: Sequence[str] = (), **wish: Any
) -> int:
    """It has been read, is followed at these destinations since an hour ago, and is due in a day. sealed: what
    they sign with."""
    async with database.write() as session:
        now = await providers.database_now(session)
        row = Provider(
            slug=slug, name=slug.title(), url=f"https://{slug}.example.com", adapter="statuspage", source="user",
            verification="pending", status="unknown", memory={}, active=False, failures=0, unreadable=False,
        )  # fmt: skip
        session.add(row)
        await session.flush()
        for uri in uris:
            workspace_id = await follows.workspace(session, turns.workspace(transport, uri) or "local")
            place = await follows.add_destination(session, workspace_id, uri, transport, list(sealed))
            streams = {"incidents": True, "components": True, "maintenance": True, "component_ids": []}
            session.add(
                Follow(
                    provider_id=row.id, destination_id=place.id, created_by="U1",
                    created_at=now - timedelta(hours=1), **streams | wish,
                )
            )  # fmt: skip
        provider_id = row.id
    await says(database, slug)
    async with database.write() as session:
        again = await session.get_one(Provider, provider_id)
        again.due_at = await providers.database_now(session) + timedelta(days=1)
    return provider_id


async def says(database: Database, slug: str, *incidents: Incident) -> None:
    """The page says this, and was read by some process, which woke the others."""
    async with database.write() as session:
        provider = await providers.by_slug(session, slug)
        assert provider is not None
        await record.record_snapshot(session, provider, Reading(snapshot(*incidents), {}), pace(86400, 0))
    wakeups = Wakeups(database)
    wakeups.wake(DELIVER)
    await wakeups.aclose()


def troubles(number: int, updates: int) -> list[Incident]:
    """So many incidents, the newest first, each with so many updates."""
    return [
        incident(
            *(
                update(f"u{place}.{one}", "investigating", place + one / 60, f"Number {one} of {place}.")
                for one in range(updates)
            ),
            id_=f"inc{place}",
            title=f"Trouble {place}",
        )
        for place in reversed(range(number))
    ]
