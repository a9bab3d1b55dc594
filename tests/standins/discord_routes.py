"""The routes of the stand-in Discord's REST, how a request is matched to one, and what is remembered of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Json = dict[str, Any]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Call:
    """A request as it came. `code`: of the error that it was answered with, `status`: 0 while unanswered."""

    method: str
    path: str
    at: float
    route: str = ""
    names: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Name and content, by the id that `attachments` name them by."""
    status: int = 0
    code: int = 0

    @property
    def name(self) -> str:
        """As `called` takes it: `POST /channels/{channel_id}/messages`."""
        return f"{self.method} {self.route}"

    @property
    def resource(self) -> str:
        """What the limits count by: the channel, the guild, or the webhook and its token."""
        names = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_id")
        return "/".join(self.names[name] for name in names if name in self.names)


@dataclass(frozen=True)
class Route:
    """A route by the name that Discord's document gives it. `bot`: whether it takes the bot's token."""

    method: str
    template: str
    handler: Callable[..., Any]
    status: int
    bot: bool
    pattern: re.Pattern[str]


def route(method: str, template: str, *, status: int = 200, bot: bool = True) -> Callable[[F], F]:
    """Marks the method that answers a route. It takes the Call and returns the body, or None for a 204."""

    def mark(handler: F) -> F:
        marks: list[Any] = getattr(handler, "routes", [])
        marks.append((method, template, status, bot))
        handler.routes = marks  # type: ignore[attr-defined]
        return handler

    return mark


def routes_of(server: Any) -> list[Route]:
    """Every route that the methods of this object were marked with; the plainer one before the one with names."""
    found = []
    for name in dir(type(server)):
        for method, template, status, bot in getattr(getattr(type(server), name), "routes", []):
            pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template)))
            found.append(Route(method, template, getattr(server, name), status, bot, pattern))
    return sorted(found, key=lambda one: one.template.count("{"))
