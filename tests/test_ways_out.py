"""Nobody makes uptimus connect to what is not on the public internet: pages and webhooks, and every trick."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from standins.addresses import PUBLIC, REFUSED, SPELLINGS, host
from standins.connects import connects
from standins.login_outage import STORY

from adapters.egress import is_public
from adapters.fetch import AdapterError, Fetcher
from relay.transports.sign import new_secret
from relay.transports.transport import DeliveryError, Telling
from relay.transports.webhook import WebhookTransport

SECRET = new_secret()
GOOD, GOOD_V6 = "8.8.8.8", "2606:4700:4700::1111"
FRIEND = "127.0.0.2"
"""Stands for a public address on which there is a server of ours."""


class Page:
    """What reads pages, as `uptimus run` makes it."""

    def __init__(self, **options: Any) -> None:
        self._fetcher = Fetcher(total_timeout=60, **options)

    async def refuses(self, url: str) -> str:
        """Why it did not get an answer."""
        with pytest.raises(AdapterError) as caught:
            await self._fetcher.get(url)
        return caught.value.reason

    async def aclose(self) -> None:
        await self._fetcher.aclose()


class Hook:
    """What posts webhooks, as `uptimus run` makes it."""

    def __init__(self, **options: Any) -> None:
        self._webhook = WebhookTransport(user_agent="test", timeout=60, connect_timeout=60, **options)

    async def refuses(self, url: str) -> str:
        """Why it was not told."""
        with pytest.raises(DeliveryError) as caught:
            await self._webhook.send(Telling(event=STORY[0], address=url, secrets=(SECRET,)))
        return caught.value.reason

    async def aclose(self) -> None:
        await self._webhook.aclose()


WAYS: tuple[type[Page] | type[Hook], ...] = (Page, Hook)
NOT_PUBLIC = {Page: "leads to a private network", Hook: "is not on the public internet"}


@asynccontextmanager
async def opened(way: type[Page] | type[Hook], **options: Any) -> AsyncIterator[Page | Hook]:
    made = way(**options)
    yield made
    await made.aclose()


class Trap:
    """Listens on every address of this machine, and counts who comes."""

    def __init__(self) -> None:
        self.port, self.caught = 0, 0
        self.heads: list[bytes] = []

    async def _catch(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.caught += 1
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()


@pytest.fixture
async def trap() -> AsyncIterator[Trap]:
    trap = Trap()
    server = await asyncio.start_server(trap._catch, "0.0.0.0")
    trap.port = server.sockets[0].getsockname()[1]
    yield trap
    server.close()
    await server.wait_closed()


Names = dict[str, list[list[str]]]


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """What each name resolves to: one answer after the other, the last one for ever. Nobody else is asked."""
    known: Names = {"localhost": [["127.0.0.1", "::1"]], "localhost.": [["127.0.0.1"]]}
    ask = socket.getaddrinfo

    def look_up(name: str, port: int, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:
        answers = known.get(name)
        if answers is None:
            return ask(name, port, family, type, proto, flags | socket.AI_NUMERICHOST)
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [one for address in addresses for one in ask(address, port, 0, type, proto)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    return known


@pytest.mark.parametrize("way", WAYS)
async def test_the_trap_catches_whom_nothing_holds_back(way: type[Page] | type[Hook], trap: Trap) -> None:
    async with opened(way, allow_private_networks=True) as client:
        with connects() as tried:
            assert "403" in await client.refuses(f"http://127.0.0.1:{trap.port}/")
    assert tried == [("127.0.0.1", trap.port)]
    assert trap.caught == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("address", REFUSED)
async def test_addresses_that_are_not_public(way: type[Page] | type[Hook], trap: Trap, address: str) -> None:
    async with opened(way) as client:
        with connects() as tried:
            assert NOT_PUBLIC[way] in await client.refuses(f"https://{host(address)}:{trap.port}/")
    assert tried == []
    assert trap.caught == 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_other_ways_to_write_them(way: type[Page] | type[Hook], trap: Trap, spelling: str) -> None:
    async with opened(way) as client:
        with connects() as tried:
            assert await client.refuses(f"https://{spelling}:{trap.port}/")
    assert tried == []
    assert trap.caught == 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("address", PUBLIC)
async def test_public_addresses_are_connected_to(way: type[Page] | type[Hook], address: str) -> None:
    async with opened(way) as client:
        with connects(veto=True) as tried:
            assert NOT_PUBLIC[way] not in await client.refuses(f"https://{host(address)}/")
    [(reached, port)] = set(tried)  # a connect that fails at once is tried once more
    assert (socket.inet_pton(_family(reached), reached), port) == (
        socket.inet_pton(_family(address), address),
        443,
    )


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1", GOOD],
        [GOOD, "127.0.0.1"],
        ["10.0.0.1", GOOD, "169.254.169.254"],
        ["::1", GOOD],
        ["::ffff:127.0.0.1", "127.0.0.1", GOOD],
    ],
)
async def test_a_name_with_a_private_address_among_others(
    way: type[Page] | type[Hook], names: Names, addresses: list[str]
) -> None:
    names["status.example.com"] = [addresses]
    async with opened(way) as client:
        with connects(veto=True) as tried:
            assert NOT_PUBLIC[way] not in await client.refuses("https://status.example.com/")
    assert set(tried) == {(GOOD, 443)}


@pytest.mark.parametrize("way", WAYS)
async def test_a_name_with_private_addresses_alone(way: type[Page] | type[Hook], names: Names, trap: Trap) -> None:
    names["status.example.com"] = [["127.0.0.1", "::1", "10.0.0.1"]]
    async with opened(way) as client:
        with connects() as tried:
            assert NOT_PUBLIC[way] in await client.refuses(f"https://status.example.com:{trap.port}/")
    assert tried == []


@pytest.mark.parametrize("way", WAYS)
async def test_a_name_that_changes_after_somebody_checked_it(
    way: type[Page] | type[Hook], names: Names, trap: Trap
) -> None:
    names["status.example.com"] = [[GOOD], ["127.0.0.1"]]
    [(_, _, _, _, checked)] = socket.getaddrinfo("status.example.com", trap.port, type=socket.SOCK_STREAM)
    assert is_public(str(checked[0]))
    async with opened(way) as client:
        with connects() as tried:
            assert NOT_PUBLIC[way] in await client.refuses(f"https://status.example.com:{trap.port}/")
    assert tried == []
    assert trap.caught == 0


USERINFO = (
    "https://public@127.0.0.1:{port}/",
    "https://status.example.com@127.0.0.1:{port}/",
    "https://status.example.com:443@127.0.0.1:{port}/",
    "https://status.example.com%40127.0.0.1:{port}/",
    "https://127.0.0.1:{port}#@status.example.com/",
    "https://127.0.0.1:{port}/#@status.example.com/",
    "https://127.0.0.1:{port}?@status.example.com/",
    "https://127.0.0.1:{port}\\@status.example.com/",
    "https://status.example.com\\@127.0.0.1:{port}/",
    "https://status.example.com\\.127.0.0.1:{port}/",
    "https://status.example.com @127.0.0.1:{port}/",
    "https://a@b@127.0.0.1:{port}/",
    "https:///127.0.0.1:{port}/",
    "https:127.0.0.1:{port}/",
    "https:\\\\127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\t.example.com/",
    "https://127.0.0.1:{port}\r\nHost: status.example.com/",
    "https://status.example.com:{port}@localhost:{port}/",
    "https://[::1]@status.example.com@[::1]:{port}/",
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("url", USERINFO)
async def test_who_is_named_and_who_is_meant(
    way: type[Page] | type[Hook], names: Names, trap: Trap, url: str
) -> None:
    names["status.example.com"] = [[GOOD]]
    async with opened(way) as client:
        with connects(veto=True) as tried:
            assert await client.refuses(url.format(port=trap.port))
    assert {address for address, _ in tried} <= {GOOD}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "scheme", ["ftp", "ftps", "file", "gopher", "dict", "ldap", "smtp", "unix", "http+unix", "ws", "jar", "data"]
)
async def test_other_schemes(way: type[Page] | type[Hook], names: Names, trap: Trap, scheme: str) -> None:
    names["status.example.com"] = [[GOOD]]
    async with opened(way) as client:
        with connects(veto=True) as tried:
            for named in (f"127.0.0.1:{trap.port}", "status.example.com"):
                assert await client.refuses(f"{scheme}://{named}/etc/passwd")
    assert {address for address, _ in tried} <= {GOOD}


async def test_webhooks_are_never_posted_in_the_clear() -> None:
    async with opened(Hook) as client:
        with connects(veto=True) as tried:
            assert "https://" in await client.refuses(f"http://{GOOD}/")
    assert tried == []


@asynccontextmanager
async def redirecting(status: int, where: str) -> AsyncIterator[int]:
    """A server whose every answer leads elsewhere; its port."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": where})

    site = web.Application()
    site.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


