"""How many requests one client may make: a bucket that fills again steadily, for a bounded number of clients."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Verdict:
    """What became of one request. `reset` is how many seconds until the whole quota is there again, `wait` how
    many until the next request is answered (0: this one was)."""

    quota: int
    window: int
    remaining: int
    reset: int
    wait: int

    @property
    def headers(self) -> dict[str, str]:
        """The RateLimit fields of the IETF's draft (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "RateLimit-Policy": f'"default";q={self.quota};w={self.window}',
            "RateLimit": f'"default";r={self.remaining};t={self.reset}',
        } | ({"Retry-After": str(self.wait)} if self.wait else {})


class RateLimit:
    """`quota` requests at once, and again as many in each `window` seconds; only the `most` latest clients are
    remembered: one that is forgotten begins anew."""

    def __init__(
        self, quota: int, window: int = 60, *, most: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._quota, self._window, self._most, self._clock = quota, window, most, clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, client: str) -> Verdict:
        """Counts one request of a client."""
        now, each = self._clock(), self._window / self._quota
        full_at = max(self._full_at.get(client, now), now)
        used = (full_at - now) / each
        if used > self._quota - 1 + 1e-9:
            wait = max(1, math.ceil((used - (self._quota - 1)) * each))
            return Verdict(self._quota, self._window, 0, math.ceil(full_at - now), wait)
        self._full_at[client] = full_at + each
        self._full_at.move_to_end(client)
        while len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        remaining = max(0, math.floor(self._quota - used - 1 + 1e-9))
        return Verdict(self._quota, self._window, remaining, math.ceil(full_at + each - now), 0)


def client_of(request: web.Request, proxies: Sequence[Network] = ()) -> str:
    """Who asks, as a limit counts them: an IPv4 address, or the /64 of an IPv6 one, of which a client has as many
    as it likes. Only a proxy that the operator named is believed about whom it speaks for."""
    address = _address(request.remote or "")
    forwarded = [one.strip() for one in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")]
    while forwarded and address is not None and any(address in network for network in proxies):
        named = _address(forwarded.pop())
        if named is None:
            break
        address = named
    if address is None:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if found.version == 6 else found
