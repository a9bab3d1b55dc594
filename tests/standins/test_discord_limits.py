"""How the stand-in Discord counts, and how the real discord.py takes it."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from standins.discord import HANG, POSTED_BUT_500, POSTED_BUT_CUT, DiscordServer
from standins.discord_client import Client

MESSAGES = "/channels/{channel_id}/messages"


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(pace=0.1) as made:  # five messages in half a second
        yield made


@pytest.fixture
async def client(server: DiscordServer) -> AsyncIterator[Client]:
    with server.pointed_at():
        made = Client(max_ratelimit_timeout=30.0)
        await made.login(server.token)
        yield made
        await made.close()


def room(server: DiscordServer, client: Client) -> discord.PartialMessageable:
    return client.get_partial_messageable(int(server.channel.id))


async def test_the_library_waits_before_it_is_told_to(server: DiscordServer, client: Client) -> None:
    began = time.monotonic()
    await asyncio.gather(*(room(server, client).send(str(number)) for number in range(12)))
    assert time.monotonic() - began > 0.8
    assert len(server.channel.messages) == 12
    assert server.in_vain == 0


async def test_by_hand_the_sixth_is_too_much(server: DiscordServer) -> None:
    server.limits.pace = 10.0
    known = {"Authorization": f"Bot {server.token}", "User-Agent": "DiscordBot (test, 1)"}
    url = f"{server.api_url}/channels/{server.channel.id}/messages"
    body = {"content": "x", "allowed_mentions": {"parse": []}}
    async with aiohttp.ClientSession(headers=known) as http:
        for left in (4, 3, 2, 1, 0):
            async with http.post(url, json=body) as answer:
                assert answer.headers["X-RateLimit-Remaining"] == str(left)
        async with http.post(url, json=body) as answer:
            assert answer.status == 429
            assert answer.headers["X-RateLimit-Scope"] == "user"
            assert 0 < (await answer.json())["retry_after"] <= 50
    assert server.in_vain == 1


@pytest.mark.parametrize(("scope", "counted"), [("user", 1), ("global", 1), ("shared", 0)])
async def test_a_429_is_tried_again(scope: str, counted: int, server: DiscordServer, client: Client) -> None:
    server.fail_next("POST", MESSAGES, 429, retry_after=0.1, scope=scope)
    await room(server, client).send("x")
    assert [call.status for call in server.called(f"POST {MESSAGES}")] == [429, 200]
    assert server.in_vain == counted


async def test_too_long_a_429_is_an_error(server: DiscordServer, client: Client) -> None:
    server.fail_next("POST", MESSAGES, 429, retry_after=3600)
    with pytest.raises(discord.RateLimited):
        await room(server, client).send("x")


async def test_fifty_a_second_in_all() -> None:
    async with DiscordServer(pace=0.1, now=lambda: 1e9) as server:
        channels = [server.add_channel(server.guild, f"c{number}") for number in range(60)]
        with server.pointed_at():
            client = Client()
            await client.login(server.token)
            asking = asyncio.gather(*(client.http.get_channel(int(channel.id)) for channel in channels))
            await server.until(lambda: server.in_vain)
            server.advance(1)
            assert len(await asking) == 60
            await client.close()
        assert {call.status for call in server.called("GET /channels/{channel_id}")} == {200, 429}


async def test_after_too_much_in_vain_nothing_goes_through() -> None:
    async with DiscordServer(pace=None, invalid=3) as server:
        server.deny("SEND_MESSAGES", server.channel)
        with server.pointed_at():
            client = Client()
            await client.login(server.token)
            for _ in range(3):
                with pytest.raises(discord.Forbidden):
                    await room(server, client).send("x")
            server.allow("SEND_MESSAGES", server.channel)
            with pytest.raises(discord.HTTPException) as banned:
                await room(server, client).send("x")
            await client.close()
        assert banned.value.status == 429
        server.advance(601)
        assert server.in_vain == 0


async def test_edits_of_old_messages(server: DiscordServer, client: Client) -> None:
    server.limits.pace = 1.0
    root = await room(server, client).send("x")
    server.advance(3601)
    for number in range(3):
        await root.edit(content=str(number))
    editing = asyncio.create_task(root.edit(content="too much"))
    await server.until(lambda: server.calls[-1].code == 30046)
    server.advance(6)
    editing.cancel()
    await root.edit(content="later")


async def test_a_lost_answer_posts_once(server: DiscordServer, client: Client) -> None:
    server.fail_next("POST", MESSAGES, POSTED_BUT_500)
    await room(server, client).send("x")  # discord.py tries it again, with the same nonce
    assert len(server.called(f"POST {MESSAGES}")) == 2
    assert len(server.channel.messages) == 1


async def test_a_cut_answer_posts_once_with_a_nonce_of_ours(server: DiscordServer, client: Client) -> None:
    server.fail_next("POST", MESSAGES, POSTED_BUT_CUT)
    with pytest.raises(aiohttp.ClientError):
        await room(server, client).send("x", nonce="row-1")
    message = await room(server, client).send("x", nonce="row-1")
    assert [one.id for one in server.channel.messages] == [str(message.id)]


async def test_a_server_that_hangs(server: DiscordServer, client: Client) -> None:
    server.fail_next("POST", MESSAGES, HANG)
    sending = asyncio.create_task(room(server, client).send("x"))
    await server.until(lambda: server.called(f"POST {MESSAGES}"))
    done, _ = await asyncio.wait([sending], timeout=0.2)
    assert not done
    assert server.called(f"POST {MESSAGES}")[0].status == 0
    sending.cancel()


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (403, discord.Forbidden),
        (404, discord.NotFound),
        (503, discord.DiscordServerError),
        (200000, discord.HTTPException),
    ],
)
async def test_failures(kind: int, error: Any, server: DiscordServer, client: Client) -> None:
    server.fail_next("POST", "/channels/*/messages", kind)
    with pytest.raises(error):
        await room(server, client).send("x")
    assert server.channel.messages == []


async def test_renaming_is_rare(server: DiscordServer, client: Client) -> None:
    root = await room(server, client).send("root")
    await client.http.start_thread_with_message(
        root.channel.id, root.id, name="one", auto_archive_duration=1440, rate_limit_per_user=0
    )
    server.limits.pace = 1.0
    for name in ("two", "three"):
        await client.http.edit_channel(root.id, name=name)
    with pytest.raises(discord.RateLimited):
        await client.http.edit_channel(root.id, name="four")
