"""What an assistant can find out, whatever it asks: what public pages say, and nothing of a workspace's own."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from standins.owner import STORY, Owned, given_away, owner
from standins.rows import provider
from standins.whole import Whole, dump, whole

from bot.mcp import server
from storage import follows
from storage.database import Database
from storage.tables import Follow, Provider

AT = datetime(2026, 1, 1, tzinfo=UTC)
NOBODYS = {
    "hook": "https://hooks.example.com/nobodys-hook/zzjj",
    "mail": "mailto:ops@nobodys.mail",
    "channel": "CNOBODY",
    "place": "slack:T9/CNOBODY",
    "follow": "987654",
    "delivery": "987654.1",
    "token": "uptm_nobody",
    "key": "nobodys-key",
    "person": "UNOBODY",
}
"""The like of what the owner has, and nobody does."""


@dataclass
class Asked:
    """The server, for real clients of the official SDK, and who owns what."""

    whole: Whole
    owned: Owned
    server: MCPServer[None]

    @property
    def client(self) -> Client:
        """One more: none outlives the task that opened it."""
        return Client(self.server)

    async def __call__(self, tool: str, /, **given: Any) -> tuple[bool, str]:
        """Whether it was answered, and with what."""
        async with self.client as client:
            result = await client.call_tool(tool, given)
        shown = "".join(getattr(part, "text", "") for part in result.content)
        return not result.is_error, f"{shown} {result.structured_content or ''}"


@pytest.fixture
async def asked(database: Database, database_url: str) -> AsyncIterator[Asked]:
    """A workspace in Slack has one of everything, and alone follows ChargeOver; the terminal follows another page.
    No page is fetched: their ports are closed."""
    async with whole(database, database_url, denied_ports="80 443 1") as made:
        owned = await owner(made.services)
        other = await provider(database, "ours", url="https://status.ours.example", due_at=AT)
        async with database.write() as session:
            (await session.get_one(Provider, 1)).due_at = AT
            place = await follows.workspace(session, "local")
            at = await follows.add_destination(session, place, "console:", "console", [])
            wish = {"incidents": True, "components": True, "maintenance": True, "component_ids": []}
            session.add(
                Follow(provider_id=other, destination_id=at.id, created_by="terminal", created_at=AT, **wish)
            )
        yield Asked(made, owned, server.build(made.settings, made.services))


async def arguments(asked: Asked) -> dict[str, list[str]]:
    """Of each tool those that are words."""
    async with asked.client as client:
        tools = (await client.list_tools()).tools
    return {
        tool.name: [name for name, one in tool.input_schema["properties"].items() if "string" in str(one)]
        for tool in tools
    }


def names(asked: Asked) -> dict[str, str]:
    """What the owner's things are called."""
    owned = asked.owned
    return {
        "hook": owned.hook, "mail": owned.mail, "channel": owned.channel, "place": f"slack:T1/{owned.channel}",
        "follow": str(owned.follow_id), "delivery": owned.delivery, "token": owned.token, "key": asked.whole.key,
        "person": "UOWNERS",
    }  # fmt: skip


async def test_all_that_there_is_are_tools_that_read(asked: Asked) -> None:
    assert await arguments(asked) == {
        "status": ["provider"],
        "incidents": ["provider"],
        "maintenance": ["provider"],
        "uptime": ["provider"],
        "search": ["text"],
    }
    async with asked.client as client:
        assert (await client.list_resources()).resources == []
        assert (await client.list_prompts()).prompts == []


async def test_what_a_workspace_has_is_as_if_it_was_not_there(asked: Asked) -> None:
    before, walked = await dump(asked.whole.database), 0
    for tool, said in (await arguments(asked)).items():
        for argument in said:
            for kind, name in names(asked).items():
                answer = await asked(tool, **{argument: name})
                assert given_away(_without(answer, name)[1]) == [], (tool, kind)
                if tool != "search":  # which looks into the catalogue alone, and finds more for a number
                    other = await asked(tool, **{argument: NOBODYS[kind]})
                    assert _without(answer, name) == _without(other, NOBODYS[kind]), (tool, kind)
                walked += 1
    assert walked == 5 * len(NOBODYS)
    assert await dump(asked.whole.database) == before, "it only reads"


def _without(answer: tuple[bool, str], name: str) -> tuple[bool, str]:
    return answer[0], answer[1].replace(name[:80], "IT")


