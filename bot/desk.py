"""What every handler of a chat's requests works with, in nobody's dialect: it asks the command, catches what goes
wrong, and knows what came before. It sends nothing: each handler dresses the answer in its own way."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, ClassVar, TypeVar

import structlog

from bot.commands.reply import CommandError, Reply, Request

REPEATED_FOR = 600.0
"""Seconds for which a request that came twice is recognized: longer than Slack's last repeat."""
LAST_ANSWERS = 5.0
"""Seconds that answers under way get to finish when the door closes."""

log = structlog.get_logger()

T = TypeVar("T")
Commands = Mapping[str, Callable[[Any, Request], Awaitable[Reply]]]
Answer = Callable[[Any, str, Request], Awaitable[Reply]]


@dataclass(frozen=True)
class Refusal:
    """Why somebody gets no answer, in words for them."""

    text: str


class Desk:
    """`services` is handed to each command as it is. `answer` asks a command by its name (None: it is called as
    it is)."""

    platform: ClassVar[str]
    """As the log names it."""

    def __init__(self, services: Any, commands: Commands, answer: Answer | None = None) -> None:
        self.services, self.commands = services, commands
        self._answer = answer
        self._seen = _Seen(REPEATED_FOR)
        self._under_way: set[asyncio.Task[Any]] = set()

    async def answer(self, name: str, request: Request) -> Reply | Refusal:
        """What the command says; a Refusal where it can't be done or went wrong."""
        if self._answer is not None:
            return await self.attempt(name, self._answer(self.services, name, request))
        return await self.attempt(name, self.commands[name](self.services, request))

    async def attempt(self, what: str, work: Awaitable[T]) -> T | Refusal:
        """The outcome of the work. Nothing is raised: what went wrong is logged under an id that the Refusal
        names."""
        try:
            return await work
        except CommandError as error:
            return Refusal(str(error))
        except Exception:
            id = secrets.token_hex(3)
            log.exception(f"{self.platform}.failed", id=id, what=what)
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
