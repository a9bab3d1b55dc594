"""Whole processes of uptimus, as an operator starts them, on one PostgreSQL."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


def environment(database_url: str, key: str, **more: str) -> dict[str, str]:
    """What such a process finds, and nothing else."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {
        "DATABASE_URL": database_url,
        "UPTIMUS_SECRET_KEY": key,
        "UPTIMUS_ALLOW_PRIVATE_NETWORKS": "1",
        "UPTIMUS_LOG_FORMAT": "json",
        "PORT": "0",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    } | more  # fmt: skip


class Replica:
    """A process, and what it has said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""
        self._changed = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def until(self, words: str, within: float = 60.0) -> None:
        """It says these words."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(lambda: words in self.said or self._reading.done())
        assert words in self.said, self.said[-2000:]

    async def stop(self) -> int:
        """SIGTERM; what it ends with."""
        self.process.terminate()
        return await self.ended()

    async def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        await self.ended()

    async def ended(self) -> int:
        """What it ends with."""
        async with asyncio.timeout(60):
            await self._reading
            return await self.process.wait()

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            async with self._changed:
                self.said += line.decode()
                self._changed.notify_all()
        async with self._changed:
            self._changed.notify_all()


async def begun(*words: str, env: Mapping[str, str], folder: Path = ROOT) -> Replica:
    """A Python program, just begun; all that it says goes to one place."""
    return Replica(
        await asyncio.create_subprocess_exec(
            sys.executable, *words, cwd=folder, env=dict(env),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )
    )  # fmt: skip


@asynccontextmanager
async def running(number: int, *words: str, env: Mapping[str, str], folder: Path) -> AsyncIterator[list[Replica]]:
    """So many processes that have started. What is added to the list, and still runs at the end, is killed."""
    found = [await begun("-m", "bot", "run", *words, env=env, folder=folder) for _ in range(number)]
    try:
        for one in found:
            await one.until('"event": "started"')
        yield found
    finally:
        for one in found:
            if one.process.returncode is None:
                await one.kill()
