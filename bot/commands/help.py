"""help: what can be asked, on one screen; or all about one command."""

from bot.commands.reply import CommandError, Reply, Request, Row, Section
from bot.commands.services import Services
from bot.commands.spoken import guess
from bot.commands.usage import USAGES, Usage

_SCREEN = (
    ("follow <provider or address>", "tell this channel about it; without a name a dialog opens"),
    *((USAGES[name].line, USAGES[name].does) for name in ("unfollow", "list", "status")),
    ("uptime [provider]", USAGES["uptime"].does),
    ("incidents <provider>, maintenance [provider]", "what has happened, and planned work"),
    ("report <provider> [what]", "say that you have trouble with it, too"),
    ("search <text>, related <provider>", "what can be followed by name"),
    ("mute [provider] [off]", "add nothing to the threads of what is active"),
    ("digest daily|weekly|off", "a summary for this channel"),
    ("webhook add|list|test|remove", USAGES["webhook"].does),
    ("settings, audit", "who may change things here, and who did"),
    ("help <command>", "all about one command, as in: help follow"),
)


async def help_(services: Services, request: Request) -> Reply:  # noqa: ARG001
    """What can be asked."""
    asked = (request.text or request.provider or "").lower().strip().removeprefix("/uptimus ")
    if asked and asked != "help":
        return _about(asked)
    return Reply(
        text="I watch status pages and tell you here when something changes.",
        sections=(Section(rows=tuple(Row(title=usage, detail=said) for usage, said in _SCREEN)),),
        data={"commands": [{"usage": one.line, "does": one.does} for one in USAGES.values()]},
    )


def _about(name: str) -> Reply:
    found = USAGES.get(name)
    if found is None:
        raise CommandError(f"I don't know “{name[:40]}”{guess(name, USAGES)} Try /uptimus help")
    examples = tuple(Row(title="", detail=f"/uptimus {example}") for example in found.examples)
    sections = (
        Section("Options", tuple(Row(title=option, detail=said) for option, said in found.options)),
        Section("For example", examples),
    )
    return Reply(
        text=f"/uptimus {found.line}: {found.does}.",
        sections=tuple(one for one in sections if one.rows),
        data=_json(found),
    )


def _json(found: Usage) -> dict[str, object]:
    return {
        "usage": found.line,
        "does": found.does,
        "options": [{"option": option, "does": said} for option, said in found.options],
        "examples": list(found.examples),
    }
