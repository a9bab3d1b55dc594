"""Which addresses are public, and that no way of naming another one gets past the guard."""

from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from adapters.egress import EgressRefused, guarded_connector, is_public, refusal

GOOD = [
    "1.1.1.1",
    "8.8.8.8",
    "99.255.255.255",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.15",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.167.255.255",
    "193.0.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2003::1",
    "2620:0:2d0:200::7",
    "2a00:1450:4001:81b::200e",
]
BAD = [
    "",
    "localhost",
    "2130706433",
    "0x7f.1",
    "127.1",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.88.99.3",
    "192.168.0.1",
    "192.168.255.255",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "2620:4f:8000::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", GOOD)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", BAD)
def test_not_public(address: str) -> None:
    assert not is_public(address)


def test_the_table_is_long_enough() -> None:
    assert len({*GOOD, *BAD}) >= 51


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1"])
async def test_a_refused_connect_names_the_address(host: str) -> None:
    async with aiohttp.ClientSession(connector=guarded_connector(False), trust_env=False) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(f"http://{host}:9/")
    found = refusal(caught.value)
    assert found is not None
    assert isinstance(found, EgressRefused)
    assert isinstance(found, OSError)
    assert str(found) == f"{found.address} is not a public address"
    assert not is_public(found.address)


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
