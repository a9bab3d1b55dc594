"""The door in front of a Discord of HTTP and sockets: start, registration, who holds the gateway, cuts, what
Discord tells of guilds and channels, and word of trouble."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update
from standins.discord import DiscordServer
from standins.discord_bot import made_services
from standins.pages import Shelf, snapshot

from bot.commands import COMMANDS, answer
from bot.commands.services import Services
from bot.discord.door import DiscordDoor, DiscordDoorError
from bot.discord.gateway import LEASE, TRY
from bot.settings import Settings
from relay.metrics import Metrics
from relay.notices import Notices
from relay.transports.discord import DiscordTransport
from storage import leases, migrate, notes, threads
from storage.database import Database, from_now
from storage.tables import Destination, Lease, Note, Workspace

PUT = "PUT /applications/{application_id}/commands"


@pytest.fixture
async def discord_server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(pace=None, identify_window=0, check_answers=True) as made:
        with made.pointed_at():
            yield made
        made.assert_clean()


@pytest.fixture
async def services(database: Database) -> AsyncIterator[Services]:
    async with made_services(database, Shelf(snapshot())) as made:
        yield made


def settings(server: DiscordServer, **given: Any) -> Settings:
    values = {"discord_token": server.token, "discord_api_url": server.api_url} | given
    return Settings(_env_file=None, **values)


@asynccontextmanager
async def opened(server: DiscordServer, services: Services, **given: Any) -> AsyncIterator[DiscordDoor]:
    """A door that has started; it holds the gateway soon, if nobody else does."""
    door = DiscordDoor(settings(server, **given), COMMANDS, services, answer)
    await door.start()
    try:
        yield door
    finally:
        await door.aclose()


async def say(server: DiscordServer, command: str, **options: Any) -> str:
    """What the guild's admin is answered; they alone see it."""
    begun = await server.slash(server.guild, server.channel, server.admin, f"uptimus {command}", options)
    assert begun.deferred
    assert begun.ephemeral
    await begun.told()
    return begun.text


async def test_it_starts_and_answers(discord_server: DiscordServer, services: Services) -> None:
    async with opened(discord_server, services):
        await discord_server.until(lambda: discord_server.sessions)
        assert discord_server.identifies[0]["intents"] == 1
        assert "Following ChargeOver." in await say(discord_server, "follow", provider="chargeover")
        assert "operational" in await say(discord_server, "status")
    assert discord_server.sessions == []
    assert discord_server.channel.messages == []


EDIT = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original"


async def test_uptime_is_answered_with_a_picture(discord_server: DiscordServer, services: Services) -> None:
    async with opened(discord_server, services):
        await discord_server.until(lambda: discord_server.sessions)
        await say(discord_server, "follow", provider="chargeover")
        assert "The last 90 days" in await say(discord_server, "uptime", provider="chargeover")
        sent = discord_server.called(EDIT)[-1]
        [(name, png)] = sent.files.values()
        assert (name, png[:4]) == ("uptime.png", b"\x89PNG")
        [about] = sent.body["attachments"]
        assert about["description"].startswith("Day by day from ")
        assert sent.body["embeds"][0]["image"]["url"] == "attachment://uptime.png"


async def test_where_files_are_refused_the_words_come_alone(
    discord_server: DiscordServer, services: Services
) -> None:
    async with opened(discord_server, services):
        await discord_server.until(lambda: discord_server.sessions)
        await say(discord_server, "follow", provider="chargeover")
        discord_server.fail_next("PATCH", EDIT.removeprefix("PATCH "), 50013)
        assert "The last 90 days" in await say(discord_server, "uptime", provider="chargeover")
        refused, taken = discord_server.called(EDIT)[-2:]
        assert (refused.code, taken.files) == (50013, {})
        assert "image" not in taken.body["embeds"][0]


async def test_the_gateway_of_the_settings(discord_server: DiscordServer, services: Services) -> None:
    elsewhere = discord_server.gateway_url + "/"
    async with opened(discord_server, services, discord_gateway_url=elsewhere):
        await discord_server.until(lambda: discord_server.sessions)
        discord_server.cut(4009)  # the session is over: it is begun anew, where the settings say
        await discord_server.until(lambda: len(discord_server.identifies) == 2)


async def test_commands_are_registered_when_they_have_changed(
    discord_server: DiscordServer, services: Services
) -> None:
    for _ in range(2):
        async with opened(discord_server, services):
            pass
    assert len(discord_server.called(PUT)) == 1
    [command] = discord_server.commands[""]
    assert (command["name"], command["contexts"], command["integration_types"]) == ("uptimus", [0], [0])
    assert command["default_member_permissions"] is None
    async with services.database.write() as session:
        await session.execute(update(Note).values(value="1:older"))
        assert await notes.get(session, "discord-commands") == "1:older"
    async with opened(discord_server, services):
        pass
    assert len(discord_server.called(PUT)) == 2


