"""`uptimus discord …`: what an operator needs to set Discord up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from bot import logs, settings
from bot.cli.shell import awaited
from bot.commands import COMMANDS
from bot.commands.services import Services
from bot.discord import door
from bot.discord.client import Client
from bot.discord.desk import Desk
from bot.discord.permits import invite_url
from bot.discord.sync import sync
from bot.parts import opened, services
from bot.settings import SettingsError


@click.group("discord")
def discord_group() -> None:
    """Set Discord up: the link that invites uptimus, and its commands."""


@discord_group.command("invite")
@awaited
async def print_invite() -> None:
    """Print the link that adds uptimus to a server, with the least permissions that it needs."""
    async with _logged_in() as (_, client):
        click.echo(invite_url(client.application_id or 0))


@discord_group.command("sync")
@awaited
async def sync_commands() -> None:
    """Register the commands with Discord. (`uptimus run` does so, too, when they have changed.)"""
    async with _logged_in() as (parts, client):
        await door.checked(sync(client, parts.database, always=True))
        click.echo("The commands are registered with Discord.")


@asynccontextmanager
async def _logged_in() -> AsyncIterator[tuple[Services, Client]]:
    loaded = settings.load()
    logs.configure(loaded.log_format, level=40)
    if loaded.discord_token is None:
        raise SettingsError("DISCORD_TOKEN is missing")
    async with opened(loaded) as database, services(loaded, database) as parts:
        client = await door.logged_in(loaded, Desk(parts, COMMANDS))
        try:
            yield parts, client
        finally:
            await client.close()
