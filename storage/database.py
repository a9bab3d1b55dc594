"""Engine, transactions, and the few places where SQLite and PostgreSQL differ."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import Connection, literal
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from storage import addresses, clock
from storage.addresses import Sealer
from storage.postgresql import postgresql_engine
from storage.sqlite import OneThread, sqlite_engine
from storage.tables import UtcDateTime

BUSY_TIMEOUT = 15.0
"""Seconds that SQLite waits for another writer."""

CLOSE_WITHIN = 2.0

Found = TypeVar("Found")
Given = TypeVarTuple("Given")


class from_now(FunctionElement[Any]):  # noqa: N801
    """The database's own clock plus some seconds. Leases and due times are decided by it alone."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, seconds: float | ColumnElement[float] = 0.0) -> None:
        super().__init__(literal(float(seconds)) if isinstance(seconds, int | float) else seconds)


@compiles(from_now, "postgresql")
def _from_now_postgresql(element: from_now, compiler: SQLCompiler, **options: Any) -> str:
    # Of the statement, and not of each row: only what stays the same can be looked up in an index, and 100,000
    # threads that wait are not to be gone through for each claim.
    seconds = compiler.process(element.clauses, **options)
    return f"(statement_timestamp() + CAST({seconds} AS double precision) * interval '1 second')"


@compiles(from_now, "sqlite")
def _from_now_sqlite(element: from_now, compiler: SQLCompiler, **options: Any) -> str:
    # Six digits, as SQLAlchemy writes its own times, so that the two compare as text.
    seconds = compiler.process(element.clauses, **options)
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', {seconds} || ' seconds') || '000')"


def async_url(url: str) -> URL:
    """The address as hosts hand it out, with the driver that we use. A relative SQLite path stays relative."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite")
    query = {name: value for name, value in parsed.query.items() if name != "sslmode"}
    if "sslmode" in parsed.query:  # libpq's name for it; asyncpg's is `ssl`
        query["ssl"] = parsed.query["sslmode"]
    return parsed.set(drivername="postgresql+asyncpg", query=query)


class Database:
    """One engine. `read()` and `write()` give a session in a transaction that commits when the block ends."""

    def __init__(self, url: str, *, pool_size: int = 10, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self.url = async_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._engine = (
            sqlite_engine(self.url, busy_timeout)
            if self.is_sqlite
            else postgresql_engine(self.url, pool_size=pool_size, max_overflow=0)
        )
        self._writer = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        self._relaxed = self._engine.execution_options(begin="BEGIN IMMEDIATE", relaxed=True)
        # SQLite has one writer at a time; waiting here is fair and wakes at once, its own busy loop is neither.
        self._turn: asyncio.Lock | _NoLock = asyncio.Lock() if self.is_sqlite else _NoLock()
        self._clock = clock.Clock() if self.is_sqlite else None
        self._one_thread = OneThread(self.url, busy_timeout) if self.is_sqlite else None

    def seal_addresses(self, sealer: Sealer) -> None:
        """Addresses that may be secrets are sealed by it from now on where they are kept."""
        for dialect in {self._engine.dialect, *([self._one_thread.dialect] if self._one_thread else ())}:
            addresses.seal_with(dialect, sealer)

    @property
    def engine(self) -> AsyncEngine:
        """For migrations and for tests."""
        return self._engine

    @property
    def writer(self) -> AsyncEngine:
        """For a library that opens its own transactions and writes in them; it is to hold `turn` meanwhile."""
        return self._writer

    @property
    def turn(self) -> "asyncio.Lock | _NoLock":
        """What `write` holds while it writes. Not inside of `write`, which would wait for itself."""
        return self._turn

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only looks."""
        async with (
            AsyncSession(self._engine, expire_on_commit=False, autoflush=False) as session,
            session.begin(),
        ):
            yield session

    @asynccontextmanager
    async def write(self, *, relaxed: bool = False) -> AsyncIterator[AsyncSession]:
        """A transaction that changes something.

        relaxed: the commit may be lost by a power cut (never by a crash of the process). For claims and
        acknowledgements, where losing one costs a repeat and never a loss.
        """
        engine = self._relaxed if relaxed else self._writer
        async with self._turn:
            await self._follow_clock()
            async with AsyncSession(engine, expire_on_commit=False, autoflush=False) as session, session.begin():
                yield session
                self._check_clock()

    async def in_one_go(self, work: Callable[[Connection, *Given], Found], *given: *Given) -> Found:
        """What `work` finds in a transaction of its own that changes something, relaxed as in `write`. For what is
        done for each delivery: on SQLite all of it is one step to another thread and back, since each such step
        costs more than most statements."""
        if self._one_thread is None:
            async with self._relaxed.begin() as connection:
                return await connection.run_sync(work, *given)
        async with self._turn:
            await self._follow_clock()
            return await self._one_thread.run(lambda connection: self._checked(work(connection, *given)))

    def _checked(self, found: Found) -> Found:
        self._check_clock()
        return found

    def _check_clock(self) -> None:
        """What was claimed while the clock was set may be somebody's: that is undone, and done once more."""
        if self._clock is not None and self._clock.jump():
            raise clock.ClockSetError("the clock was set meanwhile")

    async def _follow_clock(self) -> None:
        """Before anything is claimed by it."""
        seconds = self._clock.jump() if self._clock is not None else 0.0
        if self._clock is not None and seconds:
            async with AsyncSession(self._writer) as session, session.begin():
                await clock.follow(session, seconds)
            self._clock.followed(seconds)

    async def aclose(self) -> None:
        """Gives every connection back; one that does not answer is left."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN):
                if self._one_thread is not None:
                    await self._one_thread.aclose()
                await self._engine.dispose()


class _NoLock:
    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


def insert(session: AsyncSession, table: type[Any]) -> Any:
    """INSERT … ON CONFLICT of the database at hand."""
    return insert_of(session.get_bind().dialect.name, table)


def insert_of(dialect: str, table: type[Any]) -> Any:
    """The same, for what is built once for each database."""
    return postgresql_insert(table) if dialect == "postgresql" else sqlite_insert(table)
