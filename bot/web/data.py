"""Where the pages' views come from."""

from adapters.schema import OVER, Incident
from bot.commands.services import Services, shown_status
from bot.commands.uptime import cells, in_words, of_provider
from bot.web.views import DirectoryEntry, DirectoryView, ProviderView
from storage import providers, state
from storage.tables import Provider

DAYS = 90
MOST_ENTRIES = 500
MOST_PAST = 20


async def provider_view(services: Services, slug: str) -> ProviderView | None:
    """One provider whole; None where there is none of this name."""
    async with services.database.read() as session:
        found = await providers.by_slug(session, slug)
        if found is None:
            return None
        incidents = [state.incident(row) for row in await providers.incidents(session, found.id, limit=MOST_PAST)]
        active = [state.incident(row) for row in await providers.active_incidents(session, [found.id])]
        windows = await providers.coming_maintenances(session, [found.id])
        components = await providers.components(session, found.id)
        figure = await of_provider(services, session, found, DAYS)
    return ProviderView(
        slug=found.slug,
        name=found.name,
        url=found.url,
        status=shown_status(found),
        since=found.status_since if found.failure is None else found.failing_since,
        checked_at=found.last_read_at,
        failure=found.failure,
        components=tuple(state.component(row) for row in components),
        incidents=tuple(active),
        maintenances=tuple(state.maintenance(row) for row in windows),
        past=tuple(one for one in incidents if _is_past(one)),
        days=cells(figure),
        uptime=in_words(figure),
    )


def _is_past(one: Incident) -> bool:
    return one.phase in OVER


async def directory_view(services: Services) -> DirectoryView:
    """Every provider that somebody follows, by name."""
    async with services.database.read() as session:
        rows = (await providers.followed(session))[:MOST_ENTRIES]
        active = await providers.active_incidents(session, [row.id for row in rows if row.active])
    troubles: dict[int, list[str]] = {}
    for one in active:
        troubles.setdefault(one.provider_id, []).append(one.title)
    return DirectoryView(tuple(_entry(row, troubles.get(row.id, [])) for row in rows))


def _entry(row: Provider, troubles: list[str]) -> DirectoryEntry:
    return DirectoryEntry(
        slug=row.slug,
        name=row.name,
        status=shown_status(row),
        since=row.status_since if row.failure is None else row.failing_since,
        checked_at=row.last_read_at,
        failure=row.failure,
        troubles=tuple(troubles),
    )
