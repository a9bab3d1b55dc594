"""Claims threads that are due, tells each its next event, and writes down what came of it."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from secrets import token_hex

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapters.schema import Impact
from relay import aftermath, health, manner
from relay.batch import Batcher
from relay.endpoint import Endpoint
from relay.events import EventData, EventProvider, EventType, StoredEvent, Stream, Subject, SubjectKind
from relay.filters import Filters, wants
from relay.lanes import CLAIMS_PER_DESTINATION, Lanes
from relay.metrics import Metrics
from relay.retry import RETRIES
from relay.spans import Attributes, Span, span
from relay.telling import EDITS, Tellings, address
from relay.transports.transport import DeliveryError, OurError, Sent, Telling, Transport
from relay.tries import Tries, given_back, told, waits
from storage import claims, pauses
from storage.claims import Claim
from storage.database import Database
from storage.outcomes import Outcome, acknowledge
from storage.refusals import is_refused
from storage.wishes import FOLLOWS_KEPT, Wishes

LEASE = 60.0
_STATUS = "http.response.status_code"
FEW_MORE = 0.03
"""Seconds in which some more will be free, where most is held: a claim costs as much for one thread as for ten."""
PROBES_EVERY = 0.2
"""Seconds between two looks for paused destinations that may be tried again."""

CLAIM_ENDS_WITHIN = 2.0
"""Seconds, when the process stops."""
UNREADABLE = "what is stored of the event can't be read"

Due = Callable[[Connection], list[Claim]]

log = structlog.get_logger("deliver")


class Deliverer:
    """Tells what is to be told, until it is closed. `open_secret` decrypts a destination's secret; `now` says how
    long a claimed thread has waited.

    A claimed thread may queue behind others of its destination or host for a third of its lease before it is given
    back; a telling may begin in the first two thirds: it ends (20 s at most) before the lease does. Where one is
    told at a time, those that are given back keep their order. (One that fails, or is asked to wait, holds up no
    other.)
    """

    def __init__(
        self,
        database: Database,
        transports: Mapping[str, Transport],
        *,
        metrics: Metrics,
        open_secret: Callable[[str], str],
        in_flight: int = 200,
        idle_wait: float = 1.0,
        lease: float = LEASE,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._transports = transports
        self._telling = Tellings(database, open_secret)
        self._metrics = metrics
        self._tries = Tries(metrics, now)
        self._lanes = Lanes(in_flight)
        self._idle_wait, self._now = idle_wait, now
        self._lease, self._patience, self._last_start = lease, lease / 3, 2 * lease / 3
        self._probed_at = 0.0
        self._outcomes: Batcher[Outcome] = Batcher(self._acknowledge, lost=partial(metrics.stumbled, "writing"))
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

    async def aclose(self, patience: float = 7.0) -> None:
        """Claims nothing more, lets what is being sent arrive (for `patience` seconds), gives back what waits
        behind it, writes down what came of it. What was still being sent then is sent again by whoever comes
        next."""
        self._closing = True
        self._woken.set()
        until = time.monotonic() + patience
        if self._loop:
            await asyncio.wait([self._loop], timeout=CLAIM_ENDS_WITHIN)
            self._loop.cancel()  # the database is away
            await asyncio.gather(self._loop, return_exceptions=True)
        if self._tellings:
            _, late = await asyncio.wait(self._tellings, timeout=max(0.0, until - time.monotonic()))
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
            elif self._lanes.are_full:
                await asyncio.sleep(FEW_MORE)

    async def _claim(self) -> int:
        if self._outcomes.is_behind:
            await self._outcomes.written()  # or what was told while the database was away might be told once more
        free = self._lanes.free
        if free <= 0:
            return 0
        probes = time.monotonic() - self._probed_at >= PROBES_EVERY
        due = partial(
            claims.claim_due,
            limit=free,
            lease=self._lease,
            per_destination=CLAIMS_PER_DESTINATION,
            busy=self._lanes.busy(),
            hosts=self._lanes.hosts(),
            failing=self._lanes.free_for_failing,
        )
        claimed_at = self._now()  # before the lease begins
        claimed = await self._database.in_one_go(_take, due, free if probes else 0, self._lease)
        if probes:
            self._probed_at = time.monotonic()
        if claimed:
            await self._telling.load({claim.event_id for claim in claimed if claim.event_id is not None})
        for claim in claimed:
            self._lanes.take(claim)
            task = asyncio.create_task(self._tell(claim, claimed_at))
            self._tellings.add(task)
            task.add_done_callback(partial(self._told, claim))
        return len(claimed)

    def _told(self, claim: Claim, task: asyncio.Task[None]) -> None:
        self._tellings.discard(task)
        self._lanes.give_back(claim)
        if not self._tellings:
            self._tries.forget_refusals()
        self._woken.set()

    async def _tell(self, claim: Claim, claimed_at: float) -> None:
        try:
            await self._tell_event(claim, claimed_at)
        except Exception as error:
            log.exception("telling failed", thread=claim.id, event_id=claim.event_id)
            self._outcomes.put(self._stumbled(claim, f"an error of our own ({type(error).__name__})"))

    async def _tell_event(self, claim: Claim, claimed_at: float) -> None:
        if claim.disabled:
            self._outcomes.put(waits(claim, None, uncounted=True))
            return
        event = self._telling.event(claim)
        if event is None and claim.event_id is not None:
            self._outcomes.put(self._stumbled(claim, UNREADABLE))
            return
        if event is None or not self._is_wanted(claim, event):
            self._outcomes.put(told(claim, health=health.after_nothing(claim)))
            return
        at_once = self._at_once(claim)
        async with self._lanes.destination(claim, at_once):
            async with self._lanes.host(claim):
                if self._waits_no_longer(claim, claimed_at):
                    self._outcomes.put(self._turned_back(claim, event))
                else:
                    self._outcomes.put(await self._in_turn(claim, event, claimed_at))
            if at_once == 1:
                await self._outcomes.written()  # what is told next may have to know of this

    def _at_once(self, claim: Claim) -> int:
        transport = self._transports.get(claim.transport)
        return transport.at_once if transport is not None else 1

    def _waits_no_longer(self, claim: Claim, claimed_at: float) -> bool:
        """It has waited for too long, or one before it has, or the process stops."""
        return self._closing or self._lanes.is_turned_back(claim) or self._now() - claimed_at > self._patience

    def _turned_back(self, claim: Claim, event: StoredEvent) -> Outcome:
        """Its turn did not come. Where one is told at a time, nobody behind it goes first."""
        if self._at_once(claim) > 1:
            return given_back(claim)
        self._lanes.turn_back(claim)
        return given_back(claim, place=min(event.seen_at, claim.now))

    async def _in_turn(self, claim: Claim, event: StoredEvent, claimed_at: float) -> Outcome:
        """A destination whose turn has not come takes up no slot. In quiet hours only messages that are there
        already are kept true."""
        quiet_until = self._quiet_until(claim, event)
        if quiet_until is not None and not claim.begun:
            return self._tries.held(claim, event, quiet_until)
        muted = claim.muted or quiet_until is not None
        transport = self._transports.get(claim.transport)
        if transport is not None and not muted and event.type not in EDITS:
            try:
                await transport.turn(address(claim.uri))
            except DeliveryError as error:
                return self._failed(claim, event, error, 0.0)
        async with self._lanes.slot(claim):
            if self._tries.is_refused(claim, claimed_at) or self._now() - claimed_at > self._last_start:
                return self._turned_back(claim, event)
            began = time.monotonic()
            outcome = await self._tried(claim, event, muted=muted)
            self._lanes.took(claim, began)
        if quiet_until is not None and outcome.state == "delivered" and not claim.muted:
            return replace(outcome, state="held", quiet_until=quiet_until)
        return outcome

    def _quiet_until(self, claim: Claim, event: StoredEvent) -> datetime | None:
        """When the follow's quiet hours end; None: it may be told now, or adds no message anyway."""
        if claim.wishes is None or not self._is_chat(claim) or event.type in EDITS:
            return None
        return manner.quiet_until(manner.of_follow(claim.wishes), event, datetime.now(UTC))

    def _is_chat(self, claim: Claim) -> bool:
        transport = self._transports.get(claim.transport)
        return transport is not None and transport.is_chat

    async def _tried(self, claim: Claim, event: StoredEvent, *, muted: bool = False) -> Outcome:
        began = time.monotonic()
        try:
            return await self._try(claim, event, muted)
        except DeliveryError as error:
            return self._failed(claim, event, error, time.monotonic() - began)
        except Exception as error:
            log.exception("telling failed", thread=claim.id, event_id=claim.event_id)
            return self._stumbled(claim, f"an error of our own ({type(error).__name__})", event)

    async def _try(self, claim: Claim, event: StoredEvent, muted: bool) -> Outcome:
        transport = self._transports.get(claim.transport)
        if transport is None:
            raise OurError(f"{claim.transport} is not set up here")
        try:
            prepared = await self._telling.prepare(claim, event, muted=muted, joins=transport.is_chat)
        except (DBAPIError, PoolTimeout, OSError) as error:
            if is_refused(error):
                raise
            reason = f"the database can't be reached ({type(error).__name__})"
            raise OurError(reason, uncounted=True, retry_after=RETRIES[0]) from error
        if prepared is None:
            return given_back(claim, delay=1.0)
        began = time.monotonic()
        with span("deliver", "client", _traced(claim, event)) as traced:
            sent = await _sent(transport, prepared.telling, traced)
        return self._tries.delivered(claim, event, sent, time.monotonic() - began, prepared.root_id)

    def _stumbled(self, claim: Claim, reason: str, event: StoredEvent | None = None) -> Outcome:
        """It failed in our own code: it gets its further tries, perhaps by a newer version."""
        self._metrics.stumbled("telling")
        return self._failed(claim, event, OurError(reason), 0.0)

    def _failed(self, claim: Claim, event: StoredEvent | None, error: DeliveryError, duration: float) -> Outcome:
        return self._tries.failed(claim, event, error, duration, is_chat=self._is_chat(claim))

    async def tell_again(self, thread_id: int, sequence: int) -> Outcome | None:
        """Tells one event once more, at once and out of its turn; None where there is no such delivery. The event
        keeps its id. The thread's cursor stays where it is."""
        claim = await self._database.in_one_go(claims.claim_of, thread_id, sequence)
        if claim is None or claim.event_id is None:
            return None
        await self._telling.load({claim.event_id})
        event = self._telling.event(claim)
        if event is not None:
            outcome = await self._tried(claim, event)
        else:
            outcome = self._stumbled(claim, UNREADABLE)
        await self._acknowledge([outcome])  # its token fits no claim: only the rows are kept
        return outcome

    async def _acknowledge(self, outcomes: list[Outcome]) -> None:
        if any(aftermath.is_needed(one) for one in outcomes):
            await self._follow_up(outcomes)
        else:
            await self._database.in_one_go(acknowledge, outcomes)
        self._woken.set()

    async def _follow_up(self, outcomes: list[Outcome]) -> None:
        async with self._database.write(relaxed=True) as session:
            await pauses.hold(session, {one.health.destination_id for one in outcomes if one.health is not None})
            connection = await session.connection()
            for one in await connection.run_sync(acknowledge, outcomes):
                await aftermath.follow_up(session, one)

    def _is_wanted(self, claim: Claim, event: StoredEvent) -> bool:
        """By the follow and the endpoint; of a thread that was put back for what was given up, only that."""
        if claim.wishes is None or (claim.only_dead and claim.state not in (None, "dead")):
            return False
        return wants(_filters(claim.wishes, self._telling.endpoint(claim).types), event, claim.begun)


