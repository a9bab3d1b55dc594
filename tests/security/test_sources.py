"""What a look at the files shows: SQL has bound parameters only, and every library is pinned by its hashes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from security import audit

ROOT = Path(__file__).parents[2]
ROOMS = ("adapters", "storage", "relay", "bot")
SQL = {"text", "exec_driver_sql", "execute", "executescript", "executemany", "literal_column", "fetch", "fetchval"}
"""Calls whose first argument may be SQL."""
OURS = {
    ("storage/sqlite.py", "exec_driver_sql"): "a PRAGMA with one of two words of ours",
    ("storage/sqlite.py", "execute"): "PRAGMAs of ours, when a connection is made",
    ("storage/providers.py", "literal_column"): "phases of ours, as an index has them",
    ("storage/backup.py", "execute"): "PRAGMAs of ours, on a file",
    ("storage/transfer.py", "text"): "the name of one of our tables",
    ("storage/wakeups.py", "exec_driver_sql"): "the name of one of our channels",
}
"""Where text is put together, of nothing but our own words."""


def _calls() -> Iterator[tuple[str, str, ast.expr]]:
    """(file, called, first argument) of each call that may take SQL."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args and (name := _name(node.func)) in SQL:
                    yield str(path.relative_to(ROOT)), name, node.args[0]


def _name(called: ast.expr) -> str:
    """`text` is SQLAlchemy's where it is called by itself."""
    if isinstance(called, ast.Name):
        return called.id
    return called.attr if isinstance(called, ast.Attribute) and called.attr != "text" else ""


def is_built(argument: ast.expr) -> bool:
    """Whether it is text that is put together: an f-string, +, %, format, join, replace."""
    if isinstance(argument, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in argument.values)
    if isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Add | ast.Mod):
        return any(_is_text(one) or is_built(one) for one in (argument.left, argument.right))
    if isinstance(argument, ast.Call) and _name(argument.func) in ("format", "join", "replace", "format_map"):
        return isinstance(argument.func, ast.Attribute)
    return False


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize(
    "built",
    [
        "f'SELECT {a}'",
        "'SELECT ' + a",
        "'SELECT %s' % a",
        "'SELECT {}'.format(a)",
        "' '.join(a)",
        "a + 'x' + b",
        "q.replace('a', b)",
    ],
)
def test_the_look_sees_text_that_is_put_together(built: str) -> None:
    assert is_built(ast.parse(built, mode="eval").body)


@pytest.mark.parametrize("plain", ["'SELECT 1'", "query", "select(a)", "f'no part'", "a + 1"])
def test_the_look_sees_what_is_not(plain: str) -> None:
    assert not is_built(ast.parse(plain, mode="eval").body)


def test_no_sql_is_put_together() -> None:
    calls = list(_calls())
    assert len(calls) > 100
    found = {(file, name) for file, name, argument in calls if is_built(argument)}
    migrations = {one for one in found if one[0].startswith("storage/migrations/")}
    assert sorted(found - migrations) == sorted(OURS)


def test_no_migration_puts_in_what_it_reads() -> None:
    """Theirs are names of tables and columns, written beside."""
    for path in (ROOT / "storage/migrations/versions").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FormattedValue):
                assert isinstance(node.value, ast.Name | ast.Constant | ast.Attribute), path.name


# libraries


@pytest.mark.parametrize("lock", ["requirements.lock", "tests/bench/requirements.lock"])
def test_every_library_is_pinned_by_its_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert (
        re.findall(r"(?m)^\s*-|https?://|git\+|file:| @ ", re.sub(r"(?m)^\s*--hash=\S+( \\)?$|^\s*#.*$", "", text))
        == []
    )
    entries = [one for one in re.sub(r"(?m)^\s*#.*$", "", text).replace("\\\n", " ").splitlines() if one.strip()]
    assert len(entries) > 20
    for entry in entries:
        assert re.fullmatch(r"\S+==[^\s;]+(\s*;[^\\]*?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", entry), entry[:120]


def test_what_is_installed_is_checked_against_the_hashes() -> None:
    installs = re.findall(r"pip install[^\n]*-r [^\n]*", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert installs
    assert [line for line in installs if "--require-hashes" not in line] == []


# the look at what is known to be vulnerable


def test_a_finding_fails_the_audit_unless_it_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2"]}
    found = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": [known]},
            {"name": "b", "version": "1", "vulns": []},
        ]
    }
    assert audit.findings(found) == ["a 1: PYSEC-1, mended in 2"]
    monkeypatch.setitem(audit.ACCEPTED, "CVE-1", "is never called")
    assert audit.findings(found) == []


def test_the_probe_is_one_library_with_its_hashes() -> None:
    first = audit.first_of(ROOT / "requirements.lock")
    assert first.count("==") == 1
    assert "--hash=sha256:" in first
