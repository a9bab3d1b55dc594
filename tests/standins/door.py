"""A door before a receiver: counts who comes, and slams in the face of the first ones."""

import asyncio
import contextlib


class Door:
    """`async with Door(port, slams=1) as door: … door.port`; what is let in goes to `port` on loopback."""

    def __init__(self, port: int, *, slams: int = 0, after: float = 0.0) -> None:
        self._to, self._slams, self._after = port, slams, after
        self.knocks = 0
        """Connections that were made."""
        self._carriers = set[asyncio.Task[None]]()

    async def __aenter__(self) -> "Door":
        self._server = await asyncio.start_server(self._knocked, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for carrier in self._carriers:
            carrier.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)

    def _knocked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.knocks += 1
        slams = self.knocks <= self._slams
        self._carriers.add(asyncio.create_task(self._slam(writer) if slams else self._let_in(reader, writer)))

    async def _slam(self, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._after)
        writer.transport.abort()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            await asyncio.gather(_carry(reader, there[1]), _carry(there[0], writer))
        finally:
            for end in (there[1], writer):
                end.transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while some := await reader.read(65536):
            writer.write(some)
    writer.close()
