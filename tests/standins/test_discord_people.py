"""People and the bot in the stand-in Discord: commands, buttons, menus, modals, in time and too late."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord import app_commands
from standins.discord import DiscordServer, NotAnsweredError
from standins.discord_client import Client, running

Context = discord.Interaction[Any]
PROVIDERS = ["chargeover", "github", "gitlab"]


class Ask(discord.ui.Modal, title="Why?"):
    """One line."""

    reason: discord.ui.TextInput["Ask"] = discord.ui.TextInput(label="Reason", custom_id="reason", max_length=10)

    async def on_submit(self, interaction: Context) -> None:
        await interaction.response.send_message(f"because {self.reason.value}", ephemeral=True)


class Buttons(discord.ui.View):
    """Those of an incident, good after a restart too."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Button(label="Page", url="https://status.example.com"))

    @discord.ui.button(label="Mute", custom_id="mute:1")
    async def mute(self, interaction: Context, _: discord.ui.Button["Buttons"]) -> None:
        await interaction.response.edit_message(content="muted", view=None)

    @discord.ui.button(label="Why", custom_id="why:1")
    async def why(self, interaction: Context, _: discord.ui.Button["Buttons"]) -> None:
        await interaction.response.send_modal(Ask())

    @discord.ui.select(cls=discord.ui.ChannelSelect, custom_id="where", placeholder="Where?")
    async def where(self, interaction: Context, menu: discord.ui.ChannelSelect["Buttons"]) -> None:
        await interaction.response.send_message(f"there: {menu.values[0].name}", ephemeral=True)


def with_commands() -> Client:
    client = Client()
    group = app_commands.Group(name="uptimus", description="Status pages", guild_only=True)
    client.add_view(Buttons())

    @group.command(description="Follows")
    async def follow(interaction: Context, provider: str, channel: discord.TextChannel | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send(f"{provider} in {channel and channel.name}", ephemeral=True)

    @follow.autocomplete("provider")
    async def providers(_: Context, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=one.title(), value=one) for one in PROVIDERS if typed in one]

    @group.command(description="Says")
    async def status(interaction: Context, how: str) -> None:
        match how:
            case "buttons":
                await interaction.response.send_message("an incident", view=Buttons())
            case "later":
                await interaction.response.defer()
                await interaction.edit_original_response(content="edited", embed=discord.Embed(title="Down"))
                await interaction.followup.send("and more")
            case "twice":
                await interaction.response.send_message("once")
                interaction.response._response_type = None
                await interaction.response.send_message("twice")

    client.tree.add_command(group)

    @client.tree.command(description="For some", name="secret")
    @app_commands.default_permissions(manage_guild=True)
    async def secret(interaction: Context) -> None:
        await interaction.response.send_message("psst", ephemeral=True)

    return client


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(pace=None, identify_window=0, check_answers=True) as made:
        yield made


@pytest.fixture
async def client(server: DiscordServer) -> AsyncIterator[Client]:
    async with running(server, with_commands(), sync=True) as made:
        yield made
    server.assert_clean()


async def test_a_command_that_is_deferred(server: DiscordServer, client: Client) -> None:
    there = server.add_channel(server.guild, "alerts")
    options = {"provider": "chargeover", "channel": there}
    begun = await server.slash(server.guild, server.channel, server.admin, "uptimus follow", options)
    assert begun.deferred
    assert begun.ephemeral
    await begun.told()
    assert begun.text == "uptimus: (only admin sees this)\n  chargeover in alerts"
    assert server.channel.messages == []


async def test_answers_that_are_edited_and_followed(server: DiscordServer, client: Client) -> None:
    begun = await server.slash(server.guild, server.channel, server.user, "uptimus status", {"how": "later"})
    await server.until(lambda: len(begun.messages) == 2)
    assert server.transcript(server.channel).splitlines() == [
        "# ops",
        "uptimus:",
        "  edited",
        "  │ Down",
        "uptimus:",
        "  and more",
    ]


async def test_autocomplete(server: DiscordServer, client: Client) -> None:
    async def typed(text: str) -> list[tuple[str, Any]]:
        given = {"provider": text}
        where = (server.guild, server.channel, server.user)
        return await server.autocomplete(*where, "uptimus follow", given, focused="provider")

    assert await typed("git") == [("Github", "github"), ("Gitlab", "gitlab")]
    PROVIDERS.extend(f"git{number}" for number in range(30))
    typing = asyncio.create_task(typed("git"))
    await server.until(lambda: server.calls[-1].code == 50035)  # more than 25
    del PROVIDERS[3:]
    server.advance(3.1)
    with pytest.raises(NotAnsweredError):
        await typing


