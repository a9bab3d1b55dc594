"""related: what is like a provider: the same company's other pages, others of its kind, and those that are in
trouble at the same times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.catalogue import Entry
from bot.commands.reply import CommandError, Reply, Request, Row, Section, UsageError
from bot.commands.services import Services, counted, meant, provider_json, shown_status, words
from relay import kin
from storage import coincidences, providers
from storage.coincidences import Beginnings, Coincidence
from storage.tables import Provider

MOST = 15
MOST_TOGETHER = 5
MOST_ON_PLATFORM = 5

company = lru_cache(maxsize=16384)(kin.company)
"""Asked of every page that is known, for each answer."""


@dataclass(frozen=True)
class Relations:
    """What is like a provider. `known` are those of them that are or were followed, by slug."""

    asked: Entry
    same_company: Sequence[Entry]
    same_category: Sequence[Entry]
    """Those that are read before the others."""
    same_platform: Sequence[Entry]
    """Some that are read and whose pages are of the same kind."""
    together: Sequence[Coincidence]
    """Those that were in trouble at the same times."""
    known: dict[str, Provider]
    more: bool
    """There are more of the category."""


async def related(services: Services, request: Request) -> Reply:
    """At most fifteen: of the same company first, then of the same category, those that are read before others."""
    if not request.provider:
        raise UsageError("Related to which provider? As in: related chargeover")
    began = await services.troubles.began(services.database, services.now())
    async with services.database.read() as session:
        entry = services.catalogue.find(request.provider)
        found = await providers.find(session, request.provider)
        found = found or (await providers.by_slug(session, entry.slug) if entry is not None else None)
        if entry is None and found is None:
            near = await meant(services, session, request.provider)
            raise CommandError(f"No provider is called {request.provider[:80]!r}.{near}")
        return _reply(await relations(services, session, entry, found, began))


async def relations(
    services: Services, session: AsyncSession, entry: Entry | None, found: Provider | None, began: Beginnings
) -> Relations:
    """What is like one that is in the catalogue, or known, or both."""
    asked = _asked(entry, found)
    stored = {one.slug: _brief(one) for one in await providers.brief(session)}
    others = [one for one in _all(services.catalogue.entries, stored.values()) if one.slug != asked.slug]
    same = [one for one in others if company(one.url) == company(asked.url)][:MOST]
    alike = [one for one in others if one not in same and asked.category and one.category == asked.category]
    alike.sort(key=lambda one: (one.slug not in stored, one.name.casefold()))
    adapter = found.adapter if found is not None else asked.adapter
    platform = [one for slug, one in stored.items() if adapter and one.adapter == adapter and slug != asked.slug]
    shown = alike[: MOST - len(same)]
    platform = [one for one in platform if one not in same and one not in shown][:MOST_ON_PLATFORM]
    together = (
        await coincidences.with_provider(session, began, found.id, MOST_TOGETHER) if found is not None else []
    )
    slugs = {one.slug for one in (*same, *shown, *platform)} & stored.keys()
    return Relations(
        asked, same, shown, platform, together, await providers.by_slugs(session, slugs), len(alike) > len(shown)
    )


def _asked(entry: Entry | None, found: Provider | None) -> Entry:
    if entry is not None:
        return entry
    assert found is not None
    return _entry(found)


def _entry(one: Provider) -> Entry:
    return Entry(one.slug, one.name, one.category or "", one.url, one.adapter)


def _brief(one: providers.Brief) -> Entry:
    return Entry(one.slug, one.name, one.category, one.url, one.adapter)


def _all(entries: Iterable[Entry], stored: Iterable[Entry]) -> list[Entry]:
    """The catalogue's, and those that somebody added, each once."""
    listed = {one.slug: one for one in (*stored, *entries)}
    return sorted(listed.values(), key=lambda one: one.name.casefold())


def _reply(found: Relations) -> Reply:
    asked, known = found.asked, found.known
    data = {
        "provider": asked.slug,
        "category": asked.category or None,
        "same_company": [_json(one, known) for one in found.same_company],
        "same_category": [_json(one, known) for one in found.same_category],
        "same_platform": [_json(one, known) for one in found.same_platform],
        "in_trouble_together": [
            {**provider_json(one.provider), "times": one.times, "incidents": one.incidents}
            for one in found.together
        ],
    }
    number = len(found.same_company) + len(found.same_category)
    if not number and not found.together:
        return Reply(text=f"Nothing is known that is like {asked.name}.", data=data)
    sections = (
        Section("The same company", tuple(_row(one, known) for one in found.same_company)),
        Section("In trouble at the same times", tuple(_together_row(one) for one in found.together)),
        Section(
            asked.category or None,
            tuple(_row(one, known) for one in found.same_category),
            note=f"There are more; try: search {asked.category}" if found.more else "",
        ),
    )
    return Reply(
        text=f"Like {asked.name}: {number} that can be followed.",
        sections=tuple(one for one in sections if one.rows),
        data=data,
    )


def _together_row(one: Coincidence) -> Row:
    provider = one.provider
    said = f"{counted(one.times, 'time')} in the last year, of {counted(one.incidents, 'incident')}"
    return Row(provider.name, shown_status(provider), f"{provider.slug} · {said}", url=provider.url)


def _row(one: Entry, known: dict[str, Provider]) -> Row:
    provider = known.get(one.slug)
    if provider is None or provider.due_at is None:
        return Row(title=one.name, detail=one.slug, url=one.url)
    status = shown_status(provider)
    return Row(title=one.name, status=status, detail=f"{one.slug} · {words(status)}", url=one.url)


def _json(one: Entry, known: dict[str, Provider]) -> dict[str, object]:
    if one.slug in known:
        return provider_json(known[one.slug])
    return {"slug": one.slug, "name": one.name, "url": one.url}
