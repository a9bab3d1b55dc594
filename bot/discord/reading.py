"""What is offered as somebody types, out of the database. Each is one quick question."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.catalogue import Catalogue
from storage import follows, providers
from storage.tables import Component, Destination


async def follows_of(session: AsyncSession, workspace: str) -> list[tuple[int, str, str, str]]:
    """(id, provider's slug, its name, destination's address) of all that a workspace follows."""
    workspace_id = await follows.workspace_if_any(session, workspace)
    rows = await follows.of_workspace(session, workspace_id) if workspace_id is not None else []
    return [(follow.id, provider.slug, provider.name, at.uri) for follow, provider, at in rows]


async def webhooks_of(session: AsyncSession, workspace: str) -> list[str]:
    """The addresses of a workspace's webhooks."""
    workspace_id = await follows.workspace_if_any(session, workspace)
    found = await session.scalars(
        select(Destination.uri).where(Destination.workspace_id == workspace_id, Destination.transport == "webhook")
    )
    return list(found)


async def components_of(session: AsyncSession, catalogue: Catalogue, text: str) -> Sequence[Component]:
    """The components of the provider that is meant; none of one whose page was never read."""
    provider = await providers.find(session, text) if text else None
    entry = catalogue.find(text) if text and provider is None else None
    if entry is not None:
        provider = await providers.by_slug(session, entry.slug)
    return await providers.components(session, provider.id) if provider is not None else []
