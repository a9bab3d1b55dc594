"""Notices: messages outside of any thread that destinations are to get at some time, and what they tell of."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import turns
from storage.database import from_now, insert
from storage.pauses import failing_since
from storage.tables import Attempt, Delivery, Destination, Event, Follow, Notice, Subject, Thread, Workspace

DIGEST = "digest"
SUMMARY = "summary"
TROUBLE = "trouble"
WARNING = "warning"


async def put(
    session: AsyncSession,
    destination_id: int,
    kind: str,
    due_at: datetime,
    since_at: datetime,
    plan: Mapping[str, Any] | None = None,
) -> None:
    """The destination is to get a notice of this kind at that time. A digest takes the place of the one before;
    of the others the earlier time counts, and one that is being told at this moment is left alone: whoever tells
    it looks once more whether something has come in meanwhile."""
    values = {
        "destination_id": destination_id,
        "kind": kind,
        "due_at": due_at,
        "since_at": since_at,
        "plan": dict(plan or {}),
        "attempt": 0,
    }
    statement = insert(session, Notice).values(**values)
    new = statement.excluded
    if kind == DIGEST:
        changes: dict[str, Any] = {name: new[name] for name in ("due_at", "since_at", "plan", "attempt")}
        changes["token"] = None
    else:
        asleep = Notice.due_at.is_(None)
        sooner = and_(Notice.token.is_(None), new.due_at < Notice.due_at)
        changes = {
            "due_at": case((or_(asleep, sooner), new.due_at), else_=Notice.due_at),
            **{
                name: case((asleep, new[name]), else_=getattr(Notice, name))
                for name in ("since_at", "plan", "attempt")
            },
        }
    await session.execute(statement.on_conflict_do_update(index_elements=["destination_id", "kind"], set_=changes))


async def warn_once(session: AsyncSession, destination_id: int) -> None:
    """Whoever owns the destination is told that it fails; once, until it works and then fails again."""
    since = await failing_since(session, destination_id)
    if since is None:
        return
    warned = await session.scalar(
        select(Notice.since_at).where(Notice.destination_id == destination_id, Notice.kind == WARNING)
    )
    if warned is None or warned < since:
        now = (await session.scalars(select(from_now()))).one()
        await put(session, destination_id, WARNING, now, since)


async def remove(session: AsyncSession, destination_id: int, kind: str) -> bool:
    """Whether there was one to be removed."""
    removed = await session.execute(
        delete(Notice).where(Notice.destination_id == destination_id, Notice.kind == kind).returning(Notice.id)
    )
    return removed.first() is not None


async def of_destination(session: AsyncSession, destination_id: int) -> Sequence[Notice]:
    """All notices of a destination, by kind."""
    return (
        await session.scalars(select(Notice).where(Notice.destination_id == destination_id).order_by(Notice.kind))
    ).all()


@dataclass(frozen=True)
class Claimed:
    """A notice that is ours to tell until the lease ends."""

    id: int
    token: str
    kind: str
    destination_id: int
    uri: str
    transport: str
    host: str | None
    workspace_id: int
    workspace: str
    """Its key: `local`, `slack:TEAM` …"""
    failing_since: datetime | None
    disabled_because: str | None
    """Why nothing can be sent to the destination; None where something can."""
    attempt: int
    """1 for the first try."""
    since_at: datetime
    plan: Mapping[str, Any]


async def claim_due(session: AsyncSession, limit: int, lease: float) -> list[Claimed]:
    """Takes up to `limit` notices that are due, for `lease` seconds. Those of a disabled destination wait until it
    is enabled, but for the one that says so; those of a chat's workspace until no other process is telling it."""
    token = secrets.token_hex(8)
    elsewhere = [turns.not_elsewhere(Notice.destination_id)] if turns.is_shared(session.get_bind()) else []
    due = (
        select(Notice.id)
        .join(Destination, Destination.id == Notice.destination_id)
        .where(
            Notice.due_at <= from_now(),
            or_(Destination.disabled_at.is_(None), Notice.kind == TROUBLE),
            *elsewhere,
        )
        .order_by(Notice.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Notice)
        .cte("due")
    )
    taken = (
        await session.scalars(
            update(Notice)
            .where(Notice.id.in_(select(due.c.id)))
            .values(due_at=from_now(lease), token=token, attempt=Notice.attempt + 1)
            .returning(Notice.id),
            execution_options={"synchronize_session": False},
        )
    ).all()
    if not taken:
        return []
    rows = await session.execute(
        select(Notice, Destination, Workspace.key)
        .join(Destination, Destination.id == Notice.destination_id)
        .join(Workspace, Workspace.id == Destination.workspace_id)
        .where(Notice.id.in_(taken))
        .order_by(Notice.id),
        execution_options={"populate_existing": True},
    )
    return [_claimed(notice, destination, workspace, token) for notice, destination, workspace in rows]


def _claimed(notice: Notice, destination: Destination, workspace: str, token: str) -> Claimed:
    because = destination.disabled_because or "no reason is known"
    return Claimed(
        id=notice.id,
        token=token,
        kind=notice.kind,
        destination_id=destination.id,
        uri=destination.uri,
        transport=destination.transport,
        host=destination.host,
        workspace_id=destination.workspace_id,
        workspace=workspace,
        failing_since=destination.failing_since,
        disabled_because=because if destination.disabled_at is not None else None,
        attempt=notice.attempt,
        since_at=notice.since_at,
        plan=notice.plan,
    )


