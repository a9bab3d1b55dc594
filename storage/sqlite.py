"""SQLite as we use it: engines, and the thread in which what is done for each delivery is done in one go."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

Found = TypeVar("Found")


def sqlite_engine(url: URL, busy_timeout: float) -> AsyncEngine:
    """An engine whose transactions begin as its option `begin` says, and are durable unless it is `relaxed`."""
    # hide_parameters: what goes wrong is logged, and parameters hold addresses and hashes
    made = create_async_engine(url, connect_args={"timeout": busy_timeout}, hide_parameters=True)
    _prepare(made.sync_engine, busy_timeout)
    return made


class OneThread:
    """A connection for relaxed transactions that write, and the thread that alone uses it."""

    def __init__(self, url: URL, busy_timeout: float) -> None:
        self._engine = create_engine(
            url.set(drivername="sqlite+pysqlite"), connect_args={"timeout": busy_timeout}, hide_parameters=True
        ).execution_options(begin="BEGIN IMMEDIATE", relaxed=True)
        _prepare(self._engine, busy_timeout)
        self._thread = ThreadPoolExecutor(1, "database")

    @property
    def dialect(self) -> Dialect:
        """Its engine's own."""
        return self._engine.dialect

    async def run(self, work: Callable[[Connection], Found]) -> Found:
        """In one transaction. Who is canceled meanwhile does not learn what became of it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    def _run(self, work: Callable[[Connection], Found]) -> Found:
        with self._engine.begin() as connection:
            return work(connection)

    async def aclose(self) -> None:
        """Gives the connection back."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown(wait=False)


def _prepare(engine: Engine, busy_timeout: float) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            f"busy_timeout={round(busy_timeout * 1000)}",
            "synchronous=FULL",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if "begin" in options:  # it writes
            connection.exec_driver_sql(f"PRAGMA synchronous={'NORMAL' if options.get('relaxed') else 'FULL'}")
        connection.exec_driver_sql(options.get("begin", "BEGIN"))
