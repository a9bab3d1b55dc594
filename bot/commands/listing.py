"""list: what this workspace follows, and where it is told."""

from datetime import datetime

from bot.commands import wishes
from bot.commands.destinations import seen_by, shown_place
from bot.commands.follow import follow_json
from bot.commands.reply import Reply, Request, Row, Section
from bot.commands.services import Services, counted, shown_status
from bot.commands.standing import ENABLED, standing
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
            detail=_detail(request, follow, destination, services.now()),
            url=provider.url,
            place=shown_place(request, destination),
        )
        for follow, provider, destination in rows[:MOST_ROWS]
    )
    note = f"… and {len(rows) - MOST_ROWS} more" if len(rows) > MOST_ROWS else ""
    return Reply(
        text=f"{counted(len(rows), 'follow')}.",
        sections=(Section(rows=shown, note=note),),
        data={"follows": [follow_json(request, *row) for row in rows]},
    )


def _detail(request: Request, follow: Follow, destination: Destination, now: datetime) -> str:
    parts = [] if shown_place(request, destination) else [f"→ {seen_by(request, destination.uri)}"]
    parts += wishes.unusual(follow)
    parts += [standing(destination, now)] if standing(destination, now) != ENABLED else []
    return " · ".join(parts)
