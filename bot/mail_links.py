"""The links in mails: what they hold is encrypted, and good for one purpose and one address."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from adapters.schema import rfc3339
from bot.settings import SettingsError
from bot.vault import Vault

Purpose = Literal["confirm", "unsubscribe"]
GOOD_FOR = timedelta(days=7)
"""A confirmation. (Unsubscribing is possible for ever.)"""
LONGEST = 2000


class LinkError(Exception):
    """A link can't be followed; the message says why, to the person who has it."""


@dataclass(frozen=True)
class MailLink:
    """What a link is about. `destination_id` None: every destination with this address. `asked_at` is the
    destination's `disabled_at` at the time: whoever unsubscribes later takes the question back with it."""

    address: str
    destination_id: int | None
    asked_at: str | None = None

    @property
    def uri(self) -> str:
        """The destination's."""
        return f"mailto:{self.address}"


def unsubscribe_link(vault: Vault, home: str, address: str, destination_id: int | None) -> str:
    """Where the reader of an address ends what is sent there."""
    return _link(vault, home, "unsubscribe", MailLink(address, destination_id), None)


def confirm_link(vault: Vault, home: str, about: MailLink, now: datetime) -> str:
    """Where the reader of an address agrees."""
    return _link(vault, home, "confirm", about, now + GOOD_FOR)


def read(vault: Vault, purpose: Purpose, token: str, now: datetime) -> MailLink:
    """What a token is about. Raises LinkError for one that is not ours, not for this purpose, or too old."""
    said = _opened(vault, token)
    if said.get("for") != purpose:
        raise LinkError("This link is not a whole one. Please copy all of it from the mail.")
    if said.get("until") is not None and datetime.fromisoformat(said["until"]) < now:
        raise LinkError("This link is too old. Whoever asked you can have a new one sent.")
    return MailLink(said["address"], said["destination"], said.get("asked_at"))


def _opened(vault: Vault, token: str) -> dict[str, Any]:
    """What was sealed; empty for what was not sealed here."""
    if len(token) > LONGEST or not token.isascii():
        return {}
    try:
        said = json.loads(vault.open(token + "=" * (-len(token) % 4)))
    except (SettingsError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _link(vault: Vault, home: str, purpose: Purpose, about: MailLink, until: datetime | None) -> str:
    said = {"for": purpose, "destination": about.destination_id, "address": about.address}
    if about.asked_at is not None:
        said["asked_at"] = about.asked_at
    if until is not None:
        said["until"] = rfc3339(until)
    token = vault.seal(json.dumps(said)).rstrip("=")  # at the end of an address some clients leave it out
    return f"{home.rstrip('/')}/mail/{purpose}/{token}"
