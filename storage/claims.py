"""Claims: threads that are due are taken by one worker at a time, each for the length of a lease."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage import turns
from storage.database import from_now
from storage.tables import Delivery, Destination, Event, Follow, Thread

PARKED = "parked"
"""In place of a claim's token: the thread waits for its destination, which is paused, and for nothing else."""


@dataclass(frozen=True)
class Claim:
    """A thread that is ours to tell until the lease ends, with what its next event needs."""

    id: int
    token: str
    destination_id: int
    uri: str
    transport: str
    host: str | None
    """What the destination shares a limit with."""
    encrypted_secrets: tuple[str, ...]
    """Those that are to sign, the newest first."""
    options: Mapping[str, Any]
    sealed: str | None
    """How the destination wants to be told, as it is stored."""
    paused: bool
    """The destination was paused and has not worked since: this is the one try."""
    pauses: int
    failing_since: datetime | None
    state: str | None
    """What became of this event here before; None: it has not been told yet."""
    only_dead: bool
    sequence: int
    head: int
    attempt: int
    reference: str | None
    begun: bool
    event_id: int | None
    """None: the event was pruned."""
    follow: Follow | None
    """None: unfollowed meanwhile."""
    adopts_id: int | None
    joins_id: int | None
    """The thread in which this one is told."""
    joined: bool
    """Another one is told in this thread."""
    muted: bool
    now: datetime
    """By the database's clock, when it was claimed."""
    disabled: bool
    """The destination was disabled while the thread was being told or waited for its turn."""


@dataclass(frozen=True)
class Hosts:
    """How many threads may be taken of all destinations on one host: `most` of one that is not `quick`, and none
    of those that are `busy`."""

    most: int = 24
    busy: Collection[str] = ()
    quick: Collection[str] = ()


