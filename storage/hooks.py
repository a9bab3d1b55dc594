"""Hooks: the secret addresses at which a provider's own page may say that it has changed."""

from sqlalchemy import delete, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import notes
from storage.database import from_now
from storage.tables import Note, Provider

NAME = "hook:"
EARLY_EVERY = 10.0
"""Seconds between two reads of a page that somebody asked for."""


async def sealed(session: AsyncSession, provider_id: int) -> str | None:
    """What opens the provider's hook, encrypted; None where it has none."""
    return await notes.get(session, f"{NAME}{provider_id}")


async def put(session: AsyncSession, provider_id: int, secret: str) -> None:
    """Gives a provider a hook, or another one; the secret is encrypted."""
    await notes.put(session, f"{NAME}{provider_id}", secret)


async def remove(session: AsyncSession, provider_id: int) -> bool:
    """The hook leads nowhere any more; False where there was none."""
    gone = await session.execute(
        delete(Note).where(Note.name == f"{NAME}{provider_id}").returning(Note.name),
        execution_options={"synchronize_session": False},
    )
    return gone.first() is not None


async def read_now(session: AsyncSession, provider_id: int) -> bool:
    """Makes the provider's page due, unless it is being read at this moment, was read just now, or nobody follows
    it; whether it did."""
    due = await session.execute(
        update(Provider)
        .where(
            Provider.id == provider_id,
            Provider.due_at > from_now(),
            Provider.token.is_(None),
            or_(Provider.last_read_at.is_(None), Provider.last_read_at <= from_now(-EARLY_EVERY)),
        )
        .values(due_at=from_now())
        .returning(Provider.id),
        execution_options={"synchronize_session": False},
    )
    return due.first() is not None
