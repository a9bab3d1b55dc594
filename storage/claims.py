"""Claims: threads that are due are taken by one worker at a time, each for the length of a lease.

This is done for each delivery: the statements are built once, and what says the same in many rows is read once.
"""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Float,
    Integer,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from storage import turns
from storage.database import from_now
from storage.tables import Delivery, Destination, Event, Follow, Thread
from storage.wishes import FOLLOWS_KEPT, WISHES, Wishes, wishes

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
    options: str
    sealed: str | None
    """How the destination wants to be told, as it is stored: JSON, and encrypted JSON."""
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
    follow_id: int | None
    """None: unfollowed meanwhile."""
    provider_id: int | None
    wishes: Wishes | None
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


def claim_due(
    connection: Connection,
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
    told by this process alone until the lease ends (turns.py).
    """
    hosts = hosts or Hosts(limit)
    failing = limit if failing is None else failing
    statement = _due(turns.is_shared(connection), bool(hosts.busy), failing > 0)
    values = {
        "limit": limit,
        "per_destination": per_destination,
        "busy": list(busy),
        "at_host": hosts.most,
        "quick_hosts": list(hosts.quick),
        "busy_hosts": list(hosts.busy),
        "failing": failing,
    }
    claimed = _take(connection, statement, lease, values)
    lost = turns.lost(connection, {claim.id: claim.host for claim in claimed}, lease)
    return [claim for claim in claimed if claim.id not in lost] if lost else claimed


@cache
def _due(shared: bool, some_hosts_busy: bool, some_may_fail: bool) -> ReturningUpdate[int]:
    """What is not asked for stands in no condition: the simpler question has the better plan."""
    wanted = [Thread.due_at <= from_now(), Thread.destination_id.not_in(bindparam("busy", expanding=True))]
    aside: list[ColumnElement[bool]] = [Destination.paused_until.is_not(None)]
    if some_hosts_busy:
        aside.append(Destination.host.in_(bindparam("busy_hosts", expanding=True)))
    if not some_may_fail:
        aside.append(Destination.failing_since.is_not(None))
    # each in a subquery of its own, which is answered once and by an index
    wanted += [Thread.destination_id.not_in(select(Destination.id).where(one)) for one in aside]
    if shared:
        wanted.append(turns.not_elsewhere(Thread.destination_id))
    first = (
        select(Thread.id, Thread.destination_id, Thread.due_at)
        .where(*wanted)
        .order_by(Thread.due_at)
        .limit(bindparam("limit", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("first")
    )
    return _taking(_fair(_ranked(first)))


def _fair(ranked: CTE) -> ColumnElement[bool]:
    """So that nobody who has much to be told keeps others from being told."""
    is_quick = ranked.c.host.in_(bindparam("quick_hosts", expanding=True))
    at_host = case((is_quick, bindparam("limit", type_=Integer)), else_=bindparam("at_host", type_=Integer))
    fair = (
        ranked.c.place <= bindparam("per_destination", type_=Integer),
        or_(ranked.c.host.is_(None), ranked.c.place_at_host <= at_host),
        or_(ranked.c.failing_since.is_(None), ranked.c.place_in_health <= bindparam("failing", type_=Integer)),
    )
    return Thread.id.in_(select(ranked.c.id).where(*fair))


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


def claim_probes(connection: Connection, limit: int, lease: float) -> list[Claim]:
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
    won = connection.scalars(
        update(Destination)
        .where(Destination.id.in_(select(ready.c.id)))
        .values(paused_until=from_now(lease))
        .returning(Destination.id)
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
    return _take(connection, _taking(Thread.id.in_(select(ranked.c.id).where(ranked.c.place == 1))), lease)


def _taking(chosen: ColumnElement[bool]) -> ReturningUpdate[int]:
    # once more: somebody else may have been quicker. But in no form that an index answers: of 100,000 threads that
    # came due since PostgreSQL counted them it knows nothing, begins there, and compares each with each chosen one
    still_due = func.coalesce(Thread.due_at <= from_now(), false())
    lease = from_now(bindparam("lease", type_=Float))
    return (
        update(Thread)
        .where(chosen, still_due)
        .values(due_at=lease, token=bindparam("taken"), attempt=Thread.attempt + 1)
        .returning(Thread.id)
    )


def _take(
    connection: Connection,
    statement: ReturningUpdate[int],
    lease: float,
    values: Mapping[str, Any] | None = None,
) -> list[Claim]:
    token = secrets.token_hex(8)
    taken = connection.scalars(statement, {"lease": lease, "taken": token, **(values or {})}).all()
    claims = _claims(connection, taken, token) if taken else []
    return sorted(claims, key=lambda claim: (claim.event_id or 0, claim.id))


def _claims(connection: Connection, ids: Sequence[int], token: str) -> list[Claim]:
    return [_claim(row, token) for row in connection.execute(_NEXT, {"ids": ids})]


def claim_of(connection: Connection, thread_id: int, sequence: int) -> Claim | None:
    """What telling one event of a thread once more needs. Its token fits no claim."""
    row = connection.execute(_ANY, {"ids": [thread_id], "sequence": sequence}).one_or_none()
    return _claim(row, "") if row is not None else None


def _with_event(sequence: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    """Threads as a Claim has them, with the event of that number."""
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
            cast(Destination.secrets, Text).label("secrets"),
            cast(Destination.former, Text).label("former"),
            cast(Destination.options, Text).label("options"),
            Destination.sealed,
            Destination.pauses,
            Destination.failing_since,
            Destination.paused_until.is_not(None).label("paused"),
            Destination.disabled_at.is_not(None).label("disabled"),
            sequence.label("sequence"),
            from_now().label("now"),
            Event.id.label("event_id"),
            Follow.id.label("follow_id"),
            Follow.provider_id,
            *WISHES,
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
        .where(Thread.id.in_(bindparam("ids", expanding=True)))
    )


_NEXT = _with_event(Thread.cursor + 1)
_ANY = _with_event(bindparam("sequence", type_=Integer)).where(Thread.head >= bindparam("sequence", type_=Integer))


def _claim(row: Row[*tuple[Any, ...]], token: str) -> Claim:
    signing = _texts(row.secrets)
    if row.former != "[]":
        signing = (*signing, *_still_signing(json.loads(row.former), row.now))
    return Claim(
        id=row.id,
        token=token,
        destination_id=row.destination_id,
        uri=row.uri,
        transport=row.transport,
        host=row.host,
        encrypted_secrets=signing,
        options=row.options,
        sealed=row.sealed,
        paused=row.paused,
        pauses=row.pauses,
        failing_since=row.failing_since,
        state=row.state,
        only_dead=row.only_dead,
        sequence=row.sequence,
        head=row.head,
        attempt=max(row.attempt, 1),
        reference=row.reference,
        begun=row.begun,
        event_id=row.event_id,
        follow_id=row.follow_id,
        provider_id=row.provider_id,
        wishes=wishes(row) if row.follow_id is not None else None,
        adopts_id=row.adopts_id,
        joins_id=row.joins_id,
        joined=row.joined,
        muted=row.muted,
        now=row.now,
        disabled=row.disabled,
    )


@lru_cache(FOLLOWS_KEPT)
def _texts(stored: str) -> tuple[str, ...]:
    return tuple(json.loads(stored))


def _still_signing(former: Sequence[Mapping[str, Any]], now: datetime) -> list[str]:
    return [one["sealed"] for one in former if datetime.fromisoformat(one["until"]) > now]
