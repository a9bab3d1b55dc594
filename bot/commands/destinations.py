"""Where messages go: what an address may look like, and how one becomes a destination."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import addresses
from bot.commands.addresses import CUT, host_of, is_web, named, normal, short
from bot.commands.permission import LOCAL
from bot.commands.reply import CommandError, Request
from bot.commands.services import Services
from relay.endpoint import Endpoint, stored
from relay.transports.sign import new_secret
from storage import audit, follows, providers
from storage.tables import Destination

LONGEST = 1900
"""Of an address: sealed, it has to fit into an index of PostgreSQL's."""
UNCONFIRMED = "its reader has not agreed yet"
_CHATS = {
    "slack": re.compile(r"slack:[TE][A-Z0-9]+/[CGD][A-Z0-9]+"),
    "discord": re.compile(r"discord:[0-9]{15,20}/[0-9]{15,20}"),
}
_WEBPUSH = re.compile(r"webpush:[A-Za-z0-9_-]{1,100}")
_SETTINGS = {"email": "SMTP_URL"}
"""What a transport is set up by, where it is not always there."""
_ENCODED_CUT = re.compile("%e2%80%a6", re.IGNORECASE)
"""What some chats make of it in a link."""
_FOR_EVENTS = frozenset({"webhook", "webpush"})


def address(request: Request) -> str:
    """The address that was named. Raises CommandError where none was."""
    if not request.to:
        raise CommandError("Which destination? Give its address")
    return request.to


def transport_of(uri: str, services: Services) -> str:
    """The transport that speaks to this address. Raises CommandError for one that nobody can send to."""
    if uri == "console:":
        return "console"
    for name, form in _CHATS.items():
        if form.fullmatch(uri):
            return name
    if is_web(uri):
        return _webhook(uri, services)
    if uri.startswith("mailto:"):
        addresses.check_mail(uri)
        return "email"
    if _WEBPUSH.fullmatch(uri):
        return "webpush"
    if uri.startswith("apprise:"):
        addresses.check_apprise(uri)
        return "apprise"
    raise CommandError(f"{_unsaid(uri)} is not a destination{_meant(uri)}")


def _unsaid(uri: str) -> str:
    """What was typed; not what stands behind `://`, which may be a secret."""
    scheme, sign, _ = uri.partition("://")
    return f"{scheme[:40]}://{CUT}" if sign else f"{uri[:80]!r}"


def _meant(uri: str) -> str:
    if re.fullmatch(r"[^\s:/@]+@[^\s:/@]+\.[^\s:/@]+", uri):
        return f"; did you mean mailto:{uri[:80]}?"
    return (
        ": use console:, slack:TEAM/CHANNEL, discord:GUILD/CHANNEL, the https:// address of a webhook,"
        " mailto:ops@example.com or apprise:ntfy://…"
    )


def shown_place(request: Request, destination: Destination) -> str | None:
    """The destination's address where a chat is to show it as one of its channels; None: it is said in words."""
    return destination.uri if request.workspace != LOCAL and destination.transport in _CHATS else None


def seen_by(request: Request, uri: str) -> str:
    """The address as whoever asks may see it: whole in a terminal, without its secret part elsewhere. Commands
    take it as it is shown."""
    return uri if request.workspace == LOCAL and not uri.startswith("apprise:") else short(uri)


def told_to(transport: str) -> bool:
    """Whether somebody reads there who can be told a digest."""
    return transport not in _FOR_EVENTS


def _webhook(uri: str, services: Services) -> str:
    try:
        parts = urlsplit(uri)
        port = parts.port
        valid = bool(parts.hostname) and (port is None or port > 0) and not re.search(r"[\s\x00-\x1f\x7f\\]", uri)
    except ValueError:
        valid = False
    if not valid or parts.username is not None or parts.password is not None:
        raise CommandError("The webhook's address needs a host and may not hold a user name or a password")
    port = port or (443 if parts.scheme == "https" else 80)
    if port in services.denied_ports:
        raise CommandError(
            f"Nothing is sent to port {port} from here: its operator closed it (UPTIMUS_DENIED_PORTS)"
        )
    if parts.scheme == "http" and not services.allow_private_networks:
        raise CommandError(
            "A webhook's address must begin with https:// (UPTIMUS_ALLOW_PRIVATE_NETWORKS opens http://)"
        )
    return "webhook"


def check_length(uri: str) -> None:
    """Raises CommandError for an address that is too long to be kept."""
    if len(uri.encode()) > LONGEST:
        raise CommandError(f"{_unsaid(uri)} is too long: an address has {LONGEST:,} bytes at most")


