"""Whose turn it is to be read: a few pages of each host at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(slots=True)
class _Place:
    """One host while a page of it is read or waits."""

    turns: asyncio.Semaphore
    users: int = 0


class Hosts:
    """Of each host `at_once` pages are read. The others wait in the order in which they came, at most `patience`
    seconds; `waits` is called when one begins to."""

    def __init__(self, at_once: int, patience: float, waits: Callable[[], None]) -> None:
        self._at_once, self._patience, self._waits = at_once, patience, waits
        self._places: dict[str, _Place] = {}
        self.waiting = 0

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[bool]:
        """Whether the page's turn has come; it lasts as long as the block."""
        host = urlsplit(url).netloc
        place = self._places.setdefault(host, _Place(asyncio.Semaphore(self._at_once)))
        place.users += 1
        try:
            has_come = await self._comes(place.turns)
            try:
                yield has_come
            finally:
                if has_come:
                    place.turns.release()
        finally:
            place.users -= 1
            if not place.users:
                del self._places[host]

    async def _comes(self, turns: asyncio.Semaphore) -> bool:
        if not turns.locked():
            return await turns.acquire()
        self.waiting += 1
        self._waits()
        try:
            async with asyncio.timeout(self._patience):
                return await turns.acquire()
        except TimeoutError:
            return False
        finally:
            self.waiting -= 1
