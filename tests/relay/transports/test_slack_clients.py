"""Clients of Slack's workspaces: whose token, and how it is renewed; by several processes, each with its own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store import Installation
from standins.slack import SlackServer
from structlog.testing import capture_logs

from relay.bulletin import Bulletin
from relay.transports.slack import SlackTransport
from relay.transports.slack_clients import Installed, OneToken
from relay.transports.transport import DeliveryError
from storage import leases, workspaces
from storage.database import Database
from storage.installations import Installations

LIFE = 43_200


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        server.add_workspace("T5", enterprise_id="E1", installed=False)
        yield server
        server.assert_clean()


@dataclass
class Processes:
    """Several on one database. `ahead`: how many seconds their clocks are before Slack's."""

    slack: SlackServer
    database: Database
    kept: Installations
    ahead: float = 0.0
    made: list[Installed] = field(default_factory=list)

    def one(self, secret: str | None = None) -> Installed:
        secret = secret or self.slack.client_secret
        now = lambda: 1_000_000.0 + self.ahead  # noqa: E731
        self.made.append(Installed(self.database, self.kept, secret, self.slack.api_url, now))
        return self.made[-1]

    async def install(self, team: str = "T1", *, rotates: bool = True) -> None:
        """As OAuth would leave it behind."""
        self.slack.rotation = rotates
        owner = self.slack.organizations.get(team) or self.slack.workspaces[team]
        self.slack._issue(owner)
        org_wide = team.startswith("E")
        enterprise_id = team if org_wide else getattr(owner, "enterprise_id", None)
        about: dict[str, Any] = {"team_id": None if org_wide else team, "enterprise_id": enterprise_id}
        if rotates:
            about |= {"bot_refresh_token": owner.refresh_token, "bot_token_expires_at": 1_000_000 + LIFE}
        made = Installation(
            app_id="A1", user_id="U1", bot_token=owner.bot_token, bot_id="B1", bot_user_id=owner.bot_user,
            is_enterprise_install=org_wide, **about,
        )  # fmt: skip
        await self.kept.async_save(made)

    def token(self, team: str = "T1") -> str:
        return (self.slack.organizations.get(team) or self.slack.workspaces[team]).bot_token


@pytest.fixture
async def processes(slack: SlackServer, database: Database) -> AsyncIterator[Processes]:
    fernet = Fernet(Fernet.generate_key())
    kept = Installations(
        database,
        slack.client_id,
        seal=lambda token: fernet.encrypt(token.encode()).decode(),
        open_=lambda sealed: fernet.decrypt(sealed.encode()).decode(),
    )
    made = Processes(slack, database, kept)
    yield made
    for one in made.made:
        await one.aclose()


