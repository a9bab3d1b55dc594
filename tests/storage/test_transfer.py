"""Everything from one database into another: each table, each type, and where the two databases differ."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    Table,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from storage import migrate, transfer
from storage.database import Database
from storage.tables import Lease, Note, Provider, UtcDateTime, Workspace
from storage.transfer import TransferError

BIG = 2**40
ROWS = 3


@pytest.fixture(params=["from sqlite", "from postgresql"])
async def pair(
    request: pytest.FixtureRequest, tmp_path: Path, new_postgresql: str
) -> AsyncIterator[list[Database]]:
    """One with all its tables, and an empty one of the other kind."""
    urls = [f"sqlite:///{tmp_path}/uptimus.db", new_postgresql]
    if request.param == "from postgresql":
        urls.reverse()
    both = [Database(url) for url in urls]
    await migrate.upgrade(both[0])
    yield both
    for one in both:
        await one.aclose()


@pytest.fixture
async def to_postgresql(tmp_path: Path, new_postgresql: str) -> AsyncIterator[list[Database]]:
    both = [Database(f"sqlite:///{tmp_path}/uptimus.db"), Database(new_postgresql)]
    await migrate.upgrade(both[0])
    yield both
    for one in both:
        await one.aclose()


def _id(column: Column[Any], number: int) -> int:
    return (BIG if isinstance(column.type, BigInteger) else 2**31 - 10) + number


def _value(column: Column[Any], number: int) -> Any:
    if column.foreign_keys:
        [key] = column.foreign_keys
        return _id(key.column, number)
    if column.primary_key and isinstance(column.type, Integer):
        return _id(column, number)
    if column.nullable and number == 1:
        return None
    moment = datetime(2026, 3, 29, 1, 59, 59, 999_999 - number, UTC)
    match column.type:
        case UtcDateTime():
            return moment.astimezone(timezone(timedelta(hours=5, minutes=45)))
        case DateTime():
            return moment.replace(tzinfo=None)
        case Date():
            return date(2024, 2, 29) + timedelta(days=number)
        case Boolean():
            return number == 2
        case Integer():
            return (2**40 if isinstance(column.type, BigInteger) else -(2**31)) + number
        case Float():
            return 86399.123456789 + number
        case JSON():
            return [{"text": "Zürich \U0001f6a8 \\u0000", "number": 2**60, "none": None, "yes": True, "n": number}]
    return f"{column.name[:12]} {number} ü\U0001f6a8'\"\\"


async def _fill(session: AsyncSession, number: int) -> None:
    for table in transfer.tables():
        await session.execute(insert(table), [{column.name: _value(column, number) for column in table.columns}])


async def _rows(database: Database, table: Table) -> list[dict[str, Any]]:
    async with database.read() as session:
        found = await session.execute(select(table).order_by(*table.primary_key.columns))
        return [dict(row._mapping) for row in found]


async def test_every_row_of_every_table_is_the_same_afterwards(pair: list[Database]) -> None:
    source, target = pair
    async with source.write() as session:
        for number in range(ROWS):
            await _fill(session, number)
        await session.execute(insert(Lease).values(name="gateway", holder="me", until_at=datetime.now(UTC)))
    told: list[tuple[str, int]] = []
    copied = await transfer.copy(source, target, told=lambda *one: told.append(one))
    assert copied.mended == 0
    assert told == list(copied.rows.items())
    assert {name for name, number in copied.rows.items() if number != ROWS} == set()
    for table in transfer.tables():
        before = await _rows(source, table)
        assert len(before) == ROWS
        assert await _rows(target, table) == before, table.name
    assert await migrate.problems(target) == []
    async with target.read() as session:
        assert (await session.execute(select(Lease))).all() == [], "who held what, holds it no more"


async def test_new_rows_are_numbered_behind_those_that_came(pair: list[Database]) -> None:
    source, target = pair
    async with source.write() as session:
        await _fill(session, 0)
    await transfer.copy(source, target)
    for table in transfer.tables():
        if table.autoincrement_column is None or table.foreign_keys:
            continue
        values = {column.name: _value(column, 2) for column in table.columns if not column.primary_key}
        async with target.write() as session:
            made = await session.execute(insert(table).values(**values).returning(table.c.id))
            assert made.scalar_one() == _id(table.c.id, 0) + 1, table.name


async def test_more_rows_than_are_copied_at_once(pair: list[Database]) -> None:
    source, target = pair
    now = datetime.now(UTC)
    async with source.write() as session:
        names = [
            {"name": f"n{number}", "value": str(number), "at": now} for number in range(2 * transfer.AT_ONCE + 1)
        ]
        await session.execute(insert(Note), names)
        keys = [{"key": f"slack:T{number}", "created_at": now} for number in range(transfer.AT_ONCE)]
        await session.execute(insert(Workspace), keys)
    copied = await transfer.copy(source, target)
    assert (copied.rows["notes"], copied.rows["workspaces"]) == (2 * transfer.AT_ONCE + 1, transfer.AT_ONCE)
    for table in (Note.__table__, Workspace.__table__):
        assert isinstance(table, Table)
        assert await _rows(target, table) == await _rows(source, table)


async def test_what_postgresql_can_not_hold_is_replaced_and_counted(to_postgresql: list[Database]) -> None:
    source, target = to_postgresql
    async with source.write() as session:
        await _fill(session, 0)
        memory = json.dumps({"a\0": ["\ud800", {"b": "x\0y"}], "nan": float("nan"), "fine": "ü"})
        await session.execute(
            text("UPDATE providers SET name = :name, memory = :memory"), {"name": "Acme\0Cloud", "memory": memory}
        )
    copied = await transfer.copy(source, target)
    assert copied.mended == 5
    async with target.read() as session:
        row = (await session.execute(select(Provider.name, Provider.memory))).one()
    assert row.name == "Acme\ufffdCloud"
    assert row.memory == {"a\ufffd": ["\ufffd", {"b": "x\ufffdy"}], "nan": None, "fine": "ü"}


async def test_a_target_that_holds_something_is_refused_and_left_alone(pair: list[Database]) -> None:
    source, target = pair
    await migrate.upgrade(target)
    async with target.write() as session:
        await session.execute(insert(Workspace).values(key="local", created_at=datetime.now(UTC)))
    with pytest.raises(TransferError, match="not empty: workspaces"):
        await transfer.copy(source, target)


async def test_a_source_that_is_not_up_to_date_is_refused(to_postgresql: list[Database], tmp_path: Path) -> None:
    old = Database(f"sqlite:///{tmp_path}/old.db")
    await migrate.upgrade(old, "0004")
    with pytest.raises(TransferError, match="uptimus db upgrade"):
        await transfer.copy(old, to_postgresql[1])
    await old.aclose()


async def test_a_row_that_does_not_fit_leaves_nothing_behind(to_postgresql: list[Database]) -> None:
    source, target = to_postgresql
    async with source.write() as session:
        await _fill(session, 0)
        await session.execute(text("UPDATE slack_bots SET team_id = :long"), {"long": "T" * 40})
    with pytest.raises(TransferError, match=r"slack_bots: .*too long"):
        await transfer.copy(source, target)
    for table in transfer.tables():
        assert await _rows(target, table) == [], table.name


async def test_who_works_with_a_database_is_seen(to_postgresql: list[Database]) -> None:
    _, target = to_postgresql
    assert await transfer.others(target) == 0
    other = Database(target.url.render_as_string(hide_password=False))
    async with other.read() as session:
        await session.execute(text("SELECT 1"))
        assert await transfer.others(target) == 1
    await other.aclose()
