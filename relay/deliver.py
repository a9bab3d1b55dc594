"""Claims threads that are due, tells each its next event, and writes down what came of it."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from secrets import token_hex
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import Impact
from relay import manner
from relay.batch import Batcher
from relay.events import EventData, EventProvider, EventType, StoredEvent, Stream, Subject, SubjectKind
from relay.filters import Filters, wants
from relay.metrics import Metrics
from relay.telling import EDITS, Tellings, address
from relay.transports.transport import DeliveryError, Sent, Telling, Transport
from storage import notices, tables, threads
from storage.database import Database
from storage.threads import Claim, Outcome

RETRIES = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Seconds before each further try, ±20 %; after the last one the event is dead and its thread goes on."""
LONGEST_WAIT = 86400.0
LEASE = 60.0
PATIENCE = 20.0
"""Seconds that a claimed thread may queue behind others of its destination before it is given back."""
LAST_START = 2 * PATIENCE
"""Seconds after its claim in which a telling may still begin: it ends before the lease does."""
CLAIMS_PER_DESTINATION = 12
"""How many of one destination's threads are held at once: fewer than can wait their turn within PATIENCE."""

log = structlog.get_logger("deliver")


@dataclass(frozen=True)
class Decision:
    """What a failed try leads to: again in `delay` seconds, or (None) given up."""

    delay: float | None
    counted: bool = True
    disable: bool = False


def after_failure(error: DeliveryError, attempt: int, jitter: float) -> Decision:
    """Decides; `attempt` is 1 for the first try, `jitter` lies between 0.8 and 1.2."""
    wait = min(error.retry_after or 0.0, LONGEST_WAIT)
    if error.permanent:
        return Decision(delay=None, disable=True)
    if error.uncounted:
        return Decision(delay=max(wait, 0.1), counted=False)
    if attempt > len(RETRIES):
        return Decision(delay=None)
    return Decision(delay=max(RETRIES[attempt - 1] * jitter, wait))


