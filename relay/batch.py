"""Collects small writes and hands them over together: one transaction for fifty instead of fifty."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from storage.refusals import is_refused

Item = TypeVar("Item")

log = structlog.get_logger(__name__)


class Batcher(Generic[Item]):
    """Writes what was put in after `wait` seconds at the latest, in the order in which it was put.

    A write that fails is tried again with the same items until it succeeds or the batcher is closed; but where the
    database can be reached and does not take them, each is written by itself, and what can't be is left out.
    """

    def __init__(
        self,
        write: Callable[[list[Item]], Awaitable[None]],
        *,
        wait: float = 0.02,
        most: int = 200,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._write, self._lost = write, lost
        self._wait = wait
        self._most = most
        self.is_behind = False
        """The last write failed."""
        self._items: list[Item] = []
        self._awaited: list[tuple[int, asyncio.Event]] = []
        """How many items have to be written before somebody who waits goes on."""
        self._put, self._written = 0, 0
        self._filled = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to write in the background."""
        self._task = asyncio.create_task(self._run(), name="batcher")

    def put(self, item: Item) -> None:
        """To be written soon."""
        self._items.append(item)
        self._put += 1
        self._filled.set()

    async def written(self) -> None:
        """Waits until everything that was put so far is written."""
        if self._written < self._put:
            done = asyncio.Event()
            self._awaited.append((self._put, done))
            await done.wait()

    async def aclose(self, patience: float = 1.5) -> None:
        """Writes what is left, and ends; without a database, after `patience` seconds and without that."""
        self._closing = True
        self._filled.set()
        if self._task:
            await asyncio.wait([self._task], timeout=patience)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._items:
            log.error("not written down", items=len(self._items))

    async def _run(self) -> None:
        while not (self._closing and not self._items):
            await self._filled.wait()
            if not self._closing and len(self._items) < self._most:
                await asyncio.sleep(self._wait)
            self._filled.clear()
            while self._items:
                await self._flush()

    async def _flush(self) -> None:
        batch = self._items[: self._most]
        try:
            await self._write(batch)
        except Exception as error:
            if is_refused(error):
                await self._flush_each(batch)
                return
            self.is_behind = True
            log.warning("write failed", items=len(batch), error=type(error).__name__, detail=str(error)[:200])
            await asyncio.sleep(0.2 if self._closing else 1)
            return
        self._done(batch)

    async def _flush_each(self, batch: list[Item]) -> None:
        """One of them can't be written, whoever tries: it is not to hold up the others."""
        for item in batch:
            try:
                await self._write([item])
            except Exception as error:
                if not is_refused(error):
                    return  # with what is left, once more
                log.exception("an outcome can't be written down", error=type(error).__name__)
                self._lost()
            self._done([item])

    def _done(self, batch: list[Item]) -> None:
        self.is_behind = False
        del self._items[: len(batch)]
        self._written += len(batch)
        while self._awaited and self._awaited[0][0] <= self._written:
            self._awaited.pop(0)[1].set()
