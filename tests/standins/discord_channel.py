"""Channels, threads and messages of the stand-in Discord."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from standins.discord_guild import Guild, User

Json = dict[str, Any]
KINDS: Final = {"text": 0, "dm": 1, "voice": 2, "category": 4, "announcement": 5, "forum": 15, "media": 16}
PUBLIC_THREAD, ANNOUNCEMENT_THREAD, PRIVATE_THREAD = 11, 10, 12
REQUIRE_TAG = 1 << 4
CROSSPOSTED, HAS_THREAD, EPHEMERAL, LOADING = 1 << 0, 1 << 5, 1 << 6, 1 << 7


def iso(at: float) -> str:
    """A time as Discord writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


@dataclass
class Overwrite:
    """What a role (kind 0) or a person (kind 1) is allowed and denied in one channel."""

    id: str
    kind: int
    allow: int = 0
    deny: int = 0


@dataclass
class Tag:
    """A tag of a forum. `moderated`: set by whoever may MANAGE_THREADS."""

    id: str
    name: str
    moderated: bool = False


@dataclass(eq=False)
class Message:
    """A message as it stands now. `ephemeral_for`: the only person who sees it; it is in no channel's list."""

    id: str
    channel: "Channel"
    author: User
    at: float
    payload: Json
    flags: int = 0
    nonce: str = ""
    edited_at: float | None = None
    edits: int = 0
    ephemeral_for: User | None = None
    loading: bool = False
    """It says that the bot is thinking."""
    thread: "Channel | None" = None
    pings: list[str] = field(default_factory=list)
    reference: str = ""
    interaction: Json | None = None

    @property
    def content(self) -> str:
        return self.payload.get("content") or ""

    @property
    def embeds(self) -> list[Json]:
        return self.payload.get("embeds") or []

    @property
    def components(self) -> list[Json]:
        return self.payload.get("components") or []

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def published(self) -> bool:
        """Whether an announcement went out to the channels that follow this one."""
        return bool(self.flags & CROSSPOSTED)

    def parts(self) -> Iterator[Json]:
        """Every component, at whatever depth."""
        waiting = list(self.components)
        while waiting:
            part = waiting.pop(0)
            yield part
            accessory = [part["accessory"]] if "accessory" in part else []
            waiting[:0] = [*(part.get("components") or []), *accessory]

    def as_discord(self) -> Json:
        about: Json = {
            "id": self.id,
            "channel_id": self.channel.id,
            "type": 19 if self.reference else 20 if self.interaction else 0,
            "author": self.author.as_discord(),
            "content": self.content,
            "embeds": [{"type": "rich"} | embed for embed in self.embeds],
            "components": _numbered(self.components),
            "attachments": [_attachment(one) for one in self.payload.get("attachments") or []],
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": "everyone" in self.pings,
            "timestamp": iso(self.at),
            "edited_timestamp": None if self.edited_at is None else iso(self.edited_at),
            "flags": self.flags | (HAS_THREAD if self.thread else 0) | (LOADING if self.loading else 0),
            "pinned": False,
            "tts": False,
        }
        if self.nonce:
            about["nonce"] = self.nonce
        if self.author.bot:
            about["application_id"] = self.author.id
        if self.thread is not None:
            about["thread"] = self.thread.as_discord()
        if self.reference:
            about["message_reference"] = {"type": 0, "channel_id": self.channel.id, "message_id": self.reference}
        if self.interaction is not None:
            about |= {"interaction_metadata": self.interaction, "webhook_id": self.author.id}
        return about


