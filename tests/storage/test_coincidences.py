"""Pages that are in trouble at the same times."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import SQLAlchemyError
from standins.rows import NOW, case, provider

from storage import coincidences
from storage.coincidences import Beginnings, Troubles
from storage.database import Database
from storage.tables import Incident

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def outage(database: Database, provider_id: int, at: datetime, **given: object) -> None:
    values = case(
        provider_id, f"i{at:%m%d%H%M}", impact="major", phase="resolved", started_at=at, until_at=at + HOUR
    )  # fmt: skip
    async with database.write() as session:
        await session.execute(insert(Incident), [values | given])


async def found(database: Database, provider_id: int) -> list[tuple[str, int, int]]:
    async with database.read() as session:
        began = await coincidences.beginnings(session, NOW)
        some = await coincidences.with_provider(session, began, provider_id, 3)
        return [(one.provider.slug, one.times, one.incidents) for one in some]


async def test_those_whose_trouble_begins_within_an_hour_at_least_twice(database: Database) -> None:
    mine = await provider(database, "mine")
    sibling, noisy, chance, apart = [
        await provider(database, slug) for slug in ("sibling", "noisy", "chance", "apart")
    ]
    for back in (3, 10, 40):
        at = NOW - back * DAY
        await outage(database, mine, at)
        await outage(database, sibling, at + HOUR if back != 40 else at - timedelta(minutes=10))
        await outage(database, apart, at + 3 * HOUR)
    for back in range(60):
        await outage(database, noisy, NOW - back * DAY + timedelta(minutes=5))
    await outage(database, chance, NOW - 3 * DAY)
    assert await found(database, mine) == [("sibling", 3, 3), ("noisy", 3, 60)]
    assert await found(database, apart) == []


async def test_what_affected_nothing_what_was_taken_back_and_what_is_old_does_not_count(
    database: Database,
) -> None:
    mine, other = await provider(database, "mine"), await provider(database, "other")
    odd: list[dict[str, object]] = [{"impact": "none"}, {"removed": True}, {}, {}]
    for number, given in enumerate(odd):
        at = NOW - (number + 2) * DAY if number < 3 else NOW - 400 * DAY
        await outage(database, mine, at)
        await outage(database, other, at, **given)
    assert await found(database, mine) == []
    await outage(database, mine, NOW - 20 * DAY)
    await outage(database, other, NOW - 20 * DAY)
    assert [one[:2] for one in await found(database, mine)] == [("other", 2)]


async def test_one_storm_of_incidents_is_one_time(database: Database) -> None:
    """Six posts about the same trouble say no more than one."""
    mine, other = await provider(database, "mine"), await provider(database, "other")
    for minutes in range(0, 60, 10):
        for one in (mine, other):
            await outage(database, one, datetime(2026, 3, 10, 4, minutes, tzinfo=UTC))
    assert await found(database, mine) == []


def test_when_everybody_was_in_trouble_it_says_nothing_of_whom_they_have_to_do_with() -> None:
    most, known = coincidences.MOST_AT_ONCE, Beginnings()
    known.add((owner, 1e9) for owner in range(most + 1))  # all at once, and again
    known.add((owner, 2e9) for owner in range(most + 1))
    assert known.near(0, 3) == []
    known.add((owner, moment) for moment in (3e9, 4e9) for owner in range(most))
    assert known.near(0, 1) == [(1, 2)]


async def test_one_that_had_none(database: Database) -> None:
    assert await found(database, await provider(database, "mine")) == []


async def test_what_began_is_gathered_once_and_after_a_while_behind_the_back_of_who_asks(
    database: Database,
) -> None:
    mine, other = await provider(database, "mine"), await provider(database, "other")
    keeps, renews = Troubles(), Troubles(kept_for=0)
    before = [await one.began(database, NOW) for one in (keeps, renews)]
    for one in (mine, other):
        for back in (3, 10):
            await outage(database, one, NOW - back * DAY)
    assert [await one.began(database, NOW) for one in (keeps, renews)] == before
    while (known := await renews.began(database, NOW)) is before[1]:
        await asyncio.sleep(0)
    assert known.near(mine, 3) == [(other, 2)]
    assert await keeps.began(database, NOW) is before[0]


async def test_who_has_no_patience_goes_without_them_once(database: Database) -> None:
    mine, other = await provider(database, "mine"), await provider(database, "other")
    for one in (mine, other):
        for back in (3, 10):
            await outage(database, one, NOW - back * DAY)
    troubles = Troubles()
    assert (await troubles.began(database, NOW, patience=0)).near(mine, 3) == []
    assert (await troubles.began(database, NOW)).near(mine, 3) == [(other, 2)]
    assert (await troubles.began(database, NOW, patience=0)).near(mine, 3) == [(other, 2)]


async def test_that_they_can_not_be_gathered_is_said(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("ALTER TABLE incidents RENAME TO elsewhere"))
    with pytest.raises(SQLAlchemyError):
        await Troubles().began(database, NOW)


async def test_more_than_are_taken_in_at_once(database: Database) -> None:
    mine, other = await provider(database, "mine"), await provider(database, "other")
    same = [
        case(mine, f"i{number}", impact="major", phase="resolved", started_at=NOW - (number // 700 + 1) * DAY)
        for number in range(2 * coincidences.AT_ONCE + 100)
    ]
    async with database.write() as session:
        await session.execute(insert(Incident), [one | {"until_at": NOW} for one in same])
    for back in (1, 2, 3):
        await outage(database, other, NOW - back * DAY)
    async with database.read() as session:
        known = await coincidences.beginnings(session, NOW)
    assert {owner: len(moments) for owner, moments in known.of_each.items()} == {mine: len(same), other: 3}
    assert (known.near(other, 3), known.near(mine, 3)) == ([(mine, 3)], [])  # the hundred latest are of one day
