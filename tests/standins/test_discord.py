"""What the stand-in Discord refuses is what Discord refuses: messages, threads, channels, guilds, tokens."""

import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from standins.discord import POSTED_BUT_500, Channel, DiscordServer
from standins.discord_client import Client

TO_NOBODY: dict[str, Any] = {"allowed_mentions": {"parse": []}}


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(pace=None, check_answers=True) as made:
        yield made


class Rest:
    """Requests by hand: what discord.py would not send."""

    def __init__(self, server: DiscordServer, http: aiohttp.ClientSession) -> None:
        self.server, self.http = server, http

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """(status, body); the body's `code` is Discord's."""
        known = {"Authorization": f"Bot {self.server.token}", "User-Agent": "DiscordBot (test, 1)"} | headers
        async with self.http.request(method, self.server.api_url + path, json=body, headers=known) as answer:
            return answer.status, await answer.json() if answer.status != 204 else None

    async def post(self, channel: Channel, **body: Any) -> tuple[int, Any]:
        """(status, Discord's code of the error or the new message's id)."""
        status, answer = await self("POST", f"/channels/{channel.id}/messages", TO_NOBODY | body)
        return status, answer.get("code", answer.get("id"))


@pytest.fixture
async def rest(server: DiscordServer) -> AsyncIterator[Rest]:
    async with aiohttp.ClientSession() as http:
        yield Rest(server, http)


def button(**more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 2, "label": "Mute", "custom_id": "mute:1"} | more


def row(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(parts)}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 50006),
        ({"content": "   "}, 50006),
        ({"content": "x" * 2001}, 50035),
        ({"content": 5}, 50035),
        ({"embeds": [{"description": "x"}] * 11}, 50035),
        ({"embeds": [{"title": "x" * 257}]}, 50035),
        ({"embeds": [{"description": "x" * 4097}]}, 50035),
        ({"embeds": [{"footer": {"text": "x" * 2049}}]}, 50035),
        ({"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}, 50035),
        ({"embeds": [{"fields": [{"name": "", "value": "x"}]}]}, 50035),
        ({"embeds": [{"fields": [{"name": "x", "value": " "}]}]}, 50035),
        ({"embeds": [{"fields": [{"name": "x", "value": "x"}] * 26}]}, 50035),
        ({"embeds": [{"title": "x", "url": "javascript:alert(1)"}]}, 50035),
        ({"embeds": [{"title": "x", "url": "https://with space.io"}]}, 50035),
        ({"embeds": [{"title": "x", "color": 0x1000000}]}, 50035),
        ({"embeds": [{"title": "x", "timestamp": "yesterday"}]}, 50035),
        ({"embeds": [{"color": 1}]}, 50035),
        ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, 50035),
        ({"content": "x", "allowed_mentions": {"parse": ["nobody"]}}, 50035),
        ({"content": "x", "nonce": "x" * 26}, 50035),
        ({"content": "x", "flags": 64}, 50035),
        ({"content": "x", "flags": 1 << 15}, 50035),
        ({"content": "x", "components": [row(*[button()] * 2)]}, 50035),
        ({"content": "x", "components": [row(*[button(custom_id=str(n)) for n in range(6)])]}, 50035),
        ({"content": "x", "components": [row(button(custom_id=str(n))) for n in range(6)]}, 50035),
        ({"content": "x", "components": [row(button(label="x" * 81))]}, 50035),
        ({"content": "x", "components": [row(button(custom_id="x" * 101))]}, 50035),
        ({"content": "x", "components": [row({"type": 2, "style": 5, "label": "x"})]}, 50035),
        ({"content": "x", "components": [row({"type": 2, "style": 2, "custom_id": "x"})]}, 50035),
        ({"content": "x", "components": [button()]}, 50035),
        ({"content": "x", "components": [row({"type": 3, "custom_id": "m", "options": []})]}, 50035),
        ({"content": "x", "message_reference": {"message_id": "1"}}, 50035),
    ],
)
async def test_messages_that_are_refused(
    body: dict[str, Any], code: int, server: DiscordServer, rest: Rest
) -> None:
    assert await rest.post(server.channel, **body) == (400, code)
    assert server.channel.messages == []


