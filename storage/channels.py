"""What becomes of destinations when the place that they name changes: archived, gone, back, another address."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import threads
from storage.tables import Destination, Follow, Notice, Thread


async def at(session: AsyncSession, uri: str) -> Sequence[int]:
    """The ids of the destinations with this address, whoever made them."""
    return (await session.scalars(select(Destination.id).where(Destination.uri == uri))).all()


async def disabled(session: AsyncSession, uris: Sequence[str], because: str) -> set[str]:
    """Those of the addresses at which something was disabled for this reason (it stands in theirs)."""
    found = await session.scalars(
        select(Destination.uri).where(
            Destination.uri.in_(uris),
            Destination.disabled_at.is_not(None),
            Destination.disabled_because.contains(because, autoescape=True),
        )
    )
    return set(found)


async def enable(session: AsyncSession, destination_ids: Sequence[int], because: str) -> list[int]:
    """Brings those of them back that were disabled for this reason (it stands in theirs), and no others: what
    waits in their threads is due now. Their ids."""
    found = await session.scalars(
        select(Destination.id).where(
            Destination.id.in_(destination_ids),
            Destination.disabled_at.is_not(None),
            Destination.disabled_because.contains(because, autoescape=True),
        )
    )
    enabled = list(found)
    for destination_id in enabled:
        await threads.enable(session, destination_id)
    return enabled


async def move(session: AsyncSession, old_uri: str, new_uri: str) -> None:
    """The place has another address from now on. Where its workspace has a destination of that address already,
    the two become one, and what stands in the newer one counts."""
    rows = await session.scalars(select(Destination).where(Destination.uri == old_uri))
    for old in rows.all():
        new_id = await session.scalar(
            select(Destination.id).where(Destination.workspace_id == old.workspace_id, Destination.uri == new_uri)
        )
        if new_id is None:
            await session.execute(update(Destination).where(Destination.id == old.id).values(uri=new_uri))
        else:
            await _merge(session, old.id, new_id)


async def _merge(session: AsyncSession, old_id: int, new_id: int) -> None:
    for table, key in ((Follow, Follow.provider_id), (Thread, Thread.subject_id), (Notice, Notice.kind)):
        have = select(key).where(table.destination_id == new_id)
        await session.execute(
            update(table).where(table.destination_id == old_id, key.not_in(have)).values(destination_id=new_id),
            execution_options={"synchronize_session": False},
        )
    left = select(Thread.id).where(Thread.destination_id == old_id)
    for column in (Thread.joins_id, Thread.adopts_id):
        await session.execute(
            update(Thread).where(column.in_(left)).values({column: None}),
            execution_options={"synchronize_session": False},
        )
    await session.execute(delete(Destination).where(Destination.id == old_id))
