"""What is kept no longer goes, and nothing else."""

from datetime import timedelta

from sqlalchemy import select, update

from relay.purge import purge
from storage import follows, providers
from storage.database import Database
from storage.tables import Destination, Follow, Notice, Provider, Thread, Workspace

from .conftest import House


async def _workspace(house: House, team: str, channel: str, gone_for: timedelta | None) -> None:
    async with house.database.write() as session:
        workspace_id = await follows.workspace(session, f"slack:{team}")
        now = await providers.database_now(session)
        destination = await follows.add_destination(session, workspace_id, f"slack:{team}/{channel}", "slack", [])
        session.add(
            Follow(
                provider_id=house.provider_id, destination_id=destination.id, incidents=True, components=True,
                maintenance=True, component_ids=[], created_by="U1", created_at=now,
            )
        )  # fmt: skip
        session.add(Notice(destination_id=destination.id, kind="digest", since_at=now, plan={}))
        if gone_for is not None:
            gone = update(Workspace).where(Workspace.id == workspace_id)
            await session.execute(gone.values(uninstalled_at=now - gone_for))


async def _kept(database: Database) -> set[str]:
    async with database.read() as session:
        uris = select(Destination.uri).join(Follow, Follow.destination_id == Destination.id)
        noticed = select(Destination.uri).join(Notice, Notice.destination_id == Destination.id)
        kept = set(await session.scalars(uris))
        assert set(await session.scalars(noticed)) == kept
        return kept


async def test_a_workspace_that_was_left_long_ago_is_forgotten(house: House) -> None:
    await _workspace(house, "T1", "C1", timedelta(days=30, minutes=1))
    await _workspace(house, "T2", "C2", timedelta(days=29, hours=23))
    await _workspace(house, "T3", "C3", None)
    assert await purge(house.database) == ["slack:T1"]
    assert await _kept(house.database) == {"slack:T2/C2", "slack:T3/C3"}
    assert await purge(house.database) == []
    async with house.database.read() as session:
        assert (await session.get_one(Provider, house.provider_id)).due_at is not None


async def test_a_page_that_nobody_follows_any_more_is_left_alone(house: House) -> None:
    await _workspace(house, "T1", "C1", timedelta(days=31))
    await purge(house.database)
    async with house.database.read() as session:
        assert (await session.get_one(Provider, house.provider_id)).due_at is None
        assert (await session.scalars(select(Thread))).all() == []
