"""What HTTP answers and failed connects of receivers mean, for whoever posts over aiohttp. Names no address."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp

from adapters.egress import refusal
from relay.transports.transport import DeliveryError

LONGEST_PAUSE = 86400.0


def pause(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Seconds from now, at most a day; the header holds seconds or a date (RFC 9110, 10.2.3)."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return min(max(0.0, (until - (now or datetime.now(UTC))).total_seconds()), LONGEST_PAUSE)


def named(status: int) -> str:
    """`410 Gone`, in the standard's words: the receiver's own may be anything."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def unsent(error: Exception, whom: str, *, timeout: float) -> DeliveryError:
    """Why nothing was answered; `whom` is who didn't, as in "the receiver"."""
    if refusal(error) is not None:
        return DeliveryError(f"{whom}'s address is not on the public internet", permanent=True)
    if isinstance(error, aiohttp.InvalidURL):
        return DeliveryError(f"{whom} has no web address", permanent=True)
    if isinstance(error, TimeoutError):
        return DeliveryError(f"{whom} did not answer within {timeout:g} s")
    return DeliveryError(f"{whom} {_broken(error)}")


def _broken(error: Exception) -> str:
    """aiohttp's own words may hold the whole address."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "has a name that could not be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "has a certificate that is not valid"
    if isinstance(error, aiohttp.ClientSSLError):
        return "made no TLS connection"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"could not be connected to ({error.os_error.strerror or 'network error'})"
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionError):
        return "closed the connection without an answer"
    return f"gave no HTTP answer that can be read ({type(error).__name__})"