@pytest.mark.parametrize(
    "body",
    [
        {"content": "@everyone", "allowed_mentions": {"parse": ["everyone"]}},
        {"content": "<@1>", "allowed_mentions": {"users": ["1"]}},
        {"content": "x", "mood": "good"},
        {"content": "x", "embeds": [{"title": "x", "colour": 1}]},
        {"embeds": [{"title": "a", "url": "https://a.io"}, {"title": "b", "url": "https://a.io"}]},
        {"content": "x", "tts": True},
    ],
)
async def test_messages_that_are_taken_and_nobody_should_send(
    body: dict[str, Any], server: DiscordServer, rest: Rest
) -> None:
    assert (await rest.post(server.channel, **body))[0] == 200
    with pytest.raises(AssertionError):
        server.assert_clean()


async def test_a_message_without_allowed_mentions_is_none_to_send(server: DiscordServer, rest: Rest) -> None:
    await rest("POST", f"/channels/{server.channel.id}/messages", {"content": "hello <@1>"})
    assert server.channel.messages[0].pings == ["1"]
    assert len(server.violations) == 2


@pytest.mark.parametrize(
    ("permission", "body", "code"),
    [
        ("VIEW_CHANNEL", {"content": "x"}, 50001),
        ("SEND_MESSAGES", {"content": "x"}, 50013),
        ("EMBED_LINKS", {"embeds": [{"title": "x"}]}, 50013),
        ("READ_MESSAGE_HISTORY", {"content": "x", "message_reference": {"message_id": "1"}}, 160002),
    ],
)
async def test_permissions(
    permission: str, body: dict[str, Any], code: int, server: DiscordServer, rest: Rest
) -> None:
    server.deny(permission, server.channel)
    assert await rest.post(server.channel, **body) == (403, code)
    assert server.in_vain == 1
    server.allow(permission, server.channel)
    assert (await rest.post(server.channel, **body))[1] != code


async def test_what_is_gone(server: DiscordServer, rest: Rest) -> None:
    channel, other = server.channel, server.add_guild("Other")
    there = server.add_channel(other, "there")
    server.delete_channel(channel)
    assert await rest.post(channel, content="x") == (404, 10003)
    server.kick(other)
    assert await rest.post(there, content="x") == (403, 50001)
    assert (await rest("GET", f"/guilds/{other.id}"))[1]["code"] == 10004


async def test_tokens(server: DiscordServer, rest: Rest) -> None:
    assert (await rest("GET", "/users/@me", Authorization="Bot wrong"))[0] == 401
    assert (await rest("GET", "/users/@me", **{"User-Agent": "curl"}))[1]["code"] == 40333
    old = server.token
    server.revoke()
    assert (await rest("GET", "/users/@me", Authorization=f"Bot {old}"))[0] == 401
    assert (await rest("GET", "/users/@me"))[0] == 200
    assert server.in_vain == 3


async def test_a_nonce_makes_a_message_once(server: DiscordServer, rest: Rest) -> None:
    server.fail_next("POST", "/channels/{channel_id}/messages", POSTED_BUT_500)
    known = {"content": "x", "nonce": "row-1", "enforce_nonce": True}
    async with rest.http.post(
        f"{server.api_url}/channels/{server.channel.id}/messages",
        json=TO_NOBODY | known,
        headers={"Authorization": f"Bot {server.token}", "User-Agent": "DiscordBot (test, 1)"},
    ) as answer:
        assert answer.status == 500
    first = server.channel.messages[0].id
    assert await rest.post(server.channel, **known) == (200, first)
    server.advance(121)
    assert (await rest.post(server.channel, **known))[1] != first
    assert len(server.channel.messages) == 2


async def test_announcements_are_published_once(server: DiscordServer, rest: Rest) -> None:
    news = server.add_channel(server.guild, "news", "announcement")
    _, id = await rest.post(news, content="x")
    assert (await rest("POST", f"/channels/{news.id}/messages/{id}/crosspost"))[0] == 200
    assert (await rest("POST", f"/channels/{news.id}/messages/{id}/crosspost"))[1]["code"] == 40033
    _, other = await rest.post(server.channel, content="x")
    path = f"/channels/{server.channel.id}/messages/{other}/crosspost"
    assert (await rest("POST", path))[1]["code"] == 50024
    assert news.messages[0].published


@pytest.fixture
async def client(server: DiscordServer) -> AsyncIterator[Client]:
    """Logged in, without a gateway."""
    with server.pointed_at():
        made = Client()
        await made.login(server.token)
        yield made
        await made.close()


async def text(client: Client, channel: Channel) -> discord.TextChannel:
    """The channel as discord.py sees it; a partial one has no guild, and no threads."""
    found = await client.fetch_channel(int(channel.id))
    assert isinstance(found, discord.TextChannel)
    return found


async def code_of(awaitable: Any) -> int:
    """Discord's code of the error, 0 for none."""
    try:
        await awaitable
    except discord.HTTPException as error:
        return error.code
    return 0


