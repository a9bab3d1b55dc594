"""What only an operator does, in a terminal: destinations, deliveries, replays."""

import re
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import Status
from bot.commands import destinations
from bot.commands.reply import CommandError, Reply, Request, Row, Section
from bot.commands.services import Services, counted, shown_moment
from relay import deliver
from relay.events import EventProvider
from relay.metrics import Metrics
from relay.transports.sign import new_secret
from relay.transports.transport import DeliveryError
from storage import audit, deliveries, follows, providers, threads
from storage.deliveries import Listed
from storage.tables import Destination
from storage.threads import Outcome

STATES = ("pending", "delivered", "dead")
MOST = 200


async def add(services: Services, request: Request) -> Reply:
    """Makes a destination; a webhook's secret is shown once."""
    async with services.database.write() as session:
        before = await _known_ids(session, request.workspace)
        row, secret = await destinations.find_or_add(services, session, request.workspace, _uri(request))
        if row.id not in before:
            await _note(session, request, row, "added")
        data = _json(row) | ({"secret": secret} if secret else {})
    if secret is None:
        return Reply(text=f"{row.uri} is a destination.", data=data)
    note = Section(heading="The webhook's secret, shown once", note=secret)
    return Reply(text=f"{row.uri} is a destination now.", sections=(note,), data=data)


async def _known_ids(session: AsyncSession, workspace: str) -> set[int]:
    workspace_id = await follows.workspace_if_any(session, workspace)
    rows = await follows.destinations(session, workspace_id) if workspace_id is not None else []
    return {row.id for row in rows}


async def _note(session: AsyncSession, request: Request, row: Destination, action: str) -> None:
    await audit.note(session, row.workspace_id, request.actor, action, destinations.named(row.uri))


async def list_(services: Services, request: Request) -> Reply:
    """All destinations."""
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, request.workspace)
        rows = await follows.destinations(session, workspace_id) if workspace_id is not None else []
    shown = tuple(
        Row(title=row.uri, detail=f"disabled: {row.disabled_because}" if row.disabled_at else "enabled")
        for row in rows
    )
    data = {"destinations": [_json(row) for row in rows]}
    return Reply(
        text=f"{counted(len(rows), 'destination')}.", sections=(Section(rows=shown),) if rows else (), data=data
    )


async def show_secret(services: Services, request: Request) -> Reply:
    """A webhook's secret again."""
    async with services.database.read() as session:
        row = await destinations.known(session, request.workspace, _uri(request))
    if not row.secrets:
        raise CommandError(f"{row.uri} has no secret")
    secrets = [services.vault.open(sealed) for sealed in row.secrets]
    return Reply(text=secrets[0], data={"destination": row.uri, "secret": secrets[0], "secrets": secrets})


async def rotate(services: Services, request: Request) -> Reply:
    """A new secret; messages are signed with the former one too, until the next rotation."""
    secret = new_secret()
    async with services.database.write() as session:
        row = await destinations.known(session, request.workspace, _uri(request))
        if row.transport != "webhook":
            raise CommandError(f"{row.uri} has no secret")
        await follows.set_secrets(session, row.id, [services.vault.seal(secret), *row.secrets[:1]])
        await _note(session, request, row, "gave a new secret to")
    note = Section(heading="The new secret, shown once", note=secret)
    return Reply(text=f"{row.uri} has a new secret; the former one signs as well.", sections=(note,), data={
        "destination": row.uri, "secret": secret,
    })  # fmt: skip


async def test(services: Services, request: Request) -> Reply:
    """Sends a test message now, and says what the receiver answered."""
    uri = _uri(request)
    async with services.database.read() as session:
        row = await destinations.known(session, request.workspace, uri)
    secrets = tuple(services.vault.open(sealed) for sealed in row.secrets)
    transport = services.transports().get(row.transport)
    if transport is None:
        raise CommandError(f"{row.transport} is not set up here")
    ours = EventProvider(slug="uptimus", name="uptimus", url=services.home, status=Status.OPERATIONAL)
    try:
        sent = await deliver.test(transport, uri, secrets, ours)
    except DeliveryError as error:
        raise CommandError(f"The test message did not arrive: {error.reason}") from None
    finally:
        await transport.aclose()
    answered = f" and was answered {sent.status}" if sent.status else ""
    return Reply(text=f"The test message arrived{answered}.", data={"destination": uri, "status": sent.status})


async def enable(services: Services, request: Request) -> Reply:
    """Brings a disabled destination back; what waits for it is told."""
    async with services.database.write() as session:
        row = await destinations.known(session, request.workspace, _uri(request))
        await threads.enable(session, row.id)
        await _note(session, request, row, "enabled")
    services.wake()
    return Reply(text=f"{row.uri} is enabled.", data={"destination": row.uri, "enabled": True})


