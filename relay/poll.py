"""Claims pages that are due, reads each once, and has what it says recorded."""

import asyncio
import math
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import structlog

from adapters.adapter import Adapter, Getter, Page, Reading
from adapters.detect import Detected, detect
from adapters.fetch import AdapterError, Answer, Fetcher, FetchError
from relay import record
from relay.batch import Batcher
from relay.events import Event
from relay.hosts import Hosts
from relay.metrics import Metrics
from relay.record import ImplausibleError, Pace
from relay.spans import Attributes, span
from storage import providers
from storage.database import Database
from storage.providers import Claimed, Unchanged

READ_TIMEOUT = 20.0
AT_ONCE_PER_HOST = 4
"""As many as the fetcher asks of one at a time: what a page waits for its turn is not the page's fault."""
MOST_WAITING = 1000
PATIENCE = 20.0
"""Seconds that a page waits for its turn among those of its host. It takes up nobody's place meanwhile."""
LEASE = 60.0
"""Longer than the longest wait and read, so that no poll of a page overlaps another."""
ACTIVE_INTERVAL = 20.0
LONGEST_BACKOFF = 300.0
LONGEST_RETRY_AFTER = 3600.0
LOOKS_AGAIN = frozenset(2**power for power in range(1, 12))
"""After how many failed reads running a page is looked at anew: rarer and rarer."""

log = structlog.get_logger("poll")


def pace(interval: float, hold: float) -> Pace:
    """From the two settings: the other times follow."""
    return Pace(
        interval=interval,
        active_interval=min(ACTIVE_INTERVAL, interval),
        hold=timedelta(seconds=hold),
        gap=3 * interval + LONGEST_BACKOFF,
    )


def delay_after_failure(failures: int, interval: float, retry_after: float | None) -> float:
    """Seconds until a page that failed `failures` times running is read again: one interval, then two, four … at
    most 30 intervals or 5 minutes, whichever is less; never before the page asked for."""
    backoff = min(math.ldexp(interval, min(failures - 1, 10)), 30 * interval, max(LONGEST_BACKOFF, interval))
    return max(backoff, min(retry_after or 0.0, LONGEST_RETRY_AFTER))


class _Noticing:
    """A getter that notices when a page leads to another host."""

    def __init__(self, getter: Getter) -> None:
        self._getter = getter
        self.led_to: str | None = None

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "application/json",
    ) -> Answer:
        """As the getter does."""
        answer = await self._getter.get(url, etag=etag, last_modified=last_modified, accept=accept)
        if answer.url != url and urlsplit(answer.url).netloc != urlsplit(url).netloc:
            self.led_to = urlsplit(answer.url).netloc
        return answer


