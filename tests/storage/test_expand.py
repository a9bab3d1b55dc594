"""Migrations only add, so that old and new code work side by side while an update is under way."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    Numeric,
    Table,
    insert,
    inspect,
    text,
)

from storage import migrate
from storage.database import Database

FIRST = "0004"
"""From the state after this migration on, nothing is taken away any more."""


@dataclass(frozen=True)
class Shape:
    """What code relies on. columns: table.column → type; needed: those that an INSERT has to name; alone: sets of
    columns that are unique, by their table, with the condition under which they are; refers: foreign keys."""

    columns: dict[str, str]
    needed: frozenset[str] = frozenset()
    alone: frozenset[tuple[str, tuple[str, ...], str]] = frozenset()
    refers: frozenset[tuple[str, tuple[str, ...]]] = frozenset()
    checks: frozenset[tuple[str, str]] = frozenset()
    indexes: frozenset[tuple[str, str]] = frozenset()
    """By table and name: those that only make something quick, which no code trips over."""


def contractions(before: Shape, after: Shape) -> list[str]:
    """What code that was written for `before` trips over in `after`."""
    old = {name.partition(".")[0] for name in before.columns}

    def of_old(name: str) -> bool:
        return name.partition(".")[0] in old

    found = [f"{name} is gone" for name in before.columns if name not in after.columns]
    found += [
        f"{name} was {kind} and is {after.columns[name]}"
        for name, kind in before.columns.items()
        if after.columns.get(name, kind) != kind
    ]
    found += [f"{name} has to be given" for name in sorted(after.needed - before.needed) if of_old(name)]
    found += [f"{one} is unique" for one in sorted(after.alone - before.alone) if of_old(one[0])]
    found += [f"{one} is unique no more" for one in sorted(before.alone - after.alone)]
    found += [f"{one} refers to another table" for one in sorted(after.refers - before.refers) if of_old(one[0])]
    return found + [f"{one} is checked" for one in sorted(after.checks - before.checks) if of_old(one[0])]


BEFORE = Shape({"a.id": "INTEGER", "a.name": "VARCHAR"}, frozenset({"a.name"}), frozenset({("a", ("name",), "")}))


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (BEFORE, []),
        (replace(BEFORE, columns=BEFORE.columns | {"a.more": "TEXT", "b.id": "INTEGER"}), []),
        (replace(BEFORE, needed=frozenset({"a.name", "b.name"})), []),
        (replace(BEFORE, needed=frozenset()), []),
        (replace(BEFORE, alone=BEFORE.alone | {("b", ("x",), "")}), []),
        (replace(BEFORE, columns={"a.id": "INTEGER"}), ["a.name is gone"]),
        (replace(BEFORE, columns=BEFORE.columns | {"a.id": "TEXT"}), ["a.id was INTEGER and is TEXT"]),
        (replace(BEFORE, needed=frozenset({"a.name", "a.more"})), ["a.more has to be given"]),
        (replace(BEFORE, alone=BEFORE.alone | {("a", ("id",), "")}), ["('a', ('id',), '') is unique"]),
        (replace(BEFORE, alone=frozenset()), ["('a', ('name',), '') is unique no more"]),
        (replace(BEFORE, refers=frozenset({("a", ("id",))})), ["('a', ('id',)) refers to another table"]),
        (replace(BEFORE, checks=frozenset({("a", "x > 0")})), ["('a', 'x > 0') is checked"]),
        (replace(BEFORE, indexes=frozenset({("a", "ix_a_name")})), []),
    ],
)
def test_what_takes_away_is_found(after: Shape, said: list[str]) -> None:
    assert contractions(BEFORE, after) == said


def _shape(connection: Connection) -> Shape:
    found = inspect(connection)
    columns, needed = dict[str, str](), set[str]()
    alone, refers, checks, indexes = (
        set[tuple[str, tuple[str, ...], str]](),
        set[tuple[str, tuple[str, ...]]](),
        set[tuple[str, str]](),
        set[tuple[str, str]](),
    )
    for table in found.get_table_names():
        keys = found.get_pk_constraint(table)["constrained_columns"]
        for column in found.get_columns(table):
            name = f"{table}.{column['name']}"
            columns[name] = str(column["type"])
            numbered = keys == [column["name"]] and isinstance(column["type"], Integer)
            if not column["nullable"] and column["default"] is None and not numbered:
                needed.add(name)
        for one in found.get_unique_constraints(table):
            alone.add((table, tuple(sorted(one["column_names"])), ""))
        for index in found.get_indexes(table):
            if index["unique"] and not index.get("duplicates_constraint"):
                options = index.get("dialect_options") or {}
                condition = str(options.get("postgresql_where", options.get("sqlite_where", "")))
                alone.add((table, tuple(sorted(str(name) for name in index["column_names"])), condition))
            elif not index["unique"]:
                indexes.add((table, str(index["name"])))
        refers |= {(table, tuple(one["constrained_columns"])) for one in found.get_foreign_keys(table)}
        checks |= {(table, str(one["sqltext"])) for one in found.get_check_constraints(table)}
    return Shape(
        columns, frozenset(needed), frozenset(alone), frozenset(refers), frozenset(checks), frozenset(indexes)
    )


REVISIONS = migrate.known()
STEPS = [(old, new) for old, new in pairwise(REVISIONS) if old >= FIRST]


def test_the_numbers_of_the_files_are_the_order_in_which_they_are_applied() -> None:
    scripts = ScriptDirectory(str(migrate.MIGRATIONS)).walk_revisions()
    assert [script.revision for script in scripts] == list(reversed(REVISIONS))


@pytest.fixture
async def empty(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.aclose()


@pytest.mark.parametrize(("old", "new"), STEPS, ids=[new for _, new in STEPS])
async def test_a_migration_only_adds(empty: Database, old: str, new: str) -> None:
    await migrate.upgrade(empty, old)
    async with empty.engine.connect() as connection:
        before = await connection.run_sync(_shape)
    await migrate.upgrade(empty, new)
    async with empty.engine.connect() as connection:
        after = await connection.run_sync(_shape)
    assert contractions(before, after) == []
    assert before != after or new == old


@pytest.mark.parametrize("old", [old for old, _ in STEPS])
async def test_what_older_code_writes_is_taken_by_the_newest_tables(empty: Database, old: str) -> None:
    """Each table that was there then gets a row with the columns that it had then, and reads it back."""
    await migrate.upgrade(empty, old)
    async with empty.engine.connect() as connection:
        known = await connection.run_sync(_reflected)
    await migrate.upgrade(empty)
    async with empty.write() as session:
        connection = await session.connection()
        for table in known:
            await connection.execute(
                insert(table).values({column.name: _value(column) for column in table.columns})
            )
            assert (await connection.execute(table.select())).one() is not None
    assert await migrate.at_head(empty)


def _reflected(connection: Connection) -> list[Table]:
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def _value(column: Column[Any]) -> Any:
    if column.foreign_keys or (column.primary_key and isinstance(column.type, Integer)):
        return 1
    match column.type:
        case DateTime(timezone=zone):
            return datetime(2026, 1, 1, tzinfo=UTC if zone else None)
        case Date():
            return date(2026, 1, 1)
        case Boolean():
            return False
        case Float() | Numeric():
            return 1.0
        case Integer():
            return 1
        case JSON():
            return []
    return "x"


async def test_older_code_goes_on_with_a_database_that_a_newer_version_brought_further(database: Database) -> None:
    """As in an update process by process, or one that is taken back."""
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await migrate.upgrade(database)
    assert await migrate.at_head(database)
    [said] = await migrate.problems(database)
    assert "newer version" in said
