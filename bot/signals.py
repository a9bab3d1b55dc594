"""Takes what somebody reports: on a page, in a chat. Nothing of a person is kept but a hash for a day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy.ext.asyncio import AsyncSession

from bot import persons
from bot.limits import RateLimit
from bot.vault import Vault
from relay.states import unconfirmed
from storage import providers, signals
from storage.database import Database
from storage.signals import New
from storage.tables import Component, Provider

ANYWHERE = (20, 3600)
"""Reports at once, and seconds until as many again: of one person or address, at all providers."""
AT_ONE = (3, 21_600)
"""Of one address at one provider: behind it may be several people, and one who changes the browser's name."""
OF_ALL = (300, 60)
"""At one provider, of everybody: as many as are needed to know."""


@dataclass(frozen=True)
class Limits:
    """What one process takes. It remembers who came in its memory alone."""

    anywhere: RateLimit = field(default_factory=lambda: RateLimit(*ANYWHERE))
    at_one: RateLimit = field(default_factory=lambda: RateLimit(*AT_ONE))
    of_all: RateLimit = field(default_factory=lambda: RateLimit(*OF_ALL))

    def wait(self, client: str, slug: str) -> int:
        """Seconds until this client may report something of this provider; 0: now, and it is counted."""
        for limit, name in (
            (self.anywhere, client),
            (self.at_one, f"{client} {slug}"),
            (self.of_all, slug),
        ):
            if wait := limit.take(name).wait:
                return wait
        return 0


@dataclass(frozen=True)
class Said:
    """What somebody reports. `who` tells them from everybody else, and is not kept."""

    who: tuple[str, ...]
    source: str
    component: str | None = None
    zone: str | None = None


async def take(database: Database, vault: Vault, provider: Provider, said: Said) -> bool:
    """Counts it; False for a person who is counted today already."""
    async with database.write() as session:
        at = await providers.database_now(session)
        person = await persons.hashed(session, vault, provider.id, said.who, at)
        new = New(
            provider_id=provider.id,
            person=person.today,
            before=person.yesterday,
            component=said.component,
            region=region(said.zone),
            source=said.source,
        )
        return await signals.add(session, new, at)


def region(zone: str | None) -> str | None:
    """A time zone that there is; of anything else nothing is kept."""
    return _zones().get(zone.casefold()) if zone else None


@cache
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones() if "/" in name and not name.startswith("Etc/")}


def meant(words: str, components: Sequence[Component]) -> Component | None:
    """The component that somebody names, as far as can be told: by its name or id, by a part of its name, spelled
    nearly so, or within a sentence."""
    said = _plain(words)
    if not said:
        return None
    by_name = {_plain(one.name): one for one in reversed(components)}
    by_id = {one.external_id: one for one in components}
    found = by_id.get(words.strip()) or by_name.get(said)
    if found is not None:
        return found
    within = [name for name in by_name if name and f" {name} " in f" {said} "]
    parts = [name for name in by_name if f" {said} " in f" {name} "]
    near = get_close_matches(said, by_name, n=1, cutoff=0.75) if not parts else []
    # a part of several names may mean any of them
    names = [*sorted(within, key=len, reverse=True), *(parts if len(parts) == 1 else ()), *near]
    return by_name[names[0]] if names else None


def _plain(text: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in text[:300].casefold()).split())


@dataclass(frozen=True)
class Raised:
    """The signal that is raised at a provider, for people to read."""

    words: str
    """`Users report trouble with ChargeOver, not confirmed by ChargeOver`"""
    people: int
    """The most there were in so many minutes."""
    minutes: int
    since: datetime


async def raised(session: AsyncSession, provider: Provider) -> Raised | None:
    """None where no more than usual is reported."""
    row = await signals.raised_at(session, provider.id)
    if row is None:
        return None
    return Raised(unconfirmed(provider.name), row.peak, int(signals.QUARTER.total_seconds()) // 60, row.since_at)
