"""A chat's workspace is told by one process at a time.

So how fast it may be spoken to, the order among the threads of a channel, and which of them share a first message,
are known to whoever tells: none of it has to be agreed on among processes. On SQLite there is only one.
"""

import os
import secrets
from collections.abc import Collection, Mapping
from functools import cache

from sqlalchemy import ColumnElement, Connection, Engine, Text, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from storage.database import from_now
from storage.tables import Destination, Event, Lease, Thread

CHATS = ("slack", "discord")
_WORKSPACES = tuple(f"{chat}:" for chat in CHATS)


def this_process() -> str:
    """A name that no other process has."""
    return _named(os.getpid())  # who forks is another


@cache
def _named(pid: int) -> str:
    return f"{pid}-{secrets.token_hex(8)}"


def workspace(transport: str, uri: str) -> str | None:
    """`slack:TEAM` of `slack:TEAM/CHANNEL`; None: it is no chat's."""
    return uri.partition("/")[0] if transport in CHATS else None


def is_workspace(host: str | None) -> bool:
    """Whether what a destination shares a limit with is a chat's workspace, and no host."""
    return host is not None and host.startswith(_WORKSPACES)


def is_shared(bind: Connection | Engine) -> bool:
    """Whether other processes may tell what is stored there."""
    return bind.dialect.name == "postgresql"


def not_elsewhere(destination_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Leaves those destinations out of a query whose workspaces other processes are telling now."""
    me = bindparam("me", type_=Text, callable_=this_process)
    others = select(Lease.name).where(Lease.holder != me, Lease.until_at > from_now())
    return destination_id.not_in(select(Destination.id).where(Destination.host.in_(others)))


def lost(connection: Connection, claimed: Mapping[int, str | None], seconds: float) -> Collection[int]:
    """Of the threads that were claimed in this transaction, with what their destinations share a limit with: those
    that another process has begun to tell the workspaces of. They are given back. The others' workspaces are ours
    for so many seconds."""
    wanted = sorted({host for host in claimed.values() if host is not None and is_workspace(host)})
    if not wanted or not is_shared(connection):
        return ()
    ours = set(_taken(connection, wanted, seconds))
    given_back = [id_ for id_, host in claimed.items() if host in wanted and host not in ours]
    if given_back:
        _give_back(connection, given_back)
    return given_back


def _taken(connection: Connection, wanted: list[str], seconds: float) -> Collection[str]:
    me, until = this_process(), from_now(seconds)
    # in the order of their names, as everybody does: nobody waits for somebody who waits for him
    statement = insert(Lease).values([{"name": name, "holder": me, "until_at": until} for name in wanted])
    won = connection.scalars(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": me, "until_at": until},
            where=or_(Lease.holder == me, Lease.until_at <= from_now()),
        ).returning(Lease.name)
    )
    return won.all()


def _give_back(connection: Connection, ids: Collection[int]) -> None:
    """As if they had not been claimed; those that were to be told for the first time keep their place."""
    happened = (
        select(Event.seen_at)
        .where(Event.subject_id == Thread.subject_id, Event.sequence == Thread.cursor + 1)
        .scalar_subquery()
    )
    connection.execute(
        update(Thread)
        .where(Thread.id.in_(ids))
        .values(
            due_at=func.least(func.coalesce(happened, from_now()), from_now()),
            token=None,
            attempt=Thread.attempt - 1,
        )
    )


async def release(session: AsyncSession) -> None:
    """This process tells nothing any more: the others may go on at once."""
    chats = or_(*(Lease.name.startswith(f"{chat}:", autoescape=True) for chat in CHATS))
    await session.execute(delete(Lease).where(Lease.holder == this_process(), chats))


async def name_workspaces(session: AsyncSession) -> None:
    """Of destinations that an older version made."""
    if is_shared(session.get_bind()):
        await session.execute(
            update(Destination)
            .where(Destination.transport.in_(CHATS), Destination.host.is_(None))
            .values(host=func.split_part(Destination.uri, "/", 1)),
            execution_options={"synchronize_session": False},
        )
