"""COMMANDS: the one list of what people can say, in a chat and in a terminal."""

from collections.abc import Awaitable, Callable

from bot.commands.follow import follow
from bot.commands.help import help_
from bot.commands.incidents import incidents
from bot.commands.listing import list_follows
from bot.commands.maintenance import maintenance
from bot.commands.reply import Reply, Request
from bot.commands.search import search
from bot.commands.services import Services
from bot.commands.status import status
from bot.commands.unfollow import unfollow
from bot.commands.uptime import uptime

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
    "help": help_,
}
