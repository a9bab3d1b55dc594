"""The operator's mail server and sender, read out of their settings. Pure."""

import re
import ssl
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import getaddresses
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

_PORTS = {"smtp": 587, "smtps": 465}
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\s]")


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over. TLS is required, from the first byte (`tls_at_once`) or by STARTTLS, unless the
    server is `local`: then it is used where it is offered, and nothing is asked of the certificate."""

    host: str
    port: int
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    tls_at_once: bool = False
    local: bool = False
    context: ssl.SSLContext | None = field(default=None, repr=False)
    """Which certificates are trusted; None: those that the system trusts."""


def server_of(url: str) -> MailServer:
    """`smtp://user:password@host:587` or `smtps://…:465`. Raises ValueError, without what may be secret."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is no address of a mail server") from None
    if parts.scheme not in _PORTS:
        raise ValueError("must begin with smtp:// or smtps://")
    if not host or _UNSEEN.search(url):
        raise ValueError("must name a host, as in smtp://user:password@smtp.example.com:587")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(
            "must end with the host and its port; write %23, %2F and %3F for #, / and ? in a password"
        )
    if parts.username is not None and parts.password is None:
        raise ValueError("names a user without a password")
    user, password = parts.username or None, parts.password
    return MailServer(
        host=host,
        port=port or _PORTS[parts.scheme],
        user=unquote(user) if user else None,
        password=unquote(password) if user and password is not None else None,
        tls_at_once=parts.scheme == "smtps",
        local=_is_local(host),
    )


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def address_of(text: str, name: str = "") -> Address:
    """One mail address, its domain as the wire has it. Raises ValueError for what is none."""
    local, _, domain = text.rpartition("@")
    if not local or not domain or _UNSEEN.search(text) or re.search(r"[<>\"(),:;\[\]\\]", text):
        raise ValueError("is no mail address")
    try:
        return Address(name, local, domain.encode("idna").decode("ascii").lower())
    except (UnicodeError, HeaderParseError, IndexError):
        raise ValueError("is no mail address") from None


def sender_of(text: str) -> Address:
    """`status@example.com` or `Status <status@example.com>`. Raises ValueError."""
    if "<" in text and not text.strip().endswith(">"):
        raise ValueError("must be one address, as in: Status <status@example.com>")
    found = getaddresses([text])
    try:
        [(name, address)] = found
        return address_of(address, " ".join(name.split()))
    except ValueError:  # none, or several
        raise ValueError("must be one address, as in: Status <status@example.com>") from None
