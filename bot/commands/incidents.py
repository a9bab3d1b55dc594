"""incidents: what has happened at a provider, newest first."""

from bot.commands.reply import Reply, Request, Section
from bot.commands.services import Services, counted, incident_row, known_provider
from storage import providers, state

MOST = 20


async def incidents(services: Services, request: Request) -> Reply:
    """The newest incidents, active and past."""
    async with services.database.read() as session:
        provider = await known_provider(services, session, request.provider)
        rows = await providers.incidents(session, provider.id, limit=MOST)
    if not rows:
        return Reply(text=f"{provider.name} has no incident that is known.", data={"incidents": []})
    return Reply(
        text=f"{provider.name}: the newest {counted(len(rows), 'incident')}.",
        sections=(Section(rows=tuple(incident_row(row) for row in rows)),),
        data={
            "provider": provider.slug,
            "incidents": [state.incident(row).model_dump(mode="json") for row in rows],
        },
    )
