"""SQLite as we use it: engines, connections that take one step to their thread for a statement, and the thread in
which what is done for each delivery is done in one go."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

Found = TypeVar("Found")


def sqlite_engine(url: URL, busy_timeout: float) -> AsyncEngine:
    """An engine whose transactions begin as its option `begin` says, and are durable unless it is `relaxed`."""
    # hide_parameters: what goes wrong is logged, and parameters hold addresses and hashes
    connect_args = {"timeout": busy_timeout, "async_creator_fn": _connected}
    made = create_async_engine(url, connect_args=connect_args, hide_parameters=True)
    _prepare(made.sync_engine, busy_timeout)
    return made


class _Connection(aiosqlite.Connection):
    """As aiosqlite has it, but for its cursors: each of their steps to the connection's thread and back costs more
    than most statements, and theirs take four for one."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connect, iter_chunk_size=0)
        self._thread.daemon = True  # as SQLAlchemy has it for aiosqlite's own

    def cursor(self) -> "_Cursor":  # type: ignore[override]  # SQLAlchemy asks for no more than it has
        """Costs nothing: what it does, it does in `execute`."""
        return _Cursor(self)

    async def in_thread(self, work: Callable[..., None], *given: object) -> None:
        """Calls it with sqlite3's own connection, after what was asked for before."""
        await self._execute(lambda: work(self._conn, *given))  # type: ignore[no-untyped-call]


class _Cursor:
    """Executes a statement, fetches all that it found and is closed in one step."""

    description: Any = None
    rowcount = -1
    lastrowid: int | None = None
    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []

    async def __aenter__(self) -> "_Cursor":
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        await self._connection.in_thread(self._run, "execute", statement, parameters)

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> None:
        await self._connection.in_thread(self._run, "executemany", statement, parameters)

    async def fetchall(self) -> list[Any]:
        found, self._rows = self._rows, []
        return found

    async def close(self) -> None:
        self._rows = []

    def _run(self, connection: sqlite3.Connection, how: str, statement: str, parameters: Sequence[Any]) -> None:
        cursor = connection.cursor()
        try:
            getattr(cursor, how)(statement, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


async def _connected(path: str, **options: Any) -> _Connection:
    made = _Connection(lambda: sqlite3.connect(path, **options))
    await made
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
    def _on_connect(connection: Any, _record: object) -> None:
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
    def _on_begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if "begin" in options:  # it writes
            connection.exec_driver_sql(f"PRAGMA synchronous={'NORMAL' if options.get('relaxed') else 'FULL'}")
        connection.exec_driver_sql(options.get("begin", "BEGIN"))
