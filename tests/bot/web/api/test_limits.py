"""How often one client may ask, and who that is."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from standins.town import Town, application

from bot.commands.services import Services
from bot.limits import RateLimit, client_of
from bot.settings import Settings
from bot.web.api import cursors


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_quota_is_used_up_and_comes_back_steadily() -> None:
    clock = Clock()
    limit = RateLimit(3, 30, clock=clock)
    assert [limit.take("a").remaining for _ in range(3)] == [2, 1, 0]
    refused = limit.take("a")
    assert (refused.wait, refused.reset) == (10, 30)
    assert refused.headers == {
        "RateLimit-Policy": '"default";q=3;w=30',
        "RateLimit": '"default";r=0;t=30',
        "Retry-After": "10",
    }
    assert limit.take("b").wait == 0
    clock.now += 9.5
    assert limit.take("a").wait == 1
    clock.now += 0.5
    assert limit.take("a").wait == 0
    assert limit.take("a").wait == 10
    clock.now += 3600
    assert limit.take("a").remaining == 2


def test_only_so_many_clients_are_remembered() -> None:
    limit = RateLimit(1, 60, most=100, clock=Clock())
    for number in range(1000):
        limit.take(str(number))
    assert len(limit._full_at) == 100
    assert limit.take("999").wait > 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.9", "10.0.0.9"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        ("10.0.0.1", "[2001:db8:1:2::9]", "2001:db8:1:2::/64"),
        ("", None, "unknown"),
    ],
)
def test_who_asks(peer: str, forwarded: str | None, client: str) -> None:
    proxies = Settings(UPTIMUS_TRUSTED_PROXIES="10.0.0.0/8").proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=peer)
    assert client_of(request, proxies) == client


async def ask(client: Any, path: str, **headers: str) -> tuple[int, Any]:
    async with client.get(path, headers=headers) as answer:
        return answer.status, answer.headers


async def test_too_many_requests_are_refused_with_when_to_come_back(services: Services) -> None:
    limits = {"unknown": RateLimit(2, 60), "known": RateLimit(1, 60)}
    async with TestClient(TestServer(application(services, **limits))) as client:
        assert (await ask(client, "/api/v1/providers"))[1]["RateLimit"].startswith('"default";r=1;')
        assert (await ask(client, "/api/nothing"))[0] == 404
        status, headers = await ask(client, "/api/v1/providers")
        assert (status, headers["Content-Type"]) == (429, "application/problem+json")
        assert 1 <= int(headers["Retry-After"]) <= 30
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert (await ask(client, "/api/v1/providers", Authorization="Bearer uptm_guess"))[0] == 429
        assert (await ask(client, "/feed.atom"))[0] == 200
        token = await Town(services.database, services, client).token()
        assert (await ask(client, "/api/v1/follows", Authorization=f"Bearer {token}"))[0] == 200
        assert (await ask(client, "/api/v1/follows", Authorization=f"Bearer {token}"))[0] == 429


@pytest.mark.parametrize(
    "text", ["", "!!", "a", "WyJhIl0", "W3RydWVd", "bnVsbA", "W1tdXQ", "x" * 400, "W251bGxd", "é"]
)
def test_what_is_no_cursor_of_a_number(text: str) -> None:
    assert cursors.place(text, int) is None


def test_a_cursor_is_read_as_it_was_written() -> None:
    assert cursors.place(cursors.cursor("chargeover", 7), str, int) == ["chargeover", 7]
