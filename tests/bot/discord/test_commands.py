"""Every command of `/uptimus` as people in a guild use it: allowed or not, told where, page by page."""

from typing import Any

import discord
import pytest
from standins.discord_bot import Server, labels, new_client, shown
from standins.pages import incident, snapshot, update
from structlog.testing import capture_logs

from bot.commands import COMMANDS
from storage import audit, follows
from storage.tables import Follow, Workspace

LOOKUPS: list[tuple[str, dict[str, Any], str]] = [
    ("list", {}, "1 follow."),
    ("status", {}, "operational · Logins fail"),
    ("status", {"provider": "chargeover"}, "**[Logins fail](https://status.example.com/incidents/inc1)**"),
    ("status", {"provider": "nonsense"}, "⚠️ No provider is called 'nonsense'."),
    ("uptime", {}, "**ChargeOver**"),
    ("uptime", {"provider": "chargeover", "days": 30}, "The last 30 days"),
    ("incidents", {"provider": "chargeover"}, "ChargeOver: the newest 1 incident."),
    ("report", {"provider": "chargeover"}, "Thank you: your trouble with ChargeOver is counted."),
    ("report", {"provider": "chargeover", "month": "2025-12"}, "ChargeOver: December 2025"),
    ("maintenance", {}, "No maintenance is announced."),
    ("maintenance", {"provider": "chargeover"}, "No maintenance is announced."),
    ("search", {"text": "payments"}, "**[ChargeOver](https://status.example.com)**"),
    ("related", {"provider": "chargeover"}, "Chargebee"),
    ("mute", {}, "Nothing is muted here"),
    ("digest", {}, "No digest is set here"),
    ("settings", {}, "Members who may manage the server may change what is followed here."),
    ("audit", {}, "followed ChargeOver"),
    ("webhook list", {}, "There is no webhook yet"),
    ("help", {}, "**/uptimus follow**: Tell a channel about a provider"),
    ("help", {"command": "follow"}, "**quiet\\_except:**: What is told in those hours all the same"),
    ("help", {"command": "webhook"}, "**/uptimus webhook add**"),
]


@pytest.fixture
async def busy(server: Server) -> Server:
    """ChargeOver is followed in #ops, and in trouble."""
    await server.follow()
    await server.reads(snapshot(incident(update("u1", "investigating", 1))))
    return server


@pytest.mark.parametrize(("command", "options", "said"), LOOKUPS, ids=[f"{one[0]} {one[1]}" for one in LOOKUPS])
async def test_what_everybody_may_ask(command: str, options: dict[str, Any], said: str, busy: Server) -> None:
    assert said in await busy.say(command, busy.ann, **options)
    assert busy.ops.history(viewer=busy.boss) == []


def test_every_command_is_there() -> None:
    tried = {one[0].split()[0] for one in LOOKUPS} | {"follow", "unfollow"}
    assert tried == set(COMMANDS)


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("follow", {"provider": "chargeover"}),
    ("unfollow", {"provider": "chargeover"}),
    ("mute", {"provider": "chargeover"}),
    ("digest", {"every": "daily"}),
    ("settings", {"changes": "everyone"}),
    ("webhook add", {"address": "https://hooks.example.com/x"}),
    ("webhook remove", {"address": "https://hooks.example.com/x"}),
    ("webhook secret", {"address": "https://hooks.example.com/x"}),
    ("webhook rotate", {"address": "https://hooks.example.com/x"}),
    ("webhook deliveries", {}),
    ("webhook replay", {"what": "dead"}),
    ("webhook enable", {"address": "https://hooks.example.com/x"}),
]


@pytest.mark.parametrize(("command", "options"), CHANGES, ids=[one[0] for one in CHANGES])
async def test_who_may_not_manage_the_server_changes_nothing(
    command: str, options: dict[str, Any], busy: Server
) -> None:
    before = await busy.audit()
    said = await busy.say(command, busy.ann, **options)
    assert said.startswith("⚠️ Only members who may manage the server may change what is followed here")
    assert await busy.audit() == before
    assert "⚠️ Only" not in await busy.say(command, busy.boss, **options)