async def announcers(session: AsyncSession, claimed: Claimed, kinds: Sequence[str]) -> list[tuple[str, str]]:
    """(transport, address) of the other destinations of the workspace at which something can be told, in the order
    of `kinds` of transports."""
    rows = await session.execute(
        select(Destination.transport, Destination.uri)
        .where(
            Destination.workspace_id == claimed.workspace_id,
            Destination.id != claimed.destination_id,
            Destination.transport.in_(kinds),
            Destination.disabled_at.is_(None),
            Destination.paused_until.is_(None),
        )
        .order_by(Destination.id)
    )
    found = [(transport, uri) for transport, uri in rows]
    return sorted(found, key=lambda one: kinds.index(one[0]))


async def last_failure(session: AsyncSession, destination_id: int) -> str | None:
    """Why the last try at a destination failed."""
    return await session.scalar(
        select(Attempt.reason)
        .join(Thread, Thread.id == Attempt.thread_id)
        .where(Thread.destination_id == destination_id, Attempt.reason.is_not(None))
        .order_by(Attempt.id.desc())
        .limit(1)
    )


async def owned(session: AsyncSession, id_: int, token: str) -> bool:
    """Whether the claim still is the holder's; until the transaction ends nobody puts another one meanwhile."""
    mine = select(Notice.id).where(Notice.id == id_, Notice.token == token).with_for_update()
    return await session.scalar(mine) is not None


async def done(
    session: AsyncSession, id_: int, token: str, next_due_at: datetime | None, since_at: datetime
) -> bool:
    """Told, or there is nothing to tell: due again then, or asleep until somebody puts it; from `since_at` on it
    tells next time. A claim that has passed to somebody else changes nothing: False."""
    return await _end(session, id_, token, due_at=next_due_at, since_at=since_at, attempt=0)


async def failed(session: AsyncSession, id_: int, token: str, delay: float, *, counted: bool = True) -> bool:
    """Due again in `delay` seconds; `counted`: it was an attempt. As with `done`, only of one's own claim."""
    attempt = Notice.attempt if counted else Notice.attempt - 1
    return await _end(session, id_, token, due_at=from_now(delay), attempt=attempt)


async def remember(session: AsyncSession, id_: int, token: str, plan: Mapping[str, Any]) -> bool:
    """Keeps what a notice that is being told has to know should it be told once more."""
    changed = await session.execute(
        update(Notice).where(Notice.id == id_, Notice.token == token).values(plan=dict(plan)).returning(Notice.id)
    )
    return changed.first() is not None


async def _end(session: AsyncSession, id_: int, token: str, **values: Any) -> bool:
    ended = await session.execute(
        update(Notice)
        .where(Notice.id == id_, Notice.token == token)
        .values(token=None, **values)
        .returning(Notice.id),
        execution_options={"synchronize_session": False},
    )
    return ended.first() is not None


@dataclass(frozen=True)
class Held:
    """One delivery that was held back in quiet hours."""

    thread_id: int
    sequence: int
    provider_id: int
    subject_id: int
    kind: str
    external_id: str
    event: Event
    follow: Follow | None
    """None: unfollowed meanwhile."""
    muted: bool

    @property
    def key(self) -> tuple[int, int]:
        """Which delivery it is."""
        return self.thread_id, self.sequence


async def held(session: AsyncSession, destination_id: int) -> list[Held]:
    """What was held back at a destination and is still to be told, in the order in which it happened."""
    rows = await session.execute(
        select(Delivery.thread_id, Delivery.sequence, Thread.muted, Subject, Event, Follow)
        .join(Thread, Thread.id == Delivery.thread_id)
        .join(Subject, Subject.id == Thread.subject_id)
        .join(Event, and_(Event.subject_id == Thread.subject_id, Event.sequence == Delivery.sequence))
        .outerjoin(
            Follow,
            and_(Follow.destination_id == Thread.destination_id, Follow.provider_id == Subject.provider_id),
        )
        .where(Thread.destination_id == destination_id, Delivery.state == "held")
        .order_by(Event.id)
    )
    return [
        Held(
            thread_id=thread_id,
            sequence=sequence,
            provider_id=subject.provider_id,
            subject_id=subject.id,
            kind=subject.kind,
            external_id=subject.external_id,
            event=event,
            follow=follow,
            muted=muted,
        )
        for thread_id, sequence, muted, subject, event, follow in rows
    ]


async def newest_events(session: AsyncSession, subject_ids: Sequence[int]) -> dict[int, Event]:
    """Of each subject the last event that tells the subject itself (in an incident's thread, not what became of a
    component)."""
    last = (
        select(Event.subject_id, func.max(Event.sequence).label("sequence"))
        .join(Subject, Subject.id == Event.subject_id)
        .where(Event.subject_id.in_(subject_ids), Event.type.startswith(Subject.kind + "."))
        .group_by(Event.subject_id)
        .subquery()
    )
    rows = await session.scalars(
        select(Event).join(last, and_(last.c.subject_id == Event.subject_id, last.c.sequence == Event.sequence))
    )
    return {event.subject_id: event for event in rows}


async def told(session: AsyncSession, deliveries: Sequence[tuple[int, int]], now: datetime) -> None:
    """What was held back has been told, in a summary: no message is any update's own, for an edit to change."""
    await session.execute(
        update(Delivery)
        .where(tuple_(Delivery.thread_id, Delivery.sequence).in_(deliveries), Delivery.state == "held")
        .values(state="delivered", message=None, finished_at=now),
        execution_options={"synchronize_session": False},
    )


async def drop(session: AsyncSession, deliveries: Sequence[tuple[int, int]]) -> None:
    """What was held back is not wanted any more: no trace is kept, as of everything that filters leave out."""
    await session.execute(
        delete(Delivery).where(
            tuple_(Delivery.thread_id, Delivery.sequence).in_(deliveries), Delivery.state == "held"
        ),
        execution_options={"synchronize_session": False},
    )
