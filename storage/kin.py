"""Threads that tell the same trouble at one destination: on sibling pages, or once more on the same page."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapters import schema
from storage import state
from storage.database import from_now
from storage.tables import Event, Follow, Incident, Provider, Subject, Thread

AGE = timedelta(hours=26)
"""How long ago a relative may have been seen first: a day, and what late posts take."""


@dataclass(frozen=True)
class Candidate:
    """An incident that has a thread of its own at the destination."""

    thread_id: int
    provider_id: int
    url: str
    """Of the provider's page."""
    incident: schema.Incident


async def candidates(session: AsyncSession, destination_id: int, title: str) -> list[Candidate]:
    """The incidents of the last day with this title (blanks and capitals aside) that were told at the destination
    and whose providers are still followed there, the oldest first."""
    rows = await session.execute(
        select(Thread.id, Incident, Provider.url)
        .join(Subject, and_(Subject.id == Thread.subject_id, Subject.kind == "incident"))
        .join(
            Incident,
            and_(Incident.provider_id == Subject.provider_id, Incident.external_id == Subject.external_id),
        )
        .join(Provider, Provider.id == Subject.provider_id)
        .where(
            Thread.destination_id == destination_id,
            Thread.reference.is_not(None),
            Thread.joins_id.is_(None),
            _followed(Subject.provider_id),
            Incident.first_seen_at >= from_now(-AGE.total_seconds()),
            ~Incident.removed,
        )
        .order_by(Thread.id)
    )
    return [
        Candidate(thread_id, row.provider_id, url, state.incident(row))
        for thread_id, row, url in rows
        if plain(row.title) == plain(title)
    ]


def _followed(provider_id: Any) -> ColumnElement[bool]:
    """What is not followed any more stands still: it would go on saying that there is trouble."""
    return exists().where(Follow.destination_id == Thread.destination_id, Follow.provider_id == provider_id)


def plain(text: str) -> str:
    """A text as it is compared: blanks and capitals don't matter."""
    return " ".join(text.split()).casefold()


async def last_told(session: AsyncSession, root_id: int, except_id: int) -> list[tuple[int, int]]:
    """(thread, event): where each other thread that shares the root's first message stands, the oldest first; none
    about a provider that is not followed there any more."""
    told = (
        select(func.max(Event.sequence))
        .where(
            Event.subject_id == Thread.subject_id,
            Event.sequence <= Thread.cursor,
            or_(Event.type.startswith("incident."), Event.type.startswith("maintenance.")),
        )
        .correlate(Thread)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Thread.id, Event.id)
        .join(Thread, Thread.subject_id == Event.subject_id)
        .where(
            or_(Thread.id == root_id, Thread.joins_id == root_id),
            Thread.id != except_id,
            Thread.begun,
            Event.sequence == told,
            _followed(Event.provider_id),
        )
        .order_by(Thread.id)
    )
    return [(thread_id, event_id) for thread_id, event_id in rows]
