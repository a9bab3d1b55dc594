"""What has to be done once outcomes are written down: for their destinations, and for the people behind them."""

from collections.abc import Collection
from datetime import UTC, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from relay.health import FORGIVEN
from storage import notices, pauses, threads
from storage.outcomes import Outcome
from storage.pauses import Health

log = structlog.get_logger("deliver")


def is_needed(outcome: Outcome) -> bool:
    """Whether anything has to be done beyond writing it down: of most nothing has."""
    return any(one is not None for one in (outcome.quiet_until, outcome.refused, outcome.health))


async def follow_up(session: AsyncSession, outcome: Outcome) -> None:
    """What was held back is told later; a destination rests, works again or is given up; those who are concerned
    are told."""
    now = datetime.now(UTC)
    if outcome.quiet_until is not None:
        destination_id = await threads.destination_of(session, outcome.thread_id)
        await notices.put(session, destination_id, notices.SUMMARY, outcome.quiet_until, now)
    if outcome.refused is not None:
        concerned = await threads.refusing(session, outcome.thread_id, everywhere=outcome.everywhere)
        await disable(session, concerned, outcome.refused, tell=not outcome.everywhere)
    elif outcome.health is not None:
        await _follow_health(session, outcome.health)


async def disable(session: AsyncSession, destination_ids: Collection[int], because: str, *, tell: bool) -> None:
    """Nothing can be sent there any more; `tell`: there is a way to let people know."""
    now = datetime.now(UTC)
    for destination_id in await threads.disable(session, destination_ids, because):
        log.warning("destination disabled", destination=destination_id, reason=because)
        if tell:
            await notices.put(session, destination_id, notices.TROUBLE, now, now)


async def _follow_health(session: AsyncSession, health: Health) -> None:
    destination_id = health.destination_id
    if health.works and health.probe:
        log.info("destination works again", destination=destination_id)
        await pauses.recover(session, destination_id, health.pauses)
    elif health.works:
        await pauses.works(session, destination_id)
    if health.fails:
        await pauses.fails(session, destination_id, FORGIVEN.total_seconds())
    if health.gave_up is not None:
        await disable(session, [destination_id], health.gave_up, tell=True)
    elif health.pause is not None:
        until = await pauses.pause(session, destination_id, health.pause, probed=health.probe)
        log.info("destination paused", destination=destination_id, seconds=round(health.pause), until=str(until))
    elif health.probe and not health.works:
        await pauses.probe_again(session, destination_id)
    if health.warn and health.gave_up is None:
        await notices.warn_once(session, destination_id)