async def test_opened_to_everyone_everyone_may(server: Server) -> None:
    said = await server.say("settings", changes="everyone")
    assert said.startswith("Everyone may change what is followed here.")
    assert (await server.say("follow", server.ann, provider="chargeover")).startswith("Following ChargeOver.")
    said = await server.say("settings", changes="people", people=f"<@{server.ann.id}>")
    assert f"<@{server.ann.id}>" in said
    assert (await server.say("unfollow", server.ann, provider="chargeover")).startswith("No longer following")
    said = await server.say("settings", changes="admins")
    assert said.startswith("Members who may manage the server may")
    assert "⚠️ Only" in await server.say("follow", server.ann, provider="chargeover")


async def test_a_follow_with_everything(server: Server) -> None:
    news = server.guild.create_news_channel("news")
    role = server.guild.create_role("on-call")
    said = await server.say(
        "follow",
        provider="ChargeOver",
        channel=news,
        streams="incidents,maintenance",
        component="search",
        impact="major",
        thread="both",
        loud="resolved",
        mention=f"@here {role.mention} <@{server.ann.id}>, @everyone",
        mention_from="critical",
        remind="30m",
        quiet="22:00-07:00 Europe/Berlin",
        quiet_except="critical",
    )
    assert said.startswith("Following ChargeOver.")
    assert f"<#{news.id}>" in said
    row = await server.one(Follow)
    assert (row.incidents, row.components, row.maintenance) == (True, False, True)
    assert (row.component_ids, row.min_impact, row.shape) == (["search"], "major", "threads and channel")
    assert (row.loud, row.mention_impact, row.remind_minutes) == (["resolved"], "critical", 30)
    assert row.mention == ["here", f"&{role.id}", str(server.ann.id), "channel"]
    assert row.quiet == {"from": "22:00", "until": "07:00", "zone": "Europe/Berlin", "except": "critical"}
    assert (await server.one(Workspace)).name == "Example"
    said = await server.say("follow", provider="chargeover", channel=news, mention="none", component="all")
    assert said.startswith("Changed ChargeOver")
    row = await server.one(Follow)
    assert (row.mention, row.component_ids, row.quiet["zone"]) == ([], [], "Europe/Berlin")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"provider": "nonsense"}, "No provider is called 'nonsense'"),
    ({"component": "Mainn"}, "the nearest are Main Application"),
    ({"mention": "bob"}, "I can't tell who bob is"),
    ({"quiet": "late"}, "“late” are no quiet hours"),
    ({"quiet_except": "critical"}, "Quiet hours come first, as in quiet: 22:00-07:00"),
    ({"webhook": "ftp://x"}, "is not a destination"),
    ({"webhook": "console:"}, "only post to channels of this workspace"),
    ({"webhook": "slack:T1/C1"}, "only post to channels of this workspace"),
    ({"webhook": "https://hooks.example.com", "channel": "ops"}, "Choose a channel or a webhook, not both"),
]


@pytest.mark.parametrize(("options", "said"), WRONG, ids=[next(iter(one[0])) for one in WRONG])
async def test_what_can_t_be_is_said(options: dict[str, Any], said: str, server: Server) -> None:
    if "channel" in options:
        options = options | {"channel": server.ops}
    found = await server.say("follow", **{"provider": "chargeover"} | options)
    assert found.startswith("⚠️ ")
    assert said in found
    assert "Usage" not in found
    assert await server.follows() == []


async def test_typed_in_a_thread_the_channel_is_meant(server: Server) -> None:
    room = server.env.bot.get_channel(server.ops.id)
    assert isinstance(room, discord.TextChannel)
    await (await room.send("look")).create_thread(name="a thread")
    [thread] = server.ops.threads
    said = await server.say("follow", server.boss, thread, provider="chargeover")
    assert said.startswith("Following ChargeOver.")
    assert await server.follows() == [("chargeover", server.here)]


async def test_a_voice_channel_can_t_be_told(server: Server) -> None:
    voice = server.guild.create_voice_channel("voice")
    said = await server.say("follow", server.boss, voice, provider="chargeover")
    assert said == "⚠️ I can't tell anything in this kind of channel; choose another with channel:"


