"""Pages as they were made last: for some seconds they are not made again, and where they can't be, they are shown
as they were.

A page that many ask for at once is made once. The memory is bounded: what was asked for longest ago goes first.
"""

import asyncio
import hashlib
import time
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property

FRESH = 2.0
"""Seconds."""
MOST_BYTES = 48 * 2**20
SMALL = 1024
"""Bytes that are not worth compressing."""


@dataclass(frozen=True)
class Kept:
    """A page, its ETag and its compressed form (None: it is small). `made_at` is on the clock of KeptPages."""

    body: bytes
    made_at: float = 0.0

    @cached_property
    def etag(self) -> str:
        """The same for the same bytes alone."""
        return hashlib.sha256(self.body).hexdigest()[:32]

    @cached_property
    def gzipped(self) -> bytes | None:
        """The same bytes for the same page."""
        if len(self.body) < SMALL:
            return None
        made = zlib.compressobj(6, zlib.DEFLATED, 31)
        return made.compress(self.body) + made.flush()


Make = Callable[[], Awaitable[bytes]]


@dataclass
class KeptPages:
    """`fresh`: seconds for which a page is not made again."""

    fresh: float = FRESH
    most_bytes: int = MOST_BYTES
    clock: Callable[[], float] = time.monotonic
    _pages: OrderedDict[str, Kept] = field(default_factory=OrderedDict)
    _making: dict[str, asyncio.Task[Kept]] = field(default_factory=dict)
    _size: int = 0

    async def get(self, name: str, make: Make) -> Kept:
        """The page of this name, as it was made at most `fresh` seconds ago, or just now. Raises what `make`
        raises."""
        known = self.last(name)
        if known is not None and self.clock() - known.made_at < self.fresh:
            return known
        making = self._making.get(name)
        if making is None:
            making = self._making[name] = asyncio.create_task(self._made(name, make))
            making.add_done_callback(lambda task: self._finished(name, task))
        return await asyncio.shield(making)  # whoever goes away takes it from nobody

    def last(self, name: str) -> Kept | None:
        """As it was made last, however long ago."""
        if name in self._pages:
            self._pages.move_to_end(name)
        return self._pages.get(name)

    async def _made(self, name: str, make: Make) -> Kept:
        page = Kept(await make(), self.clock())
        self.forget(name)
        self._pages[name] = page
        self._size += _size(page)
        while self._size > self.most_bytes and len(self._pages) > 1:
            _, oldest = self._pages.popitem(last=False)
            self._size -= _size(oldest)
        return page

    def forget(self, name: str) -> None:
        """It is not there any more."""
        if (gone := self._pages.pop(name, None)) is not None:
            self._size -= _size(gone)

    def _finished(self, name: str, task: asyncio.Task[Kept]) -> None:
        del self._making[name]
        if not task.cancelled():
            task.exception()  # whoever waited has heard of it


def _size(page: Kept) -> int:
    """About what it takes with its compressed form."""
    return len(page.body) * 5 // 4 + 500
