"""Forgets what is kept no longer. Meant to be called every hour or so."""

import structlog

from storage import notes, workspaces
from storage.database import Database

log = structlog.get_logger("purge")


async def purge(database: Database) -> list[str]:
    """Drops what workspaces follow that uptimus was removed from long ago, and leaves the pages alone that nobody
    follows any more. The workspaces' keys."""
    async with database.write() as session:
        forgotten = await workspaces.forget_old(session)
        await notes.forget_old(session)
    for key in forgotten:
        log.info("workspace forgotten", workspace=key)
    return forgotten
