"""What is done in one go for each delivery (storage/claims.py, outcomes.py), within a transaction of a test."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from storage import claims, outcomes
from storage.claims import Claim
from storage.outcomes import Outcome


async def claim_due(session: AsyncSession, limit: int, lease: float, **more: Any) -> list[Claim]:
    """claims.claim_due"""
    connection = await session.connection()
    return await connection.run_sync(partial(claims.claim_due, limit=limit, lease=lease, **more))


async def claim_probes(session: AsyncSession, limit: int, lease: float) -> list[Claim]:
    """claims.claim_probes"""
    return await (await session.connection()).run_sync(claims.claim_probes, limit, lease)


async def claim_of(session: AsyncSession, thread_id: int, sequence: int) -> Claim | None:
    """claims.claim_of"""
    return await (await session.connection()).run_sync(claims.claim_of, thread_id, sequence)


async def acknowledge(session: AsyncSession, done: Sequence[Outcome]) -> Sequence[Outcome]:
    """outcomes.acknowledge"""
    return await (await session.connection()).run_sync(outcomes.acknowledge, done)
