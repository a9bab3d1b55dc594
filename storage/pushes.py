"""Browsers that want to be told: destinations of the transport `webpush`."""

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import providers
from storage.tables import Destination, Follow, Provider

TRANSPORT = "webpush"


async def followed(session: AsyncSession, destination_id: int) -> list[str]:
    """The slugs of the providers that a browser is told of."""
    rows = await session.scalars(
        select(Provider.slug)
        .join(Follow, Follow.provider_id == Provider.id)
        .where(Follow.destination_id == destination_id)
        .order_by(Provider.slug)
    )
    return list(rows)


async def move(session: AsyncSession, browser: Destination, uri: str, sealed: str) -> None:
    """The browser has another address from now on. What it came to follow there already it follows on."""
    there = await session.scalar(
        select(Destination).where(Destination.workspace_id == browser.workspace_id, Destination.uri == uri)
    )
    if there is not None and there.id != browser.id:
        mine = select(Follow.provider_id).where(Follow.destination_id == browser.id)
        await session.execute(
            update(Follow)
            .where(Follow.destination_id == there.id, Follow.provider_id.not_in(mine))
            .values(destination_id=browser.id),
            execution_options={"synchronize_session": False},
        )
        await session.execute(delete(Destination).where(Destination.id == there.id))
    browser.uri, browser.sealed = uri, sealed
    await session.flush()


async def remove_gone(session: AsyncSession, reason: str) -> int:
    """Removes the browsers that were disabled for this reason, with all that was kept for them, and leaves the
    pages alone that nobody follows any more. How many there were."""
    gone = select(Destination.id).where(Destination.transport == TRANSPORT, Destination.disabled_because == reason)
    pages = set(await session.scalars(select(Follow.provider_id).where(Follow.destination_id.in_(gone))))
    removed = (
        await session.execute(
            delete(Destination).where(Destination.id.in_(gone)).returning(Destination.id),
            execution_options={"synchronize_session": False},
        )
    ).all()
    for provider_id in pages:
        await providers.end_polling_if_unfollowed(session, provider_id)
    return len(removed)
