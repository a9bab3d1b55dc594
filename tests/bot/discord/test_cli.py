"""`uptimus discord …` and what `uptimus run` imports, each in a process of its own."""

import asyncio
import json
import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from standins.discord import DiscordServer

ROOT = Path(__file__).parents[3]


async def uptimus(folder: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """(exit code, what it said, what was wrong)."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode().strip(), err.decode().strip()


async def test_the_invite_asks_for_the_least(tmp_path: Path) -> None:
    async with DiscordServer(pace=None) as server:
        given = {"DISCORD_TOKEN": server.token, "DISCORD_API_URL": server.api_url}
        code, out, _ = await uptimus(tmp_path, "discord", "invite", **given)
    assert code == 0
    asked = parse_qs(urlsplit(out).query)
    assert asked["client_id"] == [server.application_id]
    assert asked["scope"] == ["bot applications.commands"]
    assert asked["permissions"] == ["309237730304"]


async def test_sync_registers_each_time_it_is_asked(tmp_path: Path) -> None:
    async with DiscordServer(pace=None) as server:
        given = {"DISCORD_TOKEN": server.token, "DISCORD_API_URL": server.api_url}
        for _ in range(2):
            code, out, err = await uptimus(tmp_path, "discord", "sync", **given)
            assert (code, out, err) == (0, "The commands are registered with Discord.", "")
        assert len(server.called("PUT /applications/{application_id}/commands")) == 2
        assert [one["name"] for one in server.commands[""]] == ["uptimus"]


async def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    assert await uptimus(tmp_path, "discord", "invite") == (1, "", "uptimus: DISCORD_TOKEN is missing")
    async with DiscordServer(pace=None) as server:
        given = {"DISCORD_TOKEN": "wrong", "DISCORD_API_URL": server.api_url}
        refused = (1, "", "uptimus: DISCORD_TOKEN: Discord does not accept it")
        assert await uptimus(tmp_path, "discord", "sync", **given) == refused
        code, _, err = await uptimus(tmp_path, "run", "--role", "bot", **given)
        assert (code, err.splitlines()[-1]) == (1, "uptimus: DISCORD_TOKEN: Discord does not accept it")


WITHOUT = """
import asyncio, json, sys
from bot import app, settings

async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.5, stop.set)
    await app.run(settings.load(), ["all"], stop=stop)
    print(json.dumps([name for name in ("discord", "slack_bolt") if name in sys.modules]))

asyncio.run(main())
"""


async def test_without_a_token_the_library_is_not_imported(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WITHOUT,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PORT": "0"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert json.loads(out.decode().splitlines()[-1]) == []
