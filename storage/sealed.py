"""Everything in the database that is encrypted: where it stands, and how it is sealed anew with another key."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, not_, or_, select, text, true, type_coerce, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from storage import addresses, hooks, signals
from storage.database import Database
from storage.refusals import is_refused
from storage.tables import Destination, Note, SlackBot, SlackInstallation, Table

AT_ONCE = 100
"""Rows of one transaction: a running process never waits long for it."""

Renew = Callable[[str], str | None]
"""The same secret sealed with the first key; None: it is already. Raises LookupError where no key opens it."""


@dataclass(frozen=True)
class Place:
    """Columns that hold what is sealed: a text, a list of texts, or a list of objects with `sealed` in them."""

    table: type[Table]
    key: str
    columns: tuple[str, ...]
    where: ColumnElement[bool] = field(default_factory=true)


_BOT = ("bot_token", "bot_refresh_token")
NOTES = ("push:key", hooks.NAME, signals.KEY)
"""How notes begin whose values are sealed."""
_URI = type_coerce(Destination.uri, Text)
"""As it is kept."""


def _begins(beginnings: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(_URI.startswith(begins, autoescape=True) for begins in beginnings))


PLACES = (
    Place(Destination, "id", ("secrets", "former", "sealed")),
    Place(Destination, "id", ("uri",), _begins(addresses.MAY_BE_SECRET)),
    Place(
        Note,
        "name",
        ("value",),
        or_(*(Note.name.startswith(begins, autoescape=True) for begins in NOTES)),
    ),
    Place(SlackBot, "id", _BOT),
    Place(SlackInstallation, "id", (*_BOT, "user_token", "user_refresh_token")),
)
"""All of it. (Links in mails are sealed as well, and stand nowhere but in the mails.)"""
OPEN_ADDRESSES = (
    Place(Destination, "id", ("uri",), and_(_begins(addresses.MAY_BE_SECRET), not_(_begins(addresses.SEALED)))),
)
"""Addresses as older versions kept them."""


@dataclass
class Resealed:
    """How many secrets were sealed anew, how many were sealed with the first key already, and as `destinations 12`
    the rows with something that no key opens, and those that the database would not take: their address is there
    a second time, or too long."""

    anew: int = 0
    already: int = 0
    closed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


async def reseal(database: Database, renew: Renew, places: Sequence[Place] = PLACES) -> Resealed:
    """Seals everything anew that is not sealed with the first key. Processes may be running meanwhile: nothing is
    waited for while rows are held. What was begun and broken off is gone on with by the next call."""
    done = Resealed()
    for place in places:
        after: Any = None
        while keys := await _keys(database, place, after):
            left = set(keys) - await _batch(database, place, keys, renew, done, wait=False)
            for key in (one for one in keys if one in left):  # somebody is changing it just now
                await _batch(database, place, [key], renew, done, wait=True)
            after = keys[-1]
    return done


async def _keys(database: Database, place: Place, after: Any) -> Sequence[Any]:
    key = _column(place, place.key)
    wanted = select(key).where(place.where).order_by(key).limit(AT_ONCE)
    async with database.read() as session:
        return (await session.scalars(wanted if after is None else wanted.where(key > after))).all()


async def _batch(
    database: Database, place: Place, keys: Collection[Any], renew: Renew, done: Resealed, *, wait: bool
) -> set[Any]:
    """The keys of the rows that were looked at: those that are gone meanwhile need no look."""
    key = _column(place, place.key)
    columns = [_column(place, name) for name in place.columns]
    async with database.write() as session:
        if database.is_sqlite:  # what stood there before is not to be left on the disk
            await session.execute(text("PRAGMA secure_delete = ON"))
        found = await session.execute(
            select(key, *columns).where(key.in_(keys)).order_by(key).with_for_update(skip_locked=not wait)
        )
        seen = set[Any]()
        for row in found.all():
            seen.add(row[0])
            await _row(session, place, row[0], row[1:], renew, done)
    return seen


async def _row(
    session: AsyncSession, place: Place, key: Any, values: Sequence[Any], renew: Renew, done: Resealed
) -> None:
    before = done.anew
    try:
        changed = [_renewed(value, renew, done) for value in values]
    except LookupError:
        done.closed.append(f"{place.table.__tablename__} {key}")
        return
    if changed != list(values):
        try:
            await _put(session, place, key, dict(zip(place.columns, changed, strict=True)))
        except DBAPIError as error:
            if not is_refused(error):
                raise
            done.anew = before
            done.refused.append(f"{place.table.__tablename__} {key}")


async def _put(session: AsyncSession, place: Place, key: Any, values: dict[str, Any]) -> None:
    """Where it is refused the other rows of the transaction stay changed."""
    changing = update(place.table).where(_column(place, place.key) == key).values(values)
    async with session.begin_nested():
        await session.execute(changing, execution_options={"synchronize_session": False})


def _renewed(value: Any, renew: Renew, done: Resealed) -> Any:
    if isinstance(value, list):
        return [_renewed(one, renew, done) for one in value]
    if isinstance(value, dict):
        return {**value, "sealed": _renewed(value["sealed"], renew, done)}
    if not value:
        return value
    new = renew(value)
    if new is None:
        done.already += 1
        return value
    done.anew += 1
    return new


def _column(place: Place, name: str) -> ColumnElement[Any]:
    """With what lies in it, not as a query would open it."""
    found: ColumnElement[Any] = _URI if name == "uri" else getattr(place.table, name)
    return found