async def test_commands_that_nobody_can_send(server: DiscordServer, client: Client) -> None:
    where = (server.guild, server.channel, server.user)
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("uptimus", {}, "only the beginning"),
        ("uptimus fly", {}, "there is no fly"),
        ("other", {}, "sees no command"),
        ("secret", {}, "sees no command"),
        ("uptimus follow", {}, "must be filled in"),
        ("uptimus follow", {"provider": 5}, "is not what this option takes"),
        ("uptimus follow", {"provider": "x", "mood": "x"}, "there is no option"),
    ]
    for command, options, said in wrong:
        with pytest.raises(AssertionError, match=said):
            await server.slash(*where, command, options)
    assert (await server.slash(server.guild, server.channel, server.admin, "secret")).text.endswith("psst")


async def test_buttons_menus_and_modals(server: DiscordServer, client: Client) -> None:
    await server.slash(server.guild, server.channel, server.user, "uptimus status", {"how": "buttons"})
    message = server.channel.messages[0]
    assert server.transcript(server.channel).splitlines()[3:] == [
        "  [Mute] [Why] [Page (https://status.example.com)]",
        "  [Where?]",
    ]
    chosen = await server.press(message, "where", server.user, [server.channel])
    assert chosen.text.endswith("there: ops")
    asked = await server.press(message, "why:1", server.user)
    assert asked.text == "[modal] Why?"
    with pytest.raises(AssertionError, match="must be filled in"):
        await server.submit(asked, {})
    with pytest.raises(AssertionError, match="takes 0 to 10 characters"):
        await server.submit(asked, {"reason": "x" * 11})
    told = await server.submit(asked, {"reason": "so"})
    assert told.text.endswith("because so")
    with pytest.raises(AssertionError, match="can't be pressed"):
        await server.press(message, "Page", server.user)
    await server.press(message, "Mute", server.user)
    assert server.transcript(server.channel).splitlines() == ["# ops", "uptimus: (edited)", "  muted"]


async def test_a_button_of_a_message_from_before_a_restart(server: DiscordServer, client: Client) -> None:
    part = {"type": 2, "style": 2, "label": "Mute", "custom_id": "mute:1"}
    message = server.post(server.channel, server.bot, {"components": [{"type": 1, "components": [part]}]})
    await server.press(message, "mute:1", server.user)
    assert message.content == "muted"


async def test_a_second_answer_is_refused(server: DiscordServer, client: Client) -> None:
    await server.slash(server.guild, server.channel, server.user, "uptimus status", {"how": "twice"})
    await server.until(lambda: server.calls[-1].code == 40060)


async def test_nobody_waits_longer_than_three_seconds(server: DiscordServer, client: Client) -> None:
    late = server.slash(server.guild, server.channel, server.user, "uptimus status", {"how": "nothing"})
    waiting = asyncio.create_task(late)
    await server.until(lambda: server.interactions)
    server.advance(3.1)
    with pytest.raises(NotAnsweredError, match=r"not within 3\.0 s"):
        await waiting
    begun = server.interactions[0]
    with pytest.raises(discord.NotFound) as refused:
        await callback(client, begun.id, begun.token)
    assert refused.value.code == 10062


async def test_a_token_is_good_for_a_quarter_of_an_hour(server: DiscordServer, client: Client) -> None:
    begun = await server.slash(server.guild, server.channel, server.admin, "secret")
    route = discord.http.Route("POST", f"/webhooks/{server.application_id}/{begun.token}")
    body = {"content": "in time", "flags": 64, "allowed_mentions": {"parse": []}}
    await client.http.request(route, json=body)
    server.advance(900)
    with pytest.raises(discord.HTTPException) as refused:
        await client.http.request(route, json=body)
    assert refused.value.code == 50027
    assert [message.content for message in begun.messages] == ["psst", "in time"]


async def test_an_interaction_while_the_bot_resumes(server: DiscordServer, client: Client) -> None:
    server.cut(4000)
    begun = await server.slash(server.guild, server.channel, server.admin, "secret")
    assert begun.text.endswith("psst")
    assert len(server.identifies) == 1


async def callback(client: Client, id: str, token: str) -> None:
    """An answer by hand."""
    route = discord.http.Route("POST", f"/interactions/{id}/{token}/callback")
    await client.http.request(route, json={"type": 4, "data": {"content": "x", "allowed_mentions": {"parse": []}}})
