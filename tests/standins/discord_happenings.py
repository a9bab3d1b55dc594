"""What happens in the stand-in Discord while the bot looks on: deleted, locked, forbidden, out of order."""

from standins.discord_channel import Channel, Message, Overwrite
from standins.discord_gateway import Gateway
from standins.discord_guild import Guild
from standins.discord_permissions import bits
from standins.discord_threads import Threads
from standins.discord_transcript import transcript


class Happenings(Threads, Gateway):
    """Somebody with the right to it does each of these; the bot hears of it as far as GUILDS goes."""

    # channels and messages

    def delete_channel(self, channel: Channel) -> None:
        """A channel, or a thread, goes with everything in it."""
        self.forget_channel(channel)

    def delete_message(self, message: Message) -> None:
        """A message goes; a thread that began at it stays. The bot does not hear of it."""
        message.channel.messages.remove(message)

    def archive(self, thread: Channel, *, locked: bool | None = None) -> None:
        """A thread is archived, as it also is after a while without news."""
        self._set(thread, archived=True, locked=thread.locked if locked is None else locked)

    def lock(self, thread: Channel) -> None:
        """A moderator locks a thread, which stays active."""
        self._set(thread, archived=thread.archived, locked=True)

    def unlock(self, thread: Channel) -> None:
        """A moderator opens a thread again."""
        self._set(thread, archived=False, locked=False)

    def rename(self, channel: Channel, name: str) -> None:
        """Somebody gives a channel, or a thread, another name."""
        channel.name = name
        self._tell("THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE", channel.as_discord(), channel.guild)

    def _set(self, thread: Channel, *, archived: bool, locked: bool) -> None:
        thread.archived, thread.locked, thread.archived_at = archived, locked, self.now()
        self._tell("THREAD_UPDATE", thread.as_discord(), thread.guild)

    # permissions

    def deny(self, permission: str, channel: Channel) -> None:
        """Somebody takes one permission from the bot in one channel and the threads of it."""
        self._overwrite(permission, channel, allowed=False)

    def allow(self, permission: str, channel: Channel) -> None:
        """Somebody gives the bot one permission in one channel and the threads of it."""
        self._overwrite(permission, channel, allowed=True)

    def permit(self, guild: Guild, *names: str) -> None:
        """What the bot may in the whole guild from now on, beyond what everybody may."""
        guild.invited = bits(names)
        self._tell("GUILD_ROLE_UPDATE", {"guild_id": guild.id, "role": guild.roles[1].as_discord()}, guild)

    def _overwrite(self, permission: str, channel: Channel, *, allowed: bool) -> None:
        whole, bit = channel.parent or channel, bits([permission])
        found = whole.overwrites.setdefault(self.bot.id, Overwrite(self.bot.id, 1))
        found.allow, found.deny = found.allow & ~bit, found.deny & ~bit
        if allowed:
            found.allow |= bit
        else:
            found.deny |= bit
        self._tell("CHANNEL_UPDATE", whole.as_discord(), whole.guild)

    # guilds and the token

    def kick(self, guild: Guild) -> None:
        """Somebody throws the bot out."""
        guild.here = False
        self._tell("GUILD_DELETE", {"id": guild.id}, guild)

    def invite(self, guild: Guild) -> None:
        """Somebody lets the bot in (again)."""
        guild.here = True
        self._announce_guild(guild)

    def outage(self, guild: Guild) -> None:
        """Discord itself has an outage there: the bot is still a member."""
        guild.unavailable = True
        self._tell("GUILD_DELETE", {"id": guild.id, "unavailable": True}, guild)

    def recover(self, guild: Guild) -> None:
        """The outage is over."""
        guild.unavailable = False
        self._tell("GUILD_CREATE", guild.as_created(), guild)

    def revoke(self) -> str:
        """The owner resets the token: everything with the old one is refused. Returns the new one."""
        self.token += "-new"
        self.cut(4004)
        self._sessions.clear()
        return self.token

    # looking

    def transcript(self, channel: Channel) -> str:
        """The channel as a person would see it, threads indented."""
        return transcript(channel)

    def thread_of(self, message: Message) -> Channel:
        """The thread that began at a message."""
        assert message.thread is not None, f"no thread at {message.content!r}"
        return message.thread
