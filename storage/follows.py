"""Workspaces, destinations and follows: who wants to be told of what, and where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import addresses, turns
from storage.database import from_now, insert
from storage.tables import Delivery, Destination, Follow, Provider, Subject, Thread, Workspace


async def workspace(session: AsyncSession, key: str) -> int:
    """The id of the workspace, which is made when it is named for the first time."""
    found = await session.scalar(select(Workspace.id).where(Workspace.key == key))
    if found is not None:
        return found
    made = insert(session, Workspace).values(key=key, created_at=from_now(), editors=first_editors(key), chosen=[])
    await session.execute(made.on_conflict_do_nothing(index_elements=["key"]))  # of two that come at once one wins
    return (await session.scalars(select(Workspace.id).where(Workspace.key == key))).one()


def first_editors(key: str) -> str:
    """Who may change what a workspace follows until somebody chooses: everyone; in a Discord guild, which may be
    open to the world, those who run it."""
    return "admins" if key.startswith("discord:") else "everyone"


async def workspace_if_any(session: AsyncSession, key: str) -> int | None:
    """The id of the workspace, if it was ever named."""
    return await session.scalar(select(Workspace.id).where(Workspace.key == key))


async def editors(session: AsyncSession, key: str) -> tuple[str, list[str]]:
    """Who may change what a workspace follows (`everyone`, `admins` or `chosen`), and the people chosen."""
    found = (
        await session.execute(select(Workspace.editors, Workspace.chosen).where(Workspace.key == key))
    ).one_or_none()
    return (found[0], list(found[1])) if found is not None else (first_editors(key), [])


async def set_editors(session: AsyncSession, workspace_id: int, who: str, chosen: list[str]) -> None:
    """Sets who may change what a workspace follows."""
    await session.execute(update(Workspace).where(Workspace.id == workspace_id).values(editors=who, chosen=chosen))


async def destination(session: AsyncSession, workspace_id: int, uri: str) -> Destination | None:
    """The workspace's destination with this address."""
    kept = addresses.possible(session.get_bind(), uri)
    return await session.scalar(
        select(Destination).where(Destination.workspace_id == workspace_id, Destination.uri.in_(kept))
    )


async def destinations(session: AsyncSession, workspace_id: int) -> Sequence[Destination]:
    """All destinations of a workspace."""
    return (
        await session.scalars(
            select(Destination).where(Destination.workspace_id == workspace_id).order_by(Destination.id)
        )
    ).all()


