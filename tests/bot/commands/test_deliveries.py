"""deliveries and replay: what was sent and what came of it, and sending it again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from standins.receiver import Answer, Receiver

from bot.commands import deliveries, destination, replay
from bot.commands.deliveries import then
from bot.commands.reply import CommandError, Request
from storage import threads
from storage.deliveries import Listed
from storage.tables import Attempt, Delivery, Destination, Thread

from .conftest import NOW, Chat, delivering

ASKED = Request(workspace="slack:T1", actor="U1")


async def told(chat: Chat, receiver: Receiver, path: str = "") -> str:
    """An incident that is active is told at the receiver: the delivery's name."""
    chat.demo.show(1)
    await chat.say(f"follow PAGE --to {receiver.url}{path}")
    async with delivering(chat):
        await receiver.until(len(receiver.received) + 1)
    listed = await deliveries.list_(chat.services, replace(ASKED, to=f"{receiver.url}{path}"))
    return str(listed.data["deliveries"][0]["delivery"])


async def given_up(chat: Chat, name: str) -> None:
    """As if every try had failed."""
    thread_id, _, sequence = name.partition(".")
    async with chat.services.database.write() as session:
        await session.execute(
            update(Delivery)
            .where(Delivery.thread_id == int(thread_id), Delivery.sequence == int(sequence))
            .values(state="dead")
        )


async def refused(chat: Chat, text: str, workspace: str = "slack:T1") -> str:
    with pytest.raises(CommandError) as error:
        await replay.one(chat.services, replace(ASKED, text=text, workspace=workspace))
    return str(error.value)


async def test_a_delivery_is_shown_with_every_attempt(chat: Chat) -> None:
    async with Receiver() as receiver:
        receiver.answers.append(Answer(500, body=b"no \x1b[31mroom\x00"))
        receiver.answers.append(Answer(202, body=b"thanks"))
        name = await told(chat, receiver)
        shown = await deliveries.show(chat.services, replace(ASKED, text=name))
        [failed] = shown.data["attempts"]
        assert (failed["outcome"], failed["status"], failed["replay"]) == ("failed", 500, False)
        assert failed["retry_in"] > 0
        assert "500" in failed["reason"]
        assert shown.data["delivery"]["state"] == "pending"
        assert shown.data["delivery"]["next_try_at"] is not None
        assert "next try at" in shown.sections[0].rows[0].detail
        assert "\x1b" not in shown.sections[0].note
        await replay.one(chat.services, replace(ASKED, text=name))
        again = await deliveries.show(chat.services, replace(ASKED, text=name))
        assert [one["outcome"] for one in again.data["attempts"]] == ["failed", "delivered"]
        assert again.data["attempts"][1]["answer"] == "thanks"


async def test_lists_are_of_one_state_and_one_place(chat: Chat) -> None:
    async with Receiver() as receiver:
        name = await told(chat, receiver)
        other = await told(chat, receiver, "/other")
        assert name != other
        both = await deliveries.list_(chat.services, ASKED)
        assert {one["delivery"] for one in both.data["deliveries"]} == {name, other}
        assert all("/hook" not in one["destination"].replace("…hook", "") for one in both.data["deliveries"])
        await given_up(chat, other)
        dead = await chat.say("webhook deliveries dead")
        assert [one["delivery"] for one in dead.data["deliveries"]] == [other]
        assert (await chat.say(f"webhook deliveries dead {receiver.url}")).data["deliveries"] == []
        one = await chat.say(f"webhook deliveries {other}")
        assert one.data["delivery"]["state"] == "dead"
        with pytest.raises(CommandError, match="is not a state"):
            await deliveries.list_(chat.services, replace(ASKED, text="lost"))


async def test_a_replay_keeps_its_id_and_is_marked(chat: Chat) -> None:
    async with Receiver() as receiver:
        name = await told(chat, receiver)
        reply = await chat.say(f"webhook replay {name}")
        assert reply.text == f"Delivery {name} was told again."
        assert len({one.id for one in receiver.received}) == 1
        shown = await deliveries.show(chat.services, replace(ASKED, text=name))
        assert [one["replay"] for one in shown.data["attempts"]] == [False, True]
        changes = [f"{one['action']} {one['what']}" for one in (await chat.say("audit")).data["changes"]]
        assert changes[0] == f"told again delivery {name} to a webhook of 127.0.0.1"


async def test_a_stranger_neither_sees_nor_repeats_it(chat: Chat) -> None:
    async with Receiver() as receiver:
        name = await told(chat, receiver)
        for workspace in ("slack:T2", "local"):
            assert "no delivery" in await refused(chat, name, workspace=workspace)
            with pytest.raises(CommandError, match="no delivery"):
                await deliveries.show(chat.services, replace(ASKED, text=name, workspace=workspace))
            assert (await replay.dead(chat.services, replace(ASKED, workspace=workspace))).data == {
                "deliveries": 0
            }
        assert len(receiver.received) == 1


async def test_what_was_given_up_is_offered_and_told_after_all(chat: Chat) -> None:
    async with Receiver() as receiver:
        name = await told(chat, receiver)
        await given_up(chat, name)
        async with chat.services.database.write() as session:
            ids = list(await session.scalars(select(Destination.id).where(Destination.transport == "webhook")))
            await threads.disable(session, ids, "it answered 410 Gone")
        assert "bring it back first: `/uptimus webhook enable" in await refused(chat, name)
        assert "bring it back first" in await chat.refused(f"webhook replay dead {receiver.url}")
        enabled = await chat.say(f"webhook enable {receiver.url}")
        assert enabled.data["missed"] == 1
        assert "1 delivery was given up: `/uptimus webhook replay dead" in enabled.sections[0].note
        reply = await chat.say(f"webhook replay dead {receiver.url}")
        assert reply.text.startswith("1 delivery that was given up will be told again")
        async with delivering(chat):
            await receiver.until(2)
        assert len({one.id for one in receiver.received}) == 1
        assert (await destination.enable(chat.services, replace(ASKED, to=receiver.url))).data["missed"] == 0


async def test_all_since_a_time_is_put_back(chat: Chat) -> None:
    async with Receiver() as receiver:
        await told(chat, receiver)
        now = replace(chat.services, now=lambda: NOW - timedelta(days=400))
        reply = await replay.since(now, replace(ASKED, text="1h", to=receiver.url))
        assert reply.data["threads"] == 1
        async with chat.services.database.read() as session:
            cursors = await session.scalars(select(Thread.cursor).where(Thread.due_at.is_not(None)))
            assert list(cursors) == [0]


DEAD = Listed(1, 1, "dead", "console:", "x", "incident.opened", "evt_1", NOW, NOW, None, 2, "no")
PENDING = replace(DEAD, state="pending", due_at=NOW)


@pytest.mark.parametrize(
    ("row", "outcome", "retry_in", "again", "said"),
    [
        (DEAD, "delivered", None, False, ""),
        (DEAD, "refused", None, False, "no further try: the destination was disabled"),
        (PENDING, "failed", 300, False, "next try at 2026-03-04T12:00:00Z"),
        (DEAD, "failed", 300, False, "to be tried again 300 s later"),
        (DEAD, "failed", None, False, "no further try: given up"),
        (DEAD, "failed", None, True, "no further try: it was a replay"),
    ],
)
def test_why_a_try_was_or_was_not_the_last(
    row: Listed, outcome: str, retry_in: int | None, again: bool, said: str
) -> None:
    assert then(row, [Attempt(outcome=outcome, retry_in=retry_in, replay=again)], 0) == said
