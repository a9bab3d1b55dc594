"""What becomes of what is told in a channel when its chat says that nothing can be told there any more."""

from datetime import UTC, datetime
from typing import Any

from storage import channels, notices, threads


async def close_place(services: Any, uri: str, reason: str) -> None:
    """Nothing can be told there any more, of which those who follow are told, once."""
    now = datetime.now(UTC)
    async with services.database.write() as session:
        concerned = await channels.at(session, uri)
        for destination_id in await threads.disable(session, concerned, reason):
            await notices.put(session, destination_id, notices.TROUBLE, now, now)
    services.wake()
