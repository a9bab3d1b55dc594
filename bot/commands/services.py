"""What commands work with, and how they find what somebody named."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.adapter import Adapter
from adapters.catalogue import Catalogue
from adapters.fetch import Fetcher
from adapters.schema import Status, rfc3339
from bot.commands.reply import CommandError, Request, Row, UsageError
from bot.signals import Limits
from bot.vault import Vault
from relay.record import Pace
from relay.transports.transport import Transport
from storage import follows, providers, state
from storage.coincidences import Troubles
from storage.database import Database
from storage.tables import Incident, Maintenance, Provider


@dataclass(frozen=True)
class Services:
    """Everything a command may need. `wake` tells a deliverer in this process that there may be work, `transports`
    makes those that the settings provide for, `home` is our own address."""

    database: Database
    fetcher: Fetcher
    adapters: Mapping[str, Adapter]
    catalogue: Catalogue
    vault: Vault
    pace: Pace
    allow_private_networks: bool
    home: str
    transports: Callable[[], Mapping[str, Transport]]
    wake: Callable[[], None]
    now: Callable[[], datetime]
    denied_ports: Collection[int] = ()
    """What no webhook may be on."""
    signals: Limits = field(default_factory=Limits)
    """How much anybody may report."""
    troubles: Troubles = field(default_factory=Troubles)
    """When they began, for whoever asks which pages are in trouble at the same times."""


async def known_provider(services: Services, session: AsyncSession, text: str | None) -> Provider:
    """The provider that was named, out of those that are or were followed. Raises CommandError."""
    if not text:
        raise UsageError("Which provider? Name it, as in: chargeover")
    found = await providers.find(session, text)
    if found is not None:
        return found
    entry = services.catalogue.find(text)
    if entry is not None:
        found = await providers.find(session, entry.slug)
        if found is not None:
            return found
        raise CommandError(f"Nobody follows {entry.name} yet; try: follow {entry.slug}")
    raise CommandError(f"No provider is called {text[:80]!r}.{await meant(services, session, text)}")


async def meant(services: Services, session: AsyncSession, text: str) -> str:
    """` Did you mean …?`, or nothing."""
    names = await meant_slugs(services, session, text)
    return f" Did you mean {' or '.join(names)}?" if names else ""


async def meant_slugs(services: Services, session: AsyncSession, text: str) -> list[str]:
    """At most three providers that are called or spelled much like it."""
    near = services.catalogue.nearest(text)
    known = _like(text.lower(), await providers.slugs_and_names(session))
    return list(dict.fromkeys([*known[:3], *(entry.slug for entry in near)]))[:3]


def _like(text: str, known: Sequence[tuple[str, str]]) -> list[str]:
    """Slugs of those that are called or spelled much like it."""
    names = {name.lower(): slug for slug, name in known} | {slug: slug for slug, _ in known}
    close = get_close_matches(text, names, n=3, cutoff=0.7)
    return [names[name] for name in (*close, *(name for name in names if text in name))]


async def followed_by(session: AsyncSession, request: Request) -> list[Provider]:
    """The providers that this workspace follows, by name, each once."""
    workspace_id = await follows.workspace_if_any(session, request.workspace)
    if workspace_id is None:
        return []
    rows = await follows.of_workspace(session, workspace_id)
    return list({provider.id: provider for _, provider, _ in rows}.values())


def provider_json(provider: Provider) -> dict[str, Any]:
    """A provider as the JSON of answers has it."""
    return {
        "slug": provider.slug,
        "name": provider.name,
        "url": provider.url,
        "adapter": provider.adapter,
        "status": provider.status,
        "readable": provider.failure is None,
        "last_read_at": shown_moment(provider.last_read_at),
    }


def slug_of(name: str) -> str:
    """`Acme Cloud, Inc.` → `acme-cloud-inc`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "page"


def words(word: str) -> str:
    """`partial_outage` as people write it."""
    return word.replace("_", " ")


def phase_words(phase: str, unknown: str = "active") -> str:
    """A phase as people write it; of one that its page doesn't tell it is known that it isn't over."""
    return unknown if phase == "unknown" else words(phase)


def incident_row(row: Incident, *, provider: str | None = None) -> Row:
    """An incident on one line."""
    case = state.incident(row)
    title = f"{provider}: {case.title}" if provider else case.title
    return Row(
        title=title,
        detail=f"{phase_words(case.phase)}, impact {words(case.impact)}",
        at=case.started_at,
        url=case.url,
    )


def maintenance_row(row: Maintenance, *, provider: str | None = None) -> Row:
    """A maintenance on one line."""
    case = state.maintenance(row)
    title = f"{provider}: {case.title}" if provider else case.title
    return Row(title=title, detail=phase_words(case.phase, "announced"), at=case.starts_at, url=case.url)


def shown_status(provider: Provider) -> Status:
    """The provider's status as far as it is known now: what a page said before it became unreadable is not."""
    return Status(provider.status) if provider.failure is None else Status.UNKNOWN


def ago(moment: datetime | None, now: datetime) -> str:
    """`12 s ago`, in the largest fitting unit."""
    if moment is None:
        return "never"
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def counted(number: int, noun: str) -> str:
    """`1 incident`, `2 incidents`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def shown_moment(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return rfc3339(moment) if moment is not None else None
