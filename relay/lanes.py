"""Who may be told at once: so many in all, half of them for what fails, a few of each host and destination."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from storage import turns
from storage.claims import Claim, Hosts

CLAIMS_PER_DESTINATION = 12
"""How many of one destination's threads are claimed at once, while fewer are held: where nobody is slow, all have
their turn before they can wait no longer."""
AT_ONCE_PER_HOST = 8
CLAIMS_PER_HOST = 24
"""How many are held of a host that is not known to be quick: as many as can wait their turn."""
QUICK = 0.25
"""Seconds: a host that takes no longer on the average holds up nobody, however many wait for it."""


class Lanes:
    """Counts what is held, and lets through what may go. A claim is held from `take` to `give_back`."""

    def __init__(self, in_flight: int) -> None:
        self._most = 2 * in_flight
        self._slots = asyncio.Semaphore(in_flight)
        self._slots_of_failing = asyncio.Semaphore(max(1, in_flight // 2))
        self._held: Counter[int] = Counter()
        self._held_at: Counter[str] = Counter()
        self._held_failing = 0
        self._turned_back: set[int] = set()
        self._destinations: dict[int, asyncio.Semaphore] = {}
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._seconds: dict[str, float] = {}
        """How long a send to a host takes, on a moving average."""

    @property
    def free(self) -> int:
        """How many more may be held."""
        return self._most - self._held.total()

    @property
    def are_full(self) -> bool:
        """Three quarters of what may be held are."""
        return self.free < self._most // 4

    @property
    def free_for_failing(self) -> int:
        """How many more of destinations that fail."""
        return max(0, self._most // 2 - self._held_failing)

    def busy(self) -> list[int]:
        """Destinations of which no more may be held: asked for each claim, before it is made."""
        self._turned_back &= self._held.keys()  # no earlier: the claim before may have brought some more
        full = {id_ for id_, held in self._held.items() if held >= CLAIMS_PER_DESTINATION}
        return list(full | self._turned_back)

    def hosts(self) -> Hosts:
        """How many more may be held of each host."""
        quick = [host for host, seconds in self._seconds.items() if seconds <= QUICK]
        busy = [host for host, held in self._held_at.items() if held >= CLAIMS_PER_HOST and host not in quick]
        return Hosts(CLAIMS_PER_HOST, busy, quick)

    def take(self, claim: Claim) -> None:
        """It is held from now on."""
        self._held[claim.destination_id] += 1
        self._held_failing += claim.failing_since is not None
        host = _host(claim)
        if host is not None:
            self._held_at[host] += 1

    def turn_back(self, claim: Claim) -> None:
        """One of a destination that is told in order could not wait any longer: all that is held of it has to be
        given back before more is claimed, or what was claimed later would be told first."""
        self._turned_back.add(claim.destination_id)

    def is_turned_back(self, claim: Claim) -> bool:
        """One before it could not wait any longer."""
        return claim.destination_id in self._turned_back

    def give_back(self, claim: Claim) -> None:
        """It is held no more."""
        self._held_failing -= claim.failing_since is not None
        self._held[claim.destination_id] -= 1
        if not self._held[claim.destination_id]:
            del self._held[claim.destination_id]
            self._destinations.pop(claim.destination_id, None)
        host = _host(claim)
        if host is not None:
            self._held_at[host] -= 1
            if not self._held_at[host]:
                del self._held_at[host]
                self._hosts.pop(host, None)
                self._seconds.pop(host, None)

    def destination(self, claim: Claim, at_once: int) -> asyncio.Semaphore:
        """The queue of a destination that takes so many at once."""
        return self._destinations.setdefault(claim.destination_id, asyncio.Semaphore(at_once))

    def host(self, claim: Claim) -> AbstractAsyncContextManager[object]:
        """The queue of its host, where it has one."""
        host = _host(claim)
        if host is None:
            return nullcontext()
        return self._hosts.setdefault(host, asyncio.Semaphore(AT_ONCE_PER_HOST))

    def slot(self, claim: Claim) -> AbstractAsyncContextManager[object]:
        """One of all the slots; what fails waits until less than half of them are taken by its like."""
        return self._slots if claim.failing_since is None else self._slot_of_failing()

    @asynccontextmanager
    async def _slot_of_failing(self) -> AsyncIterator[None]:
        async with self._slots_of_failing, self._slots:
            yield

    def took(self, claim: Claim, began: float) -> None:
        """A send to its host, which began then (by the monotonic clock), is over."""
        host = _host(claim)
        if host is not None:
            seconds = time.monotonic() - began
            self._seconds[host] = 0.9 * self._seconds.get(host, seconds) + 0.1 * seconds


def _host(claim: Claim) -> str | None:
    """A chat's workspace is none: its transport keeps the pace there, channel by channel."""
    return None if turns.is_workspace(claim.host) else claim.host
