"""TRANSPORTS: the one list of ways to tell something."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from relay.transports.console import ConsoleTransport
from relay.transports.transport import Transport
from relay.transports.webhook import WebhookTransport

if TYPE_CHECKING:
    from relay.transports.slack_clients import Clients


@dataclass(frozen=True)
class Outside:
    """What transports need to know of the world."""

    user_agent: str
    allow_private_networks: bool
    console: Console
    slack_clients: Callable[[], "Clients"] | None = None
    """Makes what finds the client of a Slack workspace; None where Slack is not set up."""
    discord_token: str | None = None
    """None where Discord is not set up."""
    discord_api_url: str | None = None
    """Where its REST is; None: where it always is."""


def _console(outside: Outside) -> Transport:
    return ConsoleTransport(outside.console)


def _webhook(outside: Outside) -> Transport:
    return WebhookTransport(user_agent=outside.user_agent, allow_private_networks=outside.allow_private_networks)


def _slack(outside: Outside) -> Transport | None:
    if outside.slack_clients is None:
        return None
    from relay.transports.slack import SlackTransport  # its library is large, and many run without it

    return SlackTransport(outside.slack_clients())


def _discord(outside: Outside) -> Transport | None:
    if outside.discord_token is None:
        return None
    from relay.transports.discord import DiscordTransport  # its library is large, and many run without it

    return DiscordTransport(outside.discord_token, outside.discord_api_url)


TRANSPORTS: dict[str, Callable[[Outside], Transport | None]] = {
    "console": _console,
    "webhook": _webhook,
    "slack": _slack,
    "discord": _discord,
}
"""By name; a factory gives None where the settings do not provide for its transport."""
