"""follow, unfollow and list, as they are said in a chat."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from bot.commands import answer
from bot.commands.reply import Reply, Request
from storage import follows, threads
from storage.tables import Destination

from .conftest import Chat


async def followed(chat: Chat, team: str = "T1") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await chat.say("list", team=team)).data["follows"]
    return found


def place(reply: Reply) -> str | None:
    return reply.sections[0].rows[0].place


async def test_a_new_follow_takes_the_defaults_and_its_channel_is_left_to_the_chat(chat: Chat) -> None:
    reply = await chat.say("follow PAGE")
    assert reply.text == "Following ChargeOver."
    assert place(reply) == "slack:T1/C1"
    assert reply.data["changed"] is None
    assert await followed(chat) == [
        {
            "provider": "chargeover",
            "destination": "slack:T1/C1",
            "streams": ["incidents", "components", "maintenance"],
            "component_ids": [],
            "min_impact": None,
            "shape": "threads",
            "loud": ["resolved", "raised", "reopened"],
            "mention": [],
            "mention_impact": None,
            "remind_minutes": 60,
            "quiet": None,
        }
    ]
    assert len(chat.woken) == 1


async def test_everything_that_is_said_is_kept(chat: Chat) -> None:
    reply = await chat.say(
        "follow PAGE --stream incidents --component “Main Application” --min-impact minor --thread both"
        " --loud resolved --mention @here,<@U7|ann> --mention-from major --remind 1d"
        " --quiet 22:00-07:00 Europe/Berlin --quiet-except critical"
    )
    [kept] = await followed(chat)
    assert {name: kept[name] for name in kept if name not in ("provider", "destination", "component_ids")} == {
        "streams": ["incidents"],
        "min_impact": "minor",
        "shape": "threads and channel",
        "loud": ["resolved"],
        "mention": ["here", "U7"],
        "mention_impact": "major",
        "remind_minutes": 1440,
        "quiet": {"from": "22:00", "until": "07:00", "zone": "Europe/Berlin", "except": "critical"},
    }
    assert len(kept["component_ids"]) == 1
    said = reply.sections[0].note
    for words in (
        "mentions @here, 1 person or group",
        "a reminder 1 day ahead",
        "quiet 22:00–07:00 Europe/Berlin",
    ):
        assert words in said


async def test_what_is_not_said_stays_as_it_was(chat: Chat) -> None:
    await chat.say("follow PAGE --stream incidents --component “Main Application” --mention @here --remind none")
    [before] = await followed(chat)
    reply = await chat.say("follow chargeover --min-impact major")
    assert reply.text == "Changed ChargeOver: impact major or worse."
    assert reply.data["changed"] == ["min_impact"]
    assert await followed(chat) == [before | {"min_impact": "major"}]
    assert (await chat.say("follow chargeover")).text == "Following ChargeOver."
    assert await followed(chat) == [before | {"min_impact": "major"}]


async def test_every_wish_can_be_taken_back(chat: Chat) -> None:
    await chat.say("follow PAGE")
    [before] = await followed(chat)
    await chat.say(
        "follow chargeover --stream incidents --component “Main Application” --min-impact major --thread channel"
        " --loud none --mention @channel --mention-from critical --remind none --quiet 1-2"
    )
    assert await followed(chat) != [before]
    await chat.say(
        "follow chargeover --stream all --component all --min-impact none --thread threads"
        " --loud all --mention none --mention-from none --remind 60 --quiet none"
    )
    assert await followed(chat) == [before]


async def test_quiet_hours_are_changed_piece_by_piece(chat: Chat) -> None:
    assert "Quiet hours come first" in await chat.refused("follow PAGE --quiet-except major")
    await chat.say("follow PAGE --quiet 22:00-07:00 --zone Asia/Tokyo --quiet-except major")
    for words, changed in (
        ("--quiet 23-6", {"from": "23:00", "until": "06:00"}),
        ("--quiet-except critical", {"except": "critical"}),
        ("--zone utc", {"zone": "UTC"}),
        ("--quiet-except none", {"except": None}),
    ):
        [before] = await followed(chat)
        await chat.say(f"follow chargeover {words}")
        [after] = await followed(chat)
        assert after["quiet"] == before["quiet"] | changed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("follow PAGE --component “Main Aplication”", "the nearest are Main Application"),
        ("follow chargeoverr", "Did you mean chargeover?"),
        ("follow http://a.example.com:b c", "can't be read: that is not a web address"),
        ("follow", "Which provider?"),
        ("unfollow chargeover", "Nobody follows ChargeOver yet; try: follow chargeover"),
        ("unfollow nonsenseco", "No provider is called 'nonsenseco'."),
        ("unfollow", "Usage: /uptimus unfollow <provider>"),
    ],
)
async def test_what_can_not_be_done_changes_nothing(chat: Chat, text: str, said: str) -> None:
    assert said in await chat.refused(text)
    assert await followed(chat) == []
    assert (await chat.say("audit")).data["changes"] == []


async def test_a_wrong_wish_is_refused_before_the_page_is_read(chat: Chat) -> None:
    request = Request(workspace="local", provider="http://127.0.0.1:9", quiet="10-10")
    with pytest.raises(Exception, match="begin and end at different times"):
        await answer(chat.services, "follow", request)


async def test_each_channel_has_its_own(chat: Chat) -> None:
    await chat.say("follow PAGE")
    await chat.say("follow chargeover <#C2|dev> --remind none")
    await chat.say("follow chargeover", team="T2")
    assert [one["destination"] for one in await followed(chat)] == ["slack:T1/C1", "slack:T1/C2"]
    assert [one["destination"] for one in await followed(chat, "T2")] == ["slack:T2/C1"]
    reply = await chat.say("unfollow chargeover", channel="C2")
    assert (reply.text, place(reply)) == ("No longer following ChargeOver.", "slack:T1/C2")
    assert [one["destination"] for one in await followed(chat)] == ["slack:T1/C1"]
    assert "is not followed in that channel" in await chat.refused("unfollow chargeover <#C9>")


async def test_several_who_follow_at_the_same_moment_follow_once(chat: Chat) -> None:
    replies = await asyncio.gather(*(chat.say("follow PAGE", channel=f"C{number % 2}") for number in range(4)))
    assert {reply.text for reply in replies} == {"Following ChargeOver."}
    assert [one["destination"] for one in await followed(chat)] == ["slack:T1/C0", "slack:T1/C1"]


async def test_the_last_unfollow_ends_the_digest(chat: Chat) -> None:
    await chat.say("follow PAGE")
    await chat.say("digest daily")
    reply = await chat.say("unfollow chargeover")
    assert "its digest ends, too" in reply.sections[0].note
    assert (await chat.say("digest")).data["digest"] is None


async def test_a_terminal_reads_the_address_itself(chat: Chat) -> None:
    request = Request(workspace="local", actor="terminal", provider=chat.page)
    assert (await answer(chat.services, "follow", request)).text == "Following ChargeOver at console:."
    reply = await answer(chat.services, "list", request)
    assert (place(reply), reply.sections[0].rows[0].detail) == (None, "→ console:")


async def test_a_follow_is_found_by_its_id(chat: Chat) -> None:
    await chat.say("follow PAGE")
    async with chat.services.database.read() as session:
        workspace_id = await follows.workspace(session, "slack:T1")
        [(follow, provider, destination)] = await follows.of_workspace(session, workspace_id)
        found = await follows.by_id(session, follow.id)
        assert found is not None
        assert [one.id for one in found] == [follow.id, provider.id, destination.id]
        assert await follows.by_id(session, follow.id + 1) is None


async def test_following_again_opens_a_channel_that_was_closed(chat: Chat) -> None:
    await chat.say("follow PAGE")
    database = chat.services.database
    async with database.write() as session:
        places = await threads.in_workspace(session, "slack:T1")
        await threads.disable(session, places, "uptimus is not in the channel: … then follow again")
    reply = await chat.say("follow chargeover")
    assert "disabled" not in str(reply)
    async with database.read() as session:
        assert (await session.scalars(select(Destination.disabled_at))).all() == [None]
