"""The egress guard: what a stranger's address can make us connect to is the public internet and nothing else."""

import errno
import functools
import socket
import ssl
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

IsAllowed = Callable[[str], bool]
Address = IPv4Address | IPv6Address

# IANA's special-purpose registries and what cloud vendors put beside them, as in the list `recommended_v1` of
# Microsoft's AntiSSRF.
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
    "2001::/23",  # IETF protocols; Teredo carries an IPv4 address
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4 carries an IPv4 address
    "2620:4f:8000::/48",  # AS112
    "3ffe::/16",  # the 6bone, given back
    "3fff::/20",  # documentation
)
_DENIED_V4 = tuple(network for text in _DENIED if isinstance(network := ip_network(text), IPv4Network))
_DENIED_V6 = tuple(network for text in _DENIED if isinstance(network := ip_network(text), IPv6Network))
# All that IANA has given out of IPv6. Outside lie loopback, link-local, unique local and site-local addresses,
# multicast, segment routing, NAT64, the compatible and the translated form of IPv4 addresses, what is reserved.
_GIVEN_OUT_V6 = IPv6Network("2000::/3")
_ISATAP = (0x00005EFE, 0x02005EFE)
"""What precedes the IPv4 address in the interface's part of an ISATAP address (RFC 5214, 6.1), in any network."""


class EgressRefused(OSError):  # noqa: N818
    """What was to be connected to is not on the public internet, or (`port`) the operator denied the port."""

    def __init__(self, address: str, port: int | None = None) -> None:
        said = f"{address} is not a public address" if port is None else f"port {port} is denied here"
        # Two arguments, since aiohttp shows an OSError by its strerror.
        super().__init__(errno.EACCES, said)
        self.address, self.port = address, port

    def __str__(self) -> str:
        return str(self.strerror)


def is_public(address: str | Address) -> bool:
    """Whether this concrete address belongs to the public internet. What is not an address does not."""
    try:
        concrete = ip_address(address.partition("%")[0] if isinstance(address, str) else address)
    except ValueError:
        return False
    if isinstance(concrete, IPv6Address):
        if concrete.ipv4_mapped is None:
            return _is_public_v6(concrete)
        concrete = concrete.ipv4_mapped
    return not any(concrete in network for network in _DENIED_V4)


def _is_public_v6(concrete: IPv6Address) -> bool:
    if concrete not in _GIVEN_OUT_V6 or (int(concrete) >> 32) & 0xFFFFFFFF in _ISATAP:
        return False
    return not any(concrete in network for network in _DENIED_V6)


def guarded_connector(
    allow_private: bool,
    *,
    is_allowed: IsAllowed = is_public,
    denied_ports: Collection[int] = (),
    trust_proxy: bool = False,
    **limits: Any,
) -> aiohttp.TCPConnector:
    """A connector that refuses to connect to an address that is not public, unless `allow_private`, and to a port
    that the operator denied, even then.

    The concrete address of every connect is judged, so neither a name that resolves to it, nor a literal, nor a
    redirect gets past. `limits` are TCPConnector's own arguments. A refusal reaches the caller inside an aiohttp
    error: `refusal` finds it. Needs a running event loop.

    trust_proxy: requests go through the proxies of the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY). Where
    those connect to is for them to guard; what goes past them is judged as ever. Give the session
    `trust_env=False` in either case: it would take any proxy of the environment, and send the passwords of
    ~/.netrc to addresses that strangers name.
    """
    limits.setdefault("ssl", tls_context())
    proxies = _proxies() if trust_proxy else {}
    if allow_private and not denied_ports and not proxies:
        return aiohttp.TCPConnector(**limits)
    guard = _Guard(_anything if allow_private else is_allowed, frozenset(denied_ports))
    guard.let_through(proxies.values())
    limits.setdefault("resolver", _Resolver(guard))
    return _Connector(proxies, socket_factory=guard.socket, **limits)


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


def _anything(_: str) -> bool:
    return True


@dataclass(frozen=True)
class _Guard:
    """Judges what is to be connected to. The operator's own proxies may be anywhere."""

    is_allowed: IsAllowed
    denied_ports: frozenset[int]
    proxies: set[tuple[str, int | None]] = field(default_factory=set)
    """By host and port; by address and port once the name has been resolved."""

    def let_through(self, proxies: Collection[URL]) -> None:
        self.proxies.update((proxy.raw_host or "", proxy.port) for proxy in proxies)

    def judge(self, address: str, port: int) -> None:
        """Raises EgressRefused."""
        if (address, port) in self.proxies:
            return
        if port in self.denied_ports:
            raise EgressRefused(address, port)
        if not self.is_allowed(address):
            raise EgressRefused(address)

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """aiohttp's socket factory: the last moment before a connect, where the address is certain."""
        family, kind, protocol, _, address = info
        self.judge(address[0], address[1])
        return socket.socket(family, kind, protocol)


class _Resolver(ThreadedResolver):
    """Leaves addresses out that would be refused anyway.

    It guards nothing by itself (literals are never resolved). It is here because aiohttp merges the errors of
    several refused addresses into a plain OSError.
    """

    def __init__(self, guard: _Guard) -> None:
        super().__init__()
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        if (host, port) in self._guard.proxies:
            self._guard.proxies.update((one["host"], port) for one in found)
        allowed, refused = list[ResolveResult](), list[EgressRefused]()
        for one in found:
            try:
                self._guard.judge(one["host"], port)
                allowed.append(one)
            except EgressRefused as error:
                refused.append(error)
        if refused and not allowed:
            raise refused[0]
        return allowed


class _Connector(aiohttp.TCPConnector):
    """Sends each request through the proxy of its scheme, unless NO_PROXY names its host."""

    def __init__(self, proxies: dict[str, URL], **options: Any) -> None:
        super().__init__(**options)
        self._proxies = proxies

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> aiohttp.connector.Connection:
        proxy = self._proxies.get(req.url.scheme)
        if proxy is not None and not proxy_bypass(req.url.raw_host or ""):
            req.update_proxy(proxy.with_user(None), None, _credentials(proxy))
        return await super().connect(req, traces, timeout)


def _proxies() -> dict[str, URL]:
    """The environment's, by scheme. Names of variables in lower case count as well."""
    return {scheme: URL(proxy) for scheme, proxy in getproxies().items() if scheme in ("http", "https")}


def _credentials(proxy: URL) -> dict[str, str] | None:
    """As aiohttp wants them: it moves the header to where the proxy looks for it."""
    if proxy.user is None:
        return None
    return {"Authorization": aiohttp.encode_basic_auth(proxy.user, proxy.password or "")}
