"""Events: numbered per subject, unique by key, and published to the threads of those who follow."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Event, Subject

_TURN = 7_305_808_869_231_650_931
"""Any number that nobody else locks."""


@dataclass(frozen=True)
class NewEvent:
    """An event to be kept: its JSON parts are ready."""

    type: str
    key: str
    subject_kind: str
    subject_id: str
    update_id: str | None
    data: dict[str, Any]
    context: dict[str, Any]


@dataclass(frozen=True)
class Numbered:
    """The events that one write added to one subject: its id in the database, and the first and last number."""

    subject_id: int
    kind: str
    external_id: str
    first: int
    last: int
    types: tuple[str, ...]


async def add(
    session: AsyncSession, provider_id: int, events: Sequence[NewEvent], seen_at: datetime
) -> list[Numbered]:
    """Numbers the events of each subject and stores them. One whose key is already there is left out: it has been
    told before."""
    known = set(
        await session.scalars(
            select(Event.key).where(
                Event.provider_id == provider_id, Event.key.in_([event.key for event in events])
            )
        )
    )
    grouped: dict[tuple[str, str], list[NewEvent]] = {}
    for event in events:
        if event.key not in known:
            known.add(event.key)
            grouped.setdefault((event.subject_kind, event.subject_id), []).append(event)
    numbered: list[Numbered] = []
    rows: list[dict[str, Any]] = []
    for (kind, external_id), group in grouped.items():
        subject_id, last = await _number(session, provider_id, kind, external_id, len(group))
        first = last - len(group) + 1
        numbered.append(Numbered(subject_id, kind, external_id, first, last, tuple(event.type for event in group)))
        rows += [
            {
                "uid": f"evt_{secrets.token_hex(12)}",
                "provider_id": provider_id,
                "subject_id": subject_id,
                "sequence": sequence,
                "key": event.key,
                "type": event.type,
                "update_id": event.update_id,
                "data": event.data,
                "context": event.context,
                "seen_at": seen_at,
            }
            for sequence, event in enumerate(group, first)
        ]
    if rows:
        await _take_turn(session)
        order = {event.key: place for place, event in enumerate(events)}
        await session.execute(insert(Event), sorted(rows, key=lambda row: order[row["key"]]))
    return numbered


async def _take_turn(session: AsyncSession) -> None:
    """Until this transaction ends, nobody else adds events: so they become visible in the order of their ids, and
    who reads them by a cursor misses none. (SQLite has one writer at a time anyway.)"""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(literal(_TURN, BigInteger))))


async def _number(
    session: AsyncSession, provider_id: int, kind: str, external_id: str, count: int
) -> tuple[int, int]:
    row = (
        await session.execute(
            update(Subject)
            .where(Subject.provider_id == provider_id, Subject.kind == kind, Subject.external_id == external_id)
            .values(last_sequence=Subject.last_sequence + count)
            .returning(Subject.id, Subject.last_sequence),
            execution_options={"synchronize_session": False},
        )
    ).one_or_none()
    if row is None:
        values = {
            "provider_id": provider_id,
            "kind": kind,
            "external_id": external_id,
            "last_sequence": count,
        }
        row = (
            await session.execute(insert(Subject).values(values).returning(Subject.id, Subject.last_sequence))
        ).one()
    return row.id, row.last_sequence


async def subject(session: AsyncSession, provider_id: int, kind: str, external_id: str) -> Subject | None:
    """The subject, if anything was ever told of it."""
    return await session.scalar(
        select(Subject).where(
            Subject.provider_id == provider_id, Subject.kind == kind, Subject.external_id == external_id
        )
    )


async def last_of_kind(session: AsyncSession, subject: Subject) -> int:
    """The number of the last event that tells the subject itself (in an incident's thread, not what became of a
    component)."""
    last = await session.scalar(
        select(func.max(Event.sequence)).where(
            Event.subject_id == subject.id, Event.type.startswith(f"{subject.kind}.")
        )
    )
    return last or subject.last_sequence


async def of_subject(session: AsyncSession, subject_id: int, sequence: int) -> Event | None:
    """One of a subject's events, by its number; None: it was pruned."""
    return await session.scalar(select(Event).where(Event.subject_id == subject_id, Event.sequence == sequence))


async def load(session: AsyncSession, ids: Sequence[int]) -> list[tuple[Event, str, str]]:
    """Events with the kind and the provider's id of their subjects."""
    rows = await session.execute(
        select(Event, Subject.kind, Subject.external_id)
        .join(Subject, Subject.id == Event.subject_id)
        .where(Event.id.in_(ids))
    )
    return [(event, kind, external_id) for event, kind, external_id in rows]
