"""A canary in every secret place there is, to be looked for in whatever somebody may get to see."""

import base64
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.oauth.installation_store import Installation
from standins.owner import Owned
from standins.whole import ORIGIN, Whole

from bot import push_key
from bot.commands import destination, hook, signing, token
from bot.commands.reply import Request, Wish
from bot.slack import ways
from relay.transports.webpush_keys import new_key, public_key


@dataclass
class Planted:
    """The server, and every secret by what it is."""

    whole: Whole
    owned: Owned
    canaries: dict[str, str] = field(default_factory=dict)

    def seen_in(self, shown: object) -> list[str]:
        """Which secrets stand there, as they are or in base64."""
        said = shown if isinstance(shown, bytes) else str(shown).encode()
        return [
            name
            for name, secret in self.canaries.items()
            if secret.encode() in said or base64.b64encode(secret.encode())[:-4] in said
        ]


async def plant(found: Planted) -> None:
    """A canary in every secret place there is."""
    services, canaries = found.whole.services, found.canaries
    canaries |= {
        "Slack's client secret": "client-secret-canary",
        "Slack's signing secret": "signing-secret-canary",
        "Discord's token": "discord.token.canary", "mail's password": "smtp-password-canary",
        "a header": "canary-of-a-header", "a key": "canary-of-a-key-0123456789abcdef",
        "an API token": found.owned.token, "our key": found.whole.key,
    }  # fmt: skip
    local = Request(workspace="local", actor="terminal", to="https://hooks.example.com/in")
    wish = Wish(headers=("X-Auth: canary-of-a-header",), ed25519=True, untested=True)
    made = await destination.add(services, Request(**{**vars(local), "wish": wish}))
    canaries["a former secret"] = str(made.data["secret"]).removeprefix("whsec_")
    turned = await signing.rotate(services, local)
    canaries["a webhook's secret"] = str(turned.data["secret"]).removeprefix("whsec_")
    shown = await signing.show_secret(services, local)
    canaries["a webhook's own key"] = str(shown.data["secrets"][1]).removeprefix("whsk_")
    paging = Wish(format="pagerduty", key=canaries["a key"], untested=True)
    await destination.add(services, Request(workspace="local", to="https://events.example.com/v2", wish=paging))
    await _addresses(found)
    hooked = await hook.show(services, Request(workspace="local", provider="chargeover"))
    canaries["a hook"] = str(hooked.data["hook"]).rpartition("/")[2].partition(".")[2]
    another = await token.create(services, Request(workspace="local", text="dashboard"))
    canaries["another API token"] = str(another.data["token"])
    canaries["our key for browsers"] = (await push_key.kept(found.whole.settings, services.database)).strip()
    await _browser(found)
    tokens: dict[str, Any] = {
        one: f"xoxe-canary-{one}" for one in ("bot_token", "bot_refresh_token", "user_token", "user_refresh_token")
    }
    canaries |= tokens
    canaries["an incoming webhook"] = "https://hooks.slack.example/canary-incoming"
    await ways.installations(found.whole.settings, services.database, services.vault).async_save(
        Installation(
            app_id="A1", team_id="T1", user_id="U1", bot_id="B1", bot_user_id="U0", bot_scopes=["commands"],
            incoming_webhook_url=canaries["an incoming webhook"], **tokens,
        )
    )  # fmt: skip


ADDRESSES = ("an address's path", "an address's query", "an Apprise password")
"""Those that stand in an export: without its address a destination is none."""


async def _addresses(found: Planted) -> None:
    found.canaries |= {name: f"canary-of-{name.rpartition(' ')[2]}-of-an-address" for name in ADDRESSES}
    path, query, password = (found.canaries[name] for name in ADDRESSES)
    hooked = f"https://hooks.example.com/services/T1/{path}?token={query}&last=zzqq"
    wish = Wish(untested=True)
    await destination.add(found.whole.services, Request(workspace="slack:T1", actor="U1", to=hooked, wish=wish))
    told = f"apprise:json://user:{password}@127.0.0.1:1/status"
    await destination.add(found.whole.services, Request(workspace="local", actor="terminal", to=told))


async def _browser(found: Planted) -> None:
    key = base64.urlsafe_b64encode(public_key(new_key())).decode().rstrip("=")
    found.canaries["a subscription"] = "https://push.example.com/canary-endpoint"
    found.canaries["a subscription's secret"] = base64.urlsafe_b64encode(b"canary-of-auth-!").decode().rstrip("=")
    keys = {"p256dh": key, "auth": found.canaries["a subscription's secret"]}
    asked = {
        "provider": "chargeover",
        "subscription": {"endpoint": found.canaries["a subscription"], "keys": keys},
    }
    response = await found.whole.ask("POST", "/push/subscriptions", json=asked, headers=ORIGIN)
    assert response.status == 201, await response.text()