async def claim_due(
    session: AsyncSession,
    limit: int,
    lease: float,
    *,
    per_destination: int,
    busy: Collection[int] = (),
    hosts: Hosts | None = None,
    failing: int | None = None,
) -> list[Claim]:
    """Takes up to `limit` threads that are due, for `lease` seconds; in the order of their events.

    Of one destination it takes `per_destination` at most, and none of those that are `busy`; of one host what
    `hosts` says; `failing` at most of those that fail (None: any number); nothing of a destination that is paused.
    So a long queue behind one of them holds up nobody else. A chat's workspace of which it takes a thread is
    told by this process alone for half a lease (turns.py).
    """
    hosts = hosts or Hosts(limit)
    wanted = [Thread.due_at <= from_now(), Thread.destination_id.not_in(busy), *_set_aside(hosts.busy, failing)]
    wanted += turns.elsewhere(session, Thread.destination_id)
    first = (
        select(Thread.id, Thread.destination_id, Thread.due_at)
        .where(*wanted)
        .order_by(Thread.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("first")
    )
    ranked = _ranked(first)
    at_host = case((ranked.c.host.in_(hosts.quick), limit), else_=hosts.most)
    fair = [ranked.c.place <= per_destination, or_(ranked.c.host.is_(None), ranked.c.place_at_host <= at_host)]
    if failing is not None:
        fair.append(or_(ranked.c.failing_since.is_(None), ranked.c.place_in_health <= failing))
    claimed = await _take(session, Thread.id.in_(select(ranked.c.id).where(*fair)), lease)
    lost = await turns.lost(session, {claim.id: claim.host for claim in claimed}, lease / 2)
    return [claim for claim in claimed if claim.id not in lost]


def _set_aside(busy_hosts: Collection[str], failing: int | None) -> list[ColumnElement[bool]]:
    """Each in a subquery of its own, which is answered once and by an index."""
    aside: list[ColumnElement[bool]] = [Destination.paused_until.is_not(None)]
    if busy_hosts:
        aside.append(Destination.host.in_(busy_hosts))
    if failing is not None and failing <= 0:
        aside.append(Destination.failing_since.is_not(None))
    return [Thread.destination_id.not_in(select(Destination.id).where(one)) for one in aside]


def _ranked(first: CTE) -> CTE:
    """Each thread's place among those of its destination, of its host, and of the destinations that fail."""
    order = (first.c.due_at, first.c.id)
    fails = Destination.failing_since.is_not(None)
    return (
        select(
            first.c.id,
            Destination.host,
            Destination.failing_since,
            func.row_number().over(partition_by=first.c.destination_id, order_by=order).label("place"),
            func.row_number().over(partition_by=Destination.host, order_by=order).label("place_at_host"),
            func.row_number().over(partition_by=fails, order_by=order).label("place_in_health"),
        )
        .join(Destination, Destination.id == first.c.destination_id)
        .cte("ranked")
    )


async def claim_probes(session: AsyncSession, limit: int, lease: float) -> list[Claim]:
    """Takes one thread of each paused destination whose pause is over and that has one due: the one try that tells
    whether it works again. Until the lease ends nobody else takes another."""
    ready = (
        select(Destination.id)
        .where(
            Destination.paused_until <= from_now(),
            Destination.id.in_(select(Thread.destination_id).where(Thread.due_at <= from_now())),
        )
        .order_by(Destination.paused_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("ready")
    )
    won = await session.scalars(
        update(Destination)
        .where(Destination.id.in_(select(ready.c.id)))
        .values(paused_until=from_now(lease))
        .returning(Destination.id),
        execution_options={"synchronize_session": False},
    )
    destination_ids = won.all()
    if not destination_ids:
        return []
    place = func.row_number().over(
        partition_by=Thread.destination_id, order_by=(Thread.attempt, Thread.due_at, Thread.id)
    )
    ranked = (
        select(Thread.id, place.label("place"))
        .where(Thread.destination_id.in_(destination_ids), Thread.due_at <= from_now())
        .cte("ranked")
    )
    return await _take(session, Thread.id.in_(select(ranked.c.id).where(ranked.c.place == 1)), lease)


async def _take(session: AsyncSession, chosen: ColumnElement[bool], lease: float) -> list[Claim]:
    token = secrets.token_hex(8)
    # once more: somebody else may have been quicker. But in no form that an index answers: of 100,000 threads that
    # came due since PostgreSQL counted them it knows nothing, begins there, and compares each with each chosen one
    still_due = func.coalesce(Thread.due_at <= from_now(), false())
    taken = (
        await session.scalars(
            update(Thread)
            .where(chosen, still_due)
            .values(due_at=from_now(lease), token=token, attempt=Thread.attempt + 1)
            .returning(Thread.id),
            execution_options={"synchronize_session": False},
        )
    ).all()
    claims = await _claims(session, taken, token) if taken else []
    return sorted(claims, key=lambda claim: (claim.event_id or 0, claim.id))


async def _claims(session: AsyncSession, ids: Sequence[int], token: str) -> list[Claim]:
    rows = await session.execute(_with_event(Thread.cursor + 1).where(Thread.id.in_(ids)))
    return [_claim(row, token) for row in rows]


async def claim_of(session: AsyncSession, thread_id: int, sequence: int) -> Claim | None:
    """What telling one event of a thread once more needs. Its token fits no claim."""
    wanted = _with_event(literal(sequence)).where(Thread.id == thread_id, Thread.head >= sequence)
    row = (await session.execute(wanted)).one_or_none()
    return _claim(row, "") if row is not None else None


def _with_event(sequence: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    """Threads as a Claim has them, with the event of that number. (Columns and not objects: this is done for each
    delivery.)"""
    other = aliased(Thread)
    return (
        select(
            Thread.id,
            Thread.only_dead,
            Thread.head,
            Thread.attempt,
            Thread.reference,
            Thread.begun,
            Thread.adopts_id,
            Thread.joins_id,
            Thread.muted,
            Destination.id.label("destination_id"),
            Destination.uri,
            Destination.transport,
            Destination.host,
            Destination.secrets,
            Destination.former,
            Destination.options,
            Destination.sealed,
            Destination.pauses,
            Destination.failing_since,
            Destination.paused_until.is_not(None).label("paused"),
            Destination.disabled_at.is_not(None).label("disabled"),
            sequence.label("sequence"),
            from_now().label("now"),
            Event.id.label("event_id"),
            Follow,
            exists().where(other.joins_id == Thread.id).label("joined"),
            Delivery.state,
        )
        .join(Destination, Destination.id == Thread.destination_id)
        .outerjoin(Event, and_(Event.subject_id == Thread.subject_id, Event.sequence == sequence))
        .outerjoin(
            Follow,
            and_(Follow.destination_id == Thread.destination_id, Follow.provider_id == Event.provider_id),
        )
        .outerjoin(Delivery, and_(Delivery.thread_id == Thread.id, Delivery.sequence == sequence))
    )


def _claim(row: Row[*tuple[Any, ...]], token: str) -> Claim:
    found = dict(row._mapping)
    follow, signing, former = found.pop("Follow"), found.pop("secrets"), found.pop("former")
    if former:
        signing = [*signing, *_still_signing(former, found["now"])]
    found["attempt"] = max(found["attempt"], 1)
    return Claim(token=token, follow=follow, encrypted_secrets=tuple(signing), **found)


def _still_signing(former: Sequence[Mapping[str, Any]], now: datetime) -> list[str]:
    return [one["sealed"] for one in former if datetime.fromisoformat(one["until"]) > now]