async def test_a_thread_from_a_message(server: DiscordServer, client: Client) -> None:
    room = await text(client, server.channel)
    root = await room.send("root")
    thread = await root.create_thread(name="incident", auto_archive_duration=1440)
    assert thread.id == root.id
    assert await code_of(root.create_thread(name="again")) == 160004
    inside = await thread.send("below")
    await thread.edit(archived=True)
    assert await code_of(inside.edit(content="later")) == 50083
    assert await code_of(thread.edit(name="other")) == 50083
    await thread.send("awake")
    assert not server.thread_of(server.channel.messages[0]).archived
    server.archive(server.thread_of(server.channel.messages[0]), locked=True)
    assert await code_of(thread.send("locked")) == 160005
    assert await code_of(thread.edit(archived=False)) == 50013
    assert await code_of(root.edit(content="the root goes on")) == 0
    server.assert_clean()
    assert server.transcript(server.channel).splitlines() == [
        "# ops",
        "uptimus: (edited)",
        "  the root goes on",
        "    ⤷ incident (archived, locked)",
        "    uptimus:",
        "      below",
        "    uptimus:",
        "      awake",
    ]


async def test_threads_need_permissions_and_room(server: DiscordServer, client: Client) -> None:
    root = await (await text(client, server.channel)).send("root")
    server.deny("CREATE_PUBLIC_THREADS", server.channel)
    assert await code_of(root.create_thread(name="x")) == 50013
    server.allow("CREATE_PUBLIC_THREADS", server.channel)
    server.most_threads = 0
    assert await code_of(root.create_thread(name="x")) == 160006
    server.most_threads = 1
    thread = await root.create_thread(name="x")
    server.deny("SEND_MESSAGES", server.channel)
    assert await code_of(thread.send("it has no effect in threads")) == 0
    server.deny("SEND_MESSAGES_IN_THREADS", server.channel)
    assert await code_of(thread.send("x")) == 50013
    assert await code_of(thread.edit(locked=True)) == 50013
    assert await code_of(thread.delete()) == 50013


async def test_a_deleted_root_leaves_its_thread(server: DiscordServer, client: Client) -> None:
    root = await (await text(client, server.channel)).send("root")
    thread = await root.create_thread(name="x")
    server.delete_message(server.channel.messages[0])
    assert await code_of(root.edit(content="x")) == 10008
    assert await code_of(thread.send("still here")) == 0
    assert await code_of(root.create_thread(name="again")) == 10008
    assert "⤷ x" in server.transcript(server.channel)


async def test_forums(server: DiscordServer, client: Client, rest: Rest) -> None:
    forum = server.add_channel(
        server.guild, "incidents", "forum", tags=["investigating", "major"], require_tag=True
    )
    assert await rest.post(forum, content="x") == (400, 50008)
    found = await client.fetch_channel(int(forum.id))
    assert isinstance(found, discord.ForumChannel)
    assert await code_of(found.create_thread(name="x", content="x")) == 40067
    post = await found.create_thread(
        name="x", embed=discord.Embed(title="Down"), applied_tags=found.available_tags[:1]
    )
    assert post.message.id == post.thread.id
    await post.thread.edit(applied_tags=found.available_tags[1:])
    await post.thread.send("news")
    await post.thread.edit(archived=True)
    assert server.transcript(forum).splitlines() == [
        "# incidents",
        "    ⤷ x [major] (archived)",
        "    uptimus:",
        "      │ Down",
        "    uptimus:",
        "      news",
    ]
    assert await code_of(post.message.create_thread(name="y")) == 50024
    server.assert_clean()


async def test_a_thread_of_an_announcement_is_of_its_own_kind(server: DiscordServer, client: Client) -> None:
    news = server.add_channel(server.guild, "news", "announcement")
    root = await (await text(client, news)).send("root")
    assert (await root.create_thread(name="x")).type is discord.ChannelType.news_thread


async def test_edits_and_deletions_are_of_own_messages(server: DiscordServer, client: Client) -> None:
    room = client.get_partial_messageable(int(server.channel.id))
    theirs = server.post(server.channel, server.user, {"content": "hello"})
    message = room.get_partial_message(int(theirs.id))
    assert await code_of(message.edit(content="x")) == 50005
    assert await code_of(message.delete()) == 50013
    assert (await message.fetch()).content == "hello"


