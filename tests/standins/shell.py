"""uptimus as somebody calls it in a shell, in a folder of its own."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass
class Shell:
    """`set` are settings that every call has."""

    folder: Path
    set: dict[str, str] = field(default_factory=dict)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        own = {"UPTIMUS_ALLOW_PRIVATE_NETWORKS": "1", "UPTIMUS_POLL_INTERVAL": "1", "PORT": "0"}
        return kept | own | {"PYTHONPATH": str(ROOT)} | self.set | more

    async def start(self, *words: str, **more: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *words, cwd=self.folder, env=self.environment(**more),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async def __call__(self, *words: str, **more: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        process = await self.start(*words, **more)
        async with asyncio.timeout(80):
            out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def done(self, *words: str, **more: str) -> str:
        """What it printed; it did what it was asked to."""
        code, out, err = await self(*words, **more)
        assert code == 0, err
        return out

    async def refused(self, *words: str, **more: str) -> str:
        """Its one line on standard error."""
        code, _, err = await self(*words, **more)
        assert code == 1, err
        return err.splitlines()[-1]

    async def json(self, *words: str, **more: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(await self.done(*words, "--json", **more))
        return answer


async def read_until(words: str, stream: asyncio.StreamReader) -> str:
    """The lines up to the one with these words."""
    read = ""
    async with asyncio.timeout(80):
        while words not in read:
            line = await stream.readline()
            assert line, read
            read += line.decode()
    return read
