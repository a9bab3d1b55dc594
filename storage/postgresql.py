"""Connections to PostgreSQL that wait for nothing without end: neither we for a server that says nothing, nor the
server, with rows locked, for a process that it does not hear of any more."""

from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

ANSWER_WITHIN = 30.0
"""Seconds for a statement, and for a transaction between two; `?command_timeout=…` in the address goes first."""
CONNECT_WITHIN = 10.0
ALIVE_WITHIN = 3.0
"""Seconds for a connection that was kept to say that it is still one."""
_NEW = "new"


def postgresql_engine(url: URL, **pool: Any) -> AsyncEngine:
    """pool: how its connections are kept. Raises ValueError where the address names a time that is none."""
    seconds = _answer_within(url)
    given = {"timeout": CONNECT_WITHIN, "command_timeout": seconds}
    # hide_parameters: what goes wrong is logged, and parameters hold addresses and hashes
    made = create_async_engine(url, connect_args=given, hide_parameters=True, **pool)
    settings = _settings(seconds)

    @event.listens_for(made.sync_engine, "connect")
    def _prepare(connection: Any, record: Any) -> None:
        connection.run_async(lambda raw: raw.execute(settings))
        record.info[_NEW] = True

    @event.listens_for(made.sync_engine, "checkout")
    def _check(connection: Any, record: Any, _: object) -> None:
        # The pool's own check waits as long as a statement may, does not take its silence for the end of a
        # connection, and goes there and back three times.
        if not record.info.pop(_NEW, False):
            connection.run_async(_alive)

    @event.listens_for(made.sync_engine, "handle_error")
    def _silent(context: ExceptionContext) -> None:
        if isinstance(context.original_exception, TimeoutError):
            context.is_disconnect = True

    @event.listens_for(made.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("relaxed"):
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

    return made


def unhurried(url: URL) -> URL:
    """The address for what takes as long as it takes."""
    return url.difference_update_query(["command_timeout"])


def _answer_within(url: URL) -> float:
    try:
        seconds = float(str(url.query.get("command_timeout", ANSWER_WITHIN)))
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 86_400:
        raise ValueError("command_timeout in the database's address must be seconds, from 1 to 86400")
    return seconds


def _settings(seconds: float) -> str:
    """What the server does for a process that it does not hear of any more: locks are released, the connection is
    given up. Said once the connection is made and not while, which PgBouncer would refuse."""
    milliseconds, whole = round(seconds * 1000), round(seconds)
    return (
        f"SET statement_timeout = {milliseconds}; SET idle_in_transaction_session_timeout = {milliseconds}; "
        f"SET tcp_user_timeout = {milliseconds}; "
        f"SET tcp_keepalives_idle = {whole}; SET tcp_keepalives_interval = 10"
    )


async def _alive(raw: Any) -> None:
    try:
        await raw.execute("SELECT 1", timeout=ALIVE_WITHIN)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:  # a TimeoutError is an OSError
        raw.terminate()  # which, unlike close, does not wait for an answer
        raise InvalidatePoolError from error
