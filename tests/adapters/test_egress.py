"""Which addresses are public, and that the connector judges every connect, whatever a resolver says."""

import socket
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from standins.addresses import PUBLIC, REFUSED, host
from standins.connects import connects

from adapters.egress import EgressRefused, guarded_connector, is_public, refusal


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [*REFUSED, "fe80::1%eth0", "", "localhost", "2130706433", "0x7f.1", "127.1"])
def test_not_public(address: str) -> None:
    assert not is_public(address)


def test_the_table_is_long_enough() -> None:
    assert len(set(REFUSED)) >= 64


@pytest.mark.parametrize("named", ["127.0.0.1", "localhost", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1"])
async def test_a_refused_connect_names_the_address(named: str) -> None:
    async with aiohttp.ClientSession(connector=guarded_connector(False), trust_env=False) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(f"http://{named}:9/")
    found = refusal(caught.value)
    assert found is not None
    assert isinstance(found, EgressRefused)
    assert isinstance(found, OSError)
    assert str(found) == f"{found.address} is not a public address"
    assert not is_public(found.address)
    assert found.port is None


async def test_private_networks_can_be_allowed(serve: Callable[..., Awaitable[str]]) -> None:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    url = await serve(hello)
    async with (
        aiohttp.ClientSession(connector=guarded_connector(True, limit=3), trust_env=False) as session,
        session.get(url) as response,
    ):
        assert await response.text() == "hello"


async def test_a_name_with_several_private_addresses_is_one_clear_refusal() -> None:
    judged: list[str] = []

    def nobody(address: str) -> bool:
        judged.append(address)
        return False

    connector = guarded_connector(False, is_allowed=nobody)
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get("http://localhost:9/")
    assert refusal(caught.value) is not None
    assert judged


def test_other_errors_are_no_refusals() -> None:
    assert refusal(OSError("something else")) is None


class Liar(AbstractResolver):
    """Says of every name that it has these addresses, and asks nobody whether they are allowed."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None: ...


@pytest.mark.parametrize("address", REFUSED)
async def test_the_socket_itself_is_guarded(address: str) -> None:
    connector = guarded_connector(False, resolver=Liar(address))
    async with aiohttp.ClientSession(connector=connector) as session:
        with connects(veto=True) as tried, pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get("http://status.example.com/")
    assert refusal(caught.value) is not None
    assert tried == []


@pytest.mark.parametrize("addresses", [("8.8.8.8", "127.0.0.1"), ("10.0.0.1", "8.8.8.8"), ("::1", "8.8.8.8")])
async def test_of_several_addresses_only_the_public_one_is_tried(addresses: tuple[str, ...]) -> None:
    connector = guarded_connector(False, resolver=Liar(*addresses))
    async with aiohttp.ClientSession(connector=connector) as session:
        with connects(veto=True) as tried, pytest.raises(aiohttp.ClientConnectorError):
            await session.get("http://status.example.com/")
    assert set(tried) == {("8.8.8.8", 80)}


@pytest.mark.parametrize("allow_private", [True, False])
@pytest.mark.parametrize("named", ["127.0.0.1", "8.8.8.8", "[2606:4700:4700::1111]", "status.example.com"])
async def test_a_denied_port_is_denied_everywhere(allow_private: bool, named: str) -> None:
    connector = guarded_connector(allow_private, denied_ports=[25, 6379], resolver=Liar("1.1.1.1", "8.8.4.4"))
    async with aiohttp.ClientSession(connector=connector) as session:
        with connects(veto=True) as tried, pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(f"http://{named}:6379/")
    if (
        named != "status.example.com"
    ):  # of several addresses aiohttp merges the errors; a resolver of ours does not
        found = refusal(caught.value)
        assert found is not None
        assert (found.port, str(found)) == (6379, "port 6379 is denied here")
    assert tried == []


async def test_other_ports_are_not_denied() -> None:
    connector = guarded_connector(True, denied_ports=[25])
    async with aiohttp.ClientSession(connector=connector) as session:
        with connects(veto=True) as tried, pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"http://{host('127.0.0.1')}:2525/")
    assert tried == [("127.0.0.1", 2525)]
