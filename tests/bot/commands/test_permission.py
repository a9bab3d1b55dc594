"""Who may change what is followed: the settings, the refusals, the audit list."""

import pytest

from bot.commands import CHANGES, COMMANDS, answer
from bot.commands.reply import CommandError, Request

from .conftest import Chat


def known(is_admin: bool | None) -> object:
    async def asked() -> bool | None:
        return is_admin

    return asked


async def may(chat: Chat, actor: str, is_admin: bool | None = False, text: str = "follow nonsenseco") -> str:
    """Empty where they may: then it fails for another reason, or not at all."""
    try:
        await chat.say(text, actor=actor, is_admin=known(is_admin))  # type: ignore[arg-type]
    except CommandError as error:
        return str(error) if "Only" in str(error) else ""
    return ""


async def test_everyone_may_until_somebody_says_otherwise(chat: Chat) -> None:
    assert (await chat.say("settings")).text == "Everyone may change what is followed here."
    assert await may(chat, "U9", None) == ""


async def test_admins_and_who_said_so_may(chat: Chat) -> None:
    reply = await chat.say("settings changes admins", actor="U1")
    assert reply.text == "Admins may change what is followed here."
    assert [row.who for row in reply.sections[0].rows] == ["U1"]
    assert await may(chat, "U1") == ""
    assert await may(chat, "U9", True) == ""
    assert await may(chat, "U9", False) == "Only admins may change what is followed here; ask one of them"
    assert await chat.say("settings changes everyone", actor="U1")
    assert await may(chat, "U9", False) == ""


async def test_where_nobody_knows_who_is_an_admin_it_says_how_to_mend_it(chat: Chat) -> None:
    await chat.say("settings changes admins", actor="U1")
    said = await may(chat, "U9", None)
    assert "I can't see who is one" in said
    assert "users:read" in said
    _, request = chat.request("follow PAGE", actor="U9")  # nobody who could be asked at all
    with pytest.raises(CommandError, match="users:read"):
        await answer(chat.services, "follow", request)


async def test_the_chosen_may_and_who_chose_them(chat: Chat) -> None:
    reply = await chat.say("settings changes <@U2|ann> @U3", actor="U1")
    assert reply.data == {"changes": "chosen", "chosen": ["U1", "U2", "U3"]}
    assert [await may(chat, actor) for actor in ("U1", "U2", "U3")] == ["", "", ""]
    assert (await may(chat, "U9", True)).startswith("Only the people who were chosen may change")
    assert await may(chat, "U9", True, "settings changes everyone") == "", "or nobody could when all have left"
    assert await may(chat, "U9", None) == ""


@pytest.mark.parametrize("name", sorted(CHANGES))
async def test_every_change_is_restricted(chat: Chat, name: str) -> None:
    await chat.say("settings changes <@U1>", actor="U1")
    assert (await may(chat, "U9", text=f"{name} remove")).startswith("Only")


@pytest.mark.parametrize(
    "text",
    [
        *(
            f"{name}"
            for name in COMMANDS
            if name not in ("follow", "unfollow", "incidents", "search", "related", "report")
        ),
        "webhook list",
        "related chargeover",
        "search pay",
    ],
)
async def test_looking_is_not(chat: Chat, text: str) -> None:
    await chat.say("settings changes <@U1>", actor="U1")
    assert (await chat.say(text, actor="U9")).text


async def test_a_digest_that_is_only_given_another_time_is_a_change(chat: Chat) -> None:
    await chat.say("settings changes <@U1>", actor="U1")
    assert (await may(chat, "U9", text="digest --at 10:00")).startswith("Only")


async def test_a_provider_that_is_called_list_is_muted_by_who_may(chat: Chat) -> None:
    await chat.say("settings changes <@U1>", actor="U1")
    assert (await may(chat, "U9", text="mute list")).startswith("Only")


async def test_other_workspaces_and_the_terminal_are_not_concerned(chat: Chat) -> None:
    await chat.say("settings changes <@U1>", actor="U1")
    assert (await chat.say("follow PAGE", team="T2", actor="U9")).text == "Following ChargeOver."
    terminal = Request(workspace="local", actor="terminal", text="daily")
    await answer(chat.services, "settings", Request(workspace="local", actor="x", words=("changes", "admins")))
    assert (await answer(chat.services, "digest", terminal)).text.startswith("A digest comes every day")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("settings changes", "Who? everyone, admins, or people"),
        ("settings changes everybody", "can't tell who everybody is"),
        ("settings changes @here", "here is not one"),
        ("settings chnages admins", "did you mean changes? Usage: /uptimus settings"),
        ("settings changes <!subteam^S1|@ops>", "S1 is not one"),
    ],
)
async def test_a_wrong_setting_is_answered_with_its_usage(chat: Chat, text: str, said: str) -> None:
    refused = await chat.refused(text)
    assert said in refused
    assert "Usage: /uptimus settings" in refused
    assert (await chat.say("settings")).data["changes"] == "everyone"


async def test_the_audit_list_says_who_did_what_and_when(chat: Chat) -> None:
    assert (await chat.say("audit")).text == "Nothing was changed here yet."
    await chat.say("follow PAGE --remind none", actor="U1")
    await chat.say("follow chargeover --remind none", actor="U2")  # nothing is different
    await chat.say("follow chargeover --mention @here", actor="U2")
    await chat.say("digest weekly", actor="U3")
    await chat.say("settings changes admins", actor="U3")
    await chat.say("unfollow chargeover", actor="U3")
    reply = await chat.say("audit")
    assert [(one["actor"], one["action"], one["what"]) for one in reply.data["changes"]] == [
        ("U3", "unfollowed", "ChargeOver at slack:T1/C1"),
        ("U3", "set", "who may change things here: admins"),
        ("U3", "set", "a digest every Monday at 09:00 (UTC) at slack:T1/C1"),
        ("U2", "changed", "ChargeOver at slack:T1/C1 (mentions @here)"),
        ("U1", "followed", "ChargeOver at slack:T1/C1 (no reminder)"),
    ]
    newest, changed = reply.sections[0].rows[0], reply.sections[0].rows[3]
    assert (newest.title, newest.who, newest.place) == ("unfollowed ChargeOver", "U3", "slack:T1/C1")
    assert (changed.title, changed.who) == ("changed ChargeOver (mentions @here)", "U2")
    assert newest.at is not None
    assert (await chat.say("audit", team="T2")).data["changes"] == []


async def test_the_audit_list_ends_after_fifty(chat: Chat) -> None:
    for number in range(52):
        await chat.say("settings changes everyone", actor=f"U{number}")
    changes = (await chat.say("audit")).data["changes"]
    assert [one["actor"] for one in changes] == [f"U{number}" for number in range(51, 1, -1)]