class Poller:
    """Reads the pages that somebody follows. `recorded` is called when there is something new to tell."""

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        adapters: Mapping[str, Adapter],
        *,
        pace: Pace,
        metrics: Metrics,
        recorded: Callable[[], None],
        at_once: int = 100,
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._adapters = adapters
        self._pace = pace
        self._metrics = metrics
        self._recorded = recorded
        self._at_once = at_once
        self._polls: set[asyncio.Task[None]] = set()
        self._unchanged: Batcher[Unchanged] = Batcher(self._write_unchanged, wait=0.05)
        self._led_to: dict[int, str] = {}
        """Other hosts that providers' pages were noticed to lead to: each is looked at once."""
        self._free = asyncio.Event()
        self._hosts = Hosts(AT_ONCE_PER_HOST, PATIENCE, self._free.set)
        self._closing = False

    def start(self) -> None:
        """Begins to accept ticks."""
        self._unchanged.start()

    async def tick(self) -> None:
        """Polls everything that is due now, up to `at_once` pages at a time, and a few of each host. Meant to be
        called every second."""
        while not self._closing:
            free = self._at_once + min(self._hosts.waiting, MOST_WAITING) - len(self._polls)
            if free <= 0:
                self._free.clear()
                await self._free.wait()
                continue
            async with self._database.write(relaxed=True) as session:
                claimed = await providers.claim_due(session, free, LEASE, self._pace.gap)
            for one in claimed:
                task = asyncio.create_task(self._poll(one), name=f"poll {one.slug}")
                self._polls.add(task)
                task.add_done_callback(self._polled)
            if len(claimed) < free:
                return

    async def idle(self) -> None:
        """Waits until no poll is under way."""
        while self._polls:
            await asyncio.wait(self._polls)

    async def aclose(self) -> None:
        """Gives up the reads that are under way (their pages become due again) and writes down the others."""
        self._closing = True
        self._free.set()
        for task in self._polls:
            task.cancel()
        await asyncio.gather(*self._polls, return_exceptions=True)
        await self._unchanged.aclose()

    def _polled(self, task: asyncio.Task[None]) -> None:
        self._polls.discard(task)
        self._free.set()

    async def _poll(self, claimed: Claimed) -> None:
        began = time.monotonic()
        with span("poll", "client", _traced(claimed)) as traced:
            try:
                outcome, detail = await self._read_and_record(claimed)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                # The database, or a mistake of ours: the lease ends by itself and the page is read again.
                log.exception("poll failed", provider=claimed.slug)
                outcome, detail = "lost", type(error).__name__
            traced.set({"uptimus.outcome": outcome})
            if outcome in ("failed", "lost"):
                traced.failed(outcome)
        duration = time.monotonic() - began
        self._metrics.poll(outcome, duration)
        log.info("poll", provider=claimed.slug, outcome=outcome, ms=round(duration * 1000), detail=detail)

    async def _read_and_record(self, claimed: Claimed) -> tuple[str, str | None]:
        getter = _Noticing(self._fetcher)
        try:
            async with self._hosts.turn(claimed.url) as has_come:
                if not has_come:  # it is read when the lease has ended
                    return "late", "too many pages of its host are slow"
                reading = await self._read(claimed, getter)
        except AdapterError as error:
            return await self._look_again(claimed, error)
        if getter.led_to and self._led_to.get(claimed.id) != getter.led_to:
            self._led_to[claimed.id] = getter.led_to
            with suppress(AdapterError, TimeoutError):
                moved = await self._detect_move(claimed)
                if moved:
                    return moved
        if reading.snapshot is None and not claimed.fresh:
            memory = reading.memory if reading.memory is not claimed.memory else None
            self._unchanged.put(Unchanged(claimed.id, claimed.token, self._delay(claimed.active), memory))
            return "unchanged", None
        try:
            return await self._record(claimed, reading)
        except ImplausibleError as doubt:
            return await self._record_failure(claimed, str(doubt), None)

    async def _read(self, claimed: Claimed, getter: Getter) -> Reading:
        adapter = self._adapters.get(claimed.adapter)
        if adapter is None:
            raise AdapterError(f"there is no adapter called {claimed.adapter}")
        page = Page(
            url=claimed.url,
            now=datetime.now(UTC),
            memory={} if claimed.fresh else claimed.memory,
            open_ids=claimed.open_ids,
            interval=self._pace.interval,
        )
        try:
            async with asyncio.timeout(READ_TIMEOUT):
                return await adapter.read(page, getter)
        except TimeoutError:
            raise AdapterError(f"the page took longer than {READ_TIMEOUT:.0f} seconds") from None
        except AdapterError:
            raise
        except Exception as error:
            log.exception("adapter failed", provider=claimed.slug, adapter=claimed.adapter)
            raise AdapterError(f"the adapter failed ({type(error).__name__})") from error

    async def _look_again(self, claimed: Claimed, error: AdapterError) -> tuple[str, str | None]:
        """A page that answers and is not what it was may have changed its platform: now and then it is looked at
        as if nobody knew what it is."""
        reason = error.reason
        if not isinstance(error, FetchError) and claimed.failures + 1 in LOOKS_AGAIN:
            try:
                moved = await self._detect_move(claimed)
            except TimeoutError:
                moved = None
            except AdapterError as doubt:
                moved, reason = None, f"{reason}; {doubt.reason}"
            if moved:
                return moved
        return await self._record_failure(claimed, reason, error.retry_after)

    async def _detect_move(self, claimed: Claimed) -> tuple[str, str | None] | None:
        """None where the page is where and what it was. Raises AdapterError and TimeoutError."""
        async with asyncio.timeout(READ_TIMEOUT):
            found = await detect(claimed.url, self._fetcher, datetime.now(UTC))
        if (found.adapter, found.url) == (claimed.adapter, claimed.url):
            return None
        return await self._record_move(claimed, found)

    async def _record_move(self, claimed: Claimed, found: Detected) -> tuple[str, str | None]:
        async with self._database.write() as session:
            provider = await providers.owned(session, claimed.id, claimed.token)
            if provider is None:
                return "lost", "another poll has taken over"
            if await providers.is_taken(session, found.url, claimed.id):
                raise AdapterError(f"the page has moved to {found.url}, which is followed as another provider")
            events = await record.record_move(session, provider, found, self._pace, _jittered(1.0))
        log.warning(
            "the page has moved",
            provider=claimed.slug,
            adapter=f"{claimed.adapter} → {found.adapter}",
            url=f"{claimed.url} → {found.url}",
            evidence="; ".join(found.evidence),
        )
        return self._noted(events, "moved")

    def _noted(self, events: list[Event], outcome: str) -> tuple[str, str | None]:
        for event in events:
            self._metrics.event(str(event.type))
        if events:
            self._recorded()
        return outcome, ", ".join(str(event.type) for event in events) or None

    async def _record(self, claimed: Claimed, reading: Reading) -> tuple[str, str | None]:
        kind = "sqlite" if self._database.is_sqlite else "postgresql"
        attributes = {"db.system.name": kind, "uptimus.provider": claimed.slug}
        with span("record", "internal", attributes) as traced:
            outcome, events = await self._recorded_events(claimed, reading)
            traced.set({"uptimus.outcome": outcome, "uptimus.events": len(events)})
        return self._noted(events, outcome) if outcome != "lost" else ("lost", "another poll has taken over")

    async def _recorded_events(self, claimed: Claimed, reading: Reading) -> tuple[str, list[Event]]:
        async with self._database.write() as session:
            provider = await providers.owned(session, claimed.id, claimed.token)
            if provider is None:
                return "lost", []
            events = await record.record_snapshot(session, provider, reading, self._pace, _jittered(1.0))
        return "changed" if reading.snapshot is not None else "unchanged", events

    async def _record_failure(
        self, claimed: Claimed, reason: str, retry_after: float | None
    ) -> tuple[str, str | None]:
        async with self._database.write() as session:
            provider = await providers.owned(session, claimed.id, claimed.token)
            if provider is None:
                return "lost", "another poll has taken over"
            delay = delay_after_failure(provider.failures + 1, self._pace.interval, retry_after)
            events = await record.record_failure(session, provider, reason, _jittered(delay))
        if events:
            self._recorded()
        return "failed", reason

    def _delay(self, active: bool) -> float:
        return _jittered(self._pace.active_interval if active else self._pace.interval)

    async def _write_unchanged(self, outcomes: list[Unchanged]) -> None:
        async with self._database.write(relaxed=True) as session:
            await providers.record_unchanged(session, outcomes)


def _traced(claimed: Claimed) -> Attributes:
    return {
        "server.address": urlsplit(claimed.url).hostname,
        "uptimus.provider": claimed.slug,
        "uptimus.adapter": claimed.adapter,
    }


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(0.95, 1.05)
