"""digest: set, shown, changed, ended."""

import pytest
from sqlalchemy import select, update
from standins.receiver import Receiver

from storage.tables import Follow, Thread

from .conftest import Chat, delivering

EVENING = "2026-03-04T20:00:00Z"


@pytest.mark.parametrize(
    ("text", "said", "next_at"),
    [
        ("digest daily", "A digest comes every day at 09:00 (UTC).", "2026-03-05T09:00:00Z"),
        ("digest Daily --at 13:30", "A digest comes every day at 13:30 (UTC).", "2026-03-04T13:30:00Z"),
        ("digest weekly", "A digest comes every Monday at 09:00 (UTC).", "2026-03-09T09:00:00Z"),
        ("digest weekly --on wed --at 9pm --zone berlin", "every Wednesday at 21:00 (Europe/Berlin)", EVENING),
        ("digest --on friday", "every Friday at 09:00 (UTC)", "2026-03-06T09:00:00Z"),
    ],
)  # fmt: skip
async def test_it_is_set_and_shown(chat: Chat, text: str, said: str, next_at: str) -> None:
    assert "No digest is set here" in (await chat.say("digest")).text
    reply = await chat.say(text)
    assert said in reply.text
    assert reply.data["next_at"] == next_at
    shown = await chat.say("digest")
    assert (shown.text, shown.data) == (reply.text, reply.data)
    assert shown.sections[0].rows[0].place == "slack:T1/C1"
    assert (await chat.say("digest", channel="C2")).data["digest"] is None


async def test_what_is_not_said_stays_as_it_was(chat: Chat) -> None:
    await chat.say("digest weekly --on friday --zone Asia/Tokyo")
    assert "every Friday at 08:00 (Asia/Tokyo)" in (await chat.say("digest --at 8")).text
    assert "every day at 08:00 (Asia/Tokyo)" in (await chat.say("digest daily")).text


async def test_it_ends(chat: Chat) -> None:
    assert (await chat.say("digest off")).text == "There was no digest here."
    await chat.say("digest daily <#C2>")
    assert (await chat.say("digest off", channel="C2")).text == "No more digests here."
    assert (await chat.say("digest <#C2>")).data["digest"] is None
    assert [one["action"] for one in (await chat.say("audit")).data["changes"]] == ["removed", "set"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("digest dayly", "did you mean daily? Usage: /uptimus digest daily|weekly|off"),
        ("digest daily --on monday", "--on is for a weekly one"),
        ("digest daily --at noon", "is no time of day"),
        ("digest weekly --on mnday", "did you mean monday?"),
        ("digest daily --zone Europe/Berlim", "did you mean Europe/Berlin?"),
        ("digest daily --to https://x.example.com", "not to a webhook"),
        ("digest daily --to mailto:ops@example.com", "SMTP_URL"),
        ("digest daily --to mailto:ops", "one plain mail address"),
        ("follow PAGE --thread digest --to https://x.example.com", "A digest is for people to read"),
    ],
)
async def test_a_wrong_one_is_answered_in_words(chat: Chat, text: str, said: str) -> None:
    assert said in await chat.refused(text)
    assert (await chat.say("digest")).data["digest"] is None
    assert (await chat.say("webhook list")).data["webhooks"] == []


async def test_what_is_told_in_the_digest_alone_gets_one_and_keeps_it(chat: Chat) -> None:
    reply = await chat.say("follow PAGE --thread digest")
    assert "told in the digest alone" in reply.sections[0].note
    assert reply.sections[-1].note == (
        "A digest comes every day at 09:00 (UTC); nothing is told there one by one."
    )
    assert (await chat.say("digest")).data["digest"]["every"] == "day"
    said = await chat.refused("digest off")
    assert "chargeover is told there in the digest alone" in said
    assert "/uptimus follow chargeover --thread threads" in said
    assert (await chat.say("digest")).data["digest"] is not None
    assert "told in threads" in (await chat.say("follow chargeover --thread threads")).text
    assert (await chat.say("digest off")).text == "No more digests here."


async def test_a_digest_that_is_set_is_the_one(chat: Chat) -> None:
    await chat.say("digest weekly --on friday")
    reply = await chat.say("follow PAGE --thread digest")
    assert "every Friday" in reply.sections[-1].note


async def test_what_is_told_in_the_digest_alone_is_stepped_over(chat: Chat) -> None:
    chat.demo.show(1)
    async with Receiver() as quiet, Receiver() as told:
        await chat.say(f"follow PAGE --to {quiet.url}")
        async with chat.services.database.write() as session:
            await session.execute(update(Follow).values(shape="digest only"))
        await chat.say(f"follow PAGE --to {told.url}")
        async with delivering(chat):
            await told.until(1)
        assert quiet.received == []
    async with chat.services.database.read() as session:
        threads = await session.scalars(select(Thread).order_by(Thread.id))
        assert [(one.cursor == one.head, one.due_at) for one in threads] == [(True, None)] * 2
    assert len((await chat.say("webhook deliveries")).data["deliveries"]) == 1