@dataclass(eq=False)
class Channel:
    """A channel, a thread (it has a `parent`), or the direct messages with a person (it has no `guild`)."""

    id: str
    name: str
    kind: int
    guild: Guild | None
    messages: list[Message] = field(default_factory=list)
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    tags: list[Tag] = field(default_factory=list)
    flags: int = 0
    person: User | None = None
    """Whom the direct messages are with."""
    parent: "Channel | None" = None
    owner: User | None = None
    archived: bool = False
    archived_at: float = 0
    locked: bool = False
    auto_archive: int = 1440
    applied_tags: list[str] = field(default_factory=list)
    topic: str | None = None
    deleted: bool = False
    sent: int = 0

    @property
    def is_thread(self) -> bool:
        return self.parent is not None

    @property
    def is_forum(self) -> bool:
        return self.kind in (KINDS["forum"], KINDS["media"])

    @property
    def tag_names(self) -> list[str]:
        """The names of the tags of a forum post."""
        known = {tag.id: tag.name for tag in self.parent.tags} if self.parent else {}
        return [known[id] for id in self.applied_tags]

    def overwrites_for(self, everyone: str, roles: Sequence[str], user: str) -> list[Overwrite]:
        """Those that concern somebody, in the order in which they apply."""
        of_roles = [self.overwrites[id] for id in roles if id in self.overwrites]
        together = Overwrite("", 0)
        for one in of_roles:
            together.allow, together.deny = together.allow | one.allow, together.deny | one.deny
        return [one for one in (self.overwrites.get(everyone), together, self.overwrites.get(user)) if one]

    def threads(self) -> list["Channel"]:
        """The threads of a channel, archived ones too."""
        return [one for one in self.guild.channels.values() if one.parent is self] if self.guild else []

    def message(self, id: str) -> Message | None:
        return next((one for one in self.messages if one.id == id), None)

    def as_discord(self) -> Json:
        last = self.messages[-1].id if self.messages else None
        about: Json = {"id": self.id, "type": self.kind, "last_message_id": last, "flags": self.flags}
        if self.guild is None:
            return about | {"recipients": [self.person.as_discord()] if self.person else []}
        about |= {"guild_id": self.guild.id, "name": self.name, "rate_limit_per_user": 0}
        return about | (self._as_thread() if self.parent else self._as_channel())

    def _as_thread(self) -> Json:
        metadata = {
            "archived": self.archived,
            "archive_timestamp": iso(self.archived_at),
            "auto_archive_duration": self.auto_archive,
            "locked": self.locked,
            "create_timestamp": iso(self.archived_at),
        }
        about: Json = {
            "parent_id": self.parent.id if self.parent else None,
            "owner_id": self.owner.id if self.owner else None,
            "thread_metadata": metadata,
            "message_count": len(self.messages),
            "member_count": 1,
            "total_message_sent": self.sent,
        }
        return about | ({"applied_tags": self.applied_tags} if self.parent and self.parent.is_forum else {})

    def _as_channel(self) -> Json:
        about: Json = {
            "position": 0,
            "parent_id": None,
            "topic": self.topic,
            "nsfw": False,
            "permission_overwrites": [
                {"id": one.id, "type": one.kind, "allow": str(one.allow), "deny": str(one.deny)}
                for one in self.overwrites.values()
            ],
        }
        if self.is_forum:
            about["available_tags"] = [
                {"id": tag.id, "name": tag.name, "moderated": tag.moderated, "emoji_id": None, "emoji_name": None}
                for tag in self.tags
            ]
            about |= {"default_reaction_emoji": None, "default_sort_order": None, "default_forum_layout": 0}
        return about


def _numbered(parts: list[Json], start: int = 1) -> list[Json]:
    """Components with the ids that Discord gives those that have none."""
    found = []
    for number, part in enumerate(parts, start):
        inner: Json = {"components": _numbered(part["components"], number * 100)} if "components" in part else {}
        if "accessory" in part:
            inner["accessory"] = {"id": number * 100 + 99} | part["accessory"]
        found.append({"id": number} | part | inner)
    return found


def _attachment(file: Json) -> Json:
    """A file as an answer names it; nothing of it is kept."""
    address = f"https://cdn.discordapp.com/attachments/{file['id']}"
    about = {"id": str(file["id"]), "filename": file.get("filename") or "file", "size": 0}
    return about | {"url": address, "proxy_url": address, "content_type": "application/octet-stream"}
