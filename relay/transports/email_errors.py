"""What went wrong with a mail, in our words: whose trouble it is, and whether another try can help.

The destination's: no mail can ever reach it. Ours: the server is away, does not accept us, or thinks little of us;
that never disables a destination. Enhanced codes (RFC 3463) say it best; where a server gives none, its code has
to do.
"""

import re
import ssl
from typing import Literal

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from relay.transports.transport import DeliveryError

Step = Literal["connect", "send"]

ANSWER = 1000
"""Characters of a server's words that are kept."""

_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_NOT_THERE = frozenset(
    {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.9", "5.1.10", "5.2.0", "5.2.1", "5.4.4"}
)
"""The address is none, the mailbox is gone or closed, its domain takes no mail. Not: full (5.2.2)."""
_NOT_THERE_BY_CODE = frozenset({521, 550, 551, 553, 554, 556})
"""At RCPT, from a server without enhanced codes."""
_OF_US = re.compile(r"relay|auth|blocked|blacklist|blocklist|spam|reputation|policy|sender", re.IGNORECASE)


def classified(error: Exception, step: Step) -> DeliveryError:
    """A DeliveryError for whatever the connection raised; without a user's name, a password or what was sent."""
    if isinstance(error, SMTPAuthenticationError):
        return DeliveryError(f"the mail server does not accept our user name and password ({error.code})",
            status=error.code)  # fmt: skip
    if isinstance(error, SMTPResponseException):
        return _refused(error)
    tls = _tls_reason(error)
    if tls is not None:
        return DeliveryError(f"the mail server can't be trusted: {tls}")
    if isinstance(error, SMTPTimeoutError | TimeoutError):
        return DeliveryError("the mail server did not answer in time")
    if isinstance(error, SMTPConnectError | OSError) and step == "connect":
        return DeliveryError(f"the mail server can't be reached ({_network(error)})")
    if isinstance(error, SMTPServerDisconnected | OSError):
        return DeliveryError("the mail server closed the connection")
    return DeliveryError(_unsupported(error))


def _refused(error: SMTPResponseException) -> DeliveryError:
    said = _words(error.message)
    about = "this address" if isinstance(error, SMTPRecipientRefused) else "the mail"
    if isinstance(error, SMTPSenderRefused):
        about = "our sender's address"
    reason = f"the mail server refuses {about} ({error.code}{f' {said}' if said else ''})"
    if _is_too_big(error):
        reason = f"the mail is too big for the mail server ({error.code})"
    return DeliveryError(
        reason[:300], permanent=_is_gone(error), status=error.code, answer=_words(error.message, ANSWER)
    )


def _is_gone(error: SMTPResponseException) -> bool:
    """Whether no mail can reach the address, ever."""
    if not 500 <= error.code < 600:
        return False
    enhanced = _ENHANCED.search(error.message)
    at_the_address = isinstance(error, SMTPRecipientRefused)
    if enhanced is not None:
        return enhanced[1] in _NOT_THERE and (at_the_address or isinstance(error, SMTPDataError))
    return at_the_address and error.code in _NOT_THERE_BY_CODE and not _OF_US.search(error.message)


def _is_too_big(error: SMTPResponseException) -> bool:
    enhanced = _ENHANCED.search(error.message)
    by_code = error.code == 552 and not isinstance(error, SMTPRecipientRefused)
    return enhanced[1] in ("5.3.4", "5.2.3") if enhanced is not None else by_code


def _tls_reason(error: BaseException | None) -> str | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate is not valid ({error.verify_message})"
        if isinstance(error, ssl.SSLError):
            return f"TLS failed ({error.reason or 'no reason given'})"
        error = error.__cause__
    return None


def _network(error: BaseException) -> str:
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    return str(getattr(cause, "strerror", None) or type(cause).__name__)


def _unsupported(error: Exception) -> str:
    """What the library says of what a server lacks is a sentence of its own, and holds no secret."""
    said = _words(str(error.args[0])) if isinstance(error, SMTPException) and error.args else ""
    if "STARTTLS" in said:
        return "the mail server offers no TLS, which is required unless it is local"
    if "AUTH" in said or "authentication" in said:
        return "the mail server offers no way to log in that we know"
    return f"the mail could not be handed over ({type(error).__name__})"


def _words(message: str, most: int = 160) -> str:
    """A server's words in one line. Nothing but what can be printed and stored."""
    clean = message.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(c if c.isprintable() else " " for c in clean).split())[:most]
