"""What is offered as somebody types in an option of Discord's: 25 at most, from memory, of their own guild."""

from typing import Any

import pytest
from sqlalchemy import event
from standins.discord_bot import Server

CASES: list[tuple[str, str, str, dict[str, Any], list[str]]] = [
    ("follow", "provider", "charge", {}, ["chargeover", "chargebee"]),
    ("follow", "provider", "GITHUB", {}, ["github"]),
    ("follow", "provider", "https://status.example.net/", {}, ["https://status.example.net/"]),
    ("status", "provider", "", {}, ["chargeover"]),
    ("unfollow", "provider", "#ops", {}, ["chargeover #1"]),
    ("mute", "provider", "over", {}, ["chargeover"]),
    ("follow", "component", "", {"provider": "chargeover"}, ["all", "app", "search"]),
    ("follow", "component", "main", {"provider": "ChargeOver"}, ["app"]),
    ("follow", "component", "", {"provider": "chargebee"}, []),
    ("follow", "component_2", "sea", {"provider": "chargeover"}, ["search"]),
    ("digest", "zone", "berl", {}, ["Europe/Berlin"]),
    ("webhook test", "address", "", {}, []),
]


@pytest.mark.parametrize(("command", "option", "typed", "filled", "offered"), CASES)
async def test_offers(
    command: str, option: str, typed: str, filled: dict[str, Any], offered: list[str], server: Server
) -> None:
    await server.follow()
    found = await server.ann.autocomplete(server.ops, f"uptimus {command}", option, typed, **filled)
    assert [one["value"] for one in found] == offered


async def test_never_more_than_discord_takes(server: Server) -> None:
    for typed in ("", "page", "p"):
        found = await server.ann.autocomplete(server.ops, "uptimus follow", "provider", typed)
        assert len(found) == 25
    long = f"https://status.example.net/{'x' * 150}"
    assert await server.ann.autocomplete(server.ops, "uptimus follow", "provider", long) == []


async def test_another_guild_is_offered_nothing_of_it(server: Server) -> None:
    await server.follow()
    other = server.env.create_guild("Other")
    room = other.create_text_channel("room")
    eve = other.add_member(server.env.create_user("eve"))
    assert await eve.autocomplete(room, "uptimus unfollow", "provider", "") == []


async def test_however_much_somebody_types_the_database_is_asked_once(server: Server) -> None:
    await server.follow()
    asked: list[str] = []

    def ask(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(server.database.engine.sync_engine, "before_cursor_execute", ask)
    for typed in ("c", "ch", "cha", "char"):
        await server.ann.autocomplete(server.ops, "uptimus follow", "provider", typed)
    assert sum("FROM providers" in one for one in asked) == 1
