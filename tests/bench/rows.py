"""What stands in the database before something is measured: providers, who follows them, a year of history."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select, update

from storage import follows, providers
from storage.database import Database, from_now
from storage.tables import Follow, Incident, Provider, Span


async def add_providers(
    database: Database,
    address: str,
    number: int,
    *,
    workspace: str = "local",
    places: Sequence[str] = ("console:",),
) -> None:
    """So many pages, each followed in one of the places, by turns."""
    async with database.write() as session:
        workspace_id = await follows.workspace(session, workspace)
        destinations = [
            await follows.add_destination(session, workspace_id, uri, uri.partition(":")[0], []) for uri in places
        ]
        now = await providers.database_now(session)
        await session.execute(
            insert(Provider),
            [
                {
                    "slug": f"provider-{place}", "name": f"Provider {place}", "url": f"{address}/p/{place}",
                    "adapter": "statuspage", "source": "user", "verification": "pending", "status": "unknown",
                    "memory": {}, "due_at": now, "active": False, "failures": 0, "unreadable": False,
                }
                for place in range(number)
            ],
        )  # fmt: skip
        ids = list(await session.scalars(select(Provider.id).order_by(Provider.id)))
        rows = [follow(id_, destinations[place % len(places)].id, now) for place, id_ in enumerate(ids)]
        await session.execute(insert(Follow), rows)


def follow(provider_id: int, destination_id: int, now: datetime) -> dict[str, object]:
    """The row of a follow."""
    return {
        "provider_id": provider_id, "destination_id": destination_id, "incidents": True, "components": True,
        "maintenance": True, "component_ids": [], "created_by": "", "created_at": now,
    }  # fmt: skip


async def everything_due(database: Database) -> None:
    """Every page is to be read now."""
    async with database.write() as session:
        await session.execute(update(Provider).values(due_at=from_now(-1)))


async def read_since(database: Database, moment: datetime) -> int:
    """How many pages were read since then."""
    async with database.read() as session:
        count = await session.scalar(
            select(func.count()).select_from(Provider).where(Provider.last_read_at > moment)
        )
    return count or 0


async def add_history(database: Database, *, incidents: bool = True) -> None:
    """A year: an incident a fortnight and a change of status a week, for each provider. Without the incidents for
    pages that are to be read: they would be taken to have lost them."""
    now = datetime.now(UTC)
    async with database.write() as session:
        ids = list(await session.scalars(select(Provider.id)))
        for start in range(0, len(ids), 250):
            some = ids[start : start + 250]
            if incidents:
                past = [_past(id_, week, now) for id_ in some for week in range(0, 52, 2)]
                await session.execute(insert(Incident), past)
            await session.execute(
                insert(Span),
                [
                    {"provider_id": id_, "component_id": None, "status": "operational",
                     "from_at": now - timedelta(weeks=week + 1), "until_at": now - timedelta(weeks=week)}
                    for id_ in some
                    for week in range(52)
                ],
            )  # fmt: skip
        await session.execute(update(Provider).values(status="operational", last_read_at=now, first_read_at=now))
        await session.execute(update(Provider).where(Provider.id % 50 == 0).values(status="degraded"))


def _past(provider_id: int, week: int, now: datetime) -> dict[str, object]:
    began = now - timedelta(weeks=week, hours=3)
    return {
        "provider_id": provider_id, "external_id": f"i{week}", "title": "Slow answers", "impact": "minor",
        "phase": "resolved", "started_at": began, "resolved_at": began + timedelta(hours=1), "component_ids": [],
        "updates": [], "ever_component_ids": [], "revision": 0, "missing": 0, "removed": False,
        "first_seen_at": began,
    }  # fmt: skip
