"""What only an operator does with providers, in a terminal: verify, rename, merge, remove."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.reply import CommandError, Reply, Request, Row, Section
from bot.commands.services import Services, counted, known_provider, provider_json, slug_of
from relay import record
from storage import follows, providers
from storage.tables import Component, Follow, Provider


async def list_(services: Services, _: Request) -> Reply:
    """Every provider that was ever followed: where it came from, and whether somebody vouched for it."""
    async with services.database.read() as session:
        rows = await providers.all_with_follows(session)
    shown = tuple(
        Row(title=f"{one.name} ({one.slug})", detail=_said(one, number), url=one.url) for one, number in rows
    )
    data = {"providers": [_json(one) | {"follows": number} for one, number in rows]}
    sections = (Section(rows=shown),) if shown else ()
    return Reply(text=f"{counted(len(rows), 'provider')}.", sections=sections, data=data)


async def verify(services: Services, request: Request) -> Reply:
    """Somebody looked: this is the provider's own page."""
    async with services.database.write() as session:
        provider = await known_provider(services, session, request.provider)
        provider.verification = "verified"
        data = _json(provider)
    return Reply(text=f"{provider.name} is verified: {provider.url}", data=data)


async def rename(services: Services, request: Request) -> Reply:
    """Another name (`text`), and the slug that is made of it."""
    name = " ".join(request.text.split())
    if not name or len(name) > 100:
        raise CommandError("A provider's new name has 1 to 100 letters")
    async with services.database.write() as session:
        provider = await known_provider(services, session, request.provider)
        slug, former = slug_of(name), provider.slug
        taken = await providers.by_slug(session, slug)
        if taken is not None and taken.id != provider.id:
            raise CommandError(f"{taken.name} is called {slug} already; merge the two, or choose another name")
        provider.name, provider.slug = name, slug
        data = _json(provider) | {"former_slug": former}
    return Reply(text=f"{former} is now {name} ({slug}).", data=data)


async def merge(services: Services, request: Request) -> Reply:
    """Who follows the one follows the other (`text`) instead; the one and its history are removed."""
    async with services.database.write() as session:
        one = await known_provider(services, session, request.provider)
        other = await known_provider(services, session, request.text)
        if one.id == other.id:
            raise CommandError(f"{one.name} can't be merged with itself")
        ids = _same_components(
            await providers.components(session, one.id), await providers.components(session, other.id)
        )
        moved, widened = 0, list[str]()
        for follow in await follows.of_provider(session, one.id):
            if await follows.find(session, other.id, follow.destination_id) is None:
                widened += await _move(session, follow, other, ids)
                moved += 1
        await providers.delete(session, one.id)
        data = {"merged": one.slug, "into": _json(other), "follows_moved": moved}
    services.wake()
    said = f"{one.name} is merged into {other.name}; {counted(moved, 'follow')} moved."
    note = "A follow of components that are not there follows all of them now." if widened else ""
    return Reply(text=said, sections=(Section(note=note),) if note else (), data=data)


async def _move(
    session: AsyncSession, follow: Follow, provider: Provider, component_ids: Mapping[str, str]
) -> list[str]:
    """Moves a follow; the components that it named and that are not there."""
    lost = [id_ for id_ in follow.component_ids if id_ not in component_ids]
    follow.component_ids = [component_ids[id_] for id_ in follow.component_ids if id_ in component_ids]
    follow.provider_id = provider.id
    await session.flush()
    await providers.begin_polling(session, provider.id)
    await record.open_threads(session, provider, follow.id)
    return lost if not follow.component_ids else []


def _same_components(one: Sequence[Component], other: Sequence[Component]) -> dict[str, str]:
    """Ids of the one by their names to ids of the other."""
    by_name = {component.name.casefold(): component.external_id for component in other}
    names = {component.external_id: component.name.casefold() for component in one}
    return {id_: by_name[name] for id_, name in names.items() if name in by_name}


async def remove(services: Services, request: Request) -> Reply:
    """Forgets a provider that nobody follows, with its history."""
    async with services.database.write() as session:
        provider = await known_provider(services, session, request.provider)
        number = len(await follows.of_provider(session, provider.id))
        if number:
            raise CommandError(
                f"{provider.name} is followed at {counted(number, 'destination')}; unfollow it there, or merge it"
            )
        data = _json(provider)
        await providers.delete(session, provider.id)
    return Reply(text=f"{provider.name} is removed, with its history.", data=data)


def _said(provider: Provider, number: int) -> str:
    parts = [provider.verification, f"from {provider.source}", f"read as {provider.adapter}"]
    return ", ".join([*parts, counted(number, "follow"), *([provider.failure] if provider.failure else [])])


def _json(provider: Provider) -> dict[str, object]:
    return provider_json(provider) | {"source": provider.source, "verification": provider.verification}
