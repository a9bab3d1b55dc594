"""The values of the stand-in Discord that are not messages: people, guilds with their roles, and commands."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from standins.discord_permissions import ALL, BITS, EVERYONE, INVITED, implied

if TYPE_CHECKING:
    from standins.discord_channel import Channel

Json = dict[str, Any]
_NOTHING = """icon description home_header splash discovery_splash banner application_id region afk_channel_id
system_channel_id widget_channel_id max_presences vanity_url_code rules_channel_id safety_alerts_channel_id
public_updates_channel_id incidents_data"""
_ZERO = """system_channel_flags verification_level default_message_notifications mfa_level explicit_content_filter
premium_tier premium_subscription_count nsfw_level"""


@dataclass(eq=False)
class User:
    """A person, or a bot. `closed`: takes no direct messages."""

    id: str
    name: str
    bot: bool = False
    closed: bool = False

    def as_discord(self) -> Json:
        return {
            "id": self.id,
            "username": self.name,
            "global_name": self.name.title(),
            "discriminator": "0",
            "avatar": None,
            "public_flags": 0,
            "flags": 0,
            "bot": self.bot,
            "primary_guild": None,
        }


@dataclass
class Role:
    """A role; the one with the guild's own id is @everyone."""

    id: str
    name: str
    permissions: int
    managed: bool = False

    def as_discord(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "permissions": str(self.permissions),
            "position": int(self.managed),
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": self.managed,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


@dataclass(eq=False)
class Guild:
    """A guild. `members`: what each person may beyond @everyone. `unavailable`: Discord has an outage there."""

    id: str
    name: str
    bot: User
    owner: User
    everyone: int = EVERYONE
    invited: int = INVITED
    here: bool = True
    """Whether the bot is in it."""
    unavailable: bool = False
    locale: str = "en-US"
    people: dict[str, User] = field(default_factory=dict)
    granted: dict[str, int] = field(default_factory=dict)
    channels: dict[str, "Channel"] = field(default_factory=dict)
    """Threads are among them."""

    @property
    def roles(self) -> list[Role]:
        """@everyone, the bot's own, and one for each person who may more than the others."""
        own = Role(str(int(self.id) + 1), "uptimus", self.invited, managed=True)
        others = [
            Role(str(int(self.id) + 2 + n), user, more) for n, (user, more) in enumerate(self.granted.items())
        ]
        return [Role(self.id, "@everyone", self.everyone), own, *others]

    def roles_of(self, user: User) -> list[str]:
        """The ids of somebody's roles, without @everyone."""
        if user.id == self.bot.id:
            return [self.roles[1].id]
        return [role.id for role in self.roles[2:] if role.name == user.id]

    def permissions(self, user: User, channel: "Channel | None" = None) -> int:
        """What somebody may in the guild, or in one channel or thread of it."""
        if user.id == self.owner.id:
            return ALL
        found = self.everyone | (self.invited if user.id == self.bot.id else self.granted.get(user.id, 0))
        if found & BITS["ADMINISTRATOR"]:
            return ALL
        if channel is None:
            return found
        for overwrite in (channel.parent or channel).overwrites_for(self.id, self.roles_of(user), user.id):
            found = found & ~overwrite.deny | overwrite.allow
        return implied(found, thread=channel.is_thread)

    def member(self, user: User) -> Json:
        """Somebody as a member of the guild."""
        return {
            "user": user.as_discord(),
            "roles": self.roles_of(user),
            "nick": None,
            "avatar": None,
            "banner": None,
            "joined_at": "2024-01-01T00:00:00+00:00",
            "premium_since": None,
            "pending": False,
            "communication_disabled_until": None,
            "flags": 0,
            "mute": False,
            "deaf": False,
        }

    def active_threads(self) -> list["Channel"]:
        """The threads that are not archived."""
        return [one for one in self.channels.values() if one.is_thread and not one.archived]

    def as_discord(self) -> Json:
        """The guild as REST answers it."""
        nothing, zero = dict.fromkeys(_NOTHING.split()), dict.fromkeys(_ZERO.split(), 0)
        limits = {"max_members": 500000, "max_stage_video_channel_users": 50, "max_video_channel_users": 25}
        about: Json = {"id": self.id, "name": self.name, "owner_id": self.owner.id, "region": "deprecated"}
        flags = {"widget_enabled": False, "premium_progress_bar_enabled": False, "nsfw": False}
        lists: Json = {
            "features": [],
            "emojis": [],
            "stickers": [],
            "roles": [one.as_discord() for one in self.roles],
        }
        rest = {"afk_timeout": 300, "preferred_locale": self.locale}
        return nothing | zero | limits | about | flags | lists | rest

    def as_created(self) -> Json:
        """The guild as GUILD_CREATE tells it to a bot with the intent GUILDS alone."""
        channels = self.channels.values()
        threads = [one for one in self.active_threads() if self.permissions(self.bot, one)]
        more: Json = {
            "joined_at": "2024-01-01T00:00:00+00:00",
            "large": False,
            "unavailable": False,
            "member_count": len(self.people) + 1,
            "members": [self.member(self.bot)],
            "channels": [one.as_discord() for one in channels if not one.is_thread],
            "threads": [one.as_discord() for one in threads],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
        return self.as_discord() | more
