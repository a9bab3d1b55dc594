"""Puts a mail together: its headers, how it belongs to a thread, and the bytes that go over the wire. Pure but for
the clock that the Date is taken from.

Headers are set through the standard library's policy, which refuses line breaks and encodes what is not ASCII.
"""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy

_WHOLE = frozenset({"message-id", "in-reply-to", "references", "list-unsubscribe", "list-id"})
"""Headers whose one long word the standard library would tear apart or encode."""


@dataclass(frozen=True)
class ThreadRef:
    """What a thread's row keeps: the first mail's id, and the subject that all of them have."""

    message_id: str
    subject: str

    @classmethod
    def read(cls, reference: str) -> "ThreadRef":
        """As `str()` wrote it."""
        message_id, _, subject = reference.partition(" ")
        return cls(message_id, subject)

    def __str__(self) -> str:
        return f"{self.message_id} {self.subject}"


@dataclass(frozen=True)
class Envelope:
    """Everything about a mail but its text. `answers` is the first mail of its thread (None: it begins one)."""

    sender: Address
    to: Address
    message_id: str
    subject: str
    date: datetime
    list_id: str | None = None
    unsubscribe: str | None = None
    answers: str | None = None
    provider: str | None = None
    event: str | None = None
    """A provider's slug and an event's type, for filters."""


def message(envelope: Envelope, text: str, html: str | None) -> EmailMessage:
    """The mail; with `html` it is multipart/alternative."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = envelope.sender
    mail["To"] = envelope.to
    mail["Subject"] = envelope.subject
    mail["Date"] = envelope.date
    mail["Message-ID"] = envelope.message_id
    if envelope.answers is not None:
        mail["In-Reply-To"] = envelope.answers
        mail["References"] = envelope.answers
    # no Precedence: RFC 2076 discourages it, and what it was for the next two do; Exchange has a header of its own
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if envelope.list_id is not None:
        mail["List-Id"] = envelope.list_id
    if envelope.unsubscribe is not None:  # RFC 8058
        mail["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if envelope.provider is not None:
        mail["X-Uptimus-Provider"] = envelope.provider
    if envelope.event is not None:
        mail["X-Uptimus-Event"] = envelope.event
    mail.set_content(text, cte="quoted-printable")
    if html is not None:
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
    return mail


def wire_bytes(mail: EmailMessage, *, utf8: bool) -> bytes:
    """As the server gets it. utf8: the address needs SMTPUTF8."""
    return mail.as_bytes(policy=_Unfolded(linesep="\r\n", utf8=utf8))


class _Unfolded(EmailPolicy):
    """Leaves headers alone that must not be torn apart: they stand on one line of less than 998 characters."""

    def fold(self, name: str, value: str) -> str:
        """A header as text."""
        if _stays_whole(name, value):
            return f"{name}: {value}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        """A header as bytes."""
        if _stays_whole(name, value):
            return self.fold(name, value).encode("ascii", "replace")
        return super().fold_binary(name, value)


def _stays_whole(name: str, value: str) -> bool:
    """A long subject would begin on its second line, and a blank before it would be part of it."""
    return name.lower() in _WHOLE or (name.lower() == "subject" and value.isascii())