async def add_destination(
    session: AsyncSession,
    workspace_id: int,
    uri: str,
    transport: str,
    encrypted_secrets: list[str],
    *,
    options: Mapping[str, Any] | None = None,
    sealed: str | None = None,
    host: str | None = None,
    unconfirmed: str | None = None,
) -> Destination:
    """Makes a destination; one that is `unconfirmed` (for this reason) is disabled until its reader agrees."""
    now = (await session.execute(select(from_now()))).scalar_one()
    row = Destination(
        workspace_id=workspace_id,
        uri=uri,
        transport=transport,
        host=host or turns.workspace(transport, uri),
        secrets=encrypted_secrets,
        options=dict(options or {}),
        sealed=sealed,
        unconfirmed=unconfirmed is not None,
        disabled_at=now if unconfirmed is not None else None,
        disabled_because=unconfirmed,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def remove_destination(session: AsyncSession, destination_id: int) -> list[int]:
    """Removes a destination with its follows, threads and deliveries; the ids of the providers it followed."""
    provider_ids = list(
        await session.scalars(select(Follow.provider_id).where(Follow.destination_id == destination_id))
    )
    await session.execute(delete(Destination).where(Destination.id == destination_id))
    return provider_ids


async def find(session: AsyncSession, provider_id: int, destination_id: int) -> Follow | None:
    """The follow of this provider at this destination."""
    return await session.scalar(
        select(Follow).where(Follow.provider_id == provider_id, Follow.destination_id == destination_id)
    )


async def by_id(session: AsyncSession, follow_id: int) -> tuple[Follow, Provider, Destination] | None:
    """A follow with its provider and its destination. Whose it is, who asks has to see."""
    rows = await session.execute(
        select(Follow, Provider, Destination)
        .join(Provider, Provider.id == Follow.provider_id)
        .join(Destination, Destination.id == Follow.destination_id)
        .where(Follow.id == follow_id)
    )
    row = rows.one_or_none()
    return (row[0], row[1], row[2]) if row is not None else None


async def of_provider(session: AsyncSession, provider_id: int) -> Sequence[Follow]:
    """Everybody's follows of one provider."""
    return (await session.scalars(select(Follow).where(Follow.provider_id == provider_id))).all()


async def of_workspace(session: AsyncSession, workspace_id: int) -> list[tuple[Follow, Provider, Destination]]:
    """Everything that a workspace follows, by the provider's name."""
    rows = await session.execute(
        select(Follow, Provider, Destination)
        .join(Provider, Provider.id == Follow.provider_id)
        .join(Destination, Destination.id == Follow.destination_id)
        .where(Destination.workspace_id == workspace_id)
        .order_by(Provider.name, Destination.uri)
    )
    return [(follow, provider, destination) for follow, provider, destination in rows]


async def remove(session: AsyncSession, follow: Follow) -> None:
    """Ends a follow. Its threads stay where they are, asleep: should the follow come back, they go on. What was
    held back in its quiet hours is told no more, not even then."""
    await session.execute(delete(Follow).where(Follow.id == follow.id))
    about = select(Subject.id).where(Subject.provider_id == follow.provider_id)
    mine = and_(Thread.destination_id == follow.destination_id, Thread.subject_id.in_(about))
    await session.execute(
        update(Thread).where(mine).values(cursor=Thread.head, due_at=None, attempt=0),
        execution_options={"synchronize_session": False},
    )
    await session.execute(
        delete(Delivery).where(Delivery.thread_id.in_(select(Thread.id).where(mine)), Delivery.state == "held"),
        execution_options={"synchronize_session": False},
    )


async def set_secrets(
    session: AsyncSession, destination_id: int, encrypted_secrets: list[str], former: list[dict[str, Any]]
) -> None:
    """Sets the secrets of a destination, and those that sign for a while yet."""
    await session.execute(
        update(Destination)
        .where(Destination.id == destination_id)
        .values(secrets=encrypted_secrets, former=former)
    )


async def set_options(
    session: AsyncSession,
    destination_id: int,
    options: Mapping[str, Any],
    sealed: str | None,
    encrypted_secrets: list[str],
) -> None:
    """Sets how a destination wants to be told, and what it is signed with; former secrets sign on for a while."""
    await session.execute(
        update(Destination)
        .where(Destination.id == destination_id)
        .values(options=dict(options), sealed=sealed, secrets=encrypted_secrets)
    )


@dataclass(frozen=True)
class Glance:
    """How many providers a workspace follows, how many of them are not operational, and the worst of them."""

    followed: int
    in_trouble: int
    worst: Sequence[Provider]


async def glance(session: AsyncSession, workspace_id: int, most: int) -> Glance:
    """Everything that a workspace follows, the worst first. One that can't be read is not operational."""
    mine = Provider.id.in_(
        select(Follow.provider_id)
        .join(Destination, Destination.id == Follow.destination_id)
        .where(Destination.workspace_id == workspace_id)
    )
    order = ("major_outage", "partial_outage", "degraded", "maintenance", "unknown", "operational")
    severity = case(
        (Provider.failure.is_not(None), order.index("unknown")),
        *((Provider.status == status, place) for place, status in enumerate(order)),
        else_=order.index("unknown"),
    )
    calm = order.index("operational")
    followed, in_trouble = (
        await session.execute(
            select(func.count(), func.count().filter(severity != calm)).select_from(Provider).where(mine)
        )
    ).one()
    worst = await session.scalars(select(Provider).where(mine).order_by(severity, Provider.name).limit(most))
    return Glance(followed, in_trouble, worst.all())
