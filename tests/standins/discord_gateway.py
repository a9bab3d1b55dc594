"""The gateway of the stand-in Discord: connections, what comes over them, and how they end."""

import asyncio
import contextlib
import json

from aiohttp import WSMsgType, web
from standins.discord_session import (
    ACK,
    HEARTBEAT,
    HELLO,
    IDENTIFY,
    INVALID_SESSION,
    RECONNECT,
    RESUME,
    TAKEN,
    Connection,
    Session,
)
from standins.discord_sessions import Sessions

_SENDS, _SENDS_WINDOW = 120, 60.0
_UNRESUMABLE = (4007, 4009)


class Gateway(Sessions):
    """Text frames, also where zlib-stream is asked for: discord.py takes them."""

    # what happens to it

    def reconnect(self, shard: int | None = None) -> None:
        """Asks the bot to connect anew and resume (op 7)."""
        for session in self._of_shard(shard):
            if session.connection is not None:
                session.connection.send({"op": RECONNECT, "d": None})

    def invalidate(self, shard: int | None = None, *, resumable: bool = False) -> None:
        """Tells the bot that its session is over (op 9)."""
        for session in self._of_shard(shard):
            if session.connection is not None:
                session.connection.send({"op": INVALID_SESSION, "d": resumable})
            if not resumable:
                self._forget(session)

    def cut(self, code: int | None = 4000, shard: int | None = None) -> None:
        """Ends the connections with a close code (None: the line breaks). What happens now, a resume tells."""
        for session in self._of_shard(shard):
            if session.connection is not None:
                self._close(session.connection, code)
                session.connection = None
            if code in _UNRESUMABLE:
                self._forget(session)

    def _of_shard(self, shard: int | None) -> list[Session]:
        return [one for one in self._sessions.values() if shard in (None, one.shard)]

    # a connection

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.gateway_down:
            return web.Response(status=503)
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        pump = asyncio.create_task(connection.pump())
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            self._close(connection, 4012)
        connection.send({"op": HELLO, "d": {"heartbeat_interval": int(self.heartbeat * 1000)}})
        try:
            await self._listen(connection)
        finally:
            self._left(connection)
            if not connection.closing:
                pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pump
        return socket

    async def _listen(self, connection: Connection) -> None:
        while not connection.socket.closed:
            try:
                message = await connection.socket.receive(timeout=self.heartbeat * 1.5)
            except TimeoutError:
                self._close(connection, 4000)
                return
            if message.type is not WSMsgType.TEXT:
                return
            self._receive(connection, message.data)
            self.changed()

    def _receive(self, connection: Connection, text: str) -> None:
        connection.sent = [at for at in connection.sent if at > self.now() - _SENDS_WINDOW] + [self.now()]
        try:
            payload = json.loads(text)
            op, data = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError):
            return self._close(connection, 4002)
        if len(connection.sent) > _SENDS:
            return self._close(connection, 4008)
        if op == HEARTBEAT:
            self.heartbeats += 1
            return connection.send({"op": ACK})
        if op not in TAKEN:
            return self._close(connection, 4001)
        if op in (IDENTIFY, RESUME) and connection.session is not None:
            return self._close(connection, 4005)
        if op == IDENTIFY:
            return self._identify(connection, data)
        if op == RESUME:
            return self._resume(connection, data)
        return None if connection.session is not None else self._close(connection, 4003)

    def _left(self, connection: Connection) -> None:
        """The bot is away. After a clean close (1000, 1001) by the bot its session is over."""
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            if connection.socket.close_code in (1000, 1001):
                self._forget(session)
        self.changed()
