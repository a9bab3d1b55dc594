"""Where messages go: what an address may look like, and how one becomes a destination."""

import re
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.reply import CommandError, Request
from bot.commands.services import Services
from relay.transports.sign import new_secret
from storage import follows
from storage.tables import Destination

_CHATS = {
    "slack": re.compile(r"slack:[TE][A-Z0-9]+/[CGD][A-Z0-9]+"),
    "discord": re.compile(r"discord:[0-9]{15,20}/[0-9]{15,20}"),
}


def transport_of(uri: str, services: Services) -> str:
    """The transport that speaks to this address. Raises CommandError for one that nobody can send to."""
    if uri == "console:":
        return "console"
    for name, form in _CHATS.items():
        if form.fullmatch(uri):
            return name
    if uri.startswith(("https://", "http://")):
        return _webhook(uri, services)
    raise CommandError(
        f"{uri[:80]!r} is not a destination: use console:, slack:TEAM/CHANNEL, discord:GUILD/CHANNEL or the"
        " https:// address of a webhook"
    )


def shown_place(request: Request, destination: Destination) -> str | None:
    """The destination's address where a chat is to show it as one of its channels; None: it is said in words."""
    return destination.uri if request.workspace != "local" and destination.transport in _CHATS else None


def named(uri: str) -> str:
    """A destination as everybody of its workspace may read it: an address may hold a secret behind its host."""
    host = urlsplit(uri).hostname if uri.startswith(("https://", "http://")) else None
    return f"a webhook of {host}" if host else uri


def _webhook(uri: str, services: Services) -> str:
    try:
        parts = urlsplit(uri)
        valid = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or parts.username or parts.password:
        raise CommandError("The webhook's address needs a host and may not hold a user name or a password")
    if parts.scheme == "http" and not services.allow_private_networks:
        raise CommandError(
            "A webhook's address must begin with https:// (UPTIMUS_ALLOW_PRIVATE_NETWORKS opens http://)"
        )
    return "webhook"


async def find_or_add(
    services: Services, session: AsyncSession, workspace: str, uri: str
) -> tuple[Destination, str | None]:
    """The workspace's destination with this address, and its secret if it was made just now."""
    transport = transport_of(uri, services)
    workspace_id = await follows.workspace(session, workspace)
    found = await follows.destination(session, workspace_id, uri)
    if found is not None:
        return found, None
    secret = new_secret() if transport == "webhook" else None
    sealed = [services.vault.seal(secret)] if secret else []
    return await follows.add_destination(session, workspace_id, uri, transport, sealed), secret


async def known(session: AsyncSession, workspace: str, uri: str) -> Destination:
    """The workspace's destination with this address. Raises CommandError where there is none."""
    workspace_id = await follows.workspace_if_any(session, workspace)
    found = await follows.destination(session, workspace_id, uri) if workspace_id is not None else None
    if found is None:
        lister = "destination list" if workspace == "local" else "/uptimus webhook list"
        raise CommandError(f"There is no destination {uri[:120]}; `{lister}` shows those there are")
    return found
