"""What every part of the stand-in Discord shares: the guilds and people, the clock, and what went wrong."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from standins.discord_channel import KINDS, Channel, Tag
from standins.discord_errors import Refusal
from standins.discord_guild import Guild, User
from standins.discord_permissions import EVERYONE, INVITED, bits

Json = dict[str, Any]
T = TypeVar("T")
EPOCH = 1_420_070_400_000
"""Milliseconds; the times in Discord's ids count from here."""


class State:
    """`guild` with `channel` (a text channel), `admin` (who may MANAGE_GUILD) and `user` are there from the start.

    Ids are strings, as on the wire; `guild.id` of a guild, `channel.id` of a channel. Ids of guilds are one
    millisecond apart, so that they spread over the shards.
    """

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._clock = now
        self._ahead = 0.0
        self._last_id = 0
        self._guild_ids = 1_100_000_000_000_000_000 >> 22
        self._waiting: list[asyncio.Future[None]] = []
        self.violations: list[str] = []
        self.allow_mentions: set[str] = set()
        """Who may be pinged in this test: ids of people and roles, "everyone"."""
        self.token = "standin.token.1"
        self.bot = User(self.new_id(), "uptimus", bot=True)
        self.application_id = self.bot.id
        self.users: dict[str, User] = {self.bot.id: self.bot}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        """Of every guild, and the direct messages; deleted ones are not among them."""
        self.owner = self.add_user("owner")
        self.admin = self.add_user("admin")
        self.user = self.add_user("member")
        self.guild = self.add_guild("Example", permissions={self.admin: ["MANAGE_GUILD"]})
        self.guild.people[self.user.id] = self.user
        self.channel = self.add_channel(self.guild, "ops")

    # arranging, before the bot looks; what happens while it looks on is in discord_happenings

    def add_user(self, name: str, *, closed: bool = False) -> User:
        """A person. `closed`: takes no direct messages."""
        made = User(self.new_id(), name, closed=closed)
        self.users[made.id] = made
        return made

    def add_member(self, guild: Guild, user: User, permissions: Iterable[str] = ()) -> User:
        """A person comes into a guild; `permissions` beyond what everybody has there."""
        guild.people[user.id] = user
        if more := bits(permissions):
            guild.granted[user.id] = more
        return user

    def add_guild(
        self,
        name: str,
        *,
        owner: User | None = None,
        bot: Iterable[str] | None = None,
        everyone: Iterable[str] | None = None,
        permissions: dict[User, list[str]] | None = None,
    ) -> Guild:
        """A guild with the bot in it. `bot`, `everyone`, `permissions`: what they may, by Discord's names."""
        self._guild_ids += 1
        made = Guild(str(self._guild_ids << 22), name, self.bot, owner or self.owner)
        made.everyone = EVERYONE if everyone is None else bits(everyone)
        made.invited = INVITED if bot is None else bits(bot)
        made.people[made.owner.id] = made.owner
        for user, names in (permissions or {}).items():
            self.add_member(made, user, names)
        self.guilds[made.id] = made
        self._announce_guild(made)
        return made

    def add_channel(
        self,
        guild: Guild,
        name: str,
        kind: str = "text",
        *,
        tags: Iterable[Tag | str] = (),
        require_tag: bool = False,
    ) -> Channel:
        """A channel: "text", "announcement", "forum" (with `tags`), "voice", "category"."""
        made = Channel(self.new_id(), name, KINDS[kind], guild)
        made.tags = [tag if isinstance(tag, Tag) else Tag(self.new_id(), tag) for tag in tags]
        made.flags = 1 << 4 if require_tag else 0
        self.channels[made.id] = guild.channels[made.id] = made
        self._tell("CHANNEL_CREATE", made.as_discord(), guild)
        return made

    # what others need of each other

    def _announce_guild(self, guild: Guild) -> None:
        """GUILD_CREATE to whoever is connected; overridden by the gateway."""

    def _tell(self, event: str, data: Json, guild: Guild | None, intent: int = 1) -> None:
        """An event to whoever is connected; overridden by the gateway."""

    def now(self) -> float:
        """Seconds since 1970, by the clock that this was made with, and what `advance` put it ahead."""
        return self._clock() + self._ahead

    def new_id(self) -> str:
        """An id, later than every other."""
        stamp = (int(time.time() * 1000) - EPOCH) << 22
        self._last_id = max(self._last_id + 1, stamp)
        return str(self._last_id)

    def find_channel(self, id: str) -> Channel:
        """The channel that the bot names: Refusal where it is gone or out of its sight."""
        channel = self.channels.get(id)
        if channel is None:
            raise Refusal(10003)
        if channel.guild is not None and (not channel.guild.here or not self.bot_may(channel, "VIEW_CHANNEL")):
            raise Refusal(50001)
        return channel

    def bot_may(self, channel: Channel, *names: str) -> bool:
        """Whether the bot has all of these in the channel (in direct messages it has)."""
        if channel.guild is None:
            return True
        wanted = bits(names)
        return channel.guild.permissions(self.bot, channel) & wanted == wanted

    def demand(self, channel: Channel, *names: str) -> None:
        """Refusal 50013 unless the bot has all of these."""
        if not self.bot_may(channel, *names):
            raise Refusal(50013)

    # looking and waiting

    def assert_clean(self) -> None:
        """Nothing was sent that should not be."""
        assert not self.violations, "\n".join(self.violations)

    async def until(self, condition: Callable[[], T], within: float = 60) -> T:
        """Waits until this holds, looked at after everything the app does; AssertionError if it never does."""
        try:
            async with asyncio.timeout(within):
                while not (found := condition()):
                    news = asyncio.get_running_loop().create_future()
                    self._waiting.append(news)
                    await news
        except TimeoutError:
            raise AssertionError(f"it did not come to be within {within} s") from None
        return found

    def changed(self) -> None:
        """Something happened here."""
        waiting, self._waiting = self._waiting, []
        for news in waiting:
            if not news.done():
                news.set_result(None)

    def violation(self, text: str) -> None:
        """Something that Discord would swallow and nobody should send."""
        self.violations.append(text)
