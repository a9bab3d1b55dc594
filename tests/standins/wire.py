"""The wire between uptimus and its PostgreSQL: a test cuts it, mends it, and makes it slow."""

import asyncio
from contextlib import suppress

from sqlalchemy.engine import URL, make_url

CHUNK = 64 * 1024


class Wire:
    """`async with Wire(url) as wire:` `wire.url` leads to the same database through it. `delay` are the seconds
    that each packet takes, there and back; while it is `stalled` nothing comes through and nothing is closed: what
    came meanwhile comes through when it is mended."""

    def __init__(self, url: str, delay: float = 0.0) -> None:
        self._real = make_url(url)
        self.delay = delay
        self.stalled = False
        self.refused = 0
        """Connections that were asked for while it was cut."""
        self._is_cut = False
        self._lost: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "Wire":
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """What uptimus is told."""
        port = self._server.sockets[0].getsockname()[1]
        through: URL = self._real.set(host="127.0.0.1", port=port, query={})
        return through.render_as_string(hide_password=False)

    def cut(self) -> None:
        """Every connection ends, in the middle of whatever it carries; new ones end at once."""
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()

    def lose(self) -> None:
        """It is stalled, and the connections that there are stay so after it was mended: what led to them forgot
        them, and both ends believe in them."""
        self.stalled = True
        self._lost |= self._writers

    def mend(self) -> None:
        """It works as ever."""
        self._is_cut = self.stalled = False

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            self.refused += 1
            writer.transport.abort()
            return
        folder = self._real.query.get("host")
        if isinstance(folder, str):
            up, down = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{self._real.port or 5432}")
        else:
            up, down = await asyncio.open_connection(self._real.host, self._real.port or 5432)
        self._writers |= {writer, down}
        for source, sink in ((reader, down), (up, writer)):
            task = asyncio.create_task(self._carry(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.CancelledError):
            while data := await source.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                while self.stalled or sink in self._lost:
                    await asyncio.sleep(0.02)
                sink.write(data)
                await sink.drain()
        sink.close()
        self._writers.discard(sink)