async def test_direct_messages(server: DiscordServer, client: Client) -> None:
    closed = server.add_user("closed", closed=True)
    person, other = await client.fetch_user(int(server.user.id)), await client.fetch_user(int(closed.id))
    await person.send("hello")
    assert server.transcript(server.direct(server.user)).splitlines()[-1] == "  hello"
    assert await code_of(other.send("hello")) == 50007


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ({"name": "Status", "description": "x"}, 50035),
        ({"name": "status", "description": ""}, 50035),
        ({"name": "status", "description": "x" * 101}, 50035),
        ({"name": "a b", "description": "x"}, 50035),
        ({"name": "s", "description": "x", "options": [{"type": 3, "name": "a", "description": "b"}] * 2}, 50035),
        (
            {
                "name": "s",
                "description": "x",
                "options": [
                    {"type": 3, "name": "a", "description": "b"},
                    {"type": 3, "name": "b", "description": "b", "required": True},
                ],
            },
            50035,
        ),
        ({"name": "status", "description": "x"}, None),
    ],
)
async def test_commands(command: dict[str, Any], code: int | None, server: DiscordServer, rest: Rest) -> None:
    _, answer = await rest("PUT", f"/applications/{server.application_id}/commands", [command])
    assert (answer.get("code") if isinstance(answer, dict) else None) == code


async def test_two_hundred_new_commands_a_day(server: DiscordServer, rest: Rest) -> None:
    path = f"/applications/{server.application_id}/guilds/{server.guild.id}/commands"

    async def overwrite(*names: str) -> int:
        return (await rest("PUT", path, [{"name": name, "description": "x"} for name in names]))[0]

    for turn in range(2):
        assert await overwrite(*(f"c{turn}-{n}" for n in range(100))) == 200
    assert await overwrite("one-more") == 400
    assert await overwrite("c1-1") == 200  # it is there already
    server.advance(86401)
    assert await overwrite("one-more") == 200


async def test_what_is_not_known_here_is_said(server: DiscordServer, rest: Rest) -> None:
    assert (await rest("GET", "/sticker-packs"))[0] == 404
    with pytest.raises(AssertionError, match="not known here"):
        server.assert_clean()
    with pytest.raises(ValueError, match="none of Discord's codes"):
        server.fail_next("GET", "/users/@me", 12345)
    with pytest.raises(ValueError, match="not known here"):
        server.called("GET /sticker-packs")


async def test_a_message_of_components(server: DiscordServer, client: Client, rest: Rest) -> None:
    class Incident(discord.ui.LayoutView):
        box: discord.ui.Container["Incident"] = discord.ui.Container(
            discord.ui.Section("API errors", accessory=discord.ui.Button(label="Page", url="https://a.io")),
            discord.ui.Separator(),
            discord.ui.TextDisplay("14:02 UTC"),
        )

    await (await text(client, server.channel)).send(view=Incident())
    assert server.transcript(server.channel).splitlines()[2:] == [
        "  │ API errors",
        "  │ [Page (https://a.io)]",
        "  │ ────",
        "  │ 14:02 UTC",
    ]
    parts = {"flags": 1 << 15, "components": [{"type": 10, "content": "x"}]}
    assert await rest.post(server.channel, content="x", **parts) == (400, 50035)
    too_long = [{"type": 10, "content": "x" * 4001}]
    assert await rest.post(server.channel, **parts | {"components": too_long}) == (400, 50035)
    server.assert_clean()


async def test_files(server: DiscordServer, client: Client) -> None:
    room = await text(client, server.channel)
    assert await code_of(room.send(file=discord.File(io.BytesIO(b"x"), "x.txt"))) == 50013
    server.permit(server.guild, "ATTACH_FILES")
    assert await code_of(room.send(file=discord.File(io.BytesIO(b"x"), "x.txt"))) == 0


async def test_a_moderator_locks_its_threads(server: DiscordServer, client: Client) -> None:
    server.permit(server.guild, "CREATE_PUBLIC_THREADS", "SEND_MESSAGES_IN_THREADS", "MANAGE_THREADS")
    thread = await (await (await text(client, server.channel)).send("root")).create_thread(name="x")
    await thread.edit(archived=True, locked=True)
    await thread.edit(archived=False, locked=False)
    await thread.delete()
    assert server.channel.threads() == []


async def test_ten_announcements_an_hour(rest: Rest) -> None:
    async with DiscordServer() as server:
        rest.server, news = server, server.add_channel(server.guild, "news", "announcement")
        for _ in range(11):
            message = server.post(news, server.bot, {"content": "x"})
            status, _ = await rest("POST", f"/channels/{news.id}/messages/{message.id}/crosspost")
        assert status == 429
        assert [message.published for message in news.messages] == [True] * 10 + [False]
