"""Claims threads that are due, tells each its next event, and writes down what came of it."""

import asyncio
import random
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import structlog

from adapters.schema import Impact
from relay.batch import Batcher
from relay.events import EventData, EventProvider, EventType, StoredEvent, Stream, Subject, SubjectKind
from relay.filters import Filters, wants
from relay.metrics import Metrics
from relay.transports.transport import DeliveryError, Sent, Telling, Transport
from storage import events as event_rows
from storage import tables, threads
from storage.database import Database
from storage.threads import Claim, Outcome

RETRIES = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Seconds before each further try, ±20 %; after the last one the event is dead and its thread goes on."""
LONGEST_WAIT = 86400.0
LEASE = 60.0
PATIENCE = 20.0
"""Seconds that a claimed thread may queue behind others of its destination before it is given back."""

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
        per_destination: int = 8,
        idle_wait: float = 1.0,
    ) -> None:
        self._database = database
        self._transports = transports
        self._metrics = metrics
        self._open_secret = open_secret
        self._slots = asyncio.Semaphore(in_flight)
        self._most_claimed = 2 * in_flight
        self._idle_wait = idle_wait
        self._per_destination: dict[int, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(per_destination)
        )
        self._events: OrderedDict[int, StoredEvent] = OrderedDict()
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
        async with self._database.write(relaxed=True) as session:
            claims = await threads.claim_due(session, free, LEASE)
        if claims:
            await self._load_events({claim.event_id for claim in claims if claim.event_id is not None})
        for claim in claims:
            task = asyncio.create_task(self._tell(claim, time.monotonic()))
            self._tellings.add(task)
            task.add_done_callback(self._told)
        return len(claims)

    def _told(self, task: asyncio.Task[None]) -> None:
        self._tellings.discard(task)
        self._woken.set()

    async def _load_events(self, wanted: set[int]) -> None:
        missing = [id_ for id_ in wanted if id_ not in self._events]
        if missing:
            async with self._database.read() as session:
                for row, kind, external_id in await event_rows.load(session, missing):
                    self._events[row.id] = stored_event(row, kind, external_id)
        while len(self._events) > max(500, 2 * len(wanted)):
            self._events.popitem(last=False)

    async def _tell(self, claim: Claim, claimed_at: float) -> None:
        done = Outcome(claim.id, claim.token, claim.sequence, moved=True)
        if claim.disabled:
            self._outcomes.put(replace(done, moved=False, delay=None, uncounted=True))
            return
        event = self._events.get(claim.event_id) if claim.event_id is not None else None
        if event is None or claim.follow is None or not wants(_filters(claim.follow), event, claim.begun):
            self._outcomes.put(done)
            return
        async with self._per_destination[claim.destination_id], self._slots:
            if time.monotonic() - claimed_at > PATIENCE:
                self._outcomes.put(replace(done, moved=False, uncounted=True))
                return
            self._outcomes.put(await self._tried(claim, event, done))

    async def _tried(self, claim: Claim, event: StoredEvent, done: Outcome) -> Outcome:
        try:
            return await self._try(claim, event, done)
        except Exception as error:
            log.exception("telling failed", thread=claim.id, event_id=event.id)
            reason = f"an error of our own ({type(error).__name__})"
            return self._failed(claim, event, done, DeliveryError(reason), 0.0)

    async def tell_again(self, thread_id: int, sequence: int) -> Outcome | None:
        """Tells one event once more, at once and out of its turn; None where there is no such delivery. The event
        keeps its id. The thread's cursor stays where it is."""
        async with self._database.read() as session:
            claim = await threads.claim_of(session, thread_id, sequence)
        if claim is None or claim.event_id is None:
            return None
        await self._load_events({claim.event_id})
        done = Outcome(claim.id, claim.token, claim.sequence, moved=True)
        outcome = await self._tried(claim, self._events[claim.event_id], done)
        async with self._database.write() as session:
            await threads.acknowledge(session, [outcome])  # its token fits no claim: only the rows are kept
        return outcome

    async def _try(self, claim: Claim, event: StoredEvent, done: Outcome) -> Outcome:
        reference = claim.reference
        if reference is None and claim.adopts_id is not None:
            async with self._database.read() as session:
                reference, in_flight = await threads.adopted(session, claim.adopts_id)
            if in_flight:
                return replace(done, moved=False, delay=1.0, uncounted=True)
        telling = Telling(
            event=event,
            address=_address(claim.uri),
            reference=reference,
            carrier=await self._carrier(claim, event),
            last=claim.sequence == claim.head,
            attempt=claim.attempt,
            secrets=tuple(self._open_secret(secret) for secret in claim.encrypted_secrets),
        )
        began = time.monotonic()
        try:
            sent = await self._transport(claim.transport).send(telling)
        except DeliveryError as error:
            return self._failed(claim, event, done, error, time.monotonic() - began)
        return self._delivered(claim, event, done, sent, time.monotonic() - began)

    def _transport(self, name: str) -> Transport:
        transport = self._transports.get(name)
        if transport is None:
            raise DeliveryError(f"{name} is not set up here")
        return transport

    async def _carrier(self, claim: Claim, event: StoredEvent) -> str | None:
        if (
            event.type not in (EventType.INCIDENT_EDITED, EventType.MAINTENANCE_EDITED)
            or event.data.update is None
        ):
            return None
        async with self._database.read() as session:
            return await threads.carrier(session, claim.id, event.data.update.id, claim.sequence)

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
            return replace(done, moved=False, delay=None, attempt=attempt)
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
        refused = [one for one in outcomes if one.attempt and one.attempt["outcome"] == "refused"]
        async with self._database.write(relaxed=True) as session:
            await threads.acknowledge(session, outcomes)
            for one in refused:
                await threads.disable_of(session, one.thread_id, str(one.attempt and one.attempt["reason"]))
        self._woken.set()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def stored_event(row: tables.Event, kind: str, external_id: str) -> StoredEvent:
    """An event's row, as transports get it."""
    return StoredEvent(
        id=row.uid,
        type=EventType(row.type),
        sequence=row.sequence,
        subject=Subject(SubjectKind(kind), external_id),
        seen_at=row.seen_at,
        raw_data=row.data,
        raw_context=row.context,
    )


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
    return await transport.send(Telling(event=event, address=_address(uri), secrets=secrets))


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
    )


def _address(uri: str) -> str:
    return uri if uri.startswith(("http://", "https://")) else uri.partition(":")[2]


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
