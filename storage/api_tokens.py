"""Tokens of the API: made, found by what is sent, revoked. Only their hashes are kept."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import from_now
from storage.tables import ApiToken, Workspace

PREFIX = "uptm_"
"""So that a token is known for one where somebody has left it lying about."""
USED_EVERY = 60.0
"""Seconds to which it is kept when a token was last used."""


@dataclass(frozen=True)
class Bearer:
    """Whose token was sent."""

    token_id: int
    workspace_id: int
    workspace: str
    """Its key."""


async def make(session: AsyncSession, workspace_id: int, name: str) -> str | None:
    """A new token, which can't be shown again; None where one of this name is valid."""
    if await _valid(session, workspace_id, name) is not None:
        return None
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            workspace_id=workspace_id,
            name=name,
            hash=_hash(token),
            created_at=(await session.execute(select(from_now()))).scalar_one(),
        )
    )
    await session.flush()
    return token


async def bearer(session: AsyncSession, token: str) -> Bearer | None:
    """Whose it is; None for one that nobody made or that was revoked."""
    digest = _hash(token)
    found = await session.execute(
        select(ApiToken.id, ApiToken.hash, Workspace.id, Workspace.key)
        .join(Workspace, Workspace.id == ApiToken.workspace_id)
        .where(ApiToken.hash == digest, ApiToken.revoked_at.is_(None))
    )
    row = found.one_or_none()
    if row is None or not hmac.compare_digest(row[1], digest):
        return None
    return Bearer(row[0], row[2], row[3])


async def unnoted(session: AsyncSession, token_id: int) -> bool:
    """Whether its last use is to be noted: the last one that was is more than a minute old."""
    found = await session.scalar(
        select(ApiToken.id).where(
            ApiToken.id == token_id,
            or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= from_now(-USED_EVERY)),
        )
    )
    return found is not None


async def note_use(session: AsyncSession, token_id: int) -> None:
    """It was used just now."""
    await session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=from_now()))


async def of_workspace(session: AsyncSession, workspace_id: int) -> Sequence[ApiToken]:
    """All that are valid, by name."""
    return (
        await session.scalars(
            select(ApiToken)
            .where(ApiToken.workspace_id == workspace_id, ApiToken.revoked_at.is_(None))
            .order_by(ApiToken.name)
        )
    ).all()


async def revoke(session: AsyncSession, workspace_id: int, name: str) -> bool:
    """From now on it opens nothing; False where there is none of this name."""
    row = await _valid(session, workspace_id, name)
    if row is None:
        return False
    row.revoked_at = (await session.execute(select(from_now()))).scalar_one()
    await session.flush()
    return True


async def _valid(session: AsyncSession, workspace_id: int, name: str) -> ApiToken | None:
    return await session.scalar(
        select(ApiToken).where(
            ApiToken.workspace_id == workspace_id, ApiToken.name == name, ApiToken.revoked_at.is_(None)
        )
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()
