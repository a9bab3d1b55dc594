"""Spans: what is being done, for whoever traces it. Without a tracer a span is nothing and costs nothing.

Attributes have the names of OpenTelemetry's semantic conventions where there are some, and hold no secret: of an
address only its host, of an error only its kind.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Literal, Protocol

Attributes = Mapping[str, str | int | float | bool | None]
"""By name; None: there is nothing to note."""
Kind = Literal["internal", "client", "server"]


class Span(Protocol):
    """Something that is being done."""

    def set(self, attributes: Attributes) -> None:
        """Notes attributes."""

    def failed(self, kind: str) -> None:
        """It went wrong, in a way that is called so (`timeout`, `refused`)."""


class _Nothing:
    def set(self, attributes: Attributes) -> None: ...

    def failed(self, kind: str) -> None: ...

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None: ...


Begin = Callable[[str, Kind, Attributes], AbstractContextManager[Span]]

_NOTHING = _Nothing()
_begin: Begin | None = None
# One for the process, as tracers are: handing it through every part would make each of them know of it.


def span(name: str, kind: Kind, attributes: Attributes) -> AbstractContextManager[Span]:
    """`with span("poll", …) as one:` notes what is done within, and how long it took."""
    return _NOTHING if _begin is None else _begin(name, kind, attributes)


def trace_with(begin: Begin | None) -> None:
    """From now on spans are begun so; None: not at all."""
    global _begin
    _begin = begin