def _friendly(address: str) -> bool:
    return address == FRIEND or is_public(address)


@pytest.mark.parametrize("address", [*map(host, REFUSED), *SPELLINGS])
async def test_a_page_that_redirects_there(trap: Trap, address: str) -> None:
    async with (
        redirecting(302, f"http://{address}:{trap.port}/") as port,
        opened(Page, is_allowed=_friendly) as page,
    ):
        with connects() as tried:
            assert await page.refuses(f"http://{FRIEND}:{port}/")
    assert tried == [(FRIEND, port)]
    assert trap.caught == 0


async def test_every_hop_is_judged(trap: Trap) -> None:
    async with (
        redirecting(307, f"http://127.0.0.1:{trap.port}/") as last,
        redirecting(301, f"//{FRIEND}:{last}/") as first,
        opened(Page, is_allowed=_friendly) as page,
    ):
        with connects() as tried:
            assert NOT_PUBLIC[Page] in await page.refuses(f"http://{FRIEND}:{first}/")
    assert tried == [(FRIEND, first), (FRIEND, last)]
    assert trap.caught == 0


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
async def test_a_webhook_that_redirects_is_not_followed(trap: Trap, status: int) -> None:
    async with (
        redirecting(status, f"http://127.0.0.1:{trap.port}/") as port,
        opened(Hook, allow_private_networks=True) as hook,
    ):
        with connects() as tried:
            assert str(status) in await hook.refuses(f"http://127.0.0.1:{port}/")
    assert tried == [("127.0.0.1", port)]
    assert trap.caught == 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("named", ["127.0.0.1", "localhost", GOOD, f"[{GOOD_V6}]", "status.example.com"])