async def test_what_is_lacking_is_said_when_somebody_follows(server: Server) -> None:
    bare = server.guild.create_text_channel(
        "bare", overwrites={server.guild.default_role: discord.PermissionOverwrite(embed_links=False)}
    )
    said = await server.say("follow", provider="chargeover", channel=bare)
    assert said.startswith("Following ChargeOver.")
    assert "uptimus may not Embed Links in #bare" in said
    assert "uptimus may not" not in await server.say("follow", provider="chargeover")


async def test_unfollow_one_of_several(server: Server) -> None:
    dev = server.guild.create_text_channel("dev")
    await server.follow()
    await server.say("follow", provider="chargeover", channel=dev)
    offers = await server.boss.autocomplete(server.ops, "uptimus unfollow", "provider", "")
    assert [one["name"] for one in offers] == ["ChargeOver in #ops", "ChargeOver in #dev"]
    said = await server.say("unfollow", provider=offers[1]["value"])
    assert said.startswith("No longer following ChargeOver.")
    assert await server.follows() == [("chargeover", server.here)]
    assert "This is not followed any more" in await server.say("unfollow", provider=offers[1]["value"])
    other = server.env.create_guild("Other")
    stranger = other.add_member(server.env.create_user("eve"))
    room = other.create_text_channel("room")
    said = await server.say("unfollow", stranger, room, provider=offers[0]["value"])
    assert said == "⚠️ This is not followed any more"
    assert len(await server.follows()) == 1


async def test_mute_and_speak_again(busy: Server) -> None:
    assert "1 thread of ChargeOver muted here." in await busy.say("mute", provider="chargeover")
    assert "Logins fail" in await busy.say("mute", busy.ann)
    said = await busy.say("mute", provider="chargeover", title="logins", off=True)
    assert said.startswith("1 thread of ChargeOver told here again.")


async def test_a_digest(server: Server) -> None:
    said = await server.say("digest", every="weekly", at="9", on="monday", zone="Europe/Berlin")
    assert said.startswith("A digest comes every Monday at 09:00 (Europe/Berlin).")
    assert "<t:" in said
    assert "No more digests here" in await server.say("digest", every="off")


async def test_a_webhook_and_its_secret(server: Server) -> None:
    address, short = "https://hooks.example.com/services/x1y2", "https://hooks.example.com/…x1y2"
    said = await server.say("webhook add", address=address, providers="chargeover", untested=True)
    assert "whsec\\_" in said
    assert "It is told about ChargeOver." in said
    listed = await server.say("webhook list")
    assert "whsec" not in listed
    assert "services" not in listed
    assert "whsec\\_" in await server.say("webhook secret", address=short)
    assert "has a new secret" in await server.say("webhook rotate", address=short)
    assert "0 deliveries." in await server.say("webhook deliveries", about=short)
    assert "Nothing was given up" in await server.say("webhook replay", what="dead", address=short)
    assert "is enabled already" in await server.say("webhook enable", address=short)
    offers = await server.boss.autocomplete(server.ops, "uptimus webhook remove", "address", "hooks")
    assert [(one["value"], one["name"]) for one in offers] == [(short, short)]
    assert "is removed" in await server.say("webhook remove", address=short)
    assert await server.follows() == []


async def test_pages_that_turn_also_after_a_restart(server: Server) -> None:
    async with server.database.write() as session:
        workspace_id = await follows.workspace(session, server.workspace)
        for number in range(50):
            await audit.note(session, workspace_id, str(server.boss.id), "did", f"thing {number}")
    result = await server.ann.slash(server.ops, "uptimus audit")
    assert result.response is not None
    assert shown(result.response).startswith("The newest 50 changes, newest first. (page 1 of 3)")
    assert labels(result.response) == ["‹ Previous page", "Next page ›"]
    await server.restart()
    turned = await server.ann.click(result.response, label="Next page ›")
    assert turned.response is not None
    page = shown(turned.response)
    assert "(page 2 of 3)" in page
    assert "thing 25" in page
    assert "thing 49" not in page


async def test_what_goes_wrong_has_an_id_that_the_log_knows(server: Server) -> None:
    async def broken(*_: Any) -> Any:
        raise ValueError("secret detail")

    await server.env.restart_bot(new_client(server.services, broken))
    with capture_logs() as logs:
        said = await server.say("list")
    [entry] = [one for one in logs if one["event"] == "discord.failed" and one["what"] == "list"]
    assert said == f"⚠️ Something went wrong (id {entry['id']})"