async def refusal(call: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as error:
        await call
    return error.value


# one token


async def test_the_one_token_serves_its_own_workspace_which_is_asked_for_once(slack: SlackServer) -> None:
    clients = OneToken(slack.bot_token, slack.api_url)
    found = await asyncio.gather(*(clients("T1") for _ in range(5)))
    assert {client.token for client in found} == {slack.bot_token}
    refused = await refusal(clients("T2"))
    assert (refused.permanent, refused.everywhere) == (True, False)
    assert refused.reason == "SLACK_BOT_TOKEN serves the workspace T1 and not T2"
    assert len(slack.called("auth.test")) == 1
    await clients.aclose()


async def test_a_one_token_that_slack_does_not_take(slack: SlackServer) -> None:
    clients = OneToken("xoxb-wrong", slack.api_url)
    refused = await refusal(clients("T1"))
    assert (refused.permanent, refused.everywhere) == (True, True)
    assert "xoxb" not in refused.reason
    await clients.aclose()


async def test_slack_away_is_asked_again_later(slack: SlackServer) -> None:
    clients = OneToken(slack.bot_token, slack.api_url)
    slack.fail_next("auth.test", "503")
    assert not (await refusal(clients("T1"))).permanent
    assert (await clients("T1")).token == slack.bot_token
    await clients.aclose()


async def test_nobody_renews_the_one_token(slack: SlackServer) -> None:
    clients = OneToken(slack.bot_token, slack.api_url)
    refused = await refusal(clients.renewed("T1"))
    assert (refused.permanent, refused.everywhere) == (True, True)
    await clients.aclose()


# installs


async def test_a_token_that_does_not_rotate_is_read_once(processes: Processes) -> None:
    await processes.install(rotates=False)
    clients = processes.one()
    assert (await clients("T1")).token == processes.token()
    await processes.kept.async_delete_bot(enterprise_id=None, team_id="T1")
    assert (await clients("T1")).token == processes.token()
    clients.forget("T1")
    refused = await refusal(clients("T1"))
    assert (refused.permanent, refused.everywhere) == (True, True)
    assert "install uptimus" in refused.reason


async def test_half_a_day_later_a_background_post_still_works(processes: Processes) -> None:
    await processes.install()
    clients = processes.one()
    first = (await clients("T1")).token
    processes.ahead = LIFE + 3600
    processes.slack.expire_tokens("T1")
    clients.forget_all()
    client = await clients("T1")
    assert client.token != first
    assert (await client.auth_test())["ok"]
    assert processes.slack.refreshes == 1


@pytest.mark.parametrize(("left", "refreshes"), [(3 * 3600, 0), (3600, 1), (-60, 1)])
async def test_two_processes_with_many_posts_each_refresh_once(
    left: float, refreshes: int, processes: Processes
) -> None:
    await processes.install()
    processes.ahead = LIFE - left
    both = [processes.one(), processes.one()]
    found = await asyncio.gather(*(clients("T1") for clients in both * 6))
    assert processes.slack.refreshes == refreshes
    assert {client.token for client in found} == {processes.token()}


@pytest.mark.parametrize("left", [3600, -60])
async def test_a_command_waits_only_for_a_token_that_has_ended(left: float, processes: Processes) -> None:
    await processes.install()
    processes.ahead = LIFE - left
    clients, old = processes.one(), processes.token()
    bots = await asyncio.gather(*(clients.serving("T1", None) for _ in range(4)))
    assert any(bot is not None and bot.bot_token == old for bot in bots) is (left > 0)
    await clients.aclose()
    assert processes.slack.refreshes == 1
    assert processes.token() != old


async def test_what_slack_calls_expired_is_renewed_whatever_we_think(processes: Processes) -> None:
    await processes.install()
    clients, other = processes.one(), processes.one()
    failed = [await clients("T1"), await other("T1")]
    renewed = await asyncio.gather(
        clients.renewed("T1", failed[0]), clients.renewed("T1"), other.renewed("T1", failed[1])
    )
    assert {client.token for client in renewed} == {processes.token()}
    assert (await clients.renewed("T1")).token == processes.token()
    assert processes.slack.refreshes == 1


async def test_a_new_install_is_found_when_the_old_token_is_revoked(processes: Processes) -> None:
    await processes.install(rotates=False)
    clients = processes.one()
    failed = await clients("T1")
    await processes.install(rotates=False)
    renewed = await clients.renewed("T1", failed)
    assert renewed.token == processes.token() != failed.token
    refused = await refusal(clients.renewed("T1", renewed))
    assert (refused.permanent, refused.everywhere) == (True, True)


async def test_an_organisations_token_serves_its_workspaces_and_is_refreshed_once(processes: Processes) -> None:
    await processes.install("E1")
    async with processes.database.write() as session:
        await workspaces.seen(session, "slack:T5", enterprise_id="E1")
        await workspaces.seen(session, "slack:T6", enterprise_id="E1")
    processes.ahead = LIFE
    both = [processes.one(), processes.one()]
    found = await asyncio.gather(*(clients(team) for clients in both for team in ("T5", "T6")))
    assert {client.token for client in found} == {processes.token("E1")}
    assert processes.slack.refreshes == 1
    assert (await refusal(both[0]("T7"))).permanent


async def test_its_own_install_goes_before_the_organisations(processes: Processes) -> None:
    await processes.install("E1")
    await processes.install("T5")
    assert (await processes.one()("T5")).token == processes.token("T5")


@pytest.mark.parametrize(
    ("word", "permanent"),
    [("invalid_refresh_token", True), ("503", False), ("bad_client_secret", False), ("org_login_required", False)],
)
async def test_a_refresh_that_fails(word: str, permanent: bool, processes: Processes) -> None:
    await processes.install()
    clients, old = processes.one(), processes.token()
    processes.ahead = LIFE - 60  # it is good for another minute: what can be told is told
    processes.slack.fail_next("oauth.v2.access", word, times=2)
    with capture_logs() as logs:
        assert (await clients("T1")).token == old
    assert [entry["event"] for entry in logs] == ["slack.token_not_renewed"]
    assert "xox" not in str(logs)
    processes.ahead = LIFE + 60
    refused = await refusal(clients("T1"))
    assert (refused.permanent, refused.everywhere) == (permanent, permanent)
    assert "xox" not in refused.reason
    assert (await clients("T1")).token == processes.token() != old


async def test_a_caller_that_gives_up_does_not_lose_the_new_token(processes: Processes) -> None:
    await processes.install()
    processes.ahead = LIFE
    clients = processes.one()
    call = asyncio.create_task(clients("T1"))
    await processes.slack.until(lambda: bool(processes.slack.called("oauth.v2.access")))
    call.cancel()
    await asyncio.wait([call])
    await clients.aclose()
    bot = await processes.kept.serving("T1")
    assert bot is not None
    assert bot.bot_token == processes.token()


async def test_whoever_died_while_renewing_holds_nobody_up_for_long(processes: Processes) -> None:
    """Its lease ends by itself; meanwhile a token that is still good does."""
    await processes.install()
    processes.ahead = LIFE - 600
    old = processes.token()
    async with processes.database.write() as session:
        assert await leases.take(session, "slack token T1", "dead", 0.5)
    assert (await processes.one()("T1")).token == processes.token() != old


async def test_a_post_with_a_token_of_before_a_reinstall_is_made_with_the_new_one(processes: Processes) -> None:
    await processes.install(rotates=False)
    clients = processes.one()
    transport = SlackTransport(clients)
    await transport.announce("T1/C1", Bulletin("One."))
    processes.slack.revoke("T1")
    await processes.install(rotates=False)
    await transport.announce("T1/C1", Bulletin("Two."))
    assert [message.text for message in processes.slack.channel("C1").messages] == ["One.", "Two."]
    processes.slack.revoke("T1")
    refused = await refusal(transport.announce("T1/C1", Bulletin("Three.")))
    assert (refused.permanent, refused.everywhere, refused.answer) == (True, True, "token_revoked")
