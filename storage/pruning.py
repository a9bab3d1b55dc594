"""What is kept no longer: deliveries that ended long ago, threads that are over, old events.

Each call does a part of it, so that no transaction and no search is long, however large the tables are. The newest
thread and the newest event stay in any case: SQLite would give their numbers to others, and buttons, cursors and
caches know things by these numbers.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, false, func, not_, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage.database import from_now
from storage.providers import INCIDENT_OVER, MAINTENANCE_OVER
from storage.tables import (
    Attempt,
    Component,
    Delivery,
    Event,
    Incident,
    Maintenance,
    Provider,
    RaisedSignal,
    Subject,
    Thread,
)

DAY = 86400.0
_QUIETLY = {"synchronize_session": False}


async def deliveries(session: AsyncSession, days: float, limit: int) -> int:
    """Forgets up to `limit` deliveries that ended so many days ago, with their attempts; how many. What is held
    back has not ended."""
    old = (
        select(Delivery.thread_id, Delivery.sequence)
        .where(Delivery.finished_at < from_now(-days * DAY), Delivery.state != "held")
        .order_by(Delivery.finished_at)
        .limit(limit)
    )
    keys = [(row.thread_id, row.sequence) for row in await session.execute(old)]
    if keys:
        for table in (Attempt, Delivery):
            mine = tuple_(table.thread_id, table.sequence).in_(keys)
            await session.execute(delete(table).where(mine), execution_options=_QUIETLY)
    return len(keys)


async def numbers(session: AsyncSession, table: type[Thread] | type[Event]) -> range:
    """The ids of a table's rows, but for the newest."""
    first, newest = (select(edge(table.id)).scalar_subquery() for edge in (func.min, func.max))
    found = (await session.execute(select(first, newest))).one()
    return range(found[0] or 0, found[1] or 0)


async def idle_threads(session: AsyncSession, days: float, among: range) -> Sequence[int]:
    """The ids of threads, `among` these, that nothing is left of but themselves, and whose subjects are over and
    had no news for so many days. Nothing is changed, so that the search holds up nobody."""
    other = aliased(Thread)
    rows = await session.scalars(
        select(Thread.id)
        .join(Subject, Subject.id == Thread.subject_id)
        .where(
            Thread.id >= among.start,
            Thread.id < among.stop,
            _idle(),
            not_(_active()),
            not_(exists().where(Event.subject_id == Subject.id, Event.seen_at >= from_now(-days * DAY))),
            not_(exists().where(other.joins_id == Thread.id)),
            not_(exists().where(other.adopts_id == Thread.id, other.reference.is_(None))),
        )
        .order_by(Thread.id)
    )
    return rows.all()


async def remove_threads(session: AsyncSession, ids: Sequence[int]) -> int:
    """Forgets those of the threads that are still idle; how many."""
    gone = await session.scalars(
        delete(Thread).where(Thread.id.in_(ids), _idle()).returning(Thread.id), execution_options=_QUIETLY
    )
    return len(gone.all())


def _idle() -> ColumnElement[bool]:
    told = and_(Thread.cursor >= Thread.head, Thread.due_at.is_(None), Thread.token.is_(None))
    return and_(told, not_(exists().where(Delivery.thread_id == Thread.id)))


def _active() -> ColumnElement[bool]:
    """Whether a subject goes on, of each kind in its own way."""
    cases = [
        and_(
            Subject.kind == kind,
            exists().where(
                table.provider_id == Subject.provider_id,
                table.external_id == Subject.external_id,
                table.phase.not_in(over),
                table.removed == false(),
            ),
        )
        for kind, table, over in (
            ("incident", Incident, INCIDENT_OVER),
            ("maintenance", Maintenance, MAINTENANCE_OVER),
        )
    ]
    component = exists().where(
        Component.provider_id == Subject.provider_id,
        Component.external_id == Subject.external_id,
        Component.removed_at.is_(None),
        Component.told_status != "operational",
    )
    unreadable = exists().where(Provider.id == Subject.provider_id, Provider.unreadable == true())
    raised = exists().where(RaisedSignal.provider_id == Subject.provider_id)
    return or_(
        *cases,
        and_(Subject.kind == "component", component),
        and_(Subject.kind == "provider", unreadable),
        and_(Subject.kind == "signal", raised),
    )


async def old_events(session: AsyncSession, days: float, among: range) -> Sequence[int]:
    """The ids of events, `among` these, that were seen so many days ago, whose subjects are over, and that no
    thread waits for or has a delivery of."""
    needed = (
        exists()
        .where(Thread.subject_id == Event.subject_id)
        .where(
            or_(
                Thread.cursor < Event.sequence,
                exists().where(Delivery.thread_id == Thread.id, Delivery.sequence == Event.sequence),
            )
        )
    )
    rows = await session.scalars(
        select(Event.id)
        .join(Subject, Subject.id == Event.subject_id)
        .where(
            Event.id >= among.start,
            Event.id < among.stop,
            Event.seen_at < from_now(-days * DAY),
            not_(_active()),
            not_(needed),
        )
        .order_by(Event.id)
    )
    return rows.all()


async def remove_events(session: AsyncSession, ids: Sequence[int]) -> int:
    """Forgets these events; how many there were. Their subjects go on counting where they were."""
    gone = await session.scalars(
        delete(Event).where(Event.id.in_(ids)).returning(Event.id), execution_options=_QUIETLY
    )
    return len(gone.all())
