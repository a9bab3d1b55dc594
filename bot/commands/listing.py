"""list: what this workspace follows, and where it is told."""

from bot.commands.follow import follow_json
from bot.commands.reply import Reply, Request, Row, Section
from bot.commands.services import Services, counted, shown_status
from storage import follows
from storage.tables import Destination, Follow

MOST_ROWS = 200


async def list_follows(services: Services, request: Request) -> Reply:
    """Every follow of the workspace."""
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, request.workspace)
        rows = await follows.of_workspace(session, workspace_id) if workspace_id is not None else []
    if not rows:
        return Reply(text="Nothing is followed yet; try: follow chargeover", data={"follows": []})
    shown = tuple(
        Row(
            title=provider.name,
            status=shown_status(provider),
            detail=_detail(follow, destination),
            url=provider.url,
        )
        for follow, provider, destination in rows[:MOST_ROWS]
    )
    note = f"… and {len(rows) - MOST_ROWS} more" if len(rows) > MOST_ROWS else ""
    return Reply(
        text=f"{counted(len(rows), 'follow')}.",
        sections=(Section(rows=shown, note=note),),
        data={"follows": [follow_json(*row) for row in rows]},
    )


def _detail(follow: Follow, destination: Destination) -> str:
    chosen = (
        ("incidents", follow.incidents),
        ("components", follow.components),
        ("maintenance", follow.maintenance),
    )
    streams = [stream for stream, wanted in chosen if wanted]
    parts = [f"→ {destination.uri}"]
    parts += [", ".join(streams)] if len(streams) < len(chosen) else []
    parts += [counted(len(follow.component_ids), "component")] if follow.component_ids else []
    parts += [f"impact {follow.min_impact} or worse"] if follow.min_impact else []
    parts += [f"disabled: {destination.disabled_because}"] if destination.disabled_at else []
    return " · ".join(parts)
