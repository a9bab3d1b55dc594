"""The buttons below a card: they work after a restart, change the card, answer the person alone, and belong to the
guild that presses."""

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from standins.discord_bot import Server, follow_ups, labels, shown
from standins.pages import incident, snapshot, update

from bot.discord import card_rows
from storage import threads
from storage.tables import Destination, Follow, Notice, Provider, Thread

LONG = "A very long update. " * 172


@pytest.fixture
async def told(server: Server) -> Server:
    """An incident of ChargeOver stands in #ops, and the bot was restarted since."""
    await server.follow(mention=("here",), min_impact="minor", components=("app",))
    await server.reads(snapshot(incident(update("u1", "investigating", 1))))
    await server.tells()
    await server.restart()
    return server


async def test_mute_and_unmute(told: Server) -> None:
    assert labels(told.card()) == ["Details", "Mute here", "Unfollow ChargeOver", "Status page"]
    result = await told.boss.click(told.card(), label="Mute here")
    [said] = follow_ups(result)
    assert said.startswith("ChargeOver: Logins fail is muted here.")
    assert labels(told.card()) == ["Details", "Unmute", "Unfollow ChargeOver", "Status page"]
    assert (await told.one(Thread)).muted
    await told.restart()
    result = await told.boss.click(told.card(), label="Unmute")
    assert follow_ups(result) == ["ChargeOver: Logins fail is told here again."]
    assert labels(told.card()) == ["Details", "Mute here", "Unfollow ChargeOver", "Status page"]
    assert not (await told.one(Thread)).muted
    assert [action for _, action in await told.audit()] == ["followed", "muted", "unmuted"]


async def test_who_may_not_manage_the_server_presses_in_vain(told: Server) -> None:
    for label in ("Mute here", "Unfollow ChargeOver"):
        result = await told.ann.click(told.card(), label=label)
        [said] = follow_ups(result)
        assert said.startswith("⚠️ Only members who may manage the server may")
    assert labels(told.card()) == ["Details", "Mute here", "Unfollow ChargeOver", "Status page"]
    assert len(await told.follows()) == 1


async def test_unfollow_and_follow_again_as_before(told: Server) -> None:
    result = await told.boss.click(told.card(), label="Unfollow ChargeOver")
    [said] = follow_ups(result)
    assert said.startswith("No longer following ChargeOver.")
    assert labels(told.card()) == ["Details", "Follow ChargeOver again", "Status page"]
    assert await told.follows() == []
    await told.restart()
    result = await told.boss.click(told.card(), label="Follow ChargeOver again")
    [said] = follow_ups(result)
    assert said.startswith("Following ChargeOver.")
    row = await told.one(Follow)
    assert (row.mention, row.min_impact, row.component_ids) == (["here"], "minor", ["app"])
    assert labels(told.card()) == ["Details", "Mute here", "Unfollow ChargeOver", "Status page"]
    result = await told.boss.click(told.card(), label="Unfollow ChargeOver")
    assert await told.follows() == []


async def test_details_page_by_page(told: Server) -> None:
    result = await told.ann.click(told.card(), label="Details")
    assert result.response is not None
    assert result.response.ephemeral
    assert "text of u1" in shown(result.response)
    assert labels(result.response) == []
    await told.reads(
        snapshot(incident(update("u1", "investigating", 1), update("u2", "identified", 2, f"{LONG} END")))
    )
    result = await told.ann.click(told.card(), label="Details")
    assert result.response is not None
    first = shown(result.response)
    assert "(page 1 of 2)" in first
    assert "text of u1" in first
    await told.restart()
    result = await told.ann.click(result.response, label="Next page ›")
    assert result.response is not None
    assert "(page 2 of 2)" in shown(result.response)
    assert "END" in shown(result.response)
    assert labels(told.card()) == ["Details", "Mute here", "Unfollow ChargeOver", "Status page"]


async def test_a_strangers_id_is_refused(told: Server) -> None:
    other = told.env.create_guild("Other")
    room = other.create_text_channel("room")
    keeper = other.create_role("keeper", permissions=discord.Permissions(manage_guild=True))
    crook = other.add_member(told.env.create_user("crook"), roles=[keeper])
    await told.posts(room, *(row.to_dict() for row in told.card().components))
    for label, said in (
        ("Details", "⚠️ That thread is not known here any more"),
        ("Mute here", "⚠️ That thread is not known here any more"),
        ("Unfollow ChargeOver", "⚠️ This is not followed any more"),
    ):
        assert await _pressed(room, label, crook) == said
    await told.boss.click(told.card(), label="Unfollow ChargeOver")
    await told.posts(room, *(row.to_dict() for row in told.card().components))
    said = await _pressed(room, "Follow ChargeOver again", crook)
    assert said == "⚠️ How it was followed is not known any more; try /uptimus follow"
    assert await told.follows() == []


async def _pressed(room: ChannelHandle, label: str, who: MemberActor) -> str:
    """What the person is told."""
    assert room.last_message is not None
    result = await who.click(room.last_message, label=label)
    said = [shown(result.response)] if label == "Details" and result.response is not None else follow_ups(result)
    assert len(said) == 1
    return said[0]


async def test_an_unknown_button_is_answered(told: Server) -> None:
    part = {"type": 2, "style": 2, "label": "Old", "custom_id": "uptimus:dance:1"}
    await told.posts(told.ops, {"type": 1, "components": [part]})
    result = await told.ann.click(told.card(), label="Old")
    assert result.response is not None
    assert shown(result.response) == "⚠️ This button is not known any more"


async def test_who_could_not_be_told_of_trouble_hears_it_once(told: Server) -> None:
    async with told.database.write() as session:
        destination = await told.one(Destination)
        await threads.disable(session, [destination.id], "the channel was deleted: follow from another channel")
        provider = await told.one(Provider)
        session.add(
            Notice(
                destination_id=destination.id,
                kind="trouble",
                since_at=provider.last_read_at,
                plan={"told": [str(told.boss.id)], "unheard": [str(told.boss.id)]},
            )
        )
    result = await told.ann.slash(told.ops, "uptimus list")
    assert follow_ups(result) == []
    result = await told.boss.slash(told.ops, "uptimus list")
    [said] = follow_ups(result)
    assert "uptimus can't post any more in a place where you follow status pages: the channel was deleted" in said
    assert f"<#{told.ops.id}>" in said
    assert "ChargeOver" in said
    result = await told.boss.slash(told.ops, "uptimus list")
    assert follow_ups(result) == []


def test_rows_without_our_buttons_stay_as_they_are() -> None:
    rows = [{"type": 1, "components": [{"type": 2, "style": 5, "label": "x", "url": "https://x.io"}]}]
    assert card_rows.with_mute(rows, muted=True) == rows
    assert card_rows.with_follow(rows, "1", "X") == rows
    assert card_rows.without_follow(rows) == rows
    assert card_rows.thread_id(rows) is None
