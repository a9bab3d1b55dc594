"""What each of Discord's refusals leads to.

https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from typing import Any

import discord

from relay.transports.transport import DeliveryError

BANNED_FOR = 600.0
"""Seconds for which Cloudflare lets nothing through that asked in vain too often."""
SOON = 5.0

NO_MESSAGE, NO_CHANNEL = 10008, 10003
MISSING_ACCESS, MISSING_PERMISSIONS, MISSING_HISTORY = 50001, 50013, 160002
HAS_THREAD = 160004
ALREADY_PUBLISHED = 40033
NO_TAG = 40067
PERMISSIONS = frozenset({MISSING_PERMISSIONS, MISSING_HISTORY})
"""Something is not allowed here: which, can be found out."""
NO_GUILD = frozenset({10004, MISSING_ACCESS})
"""Asked for a guild: uptimus is not in it."""
SHUT = frozenset({160005, 50083})
"""A thread is locked, or archived where that matters."""
FULL = frozenset({160006, 160007})
"""The guild has as many active threads as it may."""
UNCHANGEABLE = frozenset({20022, 30046, 50005, 50021})
"""A message stays as it is; what comes below it is told all the same."""
MALFORMED = frozenset({50035, 50006, 50109})
"""Our own mistake: told once more as plain text."""
BLOCKED = frozenset({200000, 200001})
"""A server's AutoMod lets the words not through."""

_INVITE = "invite it again, then follow again"
_CHOOSE = "follow from another channel"
_PERMIT = "give it the permissions it asks for in the channel's settings, then follow again"

_PERMANENT = {
    NO_CHANNEL: f"the channel is gone: {_CHOOSE}",
    10013: f"there is no such person: {_CHOOSE}",
    20001: f"bots may not do this here: {_CHOOSE}",
    40066: "the forum demands a tag, and only moderators may set the ones it has: add one for everybody",
    NO_TAG: "the forum demands a tag and has none: add one, then follow again",
    50007: "the person takes no direct messages from uptimus",
    50008: f"nobody can write messages in this kind of channel: {_CHOOSE}",
    50024: f"nobody can write messages in this kind of channel: {_CHOOSE}",
    MISSING_ACCESS: f"uptimus may not View Channel there: {_PERMIT}",
    MISSING_PERMISSIONS: f"uptimus lacks a permission in the channel: {_PERMIT}",
    MISSING_HISTORY: f"uptimus may not Read Message History in the channel: {_PERMIT}",
    50033: f"there is no such person: {_CHOOSE}",
    50278: "the person takes no direct messages from uptimus",
}
_DEAD = {
    10004: f"uptimus is not in the server any more: {_INVITE}",
}
_TOKEN = "Discord does not accept DISCORD_TOKEN: give uptimus the bot's present token"  # noqa: S105


class RefusedError(DeliveryError):
    """Discord said no; `code` is its number for it, 0 where it gave none."""

    def __init__(self, code: int, reason: str, **more: Any) -> None:
        super().__init__(reason, **more)
        self.code = code


def refused(error: discord.HTTPException) -> RefusedError:
    """The refusal as deliver understands it. Never the token or the request, only Discord's words and ours."""
    code, status = error.code, error.status
    known: dict[str, Any] = {"status": status, "answer": f"{code} {error.text}".strip()[:300]}
    if status == 401:
        return RefusedError(code, f"{_TOKEN} (401)", permanent=True, everywhere=True, **known)
    if status == 429:
        by_discord = code or "limited" in error.text
        wait = SOON if by_discord else BANNED_FOR
        return RefusedError(code, "Discord asks to slow down", retry_after=wait, uncounted=True, **known)
    if code in _DEAD:
        return RefusedError(code, f"Discord: {_DEAD[code]} ({code})", permanent=True, everywhere=True, **known)
    if code in _PERMANENT:
        return RefusedError(code, f"Discord: {_PERMANENT[code]} ({code})", permanent=True, **known)
    if status == 403 and code not in _OF_THE_WAY:
        # another 403 like it counts towards a ban of the whole bot
        return RefusedError(code, f"Discord forbids it ({code}): {_CHOOSE}", permanent=True, **known)
    if code in FULL:
        return RefusedError(code, f"Discord: the server has all the active threads that it may ({code})", **known)
    return RefusedError(code, f"Discord refused ({code or status})", **known)


_OF_THE_WAY = frozenset({0, 40333})
"""Something between us and Discord said no, not the guild."""


def kicked() -> RefusedError:
    """uptimus is not in the guild."""
    reason = f"Discord: {_DEAD[10004]} (10004)"
    return RefusedError(10004, reason, permanent=True, everywhere=True, status=404)


def bad_token() -> RefusedError:
    """Nobody can be told anything with this token."""
    return RefusedError(0, f"{_TOKEN} (401)", permanent=True, everywhere=True, status=401)


def unsure(error: BaseException) -> DeliveryError:
    """Discord was not reached or did not answer: nobody knows whether the message arrived."""
    what = "Discord did not answer in time" if isinstance(error, TimeoutError) else "Discord could not be reached"
    if isinstance(error, discord.HTTPException):
        what = f"Discord answered {error.status}"
    return DeliveryError(f"{what} ({type(error).__name__})", status=getattr(error, "status", None))
