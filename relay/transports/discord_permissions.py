"""What uptimus may do in a channel of a Discord guild, and what it lacks, in the words of its settings. Pure.

https://docs.discord.com/developers/topics/permissions#permission-hierarchy
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

BITS = {
    "View Channel": 1 << 10,
    "Send Messages": 1 << 11,
    "Embed Links": 1 << 14,
    "Read Message History": 1 << 16,
    "Create Public Threads": 1 << 35,
    "Send Messages in Threads": 1 << 38,
}
"""What uptimus needs, and nothing else: 309237730304 together."""
NEEDED = sum(BITS.values())
_ADMINISTRATOR = 1 << 3
_ALL = (1 << 63) - 1

TEXT, DIRECT, ANNOUNCEMENT, FORUM, MEDIA = 0, 1, 5, 15, 16
THREADS = frozenset({10, 11, 12})
FORUMS = frozenset({FORUM, MEDIA})

Json = Mapping[str, Any]


def granted(guild: Json, member: Json, channel: Json) -> int:
    """What a member may in a channel (for a thread: in the channel that it belongs to)."""
    user, everyone = str(member["user"]["id"]), str(guild["id"])
    if str(guild.get("owner_id")) == user:
        return _ALL
    mine = {everyone, *map(str, member["roles"])}
    of_roles = {str(role["id"]): int(role["permissions"]) for role in guild["roles"]}
    found = _together(of_roles.get(role, 0) for role in mine)
    if found & _ADMINISTRATOR:
        return _ALL
    overwrites = {str(one["id"]): one for one in channel.get("permission_overwrites") or ()}
    for group in ([everyone], [role for role in mine if role != everyone], [user]):
        some = [overwrites[id] for id in group if id in overwrites]
        found = found & ~_together(int(one["deny"]) for one in some) | _together(int(one["allow"]) for one in some)
    return found


def _together(permissions: Iterable[int]) -> int:
    found = 0
    for one in permissions:
        found |= one
    return found


def missing(permissions: int, kind: int, *, threads: bool) -> list[str]:
    """The names of what is lacking in a channel of this kind. threads: updates are to go into threads."""
    wanted = ["View Channel", "Embed Links", "Read Message History"]
    wanted += ["Send Messages"] if kind not in THREADS else []
    wanted += ["Create Public Threads"] if threads and kind in (TEXT, ANNOUNCEMENT) else []
    wanted += ["Send Messages in Threads"] if threads or kind in THREADS | FORUMS else []
    return [name for name in BITS if name in wanted and not permissions & BITS[name]]


def lacking(names: Sequence[str], where: str) -> str:
    """The sentence for people: what is lacking, and how that is mended."""
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return (
        f"uptimus may not {listed} in {where}: give it that in the channel's settings under Permissions, "
        "then follow again"
    )
