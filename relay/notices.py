"""Claims notices that are due (digests, summaries, word of trouble), tells each, and plans the next."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from relay import compose, digest, manner, summary, trouble
from relay.bulletin import Bulletin
from relay.metrics import Metrics
from relay.retry import LONGEST_WAIT, after_failure
from relay.telling import address, stored_event
from relay.transports.transport import DeliveryError, Sent, Transport
from storage import digests, notices, providers, threads
from storage.database import Database
from storage.notices import Claimed, Held
from storage.tables import Follow, Provider

LEASE = 120.0
"""Seconds; longer than a notice can wait for its turn and be sent."""
AT_ONCE = 20
LOCAL = "local"
"""The terminal's workspace."""

log = structlog.get_logger("notices")


class Notices:
    """Tells what is due, each at least once, and in every process that has the transports."""

    def __init__(self, database: Database, transports: Mapping[str, Transport], *, metrics: Metrics) -> None:
        self._database = database
        self._transports = transports
        self._metrics = metrics
        self._tellings: set[asyncio.Task[None]] = set()
        self._closing = False
        self._kinds: dict[str, Callable[[Claimed], Awaitable[None]]] = {
            notices.DIGEST: self._digest,
            notices.SUMMARY: self._summary,
            notices.TROUBLE: self._trouble,
            notices.WARNING: self._warning,
        }

    async def tick(self) -> None:
        """Tells everything that is due now. Meant to be called every few seconds. What is being sent when the
        caller gives up goes on: `aclose` waits for it."""
        while not self._closing:
            async with self._database.write(relaxed=True) as session:
                claimed = await notices.claim_due(session, AT_ONCE, LEASE)
            if not claimed:
                return
            tasks = [asyncio.create_task(self._tell(one), name=f"notice {one.id}") for one in claimed]
            for task in tasks:
                self._tellings.add(task)
                task.add_done_callback(self._tellings.discard)
            await asyncio.wait(tasks)

    async def aclose(self, patience: float = 8.0) -> None:
        """Claims nothing more and lets what is being sent arrive, for `patience` seconds. What was still being
        sent then is sent again by whoever comes next."""
        self._closing = True
        if self._tellings:
            _, late = await asyncio.wait(self._tellings, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _tell(self, claimed: Claimed) -> None:
        try:
            failure = await self._tried(claimed)
            if failure is not None:
                await self._failed(claimed, failure)
        except Exception:  # the database: the lease ends by itself
            log.exception("notice lost", notice=claimed.id, kind=claimed.kind)

    async def _tried(self, claimed: Claimed) -> DeliveryError | None:
        try:
            await self._kinds[claimed.kind](claimed)
        except DeliveryError as error:
            return error
        except Exception as error:
            log.exception("notice failed", notice=claimed.id, kind=claimed.kind)
            return DeliveryError(f"an error of our own ({type(error).__name__})")
        return None

    async def _announce(
        self, claimed: Claimed, to: str, bulletin: Bulletin, *, through: str | None = None
    ) -> Sent:
        name = through or claimed.transport
        began = time.monotonic()
        try:
            transport = self._transport(name)
            await transport.turn(to)
            began = time.monotonic()
            sent = await transport.announce(to, bulletin)
        except DeliveryError as error:
            outcome = "refused" if error.permanent else "postponed" if error.uncounted else "failed"
            self._note(claimed, name, outcome, time.monotonic() - began, error.status, error.reason)
            raise
        self._note(claimed, name, "delivered", time.monotonic() - began, sent.status)
        return sent

    def _transport(self, name: str) -> Transport:
        transport = self._transports.get(name)
        if transport is None:
            raise DeliveryError(f"{name} is not set up here")
        return transport

    def _note(
        self,
        claimed: Claimed,
        through: str,
        outcome: str,
        duration: float,
        status: int | None,
        reason: str | None = None,
    ) -> None:
        self._metrics.attempt(through, outcome)
        log.info(
            "notice",
            notice=claimed.id,
            kind=claimed.kind,
            destination=claimed.destination_id,
            transport=through,
            attempt=claimed.attempt,
            outcome=outcome,
            ms=round(duration * 1000),
            status=status,
            reason=reason,
        )

    async def _failed(self, claimed: Claimed, error: DeliveryError) -> None:
        """Later once more; what can't succeed, or has failed too often, is given up, but for what was held back:
        that stays due."""
        decision = after_failure(error, claimed.attempt, random.uniform(0.8, 1.2))
        async with self._database.write() as session:
            if decision.delay is not None:
                await notices.failed(session, claimed.id, claimed.token, decision.delay, counted=decision.counted)
                return
            log.warning("notice given up", notice=claimed.id, kind=claimed.kind, reason=error.reason)
            await self._give_up(session, claimed)
            if decision.disable and claimed.kind in (notices.DIGEST, notices.SUMMARY):
                await _disable(session, claimed, error)

    async def _give_up(self, session: AsyncSession, claimed: Claimed) -> None:
        if claimed.kind == notices.SUMMARY:
            await notices.failed(session, claimed.id, claimed.token, LONGEST_WAIT)
            return
        now = await providers.database_now(session)
        due_at = digest.next_due(claimed.plan, now) if claimed.kind == notices.DIGEST else None
        await notices.done(session, claimed.id, claimed.token, due_at, claimed.since_at)

    async def _digest(self, claimed: Claimed) -> None:
        async with self._database.read() as session:
            now = await providers.database_now(session)
            bulletin = await compose.digest_of(session, claimed, now)
        if bulletin is not None:
            await self._announce(claimed, address(claimed.uri), bulletin)
        async with self._database.write() as session:
            due_at = digest.next_due(claimed.plan, now)
            await notices.done(session, claimed.id, claimed.token, due_at, since_at=now)

    async def _summary(self, claimed: Claimed) -> None:
        async with self._database.read() as session:
            now = await providers.database_now(session)
            held = await notices.held(session, claimed.destination_id)
            ready = [one for one in held if _is_wanted(one) and _quiet_until(one, now) is None]
            subjects = list(dict.fromkeys(one.subject_id for one in ready))
            told = [one for one in ready if one.subject_id in subjects[: summary.MOST_ROWS]]
            bulletin = await compose.summary_of(session, told, more=len(subjects[summary.MOST_ROWS :]))
        if bulletin is not None:
            await self._announce(claimed, address(claimed.uri), bulletin)
        async with self._database.write() as session:
            if not await notices.owned(session, claimed.id, claimed.token):
                return
            await notices.told(session, [one.key for one in told], now)
            await notices.drop(session, [one.key for one in held if not _is_wanted(one)])
            left = await notices.held(session, claimed.destination_id)  # also what came in meanwhile
            due_at = min((_quiet_until(one, now) or now for one in left), default=None)
            await notices.done(session, claimed.id, claimed.token, due_at, since_at=now)

    async def _trouble(self, claimed: Claimed) -> None:
        because = claimed.disabled_because
        if because is not None:
            log.warning("trouble at a destination", destination=claimed.destination_id, reason=because)
            followed = await self._followed(claimed)
            await self._tell_owner(claimed, trouble.trouble(claimed.uri, because, _pages(followed)), followed)
        await self._told(claimed)

    async def _warning(self, claimed: Claimed) -> None:
        since = claimed.failing_since
        if since is not None and claimed.disabled_because is None:
            followed = await self._followed(claimed)
            async with self._database.read() as session:
                why = await notices.last_failure(session, claimed.destination_id)
            log.warning("destination fails", destination=claimed.destination_id, since=str(since), reason=why)
            await self._tell_owner(claimed, trouble.warning(claimed.uri, since, why, _pages(followed)), followed)
        await self._told(claimed)

    async def _followed(self, claimed: Claimed) -> list[tuple[Follow, Provider]]:
        async with self._database.read() as session:
            return await digests.followed_at(session, claimed.destination_id)

    async def _told(self, claimed: Claimed) -> None:
        async with self._database.write() as session:
            now = await providers.database_now(session)
            await notices.done(session, claimed.id, claimed.token, None, since_at=now)

    async def _tell_owner(
        self, claimed: Claimed, bulletin: Bulletin, followed: Sequence[tuple[Follow, Provider]]
    ) -> None:
        """Those who follow there, by direct message; a terminal's operator at another destination."""
        by = [follow.created_by for follow, _ in followed]
        people = trouble.people(claimed.uri, by, claimed.workspace)
        if people:
            await self._tell_people(claimed, bulletin, people)
        elif claimed.workspace != LOCAL or not await self._tell_elsewhere(claimed, bulletin):
            log.info("nobody to tell of trouble", notice=claimed.id, destination=claimed.destination_id)

    async def _tell_elsewhere(self, claimed: Claimed, bulletin: Bulletin) -> bool:
        """At the first destination that takes it; False: there is none."""
        async with self._database.read() as session:
            others = await notices.announcers(session, claimed, trouble.ANNOUNCERS)
        for transport, uri in others:
            if transport not in self._transports:
                continue
            try:
                await self._announce(claimed, address(uri), bulletin, through=transport)
            except DeliveryError as error:
                if not error.permanent:
                    raise
                continue
            return True
        return False

    async def _tell_people(self, claimed: Claimed, bulletin: Bulletin, people: Mapping[str, str]) -> None:
        """Each once. One who has to be tried again holds up nobody else."""
        through = None if trouble.is_place(claimed.uri) else claimed.workspace.partition(":")[0]
        told, unheard = list(claimed.plan.get("told", ())), list(claimed.plan.get("unheard", ()))
        failure: DeliveryError | None = None
        for person, to in people.items():
            if person in told:
                continue
            try:
                await self._announce(claimed, to, bulletin, through=through)
            except DeliveryError as error:
                if error.everywhere:
                    raise
                if not error.permanent:
                    failure = error
                    continue
                unheard.append(person)  # they hear of it when they next ask for something
            told.append(person)
            async with self._database.write() as session:
                plan = {"told": told, "unheard": unheard}
                await notices.remember(session, claimed.id, claimed.token, plan)
        if failure is not None:
            raise failure


def _pages(followed: Sequence[tuple[Follow, Provider]]) -> list[tuple[str, str]]:
    return [(one.name, one.url) for _, one in followed]


async def _disable(session: AsyncSession, claimed: Claimed, error: DeliveryError) -> None:
    """Nothing can be sent there any more: as when an update is refused."""
    concerned: Sequence[int] = [claimed.destination_id]
    if error.everywhere:
        concerned = await threads.in_workspace(session, claimed.uri.partition("/")[0])
    now = await providers.database_now(session)
    for destination_id in await threads.disable(session, concerned, error.reason):
        if not error.everywhere:
            await notices.put(session, destination_id, notices.TROUBLE, now, now)


def _is_wanted(held: Held) -> bool:
    return held.follow is not None and not held.muted


def _quiet_until(held: Held, now: datetime) -> datetime | None:
    if held.follow is None:
        return None
    event = stored_event(held.event, held.kind, held.external_id)
    return manner.quiet_until(manner.of_follow(held.follow), event, now)
