"""Which headers a user may add to an endpoint's requests. Pure."""

import re
from collections.abc import Mapping

MOST = 20
MOST_BYTES = 8 * 1024
_OURS = frozenset(
    {
        "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "date", "expect",
        "host", "http2-settings", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
        "via",
    }
)  # fmt: skip
"""What uptimus or HTTP itself says. One of these of a user's own could turn one request into two."""
_OUR_PREFIXES = ("webhook-", "ce-", "svix-", "proxy-")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[!-~](?:[\t -~]*[!-~])?")


def check_headers(headers: Mapping[str, str]) -> None:
    """Raises ValueError, with one sentence that holds no value, for what can't be sent."""
    if len(headers) > MOST:
        raise ValueError(f"an endpoint has at most {MOST} headers of its own")
    seen = set[str]()
    for name, value in headers.items():
        _check(name, value)
        if name.lower() in seen:
            raise ValueError(f"the header “{name}” is given twice")
        seen.add(name.lower())
    if sum(len(name) + len(value) + 4 for name, value in headers.items()) > MOST_BYTES:
        raise ValueError(f"an endpoint's own headers have at most {MOST_BYTES // 1024} KiB in all")


def _check(name: str, value: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name[:40]!r} is not the name of a header")
    if name.lower() in _OURS or name.lower().startswith(_OUR_PREFIXES):
        raise ValueError(f"the header “{name}” is set by uptimus itself")
    if _VALUE.fullmatch(value) is None:
        raise ValueError(f"the value of the header “{name}” is empty, or is not one line of ASCII")
