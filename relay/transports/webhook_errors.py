"""What became of a webhook's request that was not taken: classified, in one line that names no address. Pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp

from adapters.egress import refusal
from relay.transports.transport import DeliveryError

OVERLOADED = (429, 502, 504)
OVERLOAD_PAUSE = 60.0
LONGEST_PAUSE = 86400.0


def never_connected(error: Exception) -> bool:
    """Whether it failed before anything was sent, in a way that may be over in the next moment."""
    return (
        isinstance(error, aiohttp.ClientConnectorError)
        and not isinstance(error, aiohttp.ClientConnectorCertificateError)
        and refusal(error) is None
    )


def unsent(error: Exception, *, timeout: float, connect_timeout: float) -> DeliveryError:
    """There was no answer."""
    refused = refusal(error)
    if refused is not None and refused.port is not None:
        return DeliveryError(f"{refused} (UPTIMUS_DENIED_PORTS)", permanent=True)
    if refused is not None:
        return DeliveryError(
            "the receiver's address is not on the public internet"
            " (UPTIMUS_ALLOW_PRIVATE_NETWORKS=true allows that)",
            permanent=True,
        )
    if isinstance(error, aiohttp.ServerTimeoutError):
        return DeliveryError(f"the receiver could not be connected to within {connect_timeout:g} s")
    if isinstance(error, TimeoutError):
        return DeliveryError(f"the receiver did not answer within {timeout:g} s")
    if isinstance(error, aiohttp.InvalidURL):
        return DeliveryError("the destination is not a web address", permanent=True)
    return DeliveryError(_broken(error))


def refused(status: int, retry_after: str | None, answer: str) -> DeliveryError:
    """The answer was not 2xx."""
    reason = f"the receiver answered {_named(status)}"
    if 300 <= status < 400:
        reason += ": redirects are not followed"
    pause = _seconds(retry_after) if status in (*OVERLOADED, 503) else None
    if status in OVERLOADED:
        pause = max(pause or 0.0, OVERLOAD_PAUSE)
    return DeliveryError(reason, permanent=status == 410, retry_after=pause, status=status, answer=answer)


def _named(status: int) -> str:
    """In the standard's words: the receiver's own may be anything."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _seconds(retry_after: str | None) -> float | None:
    """Seconds from now, at most a day; the header holds seconds or a date (RFC 9110, 10.2.3)."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return min(max(0.0, (until - datetime.now(UTC)).total_seconds()), LONGEST_PAUSE)


def _broken(error: Exception) -> str:
    """One line that names no address: aiohttp's own words may hold the whole URL."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the receiver's name could not be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the receiver's certificate is not valid"
    if isinstance(error, aiohttp.ClientSSLError):
        return "no TLS connection to the receiver could be made"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"the receiver could not be connected to ({error.os_error.strerror or 'network error'})"
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | ConnectionError):
        return "the receiver closed the connection without an answer"
    return f"the receiver gave no HTTP answer that can be read ({type(error).__name__})"
