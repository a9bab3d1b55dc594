"""What every handler of Slack's requests works with: it makes a Request of a payload, asks the command, catches
what goes wrong, and knows what came before. It sends nothing: each handler dresses the answer in its own way."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, TypeVar

import aiohttp
import structlog
from slack_bolt.request.internals import extract_team_id
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands.reply import CommandError, Reply, Request
from relay.transports.transport import DeliveryError

REPEATED_FOR = 600.0
"""Seconds for which a request that came twice is recognized: longer than Slack's last repeat."""
LAST_ANSWERS = 5.0
"""Seconds that answers under way get to finish when the door closes."""

log = structlog.get_logger()

T = TypeVar("T")
Commands = Mapping[str, Callable[[Any, Request], Awaitable[Reply]]]
Answer = Callable[[Any, str, Request], Awaitable[Reply]]
Clients = Callable[[str], Awaitable[AsyncWebClient]]


@dataclass(frozen=True)
class Refusal:
    """Why somebody gets no answer, in words for them."""

    text: str


class Desk:
    """`services` is handed to each command as it is. `answer` asks a command by its name (None: it is called as
    it is), `clients` finds the client of a team."""

    def __init__(
        self, services: Any, commands: Commands, answer: Answer | None = None, clients: Clients | None = None
    ) -> None:
        self.services, self.commands, self.clients = services, commands, clients
        self._answer = answer
        self._seen = _Seen(REPEATED_FOR)
        self._under_way: set[asyncio.Task[Any]] = set()

    def request(self, body: Mapping[str, Any], **given: Any) -> Request:
        """Who asks, from where, of any payload of Slack's: a slash command, a press of a button, a dialog that
        was sent, a shortcut. `given` are fields of the Request. Where the payload names no channel and none is
        given, `here` is a direct message to whoever asks."""
        team, user = str(extract_team_id(dict(body)) or ""), _id(body, "user")
        known: dict[str, Any] = {
            "workspace": f"slack:{team}",
            "actor": user,
            "here": f"slack:{team}/{channel_of(body) or user}",
            "is_admin": partial(self.is_admin, team, user),
        }
        return Request(**known | given)

    async def answer(self, name: str, request: Request) -> Reply | Refusal:
        """What the command says; a Refusal where it can't be done or went wrong."""
        if self._answer is not None:
            return await self.attempt(name, self._answer(self.services, name, request))
        return await self.attempt(name, self.commands[name](self.services, request))

    async def is_admin(self, team: str, user: str) -> bool | None:
        """Whether the person runs the workspace; None where Slack doesn't say (it wants the scope users:read)."""
        if self.clients is None:
            return None
        try:
            found = await (await self.clients(team)).users_info(user=user)
            return bool(found["user"].get("is_admin") or found["user"].get("is_owner"))
        except (SlackClientError, DeliveryError, aiohttp.ClientError, TimeoutError, OSError, LookupError) as error:
            log.info("slack.admin_unknown", reason=type(error).__name__)
            return None

    async def attempt(self, what: str, work: Awaitable[T]) -> T | Refusal:
        """The outcome of the work. Nothing is raised: what went wrong is logged under an id that the Refusal
        names."""
        try:
            return await work
        except CommandError as error:
            return Refusal(str(error))
        except Exception:
            id = secrets.token_hex(3)
            log.exception("slack.failed", id=id, what=what)
            return Refusal(f"Something went wrong (id {id})")

    def first_time(self, id: str | None) -> bool:
        """Whether a request of this id (a trigger's, an event's) did not come before; from now on it did. Always
        true without an id."""
        return not self._seen.before(id)

    def track(self, task: asyncio.Task[Any] | None) -> None:
        """An answer under way: it may finish when the door closes."""
        if task is not None:
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def finish(self) -> None:
        """Waits for the answers under way, a few seconds at most."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=LAST_ANSWERS)


def channel_of(body: Mapping[str, Any]) -> str:
    """The channel that a payload comes from; empty where it comes from none (a home tab, a global shortcut)."""
    container = body.get("container")
    within = container.get("channel_id") if isinstance(container, Mapping) else None
    return _id(body, "channel") or str(within or "")


def _id(body: Mapping[str, Any], what: str) -> str:
    """`{"user": {"id": …}}`, `{"user": …}` and `{"user_id": …}` alike."""
    value = body.get(what)
    if isinstance(value, Mapping):
        value = value.get("id")
    return str(value or body.get(f"{what}_id") or "")


class _Seen:
    """Requests that came before, for a while: Slack repeats what it thinks was not heard."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: OrderedDict[str, float] = OrderedDict()

    def before(self, id: str | None) -> bool:
        """Whether this one came before; from now on it did."""
        now = monotonic()
        while self._until and next(iter(self._until.values())) < now:
            self._until.popitem(last=False)
        if id is None or id in self._until:
            return id is not None
        self._until[id] = now + self._seconds
        return False
