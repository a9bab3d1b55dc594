"""destination: addresses that messages go to, and their options."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import admit, destinations, endpoint, signing
from bot.commands.addresses import named
from bot.commands.destinations import address, seen_by
from bot.commands.permission import LOCAL
from bot.commands.reply import CommandError, Reply, Request, Row, Section
from bot.commands.services import Services, counted
from bot.commands.standing import as_json, options, refuse_unconfirmed, standing, why_silent
from relay.endpoint import Endpoint, from_stored, stored
from relay.transports.sign import new_signing_key
from storage import audit, deliveries, follows, providers, threads
from storage.tables import Destination


async def add(services: Services, request: Request) -> Reply:
    """Makes a destination, or changes the options of one that is there; a webhook's secret is shown once.

    A webhook is sent a test event first. One that does not take it is refused, unless it is to be untested."""
    uri = await destinations.meant(services, request, address(request))
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, request.workspace)
        row = await follows.destination(session, workspace_id, uri) if workspace_id is not None else None
    if row is not None:
        return await _change(services, request, row)
    return await _make(services, request, uri)


async def _make(services: Services, request: Request, uri: str) -> Reply:
    transport = destinations.transport_of(uri, services)
    _fits(request, transport)
    chosen = await endpoint.wanted(request.wish, None)
    secrets = signing.new_secrets(ed25519=request.wish.ed25519) if transport == "webhook" else ()
    answered = ""
    if transport == "webhook" and not request.wish.untested:
        answered = await admit.tried(services, request, uri, secrets, chosen)
    async with services.database.write() as session:
        made = await destinations.find_or_add(services, session, request, uri, endpoint=chosen, secrets=secrets)
        if made.new:
            await note(session, request, made.row, "added")
    if not made.new:  # somebody added it at the same moment
        return await _change(services, request, made.row)
    await destinations.greet(services, request, made)
    return _made(request, made, secrets, chosen, answered)


def _made(
    request: Request, made: destinations.Made, secrets: Sequence[str], chosen: Endpoint, answered: str
) -> Reply:
    row = made.row
    shown = seen_by(request, row.uri)
    words = "; ".join(endpoint.said(chosen))
    notes = [Section(note=answered)] if answered else []
    notes += [Section(note=why_silent(request, row, new=True))] if row.unconfirmed else []
    notes += [Section(heading="The webhook's secret, shown once", note=secrets[0])] if secrets else []
    notes += [Section(heading="Its public key (v1a)", note=key) for key in signing.public_keys(secrets)]
    return Reply(
        text=f"{shown} is a destination now{f' ({words})' if words else ''}.",
        sections=tuple(notes),
        data=as_json(request, row) | signing.as_json(secrets) | ({"test": answered} if answered else {}),
    )


def _fits(request: Request, transport: str) -> None:
    if transport != "webhook" and (endpoint.says(request.wish)):
        raise CommandError(
            "Formats, keys, headers, types and signatures are for the https:// address of a webhook"
        )


async def _change(services: Services, request: Request, row: Destination) -> Reply:
    """What is not said stays as it was."""
    shown = seen_by(request, row.uri)
    if row.unconfirmed and not endpoint.says(request.wish):
        await destinations.ask(services, row)
        return Reply(
            text=f"{shown} is a destination already; its reader was asked once more.", data=as_json(request, row)
        )
    if not endpoint.says(request.wish):
        return Reply(text=f"{shown} is a destination already.", data=as_json(request, row))
    _fits(request, row.transport)
    before = from_stored(row.options, row.sealed, services.vault.open)
    after = await endpoint.wanted(request.wish, before)
    opened = signing.all_that_sign(services, row)
    key = [new_signing_key()] if request.wish.ed25519 and len(row.secrets) < 2 else []
    if after == before and not key:
        return Reply(text=f"{shown} is so already.", data=as_json(request, row))
    tested = not request.wish.untested and admit.is_other(before, after)
    answered = await admit.tried(services, request, row.uri, (*opened, *key), after) if tested else ""
    async with services.database.write() as session:
        row = await destinations.known(session, request, row.uri)
        options, sealed = stored(after, services.vault.seal)
        secrets = [*row.secrets, *(services.vault.seal(one) for one in key)]
        await follows.set_options(session, row.id, options, sealed, secrets)
        await session.refresh(row)
        await note(session, request, row, "changed", endpoint.said(after))
    return Reply(
        text=f"{shown} is changed: {'; '.join(endpoint.said(after)) or 'as standard, all events'}.",
        sections=tuple(
            [Section(note=answered)] * bool(answered)
            + [Section(heading="Its public key (v1a)", note=public) for public in signing.public_keys(key)]
        ),
        data=as_json(request, row) | ({"public_key": signing.public_keys(key)[0]} if key else {}),
    )


async def note(
    session: AsyncSession, request: Request, row: Destination, action: str, words: Sequence[str] = ()
) -> None:
    """A line of the audit list about a destination."""
    more = f" ({'; '.join(words)})" if words else ""
    await audit.note(session, row.workspace_id, request.actor, action, named(row.uri) + more)


async def list_(services: Services, request: Request) -> Reply:
    """All destinations."""
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, request.workspace)
        rows = await follows.destinations(session, workspace_id) if workspace_id is not None else []
    now = services.now()
    shown = tuple(
        Row(title=seen_by(request, row.uri), detail=" · ".join([standing(row, now), *options(row)]))
        for row in rows
    )
    data = {"destinations": [as_json(request, row) for row in rows]}
    return Reply(
        text=f"{counted(len(rows), 'destination')}.", sections=(Section(rows=shown),) if rows else (), data=data
    )


async def test(services: Services, request: Request) -> Reply:
    """Sends a test message now, and says what the receiver answered."""
    async with services.database.read() as session:
        row = await destinations.known(session, request, address(request))
    refuse_unconfirmed(request, row)
    sent = await admit.sent(services, row)
    answered = f" and was answered {sent.status}" if sent.status else ""
    data = {"destination": seen_by(request, row.uri), "status": sent.status}
    return Reply(text=f"The test message arrived{answered}.", data=data)


async def enable(services: Services, request: Request) -> Reply:
    """Brings a disabled destination back; what waits for it is told, and what was given up can be."""
    async with services.database.write() as session:
        row = await destinations.known(session, request, address(request))
        refuse_unconfirmed(request, row)
        was = row.disabled_at is not None
        await threads.enable(session, row.id)
        missed = await deliveries.missed(session, row.id)
        if was:
            await note(session, request, row, "enabled")
    services.wake()
    shown = seen_by(request, row.uri)
    offer = f"{_given_up(missed)}: `{replay_words(request, shown)}` tells them." if missed else ""
    return Reply(
        text=f"{shown} is enabled{'' if was else ' already'}.",
        sections=(Section(note=offer),) if missed else (),
        data={"destination": shown, "enabled": True, "missed": missed},
    )


def _given_up(number: int) -> str:
    return "1 delivery was given up" if number == 1 else f"{number} deliveries were given up"


def replay_words(request: Request, shown: str) -> str:
    """How what was given up is told after all."""
    if request.workspace == LOCAL:
        return f"uptimus replay --dead --to {shown}"
    return f"/uptimus webhook replay dead {shown}"


async def remove(services: Services, request: Request) -> Reply:
    """Removes a destination, its follows and the record of its deliveries."""
    async with services.database.write() as session:
        row = await destinations.known(session, request, address(request))
        shown = seen_by(request, row.uri)
        await note(session, request, row, "removed")
        provider_ids = await follows.remove_destination(session, row.id)
        for provider_id in provider_ids:
            await providers.end_polling_if_unfollowed(session, provider_id)
    return Reply(text=f"{shown} is removed.", data={"destination": shown, "follows_ended": len(provider_ids)})