async def test_a_wrong_token_is_one_line(discord_server: DiscordServer, services: Services) -> None:
    door = DiscordDoor(settings(discord_server, discord_token="wrong"), COMMANDS, services, answer)
    with pytest.raises(DiscordDoorError, match=r"^DISCORD_TOKEN: Discord does not accept it$"):
        await door.start()
    await door.aclose()


async def test_a_discord_that_is_not_there_is_one_line(
    discord_server: DiscordServer, services: Services, unused_port: int
) -> None:
    nowhere = f"http://127.0.0.1:{unused_port}/api/v10"
    door = DiscordDoor(settings(discord_server, discord_api_url=nowhere), COMMANDS, services, answer)
    with pytest.raises(DiscordDoorError, match=r"^Discord could not be reached \(ClientConnector"):
        await door.start()
    await door.aclose()


async def test_after_a_cut_it_goes_on_and_hears_what_it_missed(
    discord_server: DiscordServer, services: Services
) -> None:
    async with opened(discord_server, services):
        await discord_server.until(lambda: discord_server.sessions)
        await say(discord_server, "follow", provider="chargeover")
        discord_server.cut(4000)
        discord_server.delete_channel(discord_server.channel)
        await until(lambda: disabled(services))
        assert len(discord_server.identifies) == 1
        assert len(discord_server.resumes) == 1


# who holds the gateway


