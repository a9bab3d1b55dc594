"""webhook, as a workspace in a chat says it."""

import pytest
from standins.receiver import Receiver

from .conftest import Chat


async def test_a_webhook_is_added_told_tested_listed_and_removed(chat: Chat) -> None:
    assert (await chat.say("webhook")).text.startswith("There is no webhook yet")
    async with Receiver() as receiver:
        made = await chat.say(f"webhook add <{receiver.url}|here> PAGE")
        secret = made.data["secret"]
        assert secret.startswith("whsec_")
        assert made.data["followed"] == ["ChargeOver"]
        assert [row.detail for row in made.sections[-1].rows] == ["It is told about ChargeOver."]
        again = await chat.say(f"webhook add {receiver.url}")
        assert "secret" not in again.data
        receiver.secret = secret
        assert "arrived" in (await chat.say(f"webhook test {receiver.url}")).text
        assert receiver.received[-1].event["type"] == "test"
        assert receiver.received[-1].problem is None
        listed = await chat.say("webhook list")
        assert [(row.title, row.detail) for row in listed.sections[0].rows] == [(receiver.url, "ChargeOver")]
        assert "no destination" in await chat.refused(f"webhook test {receiver.url}", team="T2")
        assert "no destination" in await chat.refused(f"webhook remove {receiver.url}", team="T2")
        await chat.say(f"webhook remove {receiver.url}")
        assert (await chat.say("webhook list")).data["webhooks"] == []
        assert (await chat.say("list")).data["follows"] == []
    changes = [f"{one['action']} {one['what']}" for one in (await chat.say("audit")).data["changes"]]
    host = "a webhook of 127.0.0.1"
    assert changes == [f"removed {host}", f"followed ChargeOver at {host}", f"added {host}"], (
        "no path: it may be secret"
    )


async def test_names_of_several_words_and_one_that_fails(chat: Chat) -> None:
    await chat.say("follow PAGE")
    async with Receiver() as receiver:
        made = await chat.say(f"webhook add {receiver.url} charge over, http://127.0.0.1:9")
        assert made.data["followed"] == ["ChargeOver"]
        assert len(made.data["failed"]) == 1
        assert "can't be read" in made.data["failed"][0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("webhook ad https://x.example.com", "did you mean add? Usage: /uptimus webhook"),
        ("webhook add", "Which address?"),
        ("webhook add chargeover", "is not the https:// address of a webhook"),
        ("webhook add slack:T1/C1", "is not the https:// address"),
        ("webhook remove slack:T1/C1", "is not the https:// address"),
        ("webhook add ftp://x.example.com", "is not a destination"),
        ("webhook add https://user:pass@x.example.com/", "may not hold a user name"),
        ("webhook add https://x.example.com/ chargeoverr", "Did you mean chargeover?"),
        ("webhook test https://nobody.example.com/", "/uptimus webhook list"),
    ],
)
async def test_what_can_not_be_done_is_said(chat: Chat, text: str, said: str) -> None:
    assert said in await chat.refused(text)
    assert (await chat.say("webhook list")).data["webhooks"] == []
