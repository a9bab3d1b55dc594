"""The egress guard: what a stranger's address can make us connect to is the public internet and nothing else."""

import errno
import functools
import socket
import ssl
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

IsAllowed = Callable[[str], bool]
Address = IPv4Address | IPv6Address

# IANA's special-purpose registries and what cloud vendors put beside them, as in the list `recommended_v1` of
# Microsoft's AntiSSRF, and the forms in which an IPv6 address carries an IPv4 one.
_DENIED = (
    "0.0.0.0/8",  # this network
    "10.0.0.0/8",
    "100.64.0.0/10",  # carrier-grade NAT; 100.100.100.200 is Alibaba's metadata service
    "127.0.0.0/8",
    "168.63.129.16/32",  # Azure's wire server, public by its number only
    "169.254.0.0/16",  # link-local; metadata services
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",  # documentation
    "192.31.196.0/24",  # AS112
    "192.52.193.0/24",  # AMT
    "192.88.99.0/24",  # 6to4 relays
    "192.168.0.0/16",
    "192.175.48.0/24",  # AS112
    "198.18.0.0/15",  # benchmarks
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # class E and broadcast
    "::/96",  # unspecified, loopback, IPv4-compatible
    "::ffff:0:0/96",  # IPv4-mapped; unwrapped before it comes here
    "::ffff:0:0:0/96",  # IPv4-translated
    "64:ff9b::/96",  # NAT64
    "64:ff9b:1::/48",  # local NAT64
    "100::/64",  # discarded
    "100:0:0:1::/64",
    "2001::/23",  # IETF protocols; Teredo carries an IPv4 address
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4 carries an IPv4 address
    "2620:4f:8000::/48",  # AS112
    "3fff::/20",  # documentation
    "5f00::/16",  # segment routing
    "fc00::/7",  # unique local
    "fe80::/10",  # link-local
    "fec0::/10",  # site-local
    "ff00::/8",  # multicast
)
_DENIED_V4 = tuple(network for text in _DENIED if isinstance(network := ip_network(text), IPv4Network))
_DENIED_V6 = tuple(network for text in _DENIED if isinstance(network := ip_network(text), IPv6Network))


class EgressRefused(OSError):  # noqa: N818
    """The address that was to be connected to is not a public one."""

    def __init__(self, address: str) -> None:
        # Two arguments, since aiohttp shows an OSError by its strerror.
        super().__init__(errno.EACCES, f"{address} is not a public address")
        self.address = address

    def __str__(self) -> str:
        return f"{self.address} is not a public address"


def is_public(address: str | Address) -> bool:
    """Whether this concrete address belongs to the public internet. What is not an address does not."""
    try:
        concrete = ip_address(address.partition("%")[0] if isinstance(address, str) else address)
    except ValueError:
        return False
    if isinstance(concrete, IPv6Address):
        if concrete.ipv4_mapped is None:
            return not any(concrete in network for network in _DENIED_V6)
        concrete = concrete.ipv4_mapped
    return not any(concrete in network for network in _DENIED_V4)


def guarded_connector(
    allow_private: bool, *, is_allowed: IsAllowed = is_public, **limits: Any
) -> aiohttp.TCPConnector:
    """A connector that refuses to connect to an address that is not public, unless `allow_private`.

    The concrete address of every connect is judged, so neither a name that resolves to it, nor a literal, nor a
    redirect gets past. Give the session `trust_env=False`: a proxy would hide the target. `limits` are
    TCPConnector's own arguments. A refusal reaches the caller inside an aiohttp error: `refusal` finds it.
    Needs a running event loop.
    """
    limits.setdefault("ssl", tls_context())
    if allow_private:
        return aiohttp.TCPConnector(**limits)
    return aiohttp.TCPConnector(
        resolver=_Resolver(is_allowed), socket_factory=functools.partial(_socket, is_allowed), **limits
    )


def refusal(error: BaseException) -> EgressRefused | None:
    """The refusal that caused an error of aiohttp's or httpx's, if one did."""
    return next((cause for cause in causes(error) if isinstance(cause, EgressRefused)), None)


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, outermost first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


@functools.cache
def tls_context() -> ssl.SSLContext:
    """The one TLS context: it takes tens of milliseconds to make. Knows certifi's authorities, or those of
    SSL_CERT_FILE."""
    return httpx.create_ssl_context()


def _socket(is_allowed: IsAllowed, info: tuple[Any, ...]) -> socket.socket:
    """aiohttp's socket factory: the last moment before a connect, where the address is certain."""
    family, kind, protocol, _, address = info
    if not is_allowed(address[0]):
        raise EgressRefused(address[0])
    return socket.socket(family, kind, protocol)


class _Resolver(ThreadedResolver):
    """Leaves addresses out that would be refused anyway.

    It guards nothing by itself (literals are never resolved). It is here because aiohttp merges the errors of
    several refused addresses into a plain OSError.
    """

    def __init__(self, is_allowed: IsAllowed) -> None:
        super().__init__()
        self._is_allowed = is_allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        allowed = [one for one in found if self._is_allowed(one["host"])]
        if found and not allowed:
            raise EgressRefused(found[0]["host"])
        return allowed
