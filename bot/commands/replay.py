"""replay: tells something again: one delivery at once, or what the running process is to go through once more."""

import re
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import destinations
from bot.commands.addresses import named
from bot.commands.deliveries import numbered
from bot.commands.destinations import seen_by
from bot.commands.permission import LOCAL
from bot.commands.reply import CommandError, Reply, Request
from bot.commands.services import Services, counted, shown_moment
from relay import deliver
from relay.metrics import Metrics
from storage import audit, deliveries, follows
from storage.outcomes import Outcome
from storage.tables import Destination


async def one(services: Services, request: Request) -> Reply:
    """Tells one delivery (`text`, as `deliveries` names it) again, at once. It keeps its event's id."""
    place = numbered(request.text)
    if place is None:
        raise CommandError("Which delivery? Name it as `deliveries` does, as in: replay 12.3")
    name = request.text.strip()
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, request.workspace)
        row = await deliveries.one(session, workspace_id, *place) if workspace_id is not None else None
        if row is None:
            raise CommandError(f"There is no delivery {name}")
        _refuse_disabled(request, await destinations.known(session, request, row.destination))
    outcome = await _tell_again(services, *place)
    if outcome is None:
        raise CommandError(f"There is no delivery {name}")
    if outcome.state != "delivered":
        raise CommandError(f"It was not delivered: {(outcome.attempt or {}).get('reason', 'try again later')}")
    async with services.database.write() as session:
        await _note(session, request, f"delivery {name} to {named(row.destination)}")
    return Reply(text=f"Delivery {name} was told again.", data={"delivery": name})


async def _tell_again(services: Services, thread_id: int, sequence: int) -> Outcome | None:
    transports = services.transports()
    deliverer = deliver.Deliverer(
        services.database, transports, metrics=Metrics(), open_secret=services.vault.open
    )
    try:
        return await deliverer.tell_again(thread_id, sequence)
    finally:
        for transport in transports.values():
            await transport.aclose()


async def since(services: Services, request: Request) -> Reply:
    """Has the running process tell everything since a moment (`text`: 2h, 30m, 1d or RFC 3339) again, in order."""
    moment = _moment(request.text, services.now())
    async with services.database.write() as session:
        workspace_id, to = await _place(session, request)
        number = await deliveries.replay_since(session, workspace_id, moment, to.id if to else None)
        if number:
            await _note(session, request, f"everything since {shown_moment(moment)}{_at(to)}")
    services.wake()
    said = (
        f"{counted(number, 'thread')} will be told again from {shown_moment(moment)} on, by the running process."
    )
    return Reply(text=said, data={"threads": number, "since": shown_moment(moment)})


async def dead(services: Services, request: Request) -> Reply:
    """Has the running process tell everything that was given up again, in order, and nothing else."""
    async with services.database.write() as session:
        workspace_id, to = await _place(session, request)
        number = await deliveries.replay_dead(session, workspace_id, to.id if to else None)
        if number:
            await _note(session, request, f"what was given up{_at(to)}")
    services.wake()
    if not number:
        return Reply(text="Nothing was given up.", data={"deliveries": 0})
    given_up = "1 delivery that was" if number == 1 else f"{number} deliveries that were"
    return Reply(
        text=f"{given_up} given up will be told again, by the running process.", data={"deliveries": number}
    )


async def _place(session: AsyncSession, request: Request) -> tuple[int, Destination | None]:
    workspace_id = await follows.workspace(session, request.workspace)
    if not request.to:
        return workspace_id, None
    row = await destinations.known(session, request, request.to)
    _refuse_disabled(request, row)
    return workspace_id, row


def _refuse_disabled(request: Request, row: Destination) -> None:
    if row.disabled_at is None:
        return
    shown = seen_by(request, row.uri)
    enable = "uptimus destination enable" if request.workspace == LOCAL else "/uptimus webhook enable"
    mend = "it waits for its reader" if row.unconfirmed else f"bring it back first: `{enable} {shown}`"
    raise CommandError(f"{shown} is disabled ({row.disabled_because}); {mend}")


def _at(to: Destination | None) -> str:
    return f" at {named(to.uri)}" if to is not None else ""


async def _note(session: AsyncSession, request: Request, what: str) -> None:
    workspace_id = await follows.workspace(session, request.workspace)
    await audit.note(session, workspace_id, request.actor, "told again", what)


def _moment(text: str, now: datetime) -> datetime:
    ago = re.fullmatch(r"(\d{1,5})\s*(m|min|h|d)", text.strip().lower())
    if ago is not None:
        unit = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}[ago[2]]
        return now - timedelta(**{unit: int(ago[1])})
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CommandError(f"{text[:40]!r} is no time; write 2h, 30m, 1d or 2026-01-31T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
