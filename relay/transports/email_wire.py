"""Hands mails over to the operator's mail server: a few connections, kept while they are used."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPSenderRefused, SMTPServerDisconnected, SMTPStatus

from relay.transports.email_errors import classified
from relay.transports.email_server import MailServer
from relay.transports.transport import DeliveryError

CONNECTIONS = 4
"""At once. Servers count those of one client, and some allow ten."""
IDLE_SECONDS = 20.0
"""An unused connection is closed after that, before the server does so."""
MAILS_A_CONNECTION = 100
"""Servers set a limit, too: https://www.postfix.org/postconf.5.html#smtp_connection_reuse_count_limit"""
TURN_PATIENCE = 4.0
"""Seconds that a mail waits for a free connection."""
TIMEOUT = 14.0
"""Seconds for everything else, from connecting to the server's last word."""


@dataclass
class _Line:
    """One connection. (A connection carries one mail at a time.)"""

    smtp: SMTP
    mails: int = 0
    closes: asyncio.TimerHandle | None = None


class MailWire:
    """Sends mails through one server. `hello` is the name by which we introduce ourselves (this machine's own may
    be none that anybody knows, and looking for it may take long). What it raises holds no secret."""

    def __init__(
        self,
        server: MailServer,
        hello: str,
        *,
        timeout: float = TIMEOUT,
        idle_seconds: float = IDLE_SECONDS,
        connections: int = CONNECTIONS,
    ) -> None:
        self._server, self._hello, self._timeout, self._idle_seconds = server, hello, timeout, idle_seconds
        self._slots = asyncio.Semaphore(connections)
        self._free: deque[_Line] = deque()
        self._context: ssl.SSLContext | None = None

    async def hand_over(self, sender: str, recipient: str, mail: bytes, *, utf8: bool = False) -> tuple[int, str]:
        """The server's answer once it has taken the mail; raises DeliveryError. At most 18 s."""
        async with self._turn():
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._send(sender, recipient, mail, utf8)
            except TimeoutError:
                raise DeliveryError("the mail server did not answer in time") from None

    async def aclose(self) -> None:
        """Says goodbye on connections that are not in use."""
        while self._free:
            await self._goodbye(self._free.popleft())

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(TURN_PATIENCE):
                await self._slots.acquire()
        except TimeoutError:
            raise DeliveryError(
                "all connections to the mail server are busy", uncounted=True, retry_after=2
            ) from None
        try:
            yield
        finally:
            self._slots.release()

    async def _send(self, sender: str, recipient: str, mail: bytes, utf8: bool) -> tuple[int, str]:
        while True:
            line = self._kept() or await self._connected()
            try:
                answer = await self._transaction(line.smtp, sender, recipient, mail, utf8)
            except _StaleError as stale:
                if line.mails:
                    continue  # it was closed while it was not in use: nothing was sent on it
                raise stale.error from None
            line.mails += 1
            self._keep(line)
            return answer

    async def _transaction(
        self, smtp: SMTP, sender: str, recipient: str, mail: bytes, utf8: bool
    ) -> tuple[int, str]:
        """One mail. A connection on which anything went wrong is not used again."""
        try:
            await _begin(smtp, sender, _options(smtp, mail, utf8), utf8)
            await smtp.rcpt(recipient, encoding="utf-8" if utf8 else "ascii")
            response = await smtp.data(mail)
        except BaseException as error:
            smtp.close()
            if isinstance(error, SMTPException | OSError):
                raise classified(error, "send") from None  # the cause names addresses
            raise
        return response.code, response.message

    async def _connected(self) -> _Line:
        server = self._server
        smtp = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls_at_once,
            start_tls=None if server.local or server.tls_at_once else True,
            tls_context=self._trusted(),
            local_hostname=self._hello,
            timeout=self._timeout,
        )
        try:
            await smtp.connect()
            if smtp.is_ehlo_or_helo_needed:
                with suppress(SMTPHeloError):  # a mail can be begun without, too
                    await smtp.ehlo()
        except (SMTPException, OSError) as error:
            raise classified(error, "connect") from None  # the cause may name the user
        return _Line(smtp)

    def _trusted(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = self._server.context or ssl.create_default_context()
            if self._server.local and self._server.context is None:
                self._context.check_hostname = False
                self._context.verify_mode = ssl.CERT_NONE
        return self._context

    def _kept(self) -> _Line | None:
        while self._free:
            line = self._free.pop()
            if line.closes is not None:
                line.closes.cancel()
            if line.smtp.is_connected:
                return line
        return None

    def _keep(self, line: _Line) -> None:
        if line.mails >= MAILS_A_CONNECTION:
            line.smtp.close()
            return
        line.closes = asyncio.get_running_loop().call_later(self._idle_seconds, self._drop, line)
        self._free.append(line)

    def _drop(self, line: _Line) -> None:
        if line in self._free:
            self._free.remove(line)
            line.smtp.close()

    async def _goodbye(self, line: _Line) -> None:
        if line.closes is not None:
            line.closes.cancel()
        with suppress(SMTPException, OSError):
            await line.smtp.quit(timeout=2)
        line.smtp.close()


class _StaleError(Exception):
    """The connection was closed before a mail was begun on it."""

    def __init__(self, error: DeliveryError) -> None:
        super().__init__(error.reason)
        self.error = error


async def _begin(smtp: SMTP, sender: str, options: list[str], utf8: bool) -> None:
    try:
        await smtp.mail(sender, options=options, encoding="utf-8" if utf8 else "ascii")
    except SMTPServerDisconnected as error:
        raise _StaleError(classified(error, "send")) from None
    except SMTPSenderRefused as error:
        if error.code == SMTPStatus.domain_unavailable:
            raise _StaleError(classified(error, "send")) from None
        raise


def _options(smtp: SMTP, mail: bytes, utf8: bool) -> list[str]:
    options = [f"SIZE={len(mail)}"] if smtp.supports_extension("size") else []
    if not utf8:
        return options
    if not smtp.supports_extension("smtputf8"):
        raise DeliveryError("the mail server can't write to an address with such letters (no SMTPUTF8)")
    return [*options, "SMTPUTF8", "BODY=8BITMIME"]
