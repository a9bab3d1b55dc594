"""What Apprise may do in its threads: connect to public addresses, and nothing else on this machine.

Apprise speaks to more than a hundred services, by several libraries. What these have in common is the interpreter,
which announces each connect, each file and each program before it happens (`sys.addaudithook`, PEP 578). So the
concrete address of every connect is judged, as our own connector does it; where the interpreter is told a name,
which it would resolve after we looked, it is refused. A hook can't be taken away again; all other threads pass it
untouched.
"""

import functools
import mimetypes
import os
import socket
import sys
import threading
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import certifi

from adapters.egress import EgressRefused, is_public

_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_PROGRAMS = frozenset(
    {
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.fork",
        "os.forkpty",
        "pty.spawn",
    }
)
_WATCHED = _CONNECTS | _PROGRAMS | {"open"}


@dataclass(eq=False)
class Guard:
    """What one call of Apprise may do. `end` makes it stop soon: its connections break, and it gets no others."""

    allow_private: bool = False
    denied_ports: frozenset[int] = frozenset()
    let_through: frozenset[tuple[str, int]] = frozenset()
    """Addresses and ports of the operator's own proxies."""
    refused: OSError | None = None
    """The first thing that it was refused."""
    ended: bool = False
    _open: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """In this thread. (Threads that are started from it are not guarded: a service that needs one is none.)"""
        _install()
        _here.guard = self
        try:
            yield
        finally:
            _here.guard = None
            self._close()

    def end(self) -> None:
        """Called from outside of the thread."""
        with self._lock:
            self.ended = True
            for connection in self._open:
                with suppress(OSError):  # it may be closed already
                    connection.shutdown(socket.SHUT_RDWR)

    def judge(self, event: str, args: tuple[Any, ...]) -> None:
        """Raises OSError for what is not allowed."""
        try:
            if event in _CONNECTS:
                self._connects(args[0], args[1])
            elif event == "open" and not _is_ours(args[0]):
                raise PermissionError(f"Apprise may not open files ({args[0]!r})")
            elif event in _PROGRAMS:
                raise PermissionError("Apprise may not start programs")
        except OSError as error:
            self.refused = self.refused or error
            raise

    def _connects(self, connecting: socket.socket, address: Any) -> None:
        if address is None:
            return  # it is connected, and was judged then
        if self.ended:
            raise TimeoutError("its time is over")
        host, port = address[:2] if isinstance(address, tuple) else (str(address), 0)
        if (host, port) not in self.let_through:
            if port in self.denied_ports:
                raise EgressRefused(host, port)
            if not self.allow_private and not is_public(host):
                raise EgressRefused(host)
        self._keep(connecting)

    def _keep(self, connecting: socket.socket) -> None:
        """A second handle of the same connection: TLS takes the first one away from its object."""
        with self._lock:
            self._open.append(socket.socket(fileno=os.dup(connecting.fileno())))

    def _close(self) -> None:
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()


_here = threading.local()


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event not in _WATCHED:
        return
    guard = getattr(_here, "guard", None)
    if guard is not None:
        guard.judge(event, args)


@functools.cache
def _install() -> None:
    """Once in a process."""
    mimetypes.init()  # it reads files when it is first needed
    sys.addaudithook(_hook)


@functools.cache
def _own_folders() -> tuple[str, ...]:
    """Where Python, its libraries and the world's time zones are: what importing and TLS open by themselves."""
    paths = {sys.prefix, sys.base_prefix, os.path.dirname(os.__file__), os.path.dirname(certifi.where())}
    return tuple(os.path.realpath(path) + os.sep for path in (*paths, *zoneinfo.TZPATH))


def _is_ours(path: object) -> bool:
    """Also a file that is open already, named by its number."""
    if not isinstance(path, str | bytes | os.PathLike):
        return True
    return os.path.realpath(os.fsdecode(path)).startswith(_own_folders())


def proxies() -> frozenset[tuple[str, int]]:
    """Addresses and ports of the environment's proxies. Asks the name server."""
    found = set[tuple[str, int]]()
    for parts in [urlsplit(proxy) for scheme, proxy in getproxies().items() if scheme != "no"]:
        port = parts.port or {"https": 443}.get(parts.scheme, 80)
        try:
            infos = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        except OSError:
            continue
        found |= {(str(info[4][0]), port) for info in infos}
    return frozenset(found)
