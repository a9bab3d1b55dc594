"""The buttons of a card (mute, unfollow, details), and an answer that is shared with the channel."""

import json
from typing import Any

import pytest
from sqlalchemy import select
from standins.pages import incident, snapshot, update
from standins.slack import Message
from standins.slack_bot import Bot
from standins.slack_rules import message_faults
from standins.slack_view_rules import is_too_large, view_faults

from adapters.schema import Status
from bot.slack import card_buttons
from bot.slack.buttons import with_share
from bot.slack.story_view import story_view
from relay.messages import Card, Entry
from relay.transports.slack_blocks import buttons, card_message
from storage.tables import Destination, Follow, Thread

LOGINS = incident(update("u1", "investigating", 0), update("u2", "identified", 10, "A **database** is full."))


async def card(bot: Bot, **wanted: Any) -> Message:
    """A card in C1, about an active incident."""
    await bot.follow(**wanted)
    await bot.reads(snapshot(LOGINS, app=Status.MAJOR_OUTAGE))
    return await bot.tells()


def pressable(message: Message) -> list[str]:
    return [
        element["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def told(block: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name != "block_id"}


async def rewritten(bot: Bot, message: Message, action_id: str) -> None:
    await bot.slack.until(lambda: action_id in pressable(message))


async def test_muting_is_one_press_and_so_is_unmuting(bot: Bot) -> None:
    message = await card(bot)
    before = message.blocks
    pressed = await bot.slack.press(message, "uptimus.mute", user="U2")
    [answer] = await pressed.answered()
    assert answer.ephemeral
    assert "ChargeOver: Logins fail is muted here" in answer.text
    await rewritten(bot, message, "uptimus.unmute")
    assert await bot.one(Thread.muted) is True
    assert [told(block) for block in message.blocks[:-1]] == [told(block) for block in before[:-1]]
    await bot.slack.press(message, "uptimus.unmute")
    await rewritten(bot, message, "uptimus.mute")
    assert await bot.one(Thread.muted) is False
    assert await bot.audit() == [("U1", "followed"), ("U2", "muted"), ("U1", "unmuted")]


async def test_unfollowing_leaves_the_way_back(bot: Bot) -> None:
    message = await card(bot, min_impact="major", mention=("here",), components=("app",), quiet="22:00-07:00 UTC")
    [before] = await bot.follows()
    pressed = await bot.slack.press(message, "uptimus.unfollow")
    [answer] = await pressed.answered()
    assert "No longer following ChargeOver" in answer.text
    await rewritten(bot, message, "uptimus.follow")
    assert pressable(message) == ["uptimus.details", "uptimus.follow"]
    assert await bot.follows() == []
    again = await bot.slack.press(message, "uptimus.follow")
    [answer] = await again.answered()
    assert "Following ChargeOver" in answer.text
    await rewritten(bot, message, "uptimus.unfollow")
    assert pressable(message) == ["uptimus.details", "uptimus.mute", "uptimus.unfollow"]
    [after] = await bot.follows()
    for name in ("min_impact", "mention", "component_ids", "quiet", "shape", "loud", "remind_minutes"):
        assert getattr(after, name) == getattr(before, name)


async def test_details_tell_the_whole_story(bot: Bot) -> None:
    message = await card(bot)
    await bot.slack.press(message, "uptimus.details")
    view = await bot.seen("text of u1")
    assert "ChargeOver: Logins fail" in view.shown
    assert "Main Application: major outage" in view.shown
    assert "A *database* is full." in view.shown


async def test_a_strangers_id_is_refused(bot: Bot) -> None:
    message = await card(bot)
    bot.slack.add_workspace("T2")
    await bot.follow(team="T2", channel="C1")
    theirs = Destination.uri == "slack:T2/C1"
    async with bot.database.read() as session:
        thread_id = (await session.scalars(select(Thread.id).join(Destination).where(theirs))).first()
        follow_id = (await session.scalars(select(Follow.id).join(Destination).where(theirs))).first()
    message.blocks[-1] = buttons(thread_id, follow_id, False)[0]
    for action in ("uptimus.mute", "uptimus.unfollow", "uptimus.details"):
        pressed = await bot.slack.press(message, action)
        [answer] = await pressed.answered()
        assert answer.shown in ("⚠️ That thread is not known here any more", "⚠️ This is not followed any more")
    assert await bot.one(Thread.muted, Thread.id == thread_id) is False
    assert len(await bot.follows()) == 2


async def test_a_made_up_value_is_refused(bot: Bot) -> None:
    message = await card(bot)
    for value in (" ", "x", "0", "99999999999999999999", "-1", "1e3"):
        for element in message.blocks[-1]["elements"]:
            element["value"] = value
        pressed = await bot.slack.press(message, "uptimus.mute")
        [answer] = await pressed.answered()
        assert answer.shown == "⚠️ That thread is not known here any more"


async def test_who_may_not_change_anything_may_not_mute(bot: Bot) -> None:
    bot.slack.allow_mentions = {"<@U7>"}
    message = await card(bot)
    await bot.slack.slash("/uptimus", "settings changes <@U7>", user="U7")
    for action in ("uptimus.mute", "uptimus.unfollow"):
        pressed = await bot.slack.press(message, action, user="U1")
        [answer] = await pressed.answered()
        assert "Only the people who were chosen" in answer.shown
    assert await bot.one(Thread.muted) is False
    assert len(await bot.follows()) == 1


async def test_an_answer_is_shared_with_the_channel(bot: Bot) -> None:
    await card(bot)
    [answer] = await bot.slack.slash("/uptimus", "status chargeover", channel="C2")
    assert answer.ephemeral
    assert bot.slack.channel("C2").messages == []
    pressed = await bot.slack.press(answer, "uptimus.share")
    [shared] = await pressed.answered()
    assert not shared.ephemeral
    [message] = bot.slack.channel("C2").messages
    assert "ChargeOver: major outage" in message.shown
    assert pressable(message) == []


async def test_what_is_for_one_alone_has_no_such_button(bot: Bot) -> None:
    for words in ("list", "help", "audit", "settings", "follow chargeover"):
        [answer] = await bot.slack.slash("/uptimus", words)
        assert "uptimus.share" not in json.dumps(answer.blocks)


async def test_only_lookups_are_shared_whatever_the_button_says(bot: Bot) -> None:
    await card(bot)
    [answer] = await bot.slack.slash("/uptimus", "status")
    answer.blocks[-1]["elements"][0]["value"] = "unfollow chargeover"
    pressed = await bot.slack.press(answer, "uptimus.share")
    [refusal] = await pressed.answered()
    assert refusal.ephemeral
    assert refusal.shown == "⚠️ What unfollow answers is for you alone"
    assert len(await bot.follows()) == 1


def test_long_words_and_long_answers_are_not_shared() -> None:
    message = {"text": "x", "blocks": [{"type": "divider"}] * 50}
    assert with_share(message, "status", "status") == message
    assert with_share({"text": "x", "blocks": []}, "status", "s" * 2001)["blocks"] == []


def event_card(**given: Any) -> Card:
    return Card(
        headline="ChargeOver: Logins fail", state="Identified", status=Status.MAJOR_OUTAGE, summary="x", **given
    )


def entries(number: int, body: str) -> tuple[Entry, ...]:
    return tuple(Entry(f"Update {at}", body, LOGINS.updates[0].posted_at) for at in range(number))


@pytest.mark.parametrize(
    ("number", "body"),
    [
        (1, "short"),
        (300, "short"),
        (30, "Word. " * 2000),
        (2, "Word. " * 60_000),
        (40, "<!channel> & <@U1> *x* " * 200),
    ],
)
def test_a_long_story_stays_within_slacks_limits(number: int, body: str) -> None:
    view = story_view(event_card(story=entries(number, body), url="https://status.example.com"))
    assert view_faults(view, "modal", set()) == ([], [])
    assert not is_too_large(view)
    told = json.dumps(view)
    assert f"*Update {number - 1}*" in told  # the newest is never left out
    assert ("…" in told or "\\u2026" in told) == (number > 1)


def test_a_message_with_other_buttons_is_still_a_message() -> None:
    row = buttons(1, 2, False, title="Logins fail", provider="ChargeOver")
    message = card_message(event_card(), actions=row)
    for blocks in (
        card_buttons.with_mute(message["blocks"], muted=True),
        card_buttons.with_follow(message["blocks"], "{}", "ChargeOver"),
        card_buttons.renewed(message["blocks"], "1", 3, False, "ChargeOver"),
    ):
        assert message_faults(message | {"blocks": blocks}) == ([], [])
        assert blocks[:-1] == message["blocks"][:-1]
        assert blocks[-1] != message["blocks"][-1] or blocks is not None
    assert (
        card_buttons.with_mute(card_buttons.with_mute(message["blocks"], muted=True), muted=False)
        == message["blocks"]
    )
