"""Everything, from one database into another that is empty: from an embedded one to PostgreSQL, or back.

Both have the same tables. What they differ in: PostgreSQL takes neither NUL nor half a surrogate pair in a text,
and JSON has no NaN there; each such character becomes U+FFFD, each such number null. SQLite numbers new rows by
itself; PostgreSQL's sequences have to be told where to go on.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, Table, func, inspect, literal, select, text, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from storage import migrate
from storage import tables as known
from storage.backup import SEALED, sealed_in
from storage.database import Database

AT_ONCE = 1000
_UNFIT = re.compile("[\x00\ud800-\udfff]")
_FOR_A_MOMENT = frozenset({"leases"})
"""Who holds what: nobody does any more."""


class TransferError(Exception):
    """It can't be copied; the message is one line. The target holds nothing of it."""


@dataclass
class Copied:
    """How many rows there were, by table, and how many texts and numbers could not stay as they were."""

    rows: dict[str, int] = field(default_factory=dict)
    mended: int = 0


def tables() -> list[Table]:
    """All that are copied, those first that others refer to."""
    return [table for table in known.Table.metadata.sorted_tables if table.name not in _FOR_A_MOMENT]


async def copy(
    source: Database, target: Database, *, told: Callable[[str, int], None] = lambda _, __: None
) -> Copied:
    """Copies all rows, in one transaction: all of them are there afterwards, or none. The source is not written to
    meanwhile; that no process works with it is for the caller to see, for PostgreSQL `others` helps. `told` hears
    of each table that is done. Raises TransferError."""
    if not await migrate.at_head(source):
        raise TransferError("the database to copy is not up to date: run `uptimus db upgrade` on it")
    full = await _first_full(target)
    if full is not None:
        raise TransferError(f"the database to copy to is not empty: {full} has rows")
    await migrate.upgrade(target)
    copied = Copied()
    async with source.write() as reading, target.write() as writing:
        if not source.is_sqlite:
            await reading.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        for table in tables():
            await _copy_table(reading, writing, table, copied)
            await _compare(reading, writing, table, copied)
            told(table.name, copied.rows[table.name])
        if not target.is_sqlite:
            await _set_sequences(writing)
    return copied


async def a_secret(database: Database) -> str | None:
    """Something that is encrypted in it, to see whether a key opens it; None: nothing is."""
    async with database.read() as session:
        for query in SEALED:
            found = (await session.execute(text(query))).first()
            if found is not None:
                return sealed_in(found[0])
    return None


async def others(database: Database) -> int:
    """How many other connections there are to a PostgreSQL database."""
    async with database.read() as session:
        found = await session.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
        return int(found.scalar_one())


async def _first_full(database: Database) -> str | None:
    """A table of ours that has rows."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_first_full_of)


def _first_full_of(connection: Connection) -> str | None:
    there = set(inspect(connection).get_table_names())
    for table in known.Table.metadata.sorted_tables:
        if table.name in there and connection.execute(text(f'SELECT 1 FROM "{table.name}" LIMIT 1')).first():  # noqa: S608
            return table.name
    return None


async def _copy_table(reading: AsyncSession, writing: AsyncSession, table: Table, copied: Copied) -> None:
    last: Row[Any] | None = None
    try:
        while True:
            rows = (await reading.execute(_after(table, last))).all()
            if not rows:
                return
            values = [_fitting(dict(row._mapping), copied) for row in rows]
            connection = await writing.connection()
            await connection.execute(table.insert(), values)
            last = rows[-1]
    except DBAPIError as error:
        raise TransferError(f"{table.name}: {str(error.orig).splitlines()[0][:200]}") from error


def _after(table: Table, last: Row[Any] | None) -> Select[Any]:
    """The next rows in the order of the primary key."""
    keys = list(table.primary_key.columns)
    statement = select(table).order_by(*keys).limit(AT_ONCE)
    if last is None:
        return statement
    values = [literal(last._mapping[key.name], key.type) for key in keys]
    return statement.where(keys[0] > values[0] if len(keys) == 1 else tuple_(*keys) > tuple_(*values))


def _fitting(row: dict[str, Any], copied: Copied) -> dict[str, Any]:
    return {name: _fit(value, copied) for name, value in row.items()}


def _fit(value: Any, copied: Copied) -> Any:
    """The value as both databases take it."""
    if isinstance(value, str):
        fit, times = _UNFIT.subn("\ufffd", value)
        copied.mended += times
        return fit
    if isinstance(value, dict):
        return {_fit(name, copied): _fit(one, copied) for name, one in value.items()}
    if isinstance(value, list):
        return [_fit(one, copied) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        copied.mended += 1
        return None
    return value


async def _compare(reading: AsyncSession, writing: AsyncSession, table: Table, copied: Copied) -> None:
    count = select(func.count()).select_from(table)
    there, here = (await reading.execute(count)).scalar_one(), (await writing.execute(count)).scalar_one()
    if there != here:
        raise TransferError(f"{table.name}: {here} rows arrived of {there}")
    copied.rows[table.name] = here


async def _set_sequences(session: AsyncSession) -> None:
    for table in tables():
        key = table.autoincrement_column
        if key is None or not isinstance(key.type, Integer):
            continue
        newest = (await session.execute(select(func.max(key)))).scalar_one()
        name = (
            await session.execute(
                text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": key.name}
            )
        ).scalar_one()
        if newest is not None and name is not None:
            moved = text("SELECT setval(CAST(CAST(:name AS text) AS regclass), :newest)")
            await session.execute(moved, {"name": name, "newest": newest})
