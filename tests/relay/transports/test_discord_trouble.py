"""What goes wrong at Discord, and what becomes of it: nothing lost, nothing twice, and said in words."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from standins.discord import HANG, POSTED_BUT_500, POSTED_BUT_CUT, DiscordServer
from standins.discord_errors import CODES
from standins.discord_telling import Teller, teller
from standins.login_outage import STORY, UPDATES, incident_event

from relay.bulletin import Bulletin
from relay.events import EventType
from relay.manner import Shape
from relay.transports.discord import DiscordTransport
from relay.transports.discord_wire import _let_go
from relay.transports.transport import DeliveryError

OPENED, RAISED, IDENTIFIED, MONITORING, RESOLVED, POSTMORTEM = STORY
MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = f"{MESSAGES}/{{message_id}}"
POSTS = "/channels/{channel_id}/threads"
THREAD = f"{MESSAGE}/threads"
CHANNEL = "/channels/{channel_id}"
GUILD = "/guilds/{guild_id}"


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(pace=None) as made:
        yield made
        made.assert_clean()


@pytest.fixture
async def tell(server: DiscordServer) -> AsyncIterator[Teller]:
    async with teller(server) as made:
        yield made


# messages and threads that are gone


async def test_a_deleted_first_message_is_posted_anew(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    server.delete_message(server.channel.messages[0])
    second = await tell(IDENTIFIED, first.reference)
    [root] = server.channel.messages
    assert (second.reference, second.message) == (f"{root.id}/{root.id}+3", root.id)
    assert UPDATES[2].body in root.embeds[0]["description"]
    await tell(MONITORING, second.reference)
    assert len(server.thread_of(root).messages) == 1


async def test_a_deleted_thread_begins_again_at_its_message(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    [root] = server.channel.messages
    server.delete_channel(server.thread_of(root))
    second = await tell(IDENTIFIED, first.reference)
    assert second.reference == first.reference
    assert len(server.thread_of(root).messages) == 1


async def test_a_deleted_thread_that_can_not_begin_again_is_a_new_message(
    server: DiscordServer, tell: Teller
) -> None:
    first = await tell(OPENED)
    [root] = server.channel.messages
    server.delete_channel(server.thread_of(root))
    server.fail_next("POST", THREAD, 160004)
    second = await tell(IDENTIFIED, first.reference)
    assert len(server.channel.messages) == 2
    assert second.reference == f"{server.channel.messages[1].id}/{server.channel.messages[1].id}+3"


async def test_a_second_thread_at_a_message_is_the_first(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    [root] = server.channel.messages
    sent = await tell(IDENTIFIED, root.id)  # a try that was cut between the message and its thread
    assert sent.reference == first.reference
    assert [call.code for call in server.called(f"POST {THREAD}")] == [0, 160004]
    assert len(server.thread_of(root).messages) == 1


async def test_a_deleted_post_is_made_anew(server: DiscordServer, tell: Teller) -> None:
    forum = tell.channel = server.add_channel(server.guild, "f", "forum")
    first = await tell(OPENED)
    server.delete_channel(forum.threads()[0])
    edit = incident_event(EventType.INCIDENT_EDITED, 1)
    assert (await tell(edit, first.reference, carrier=first.message)).reference == first.reference
    assert forum.threads() == []
    second = await tell(IDENTIFIED, first.reference)
    assert second.reference == f"{forum.threads()[0].id}/{forum.threads()[0].id}+3"


async def test_a_posts_deleted_first_message_is_a_new_post(server: DiscordServer, tell: Teller) -> None:
    forum = tell.channel = server.add_channel(server.guild, "f", "forum")
    first = await tell(OPENED)
    server.delete_message(forum.threads()[0].messages[0])
    await tell(IDENTIFIED, first.reference)
    assert len(forum.threads()) == 2


@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.parametrize("kind", ["text", "forum"])
async def test_a_locked_thread_is_begun_anew(
    archived: bool, kind: str, server: DiscordServer, tell: Teller
) -> None:
    tell.channel = server.add_channel(server.guild, "there", kind)
    first = await tell(OPENED)
    [thread] = tell.channel.threads()
    server.archive(thread, locked=True) if archived else server.lock(thread)
    second = await tell(IDENTIFIED, first.reference)
    assert second.reference != first.reference
    assert len(tell.channel.threads()) == 2
    assert len(thread.messages) == (kind == "forum")
    assert all(one.auto_archive == 10080 for one in tell.channel.threads())


async def test_who_may_manage_threads_opens_a_locked_one(server: DiscordServer, tell: Teller) -> None:
    server.allow("MANAGE_THREADS", server.channel)
    first = await tell(OPENED)
    thread = server.thread_of(server.channel.messages[0])
    server.archive(thread, locked=True)
    second = await tell(IDENTIFIED, first.reference)
    assert second.reference == first.reference
    assert len(thread.messages) == 1


# room for threads


async def test_without_room_for_a_thread_it_is_told_in_the_channel(server: DiscordServer, tell: Teller) -> None:
    server.most_threads = 0
    first = await tell(OPENED)
    second = await tell(IDENTIFIED, first.reference, loud=True)
    root, reply = server.channel.messages
    assert (first.reference, second.reference, second.message) == (root.id, root.id, reply.id)
    assert reply.reference == root.id
    assert reply.embeds[0]["author"]["name"] == "ChargeOver: Login outage"
    server.most_threads = 1
    third = await tell(RESOLVED, second.reference)
    assert third.reference == f"{root.id}/{root.id}"
    assert len(server.thread_of(root).messages) == 1


async def test_without_room_for_an_archived_thread_it_is_told_in_the_channel(
    server: DiscordServer, tell: Teller
) -> None:
    done = await tell.story(OPENED, RESOLVED)
    server.most_threads = 0
    sent = await tell(POSTMORTEM, done.reference)
    assert sent.reference == done.reference
    assert server.channel.messages[1].reference == server.channel.messages[0].id


async def test_without_room_in_a_forum_it_waits(server: DiscordServer, tell: Teller) -> None:
    tell.channel = server.add_channel(server.guild, "f", "forum")
    server.most_threads = 0
    refused = await tell.refusal(OPENED)
    assert (refused.permanent, refused.uncounted) == (False, False)
    assert "active threads" in refused.reason


# answers that are lost


@pytest.mark.parametrize("kind", [POSTED_BUT_500, POSTED_BUT_CUT])
@pytest.mark.parametrize("step", [0, 1, 2])
async def test_a_lost_answer_doubles_nothing(kind: str, step: int, server: DiscordServer, tell: Teller) -> None:
    reference: str | None = None
    for number, event in enumerate((OPENED, IDENTIFIED, RESOLVED)):
        if number == step:
            server.fail_next("POST", MESSAGES, kind)
        if number == step and kind == POSTED_BUT_CUT:
            assert not (await tell.refusal(event, reference, loud=number == 2)).permanent
        reference = (await tell(event, reference, loud=number == 2, attempt=2)).reference
    root, line = server.channel.messages
    assert "Read on" in line.content
    assert len(server.thread_of(root).messages) == 2


@pytest.mark.parametrize("kind", [POSTED_BUT_500, POSTED_BUT_CUT])
async def test_a_lost_answer_in_another_process_doubles_nothing(kind: str, server: DiscordServer) -> None:
    async with teller(server) as dies:
        server.fail_next("POST", MESSAGES, POSTED_BUT_CUT)
        await dies.refusal(OPENED)
    async with teller(server) as lives:
        first = await lives(OPENED, attempt=2)
        server.fail_next("POST", THREAD, kind)
    assert len(server.channel.messages) == 1
    assert first.reference == f"{server.channel.messages[0].id}/{server.channel.messages[0].id}"


@pytest.mark.parametrize("kind", [POSTED_BUT_500, POSTED_BUT_CUT])
async def test_a_forum_post_whose_answer_is_lost_is_found(kind: str, server: DiscordServer, tell: Teller) -> None:
    """Discord takes no nonce for one, and discord.py would try it again by itself."""
    forum = tell.channel = server.add_channel(server.guild, "f", "forum")
    await tell(replace(OPENED, seen_at=OPENED.seen_at), thread_id=77)  # the same name, another subject
    server.fail_next("POST", POSTS, kind)
    refused = await tell.refusal(RAISED)
    assert not refused.permanent
    sent = await tell(RAISED, attempt=2)
    assert len(forum.threads()) == 2
    assert sent.reference is not None
    assert sent.reference.startswith(forum.threads()[1].id)
    assert len(server.called(f"POST {POSTS}")) == 2


@pytest.mark.parametrize("late", [False, True])
async def test_a_lost_answer_is_found_when_its_nonce_is_forgotten(
    late: bool, server: DiscordServer, tell: Teller
) -> None:
    """The process may have been away for a while, or the next try was put off."""
    first = await tell(OPENED)
    happened = IDENTIFIED if late else replace(IDENTIFIED, seen_at=datetime.now(UTC))
    server.fail_next("POST", MESSAGES, POSTED_BUT_CUT)
    await tell.refusal(happened, first.reference)
    server.advance(300 if late else 60)
    sent = await tell(happened, first.reference, attempt=2)
    [reply] = server.thread_of(server.channel.messages[0]).messages
    assert sent.message == f"{reply.id}/{server.channel.messages[0].id}"
    assert bool(server.called(f"GET {MESSAGES}")) == late
    await tell(MONITORING, first.reference, attempt=2)
    assert len(server.thread_of(server.channel.messages[0]).messages) == 2


async def test_a_replay_is_told_again(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    await tell(IDENTIFIED, first.reference, delivery="1.2")
    await tell(IDENTIFIED, first.reference, delivery="1.2.af01")
    assert len(server.thread_of(server.channel.messages[0]).messages) == 2


async def test_an_announcement_whose_answer_is_lost_is_sent_once(server: DiscordServer, tell: Teller) -> None:
    server.fail_next("POST", MESSAGES, POSTED_BUT_CUT)
    with pytest.raises(DeliveryError):
        await tell.transport.announce(tell.address, Bulletin("The week."))
    await tell.transport.announce(tell.address, Bulletin("The week."))
    assert len(server.channel.messages) == 1


async def test_the_edit_comes_before_what_is_told(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    server.fail_next("PATCH", MESSAGE, 503)
    refused = await tell.refusal(IDENTIFIED, first.reference)
    assert refused.reason == "Discord answered 503 (DiscordServerError)"
    assert server.thread_of(server.channel.messages[0]).messages == []


# a Discord that does not answer


async def test_a_hanging_discord_is_given_up(server: DiscordServer) -> None:
    async with teller(server, timeout=2) as tell:
        server.fail_next("POST", MESSAGES, HANG)
        refused = await tell.refusal(OPENED)
        assert refused.reason == "Discord did not answer in time (TimeoutError)"
        assert (refused.permanent, refused.uncounted) == (False, False)
        await tell(OPENED, attempt=2)


async def test_a_discord_that_is_not_there(server: DiscordServer) -> None:
    async with teller(server) as tell:
        transport = DiscordTransport("x", "http://127.0.0.1:9/api/v10")
        tell.transport = transport
        refused = await tell.refusal(OPENED)
        assert refused.reason == "Discord could not be reached (ClientConnectorError)"
        await transport.aclose()


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_wrong_token_stops_everything_and_is_never_shown(
    method: str, server: DiscordServer, tell: Teller
) -> None:
    first = await tell(OPENED)
    old = server.token
    server.revoke()
    refused = await tell.refusal(IDENTIFIED, first.reference, muted=method == "PATCH")
    assert (refused.permanent, refused.everywhere, refused.status) == (True, True, 401)
    assert "DISCORD_TOKEN" in refused.reason
    assert old not in f"{refused.reason}{refused.answer}{refused.__cause__}"
    tell.transport = DiscordTransport("wrong.token")
    refused = await tell.refusal(OPENED)
    assert (refused.permanent, refused.everywhere) == (True, True)
    assert server.in_vain == 2
    await tell.transport.aclose()


# the error table, row by row

PERMANENT = {
    10003: "the channel is gone",
    20012: "Discord forbids it (20012)",
    40001: "Discord forbids it (40001)",
    50001: "View Channel",
    50008: "this kind of channel",
    50013: "lacks a permission",
    50024: "this kind of channel",
    160002: "Read Message History",
}
EVERYWHERE = {10004: "not in the server any more"}
RETRIED = (10002, 40333, 50027, 160005, 160006)
HANDLED = {50035, 50006, 200000, 40067, 0}


@pytest.mark.parametrize("code", [*PERMANENT, *EVERYWHERE])
async def test_what_only_a_person_can_mend_is_permanent(code: int, server: DiscordServer, tell: Teller) -> None:
    server.fail_next("POST", MESSAGES, code)
    refused = await tell.refusal(OPENED)
    assert (refused.permanent, refused.uncounted) == (True, False)
    assert refused.everywhere == (code in EVERYWHERE)
    assert {**PERMANENT, **EVERYWHERE}[code] in refused.reason
    assert str(code) in refused.reason
    assert len(server.called(f"POST {MESSAGES}")) == 1


@pytest.mark.parametrize("code", RETRIED)
async def test_what_may_pass_is_tried_again_by_the_schedule(
    code: int, server: DiscordServer, tell: Teller
) -> None:
    server.fail_next("POST", MESSAGES, code)
    refused = await tell.refusal(OPENED)
    if code == 50027:  # a 401 of any kind is the token's end
        assert refused.everywhere
        return
    assert (refused.permanent, refused.uncounted, refused.retry_after) == (False, False, None)
    assert str(code) in refused.reason


@pytest.mark.parametrize("code", [20016, 20022, 20028, 30046, 40062])
async def test_a_limit_is_waited_for(code: int, server: DiscordServer, tell: Teller) -> None:
    server.fail_next("POST", MESSAGES, code, retry_after=0.01)
    await tell(OPENED)
    server.fail_next("POST", MESSAGES, code, retry_after=60)
    refused = await tell.refusal(IDENTIFIED)
    assert (refused.uncounted, refused.permanent, refused.retry_after) == (True, False, 60)


@pytest.mark.parametrize("code", [20022, 30046, 50005])
async def test_an_edit_that_is_refused_holds_nothing_up(code: int, server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    server.fail_next("PATCH", MESSAGE, code, retry_after=60)
    await tell(IDENTIFIED, first.reference)
    [root] = server.channel.messages
    assert root.edits == 0
    assert len(server.thread_of(root).messages) == 1


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("code", [50035, 50006])
async def test_the_news_is_not_lost_by_a_fault_of_ours(
    code: int, method: str, server: DiscordServer, tell: Teller
) -> None:
    first = await tell(OPENED)
    server.fail_next(method, MESSAGES if method == "POST" else MESSAGE, code)
    await tell(IDENTIFIED, first.reference)
    [root] = server.channel.messages
    plain = server.thread_of(root).messages[0] if method == "POST" else root
    assert plain.embeds == []
    assert plain.content.startswith("ChargeOver: Login outage. Identified")


@pytest.mark.parametrize("kind", ["text", "forum"])
async def test_words_that_automod_blocks_are_left_out(kind: str, server: DiscordServer, tell: Teller) -> None:
    tell.channel = server.add_channel(server.guild, "there", kind)
    server.fail_next("POST", MESSAGES if kind == "text" else POSTS, 200000)
    await tell(OPENED)
    messages = tell.channel.messages or tell.channel.threads()[0].messages
    assert messages[0].content == (
        "There is an update whose words this server's AutoMod does not let through: "
        "https://status.chargeover.com/incidents/wqrzsb2dhryr"
    )
    server.fail_next("POST", MESSAGES if kind == "text" else POSTS, 200000, times=2)
    refused = await tell.refusal(replace(OPENED, id="2"), thread_id=2)
    assert (refused.permanent, refused.uncounted) == (False, False)


@pytest.mark.parametrize(
    ("tags", "applied"),
    [(["x", "y"], ["x"]), (["Major"], ["Major"])],
)
async def test_a_forum_that_demands_a_tag_gets_the_nearest(
    tags: list[str], applied: list[str], server: DiscordServer, tell: Teller
) -> None:
    forum = tell.channel = server.add_channel(server.guild, "f", "forum", tags=tags, require_tag=True)
    await tell(OPENED)
    assert forum.threads()[0].tag_names == applied


async def test_a_forum_that_demands_a_tag_and_has_none_is_permanent(server: DiscordServer, tell: Teller) -> None:
    tell.channel = server.add_channel(server.guild, "f", "forum", require_tag=True)
    refused = await tell.refusal(OPENED)
    assert refused.permanent
    assert "demands a tag" in refused.reason


async def test_tags_are_looked_up_again_when_the_forum_has_new_rules(server: DiscordServer, tell: Teller) -> None:
    forum = tell.channel = server.add_channel(server.guild, "f", "forum", tags=["major"])
    first = await tell(OPENED)
    [post] = forum.threads()
    gone, forum.tags[0].name = forum.tags[0], "minor"
    forum.tags.remove(gone)
    post.applied_tags.clear()
    refused = await tell.refusal(IDENTIFIED, first.reference)
    assert not refused.permanent
    await tell(IDENTIFIED, first.reference, attempt=2)
    assert len(post.messages) == 2


async def test_a_tag_of_moderators_is_left_alone(server: DiscordServer, tell: Teller) -> None:
    forum = tell.channel = server.add_channel(
        server.guild, "f", "forum", tags=["investigating", "identified", "pin"]
    )
    forum.tags[2].moderated = True
    first = await tell(OPENED)
    [post] = forum.threads()
    post.applied_tags.append(forum.tags[2].id)
    await tell(IDENTIFIED, first.reference)
    assert post.tag_names == ["investigating", "pin"]


def test_every_known_code_is_in_the_table() -> None:
    """Those of interactions and commands are no answers to what a transport asks."""
    elsewhere = {
        10007,
        10008,
        10013,
        10015,
        10062,
        10063,
        30034,
        40060,
        50007,
        50021,
        160007,
        160004,
        50083,
        40033,
    }
    limits = {20016, 20022, 20028, 30046, 40062, 50005}
    assert set(CODES) == {*PERMANENT, *EVERYWHERE, *RETRIED} | HANDLED | elsewhere | limits


# permissions, found before anything is sent


@pytest.mark.parametrize(
    ("permission", "named"),
    [
        ("SEND_MESSAGES", "Send Messages"),
        ("EMBED_LINKS", "Embed Links"),
        ("READ_MESSAGE_HISTORY", "Read Message History"),
        ("CREATE_PUBLIC_THREADS", "Create Public Threads"),
        ("SEND_MESSAGES_IN_THREADS", "Send Messages in Threads"),
    ],
)
async def test_a_missing_permission_is_named_and_nothing_is_sent(
    permission: str, named: str, server: DiscordServer, tell: Teller
) -> None:
    server.deny(permission, server.channel)
    refused = await tell.refusal(OPENED)
    assert (refused.permanent, refused.everywhere) == (True, False)
    assert refused.reason == (
        f"uptimus may not {named} in #ops: give it that in the channel's settings under Permissions, "
        "then follow again"
    )
    assert server.in_vain == 0
    assert server.channel.messages == []
    server.allow(permission, server.channel)
    await tell(OPENED)


async def test_what_threads_need_is_not_needed_without_them(server: DiscordServer, tell: Teller) -> None:
    for permission in ("CREATE_PUBLIC_THREADS", "SEND_MESSAGES_IN_THREADS"):
        server.deny(permission, server.channel)
    await tell.story(OPENED, IDENTIFIED, shape=Shape.CHANNEL)
    refused = await tell.refusal(replace(OPENED, id="2"))
    assert "may not Create Public Threads and Send Messages in Threads in #ops" in refused.reason


async def test_a_permission_that_is_taken_away_is_named_too(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    server.deny("SEND_MESSAGES_IN_THREADS", server.channel)
    refused = await tell.refusal(IDENTIFIED, first.reference)
    assert refused.permanent
    assert "may not Send Messages in Threads in #ops" in refused.reason
    assert server.in_vain == 1


async def test_a_permission_of_the_whole_guild(server: DiscordServer, tell: Teller) -> None:
    server.permit(server.guild, "VIEW_CHANNEL")
    refused = await tell.refusal(OPENED)
    assert "may not Embed Links, Create Public Threads and Send Messages in Threads in #ops" in refused.reason
    server.permit(server.guild, "ADMINISTRATOR")
    await tell(OPENED)


async def test_a_channel_out_of_sight(server: DiscordServer, tell: Teller) -> None:
    server.deny("VIEW_CHANNEL", server.channel)
    refused = await tell.refusal(OPENED)
    assert (refused.permanent, refused.everywhere) == (True, False)
    assert "View Channel" in refused.reason


@pytest.mark.parametrize("known", [False, True])
async def test_a_channel_that_is_gone(known: bool, server: DiscordServer, tell: Teller) -> None:
    reference = (await tell(OPENED)).reference if known else None
    server.delete_channel(server.channel)
    refused = await tell.refusal(IDENTIFIED, reference)
    assert (refused.permanent, refused.everywhere) == (True, False)
    assert "the channel is gone" in refused.reason


@pytest.mark.parametrize("known", [False, True])
async def test_a_bot_that_was_kicked(known: bool, server: DiscordServer, tell: Teller) -> None:
    reference = (await tell(OPENED)).reference if known else None
    server.kick(server.guild)
    refused = await tell.refusal(IDENTIFIED, reference)
    assert (refused.permanent, refused.everywhere) == (True, True)
    assert "not in the server any more" in refused.reason
    server.invite(server.guild)
    await tell(IDENTIFIED, reference)


# limits


async def test_discords_own_buckets_are_kept_to(server: DiscordServer) -> None:
    async with DiscordServer(pace=0.05) as paced, teller(paced) as tell:
        began = time.monotonic()
        for number in range(12):
            await tell(replace(OPENED, id=f"e{number}"), thread_id=number, delivery=f"{number}.1")
        assert time.monotonic() - began > 0.4
        assert len(paced.channel.messages) == 12
        assert paced.in_vain == 0


async def test_fifty_a_second_in_all_are_not_reached(server: DiscordServer) -> None:
    async with DiscordServer(pace=0.0001) as paced, teller(paced) as tell:
        channels = [paced.add_channel(paced.guild, f"c{number}") for number in range(30)]
        guild = paced.guild.id
        await asyncio.gather(
            *(tell(OPENED, address=f"{guild}/{one.id}", delivery=f"{one.id[-9:]}.1") for one in channels)
        )
        assert all(len(one.messages) == 1 for one in channels)
        assert 429 not in {call.status for call in paced.calls}


@pytest.mark.parametrize("scope", ["user", "global", "shared"])
async def test_a_429_is_waited_for(scope: str, server: DiscordServer, tell: Teller) -> None:
    server.fail_next("POST", MESSAGES, 429, retry_after=0.05, scope=scope)
    await tell(OPENED)
    assert [call.status for call in server.called(f"POST {MESSAGES}")] == [429, 200]


async def test_a_long_429_comes_again_later(server: DiscordServer, tell: Teller) -> None:
    server.fail_next("POST", MESSAGES, 429, retry_after=77)
    refused = await tell.refusal(OPENED)
    assert (refused.uncounted, refused.permanent, refused.retry_after) == (True, False, 77)


async def test_a_call_given_up_in_a_pause_of_all_does_not_hold_up_the_others(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with teller(server, timeout=2) as tell:
        await tell(OPENED)
        server.fail_next("POST", MESSAGES, 429, retry_after=8, scope="global")
        await tell.refusal(replace(OPENED, id="2"))
        client = tell.transport._wire._client
        assert client is not None
        assert not client.http._global_over.is_set()
        monkeypatch.setattr("relay.transports.discord_wire.LONGEST_PAUSE", 0.01)
        _let_go(client)
        await tell(replace(OPENED, id="3"))


async def test_a_ban_by_cloudflare_is_waited_for(server: DiscordServer) -> None:
    async with DiscordServer(pace=None, invalid=1) as strict, teller(strict) as tell:
        await tell(OPENED)
        strict.limits.count_in_vain()
        refused = await tell.refusal(replace(OPENED, id="2"))
        assert (refused.uncounted, refused.permanent, refused.retry_after) == (True, False, 600)
