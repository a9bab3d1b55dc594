"""Rows of a follow whose thread has something to tell."""

import asyncio

from sqlalchemy import select

from storage import follows, providers
from storage.database import Database
from storage.tables import Destination, Follow, Provider, Subject, Thread


async def followed(
    database: Database, uri: str, workspace: str | None = None, *, provider: str = "chargeover", subject: str = "1"
) -> int:
    """A destination with a follow and a thread that is due: the destination's id. What is there is used."""
    async with database.write() as session:
        workspace_id = await follows.workspace(session, workspace or uri.partition("/")[0])
        row = await providers.by_slug(session, provider)
        if row is None:
            row = Provider(
                slug=provider, name=provider.title(), url=f"https://{provider}.example.com", adapter="x",
                source="user", verification="pending", status="unknown", memory={}, active=False, failures=0,
                unreadable=False,
            )  # fmt: skip
            session.add(row)
            await session.flush()
        place = await follows.destination(session, workspace_id, uri)
        if place is None:
            place = await follows.add_destination(session, workspace_id, uri, "slack", [])
        now = await providers.database_now(session)
        if await follows.find(session, row.id, place.id) is None:
            wish = {"incidents": True, "components": True, "maintenance": True, "component_ids": []}
            session.add(
                Follow(provider_id=row.id, destination_id=place.id, created_by="U1", created_at=now, **wish)
            )
        about = await session.scalar(
            select(Subject).where(Subject.provider_id == row.id, Subject.external_id == subject)
        )
        if about is None:
            about = Subject(provider_id=row.id, kind="incident", external_id=subject, last_sequence=1)
            session.add(about)
            await session.flush()
        session.add(
            Thread(
                destination_id=place.id, subject_id=about.id, cursor=0, head=1, due_at=now, attempt=0, begun=False
            )
        )
        return place.id


async def state(database: Database, uri: str) -> tuple[str | None, bool]:
    """Why nothing can be sent to a destination (None: something can), and whether something is due there."""
    async with database.read() as session:
        place = (await session.scalars(select(Destination).where(Destination.uri == uri))).one()
        due = await session.scalars(
            select(Thread.id).where(Thread.destination_id == place.id, Thread.due_at.is_not(None))
        )
        return place.disabled_because, due.first() is not None


async def became(database: Database, uri: str, because: str | None) -> None:
    """Waits until nothing can be sent to a destination for this reason, or (None) until something can."""
    async with asyncio.timeout(60):
        while True:
            reason, _ = await state(database, uri)
            if (because is None and reason is None) or (because and because in (reason or "")):
                return
            await asyncio.sleep(0.01)
