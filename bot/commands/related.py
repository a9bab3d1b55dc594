"""related: what is like a provider: the same company's other pages, and others of its kind."""

from collections.abc import Iterable

from adapters.catalogue import Entry
from bot.commands.reply import CommandError, Reply, Request, Row, Section, UsageError
from bot.commands.services import Services, meant, provider_json, shown_status, words
from relay.kin import company
from storage import providers
from storage.tables import Provider

MOST = 15


async def related(services: Services, request: Request) -> Reply:
    """At most fifteen: of the same company first, then of the same category, those that are read before others."""
    if not request.provider:
        raise UsageError("Related to which provider? As in: related chargeover")
    async with services.database.read() as session:
        entry = services.catalogue.find(request.provider)
        known = {one.slug: one for one, _ in await providers.all_with_follows(session)}
        found = await providers.find(session, request.provider)
        found = found or (known.get(entry.slug) if entry is not None else None)
        if entry is None and found is None:
            near = await meant(services, session, request.provider)
            raise CommandError(f"No provider is called {request.provider[:80]!r}.{near}")
    asked = _asked(entry, found)
    others = [one for one in _all(services.catalogue.entries, known) if one.slug != asked.slug]
    kin = [one for one in others if company(one.url) == company(asked.url)][:MOST]
    alike = [one for one in others if one not in kin and asked.category and one.category == asked.category]
    alike.sort(key=lambda one: (one.slug not in known, one.name.casefold()))
    return _reply(asked, kin, alike[: MOST - len(kin)], known, len(alike) > MOST - len(kin))


def _asked(entry: Entry | None, found: Provider | None) -> Entry:
    if entry is not None:
        return entry
    assert found is not None
    return _entry(found)


def _entry(one: Provider) -> Entry:
    return Entry(one.slug, one.name, one.category or "", one.url, one.adapter)


def _all(entries: Iterable[Entry], known: dict[str, Provider]) -> list[Entry]:
    """The catalogue's, and those that somebody added, each once."""
    listed = {one.slug: one for one in entries}
    return sorted(
        [*listed.values(), *(_entry(one) for slug, one in known.items() if slug not in listed)],
        key=lambda one: one.name.casefold(),
    )


def _reply(asked: Entry, kin: list[Entry], alike: list[Entry], known: dict[str, Provider], more: bool) -> Reply:
    data = {
        "provider": asked.slug,
        "category": asked.category or None,
        "same_company": [_json(one, known) for one in kin],
        "same_category": [_json(one, known) for one in alike],
    }
    if not kin and not alike:
        return Reply(text=f"Nothing is known that is like {asked.name}.", data=data)
    sections = (
        Section("The same company", tuple(_row(one, known) for one in kin)),
        Section(
            asked.category or None,
            tuple(_row(one, known) for one in alike),
            note=f"There are more; try: search {asked.category}" if more else "",
        ),
    )
    return Reply(
        text=f"Like {asked.name}: {len(kin) + len(alike)} that can be followed.",
        sections=tuple(one for one in sections if one.rows),
        data=data,
    )


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
