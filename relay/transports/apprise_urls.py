"""Tells events by Apprise (ntfy, Pushover, Gotify, SMS gateways …): `apprise:` and an address of Apprise's.

Apprise waits for the network in the thread that calls it. So each message has a thread of its own, out of a few,
and a limited time: at its end its connections are broken, which gives the thread back. `apprise_guard` says what
it may do.
"""

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from adapters.schema import Status
from relay.bulletin import Bulletin
from relay.states import status_of
from relay.transports import plain_text
from relay.transports.apprise_call import Call, load
from relay.transports.apprise_guard import Guard, proxies
from relay.transports.plain_text import Lines
from relay.transports.transport import DeliveryError, Sent, Telling

THREADS = 32
LONGEST_BODY = 20_000
"""Letters; what a service takes less of, Apprise cuts."""


class AppriseTransport:
    """A Transport. What it says of failures names no more of an address than its service."""

    is_chat = True
    at_once = 1

    def __init__(
        self,
        *,
        allow_private_networks: bool = False,
        denied_ports: Collection[int] = (),
        trust_proxy: bool = False,
        timeout: float = 15.0,
        queue_patience: float = 4.0,
        threads: int = THREADS,
    ) -> None:
        self._allow_private, self._denied_ports = allow_private_networks, frozenset(denied_ports)
        self._trust_proxy, self._timeout, self._queue_patience = trust_proxy, timeout, queue_patience
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="apprise")
        self._free = asyncio.Semaphore(threads)
        self._under_way: set[Guard] = set()
        self._loaded = False

    async def send(self, telling: Telling) -> Sent:
        """Sends one event as one message; raises DeliveryError. An edit would be one more message: it is none."""
        event = telling.event
        if telling.muted or plain_text.adds_nothing(event):
            return Sent(reference=telling.reference)
        told = plain_text.lines(event, begun=telling.reference is not None)
        return await self._sent(telling.address, told, status_of(event))

    async def turn(self, address: str) -> None:
        """At once: a service that is overloaded says so."""

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        """Sends it as text; raises DeliveryError."""
        return await self._sent(address, plain_text.bulletin_lines(bulletin), Status.UNKNOWN)

    async def aclose(self) -> None:
        """Breaks what is under way."""
        for guard in self._under_way:
            guard.end()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _sent(self, address: str, lines: Lines, status: Status) -> Sent:
        if not self._loaded:  # the time limit is for the service
            await asyncio.get_running_loop().run_in_executor(None, load)
            self._loaded = True
        try:
            async with asyncio.timeout(self._queue_patience):
                await self._free.acquire()
        except TimeoutError:
            raise DeliveryError("too many other messages are under way", uncounted=True, retry_after=2) from None
        guard = Guard(self._allow_private, self._denied_ports)
        lines = Lines(lines.title, plain_text.cut(lines.body, LONGEST_BODY))
        self._under_way.add(guard)
        running = asyncio.get_running_loop().run_in_executor(
            self._threads, self._run, Call(address, lines, status, guard, self._trust_proxy)
        )
        running.add_done_callback(partial(self._done, guard))
        done, _ = await asyncio.wait([running], timeout=self._timeout)
        if done:
            return running.result()
        guard.end()
        raise DeliveryError(f"the service did not answer within {self._timeout:g} s")

    def _done(self, guard: Guard, done: asyncio.Future[Sent]) -> None:
        if not done.cancelled():
            done.exception()  # of one that came too late, nobody else asks for it
        self._under_way.discard(guard)
        self._free.release()

    def _run(self, call: Call) -> Sent:
        if self._trust_proxy:
            call.guard.let_through = proxies()
        try:
            return call.run()
        except DeliveryError:
            raise
        except Exception as error:
            # a plugin of Apprise's stumbled: its words may hold the address
            raise DeliveryError(f"Apprise could not send it ({type(error).__name__})") from None
