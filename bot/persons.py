"""Who reported something, as a hash that leads back to nobody.

It is an HMAC-SHA256 of the provider and of what tells one person from another (the platform's id of them, or a
client's address and its User-Agent), with a key that is made of chance for each day. A key that came from ours, or
one that was kept, would be no protection: there are so few addresses and ids that whoever has the key can try them
all. So each day has its own, sealed by the vault while it is kept, and early on the next day it is forgotten
together with the day's hashes (storage.signals.fold, once an hour). After that neither we nor anybody with our
keys and our database can say who it was, or whether two reports of two days were one person's. As the provider is
in it, not even the reports of one day at two providers can be brought together without the key. A backup that was
made during the day holds that day's key, sealed, and its hashes: it is as secret as the vault's key.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.settings import SettingsError
from bot.vault import Vault
from storage import notes, signals


@dataclass(frozen=True)
class Person:
    """The hash of today, and in the first minutes of a day that of yesterday."""

    today: str
    yesterday: str | None = None


async def hashed(
    session: AsyncSession, vault: Vault, provider_id: int, who: tuple[str, ...], at: datetime
) -> Person:
    """What is kept of a person who reports something of a provider."""
    day = at.astimezone(UTC).date()
    today = await _key(session, vault, signals.key_name(day))
    if (at - signals.LINGERS).astimezone(UTC).date() == day:
        return Person(_hash(today, provider_id, who))
    former = await notes.get(session, signals.key_name(day - timedelta(days=1)))
    opened = _opened(vault, former) if former is not None else None
    before = _hash(opened, provider_id, who) if opened is not None else None
    return Person(_hash(today, provider_id, who), before)


async def _key(session: AsyncSession, vault: Vault, name: str) -> bytes:
    """The day's key. One that none of our keys opens is replaced: then somebody may be counted twice that day."""
    fresh = vault.seal(secrets.token_hex(32))
    kept = _opened(vault, await notes.keep(session, name, fresh))
    if kept is not None:
        return kept
    await notes.put(session, name, fresh)
    return vault.open(fresh).encode()


def _opened(vault: Vault, sealed: str) -> bytes | None:
    try:
        return vault.open(sealed).encode()
    except SettingsError:
        return None


def _hash(key: bytes, provider_id: int, who: tuple[str, ...]) -> str:
    said = "\0".join((str(provider_id), *(f"{len(part)}:{part}" for part in who)))
    return hmac.digest(key, said.encode(errors="replace"), hashlib.sha256)[:16].hex()