async def remove(services: Services, request: Request) -> Reply:
    """Removes a destination, its follows and the record of its deliveries."""
    async with services.database.write() as session:
        row = await destinations.known(session, request.workspace, _uri(request))
        await _note(session, request, row, "removed")
        provider_ids = await follows.remove_destination(session, row.id)
        for provider_id in provider_ids:
            await providers.end_polling_if_unfollowed(session, provider_id)
    return Reply(text=f"{row.uri} is removed.", data={"destination": row.uri, "follows_ended": len(provider_ids)})


def _uri(request: Request) -> str:
    if not request.to:
        raise CommandError("Which destination? Give its address")
    return request.to


def _json(row: Destination) -> dict[str, object]:
    return {
        "destination": row.uri,
        "transport": row.transport,
        "enabled": row.disabled_at is None,
        "disabled_because": row.disabled_because,
    }


async def list_deliveries(services: Services, request: Request) -> Reply:
    """What was sent, what failed and why; `text` may name a state."""
    state = request.text or None
    if state is not None and state not in STATES:
        raise CommandError(f"{state[:40]!r} is not a state; they are {', '.join(STATES)}")
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, request.workspace)
        rows = await deliveries.listed(session, workspace_id, state, MOST) if workspace_id is not None else []
    return Reply(
        text=f"{counted(len(rows), 'delivery').replace('deliverys', 'deliveries')}.",
        sections=(Section(rows=tuple(_delivery_row(row) for row in rows)),) if rows else (),
        data={"deliveries": [_delivery_json(row) for row in rows]},
    )


def _delivery_row(row: Listed) -> Row:
    parts = [row.state, row.provider, row.type, f"→ {row.destination}"]
    parts += [counted(row.attempts, "attempt")] if row.attempts != 1 else []
    parts += [row.reason] if row.reason and row.state != "delivered" else []
    parts += [f"next try {shown_moment(row.due_at)}"] if row.state == "pending" and row.due_at else []
    return Row(title=row.name, detail="  ".join(parts), at=row.finished_at or row.seen_at)


def _delivery_json(row: Listed) -> dict[str, object]:
    return {
        "delivery": row.name,
        "state": row.state,
        "destination": row.destination,
        "provider": row.provider,
        "type": row.type,
        "event_id": row.event_id,
        "seen_at": shown_moment(row.seen_at),
        "finished_at": shown_moment(row.finished_at),
        "attempts": row.attempts,
        "reason": row.reason,
    }


async def replay(services: Services, request: Request) -> Reply:
    """Tells one delivery (`text`, as `deliveries` names it) again, at once."""
    named = re.fullmatch(r"(\d{1,18})\.(\d{1,9})", request.text.strip())
    if named is None:
        raise CommandError("Which delivery? Name it as `deliveries` does, as in: replay 12.3")
    thread_id, sequence = int(named[1]), int(named[2])
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, request.workspace)
        mine = workspace_id is not None and await deliveries.belongs(session, workspace_id, thread_id)
    outcome = await _tell_again(services, thread_id, sequence) if mine else None
    if outcome is None:
        raise CommandError(f"There is no delivery {request.text.strip()}")
    if outcome.state != "delivered":
        raise CommandError(f"It was not delivered: {(outcome.attempt or {}).get('reason', 'try again later')}")
    return Reply(text=f"Delivery {request.text.strip()} was told again.", data={"delivery": request.text.strip()})


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


async def replay_since(services: Services, request: Request) -> Reply:
    """Has the running process tell everything since a moment (`text`: 2h, 30m, 1d or RFC 3339) again, in order."""
    since = _since(request.text, services.now())
    async with services.database.write() as session:
        workspace_id = await follows.workspace(session, request.workspace)
        destination_id = None
        if request.to:
            destination_id = (await destinations.known(session, request.workspace, request.to)).id
        number = await deliveries.replay_since(session, workspace_id, since, destination_id)
    services.wake()
    said = f"{counted(number, 'thread')} will be told again from {shown_moment(since)} on, by the running process."
    return Reply(text=said, data={"threads": number, "since": shown_moment(since)})


def _since(text: str, now: datetime) -> datetime:
    ago = re.fullmatch(r"(\d{1,5})\s*(m|min|h|d)", text.strip().lower())
    if ago is not None:
        unit = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}[ago[2]]
        return now - timedelta(**{unit: int(ago[1])})
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CommandError(f"{text[:40]!r} is no time; write 2h, 30m, 1d or 2026-01-31T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
