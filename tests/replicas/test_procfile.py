"""The Procfile, run as a host runs it: PORT and DATABASE_URL are given, a question is asked, SIGTERM comes."""

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import pytest
from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url
from standins.replica import ROOT, Replica, environment

HONCHO = Path(sys.executable).with_name("honcho")


async def honcho(*words: str, env: dict[str, str]) -> Replica:
    return Replica(
        await asyncio.create_subprocess_exec(
            HONCHO, "-f", str(ROOT / "Procfile"), "-d", str(ROOT), *words, cwd=ROOT, env=env,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )
    )  # fmt: skip


async def answered(address: str) -> str:
    """What is answered there, as soon as anybody does."""
    async with aiohttp.ClientSession() as browser, asyncio.timeout(60):
        while True:
            try:
                async with browser.get(address) as response:
                    if response.status == 200:
                        return await response.text()
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.1)


@pytest.mark.skipif(not HONCHO.exists(), reason="honcho is not installed")
async def test_a_host_runs_it(new_postgresql: str, unused_port: int) -> None:
    handed_out = make_url(new_postgresql).set(drivername="postgres").render_as_string(hide_password=False)
    env = environment(handed_out, Fernet.generate_key().decode(), PORT=str(unused_port))
    env["PATH"] = os.pathsep.join([str(HONCHO.parent), env["PATH"]])
    prepared = await honcho("run", "python", "-m", "bot", "db", "upgrade", env=env)
    assert await prepared.ended() == 0
    host = await honcho("start", env=env)
    try:
        assert "ok" in await answered(f"http://127.0.0.1:{unused_port}/readyz")
    finally:
        await host.stop()
    with pytest.raises(aiohttp.ClientConnectionError):
        async with aiohttp.ClientSession() as browser:
            await browser.get(f"http://127.0.0.1:{unused_port}/readyz")
