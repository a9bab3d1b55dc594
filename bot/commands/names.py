"""Words of which the first ones name a provider."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.reply import CommandError, Request
from bot.commands.services import Services, known_provider, meant
from storage import providers
from storage.tables import Provider

LONGEST = 6
"""Words of the longest name."""


def spoken_words(request: Request) -> tuple[str, ...]:
    """The request's words one by one, also where only the whole text is known."""
    return request.words or tuple(request.text.split())


async def leading(
    services: Services, session: AsyncSession, words: Sequence[str]
) -> tuple[Provider, tuple[str, ...]]:
    """The known provider that the most of the first words name, and the words behind them. Raises CommandError."""
    for size in range(min(len(words), LONGEST), 0, -1):
        name = " ".join(words[:size])
        found = await providers.find(session, name)
        entry = services.catalogue.find(name)
        if found is None and entry is not None:
            found = await providers.find(session, entry.slug)
        if found is not None:
            return found, tuple(words[size:])
    return await known_provider(services, session, words[0] if words else None), tuple(words[1:])


async def each(services: Services, session: AsyncSession, words: Sequence[str]) -> list[str]:
    """The names of providers that are written one behind the other: `Google Cloud chargeover` are two.

    An address stands for itself. Raises CommandError for what is neither.
    """
    left, found = [word.strip(",") for word in words if word.strip(",")], list[str]()
    while left:
        size = await _size(services, session, left)
        found.append(" ".join(left[:size]))
        left = left[size:]
    return list(dict.fromkeys(found))


async def _size(services: Services, session: AsyncSession, words: Sequence[str]) -> int:
    for size in range(min(len(words), LONGEST), 0, -1):
        name = " ".join(words[:size])
        if services.catalogue.find(name) is not None or await providers.find(session, name) is not None:
            return size
    if "." in words[0]:
        return 1
    raise CommandError(f"No provider is called {words[0][:80]!r}.{await meant(services, session, words[0])}")
