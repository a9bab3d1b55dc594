"""Backups of an embedded database: taken while it is in use, put back whole, and named when it is damaged."""

import os
import signal
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from standins.shell import Shell, read_until

from bot.demo import LOGIN_OUTAGE, DemoPage, load
from storage import backup, migrate
from storage.backup import BackupError
from storage.database import Database

pytestmark = pytest.mark.timeout(600)  # many commands, each a process of its own
WEBHOOK = "http://127.0.0.1:9/hook"


@pytest.fixture
async def page() -> AsyncIterator[str]:
    page = DemoPage(load(LOGIN_OUTAGE))
    yield await page.start()
    await page.aclose()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def _damage(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"x" * 8192)
    for part in ("-wal", "-shm"):
        file.with_name(file.name + part).unlink(missing_ok=True)


async def _empty(path: Path) -> Path:
    database = Database(f"sqlite:///{path}")
    await migrate.upgrade(database)
    await database.aclose()
    return path


async def test_a_backup_has_what_was_committed_and_not_what_is_under_way(tmp_path: Path) -> None:
    path = await _empty(tmp_path / "uptimus.db")
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("INSERT INTO notes VALUES ('told', 'yes', '2026-01-01 00:00:00.000000')")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO notes VALUES ('under way', 'yes', '2026-01-01 00:00:00.000000')")
        backup.back_up(path, copy)
        writer.execute("ROLLBACK")
    with closing(sqlite3.connect(copy)) as reader:
        assert reader.execute("SELECT name FROM notes").fetchall() == [("told",)]
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("delete",), "one file, nothing beside it"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert backup.newest(path) == copy
    assert sorted(os.listdir(tmp_path)) == ["copy.db", "uptimus.db", "uptimus.db.backups"]


async def test_a_backup_that_fails_leaves_the_former_one(tmp_path: Path) -> None:
    path = await _empty(tmp_path / "uptimus.db")
    copy = tmp_path / "copy.db"
    backup.back_up(path, copy)
    before = copy.read_bytes()
    _damage(path)
    with pytest.raises(BackupError, match="damaged"):
        backup.back_up(path, copy)
    assert copy.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["copy.db", "uptimus.db", "uptimus.db.backups"]


async def test_of_several_backups_the_newest_that_is_still_there_is_named(tmp_path: Path) -> None:
    path = await _empty(tmp_path / "uptimus.db")
    for name in ("monday.db", "tuesday.db", "wednesday.db"):
        backup.back_up(path, tmp_path / name)
    backup.back_up(path, tmp_path / "monday.db")
    (tmp_path / "monday.db").unlink()
    (tmp_path / "wednesday.db").unlink()
    assert backup.newest(path) == tmp_path / "tuesday.db"
    (tmp_path / "tuesday.db").unlink()
    assert backup.newest(path) is None


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda path: None, "no file"),
        (lambda path: path.write_bytes(b"no database" * 100), "no SQLite database"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE a (b)").connection.close(), "not a database of"),
    ],
    ids=["nothing", "something else", "another program's"],
)
async def test_what_is_no_backup_is_not_put_back(tmp_path: Path, made: object, said: str) -> None:
    path = await _empty(tmp_path / "uptimus.db")
    before = path.read_bytes()
    assert callable(made)
    made(tmp_path / "copy.db")
    with pytest.raises(BackupError, match=said):
        backup.restore(tmp_path / "copy.db", path)
    assert path.read_bytes() == before


async def test_what_the_former_database_had_in_its_journal_is_not_played_into_the_new_one(tmp_path: Path) -> None:
    path = await _empty(tmp_path / "uptimus.db")
    backup.back_up(path, tmp_path / "copy.db")
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("INSERT INTO notes VALUES ('later', 'yes', '2026-01-01 00:00:00.000000')")
    assert path.with_name("uptimus.db-wal").exists()
    backup.restore(tmp_path / "copy.db", path)
    writer.close()
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("SELECT name FROM notes").fetchall() == []
    assert path.with_name("uptimus.db.replaced").exists()


async def test_a_running_process_is_backed_up_and_a_damaged_database_is_refused_until_it_is_put_back(
    shell: Shell, page: str
) -> None:
    made = await shell.json("follow", page, "--to", WEBHOOK)
    process = await shell.start("run")
    assert process.stderr is not None
    await read_until("started", process.stderr)
    said = await shell.done("db", "backup", "copy.db")
    assert f"Its secrets open with the key in {shell.folder}/uptimus.db.key alone" in said
    assert "another uptimus is running" in await shell.refused("db", "restore", "copy.db", "--force")
    process.send_signal(signal.SIGTERM)
    await process.communicate()

    await shell.done("unfollow", "chargeover")
    _damage(shell.folder / "uptimus.db")
    for command in (["run"], ["list"]):
        refused = await shell.refused(*command)
        assert "uptimus.db is damaged" in refused
        assert f"uptimus db restore {shell.folder}/copy.db --force" in refused

    assert "--force" in await shell.refused("db", "restore", "copy.db")
    said = await shell.done("db", "restore", "copy.db", "--force")
    assert "Its secrets open with the key that is here." in said
    assert [one["provider"] for one in (await shell.json("list"))["follows"]] == ["chargeover"]
    assert (await shell.json("destination", "secret", WEBHOOK))["secret"] == made["secret"]


async def test_a_backup_with_its_key_is_put_back_on_an_empty_machine(shell: Shell, page: str) -> None:
    made = await shell.json("follow", page, "--to", WEBHOOK)
    for words in (["copy.db"], ["with-key.db", "--with-key"]):
        await shell.done("db", "backup", *words)
    assert stat.S_IMODE((shell.folder / "with-key.db.key").stat().st_mode) == 0o600
    (shell.folder / "new").mkdir()
    new = Shell(shell.folder / "new")
    said = await new.done("db", "restore", "../copy.db")
    assert "do NOT open" in said
    assert not (new.folder / "uptimus.db.key").exists(), "a new key would open nothing"
    said = await new.done("db", "restore", "../with-key.db", "--force")
    assert "open with the key that is here" in said
    assert (await new.json("destination", "secret", WEBHOOK))["secret"] == made["secret"]


async def test_a_backup_of_a_newer_version_is_not_put_back(shell: Shell) -> None:
    await shell.done("list")
    await shell.done("db", "backup", "copy.db")
    with closing(sqlite3.connect(shell.folder / "copy.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    assert "update first" in await shell.refused("db", "restore", "copy.db", "--force")


@pytest.mark.parametrize(("command", "means"), [("backup", "pg_dump"), ("restore", "pg_restore")])
async def test_with_postgresql_its_own_means_are_named(shell: Shell, command: str, means: str) -> None:
    refused = await shell.refused("db", command, "x.db", DATABASE_URL="postgres://u:hidden@127.0.0.1:9/x")
    assert means in refused
    assert "hidden" not in refused


async def test_a_backup_is_not_written_over_the_database(shell: Shell) -> None:
    await shell.done("list")
    assert "is the database itself" in await shell.refused("db", "backup", "uptimus.db")
    assert "can't be written" in await shell.refused("db", "backup", "nowhere/copy.db")
