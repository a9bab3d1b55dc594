"""What users report of a provider: a row for each person and day while that is news, later on mere numbers.

The numbers are what is usual at a provider. Rows go when their day is over: nothing of a person is left then, not
even the hash.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert
from storage.tables import Note, RaisedSignal, Signal, SignalCount

QUARTER = timedelta(minutes=15)
LINGERS = timedelta(minutes=20)
"""For so long yesterday is remembered: whoever reports a minute before midnight and a minute after it is one."""
COUNTS_KEPT = timedelta(days=15)
KEY = "signals key:"
"""The note that holds a day's key, sealed; the day follows."""

Numbers = Counter[datetime]
"""People by the beginning of a quarter of an hour."""


@dataclass(frozen=True)
class New:
    """A report. `person` is the hash of the day; `before`: the same person's of the day before, while that is
    remembered."""

    provider_id: int
    person: str
    before: str | None
    component: str | None
    region: str | None
    source: str


@dataclass(frozen=True)
class Report:
    """One of those that are news."""

    at: datetime
    component: str | None
    region: str | None


def key_name(day: date) -> str:
    """Of the note that holds the day's key."""
    return f"{KEY}{day.isoformat()}"


def quarter(moment: datetime) -> datetime:
    """When the moment's quarter of an hour began."""
    moment = moment.astimezone(UTC)
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


async def add(session: AsyncSession, new: New, at: datetime) -> bool:
    """Counts a report; False for a person who is counted already."""
    if new.before is not None and await _was_there(session, new, at):
        return False
    made = await session.execute(
        insert(session, Signal)
        .values(
            provider_id=new.provider_id, day=at.astimezone(UTC).date(), person=new.person, at=at,
            component=new.component, region=new.region, source=new.source,
        )
        .on_conflict_do_nothing(index_elements=["provider_id", "day", "person"])
        .returning(Signal.id)
    )  # fmt: skip
    return made.first() is not None


async def _was_there(session: AsyncSession, new: New, at: datetime) -> bool:
    found = await session.scalar(
        select(Signal.id).where(
            Signal.provider_id == new.provider_id,
            Signal.day == at.astimezone(UTC).date() - timedelta(days=1),
            Signal.person == new.before,
            Signal.at > at - LINGERS,
        )
    )
    return found is not None


async def since(session: AsyncSession, moment: datetime) -> dict[int, int]:
    """How many people reported trouble after the moment, by provider."""
    rows = await session.execute(
        select(Signal.provider_id, func.count()).where(Signal.at > moment).group_by(Signal.provider_id)
    )
    return {row[0]: row[1] for row in rows}


async def reports(session: AsyncSession, provider_id: int, moment: datetime) -> list[Report]:
    """Those of a provider after the moment, oldest first."""
    rows = await session.execute(
        select(Signal.at, Signal.component, Signal.region)
        .where(Signal.provider_id == provider_id, Signal.at > moment)
        .order_by(Signal.at)
    )
    return [Report(at, component, region) for at, component, region in rows]


async def numbers(session: AsyncSession, provider_id: int, first: datetime, until: datetime) -> Numbers:
    """How many people in each quarter of an hour; those with nobody are left out. Both ends are such quarters'."""
    kept = await session.execute(
        select(SignalCount.at, SignalCount.people).where(
            SignalCount.provider_id == provider_id, SignalCount.at >= first, SignalCount.at < until
        )
    )
    found = Numbers({row[0]: row[1] for row in kept})
    moments = await session.scalars(
        select(Signal.at).where(Signal.provider_id == provider_id, Signal.at >= first, Signal.at < until)
    )
    found.update(map(quarter, moments))
    return found


async def raised(session: AsyncSession) -> Mapping[int, RaisedSignal]:
    """The signals that are raised, by provider."""
    return {row.provider_id: row for row in await session.scalars(select(RaisedSignal))}


async def raised_at(session: AsyncSession, provider_id: int) -> RaisedSignal | None:
    """The signal that is raised at a provider."""
    return await session.get(RaisedSignal, provider_id)


async def still(session: AsyncSession, provider_id: int, now: datetime, peak: int) -> None:
    """As many as are needed report trouble at this moment."""
    await session.execute(
        update(RaisedSignal).where(RaisedSignal.provider_id == provider_id).values(above_at=now, peak=peak),
        execution_options={"synchronize_session": False},
    )


async def clear(session: AsyncSession, provider_id: int) -> None:
    """It is over."""
    await session.execute(delete(RaisedSignal).where(RaisedSignal.provider_id == provider_id))


async def fold(session: AsyncSession, now: datetime, batch: int) -> int:
    """Makes numbers of the reports of days that are over, a batch of them; how many. Forgets the days' keys with
    the last of them."""
    over = (now - LINGERS).astimezone(UTC).date()
    old: Sequence[Any] = (
        await session.execute(
            select(Signal.id, Signal.provider_id, Signal.at)
            .where(Signal.day < over)
            .order_by(Signal.id)
            .limit(batch)
        )
    ).all()
    if old:
        people = Counter((row.provider_id, quarter(row.at)) for row in old)
        await _count(session, people)
        await session.execute(delete(Signal).where(Signal.id.in_([row.id for row in old])))
    await session.execute(
        delete(Note).where(Note.name.startswith(KEY, autoescape=True), Note.name < key_name(over))
    )
    await session.execute(delete(SignalCount).where(SignalCount.at < now - COUNTS_KEPT))
    return len(old)


async def _count(session: AsyncSession, people: Counter[tuple[int, datetime]]) -> None:
    statement = insert(session, SignalCount)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["provider_id", "at"], set_={"people": SignalCount.people + statement.excluded.people}
        ),
        [{"provider_id": id_, "at": at, "people": number} for (id_, at), number in sorted(people.items())],
    )