async def test_what_another_workspace_follows_is_not_listed(asked: Asked) -> None:
    for tool in ("status", "maintenance"):
        answered, shown = await asked(tool)
        assert answered
        assert "chargeover" not in shown.lower(), tool
        assert given_away(shown) == []
    assert "https://status.ours.example" in (await asked("status"))[1]


async def test_of_a_page_that_another_follows_it_tells_what_the_page_says(asked: Asked) -> None:
    """As the public pages do, whoever follows it; not what was told of it, to whom, or whether that arrived."""
    public = await (await asked.whole.ask("GET", "/api/v1/providers/chargeover")).json()
    for tool in ("status", "incidents", "maintenance", "uptime"):
        answered, shown = await asked(tool, provider="chargeover")
        assert answered, shown
        assert given_away(shown) == []
        assert STORY not in shown
    async with asked.client as client:
        result = await client.call_tool("status", {"provider": "chargeover"})
    found = result.structured_content
    assert found is not None
    assert {name: found[name] for name in ("status", "components", "incidents", "maintenances")} == {
        name: public[name] for name in ("status", "components", "incidents", "maintenances")
    }


async def test_a_workspace_can_not_be_named(asked: Asked) -> None:
    for name in ("workspace", "workspace_id", "actor", "here", "to", "is_admin", "self"):
        for value in ("slack:T1", asked.owned.workspace_id, True):
            assert await asked("status", **{name: value}) == await asked("status")
    for tool in ("destinations", "follows", "deliveries", "audit", "webhook", "destination.list_", "_read"):
        assert await asked(tool) == (False, f"Unknown tool: {tool} ")


HOSTILE = (
    "'; DROP TABLE providers; --", "' OR '1'='1", "1 UNION SELECT uri FROM destinations", "x' OR slug = 'ours",
    "%", "_", "\\", "*", "a\0b", "\x1b[2J", "../../etc/passwd", "{{ 7 * 7 }}", "${jndi:ldap://x}", "\u202egnp",
)  # fmt: skip
ADDRESSES = (
    "http://127.0.0.1:2/", "http://[::1]:2/", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd",
    "gopher://127.0.0.1:2/", "http://user:word@127.0.0.1:2/", "sqlite:///uptimus.db", "http://", "://",
)  # fmt: skip


async def test_what_is_hostile_is_nobodys_name(asked: Asked) -> None:
    before = await dump(asked.whole.database)
    for tool, argument in _each(await arguments(asked)):
        for text in (*HOSTILE, *ADDRESSES):
            answered, shown = await asked(tool, **{argument: text})
            where = (tool, text, shown)
            assert given_away(shown) == [], where
            assert answered is (tool == "search"), where
            assert answered or _is_clear(shown, tool, text), where
    assert await dump(asked.whole.database) == before


def _each(tools: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    for tool, said in tools.items():
        yield from ((tool, argument) for argument in said)


def _is_clear(shown: str, tool: str, text: str) -> bool:
    """It says what is wrong, and nothing of how we are made."""
    said = shown.removeprefix(f"Error executing tool {tool}").removeprefix(": ").replace(text, "").strip()
    return len(said) > 10 and not any(one in said for one in ("SELECT ", "Traceback", ".py", "sqlite", "asyncpg"))


WRONG: tuple[tuple[Any, str], ...] = (
    ("x" * 100_000, "at most 2000 characters"),
    (5, "should be a valid string"),
    (["chargeover"], "should be a valid string"),
    ({"slug": "chargeover"}, "should be a valid string"),
    ("\ud800", "should be a valid string"),
)


async def test_what_is_no_name_is_refused_in_words(asked: Asked) -> None:
    for tool, argument in _each(await arguments(asked)):
        for value, said in WRONG:
            answered, shown = await asked(tool, **{argument: value})
            assert not answered
            assert f"{argument}\n" in shown
            assert said in shown
            assert len(shown) < 500


async def test_how_many_days_is_bounded(asked: Asked) -> None:
    for days in (0, -1, 367, 10**30, "soon", None, 1.5):
        answered, shown = await asked("uptime", provider="chargeover", days=days)
        assert not answered
        assert "days\n  Input should be" in shown


async def test_who_is_misspelt_is_recognized_and_not_read(asked: Asked) -> None:
    for tool in ("status", "incidents", "maintenance", "uptime"):
        answered, shown = await asked(tool, provider="chargover")
        assert not answered
        assert "No provider is called 'chargover'. Did you mean chargeover?" in shown
