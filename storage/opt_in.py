"""Readers of a mail address who agree to be told, or do not want to be told any more."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import threads
from storage.database import from_now
from storage.tables import Destination, Follow, Provider, Thread


async def destination(session: AsyncSession, destination_id: int) -> Destination | None:
    """By its id; None: it is gone."""
    return await session.get(Destination, destination_id)


async def addressed(session: AsyncSession, uri: str, destination_id: int | None) -> Sequence[Destination]:
    """The destinations with this address, of every workspace; or the one of them with this id."""
    wanted = select(Destination).where(Destination.uri == uri).order_by(Destination.id)
    if destination_id is not None:
        wanted = wanted.where(Destination.id == destination_id)
    return (await session.scalars(wanted)).all()


async def start_afresh(session: AsyncSession, destination_id: int) -> Sequence[tuple[Provider, int]]:
    """Drops what waits in threads of which nothing was told yet. What the destination follows, as provider and
    follow: what is active there is to be told, as to one who follows just now, before `agree`."""
    await session.execute(
        delete(Thread).where(Thread.destination_id == destination_id, Thread.begun.is_(False)),
        execution_options={"synchronize_session": False},
    )
    rows = await session.execute(
        select(Provider, Follow.id)
        .join(Follow, Follow.provider_id == Provider.id)
        .where(Follow.destination_id == destination_id)
    )
    return [(provider, follow_id) for provider, follow_id in rows]


async def agree(session: AsyncSession, destination_id: int) -> None:
    """Its reader agrees: it is enabled. Threads that were told before go on from now: what was missed stays so."""
    await session.execute(
        update(Destination).where(Destination.id == destination_id).values(unconfirmed=False),
        execution_options={"synchronize_session": False},
    )
    await session.execute(
        update(Thread)
        .where(Thread.destination_id == destination_id, Thread.begun.is_(True))
        .values(cursor=Thread.head, due_at=None, attempt=0),
        execution_options={"synchronize_session": False},
    )
    await threads.enable(session, destination_id)


async def refuse(session: AsyncSession, destination_id: int, reason: str) -> None:
    """Its reader does not want it any more: only they can bring it back. Its `disabled_at` is a new one, so that
    what they were asked before counts no more."""
    await threads.disable(session, [destination_id], reason)
    await session.execute(
        update(Destination)
        .where(Destination.id == destination_id)
        .values(unconfirmed=True, disabled_at=from_now(), disabled_because=reason),
        execution_options={"synchronize_session": False},
    )
