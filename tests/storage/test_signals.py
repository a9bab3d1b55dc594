"""What users report, kept for a day: each person once, and numbers afterwards."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from standins.followed import followed

from storage import notes, signals
from storage.database import Database
from storage.signals import KEY, New, key_name
from storage.tables import Signal, SignalCount

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def provider_id(database: Database) -> int:
    await followed(database, "slack:T1/C1")
    return 1


def new(person: str, provider_id: int = 1, before: str | None = None) -> New:
    return New(provider_id, person, before, component=None, region=None, source="page")


async def _add(database: Database, one: New, at: datetime) -> bool:
    async with database.write() as session:
        return await signals.add(session, one, at)


async def test_a_person_counts_once_a_day(database: Database, provider_id: int) -> None:
    assert await _add(database, new("ann"), NOON)
    assert not await _add(database, new("ann"), NOON + 600 * MINUTE)
    assert await _add(database, new("bob"), NOON)
    async with database.read() as session:
        assert await signals.since(session, NOON - MINUTE) == {provider_id: 2}
        assert await signals.since(session, NOON) == {}, "what is as old as the moment is not after it"


async def test_a_person_is_one_on_both_sides_of_midnight(database: Database, provider_id: int) -> None:
    before, after = datetime(2026, 3, 4, 23, 55, tzinfo=UTC), datetime(2026, 3, 5, 0, 5, tzinfo=UTC)
    assert await _add(database, new("ann, wednesday"), before)
    assert not await _add(database, new("ann, thursday", before="ann, wednesday"), after)
    assert await _add(database, new("ann, thursday", before="ann, wednesday"), after + 15 * MINUTE)


async def test_days_that_are_over_become_numbers(database: Database, provider_id: int) -> None:
    yesterday = NOON - timedelta(days=1)
    for number, minutes in enumerate((0, 14, 15, 44)):
        assert await _add(database, new(f"person {number}"), yesterday + minutes * MINUTE)
    assert await _add(database, new("today"), NOON + MINUTE)
    async with database.write() as session:
        for day in (date(2026, 3, 3), date(2026, 3, 4)):
            await notes.keep(session, key_name(day), f"sealed {day}")
        expected = {yesterday: 2, yesterday + 15 * MINUTE: 1, yesterday + 30 * MINUTE: 1, NOON: 1}
        first = yesterday - timedelta(days=1)
        assert await signals.numbers(session, provider_id, first, NOON + 15 * MINUTE) == expected
    async with database.write() as session:
        assert await signals.fold(session, NOON, batch=3) == 3
        assert await signals.fold(session, NOON, batch=3) == 1
        assert await signals.numbers(session, provider_id, first, NOON + 15 * MINUTE) == expected
        assert list(await session.scalars(select(Signal.person))) == ["today"]
        assert await notes.get(session, key_name(date(2026, 3, 3))) is None
        assert await notes.get(session, key_name(date(2026, 3, 4))) == "sealed 2026-03-04"


async def test_yesterday_is_remembered_while_a_window_reaches_into_it(
    database: Database, provider_id: int
) -> None:
    midnight = datetime(2026, 3, 5, tzinfo=UTC)
    await _add(database, new("late"), midnight - MINUTE)
    async with database.write() as session:
        await notes.keep(session, key_name(date(2026, 3, 4)), "sealed")
        assert await signals.fold(session, midnight + 19 * MINUTE, batch=10) == 0
        assert await notes.get(session, key_name(date(2026, 3, 4))) == "sealed"
        assert await signals.fold(session, midnight + 20 * MINUTE, batch=10) == 1
        assert await notes.get(session, key_name(date(2026, 3, 4))) is None


async def test_numbers_are_forgotten_when_nobody_asks_for_them(database: Database, provider_id: int) -> None:
    for days in (17, 14):
        await _add(database, new(f"{days} days ago"), NOON - timedelta(days=days))
    async with database.write() as session:
        await signals.fold(session, NOON, batch=10)
        assert await session.scalar(select(func.count()).select_from(SignalCount)) == 1


async def test_other_notes_are_left_alone(database: Database) -> None:
    async with database.write() as session:
        await notes.put(session, "a note of another kind", "x")
        await notes.put(session, f"{KEY}2020-01-01", "old")
        await signals.fold(session, NOON, batch=10)
        assert await notes.get(session, "a note of another kind") == "x"
        assert await notes.get(session, f"{KEY}2020-01-01") is None
