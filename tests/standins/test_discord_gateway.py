"""The gateway of the stand-in Discord in front of the real discord.py: shards, resuming, what it refuses."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from standins.discord import DiscordServer
from standins.discord_client import Client, running


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(pace=None, identify_window=0) as made:
        yield made


async def test_a_client_gets_ready(server: DiscordServer) -> None:
    async with running(server) as client:
        assert [guild.name for guild in client.guilds] == ["Example"]
        assert server.identifies[0]["intents"] == 1
        assert server.identifies[0]["shard"] == [0, 1]
        assert client.guilds[0].me.guild_permissions.embed_links
        assert not client.guilds[0].me.guild_permissions.manage_guild
    assert server.sessions == []


async def test_three_thousand_guilds_on_two_shards(server: DiscordServer) -> None:
    for number in range(3000):
        server.add_channel(server.add_guild(f"Guild {number}"), "ops")
    async with running(server, Client(shard_count=2)) as client:
        assert len(client.guilds) == 3001
        assert sorted(len(server._guilds_of(shard, 2)) for shard in (0, 1)) == [1500, 1501]
        assert [one["shard"] for one in server.identifies] == [[0, 2], [1, 2]]


async def test_the_number_of_shards_is_the_one_that_is_recommended() -> None:
    async with DiscordServer(pace=None, identify_window=0, shards=2) as server, running(server) as client:
        assert client.shard_count == 2
        assert len(server.sessions) == 2


@pytest.mark.parametrize("code", [4000, 1001, None])
async def test_after_a_cut_it_resumes_and_hears_what_it_missed(code: int | None, server: DiscordServer) -> None:
    async with running(server) as client:
        server.cut(code)
        server.delete_channel(server.channel)
        await server.until(lambda: server.resumes and server.sessions)
        await client.until(lambda: "guild_channel_delete" in client.heard)
        assert len(server.identifies) == 1


async def test_asked_to_reconnect_it_resumes(server: DiscordServer) -> None:
    async with running(server) as client:
        server.reconnect()
        await server.until(lambda: server.resumes)
        await client.until(lambda: "resumed" in client.heard)
        assert len(server.identifies) == 1


@pytest.mark.parametrize("how", ["invalid", 4009])
async def test_a_session_that_is_over_is_begun_anew(how: Any, server: DiscordServer) -> None:
    async with running(server):
        if how == "invalid":
            server.invalidate()
        else:
            server.cut(how)
        await server.until(lambda: len(server.identifies) == 2 and server.sessions)
        assert len(server.sessions) == 1
    server.assert_clean()


async def test_a_reset_token_ends_it(server: DiscordServer) -> None:
    async with running(server) as client:
        server.revoke()
        await client.until(client.is_closed)
    assert len(server.identifies) == 1


async def test_a_wrong_token_does_not_log_in(server: DiscordServer) -> None:
    with server.pointed_at():
        client = Client()
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")
        await client.http.close()
    assert server.called("GET /users/@me")[0].status == 401


async def test_privileged_intents_need_approval(server: DiscordServer) -> None:
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(server, Client(intents=discord.Intents(guilds=True, message_content=True))):
            pass
    assert server.closes[0] == 4014


async def test_sharding_is_required_beyond_2500_guilds(server: DiscordServer) -> None:
    for number in range(2500):
        server.add_guild(f"Guild {number}")
    with pytest.raises(discord.ConnectionClosed) as closed:
        async with running(server, Client(shard_count=1)):
            pass
    assert closed.value.code == 4011


async def test_two_holders_of_a_shard_are_told_of(server: DiscordServer) -> None:
    async with running(server), Socket(server) as other:
        await other.identify(server.token)
        await other.event("READY")
    with pytest.raises(AssertionError, match="two sessions of shard 0"):
        server.assert_clean()


async def test_what_happens_is_heard(server: DiscordServer) -> None:
    async with running(server) as client:
        second = server.add_guild("Second")
        news = server.add_channel(second, "news", "announcement")
        server.deny("SEND_MESSAGES", news)
        await client.until(lambda: "guild_channel_update" in client.heard)
        channel = client.get_channel(int(news.id))
        assert isinstance(channel, discord.TextChannel)
        assert not channel.permissions_for(channel.guild.me).send_messages
        server.outage(second)
        server.recover(second)
        server.kick(second)
        await client.until(lambda: "guild_remove" in client.heard)
        wanted = ("guild_join", "guild_channel_create", "guild_unavailable", "guild_available", "guild_remove")
        times = [len(client.heard) - 1 - client.heard[::-1].index(name) for name in wanted]
        assert times == sorted(times)
        assert len(client.guilds) == 1


async def test_threads_that_others_change_are_heard_of(server: DiscordServer) -> None:
    async with running(server) as client:
        room = client.get_channel(int(server.channel.id))
        assert isinstance(room, discord.TextChannel)
        root = await room.send("root")
        await root.create_thread(name="x")
        thread = server.thread_of(server.channel.messages[0])
        server.archive(thread, locked=True)
        server.delete_channel(thread)
        await client.until(lambda: "raw_thread_delete" in client.heard)
        assert "raw_thread_update" in client.heard


async def test_a_second_identify_too_soon_is_no_session() -> None:
    async with DiscordServer(identify_window=60) as server, Socket(server) as one, Socket(server) as two:
        await one.identify(server.token, shard=[0, 2])
        await one.event("READY")
        await two.identify(server.token, shard=[1, 2])
        assert (await two.receive())["op"] == 9


async def test_after_too_many_sessions_the_token_is_reset() -> None:
    async with DiscordServer(identify_window=0, starts=1) as server, Socket(server) as one, Socket(server) as two:
        token = server.token
        await one.identify(token)
        await one.event("READY")
        await two.identify(token)
        assert await two.closed() == 4004
        assert server.token != token


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"op": 99}, 4001),
        ({"op": 3, "d": {}}, 4003),
        ({"op": 2, "d": {"token": "x", "intents": 1}}, 4004),
        ({"op": 2, "d": {"token": "standin.token.1", "intents": 1 << 30}}, 4013),
        ({"op": 2, "d": {"token": "standin.token.1"}}, 4013),
        ({"op": 2, "d": {"token": "standin.token.1", "intents": 1, "shard": [2, 2]}}, 4010),
        ("nonsense", 4002),
    ],
)
async def test_close_codes(payload: Any, code: int, server: DiscordServer) -> None:
    async with Socket(server) as socket:
        await socket.send(payload)
        assert await socket.closed() == code


async def test_sequences_that_never_were_and_sessions_that_are_unknown(server: DiscordServer) -> None:
    async with Socket(server) as socket, Socket(server) as other, Socket(server) as third:
        await socket.identify(server.token)
        ready = await socket.event("READY")
        resume = {"token": server.token, "session_id": ready["session_id"], "seq": 999}
        await other.send({"op": 6, "d": resume})
        assert await other.closed() == 4007
        await third.send({"op": 6, "d": resume | {"session_id": "x"}})
        assert await third.receive() == {"op": 9, "d": False}


async def test_a_bot_without_heartbeats_is_cut_off() -> None:
    async with DiscordServer(heartbeat=0.05) as server, Socket(server) as socket:
        await socket.identify(server.token)
        assert await socket.closed() == 4000


async def test_a_hundred_and_twenty_sends_a_minute(server: DiscordServer) -> None:
    async with Socket(server) as socket:
        for _ in range(121):
            await socket.send({"op": 1, "d": None})
        assert await socket.closed() == 4008


class Socket:
    """A connection by hand."""

    def __init__(self, server: DiscordServer) -> None:
        self._url = f"{server.gateway_url}?v=10&encoding=json"

    async def __aenter__(self) -> "Socket":
        self._http = aiohttp.ClientSession()
        self._socket = await self._http.ws_connect(self._url)
        assert (await self.receive())["op"] == 10
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()
        await self._http.close()

    async def send(self, payload: Any) -> None:
        await self._socket.send_str(payload if isinstance(payload, str) else json.dumps(payload))

    async def identify(self, token: str, **more: Any) -> None:
        await self.send({"op": 2, "d": {"token": token, "intents": 1, "properties": {}} | more})

    async def receive(self) -> Any:
        return await self._socket.receive_json(timeout=60)

    async def event(self, name: str) -> Any:
        while (payload := await self.receive()).get("t") != name:
            pass
        return payload["d"]

    async def closed(self) -> int | None:
        while (await self._socket.receive(timeout=60)).type is aiohttp.WSMsgType.TEXT:
            pass
        return self._socket.close_code
