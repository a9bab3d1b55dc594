"""status: everything followed at a glance, or one provider whole."""

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import Status
from bot.commands.reply import Reply, Request, Row, Section
from bot.commands.services import (
    Services,
    ago,
    counted,
    incident_row,
    known_provider,
    maintenance_row,
    provider_json,
    shown_status,
    words,
)
from storage import follows, providers, state
from storage.follows import Glance
from storage.tables import Provider

MOST_ROWS = 40


async def status(services: Services, request: Request) -> Reply:
    """How things are now."""
    async with services.database.read() as session:
        if request.provider:
            provider = await known_provider(services, session, request.provider)
            return await _one(services, session, provider)
        return await _all(session, request)


async def _all(session: AsyncSession, request: Request) -> Reply:
    workspace_id = await follows.workspace_if_any(session, request.workspace)
    glance = (
        await follows.glance(session, workspace_id, MOST_ROWS) if workspace_id is not None else Glance(0, 0, ())
    )
    if not glance.followed:
        return Reply(text="Nothing is followed yet; try: follow chargeover", data={"providers": []})
    active = await providers.active_incidents(session, [provider.id for provider in glance.worst])
    troubles = {
        provider.id: [one for one in active if one.provider_id == provider.id] for provider in glance.worst
    }
    rows = tuple(
        Row(
            title=provider.name,
            status=shown_status(provider),
            detail=", ".join(one.title for one in troubles[provider.id][:3]) or _short(provider),
            url=provider.url,
        )
        for provider in glance.worst
    )
    hidden = glance.followed - len(rows)
    return Reply(
        text=_summary(glance),
        sections=(Section(rows=rows, note=f"… and {hidden} more, no worse than these" if hidden else ""),),
        data={"followed": glance.followed, "in_trouble": glance.in_trouble}
        | {"providers": [provider_json(provider) for provider in glance.worst]},
    )


def _summary(glance: Glance) -> str:
    if not glance.in_trouble:
        return f"All {counted(glance.followed, 'provider')} operational."
    return f"{glance.in_trouble} of {counted(glance.followed, 'provider')} not operational."


def _short(provider: Provider) -> str:
    return words(provider.status) if provider.failure is None else f"can't be read: {provider.failure}"


async def _one(services: Services, session: AsyncSession, provider: Provider) -> Reply:
    components = await providers.components(session, provider.id)
    active = await providers.active_incidents(session, [provider.id])
    coming = await providers.coming_maintenances(session, [provider.id])
    now = services.now()
    checked = f"checked {ago(provider.last_read_at, now)}"
    if provider.failure is not None:
        text = f"{provider.name}: unknown, its page can't be read ({provider.failure}); {checked}."
    else:
        text = f"{provider.name}: {words(provider.status)}; {checked}."
    sections = [
        Section("Active incidents", tuple(incident_row(row) for row in active)),
        Section("Maintenance", tuple(maintenance_row(row) for row in coming)),
        Section(
            "Components",
            tuple(
                Row(
                    title=f"{row.group} · {row.name}" if row.group else row.name,
                    status=Status(row.status) if provider.failure is None else Status.UNKNOWN,
                    detail=words(row.status) if provider.failure is None else f"was {words(row.status)}",
                )
                for row in components
            ),
        ),
    ]
    data = {
        "provider": provider_json(provider),
        "status": str(shown_status(provider)),
        "components": [state.component(row).model_dump(mode="json") for row in components],
        "incidents": [state.incident(row).model_dump(mode="json") for row in active],
        "maintenances": [state.maintenance(row).model_dump(mode="json") for row in coming],
    }
    return Reply(text=text, sections=tuple(section for section in sections if section.rows), data=data)
