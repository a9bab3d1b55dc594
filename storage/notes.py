"""Notes: what uptimus has to remember of its own doings, by name, and what it may forget again."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import from_now, insert
from storage.tables import Note

UNFOLLOWED = "unfollowed:"
"""How something was followed, for a button that follows it so again."""
ASKED = "mail asked:"
"""That an address was asked whether it wants mail."""
KEPT_SECONDS = 30 * 86400.0
"""For so long that is remembered."""


async def put(session: AsyncSession, name: str, value: str) -> None:
    """Remembers it, in place of what was remembered by this name."""
    now = from_now()
    await session.execute(
        insert(session, Note)
        .values(name=name, value=value, at=now)
        .on_conflict_do_update(index_elements=["name"], set_={"value": value, "at": now})
    )


async def put_unless_fresh(session: AsyncSession, name: str, seconds: float) -> bool:
    """Remembers that it happens now, unless it happened less than so many seconds ago; whether it did remember. Of
    two that come at once one alone does."""
    now = from_now()
    done = await session.execute(
        insert(session, Note)
        .values(name=name, value="", at=now)
        .on_conflict_do_update(index_elements=["name"], set_={"at": now}, where=Note.at <= from_now(-seconds))
        .returning(Note.name)
    )
    return done.one_or_none() is not None


async def forget(session: AsyncSession, name: str) -> None:
    """It did not happen."""
    await session.execute(delete(Note).where(Note.name == name))


async def keep(session: AsyncSession, name: str, value: str) -> str:
    """Remembers it unless something is remembered by this name: what is."""
    await session.execute(
        insert(session, Note)
        .values(name=name, value=value, at=from_now())
        .on_conflict_do_nothing(index_elements=["name"])
    )
    return await get(session, name) or value


async def get(session: AsyncSession, name: str) -> str | None:
    """What is remembered by this name."""
    return await session.scalar(select(Note.value).where(Note.name == name))


async def forget_old(session: AsyncSession) -> None:
    """Drops what nobody will ask for any more."""
    for begins, seconds in ((UNFOLLOWED, KEPT_SECONDS), (ASKED, KEPT_SECONDS)):
        await session.execute(
            delete(Note).where(Note.name.startswith(begins, autoescape=True), Note.at <= from_now(-seconds))
        )
