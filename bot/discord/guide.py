"""`/uptimus help`: what can be asked, out of the commands as they are registered. Pure."""

from collections.abc import Iterator

from discord import app_commands

from bot.commands.reply import Reply, Row, Section
from bot.commands.usage import USAGES
from bot.discord.words import in_options


def guide(group: app_commands.Group, name: str | None = None) -> Reply:
    """Everything on one screen, or all about one command."""
    if name in (None, "", "help"):
        rows = tuple(Row(f"/{one.qualified_name}", detail=one.description) for one in _commands(group))
        return Reply("I watch status pages and tell you here when something changes.", (Section(rows=rows),))
    found = [one for one in _commands(group) if one.qualified_name.split()[1] == name]
    if len(found) == 1:
        return Reply(f"/{found[0].qualified_name}: {found[0].description}.", tuple(_options(found[0])))
    sections = (part for one in found for part in (Section(f"/{one.qualified_name}"), *_options(one)))
    return Reply(f"/uptimus {name}: {in_options(USAGES[name or ''].does)}.", tuple(sections))


def _commands(group: app_commands.Group) -> Iterator[app_commands.Command[app_commands.Group, ..., None]]:
    for one in group.commands:
        if isinstance(one, app_commands.Group):
            yield from _commands(one)
        else:
            yield one


def _options(command: app_commands.Command[app_commands.Group, ..., None]) -> Iterator[Section]:
    rows = tuple(
        Row(f"{one.display_name}:", detail=f"{one.description}{' (needed)' if one.required else ''}")
        for one in command.parameters
    )
    if rows:
        yield Section("Options", rows)