async def check(services: Services, request: Request, uri: str) -> str:
    """The transport that a new destination would have. Raises CommandError for an address that can't be used, that
    this person may not use, or whose transport is not set up here."""
    transport = transport_of(uri, services)
    check_length(uri)
    chat = transport == "console" or transport in _CHATS
    if chat and request.workspace != LOCAL and not uri.startswith(f"{request.workspace}/"):
        raise CommandError("From here I can only post to channels of this workspace")
    if transport == "webpush":
        raise CommandError(
            "A browser is told after “Notify me” is pressed in it, on a provider's page; it can't be typed"
        )
    if transport == "apprise" and request.workspace != LOCAL:
        raise CommandError(
            "Apprise addresses reach whatever the machine reaches: only its operator adds them, in the terminal"
        )
    setting = _SETTINGS.get(transport)
    if setting is not None and not await _is_set_up(services, transport):
        raise CommandError(f"{transport} is not set up here: {setting} is missing")
    return transport


async def _is_set_up(services: Services, transport: str) -> bool:
    made = services.transports()
    for one in made.values():
        await one.aclose()
    return transport in made


@dataclass(frozen=True)
class Made:
    """A destination. `secret`: what its messages are signed with, if it was made just now."""

    row: Destination
    secret: str | None = None
    new: bool = False


async def find_or_add(
    services: Services,
    session: AsyncSession,
    request: Request,
    uri: str,
    *,
    endpoint: Endpoint | None = None,
    secrets: tuple[str, ...] = (),
) -> Made:
    """The workspace's destination with this address, made where there is none. Its new address was checked before.

    endpoint, secrets: of a new one; a webhook without any gets a secret. A mail address waits for its reader:
    `greet` asks them, after the transaction.
    """
    workspace_id = await follows.workspace(session, request.workspace)
    found = await find(session, workspace_id, uri)
    if found is not None:
        return Made(found)
    transport = transport_of(uri, services)
    if transport == "webhook" and not secrets:
        secrets = (new_secret(),)
    row = await follows.add_destination(
        session,
        workspace_id,
        uri,
        transport,
        [services.vault.seal(one) for one in secrets],
        host=host_of(uri) if transport == "webhook" else None,
        unconfirmed=UNCONFIRMED if transport == "email" else None,
        **_options(services, endpoint),
    )
    return Made(row, secrets[0] if secrets else None, new=True)


def _options(services: Services, endpoint: Endpoint | None) -> Mapping[str, Any]:
    if endpoint is None:
        return {}
    options, sealed = stored(endpoint, services.vault.seal)
    return {"options": options, "sealed": sealed}


async def find(session: AsyncSession, workspace_id: int, uri: str) -> Destination | None:
    """The workspace's destination with this address, or with the one that is shown like this. Raises CommandError
    where two are, and for one that is shown like no other."""
    uri = _ENCODED_CUT.sub(CUT, normal(uri))
    found = await follows.destination(session, workspace_id, uri)
    if found is not None or not (CUT in uri or uri.startswith("apprise:")):
        return found
    rows = await follows.destinations(session, workspace_id)
    transport = "webhook" if is_web(uri) else "apprise"
    alike = [row for row in rows if row.transport == transport and short(row.uri) == uri]
    if len(alike) > 1:
        raise CommandError(f"{len(alike)} addresses are shown as {uri[:120]}; give the whole one")
    if not alike and CUT in uri:
        raise CommandError(f"There is no destination that is shown as {uri[:120]}")
    return alike[0] if alike else None


async def meant(services: Services, request: Request, uri: str) -> str:
    """The whole address of the destination that was named, or of the one that is to be made. Raises CommandError
    as `check` does."""
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, request.workspace)
        found = await find(session, workspace_id, uri) if workspace_id is not None else None
    if found is not None:
        return found.uri
    if CUT in uri:
        raise CommandError(f"There is no destination that is shown as {uri[:120]}")
    await check(services, request, normal(uri))
    return normal(uri)


async def ask(services: Services, row: Destination) -> None:
    """Asks whoever reads at a mail address whether they want to be told there. Raises CommandError where that mail
    can't be sent."""
    from bot.mailing import invite  # its library is large, and many run without it

    await invite(services, row)


async def greet(services: Services, request: Request, there: Made) -> None:
    """After the transaction that made it: asks the reader of a new mail address. Where they can't be asked, the
    destination is taken back with all that it follows. Raises CommandError then."""
    if not (there.new and there.row.unconfirmed):
        return
    try:
        await ask(services, there.row)
    except CommandError:
        async with services.database.write() as session:
            await audit.note(session, there.row.workspace_id, request.actor, "took back", named(there.row.uri))
            for provider_id in await follows.remove_destination(session, there.row.id):
                await providers.end_polling_if_unfollowed(session, provider_id)
        raise


async def known(session: AsyncSession, request: Request, uri: str) -> Destination:
    """The workspace's destination with this address. Raises CommandError where there is none."""
    workspace_id = await follows.workspace_if_any(session, request.workspace)
    found = await find(session, workspace_id, uri) if workspace_id is not None else None
    if found is None:
        lister = "destination list" if request.workspace == LOCAL else "/uptimus webhook list"
        raise CommandError(
            f"There is no destination {seen_by(request, uri)[:120]}; `{lister}` shows those there are"
        )
    return found
