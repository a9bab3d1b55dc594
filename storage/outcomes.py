"""Outcomes: what came of claims is written down in batches, and what was claimed is free again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    Float,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    update,
)

from storage.database import from_now, insert_of
from storage.pauses import Health
from storage.tables import Attempt, Delivery, Destination, Thread


@dataclass(frozen=True)
class Outcome:
    """What came of one claim.

    moved: the cursor goes on past `sequence` (told, given up, left out by the filters); otherwise the thread is
    due again in `delay` seconds (None: at once), but sleeps where its destination is disabled. place: it is due
    since then instead, ahead of what happened later. uncounted: this was not an attempt. state: `delivered`,
    `dead` or `held`, None where no delivery is to be kept. joins_id: the thread in which it was told: they share
    their first message from now on. quiet_until: when what is held may be told. refused: why nothing can be sent
    to the destination any more (`everywhere`: nor to any other of its workspace). attempt: the row to keep of the
    try, None where there was none. health: what it says of the destination, where that is news.
    """

    thread_id: int
    token: str
    sequence: int
    moved: bool
    delay: float | None = 0.0
    place: datetime | None = None
    uncounted: bool = False
    state: str | None = None
    reference: str | None = None
    message: str | None = None
    joins_id: int | None = None
    quiet_until: datetime | None = None
    refused: str | None = None
    everywhere: bool = False
    attempt: dict[str, Any] | None = None
    finished_at: datetime | None = None
    health: Health | None = None


def acknowledge(connection: Connection, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Writes down outcomes, and returns them but for two kinds, which change nothing: those of threads that are
    gone meanwhile (their destination was removed), and those whose claim has passed to somebody else. An outcome
    without a token (told again by hand) leaves its thread where it is."""
    rows = connection.execute(_HELD, {"ids": list({one.thread_id for one in outcomes})})
    held = {row.id: row.token for row in rows}
    outcomes = [one for one in outcomes if one.thread_id in held and one.token in ("", held[one.thread_id])]
    _many(connection, _MOVED, [_moved(one) for one in outcomes if one.moved])
    shared = [one for one in outcomes if one.moved and one.joins_id is not None and one.reference is not None]
    _many(connection, _SHARED, [{"row": one.joins_id, "root": one.reference} for one in shared])
    _many(connection, _WAITING, [_waiting(one) for one in outcomes if not one.moved])
    _many(
        connection, _keep(connection.dialect.name), [_delivery(one) for one in outcomes if one.state is not None]
    )
    tried = [_tried(one, one.attempt) for one in outcomes if one.attempt is not None]
    _many(connection, _TRIED, tried)
    return outcomes


def _many(connection: Connection, statement: Executable, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


_HELD = select(Thread.id, Thread.token).where(Thread.id.in_(bindparam("ids", expanding=True)))
_MINE = and_(Thread.id == bindparam("row"), Thread.token == bindparam("held"))
_MOVED = (
    update(Thread)
    .where(_MINE)
    .values(
        cursor=bindparam("told"),
        attempt=0,
        token=None,
        due_at=case((Thread.head > bindparam("told"), from_now()), else_=null()),
        only_dead=and_(Thread.only_dead, Thread.head > bindparam("told")),
        reference=func.coalesce(bindparam("root", type_=Thread.reference.type), Thread.reference),
        begun=or_(Thread.begun, bindparam("began", type_=Thread.begun.type)),
        joins_id=func.coalesce(bindparam("joined", type_=Thread.joins_id.type), Thread.joins_id),
    )
)
_SHARED = update(Thread).where(Thread.id == bindparam("row")).values(reference=bindparam("root"))
_WAITING = (
    update(Thread)
    .where(_MINE)
    .values(
        # by what holds now: the destination may have been disabled, or enabled again, since the claim
        due_at=case(
            (
                exists().where(Destination.id == Thread.destination_id, Destination.disabled_at.is_not(None)),
                null(),
            ),
            else_=func.coalesce(
                bindparam("place", type_=Thread.due_at.type), from_now(bindparam("delay", type_=Float))
            ),
        ),
        token=None,
        attempt=Thread.attempt - bindparam("back"),
    )
)
_TRIED = insert(Attempt)


@cache
def _keep(dialect: str) -> Executable:
    statement = insert_of(dialect, Delivery)
    kept: Executable = statement.on_conflict_do_update(
        index_elements=["thread_id", "sequence"],
        set_={name: statement.excluded[name] for name in ("state", "message", "finished_at")},
    )
    return kept


def _moved(one: Outcome) -> dict[str, Any]:
    return {
        "row": one.thread_id,
        "held": one.token,
        "told": one.sequence,
        "root": one.reference,
        "joined": one.joins_id,
        "began": one.state == "delivered",
    }


def _waiting(one: Outcome) -> dict[str, Any]:
    return {
        "row": one.thread_id,
        "held": one.token,
        "place": one.place,
        "delay": one.delay or 0.0,
        "back": int(one.uncounted),
    }


def _delivery(one: Outcome) -> dict[str, Any]:
    return {
        "thread_id": one.thread_id,
        "sequence": one.sequence,
        "state": one.state,
        "message": one.message,
        "finished_at": one.finished_at,
    }


def _tried(one: Outcome, attempt: Mapping[str, Any]) -> dict[str, Any]:
    return {"thread_id": one.thread_id, "sequence": one.sequence, **attempt}
