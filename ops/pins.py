"""Of the libraries in requirements.lock those that uptimus itself needs, without its tests: for the container.

`python ops/pins.py > ops/requirements.lock`, in the environment of `make lock`.
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parents[1] / "requirements.lock"


def needed(name: str = "uptimus") -> set[str]:
    """The canonical names of all that a distribution needs, however far down."""
    found: set[str] = set()
    open_: list[tuple[str, frozenset[str]]] = [(name, frozenset())]
    seen: set[tuple[str, frozenset[str]]] = set()
    while open_:
        one = open_.pop()
        if one in seen:
            continue
        seen.add(one)
        name, extras = one
        try:
            wanted = [Requirement(line) for line in requires(name) or ()]
        except PackageNotFoundError:
            continue
        for need in wanted:
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                found.add(canonicalize_name(need.name))
                open_.append((canonicalize_name(need.name), frozenset(need.extras)))
    return found


def chosen(lock: str, names: set[str]) -> str:
    """The lines of a lock that pin these."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", lock)
    kept = [one for one in blocks if canonicalize_name(re.split(r"[=\[ ]", one, maxsplit=1)[0]) in names]
    plain = ["\n".join(line for line in one.splitlines() if not line.lstrip().startswith("#")) for one in kept]
    return "\n".join(plain) + "\n"


if __name__ == "__main__":
    sys.stdout.write(chosen(LOCK.read_text(encoding="utf-8"), needed() | {"setuptools"}))
