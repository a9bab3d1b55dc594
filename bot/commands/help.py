"""help: what can be asked, on one screen."""

from bot.commands.reply import Reply, Request, Row, Section
from bot.commands.services import Services

USAGE = (
    ("follow <provider or page address>", "tell this place about it (--stream, --component, --min-impact, --to)"),
    ("unfollow <provider>", "tell no more"),
    ("list", "what is followed, and where it is told"),
    ("status [provider]", "how things are now"),
    ("uptime [provider]", "the last ninety days"),
    ("incidents <provider>", "what has happened"),
    ("maintenance [provider]", "planned work"),
    ("search <text>", "providers that can be followed by name"),
    ("help", "this"),
)


async def help_(services: Services, request: Request) -> Reply:  # noqa: ARG001
    """What can be asked."""
    rows = tuple(Row(title=usage, detail=said) for usage, said in USAGE)
    return Reply(
        text="I watch status pages and tell you here when something changes.",
        sections=(Section(rows=rows),),
        data={"commands": [{"usage": usage, "does": said} for usage, said in USAGE]},
    )
