"""COMMANDS: the one list of what people can say, in a chat and in a terminal, and the one way to an answer."""

from collections.abc import Awaitable, Callable

from bot.commands import permission, usage
from bot.commands.audit import audit
from bot.commands.digest import digest
from bot.commands.follow import follow
from bot.commands.help import help_
from bot.commands.incidents import incidents
from bot.commands.listing import list_follows
from bot.commands.maintenance import maintenance
from bot.commands.mute import mute
from bot.commands.related import related
from bot.commands.reply import Reply, Request, UsageError
from bot.commands.report import report
from bot.commands.search import search
from bot.commands.services import Services
from bot.commands.settings import settings
from bot.commands.status import status
from bot.commands.unfollow import unfollow
from bot.commands.uptime import uptime
from bot.commands.webhook import webhook
from relay.spans import span

Command = Callable[[Services, Request], Awaitable[Reply]]

COMMANDS: dict[str, Command] = {
    "follow": follow,
    "unfollow": unfollow,
    "list": list_follows,
    "status": status,
    "uptime": uptime,
    "incidents": incidents,
    "maintenance": maintenance,
    "search": search,
    "related": related,
    "report": report,
    "mute": mute,
    "digest": digest,
    "webhook": webhook,
    "settings": settings,
    "audit": audit,
    "help": help_,
}

CHANGES = frozenset({"follow", "unfollow", "mute", "digest", "webhook", "settings"})
"""What may change something: not everybody may say it everywhere."""
_ALONE = frozenset({"mute", "digest", "settings", "webhook"})
"""Without a word more these only tell; so does `webhook list`."""


async def answer(services: Services, name: str, request: Request) -> Reply:
    """What a command answers to who asked, after a look at whether they may. Raises CommandError."""
    try:
        with span(f"command {name}", "server", {"uptimus.platform": request.workspace.partition(":")[0]}):
            if changes(name, request):
                await permission.check(services, request, name)
            return await COMMANDS[name](services, request)
    except UsageError as error:
        if not usage.is_typed(request.workspace):
            raise
        raise UsageError(usage.with_usage(str(error), name)) from None


def changes(name: str, request: Request) -> bool:
    """Whether this request changes something."""
    said = (request.text or request.provider or "").strip().lower()
    tells = said == "" or (name, said) == ("webhook", "list")
    alone = tells and (request.at, request.on, request.zone) == (None, None, None)
    return name in CHANGES and not (name in _ALONE and alone)
