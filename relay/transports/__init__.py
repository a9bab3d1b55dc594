"""TRANSPORTS: the one list of ways to tell something."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console

from relay.transports.console import ConsoleTransport
from relay.transports.transport import Transport

if TYPE_CHECKING:
    from relay.transports.slack_clients import Clients


@dataclass(frozen=True)
class MailOutside:
    """What mail needs to know of the world. Both as the settings have them, which were looked at there."""

    smtp_url: str = field(repr=False)
    mail_from: str
    home: str
    """Our own address, for readers who wonder who writes to them."""
    unsubscribe: Callable[[str, int | None], str]
    """A link that ends it, for an address and one destination that has it (None: for all that have it)."""


@dataclass(frozen=True)
class PushOutside:
    """What Web Push needs to know of the world."""

    key: Callable[[], Awaitable[str]]
    """Our private VAPID key, which is made when it is asked for the first time."""
    subject: str
    """Where a push service finds us: `mailto:` or `https:`."""


@dataclass(frozen=True)
class Outside:
    """What transports need to know of the world."""

    user_agent: str
    allow_private_networks: bool
    console: Console
    denied_ports: Collection[int] = ()
    """What no webhook may be on."""
    trust_proxy: bool = False
    """Whether the environment's proxies are used."""
    slack_clients: Callable[[], "Clients"] | None = None
    """Makes what finds the client of a Slack workspace; None where Slack is not set up."""
    discord_token: str | None = None
    """None where Discord is not set up."""
    discord_api_url: str | None = None
    """Where its REST is; None: where it always is."""
    mail: "MailOutside | None" = None
    """None where no mail server is set up."""
    push: PushOutside | None = None


def _console(outside: Outside) -> Transport:
    return ConsoleTransport(outside.console)


def _webhook(outside: Outside) -> Transport:
    from relay.transports.webhook import WebhookTransport  # its formats are made of this package's Markdown

    return WebhookTransport(
        user_agent=outside.user_agent,
        allow_private_networks=outside.allow_private_networks,
        denied_ports=outside.denied_ports,
        trust_proxy=outside.trust_proxy,
    )


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


def _email(outside: Outside) -> Transport | None:
    if outside.mail is None:
        return None
    from relay.transports.email import EmailTransport  # its library is large, and many run without it
    from relay.transports.email_server import sender_of, server_of

    mail = outside.mail
    return EmailTransport(
        server_of(mail.smtp_url), sender_of(mail.mail_from), home=mail.home, unsubscribe=mail.unsubscribe
    )


def _webpush(outside: Outside) -> Transport | None:
    if outside.push is None:
        return None
    from relay.transports.webpush import WebPushTransport  # its libraries take a moment, and many run without them

    return WebPushTransport(
        outside.push.key,
        outside.push.subject,
        user_agent=outside.user_agent,
        allow_private_networks=outside.allow_private_networks,
        denied_ports=outside.denied_ports,
        trust_proxy=outside.trust_proxy,
    )


def _apprise(outside: Outside) -> Transport:
    from relay.transports.apprise_urls import AppriseTransport  # its library is loaded at first use

    return AppriseTransport(
        allow_private_networks=outside.allow_private_networks,
        denied_ports=outside.denied_ports,
        trust_proxy=outside.trust_proxy,
    )


TRANSPORTS: dict[str, Callable[[Outside], Transport | None]] = {
    "console": _console,
    "webhook": _webhook,
    "slack": _slack,
    "discord": _discord,
    "email": _email,
    "webpush": _webpush,
    "apprise": _apprise,
}
"""By name; a factory gives None where the settings do not provide for its transport."""
