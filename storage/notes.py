"""Notes: what uptimus has to remember of its own doings, by name, and what it may forget again."""

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import from_now
from storage.tables import Note

UNFOLLOWED = "unfollowed:"
"""How something was followed, for a button that follows it so again."""
KEPT_SECONDS = 30 * 86400.0
"""For so long that is remembered."""


async def put(session: AsyncSession, name: str, value: str) -> None:
    """Remembers it, in place of what was remembered by this name."""
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert(Note) if dialect == "postgresql" else sqlite.insert(Note)
    now = from_now()
    await session.execute(
        insert.values(name=name, value=value, at=now).on_conflict_do_update(
            index_elements=["name"], set_={"value": value, "at": now}
        )
    )


async def get(session: AsyncSession, name: str) -> str | None:
    """What is remembered by this name."""
    return await session.scalar(select(Note.value).where(Note.name == name))


async def forget_old(session: AsyncSession) -> None:
    """Drops what nobody will ask for any more."""
    await session.execute(
        delete(Note).where(Note.name.startswith(UNFOLLOWED, autoescape=True), Note.at <= from_now(-KEPT_SECONDS))
    )