async def test_one_process_at_a_time_holds_it_and_gives_it_back(
    discord_server: DiscordServer, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.discord.gateway.LEASE", 600.0)  # what is not given back comes too late
    async with opened(discord_server, services) as first:
        await discord_server.until(lambda: discord_server.sessions)
        async with opened(discord_server, services):
            await asyncio.sleep(1)
            assert len(discord_server.identifies) == 1
            await first.aclose()
            await discord_server.until(lambda: len(discord_server.identifies) == 2)
            assert "Nothing is followed yet" in await say(discord_server, "status")


HOLDER = """
import asyncio, sys
from bot import app
from bot.settings import Settings

asyncio.run(app.run(Settings(_env_file=None), ["bot"]))
"""


@pytest.mark.timeout(180)
async def test_when_the_holder_dies_another_takes_over_within_thirty_seconds(
    discord_server: DiscordServer, new_postgresql: str
) -> None:
    database = Database(new_postgresql)
    await migrate.upgrade(database)
    environment = {
        "DATABASE_URL": new_postgresql,
        "UPTIMUS_SECRET_KEY": Fernet.generate_key().decode(),
        "DISCORD_TOKEN": discord_server.token,
        "DISCORD_API_URL": discord_server.api_url,
        "DISCORD_GATEWAY_URL": discord_server.gateway_url,
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-c", HOLDER]
    holder = await asyncio.create_subprocess_exec(*command, env=environment, stderr=subprocess.DEVNULL)
    try:
        await discord_server.until(lambda: discord_server.sessions)
        async with made_services(database, Shelf(snapshot())) as services, opened(discord_server, services):
            await asyncio.sleep(1)
            assert len(discord_server.identifies) == 1
            holder.kill()
            assert LEASE + TRY < 28, "and a moment to connect"
            await discord_server.until(lambda: len(discord_server.identifies) == 2)
            assert "Nothing is followed yet" in await say(discord_server, "status")
    finally:
        if holder.returncode is None:
            holder.kill()
        await holder.wait()
        await database.aclose()


async def test_a_holder_that_lost_it_falls_silent(discord_server: DiscordServer, services: Services) -> None:
    async with opened(discord_server, services):
        await discord_server.until(lambda: discord_server.sessions)
        async with services.database.write() as session:
            await session.execute(update(Lease).values(holder="another", until_at=from_now(60)))
        await discord_server.until(lambda: not discord_server.sessions)
        async with services.database.write() as session:
            await leases.release(session, "discord-gateway", "another")


async def test_a_reset_token_ends_it_and_the_rest_goes_on(
    discord_server: DiscordServer, services: Services
) -> None:
    async with opened(discord_server, services) as door:
        await discord_server.until(lambda: discord_server.sessions)
        discord_server.revoke()
        async with asyncio.timeout(60):
            assert door._task is not None
            await door._task
    assert len(discord_server.identifies) == 1


async def test_three_thousand_guilds_on_two_shards(discord_server: DiscordServer, services: Services) -> None:
    for number in range(3000):
        discord_server.add_channel(discord_server.add_guild(f"Guild {number}"), "ops")
    discord_server._shards = 2
    async with opened(discord_server, services):
        await discord_server.until(lambda: len(discord_server.sessions) == 2)
        assert [one["shard"] for one in discord_server.identifies] == [[0, 2], [1, 2]]
        last = list(discord_server.guilds.values())[-1]
        begun = await discord_server.slash(
            last, next(iter(last.channels.values())), last.owner, "uptimus follow", {"provider": "chargeover"}
        )
        await begun.told()
        assert "Following ChargeOver." in begun.text


# what Discord tells


async def test_removed_and_invited_again(discord_server: DiscordServer, services: Services) -> None:
    async with opened(discord_server, services):
        await discord_server.until(lambda: discord_server.sessions)
        await say(discord_server, "follow", provider="chargeover")
        assert (await one(services, Workspace)).name == "Example"
        discord_server.outage(discord_server.guild)
        discord_server.recover(discord_server.guild)
        discord_server.kick(discord_server.guild)
        await until(lambda: disabled(services))
        assert (await one(services, Destination)).disabled_because.startswith(
            "uptimus was removed from the server"
        )
        assert (await one(services, Workspace)).uninstalled_at is not None
        discord_server.guild.name = "Renamed"
        discord_server.invite(discord_server.guild)
        await until(lambda: enabled(services))
        row = await one(services, Workspace)
        assert (row.uninstalled_at, row.name) == (None, "Renamed")


async def test_what_happened_while_nobody_listened(discord_server: DiscordServer, services: Services) -> None:
    async with opened(discord_server, services):
        await discord_server.until(lambda: discord_server.sessions)
        await say(discord_server, "follow", provider="chargeover")
    discord_server.guild.here = False
    async with opened(discord_server, services):
        await until(lambda: disabled(services))
    discord_server.guild.here = True
    async with opened(discord_server, services):
        await until(lambda: enabled(services))


async def test_an_outage_of_discord_s_is_no_removal(discord_server: DiscordServer, services: Services) -> None:
    async with opened(discord_server, services):
        await discord_server.until(lambda: discord_server.sessions)
        await say(discord_server, "follow", provider="chargeover")
        discord_server.outage(discord_server.guild)
        discord_server.add_guild("Second")
        other = discord_server.add_channel(discord_server.guild, "other")
        discord_server.recover(discord_server.guild)
        discord_server.delete_channel(other)
        assert "1 follow" in await say(discord_server, "list")
        assert await enabled(services)


async def test_allowed_again_it_tells_again(discord_server: DiscordServer, services: Services) -> None:
    async with opened(discord_server, services):
        await discord_server.until(lambda: discord_server.sessions)
        await say(discord_server, "follow", provider="chargeover")
        discord_server.deny("SEND_MESSAGES", discord_server.channel)
        reason = "uptimus may not Send Messages in #ops: give it that in the channel's settings"
        async with services.database.write() as session:
            await threads.disable(session, [(await one(services, Destination)).id], reason)
        discord_server.allow("VIEW_CHANNEL", discord_server.channel)
        assert "uptimus may not Send Messages" in await say(discord_server, "list")
        discord_server.allow("SEND_MESSAGES", discord_server.channel)
        await until(lambda: enabled(services))


@pytest.mark.parametrize("closed", [False, True])
async def test_who_followed_is_told_once_that_the_channel_is_gone(
    closed: bool, discord_server: DiscordServer, services: Services
) -> None:
    discord_server.admin.closed = closed
    doomed = discord_server.add_channel(discord_server.guild, "doomed")
    async with opened(discord_server, services), telling(discord_server, services) as notices:
        await discord_server.until(lambda: discord_server.sessions)
        await say(discord_server, "follow", provider="chargeover", channel=doomed)
        discord_server.delete_channel(doomed)
        await until(lambda: disabled(services))
        for _ in range(2):
            await notices.tick()
        told = discord_server.direct(discord_server.admin).messages
        assert len(told) == (0 if closed else 1)
        where = (discord_server.guild, discord_server.channel, discord_server.admin)
        begun = await discord_server.slash(*where, "uptimus status")
        await begun.told()
        if closed:
            await discord_server.until(lambda: begun.followups)
            assert "the channel was deleted" in begun.text
        begun = await discord_server.slash(*where, "uptimus status")
        await begun.told()
        assert begun.followups == []


@asynccontextmanager
async def telling(server: DiscordServer, services: Services) -> AsyncIterator[Notices]:
    """What tells people of trouble."""
    transport = DiscordTransport(server.token, server.api_url)
    notices = Notices(services.database, {"discord": transport}, metrics=Metrics())
    try:
        yield notices
    finally:
        await notices.aclose()
        await transport.aclose()


async def one(services: Services, table: Any) -> Any:
    """The one row there is."""
    async with services.database.read() as session:
        return (await session.scalars(select(table))).one()


async def disabled(services: Services) -> bool:
    return (await one(services, Destination)).disabled_at is not None


async def enabled(services: Services) -> bool:
    return not await disabled(services)


async def until(condition: Callable[[], Awaitable[bool]], within: float = 60) -> None:
    """Until the database says so."""
    async with asyncio.timeout(within):
        while not await condition():
            await asyncio.sleep(0.05)
