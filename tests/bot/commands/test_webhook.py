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
        shown = receiver.url.replace("/hook", "/…hook")
        assert [(row.title, row.detail) for row in listed.sections[0].rows] == [(shown, "ChargeOver")]
        assert receiver.url not in str(listed)
        assert receiver.url not in str(await chat.say("list"))
        await chat.say(f"webhook test {shown}")
        assert len(receiver.received) == 3
        await chat.say(f"webhook remove <{shown.replace('…', '%E2%80%A6')}|{shown}>")
        assert (await chat.say("webhook list")).data["webhooks"] == []
        assert (await chat.say("list")).data["follows"] == []
    changes = [f"{one['action']} {one['what']}" for one in (await chat.say("audit")).data["changes"]]
    host = "a webhook of 127.0.0.1"
    assert changes == [f"removed {host}", f"followed ChargeOver at {host}", f"added {host}"], (
        "no path: it may be secret"
    )


@pytest.mark.parametrize(
    "step", ["test", "remove", "secret", "rotate", "enable", "deliveries", "replay dead", "replay 2h"]
)
async def test_a_stranger_reaches_nothing_of_another_workspace(chat: Chat, step: str) -> None:
    async with Receiver() as receiver:
        await chat.say(f"webhook add {receiver.url} PAGE")
        for address in (receiver.url, receiver.url.replace("/hook", "/…hook")):
            said = await chat.refused(f"webhook {step} {address}", team="T2")
            assert "no destination" in said
        assert (await chat.say("webhook deliveries", team="T2")).data == {"deliveries": []}
        assert len(receiver.received) == 1


async def test_its_secret_is_shown_and_replaced(chat: Chat) -> None:
    async with Receiver() as receiver:
        made = await chat.say(f"webhook add {receiver.url} --ed25519")
        shown = await chat.say(f"webhook secret {receiver.url}")
        assert shown.data["secret"] == made.data["secret"]
        rotated = await chat.say(f"webhook rotate {receiver.url}")
        assert rotated.data["secret"] != made.data["secret"]
        for one in (made.data["secret"], rotated.data["secret"]):
            receiver.secret = one
            await chat.say(f"webhook test {receiver.url}")
            assert receiver.received[-1].problem is None


@pytest.mark.parametrize(
    "step",
    [
        "add https://x.example.com/y --untested",
        *(f"{name} ADDRESS" for name in ("secret", "rotate", "deliveries")),
    ],
)
async def test_only_those_who_may_change_things_see_more_than_the_list(chat: Chat, step: str) -> None:
    async with Receiver() as receiver:
        await chat.say(f"webhook add {receiver.url}")
        await chat.say("settings changes <@U1>")
        said = await chat.refused(f"webhook {step.replace('ADDRESS', receiver.url)}", actor="U9")
        assert said.startswith("Only the people who were chosen")
        assert (await chat.say("webhook list", actor="U9")).sections


async def test_it_is_told_in_another_format_with_options(chat: Chat) -> None:
    async with Receiver() as receiver:
        text = f"webhook add {receiver.url} PAGE --format cloudevents --header “X-Team: ops”"
        text += " --type incident.*, maintenance"
        made = await chat.say(text)
        assert made.data["followed"] == ["ChargeOver"]
        assert (made.data["format"], made.data["types"]) == ("cloudevents", ["incident.*", "maintenance.*"])
        assert (receiver.received[0].headers["ce-type"], receiver.received[0].headers["x-team"]) == (
            "uptimus.test",
            "ops",
        )
        listed = await chat.say("webhook list")
        assert listed.sections[0].rows[0].detail == "ChargeOver · as cloudevents · only incident.*, maintenance.*"


async def test_one_that_does_not_answer_is_only_accepted_untested(chat: Chat, unused_port: int) -> None:
    uri = f"http://127.0.0.1:{unused_port}/hook"
    assert "--untested" in await chat.refused(f"webhook add {uri} PAGE")
    assert (await chat.say("webhook list")).data["webhooks"] == []
    assert (await chat.say("list")).data["follows"] == []
    assert (await chat.say(f"webhook add {uri} PAGE --untested")).data["followed"] == ["ChargeOver"]


async def test_two_that_are_shown_alike_are_told_apart_by_their_whole_address(chat: Chat) -> None:
    async with Receiver() as receiver:
        first, second = (receiver.url.replace("/hook", f"/{name}/hook") for name in "ab")
        for one in (first, second):
            await chat.say(f"webhook add {one}")
        short = receiver.url.replace("/hook", "/…hook")
        assert "2 addresses are shown as" in await chat.refused(f"webhook remove {short}")
        await chat.say(f"webhook remove {first}")
        await chat.say(f"webhook remove {short}")
        assert (await chat.say("webhook list")).data["webhooks"] == []


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
        ("webhook replay", "A delivery (12.3), `dead`, or a time"),
        ("webhook replay 1.1", "There is no delivery 1.1"),
        ("webhook deliveries 1.1", "There is no delivery 1.1"),
        ("webhook replay yesterday", "is no time"),
        ("webhook delivreies", "did you mean deliveries?"),
        ("webhook test https://nobody.example.com/", "/uptimus webhook list"),
    ],
)
async def test_what_can_not_be_done_is_said(chat: Chat, text: str, said: str) -> None:
    assert said in await chat.refused(text)
    assert (await chat.say("webhook list")).data["webhooks"] == []
