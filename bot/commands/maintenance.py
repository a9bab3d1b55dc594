"""maintenance: planned work that is announced or under way."""

from bot.commands.reply import Reply, Request, Section
from bot.commands.services import Services, counted, followed_by, known_provider, maintenance_row
from storage import providers, state


async def maintenance(services: Services, request: Request) -> Reply:
    """Of one provider, or of everything followed; the next first."""
    async with services.database.read() as session:
        if request.provider:
            asked = [await known_provider(services, session, request.provider)]
        else:
            asked = await followed_by(session, request)
        rows = await providers.coming_maintenances(session, [provider.id for provider in asked])
    names = {provider.id: provider.name for provider in asked}
    data = {
        "maintenances": [
            {"provider": names[row.provider_id], **state.maintenance(row).model_dump(mode="json")} for row in rows
        ]
    }
    if not rows:
        return Reply(text="No maintenance is announced.", data=data)
    several = len(asked) > 1
    shown = tuple(maintenance_row(row, provider=names[row.provider_id] if several else None) for row in rows[:50])
    return Reply(
        text=f"{counted(len(rows), 'maintenance window')} announced or under way.",
        sections=(Section(rows=shown),),
        data=data,
    )
