"""A guild behind simcord with the whole bot in it."""

from standins.discord_bot import server

__all__ = ["server"]
