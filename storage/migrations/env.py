"""Alembic's way in: on the connection that uptimus hands over, or from the shell on DATABASE_URL."""

import asyncio
import os
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, BigInteger, Connection

from storage.database import Database
from storage.tables import Table, UtcDateTime


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Our own types by our own names, so that a migration reads like the tables."""
    names = {UtcDateTime: "UtcDateTime()", JSON: "Json", BigInteger: "BigId"}
    name = names.get(type(item)) if kind == "type" else None
    if name is None:
        return False
    autogen.imports.add(f"from storage.tables import {name.removesuffix('()')}")
    return name


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _from_shell() -> None:
    database = Database(os.environ.get("DATABASE_URL", "sqlite:///uptimus.db"))
    async with database.engine.begin() as connection:
        await connection.run_sync(_migrate)
    await database.aclose()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    _migrate(handed_over)
else:
    asyncio.run(_from_shell())
