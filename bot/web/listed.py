"""Where the view of the directory comes from."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.services import Services
from bot.web.views import ANYTHING, Asked, DirectoryEntry, DirectoryView, Listed
from storage import directory, providers
from storage.directory import Glance

AT_ONCE = 100
MOST_UNFOLLOWED = 20
MOST_TROUBLES = 3


async def directory_view(services: Services, asked: Asked = ANYTHING) -> DirectoryView:
    """Every provider that somebody follows, whoever is in trouble first; or those that fit what is asked for."""
    found = services.catalogue.search(asked.text, 2 * MOST_UNFOLLOWED) if asked.text else []
    async with services.database.read() as session:
        numbers = await directory.numbers(session)
        also = [one.slug for one in found]
        page, (rows, matching) = 1, await _page(session, asked, also, 1)
        if asked.page > 1:
            page = min(asked.page, max(1, -(-matching // AT_ONCE)))
            rows, _ = await _page(session, asked, also, page)
        troubles = await _troubles(session, rows)
        known = await providers.by_slugs(session, also) if also else {}
    return DirectoryView(
        entries=tuple(_entry(row, troubles.get(row.id, [])) for row in rows),
        asked=Asked(asked.text, page, asked.category),
        pages=max(1, -(-matching // AT_ONCE)),
        matching=matching,
        followed=numbers.followed,
        operational=numbers.operational,
        in_trouble=numbers.in_trouble,
        categories=numbers.categories,
        unfollowed=tuple(
            Listed(one.slug, one.name, one.category, one.url)
            for one in found
            if one.slug not in known and asked.category in ("", one.category)
        )[:MOST_UNFOLLOWED],
    )


async def _page(session: AsyncSession, asked: Asked, also: list[str], page: int) -> tuple[list[Glance], int]:
    return await directory.page(
        session, text=asked.text, category=asked.category, also=also, offset=(page - 1) * AT_ONCE, limit=AT_ONCE
    )


async def _troubles(session: AsyncSession, rows: list[Glance]) -> dict[int, list[str]]:
    """The titles of active incidents, by provider."""
    active = await providers.active_incidents(session, [row.id for row in rows if row.active])
    found: dict[int, list[str]] = {}
    for one in active:
        found.setdefault(one.provider_id, []).append(one.title)
    return found


def _entry(row: Glance, troubles: list[str]) -> DirectoryEntry:
    return DirectoryEntry(
        slug=row.slug,
        name=row.name,
        status=row.status,
        since=row.since,
        checked_at=row.checked_at,
        failure=row.failure,
        troubles=tuple(troubles[:MOST_TROUBLES]),
        category=row.category,
        followed=row.followed,
    )
