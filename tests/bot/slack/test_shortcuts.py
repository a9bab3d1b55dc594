"""Shortcuts: asking in a thread, asking from anywhere, following from anywhere."""

import pytest
from standins.pages import incident, snapshot, update
from standins.slack import Message
from standins.slack_bot import Bot
from standins.slack_view_rules import view_faults

from adapters.schema import Status
from bot.slack import ask_view
from bot.slack.ask_view import Asked


def thread(bot: Bot, channel: str = "C1") -> Message:
    """Somebody's message in a thread of somebody's."""
    room = bot.slack.channel(channel)
    for ts, above in (("1767225600.000100", None), ("1767225700.000200", "1767225600.000100")):
        said = "Is it down?" if above is None else "I think so"
        room.messages.append(Message(ts, said, [], "U2", thread_ts=above, channel=channel, team="T1"))
    return room.messages[-1]


@pytest.mark.parametrize("where", [Asked(), Asked(words="status", channel="C1", thread="1.2", post=True)])
def test_the_dialog_is_one_that_slack_takes(where: Asked) -> None:
    assert view_faults(ask_view.ask_view(where), "modal", set()) == ([], [])


async def test_a_question_in_a_thread_is_answered_there(bot: Bot) -> None:
    await bot.follow()
    await bot.reads(snapshot(incident(update("u1", "investigating", 0)), app=Status.MAJOR_OUTAGE))
    reply = thread(bot)
    await bot.slack.shortcut("ask", message=reply)
    view = await bot.seen("Ask uptimus")
    await bot.slack.submit(view, {"words": "/uptimus Status “ChargeOver”", "post": ["post"]})
    await bot.seen("The answer was shown in the thread, too")
    [_, _, posted] = bot.slack.channel("C1").messages
    assert posted.thread_ts == reply.thread_ts
    assert "ChargeOver: major outage" in posted.shown


async def test_unless_it_is_wished_nobody_else_sees_the_answer(bot: Bot) -> None:
    await bot.follow()
    reply = thread(bot)
    await bot.slack.shortcut("ask", message=reply)
    await bot.slack.submit(await bot.seen("Ask uptimus"), {"words": "status"})
    view = await bot.seen("provider")
    assert "thread" not in view.shown
    assert len(bot.slack.channel("C1").messages) == 2


async def test_what_changes_something_is_not_shown_to_others(bot: Bot) -> None:
    reply = thread(bot)
    await bot.slack.shortcut("ask", message=reply)
    await bot.slack.submit(await bot.seen("Ask uptimus"), {"words": "follow chargeover", "post": ["post"]})
    await bot.seen("it was not shown in the thread")
    assert len(await bot.follows()) == 1  # here: in the channel of the message
    assert len(bot.slack.channel("C1").messages) == 2


async def test_where_we_may_not_post_it_is_said(bot: Bot) -> None:
    bot.slack.add_channel("G9", private=True, member=False)
    reply = thread(bot, "G9")
    await bot.slack.shortcut("ask", message=reply)
    await bot.slack.submit(await bot.seen("Ask uptimus"), {"words": "search charge", "post": ["post"]})
    view = await bot.seen("/invite @uptimus")
    assert "2 providers found" in view.shown


async def test_a_question_from_anywhere_is_answered_in_the_dialog(bot: Bot) -> None:
    await bot.slack.shortcut("ask_globally")
    view = await bot.seen("Ask uptimus")
    assert "Who sees the answer" not in view.shown
    await bot.slack.submit(view, {"words": "search charge"})
    answer = await bot.seen("2 providers found")
    await bot.slack.close(answer)
    assert bot.slack.modal() is None


async def test_a_refusal_leads_back_to_the_question(bot: Bot) -> None:
    await bot.slack.shortcut("ask_globally")
    view = await bot.seen("Ask uptimus")
    await bot.slack.submit(view, {"words": "statsu"})
    await bot.slack.close(await bot.seen("did you mean status?"))
    assert bot.slack.modal() is view
    assert view.values["words"]["words"]["value"] == "statsu"


async def test_following_from_anywhere_opens_the_dialog(bot: Bot) -> None:
    await bot.slack.shortcut("follow")
    view = await bot.seen("Which service?")
    assert view.values["channel"]["channel"]["selected_conversation"] is None
