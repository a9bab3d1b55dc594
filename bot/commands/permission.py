"""Who may change what a workspace follows."""

from bot.commands.reply import CommandError, Request
from bot.commands.services import Services
from storage import follows

LOCAL = "local"
"""The terminal's workspace: whoever has the terminal has the database."""


async def check(services: Services, request: Request, name: str) -> None:
    """Raises CommandError where who asks may not change anything with this command."""
    if request.workspace == LOCAL:
        return
    async with services.database.read() as session:
        editors, chosen = await follows.editors(session, request.workspace)
    if editors == "everyone" or (request.actor and request.actor in chosen):
        return
    # A chosen few may all have left: whoever runs the workspace can always choose others.
    admin = await _is_admin(request) if editors == "admins" or name == "settings" else False
    if admin:
        return
    if editors == "chosen":
        raise CommandError(
            "Only the people who were chosen may change what is followed here; ask one of them:"
            " /uptimus settings shows who they are"
        )
    if admin is None:
        raise CommandError(
            "Only admins may change what is followed here, and I can't see who is one: ask an admin to add uptimus"
            " again with the scope users:read, or whoever set this (/uptimus settings) to name people instead"
        )
    raise CommandError(
        f"Only {admins(request)} may change what is followed here; ask one of them{_opened(request)}"
    )


def admins(request: Request) -> str:
    """Who runs the workspace, in the words of its chat."""
    return "members who may manage the server" if request.workspace.startswith("discord:") else "admins"


def _opened(request: Request) -> str:
    """Where nobody chose it to be so, how it is changed."""
    if not request.workspace.startswith("discord:"):
        return ""
    return " (one of them can open it to all: /uptimus settings changes: everyone)"


async def _is_admin(request: Request) -> bool | None:
    return await request.is_admin() if request.is_admin is not None else None
