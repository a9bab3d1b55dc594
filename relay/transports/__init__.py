"""TRANSPORTS: the one list of ways to tell something."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console

from relay.transports.console import ConsoleTransport
from relay.transports.transport import Transport
from relay.transports.webhook import WebhookTransport


@dataclass(frozen=True)
class Outside:
    """What transports need to know of the world."""

    user_agent: str
    allow_private_networks: bool
    console: Console
    slack_token: str | None = None
    slack_api_url: str = "https://slack.com/api/"


def _console(outside: Outside) -> Transport:
    return ConsoleTransport(outside.console)


def _webhook(outside: Outside) -> Transport:
    return WebhookTransport(user_agent=outside.user_agent, allow_private_networks=outside.allow_private_networks)


def _slack(outside: Outside) -> Transport | None:
    if outside.slack_token is None:
        return None
    from relay.transports.slack import OneToken, SlackTransport  # its library is large, and many run without it

    return SlackTransport(OneToken(outside.slack_token, outside.slack_api_url))


TRANSPORTS: dict[str, Callable[[Outside], Transport | None]] = {
    "console": _console,
    "webhook": _webhook,
    "slack": _slack,
}
"""By name; a factory gives None where the settings do not provide for its transport."""
