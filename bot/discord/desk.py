"""What every handler of Discord's interactions works with: the desk of every chat, and how it makes a Request of
one."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import discord

from bot import desk
from bot.commands.reply import Request
from bot.desk import Answer, Commands, Refusal
from storage import providers

__all__ = ["Answer", "Commands", "Context", "Desk", "Refusal", "place_of"]

Context = discord.Interaction[Any]

KNOWN_FOR = 30.0
"""Seconds for which the names of the providers in the database are kept: somebody types letter by letter."""


class Desk(desk.Desk):
    """Asks the commands what people ask of them in Discord."""

    platform = "discord"

    def __init__(self, services: Any, commands: Commands, answer: Answer | None = None) -> None:
        super().__init__(services, commands, answer)
        self._known: Sequence[tuple[str, str]] = ()
        self._known_until = 0.0

    def request(self, interaction: Context, **given: Any) -> Request:
        """Who asks, from where; `given` are fields of the Request. What is typed in a thread, or in a post of a
        forum, is meant for the channel that it belongs to."""
        workspace = f"discord:{interaction.guild_id}"
        known: dict[str, Any] = {
            "workspace": workspace,
            "actor": str(interaction.user.id),
            "here": f"{workspace}/{place_of(interaction)}",
            "is_admin": partial(_runs_it, interaction.permissions),
        }
        return Request(**known | given)

    async def known(self) -> Sequence[tuple[str, str]]:
        """(slug, name) of every provider in the database; at most half a minute old."""
        if time.monotonic() >= self._known_until:
            async with self.services.database.read() as session:
                self._known = await providers.slugs_and_names(session)
            self._known_until = time.monotonic() + KNOWN_FOR
        return self._known


def place_of(interaction: Context) -> int:
    """The id of the channel that is meant where none is named."""
    channel = interaction.channel
    inside = channel.parent_id if isinstance(channel, discord.Thread) else None
    return inside or interaction.channel_id or 0


async def _runs_it(permissions: discord.Permissions) -> bool:
    """Whoever may manage the server runs the workspace; Discord says with each interaction what they may."""
    return permissions.manage_guild or permissions.administrator
