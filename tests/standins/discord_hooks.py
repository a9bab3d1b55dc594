"""The three places in which discord.py has Discord's addresses, set and put back."""

import contextlib
from collections.abc import Iterator

import discord
import yarl
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route


@contextlib.contextmanager
def pointed_at(api_url: str, gateway_url: str, cdn_url: str) -> Iterator[None]:
    """discord.py speaks to these addresses within it. They are one for the whole process: no two at once."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE
    Route.BASE, Asset.BASE = api_url, cdn_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE = before


assert discord.version_info >= (2, 7), "the hooks were tried with discord.py 2.7"
