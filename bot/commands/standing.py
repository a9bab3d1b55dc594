"""How a destination fares: whether anything is sent there, how it wants to be told, and what changes it."""

from datetime import datetime

from bot.commands import endpoint
from bot.commands.destinations import UNCONFIRMED, seen_by
from bot.commands.permission import LOCAL
from bot.commands.reply import CommandError, Request
from bot.commands.services import shown_moment
from relay.endpoint import from_stored
from storage.tables import Destination

ENABLED = "enabled"


def standing(row: Destination, now: datetime) -> str:
    """Whether anything is sent to a destination, and if not, why."""
    if row.unconfirmed:
        return f"waiting for confirmation: {row.disabled_because or UNCONFIRMED}"
    if row.disabled_at is not None:
        return f"disabled: {row.disabled_because}"
    since = f"failing since {shown_moment(row.failing_since)}" if row.failing_since else ""
    if row.paused_until is not None and row.paused_until > now:
        return ", ".join(filter(None, (f"paused until {shown_moment(row.paused_until)}", since)))
    return since or ENABLED


def why_silent(request: Request, row: Destination, *, new: bool) -> str:
    """Why nothing is sent to a destination, and what changes that."""
    if row.unconfirmed and new:
        return "A mail was sent there to ask its reader; nothing else is sent before they agree."
    if row.unconfirmed:
        return (
            f"This address waits for its reader to agree ({row.disabled_because}); nothing is sent there before."
        )
    enable = "uptimus destination enable" if request.workspace == LOCAL else "/uptimus webhook enable"
    mend = f"`{enable} {seen_by(request, row.uri)}` brings it back"
    return f"This destination is disabled: {row.disabled_because}. {mend}."


def refuse_unconfirmed(request: Request, row: Destination) -> None:
    """Raises CommandError where nothing may be sent before the reader agrees."""
    if row.unconfirmed:
        raise CommandError(
            f"{seen_by(request, row.uri)} waits for its reader: only the link in the mail that was sent there"
            " enables it"
        )


def options(row: Destination) -> list[str]:
    """What a destination's options are, in words; nothing that is secret."""
    return endpoint.said(from_stored(row.options, None, str))


def as_json(request: Request, row: Destination) -> dict[str, object]:
    """A destination as the JSON of answers has it."""
    chosen = from_stored(row.options, None, str)
    return {
        "destination": seen_by(request, row.uri),
        "transport": row.transport,
        "enabled": row.disabled_at is None,
        "disabled_because": row.disabled_because,
        "confirmed": not row.unconfirmed,
        "paused_until": shown_moment(row.paused_until),
        "failing_since": shown_moment(row.failing_since),
        "format": chosen.format if row.transport == "webhook" else None,
        "types": list(chosen.types),
        "schema_version": chosen.schema_version if row.transport == "webhook" else None,
    }
