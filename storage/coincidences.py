"""Which pages were in trouble at the same times as one."""

import asyncio
import time
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import nsmallest

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import Impact
from storage.database import Database
from storage.tables import Incident, Provider

BACK = timedelta(days=365)
NEAR = 3600.0
"""Seconds."""
MOST_OWN = 100
"""Incidents of the one that is asked about: its latest."""
LEAST = 2
"""Once may be chance."""
MOST_AT_ONCE = 500
"""Pages: where more were in trouble at once, everybody was, and it says of nobody whom they have to do with."""
AT_ONCE = 1000
"""Rows that are taken in before others have their turn."""
KEPT_FOR = 600.0
"""Seconds."""


@dataclass(frozen=True)
class Coincidence:
    """A page whose trouble began within an hour of the other's, so many times in the last year."""

    provider: Provider
    times: int
    incidents: int
    """How many it had in all: whoever is always in trouble coincides with everybody."""


@dataclass(frozen=True)
class Beginnings:
    """When each trouble of a year began, in seconds since 1970, and at which provider: plain numbers in the order
    of time, since there are a hundred thousand where five thousand pages are read."""

    moments: "array[float]" = field(default_factory=lambda: array("d"))
    owners: list[int] = field(default_factory=list)
    of_each: "dict[int, array[float]]" = field(default_factory=dict)

    def add(self, rows: Iterable[tuple[int, float]]) -> None:
        """More of them, none of which began before those that are there."""
        same = {owner: owner for owner in self.of_each}  # one number for all of a provider's, not one each
        for owner, moment in rows:
            self.moments.append(moment)
            self.owners.append(same.setdefault(owner, owner))
            self.of_each.setdefault(owner, array("d")).append(moment)

    def near(self, provider_id: int, most: int) -> list[tuple[int, int]]:
        """Others, and how often their trouble began within an hour of this one's, at least twice: those whose
        incidents coincide for the greater part first."""
        own, times = self.of_each.get(provider_id, array("d")), Counter[int]()
        for begins, ends in _windows(own[-MOST_OWN:]):
            times.update(self._owners(bisect_left(self.moments, begins), bisect_right(self.moments, ends)))
        ranked = (
            (-min(number, 10) * number / len(self.of_each[id_]), -number, id_)
            for id_, number in times.items()
            if number >= LEAST and id_ != provider_id
        )
        return [(id_, -number) for _, number, id_ in nsmallest(most, ranked)]

    def _owners(self, first: int, behind: int) -> set[int]:
        """Of the beginnings between these two places; none where they are too many."""
        found = set[int]()
        for place in range(first, behind, MOST_AT_ONCE):
            found.update(self.owners[place : min(place + MOST_AT_ONCE, behind)])
            if len(found) > MOST_AT_ONCE:
                return set()
        return found


def _windows(moments: Sequence[float]) -> list[tuple[float, float]]:
    """An hour before and after each of them, which are in order; those that overlap as one: that was the same
    trouble."""
    found: list[tuple[float, float]] = []
    for at in moments:
        if found and at - NEAR <= found[-1][1]:
            found[-1] = (found[-1][0], at + NEAR)
        else:
            found.append((at - NEAR, at + NEAR))
    return found


async def beginnings(session: AsyncSession, now: datetime) -> Beginnings:
    """Those of the year before now, taken in by parts, so that nobody else waits for all of them."""
    found = Beginnings()
    chosen = (
        select(Incident.provider_id, Incident.started_at, Incident.id)
        .where(Incident.started_at >= now - BACK, ~Incident.removed, Incident.impact != Impact.NONE)
        .order_by(Incident.started_at, Incident.id)
        .limit(AT_ONCE)
    )
    rows = (await session.execute(chosen)).all()
    while rows:
        found.add((owner, at.timestamp()) for owner, at, _ in rows if at is not None)
        await asyncio.sleep(0)
        place = tuple_(Incident.started_at, Incident.id) > (rows[-1].started_at, rows[-1].id)
        rows = (await session.execute(chosen.where(place))).all() if len(rows) == AT_ONCE else []
    return found


async def with_provider(
    session: AsyncSession, known: Beginnings, provider_id: int, most: int
) -> list[Coincidence]:
    """The pages that were in trouble at the same times as this one at least twice, those whose incidents coincide
    for the greater part first."""
    near = known.near(provider_id, most)
    if not near:
        return []
    rows = await session.scalars(select(Provider).where(Provider.id.in_([id_ for id_, _ in near])))
    by_id = {one.id: one for one in rows}
    return [Coincidence(by_id[id_], times, len(known.of_each[id_])) for id_, times in near if id_ in by_id]


class Troubles:
    """Remembers when troubles began. They are gathered when somebody asks first; after a while once more, behind
    the back of whoever asks then."""

    def __init__(self, kept_for: float = KEPT_FOR) -> None:
        self._kept_for = kept_for
        self._known: Beginnings | None = None
        self._gathering: asyncio.Task[Beginnings] | None = None
        self._at = 0.0

    async def began(self, database: Database, now: datetime, *, patience: float | None = None) -> Beginnings:
        """As they were some minutes ago. Whoever has no more `patience` (in seconds) while they are gathered for
        the first time gets none. To be asked for outside of a transaction: it takes one of its own."""
        old = self._known is None or time.monotonic() - self._at > self._kept_for
        if old and self._gathering is None:
            self._gathering = asyncio.create_task(self._gather(database, now))
            self._gathering.add_done_callback(self._gathered)
        if self._known is not None or self._gathering is None:
            return self._known or Beginnings()
        done, _ = await asyncio.wait({self._gathering}, timeout=patience)  # whoever goes away takes it from nobody
        return done.pop().result() if done else Beginnings()

    async def _gather(self, database: Database, now: datetime) -> Beginnings:
        async with database.read() as session:
            self._known = await beginnings(session, now)
        self._at = time.monotonic()
        return self._known

    def _gathered(self, task: asyncio.Task[Beginnings]) -> None:
        self._gathering = None
        if not task.cancelled():
            task.exception()  # whoever waited has heard of it; the next one tries again
