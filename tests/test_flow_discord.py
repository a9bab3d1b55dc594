"""The whole flow in Discord: followed by a slash command, the page plays the login outage, and the thread is told
whole and archived; on SQLite and on PostgreSQL. Everything is started as `uptimus run` starts it."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cryptography.fernet import Fernet
from rich.console import Console
from standins.discord import Channel, DiscordServer

from bot import app
from bot.commands.services import Services
from bot.demo import LOGIN_OUTAGE, DemoPage, load, play
from bot.parts import opened, services
from bot.settings import Settings
from storage import migrate, threads
from storage.database import Database


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Services]:
    """`uptimus run`, but for the signals."""
    stop, console = asyncio.Event(), Console(file=io.StringIO())
    async with opened(settings) as database, services(settings, database) as parts:
        process = asyncio.create_task(app.run_parts(settings, parts, ("all",), stop, console))
        yield parts
        stop.set()
        await process


async def _settings(database_url: str, server: DiscordServer, port: int) -> Settings:
    database = Database(database_url)
    await migrate.upgrade(database)
    await database.aclose()
    return Settings(
        _env_file=None,
        database_url=database_url,
        secret_key=Fernet.generate_key().decode(),
        poll_interval=1,
        component_hold=0,
        allow_private_networks=True,
        host="127.0.0.1",
        port=port,
        discord_token=server.token,
        discord_api_url=server.api_url,
        discord_gateway_url=server.gateway_url,
    )


async def _told(parts: Services) -> None:
    while True:
        async with parts.database.read() as session:
            if (await threads.waiting(session))[0] == 0:
                return
        await asyncio.sleep(0.05)


async def _say(server: DiscordServer, channel: Channel, command: str, **options: str) -> str:
    begun = await server.slash(server.guild, channel, server.admin, f"uptimus {command}", options)
    assert begun.ephemeral
    await begun.told()
    return begun.text


async def test_a_page_becomes_a_thread_and_a_forum_s_post(database_url: str, unused_port: int) -> None:
    page = DemoPage(load(LOGIN_OUTAGE))
    address = await page.start()
    async with DiscordServer(pace=None, identify_window=0, check_answers=True) as server:
        with server.pointed_at():
            forum = server.add_channel(server.guild, "incidents", "forum", tags=["Resolved", "Investigating"])
            settings = await _settings(database_url, server, unused_port)
            async with running(settings) as parts:
                await server.until(lambda: server.sessions)
                assert "Following ChargeOver" in await _say(server, server.channel, "follow", provider=address)
                begun = await server.slash(
                    server.guild,
                    server.channel,
                    server.admin,
                    "uptimus follow",
                    {"provider": "chargeover", "channel": forum},
                )
                await begun.told()
                async with asyncio.timeout(60):
                    await play(page, speed=1e9)
                    await _told(parts)
                assert "operational" in await _say(server, server.channel, "status")
        server.assert_clean()
        _check_text(server)
        _check_forum(server, forum)
    await page.aclose()


def _check_text(server: DiscordServer) -> None:
    [root, *lines] = server.channel.messages
    assert "Login outage" in str(root.embeds)
    assert "Resolved after 1 h 14 min" in str(root.embeds)
    assert [part["label"] for part in root.parts() if part.get("type") == 2][:2] == ["Details", "Mute here"]
    assert ["Resolved" in line.content for line in lines] == [True]
    thread = server.thread_of(root)
    assert thread.archived
    _in_order("\n".join(str(one.embeds) for one in thread.messages))


def _check_forum(server: DiscordServer, forum: Channel) -> None:
    [post] = [one for one in server.guild.channels.values() if one.parent is forum]
    assert post.archived
    _in_order("\n".join(str(one.embeds) for one in post.messages[1:]))


def _in_order(said: str) -> None:
    order = [said.find(word) for word in ("whole team", "Identified", "Monitoring", "Resolved", "Postmortem")]
    assert order == sorted(order)
    assert order[0] >= 0
