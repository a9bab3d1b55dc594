"""Permissions of the stand-in Discord: their bits, and what is left of them in one channel.

As developers/topics/permissions of Discord's documentation computes it, with its implicit rules.
"""

from collections.abc import Iterable
from typing import Final

BITS: Final = {
    "ADMINISTRATOR": 1 << 3,
    "MANAGE_CHANNELS": 1 << 4,
    "MANAGE_GUILD": 1 << 5,
    "VIEW_CHANNEL": 1 << 10,
    "SEND_MESSAGES": 1 << 11,
    "MANAGE_MESSAGES": 1 << 13,
    "EMBED_LINKS": 1 << 14,
    "ATTACH_FILES": 1 << 15,
    "READ_MESSAGE_HISTORY": 1 << 16,
    "MENTION_EVERYONE": 1 << 17,
    "USE_APPLICATION_COMMANDS": 1 << 31,
    "MANAGE_THREADS": 1 << 34,
    "CREATE_PUBLIC_THREADS": 1 << 35,
    "CREATE_PRIVATE_THREADS": 1 << 36,
    "SEND_MESSAGES_IN_THREADS": 1 << 38,
    "BYPASS_SLOWMODE": 1 << 52,
}
ALL: Final = (1 << 53) - 1


def bits(names: Iterable[str]) -> int:
    """The permissions of these names as one number; KeyError for a name that is unknown here."""
    return sum({BITS[name.upper()] for name in names})


EVERYONE: Final = bits(["VIEW_CHANNEL", "SEND_MESSAGES", "READ_MESSAGE_HISTORY", "USE_APPLICATION_COMMANDS"])
"""What everybody may in a new guild. It leaves out what a bot has to ask for."""

INVITED: Final = bits(
    [
        "VIEW_CHANNEL",
        "SEND_MESSAGES",
        "EMBED_LINKS",
        "READ_MESSAGE_HISTORY",
        "CREATE_PUBLIC_THREADS",
        "SEND_MESSAGES_IN_THREADS",
    ]
)
"""What the bot has where a test does not say: the least that it needs (309237730304)."""

_OF_TALKING: Final = bits(["EMBED_LINKS", "ATTACH_FILES", "MENTION_EVERYONE"])


def implied(permissions: int, *, thread: bool = False) -> int:
    """Without the ones that others of them are needed for. `thread`: SEND_MESSAGES is of no effect there."""
    if permissions & BITS["ADMINISTRATOR"]:
        return ALL
    if not permissions & BITS["VIEW_CHANNEL"]:
        return 0
    talking = BITS["SEND_MESSAGES_IN_THREADS"] if thread else BITS["SEND_MESSAGES"]
    return permissions if permissions & talking else permissions & ~_OF_TALKING
