"""The providers that a page leads to. They hardly change, and to find them takes longer than most of the page."""

import math
import time
from collections import OrderedDict

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.services import Services, counted, shown_status
from bot.web.views import Relative
from storage import coincidences, directory
from storage.directory import Glance
from storage.tables import Provider

MOST_RELATIVES = 6
KEPT_FOR = 60.0
"""Seconds."""
MOST_KEPT = 10_000

Related = tuple[tuple[str, tuple[Relative, ...]], ...]
"""Groups, each with its heading."""


class Relatives:
    """Remembers what it found."""

    def __init__(self, kept_for: float = KEPT_FOR) -> None:
        self._kept_for = kept_for
        self._kept: OrderedDict[int, tuple[float, Related]] = OrderedDict()

    async def of(self, services: Services, session: AsyncSession, found: Provider) -> Related:
        """Of one provider, as they were up to a minute ago."""
        at, related = self._kept.get(found.id, (-math.inf, ()))
        if at > time.monotonic() - self._kept_for:
            return related
        related = await _related(services, session, found)
        self._kept[found.id] = time.monotonic(), related
        self._kept.move_to_end(found.id)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return related


async def _related(services: Services, session: AsyncSession, found: Provider) -> Related:
    """Those that were in trouble at the same times, of the same category, on the same platform: each once."""
    together = await coincidences.with_provider(session, found.id, services.now(), MOST_RELATIVES)
    times = [
        Relative(one.provider.slug, one.provider.name, shown_status(one.provider), counted(one.times, "time"))
        for one in together
    ]
    category = await directory.alike(session, found, Provider.category, 2 * MOST_RELATIVES)
    platform = await directory.alike(session, found, Provider.adapter, 3 * MOST_RELATIVES)
    groups, known = [("In trouble at the same times in the last year", times)], {one.slug for one in times}
    for heading, some in ((f"Also in {found.category}", category), ("Read from the same kind of page", platform)):
        relatives = [_relative(one) for one in some if one.slug not in known][:MOST_RELATIVES]
        known |= {one.slug for one in relatives}
        groups.append((heading, relatives))
    return tuple((heading, tuple(some)) for heading, some in groups if some)


def _relative(one: Glance) -> Relative:
    return Relative(one.slug, one.name, one.status)
