"""help, and the usage of every command."""

import pytest

from bot.commands import COMMANDS
from bot.commands.parse import parse
from bot.commands.usage import USAGES

from .conftest import Chat


def test_every_command_has_its_usage() -> None:
    assert set(USAGES) == set(COMMANDS)
    assert [name for name, usage in USAGES.items() if usage.line.split()[0] != name] == []


async def test_help_fits_one_screen_and_names_every_command(chat: Chat) -> None:
    reply = await chat.say("help")
    lines = [reply.text, *(f"{row.title} {row.detail}" for section in reply.sections for row in section.rows)]
    assert len(lines) <= 15
    assert max(len(line) for line in lines) <= 110
    assert [name for name in COMMANDS if not any(name in line for line in lines)] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
async def test_help_about_one_command(chat: Chat, name: str) -> None:
    reply = await chat.say(f"help {name}")
    assert reply.text
    if name != "help":
        assert reply.text.startswith(f"/uptimus {name}")
        assert (await chat.say(f"{name} --help")).text == reply.text


@pytest.mark.parametrize(
    "example", [example for usage in USAGES.values() for example in usage.examples if "#" not in example]
)
def test_every_example_can_be_typed(example: str) -> None:
    typed = example.replace("@ann @bob", "<@U1|ann> <@U2|bob>")
    name, _ = parse(typed, commands=COMMANDS, workspace="slack:T1", here="slack:T1/C1")
    assert name == example.split()[0]


async def test_help_about_what_there_is_not(chat: Chat) -> None:
    assert await chat.refused("help folow") == "I don't know “folow”; did you mean follow? Try /uptimus help"