async def test_denied_ports(way: type[Page] | type[Hook], names: Names, trap: Trap, named: str) -> None:
    names["status.example.com"] = [[GOOD, "1.1.1.1", "127.0.0.1"]]
    denied = {25, trap.port}
    async with opened(way, allow_private_networks=True, denied_ports=denied) as client:
        with connects(veto=True) as tried:
            reason = await client.refuses(f"http://{named}:{trap.port}/")
    assert f"port {trap.port} is denied here" in reason
    assert tried == []


async def test_a_redirect_to_a_denied_port(trap: Trap) -> None:
    async with (
        redirecting(302, f"http://127.0.0.1:{trap.port}/") as port,
        opened(Page, allow_private_networks=True, denied_ports=[trap.port]) as page,
    ):
        with connects() as tried:
            assert "is denied here" in await page.refuses(f"http://127.0.0.1:{port}/")
    assert tried == [("127.0.0.1", port)]


@pytest.fixture
def proxy(trap: Trap, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Trap:
    """The environment names a proxy on this machine, and there is a file of passwords."""
    for variable in ("HTTP_PROXY", "https_proxy"):
        monkeypatch.setenv(variable, f"http://uptimus:pass%40word@localhost:{trap.port}")
    monkeypatch.setenv("NO_PROXY", "direct.example.com,127.0.0.1")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    (tmp_path / "netrc").write_text("default login root password hunter2\n")
    return trap


@pytest.mark.parametrize("way", WAYS)
async def test_the_environments_proxy_is_ignored(way: type[Page] | type[Hook], names: Names, proxy: Trap) -> None:
    names["status.example.com"] = [[GOOD]]
    async with opened(way) as client:
        with connects(veto=True) as tried:
            assert await client.refuses("https://status.example.com/")
    assert set(tried) == {(GOOD, 443)}


CREDENTIALS = b"\r\nProxy-Authorization: Basic dXB0aW11czpwYXNzQHdvcmQ=\r\n"


@pytest.mark.parametrize("way", WAYS)
async def test_a_proxy_that_is_trusted_is_used(way: type[Page] | type[Hook], names: Names, proxy: Trap) -> None:
    async with opened(way, trust_proxy=True) as client:
        with connects() as tried:
            await client.refuses("https://status.example.com/")
    assert ("127.0.0.1", proxy.port) in tried
    head = proxy.heads[0]
    assert head.startswith(b"CONNECT status.example.com:443 HTTP/1.1\r\n")
    assert CREDENTIALS in head
    assert b"\r\nAuthorization:" not in head


async def test_a_page_in_the_clear_goes_through_it_as_well(proxy: Trap) -> None:
    async with opened(Page, trust_proxy=True) as page:
        with connects() as tried:
            assert "403" in await page.refuses("http://status.example.com/summary")
    assert tried == [("127.0.0.1", proxy.port)]
    [head] = proxy.heads
    assert head.startswith(b"GET http://status.example.com/summary HTTP/1.1\r\n")
    assert CREDENTIALS in head
    assert b"\r\nAuthorization:" not in head, "the passwords in ~/.netrc are not for strangers"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("named", ["direct.example.com", "127.0.0.1"])
async def test_what_goes_past_the_proxy_is_judged(
    way: type[Page] | type[Hook], names: Names, proxy: Trap, named: str
) -> None:
    names["direct.example.com"] = [["127.0.0.1"]]
    async with opened(way, trust_proxy=True) as client:
        with connects() as tried:
            assert NOT_PUBLIC[way] in await client.refuses(f"https://{named}:444/")
    assert tried == []