class Deliverer:
    """Tells what is to be told, until it is closed. `open_secret` decrypts a destination's secret."""

    def __init__(
        self,
        database: Database,
        transports: Mapping[str, Transport],
        *,
        metrics: Metrics,
        open_secret: Callable[[str], str],
        in_flight: int = 200,
        idle_wait: float = 1.0,
    ) -> None:
        self._database = database
        self._transports = transports
        self._metrics = metrics
        self._telling = Tellings(database, open_secret)
        self._slots = asyncio.Semaphore(in_flight)
        self._most_claimed = 2 * in_flight
        self._idle_wait = idle_wait
        self._held: Counter[int] = Counter()
        """How many claims of each destination there are."""
        self._queues: dict[int, asyncio.Semaphore] = {}
        self._refused: dict[str, float] = {}
        """When nothing more could be sent to a destination or, by what its URI begins with, to a workspace."""
        self._outcomes: Batcher[Outcome] = Batcher(self._acknowledge)
        self._tellings: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._closing = False
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to deliver in the background."""
        self._outcomes.start()
        self._loop = asyncio.create_task(self._run(), name="deliver")

    def wake(self) -> None:
        """There may be something to tell now."""
        self._woken.set()

    async def aclose(self, patience: float = 8.0) -> None:
        """Claims nothing more, lets what is being sent arrive (for `patience` seconds), writes down what came of
        it. What was still being sent then is sent again by whoever comes next."""
        self._closing = True
        self._woken.set()
        if self._loop:
            await self._loop
        if self._tellings:
            _, late = await asyncio.wait(self._tellings, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._outcomes.aclose()

    async def _run(self) -> None:
        while not self._closing:
            self._woken.clear()
            try:
                claimed = await self._claim()
            except Exception as error:
                log.warning("claim failed", error=type(error).__name__, detail=str(error)[:200])
                claimed = 0
            if not claimed:
                await _wait(self._woken, self._idle_wait)

    async def _claim(self) -> int:
        free = self._most_claimed - len(self._tellings)
        if free <= 0:
            return 0
        busy = [id_ for id_, held in self._held.items() if held >= CLAIMS_PER_DESTINATION]
        async with self._database.write(relaxed=True) as session:
            claims = await threads.claim_due(
                session, free, LEASE, per_destination=CLAIMS_PER_DESTINATION, busy=busy
            )
        if claims:
            await self._telling.load({claim.event_id for claim in claims if claim.event_id is not None})
        for claim in claims:
            self._held[claim.destination_id] += 1
            task = asyncio.create_task(self._tell(claim, time.monotonic()))
            self._tellings.add(task)
            task.add_done_callback(partial(self._told, claim.destination_id))
        return len(claims)

    def _told(self, destination_id: int, task: asyncio.Task[None]) -> None:
        self._tellings.discard(task)
        self._held[destination_id] -= 1
        if not self._held[destination_id]:
            del self._held[destination_id]
            self._queues.pop(destination_id, None)
        if not self._tellings:
            self._refused.clear()
        self._woken.set()

    async def _tell(self, claim: Claim, claimed_at: float) -> None:
        done = Outcome(claim.id, claim.token, claim.sequence, moved=True)
        if claim.disabled:
            self._outcomes.put(replace(done, moved=False, delay=None, uncounted=True))
            return
        event = self._telling.event(claim)
        if event is None or claim.follow is None or not wants(_filters(claim.follow), event, claim.begun):
            self._outcomes.put(done)
            return
        async with self._queue(claim):
            if time.monotonic() - claimed_at > PATIENCE:
                self._outcomes.put(replace(done, moved=False, uncounted=True))
                return
            self._outcomes.put(await self._in_turn(claim, event, done, claimed_at))
            if self._at_once(claim) == 1:
                await self._outcomes.written()  # what is told next may have to know of this

    def _at_once(self, claim: Claim) -> int:
        transport = self._transports.get(claim.transport)
        return transport.at_once if transport is not None else 1

    def _queue(self, claim: Claim) -> asyncio.Semaphore:
        return self._queues.setdefault(claim.destination_id, asyncio.Semaphore(self._at_once(claim)))

    async def _in_turn(self, claim: Claim, event: StoredEvent, done: Outcome, claimed_at: float) -> Outcome:
        """A destination whose turn has not come takes up no slot. In quiet hours only messages that are there
        already are kept true."""
        quiet_until = self._quiet_until(claim, event)
        if quiet_until is not None and not claim.begun:
            self._note(claim, event, 0.0, "held", None, "quiet hours")
            return replace(done, state="held", finished_at=datetime.now(UTC), quiet_until=quiet_until)
        muted = claim.muted or quiet_until is not None
        transport = self._transports.get(claim.transport)
        if transport is not None and not muted and event.type not in EDITS:
            try:
                await transport.turn(address(claim.uri))
            except DeliveryError as error:
                return self._failed(claim, event, done, error, 0.0)
        async with self._slots:
            if self._is_refused(claim, claimed_at) or time.monotonic() - claimed_at > LAST_START:
                return replace(done, moved=False, uncounted=True)
            outcome = await self._tried(claim, event, done, muted=muted)
        if quiet_until is not None and outcome.state == "delivered" and not claim.muted:
            return replace(outcome, state="held", quiet_until=quiet_until)
        return outcome

    def _is_refused(self, claim: Claim, claimed_at: float) -> bool:
        """Nothing can be sent there any more, as another telling heard since this one was claimed."""
        return any(self._refused.get(key, 0.0) > claimed_at for key in (claim.uri, _workspace(claim.uri)))

    def _quiet_until(self, claim: Claim, event: StoredEvent) -> datetime | None:
        """When the follow's quiet hours end; None: it may be told now, or adds no message anyway."""
        transport = self._transports.get(claim.transport)
        if claim.follow is None or transport is None or not transport.is_chat or event.type in EDITS:
            return None
        return manner.quiet_until(manner.of_follow(claim.follow), event, datetime.now(UTC))

    async def _tried(self, claim: Claim, event: StoredEvent, done: Outcome, *, muted: bool = False) -> Outcome:
        began = time.monotonic()
        try:
            return await self._try(claim, event, done, muted)
        except DeliveryError as error:
            return self._failed(claim, event, done, error, time.monotonic() - began)
        except Exception as error:
            log.exception("telling failed", thread=claim.id, event_id=event.id)
            reason = f"an error of our own ({type(error).__name__})"
            return self._failed(claim, event, done, DeliveryError(reason), 0.0)

    async def _try(self, claim: Claim, event: StoredEvent, done: Outcome, muted: bool) -> Outcome:
        transport = self._transports.get(claim.transport)
        if transport is None:
            raise DeliveryError(f"{claim.transport} is not set up here")
        prepared = await self._telling.prepare(claim, event, muted=muted, joins=transport.is_chat)
        if prepared is None:
            return replace(done, moved=False, delay=1.0, uncounted=True)
        began = time.monotonic()
        sent = await transport.send(prepared.telling)
        delivered = self._delivered(claim, event, done, sent, time.monotonic() - began)
        return replace(delivered, joins_id=prepared.root_id)

    async def tell_again(self, thread_id: int, sequence: int) -> Outcome | None:
        """Tells one event once more, at once and out of its turn; None where there is no such delivery. The event
        keeps its id. The thread's cursor stays where it is."""
        async with self._database.read() as session:
            claim = await threads.claim_of(session, thread_id, sequence)
        if claim is None or claim.event_id is None:
            return None
        await self._telling.load({claim.event_id})
        event = self._telling.event(claim)
        assert event is not None
        outcome = await self._tried(claim, event, Outcome(claim.id, claim.token, claim.sequence, moved=True))
        async with self._database.write() as session:
            await threads.acknowledge(session, [outcome])  # its token fits no claim: only the rows are kept
        return outcome

    def _delivered(self, claim: Claim, event: StoredEvent, done: Outcome, sent: Sent, duration: float) -> Outcome:
        self._note(claim, event, duration, "delivered", sent.status)
        self._metrics.delivered(event.data.update.posted_at if event.data.update else None, datetime.now(UTC))
        return replace(
            done,
            state="delivered",
            reference=sent.reference,
            message=sent.message,
            attempt=_attempt(claim, duration, "delivered", sent.status, sent.answer, None),
            finished_at=datetime.now(UTC),
        )

    def _failed(
        self, claim: Claim, event: StoredEvent, done: Outcome, error: DeliveryError, duration: float
    ) -> Outcome:
        decision = after_failure(error, claim.attempt, random.uniform(0.8, 1.2))
        outcome = "refused" if decision.disable else "failed" if decision.counted else "postponed"
        self._note(claim, event, duration, outcome, error.status, error.reason, decision.delay)
        if not decision.counted:
            return replace(done, moved=False, delay=decision.delay, uncounted=True)
        attempt = _attempt(claim, duration, outcome, error.status, error.answer, error.reason)
        if decision.disable:
            self._refused[_workspace(claim.uri) if error.everywhere else claim.uri] = time.monotonic()
            asleep = replace(done, moved=False, delay=None, attempt=attempt)
            return replace(asleep, refused=error.reason, everywhere=error.everywhere)
        if decision.delay is None:
            return replace(done, state="dead", attempt=attempt, finished_at=datetime.now(UTC))
        return replace(done, moved=False, delay=decision.delay, attempt=attempt)

    def _note(
        self,
        claim: Claim,
        event: StoredEvent,
        duration: float,
        outcome: str,
        status: int | None,
        reason: str | None = None,
        again_in: float | None = None,
    ) -> None:
        self._metrics.attempt(claim.transport, outcome)
        log.info(
            "attempt",
            delivery=f"{claim.id}.{claim.sequence}",
            destination=claim.destination_id,
            transport=claim.transport,
            event_id=event.id,
            type=str(event.type),
            attempt=claim.attempt,
            outcome=outcome,
            ms=round(duration * 1000),
            status=status,
            reason=reason,
            again_in=round(again_in, 1) if again_in is not None else None,
        )

    async def _acknowledge(self, outcomes: list[Outcome]) -> None:
        async with self._database.write(relaxed=True) as session:
            for one in await threads.acknowledge(session, outcomes):
                await self._follow_up(session, one)
        self._woken.set()

    async def _follow_up(self, session: AsyncSession, outcome: Outcome) -> None:
        """What was held back is told later; that nothing can be sent any more, those who follow are told."""
        now = datetime.now(UTC)
        if outcome.quiet_until is not None:
            destination_id = await threads.destination_of(session, outcome.thread_id)
            await notices.put(session, destination_id, "summary", outcome.quiet_until, now)
        if outcome.refused is not None:
            concerned = await threads.refusing(session, outcome.thread_id, everywhere=outcome.everywhere)
            disabled = await threads.disable(session, concerned, outcome.refused)
            for destination_id in disabled if not outcome.everywhere else ():
                await notices.put(session, destination_id, "trouble", now, now)


