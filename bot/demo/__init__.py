"""A status page that plays a story: Statuspage-compatible, on loopback, from a scenario file.

For `uptimus demo` and for tests. Nothing in the product knows of it: it is followed like any other page.
"""

from bot.demo.documents import documents
from bot.demo.player import DEFAULT_SPEED, play
from bot.demo.scenario import LOGIN_OUTAGE, Scenario, load
from bot.demo.server import DemoPage

__all__ = ["DEFAULT_SPEED", "LOGIN_OUTAGE", "DemoPage", "Scenario", "documents", "load", "play"]
