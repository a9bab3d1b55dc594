"""A real SMTP server on loopback (aiosmtpd), with TLS and a login; it keeps mails, and refuses as told to."""

import asyncio
import email
import email.policy
import ssl
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from relay.transports.email import EmailTransport
from relay.transports.email_server import MailServer, sender_of

USER, PASSWORD = "postbox", "p@ss/word:hunter2"
SENDER = "uptimus <status@example.org>"
HOME = "https://uptimus.example.org"
Step = Literal["MAIL", "RCPT", "DATA", "AUTH"]
Tls = Literal["starttls", "at once", "none"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong once: an answer, or (without one) the connection closes, or nothing is said at all."""

    at: Step
    answer: str | None = None
    hang: bool = False


@dataclass(frozen=True)
class Mail:
    """One mail as it arrived."""

    sender: str
    recipient: str
    raw: bytes
    encrypted: bool
    user: str | None
    arrived_at: float = field(default_factory=time.time)
    """In seconds since 1970."""

    @property
    def message(self) -> EmailMessage:
        """Parsed by the standard library."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    def part(self, subtype: str) -> str:
        """The text of its plain or its HTML part."""
        body = self.message.get_body((subtype,))
        assert body is not None
        return str(body.get_content())

    def header(self, name: str) -> str:
        """A header that there has to be once."""
        [value] = self.message.get_all(name, [])
        return str(value)


@dataclass
class MailTown:
    """Use as an async context manager. `tls` says how connections become safe; `expired` whether the certificate
    has run out; `smtputf8` whether letters that are not ASCII are taken in addresses."""

    tls: Tls = "starttls"
    login: bool = True
    expired: bool = False
    smtputf8: bool = False
    size_limit: int = 1_000_000
    mails: list[Mail] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    connections: int = 0
    open_connections: "set[_Connection]" = field(default_factory=set)

    async def __aenter__(self) -> "MailTown":
        self._closing = asyncio.Event()
        self._key, self.certificate = _certificate(expired=self.expired)
        context = _server_context(self._key, self.certificate)
        self._context = context if self.tls == "starttls" else None
        self._server = await asyncio.get_running_loop().create_server(
            self._connection, "127.0.0.1", 0, ssl=context if self.tls == "at once" else None
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        self._server.close()
        for connection in list(self.open_connections):
            await connection.end()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """As SMTP_URL has it."""
        scheme = "smtps" if self.tls == "at once" else "smtp"
        user = "postbox:p%40ss%2Fword%3Ahunter2@" if self.login else ""
        return f"{scheme}://{user}127.0.0.1:{self.port}"

    @property
    def server(self) -> MailServer:
        """For a client that takes it for a server far away, and trusts its certificate."""
        context = ssl.create_default_context(cadata=self.certificate.decode())
        return MailServer(
            host="127.0.0.1",
            port=self.port,
            user=USER if self.login else None,
            password=PASSWORD if self.login else None,
            tls_at_once=self.tls == "at once",
            context=context,
        )

    def transport(
        self, server: MailServer | None = None, *, sender: str = SENDER, timeout: float = 60, **more: Any
    ) -> EmailTransport:
        """One that sends through it."""
        given: dict[str, Any] = {"home": HOME, "unsubscribe": unsubscribe} | more
        return EmailTransport(server or self.server, sender_of(sender), timeout=timeout, **given)

    def fail_next(self, at: Step, answer: str | None = None, *, hang: bool = False) -> None:
        """Once, at this step."""
        self.faults.append(Fault(at, answer, hang))

    async def fault(self, at: Step, close: Callable[[], object]) -> str | None:
        """What is to be answered instead of the usual, for handlers."""
        if not self.faults or self.faults[0].at != at:
            return None
        fault = self.faults.popleft()
        if fault.hang:
            await self._closing.wait()
        if fault.answer is None:
            close()
            return "421 closing"
        return fault.answer

    def _connection(self) -> SMTP:
        self.connections += 1
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            hostname="mail.example.org",
            tls_context=self._context,
            require_starttls=self._context is not None,
            auth_require_tls=self._context is not None,
            authenticator=self._judge,
            enable_SMTPUTF8=self.smtputf8,
            data_size_limit=self.size_limit,
        )

    def _judge(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        given = isinstance(data, LoginPassword) and (data.login, data.password) == (
            USER.encode(),
            PASSWORD.encode(),
        )
        return AuthResult(success=given and not self._refuses_login(), handled=False, auth_data=USER)

    def _refuses_login(self) -> bool:
        if self.faults and self.faults[0].at == "AUTH":
            self.faults.popleft()
            return True
        return False


class _Handler:
    """What aiosmtpd asks."""

    def __init__(self, town: MailTown) -> None:
        self._town = town

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The sender."""
        fault = await self._town.fault("MAIL", partial(_close, server))
        if self._town.login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if fault is None:
            envelope.mail_from = address
        return fault or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The recipient."""
        fault = await self._town.fault("RCPT", partial(_close, server))
        if fault is None:
            envelope.rcpt_tos.append(address)
        return fault or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The mail itself."""
        fault = await self._town.fault("DATA", partial(_close, server))
        if fault is not None:
            return fault
        [recipient] = envelope.rcpt_tos
        assert isinstance(envelope.content, bytes)
        user = session.auth_data if session.authenticated else None
        encrypted = session.ssl is not None or self._town.tls == "at once"
        self._town.mails.append(Mail(str(envelope.mail_from), recipient, envelope.content, encrypted, user))
        return "250 2.0.0 queued"


class _Connection(SMTP):
    def __init__(self, town: MailTown, **given: Any) -> None:
        super().__init__(_Handler(town), **given)
        self._town = town
        self._first: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._first is None:
            self._first = transport
            self._town.open_connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._town.open_connections.discard(self)
        super().connection_lost(error)

    async def end(self) -> None:
        """Now, also in the middle of a handshake."""
        task = self._handler_coroutine
        if self._first is not None:
            self._first.close()
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _close(server: SMTP) -> None:
    if server.transport is not None:
        server.transport.close()


def unsubscribe(address: str, destination_id: int | None) -> str:
    """A link as the vault makes it, but for the secrecy."""
    return f"{HOME}/mail/unsubscribe/{'t' * 300}-{destination_id}"


def _certificate(*, expired: bool) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.org")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=-1 if expired else 1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)


def _server_context(key: bytes, certificate: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(key + certificate)
        context.load_cert_chain(file.name)
    return context
