"""`uptimus report` as a person types it."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standins.past import chargeover

from storage import migrate
from storage.database import Database


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """With a database in which ChargeOver's July 2025 is known."""
    database = Database(f"sqlite:///{tmp_path}/uptimus.db")
    await migrate.upgrade(database)
    await chargeover(database, datetime(2025, 8, 10, 12, tzinfo=UTC))
    await database.aclose()
    return tmp_path


async def said(folder: Path, *words: str) -> tuple[int, bytes, str]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, cwd=folder, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env=environment | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out, err.decode()


async def test_text_csv_and_html(folder: Path) -> None:
    code, out, err = await said(folder, "report", "chargeover", "--month", "2025-07")
    assert (code, err) == (0, "")
    assert "ChargeOver: July 2025: known uptime 90.32 % (31 known of 31 days)" in out.decode()
    code, out, _ = await said(folder, "report", "chargeover", "--month", "2025-07", "--format", "csv")
    assert code == 0
    assert out.startswith(b"kind,name,value,made_from,")
    assert out.count(b"\n") == out.count(b"\r\n") > 8
    code, out, _ = await said(
        folder, "report", "chargeover", "--month", "2025-07", "--format", "html", "--output", "july.html"
    )
    assert (code, out) == (0, b"")
    assert (folder / "july.html").read_text().startswith("<!doctype html>")


async def test_what_goes_wrong_is_one_line(folder: Path) -> None:
    code, out, err = await said(folder, "report", "chargeover", "--month", "never")
    assert (code, out, err.count("\n")) == (1, b"", 1)
    assert "is no month" in err
    wrong = ("report", "chargeover", "--month", "2025-07", "--format", "csv", "--output", "no/such/folder.csv")
    code, _, err = await said(folder, *wrong)
    assert (code, err.count("\n")) == (1, 1)
    code, _, _ = await said(folder, "report", "chargeover", "--format", "pdf")
    assert code == 2
