"""A workspace of the stand-in Slack, an organization of several, and what an installation in one of them gave."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from standins.slack_channel import Answer, Channel, Message
from standins.slack_view import View

BOT_SCOPES = frozenset({"commands", "chat:write", "chat:write.public"})
"""What an installation that a test does not go through was granted."""


@dataclass
class User:
    """A person. `admin` and `owner` are those of the workspace; `guest` sees only what they were invited to.
    `home`: the workspace that they belong to, where that is another one, which shares a channel with this."""

    id: str
    name: str = ""
    admin: bool = False
    owner: bool = False
    guest: bool = False
    deleted: bool = False
    tz: str = "Europe/Amsterdam"
    tz_offset: int = 3600
    home: str | None = None


@dataclass
class Token:
    """`expires_at`: None without rotation. `error`: what every call with it is answered."""

    value: str
    expires_at: float | None = None
    error: str | None = None


@dataclass
class Owner:
    """Whoever an installation belongs to. `scopes` may be changed by a test as it goes on."""

    id: str
    name: str
    bot_user: str
    scopes: set[str] = field(default_factory=lambda: set(BOT_SCOPES))
    installed: bool = False
    bot_token: str = ""
    """The newest access token, also once it is dead."""
    refresh_token: str = ""
    """The one refresh token that is not used yet; given out only where tokens rotate."""
    tokens: dict[str, Token] = field(default_factory=dict)
    token_error: str | None = None
    """What every call is answered with once the install is dead: token_revoked, account_inactive …"""
    refreshes: int = 0

    def issue(self, value: str, expires_at: float | None = None) -> None:
        """From now on this is the bot's token. With rotation the one before goes on until it expires, no older."""
        for token in [token for token in self.tokens.values() if token.error is None][:-1]:
            token.error = "token_revoked" if expires_at is not None else None
        self.tokens[value] = Token(value, expires_at)
        self.bot_token, self.installed, self.token_error = value, True, None

    def kill(self, error: str) -> None:
        """Every token that was given out answers this from now on, and no refresh helps."""
        for token in self.tokens.values():
            token.error = error
        self.installed, self.refresh_token = False, ""


@dataclass
class Organization(Owner):
    """An enterprise: an org-wide installation in it speaks for each of its workspaces."""


@dataclass
class Workspace(Owner):
    """`direct`: what the bot wrote to each person. `ephemeral`: what only that person saw."""

    enterprise_id: str | None = None
    messages_tab: bool = True
    home_tab: bool = True
    channels: dict[str, Channel] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    direct: defaultdict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    ephemeral: defaultdict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    homes: dict[str, View] = field(default_factory=dict)
    shared_links: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """What stands before `.slack.com`."""
        return self.name.lower()

    @property
    def team_id(self) -> str:
        """The id by Slack's name."""
        return self.id

    @property
    def bot_id(self) -> str:
        """The bot's id, which is not its user's."""
        return f"B{self.id[1:]}"

    def add_channel(self, id: str, name: str | None = None, **more: Any) -> Channel:
        """A channel, public and with the bot in it unless told otherwise."""
        self.channels[id] = Channel(id, name or id.lower(), team=self.id, **more)
        return self.channels[id]

    def add_user(self, id: str, **more: Any) -> User:
        """A person, a plain member unless told otherwise."""
        self.users[id] = User(id, more.pop("name", id.lower()), **more)
        return self.users[id]

    def user(self, id: str) -> User:
        """A person who does something here: unknown ones are members from then on."""
        return self.users.get(id) or self.add_user(id)

    def room(self, id: str) -> Channel | None:
        """A channel, or the direct messages with a person (`D…`, as chat.postMessage answers it)."""
        person = f"U{id[1:]}" if id.startswith("D") else ""
        if person in self.users:
            return Channel(id, "directmessage", team=self.id, users={person}, messages=self.direct[person])
        return self.channels.get(id)