def _workspace(uri: str) -> str:
    """What the addresses of a chat's workspace begin with."""
    return uri.partition("/")[0]


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


async def test(transport: Transport, uri: str, secrets: tuple[str, ...], provider: EventProvider) -> Sent:
    """Sends a message that says that messages arrive. Raises DeliveryError."""
    event = StoredEvent(
        id=f"evt_test_{token_hex(8)}",
        type=EventType.TEST,
        sequence=1,
        subject=Subject(SubjectKind.PROVIDER),
        seen_at=datetime.now(UTC),
        raw_data=EventData(provider=provider).public(),
    )
    return await transport.send(Telling(event=event, address=address(uri), secrets=secrets))


def _filters(follow: tables.Follow) -> Filters:
    chosen = (
        (Stream.INCIDENTS, follow.incidents),
        (Stream.COMPONENTS, follow.components),
        (Stream.MAINTENANCE, follow.maintenance),
    )
    return Filters(
        streams=frozenset(stream for stream, wanted in chosen if wanted),
        component_ids=frozenset(follow.component_ids),
        min_impact=Impact(follow.min_impact) if follow.min_impact else None,
        remind_minutes=follow.remind_minutes,
    )


def _attempt(
    claim: Claim, duration: float, outcome: str, status: int | None, answer: str, reason: str | None
) -> dict[str, Any]:
    return {
        "number": claim.attempt,
        "at": datetime.now(UTC),
        "duration_ms": round(duration * 1000),
        "outcome": outcome,
        "status": status,
        "answer": answer[:16384],
        "reason": reason[:500] if reason else None,
    }
