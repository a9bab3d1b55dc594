"""What an assistant can ask: is a service down, what happened, how good was it, what is there to follow.

The answers are those of the commands. A provider that nobody follows is read from its own page at that moment, and
nothing of it is stored. https://modelcontextprotocol.io
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import AfterValidator, Field

from adapters.fetch import AdapterError
from bot.commands import check
from bot.commands.find import is_address
from bot.commands.incidents import incidents
from bot.commands.maintenance import maintenance
from bot.commands.reply import CommandError, Reply, Request
from bot.commands.search import search
from bot.commands.services import Services
from bot.commands.status import status
from bot.commands.uptime import MOST_DAYS, uptime
from bot.settings import Settings
from storage import providers

LONGEST = 2000
"""Letters of a name or an address."""
INSTRUCTIONS = (
    "uptimus reads the official status pages of services such as Stripe, GitHub or AWS. Ask `status` when"
    " somebody wonders whether a service is down. A status of `unknown` means that nothing is known, not that all"
    " is well."
)
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=True)

Answer = dict[str, Any]


def _plain(text: str) -> str:
    """Without what PostgreSQL does not take."""
    return text.replace("\0", "")


Words = Annotated[str, Field(max_length=LONGEST), AfterValidator(_plain)]
Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]


def build(settings: Settings, services: Services) -> MCPServer[None]:
    """The server, before it speaks with anybody."""
    server: MCPServer[None] = MCPServer("uptimus", instructions=INSTRUCTIONS, log_level="ERROR")
    asked = _Asked(settings, services)
    for tool in (asked.status, asked.incidents, asked.maintenance, asked.uptime, asked.search):
        server.tool(annotations=_READS)(tool)
    return server


class _Asked:
    """The tools. Their docstrings are what an assistant reads."""

    def __init__(self, settings: Settings, services: Services) -> None:
        self._settings, self._services = settings, services

    async def status(self, provider: Words | None = None) -> Answer:
        """Is a service down? Its present status, components, active incidents, coming maintenance. `provider` is a
        name, a slug or the address of a status page; without it: everything that is followed here."""
        if provider is not None and await self._unfollowed(provider):
            return await self._read(provider)
        return await self._answer(status, provider=provider)

    async def incidents(self, provider: Words) -> Answer:
        """What went wrong at a service lately, newest first, with every update that it posted."""
        if await self._unfollowed(provider):
            return await self._read(provider)
        return await self._answer(incidents, provider=provider)

    async def maintenance(self, provider: Words | None = None) -> Answer:
        """Planned work that is announced or under way: of one service, or of everything that is followed here."""
        return await self._answer(maintenance, provider=provider)

    async def uptime(self, provider: Words, days: Days = 90) -> Answer:
        """How good the last days of a followed service were: a state for each day, and how many days are known."""
        return await self._answer(uptime, provider=provider, days=days)

    async def search(self, text: Words) -> Answer:
        """Services whose status pages are known by name."""
        return await self._answer(search, text=text)

    async def _unfollowed(self, provider: str) -> bool:
        """Whether it has a page that is not being read: what is remembered of one that nobody follows any more is
        old."""
        entry = self._services.catalogue.find(provider)
        names = (provider, *([entry.slug] if entry is not None else []))
        async with self._services.database.read() as session:
            found = [one for name in names if (one := await providers.find(session, name)) is not None]
        if any(one.due_at is not None for one in found):
            return False
        return bool(found) or entry is not None or is_address(provider)

    async def _answer(self, command: Callable[[Services, Request], Awaitable[Reply]], **said: Any) -> Answer:
        return await _in_words(partial(command, self._services, Request("local", "assistant", **said)))

    async def _read(self, provider: Words) -> Answer:
        now = self._services.now()
        return await _in_words(partial(check.check, self._settings, provider, None, now))


async def _in_words(asked: Callable[[], Awaitable[Reply]]) -> Answer:
    """The answer as data, with the sentence that sums it up."""
    try:
        reply = await asked()
    except (CommandError, AdapterError) as error:
        raise ToolError(str(error)) from None
    return {"answer": reply.text, **reply.data}
