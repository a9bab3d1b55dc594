"""What is asked for again and again is found by an index, however much there is: SQLite says how it looks."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert, update
from standins.rows import NOW, case, component, provider

from storage import kept_days, migrate, providers
from storage.database import Database
from storage.tables import Incident, Maintenance, Provider, Span

Asked = list[tuple[str, object]]


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/uptimus.db")
    await migrate.upgrade(database)
    yield database
    await database.aclose()


def listening(database: Database) -> Asked:
    """Every statement from now on, with what is given to it."""
    asked: Asked = []

    def ask(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", ask)
    return asked


async def ways(database: Database, asked: Asked, table: str) -> list[str]:
    """By which index SQLite finds the rows of a table; all that it says where it is by none."""

    def explained(connection: Connection) -> list[str]:
        return [
            str(row.detail)
            for statement, parameters in some
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]

    some = [(text, given) for text, given in asked if f" {table}" in text and isinstance(given, tuple)]
    async with database.engine.connect() as connection:
        found = [one.split() for one in await connection.run_sync(explained)]
    return [
        next((word for word in one if word.startswith("ix_")), " ".join(one)) for one in found if one[1] == table
    ]


async def test_days_that_are_closed_once_more(sqlite: Database) -> None:
    """An index has either the wholes or the parts: both at once would be looked for among everybody's."""
    id_ = await provider(sqlite)
    part = await component(sqlite, id_, "c0")
    span = {"provider_id": id_, "component_id": part, "status": "major_outage", "from_at": NOW - timedelta(days=9)}
    async with sqlite.write() as session:
        await session.execute(insert(Span), [span])
    await kept_days.close_days(sqlite, NOW)
    async with sqlite.write() as session:
        await session.execute(update(Provider).values(closed_until=NOW.date() - timedelta(days=5)))
    asked = listening(sqlite)
    assert await kept_days.close_days(sqlite, NOW) == 1
    found = await ways(sqlite, [one for one in asked if one[0].startswith("DELETE")], "days")
    assert sorted(found) == ["ix_days_provider_id_component_id_day", "ix_days_provider_id_day"]


async def test_what_is_not_over_however_much_is(sqlite: Database) -> None:
    id_ = await provider(sqlite)
    dated = {"impact": "major", "started_at": NOW, "until_at": NOW}
    async with sqlite.write() as session:
        await session.execute(
            insert(Incident),
            [case(id_, f"i{n}", phase="resolved" if n else "identified", **dated) for n in range(50)],
        )
        await session.execute(
            insert(Maintenance),
            [case(id_, f"m{n}", phase="completed" if n else "scheduled", starts_at=NOW) for n in range(50)],
        )
    asked = listening(sqlite)
    async with sqlite.read() as session:
        active = await providers.active_incidents(session, [id_])
        coming = await providers.coming_maintenances(session, [id_])
    assert ([one.external_id for one in active], [one.external_id for one in coming]) == (["i0"], ["m0"])
    for table in ("incidents", "maintenances"):
        assert await ways(sqlite, asked, table) == [f"ix_{table}_active"]
