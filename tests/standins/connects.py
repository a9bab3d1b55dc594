"""Every TCP connect that this process tries, as the interpreter itself reports it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ECONNREFUSED
from typing import Any

Tried = list[tuple[str, int]]


class _Ear:
    """An audit hook can't be taken back: this one hears nothing unless somebody asks."""

    def __init__(self) -> None:
        self.tried: Tried | None = None
        self.veto = False
        self.added = False

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event != "socket.connect" or self.tried is None or not isinstance(args[1], tuple):
            return
        self.tried.append((args[1][0], args[1][1]))
        if self.veto:
            raise ConnectionRefusedError(ECONNREFUSED, "nothing leaves this test")


_EAR = _Ear()


@contextmanager
def connects(*, veto: bool = False) -> Iterator[Tried]:
    """The address and port of each connect that is tried inside. veto: none succeeds, and nothing is sent."""
    if not _EAR.added:
        sys.addaudithook(_EAR)
        _EAR.added = True
    tried: Tried = []
    _EAR.tried, _EAR.veto = tried, veto
    try:
        yield tried
    finally:
        _EAR.tried, _EAR.veto = None, False
