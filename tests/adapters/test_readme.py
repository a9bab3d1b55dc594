"""The README's table of platforms is ADAPTERS, written down.

PYTHONPATH=.:tests python tests/adapters/test_readme.py    # writes it anew
"""

import re
from pathlib import Path

import pytest

from adapters import ADAPTERS
from adapters.adapter import Adapter

README = Path(__file__).parents[2] / "README.md"
RENEW = f"PYTHONPATH=.:tests python {Path(__file__).relative_to(README.parent)}"
HEAD = """\
| kind of page | `--adapter` | ids stable | active list complete | history | cheap "nothing changed" |
|---|---|---|---|---|---|
"""
TABLE = re.compile(rf"^{re.escape(HEAD)}(?:\|.*\n)*", re.MULTILINE)
LONGEST = 60
"""Letters of a cell."""


def table() -> str:
    return HEAD + "".join(map(_row, ADAPTERS.values()))


def _row(adapter: Adapter) -> str:
    return f"| {' | '.join((adapter.title, f'`{adapter.name}`', *_answers(adapter)))} |\n"


def _answers(adapter: Adapter) -> tuple[str, ...]:
    knows = adapter.knows
    return knows.stable_ids, knows.complete, knows.history, knows.cheap


def test_the_table_of_platforms() -> None:
    assert TABLE.findall(README.read_text("utf-8")) == [table()], f"to write it anew: {RENEW}"


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=lambda adapter: adapter.name)
def test_what_an_adapter_knows_fits_into_a_table(adapter: Adapter) -> None:
    for answer in _answers(adapter):
        assert 0 < len(answer) <= LONGEST
        assert not {"|", "\n"} & set(answer)


def renew() -> None:
    text, tables = TABLE.subn(lambda _: table(), README.read_text("utf-8"))
    assert tables == 1, f"{README} has lost the head of its table:\n{HEAD}"
    README.write_text(text, "utf-8")


if __name__ == "__main__":
    renew()
