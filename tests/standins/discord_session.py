"""A gateway session of the stand-in Discord, and the connection that it is on."""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
TAKEN = frozenset({HEARTBEAT, IDENTIFY, RESUME, 3, 4, 8})


class Connection:
    """A socket with the order of what goes out over it."""

    def __init__(self, socket: web.WebSocketResponse, line: asyncio.BaseTransport | None) -> None:
        self.socket, self._line = socket, line
        self.session: Session | None = None
        self.closing = False
        self.sent: list[float] = []
        """When the bot sent something, within the last minute."""
        self._out: asyncio.Queue[str | int | None] = asyncio.Queue()

    def send(self, payload: Json) -> None:
        """Puts one payload on its way."""
        self._out.put_nowait(json.dumps(payload))

    def send_text(self, text: str) -> None:
        """The same, already written."""
        self._out.put_nowait(text)

    def close(self, code: int | None) -> None:
        """Ends the connection once all before it is out; None: without a word, as a broken line would."""
        self.closing = True
        self._out.put_nowait(code)

    async def pump(self) -> None:
        """Sends, until there is a close."""
        with contextlib.suppress(ConnectionError, RuntimeError):
            while isinstance(text := await self._out.get(), str):
                await self.socket.send_str(text)
            if text is not None:
                await self.socket.close(code=text)
            elif isinstance(self._line, asyncio.WriteTransport):
                self._line.abort()


@dataclass(eq=False)
class Session:
    """`history`: every event, for a bot that resumes. `connection`: None while the bot is away."""

    id: str
    shard: int
    shards: int
    intents: int
    seq: int = 0
    history: list[tuple[int, str]] = field(default_factory=list)
    connection: Connection | None = None
    resumed: int = 0

    @property
    def connected(self) -> bool:
        return self.connection is not None

    def dispatch(self, event: str, data: Json) -> None:
        """Tells the bot of something, now or when it resumes."""
        self.seq += 1
        text = json.dumps({"op": DISPATCH, "t": event, "s": self.seq, "d": data})
        self.history.append((self.seq, text))
        if self.connection is not None:
            self.connection.send_text(text)
