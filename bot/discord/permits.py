"""What uptimus has to be allowed in a server, and what of it is missing in one of its channels."""

import discord

from relay.transports.discord_permissions import NEEDED, lacking, missing

SCOPES = ("bot", "applications.commands")


def invite_url(application_id: int) -> str:
    """The link with which somebody adds uptimus to a server; it asks for nothing that is not needed."""
    return discord.utils.oauth_url(application_id, permissions=discord.Permissions(NEEDED), scopes=SCOPES)


def missing_in(channel: discord.abc.GuildChannel) -> list[str]:
    """What uptimus may not do there, as Discord's settings name it."""
    found = channel.permissions_for(channel.guild.me)
    return missing(found.value, channel.type.value, threads=True)


def channel_at(guild: discord.Guild | None, uri: str) -> discord.abc.GuildChannel | None:
    """The channel of the server that an address names, where we know of it."""
    id = uri.removeprefix(f"discord:{guild.id}/") if guild is not None else uri
    return guild.get_channel(int(id)) if guild is not None and id != uri and id.isdecimal() else None


def warning(guild: discord.Guild | None, uri: str) -> str:
    """What is missing at a destination that is a channel of the server, in a sentence; empty where nothing is, or
    where that isn't known."""
    channel = channel_at(guild, uri)
    if channel is None or channel.guild.me is None:
        return ""
    names = missing_in(channel)
    return lacking(names, f"#{channel.name}") if names else ""
