"""The providers that a page leads to. They hardly change, and to find them takes longer than most of the page."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.commands.services import counted, shown_status
from bot.web.views import Relative
from storage import coincidences, directory
from storage.coincidences import Beginnings
from storage.directory import Glance
from storage.tables import Provider

MOST_RELATIVES = 6
KEPT_FOR = 60.0
"""Seconds."""
MOST_KEPT = 10_000

Related = tuple[tuple[str, tuple[Relative, ...]], ...]
"""Groups, each with its heading."""
Found = TypeVar("Found")


class Relatives:
    """Remembers what it found: of each provider, and of each category and platform, which many have in common."""

    def __init__(self, kept_for: float = KEPT_FOR) -> None:
        self._kept = _Kept[Related](kept_for)
        self._alike = _Kept[Sequence[Glance]](kept_for)

    async def of(self, session: AsyncSession, found: Provider, began: Beginnings) -> Related:
        """Of one provider, as they were up to two minutes ago."""
        return await self._kept.get(found.id, lambda: self._related(session, found, began))

    async def _related(self, session: AsyncSession, found: Provider, began: Beginnings) -> Related:
        """Those that were in trouble at the same times, of the same category, on the same platform: each once."""
        together = await coincidences.with_provider(session, began, found.id, MOST_RELATIVES)
        times = [
            Relative(one.provider.slug, one.provider.name, shown_status(one.provider), counted(one.times, "time"))
            for one in together
        ]
        category = await self._like(session, Provider.category, found.category)
        platform = await self._like(session, Provider.adapter, found.adapter)
        groups, known = (
            [("In trouble at the same times in the last year", times)],
            {found.slug, *(one.slug for one in times)},
        )
        for heading, some in (
            (f"Also in {found.category}", category),
            ("Read from the same kind of page", platform),
        ):
            relatives = [_relative(one) for one in some if one.slug not in known][:MOST_RELATIVES]
            known |= {one.slug for one in relatives}
            groups.append((heading, relatives))
        return tuple((heading, tuple(some)) for heading, some in groups if some)

    async def _like(
        self, session: AsyncSession, column: InstrumentedAttribute[Any], value: str | None
    ) -> Sequence[Glance]:
        """Enough, also where the provider itself and all that are named before are among them."""
        if value is None:
            return ()
        return await self._alike.get(
            (column.key, value), lambda: directory.alike(session, column, value, 3 * MOST_RELATIVES + 1)
        )


def _relative(one: Glance) -> Relative:
    return Relative(one.slug, one.name, one.status)


class _Kept(Generic[Found]):
    """What was found, for a while."""

    def __init__(self, kept_for: float) -> None:
        self._kept_for = kept_for
        self._kept: OrderedDict[Hashable, tuple[float, Found]] = OrderedDict()

    async def get(self, name: Hashable, find: Callable[[], Awaitable[Found]]) -> Found:
        """As it was found last, or anew."""
        if name in self._kept and self._kept[name][0] > time.monotonic() - self._kept_for:
            return self._kept[name][1]
        found = await find()
        self._kept[name] = time.monotonic(), found
        self._kept.move_to_end(name)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return found
