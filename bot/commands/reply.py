"""What a command is asked and what it answers, in nobody's dialect: the terminal and the chats each dress it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.bulletin import Bulletin, DayCell, Picture, Row, Section

__all__ = ["Bulletin", "CommandError", "DayCell", "Picture", "Reply", "Request", "Row", "Section", "Wish"]


@dataclass(frozen=True)
class Wish:
    """What was said of how an address wants to be told, beyond its follows. What was not said is None."""

    format: str | None = None
    """One of relay.formats.FORMATS."""
    key: str | None = field(default=None, repr=False)
    """What the service behind the address wants to see; `none` for nothing."""
    headers: tuple[str, ...] | None = field(default=None, repr=False)
    """`Name: value`; `none` alone for none."""
    types: tuple[str, ...] | None = None
    """Event types, `incident.*` for a whole kind; `all` for all of them."""
    template: str | None = None
    """A JSON document."""
    ed25519: bool = False
    """It is to be signed with a key of its own (`v1a`) as well."""
    untested: bool = False
    """It is accepted whatever it answers now."""


@dataclass(frozen=True)
class Request:
    """What somebody typed, wherever that was. What was not said is None or empty: a follow that exists keeps it, a
    new one takes the default."""

    workspace: str
    """`local`, `slack:TEAM` or `discord:GUILD`."""
    actor: str = ""
    """Who asks, as the platform names them."""
    here: str = "console:"
    """The destination that is meant where none is named: the channel the words were typed in."""
    provider: str | None = None
    """A slug, a name or a page's address."""
    to: str | None = None
    streams: tuple[str, ...] = ()
    """`all` for all of them."""
    components: tuple[str, ...] = ()
    """Names, groups or the page's own ids; `all` for all of them."""
    min_impact: str | None = None
    """`none` for any."""
    days: int = 90
    text: str = ""
    """All that stands by itself, in one piece."""
    words: tuple[str, ...] = ()
    """The same, word by word: what was quoted is one."""
    shape: str | None = None
    """`threads`, `threads and channel`, `channel only` or `digest only`."""
    loud: tuple[str, ...] | None = None
    """`resolved`, `raised`, `reopened`; empty: nothing."""
    mention: tuple[str, ...] | None = None
    """`here`, `channel`, or people and groups as the platform names them; empty: nobody."""
    mention_impact: str | None = None
    """`none` for any."""
    remind: str | None = None
    """Minutes before a maintenance, `1h`, `1d` or `none`."""
    quiet: str | None = None
    """`22:00-07:00`, `22:00-07:00 Europe/Berlin` or `none`."""
    quiet_except: str | None = None
    """The least impact that is told all the same; `none` for no exception."""
    at: str | None = None
    """Of a digest: `09:00`."""
    on: str | None = None
    """Of a weekly digest: a day of the week."""
    zone: str | None = None
    """`Europe/Berlin`: of quiet hours and digests; UTC where none is said."""
    month: str | None = None
    """Of a report: `2026-10`."""
    wish: Wish = Wish()
    """Of the address in `to`, where it is made or changed."""
    is_admin: Callable[[], Awaitable[bool | None]] | None = field(default=None, compare=False)
    """Whether who asks runs the workspace; it answers None where that can't be known."""


@dataclass(frozen=True)
class Reply(Bulletin):
    """An answer; `data` is what `--json` prints."""

    data: Mapping[str, Any] = field(default_factory=dict)


class CommandError(Exception):
    """What was asked can't be done; the message is one sentence for the person who asked."""


class UsageError(CommandError):
    """A command was not used as it is meant; a chat's answer ends with its usage."""
