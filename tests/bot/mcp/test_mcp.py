"""What an assistant is answered: by a real client of the official SDK, over standard input and output."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from bot.demo import LOGIN_OUTAGE, DemoPage, load

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def assistant(folder: Path) -> AsyncIterator[Client]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "UPTIMUS_ALLOW_PRIVATE_NETWORKS": "1"}
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "bot", "mcp"], env=environment, cwd=str(folder)
    )
    async with Client(command) as client:
        yield client


async def answer(client: Client, tool: str, **asked: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, asked)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    given: dict[str, Any] = result.structured_content
    return given


@pytest.fixture
async def page() -> AsyncIterator[str]:
    """Its address."""
    shown = DemoPage(load(LOGIN_OUTAGE))
    yield await shown.start()
    await shown.aclose()


async def test_every_tool_says_that_it_only_reads(tmp_path: Path) -> None:
    async with assistant(tmp_path) as client:
        tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == {"status", "incidents", "maintenance", "uptime", "search"}
    assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in tools)
    assert all(tool.description for tool in tools)


async def test_a_page_that_nobody_follows_is_read_at_once_and_not_remembered(tmp_path: Path, page: str) -> None:
    async with assistant(tmp_path) as client:
        found = await answer(client, "status", provider=page)
        assert found["status"] == "operational"
        assert found["provider"]["name"] == "ChargeOver"
        assert "ChargeOver: operational" in found["answer"]
        everything = await answer(client, "status")
    assert everything["providers"] == [], "nothing was stored"


async def test_what_nobody_knows_is_answered_in_words(tmp_path: Path) -> None:
    async with assistant(tmp_path) as client:
        result = await client.call_tool("uptime", {"provider": "nothing of this name"})
        assert result.is_error
        assert "No provider is called" in str(result.content)
        assert "chargeover" in {
            one["slug"] for one in (await answer(client, "search", text="charge over"))["providers"]
        }
