"""What a webhook's messages are signed with: shown again, and replaced."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from adapters.schema import rfc3339
from bot.commands import destinations
from bot.commands.addresses import named
from bot.commands.destinations import address, seen_by
from bot.commands.reply import CommandError, Reply, Request, Section
from bot.commands.services import Services, counted
from relay.transports.sign import new_secret, new_signing_key, public_key
from storage import audit, follows
from storage.tables import Destination

FORMER_SIGNS = timedelta(hours=24)
MOST_FORMER = 10


def new_secrets(*, ed25519: bool) -> tuple[str, ...]:
    """Of a webhook: the shared secret and, where it is asked for, a key of its own."""
    return (new_secret(), *([new_signing_key()] if ed25519 else []))


def as_json(secrets: Sequence[str]) -> dict[str, object]:
    """New secrets as the JSON of answers has them."""
    found: dict[str, object] = {"secret": secrets[0]} if secrets else {}
    keys = public_keys(secrets)
    return found | ({"public_key": keys[0]} if keys else {})


def public_keys(secrets: Sequence[str]) -> list[str]:
    """What verifies the signatures of those that are keys."""
    return [key for one in secrets if (key := public_key(one)) is not None]


async def show_secret(services: Services, request: Request) -> Reply:
    """A webhook's secret again, the public key of its other signature, and what still signs beside them."""
    async with services.database.read() as session:
        row = await destinations.known(session, request, address(request))
    secrets = [services.vault.open(sealed) for sealed in row.secrets]
    if not secrets:
        raise CommandError(f"{seen_by(request, row.uri)} has no secret")
    former = [
        {"secret": services.vault.open(one["sealed"]), "until": one["until"]}
        for one in _signing(row, services.now())
    ]
    keys = public_keys(secrets)
    still = f"{counted(len(former), 'former secret')} still {'signs' if len(former) == 1 else 'sign'} as well"
    until = max((one["until"] for one in former), default="")
    sections = [Section(heading="Its public key (v1a)", note=key) for key in keys]
    sections += [Section(note=f"{still}, until {until} at the latest.")] if former else []
    return Reply(text=secrets[0], sections=tuple(sections), data={
        "destination": seen_by(request, row.uri), "secret": secrets[0], "secrets": secrets, "former": former,
    } | ({"public_key": keys[0]} if keys else {}))  # fmt: skip


def _signing(row: Destination, now: datetime) -> list[dict[str, Any]]:
    return [one for one in row.former if datetime.fromisoformat(one["until"]) > now]


def all_that_sign(services: Services, row: Destination) -> tuple[str, ...]:
    """A destination's secrets, and those that sign for a while yet."""
    former = (one["sealed"] for one in _signing(row, services.now()))
    return tuple(services.vault.open(sealed) for sealed in (*row.secrets, *former))


async def rotate(services: Services, request: Request) -> Reply:
    """A new secret, and a new key where there is one; messages are signed with the former too, for a day."""
    now = services.now()
    async with services.database.write() as session:
        row = await destinations.known(session, request, address(request))
        if row.transport != "webhook":
            raise CommandError(f"{seen_by(request, row.uri)} has no secret")
        secrets = new_secrets(ed25519=len(row.secrets) > 1)
        sealed, former = rotated(row, [services.vault.seal(one) for one in secrets], now)
        await follows.set_secrets(session, row.id, sealed, former)
        await audit.note(session, row.workspace_id, request.actor, "gave a new secret to", named(row.uri))
    shown = seen_by(request, row.uri)
    sections = [Section(heading="The new secret, shown once", note=secrets[0])]
    sections += [Section(heading="Its new public key (v1a)", note=key) for key in public_keys(secrets)]
    return Reply(
        text=f"{shown} has a new secret; the former one signs as well for 24 hours.",
        sections=tuple(sections),
        data={"destination": shown} | as_json(secrets),
    )


def rotated(row: Destination, new: list[str], now: datetime) -> tuple[list[str], list[dict[str, Any]]]:
    """The destination's secrets after a rotation, and those that sign for a while yet, the newest first."""
    until = rfc3339(now + FORMER_SIGNS)
    replaced = [{"sealed": one, "until": until} for one in row.secrets]
    return new, [*replaced, *_signing(row, now)][:MOST_FORMER]
