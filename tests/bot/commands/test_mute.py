"""mute, by words and by a button."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from bot.commands import answer
from bot.commands.mute import mute_thread
from bot.commands.reply import CommandError
from storage.tables import Subject, Thread

from .conftest import Chat

STAYS = "stays so until it is over, also if it opens again"


@pytest.fixture
async def loud(chat: Chat) -> Chat:
    """A channel in which an outage is told."""
    chat.demo.show(1)
    await chat.say("follow PAGE")
    return chat


async def muted(chat: Chat) -> list[bool]:
    async with chat.services.database.read() as session:
        return list(await session.scalars(select(Thread.muted).order_by(Thread.id)))


async def thread_id(chat: Chat) -> int:
    async with chat.services.database.read() as session:
        return (await session.scalars(select(Thread.id))).one()


@pytest.mark.parametrize("text", ["mute chargeover", "mute ChargeOver login OUTAGE", "mute charge-over “Login”"])
async def test_what_is_active_is_muted_and_told_again(loud: Chat, text: str) -> None:
    reply = await loud.say(text)
    assert reply.text == "1 thread of ChargeOver muted here."
    assert reply.sections[0].rows[0].title == "ChargeOver: Login outage"
    assert STAYS in reply.sections[0].note
    assert await muted(loud) == [True]
    assert (await loud.say("mute")).text == "1 thread muted here."
    await loud.say("mute chargeover off")
    assert await muted(loud) == [False]
    assert (await loud.say("mute")).data["muted"] == []


async def test_off_alone_lets_everything_speak_again(loud: Chat) -> None:
    assert await loud.refused("mute off") == "Nothing is muted here"
    await loud.say("mute chargeover")
    assert (await loud.say("mute off")).text == "1 thread told here again."
    assert await muted(loud) == [False]


@pytest.mark.parametrize(
    ("text", "channel", "said"),
    [
        ("mute chargeover search", "C1", "Nothing active at ChargeOver is called “search”; there is Login outage"),
        ("mute chargeover", "C2", "Nothing active at ChargeOver is told here"),
        ("mute chargover", "C1", "Did you mean chargeover?"),
    ],
)
async def test_what_is_not_there_is_not_muted(loud: Chat, text: str, channel: str, said: str) -> None:
    assert said in await loud.refused(text, channel=channel)
    assert await muted(loud) == [False]


async def test_a_button_mutes_its_thread_in_its_own_workspace_alone(loud: Chat) -> None:
    _, mine = loud.request("mute", actor="U5")
    _, other = loud.request("mute", team="T2")
    id_ = await thread_id(loud)
    with pytest.raises(CommandError, match="not known here"):
        await mute_thread(loud.services, other, id_, True)
    with pytest.raises(CommandError, match="not known here"):
        await mute_thread(loud.services, mine, id_ + 1, True)
    assert await muted(loud) == [False]
    reply = await mute_thread(loud.services, mine, id_, True)
    assert reply.text == "ChargeOver: Login outage is muted here."
    assert await muted(loud) == [True]
    await mute_thread(loud.services, mine, id_, False)
    assert await muted(loud) == [False]
    changes = (await loud.say("audit")).data["changes"]
    assert [(one["action"], one["actor"]) for one in changes[:2]] == [("unmuted", "U5"), ("muted", "U5")]


async def test_a_button_asks_who_may(loud: Chat) -> None:
    await loud.say("settings changes <@U1>")
    _, request = loud.request("mute", actor="U2")
    with pytest.raises(CommandError, match="Only the people who were chosen"):
        await mute_thread(loud.services, request, await thread_id(loud), True)
    assert await muted(loud) == [False]


async def test_what_the_operator_follows_for_the_workspace_can_be_muted_there(chat: Chat) -> None:
    chat.demo.show(1)
    _, request = chat.request("follow PAGE")
    await answer(chat.services, "follow", replace(request, workspace="local", to="slack:T1/C1"))
    await chat.say("mute chargeover")
    assert await muted(chat) == [True]
    assert "told here" in await chat.refused("mute chargeover", team="T2")


async def test_threads_that_are_told_in_one_are_muted_together(loud: Chat) -> None:
    async with loud.services.database.write() as session:
        thread = (await session.scalars(select(Thread))).one()
        subject = await session.get_one(Subject, thread.subject_id)
        kin = Subject(provider_id=subject.provider_id, kind="incident", external_id="kin", last_sequence=0)
        session.add(kin)
        await session.flush()
        session.add(
            Thread(
                destination_id=thread.destination_id, subject_id=kin.id, cursor=0, head=0, due_at=None, attempt=0,
                begun=False, joins_id=thread.id,
            )
        )  # fmt: skip
    _, request = loud.request("mute")
    async with loud.services.database.read() as session:
        joining = (await session.scalars(select(Thread.id).where(Thread.joins_id.is_not(None)))).one()
    await mute_thread(loud.services, request, joining, True)
    assert await muted(loud) == [True, True]
    async with loud.services.database.write() as session:
        await session.execute(update(Thread).values(muted=False))
    await loud.say("mute chargeover")
    assert await muted(loud) == [True, True]
