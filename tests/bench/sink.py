"""A receiver of webhooks that costs next to nothing, in a process of its own and on a core of its own."""

import asyncio
import json
import multiprocessing
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any
from urllib.request import urlopen

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NO = b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno"


def cores() -> tuple[int, int]:
    """The core of whoever sends, and the core of everything else (the same where there is only one)."""
    found = sorted(os.sched_getaffinity(0))
    return found[0], found[-1]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started inside stays on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class _Counted:
    """What has arrived: when each path got its first request, and the first and the last of all."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.times: dict[bytes, float] = {}
        self.requests = self.refused = 0
        self.fails = False
        self.first = self.last = 0.0

    def add(self, path: bytes) -> None:
        self.last = time.time()
        self.first = self.first or self.last
        self.requests += 1
        self.times.setdefault(path, self.last)

    def public(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "refused": self.refused,
            "paths": len(self.times),
            "first": self.first,
            "last": self.last,
        }


class _Receiver(asyncio.Protocol):
    """The least of HTTP/1.1 that clients need: a head, a body of a known length, an answer.

    A path that begins with `/dead` is answered 500, one that begins with `/hang` never. After `/fail` every path
    is answered 500, until `/clear`.
    """

    def __init__(self, counted: _Counted) -> None:
        self._counted = counted
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _length(head)
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            self._answer(head.split(b" ", 2)[1])

    def _answer(self, path: bytes) -> None:
        assert self._transport is not None
        if path.startswith(b"/hang"):
            return
        if path.startswith(b"/dead"):
            self._transport.write(NO)
        elif path in (b"/counted", b"/times"):
            asked = self._counted.public() if path == b"/counted" else sorted(self._counted.times.values())
            body = json.dumps(asked).encode()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        elif path in (b"/clear", b"/fail"):
            self._counted.clear()
            self._counted.fails = path == b"/fail"
            self._transport.write(OK)
        elif self._counted.fails:
            self._counted.refused += 1
            self._transport.write(NO)
        else:
            self._counted.add(path)
            self._transport.write(OK)


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    return int(lowered[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


@contextmanager
def sink() -> Iterator[int]:
    """Listens on every address of the loopback (127.0.x.y are as many hosts as one likes); the port."""
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(theirs, cores()[1]), daemon=True)
    process.start()
    try:
        yield mine.recv()
    finally:
        process.terminate()
        process.join(10)


def _run(connection: Connection, core: int) -> None:
    os.sched_setaffinity(0, {core})
    many_connections()
    asyncio.run(_serve(connection))


async def _serve(connection: Connection) -> None:
    counted = _Counted()
    server = await asyncio.get_running_loop().create_server(lambda: _Receiver(counted), "0.0.0.0", 0, backlog=4096)
    connection.send(server.sockets[0].getsockname()[1])
    await asyncio.Event().wait()


def told(port: int) -> dict[str, Any]:
    """What has arrived since it was last cleared."""
    with urlopen(f"http://127.0.0.1:{port}/counted") as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def times(port: int) -> list[float]:
    """When each path got its first request, in order."""
    with urlopen(f"http://127.0.0.1:{port}/times") as answer:
        found: list[float] = json.loads(answer.read())
    return found


def clear(port: int, *, fails: bool = False) -> None:
    """Forgets what has arrived. fails: from now on nothing is taken."""
    with urlopen(f"http://127.0.0.1:{port}/{'fail' if fails else 'clear'}") as answer:
        answer.read()


def many_connections() -> None:
    """As many open sockets as this process may have at all."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def endpoint(port: int, number: int, kind: str = "hook") -> str:
    """The address of one endpoint out of many, each on a host of its own. kind: `hook`, `dead` or `hang`."""
    return f"http://127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}:{port}/{kind}/{number}"
