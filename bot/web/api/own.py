"""What a workspace's token opens: its own follows, destinations and deliveries, and no other's."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import replay, wishes
from bot.commands.addresses import CUT, short
from bot.commands.reply import CommandError, Request
from bot.web.api import models
from bot.web.api.operation import DELIVERY, Call, Operation, missing
from bot.web.api.paging import behind, behind_id, most, page
from bot.web.api.params import Deliveries, Paged
from storage import listing
from storage.listing import Told
from storage.tables import Attempt, Destination, Follow, Provider


async def list_follows(call: Call) -> models.FollowList:
    after = behind_id(call)
    async with call.services.database.read() as session:
        rows = await listing.follows(session, call.workspace_id, after, most(call))
    shown = page(call, rows, lambda row: (row[0].id,))
    return models.FollowList(follows=tuple(_follow(*row) for row in shown.rows), next=shown.next)


def _follow(row: Follow, provider: Provider, destination: Destination) -> models.FollowEntry:
    return models.FollowEntry(
        id=str(row.id),
        provider=provider.slug,
        destination=str(destination.id),
        streams=tuple(wishes.streams(row)),
        component_ids=tuple(row.component_ids),
        min_impact=row.min_impact,
        shape=row.shape,
        loud=tuple(row.loud),
        mention=tuple(row.mention),
        mention_impact=row.mention_impact,
        remind_minutes=row.remind_minutes,
        quiet=row.quiet,
        created_at=row.created_at,
    )


async def list_destinations(call: Call) -> models.DestinationList:
    after = behind_id(call)
    async with call.services.database.read() as session:
        rows = await listing.destinations(session, call.workspace_id, after, most(call))
    shown = page(call, rows, lambda row: (row.id,))
    return models.DestinationList(destinations=tuple(map(_destination, shown.rows)), next=shown.next)


def shown_address(uri: str) -> str:
    """A destination's address as far as nobody learns a secret from it: of a webhook its host and its end, of what
    goes through Apprise its service, of a browser nothing; a chat's channel and a mailbox whole."""
    if uri.startswith("apprise:"):
        return f"{uri.partition('://')[0]}://{CUT}"
    return f"webpush:{CUT}" if uri.startswith("webpush:") else short(uri)


def _destination(row: Destination) -> models.DestinationEntry:
    return models.DestinationEntry(
        id=str(row.id),
        address=shown_address(row.uri),
        transport=row.transport,
        format=row.options.get("format", "standard"),
        types=tuple(row.options.get("types", ())),
        enabled=row.disabled_at is None,
        disabled_because=row.disabled_because,
        confirmed=not row.unconfirmed,
        paused_until=row.paused_until,
        failing_since=row.failing_since,
        created_at=row.created_at,
    )


async def list_deliveries(call: Call) -> models.DeliveryList:
    query: Deliveries = call.query
    place = behind(call, int, int)
    async with call.services.database.read() as session:
        rows = await listing.deliveries(
            session,
            call.workspace_id,
            state=query.state,
            destination_id=int(query.destination) if query.destination else None,
            before=place,
            limit=most(call),
        )
    shown = page(call, rows, lambda row: (row.event.id, row.thread.id))
    entries = tuple(models.DeliveryEntry(**_delivery(row)) for row in shown.rows)
    return models.DeliveryList(deliveries=entries, next=shown.next)


def _delivery(row: Told) -> dict[str, object]:
    return {
        "delivery": row.name,
        "state": row.state,
        "destination": str(row.destination.id),
        "provider": row.provider.slug,
        "type": row.event.type,
        "event_id": row.event.uid,
        "seen_at": row.event.seen_at,
        "finished_at": row.finished_at,
        "next_try_at": row.thread.due_at if row.state == "pending" else None,
        "attempts": len(row.attempts),
        "reason": row.attempts[-1].reason if row.attempts else None,
    }


async def show_delivery(call: Call) -> models.DeliveryPage:
    async with call.services.database.read() as session:
        row = await _named(call, session)
    return models.DeliveryPage(**_delivery(row), tries=tuple(_attempt(one) for one in row.attempts))


async def _named(call: Call, session: AsyncSession) -> Told:
    thread_id, sequence = map(int, call.path["delivery"].split("."))
    rows = await listing.deliveries(session, call.workspace_id, named=(thread_id, sequence), limit=1)
    if not rows:
        raise missing("delivery", call.path["delivery"])
    return rows[0]


def _attempt(row: Attempt) -> models.AttemptEntry:
    return models.AttemptEntry(
        number=row.number,
        at=row.at,
        duration_ms=row.duration_ms,
        outcome=row.outcome,
        replay=row.replay,
        status=row.status,
        answer=row.answer,
        reason=row.reason,
        retry_in=row.retry_in,
    )


async def tell_again(call: Call) -> models.Replayed:
    """As `uptimus replay` does it: at once, whatever else waits."""
    async with call.services.database.read() as session:
        name = (await _named(call, session)).name
    try:
        await replay.one(call.services, Request(workspace=call.workspace, actor="api", text=name))
    except CommandError as error:
        return models.Replayed(delivery=name, delivered=False, reason=str(error))
    return models.Replayed(delivery=name, delivered=True, reason=None)


OWN = (
    Operation(
        name="listFollows",
        path="/follows",
        summary="What the workspace follows",
        query=Paged,
        answer=models.FollowList,
        handle=list_follows,
        own=True,
    ),
    Operation(
        name="listDestinations",
        path="/destinations",
        summary="Where the workspace is told",
        query=Paged,
        answer=models.DestinationList,
        handle=list_destinations,
        own=True,
    ),
    Operation(
        name="listDeliveries",
        path="/deliveries",
        summary="What was told, what failed, what waits; newest first",
        query=Deliveries,
        answer=models.DeliveryList,
        handle=list_deliveries,
        own=True,
    ),
    Operation(
        name="getDelivery",
        path="/deliveries/{delivery}",
        summary="One delivery with everything that was tried",
        answer=models.DeliveryPage,
        handle=show_delivery,
        parameters=(DELIVERY,),
        own=True,
    ),
    Operation(
        name="replayDelivery",
        path="/deliveries/{delivery}/replay",
        method="POST",
        summary="Tell it again, at once",
        answer=models.Replayed,
        handle=tell_again,
        parameters=(DELIVERY,),
        own=True,
    ),
)
