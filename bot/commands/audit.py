"""audit: who changed what here, and when."""

import re

from bot.commands.reply import Reply, Request, Row, Section
from bot.commands.services import Services, counted, shown_moment
from storage import audit as audit_list
from storage import follows
from storage.tables import Audit

MOST = 50
_PLACE = re.compile(r" at ((?:slack|discord):\S+)")


async def audit(services: Services, request: Request) -> Reply:
    """The newest fifty changes, newest first."""
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, request.workspace)
        rows = await audit_list.latest(session, workspace_id, MOST) if workspace_id is not None else []
    data = {"changes": [_json(row) for row in rows]}
    if not rows:
        return Reply(text="Nothing was changed here yet.", data=data)
    shown = tuple(_row(row) for row in rows)
    text = f"The newest {counted(len(rows), 'change')}, newest first."
    return Reply(text=text, sections=(Section(rows=shown),), data=data)


def _row(row: Audit) -> Row:
    """The person and the channel apart from the words: a chat shows both by their names."""
    place = _PLACE.search(row.what)
    what = row.what if place is None else row.what.replace(place[0], "", 1)
    by = {"terminal": "in the terminal", "": "by uptimus"}.get(row.actor)
    return Row(
        title=f"{row.action} {what}",
        detail=by or "",
        who=row.actor if by is None else None,
        at=row.at,
        place=place[1] if place else None,
    )


def _json(row: Audit) -> dict[str, object]:
    return {"at": shown_moment(row.at), "actor": row.actor, "action": row.action, "what": row.what}
