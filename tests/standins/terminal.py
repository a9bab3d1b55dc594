"""The command line, called many times within one process of its own: as in a shell, in a fraction of the time.
Run as a module it reads the calls as JSON from standard input, and prints what came of each."""

import asyncio
import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Typed:
    """What is typed, and the settings that this call alone has."""

    words: Sequence[str]
    set: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Printed:
    """What a call left."""

    words: str
    code: int
    out: str
    err: str


async def printed(calls: Sequence[Typed], folder: Path, settings: Mapping[str, str]) -> list[Printed]:
    """Each of the calls, one after the other, in a folder, with these settings and no others."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "standins.terminal", cwd=folder,
        env=kept | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"} | dict(settings),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(json.dumps([asdict(one) for one in calls]).encode())
    assert process.returncode == 0, err.decode()
    return [Printed(" ".join(one.words), *left) for one, left in zip(calls, json.loads(out), strict=True)]


def _call(words: Sequence[str], set: Mapping[str, str]) -> tuple[int, str, str]:
    from bot.__main__ import main

    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    code, before = 0, dict(os.environ)
    os.environ |= set
    sys.argv = ["uptimus", *words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    for name in set:
        os.environ.pop(name)
    os.environ |= before
    return code, _read(out), _read(err)


def _read(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def _all(calls: Sequence[Mapping[str, Any]]) -> list[tuple[int, str, str]]:
    return [_call(**one) for one in calls]


if __name__ == "__main__":
    print(json.dumps(_all(json.load(sys.stdin))))