def _take(connection: Connection, due: Due, probes: int, lease: float) -> list[Claim]:
    claimed = due(connection)
    return claimed + claims.claim_probes(connection, probes, lease) if probes else claimed


async def _sent(transport: Transport, telling: Telling, traced: Span) -> Sent:
    try:
        sent = await transport.send(telling)
    except DeliveryError as error:
        traced.set({_STATUS: error.status})
        traced.failed(str(error.status or "undelivered"))
        raise
    traced.set({_STATUS: sent.status})
    return sent


def _traced(claim: Claim, event: StoredEvent) -> Attributes:
    return {
        "server.address": claim.host,
        "messaging.message.id": event.id,
        "uptimus.delivery": f"{claim.id}.{claim.sequence}",
        "uptimus.transport": claim.transport,
        "uptimus.event": str(event.type),
        "uptimus.attempt": claim.attempt + 1,
    }


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


async def test(
    transport: Transport,
    uri: str,
    secrets: tuple[str, ...],
    provider: EventProvider,
    endpoint: Endpoint,
) -> Sent:
    """Sends a message that says that messages arrive, as the endpoint wants it. Raises DeliveryError."""
    event = StoredEvent(
        id=f"evt_test_{token_hex(8)}",
        type=EventType.TEST,
        sequence=1,
        subject=Subject(SubjectKind.PROVIDER),
        seen_at=datetime.now(UTC),
        raw_data=EventData(provider=provider).public(),
    )
    return await transport.send(Telling(event=event, address=address(uri), secrets=secrets, endpoint=endpoint))


@lru_cache(FOLLOWS_KEPT)
def _filters(follow: Wishes, types: tuple[str, ...]) -> Filters:
    chosen = (
        (Stream.INCIDENTS, follow.incidents),
        (Stream.COMPONENTS, follow.components),
        (Stream.MAINTENANCE, follow.maintenance),
        (Stream.SIGNALS, follow.signals),
    )
    return Filters(
        streams=frozenset(stream for stream, wanted in chosen if wanted),
        component_ids=frozenset(follow.component_ids),
        min_impact=Impact(follow.min_impact) if follow.min_impact else None,
        remind_minutes=follow.remind_minutes,
        one_by_one=follow.shape != manner.Shape.DIGEST,
        types=types,
    )
