"""Installing, rotating and removing in the stand-in Slack, by slack_sdk's own OAuth."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.oauth.installation_store import FileInstallationStore, Installation
from slack_sdk.oauth.state_store import FileOAuthStateStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient
from standins.slack import AuthorizePageError, SlackServer
from standins.slack_bolt_app import bolt_app, error_of, served
from standins.test_slack import Clock

pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")  # slack_sdk uses it

BACK = "https://uptimus.example.com/slack/oauth_redirect"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[SlackServer]:
    async with SlackServer(now=clock) as server:
        server.redirect_urls = {BACK}
        server.add_workspace("T2", name="Second", installed=False)
        yield server


def install_url(slack: SlackServer, **more: Any) -> str:
    known: dict[str, Any] = {"client_id": slack.client_id, "scopes": ["commands", "chat:write"]}
    known |= {"redirect_uri": BACK, "authorization_url": slack.authorize_url}
    return AuthorizeUrlGenerator(**known | more).generate("state-1")


async def access(slack: SlackServer, **arguments: Any) -> dict[str, Any]:
    client = AsyncWebClient(base_url=slack.api_url, retry_handlers=[])
    known = {"client_id": slack.client_id, "client_secret": slack.client_secret}
    try:
        answer = await client.oauth_v2_access(**known | arguments)
    except SlackApiError as error:
        answer = error.response
    assert isinstance(answer.data, dict)
    return answer.data


async def test_a_code_is_worth_one_installation(slack: SlackServer) -> None:
    code, url = await slack.approve(install_url(slack), team="T2", user="U7")
    assert url.startswith(f"{BACK}?")
    assert parse_qs(urlsplit(url).query) == {"code": [code], "state": ["state-1"]}
    granted = await access(slack, code=code, redirect_uri=BACK)
    assert granted["team"] == {"id": "T2", "name": "Second"}
    assert granted["authed_user"] == {"id": "U7"}
    assert (granted["scope"], granted["token_type"]) == ("chat:write,commands", "bot")
    assert (granted["enterprise"], granted["is_enterprise_install"]) == (None, False)
    assert "refresh_token" not in granted
    assert await error_of(slack, "auth.test", granted["access_token"]) == "ok"
    assert (await access(slack, code=code, redirect_uri=BACK))["error"] == "code_already_used"
    slack.assert_clean()


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"code": "1.x"}, "invalid_code"),
        ({"client_id": "x"}, "invalid_client_id"),
        ({"client_secret": "x"}, "bad_client_secret"),
        ({"redirect_uri": "https://evil.example"}, "bad_redirect_uri"),
        ({"grant_type": "password"}, "invalid_grant_type"),
        ({"mood": "good"}, "invalid_arg_name"),
    ],
)
async def test_what_is_no_exchange(wrong: dict[str, str], error: str, slack: SlackServer) -> None:
    code = (await slack.approve(install_url(slack), team="T2")).code
    form = {"client_id": slack.client_id, "client_secret": slack.client_secret, "code": code, "redirect_uri": BACK}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{slack.api_url}oauth.v2.access", data=form | wrong) as answer,
    ):
        assert (await answer.json())["error"] == error


async def test_the_client_may_say_who_it_is_by_basic_auth(slack: SlackServer) -> None:
    code = (await slack.approve(install_url(slack), team="T2")).code
    headers = {"Authorization": aiohttp.encode_basic_auth(slack.client_id, slack.client_secret)}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(f"{slack.api_url}oauth.v2.access", data={"code": code, "redirect_uri": BACK}) as answer,
    ):
        assert (await answer.json())["ok"]


async def test_a_code_gets_old(slack: SlackServer, clock: Clock) -> None:
    code = (await slack.approve(install_url(slack), team="T2")).code
    clock.now += 601
    assert (await access(slack, code=code, redirect_uri=BACK))["error"] == "invalid_code"


async def test_the_address_to_come_back_to_is_repeated(slack: SlackServer) -> None:
    sent = (await slack.approve(install_url(slack), team="T2")).code
    assert (await access(slack, code=sent))["error"] == "bad_redirect_uri"
    unsaid = (await slack.approve(install_url(slack, redirect_uri=None), team="T2")).code
    assert (await access(slack, code=unsaid))["ok"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"client_id": "x"}, "invalid_client_id"),
        ({"scopes": []}, "no_scopes"),
        ({"scopes": ["chat:shout"]}, "invalid_scope"),
        ({"redirect_uri": "https://evil.example"}, "bad_redirect_uri"),
        ({"authorization_url": "https://slack.com/oauth/v2/authorize"}, "not where people are asked"),
    ],
)
async def test_a_page_that_asks_nobody(wrong: dict[str, Any], said: str, slack: SlackServer) -> None:
    with pytest.raises(AuthorizePageError, match=said):
        await slack.approve(install_url(slack, **wrong), team="T2")


async def test_what_should_not_be_asked_for(slack: SlackServer) -> None:
    url = install_url(slack, user_scopes=["search:read"]).replace("state-1", "")
    await slack.approve(url, team="T2")
    assert len(slack.violations) == 2


async def test_a_person_may_cancel(slack: SlackServer) -> None:
    code, url = await slack.deny(install_url(slack))
    assert (code, parse_qs(urlsplit(url).query)) == ("", {"error": ["access_denied"], "state": ["state-1"]})


async def test_a_person_with_a_browser_is_sent_back(slack: SlackServer) -> None:
    url = install_url(slack).replace("/oauth/v2/authorize", "/approve") + "&team_id=T2"
    async with aiohttp.ClientSession() as http:
        async with http.get(install_url(slack)) as page:
            assert "team_id=T2" in await page.text()
        async with http.get(url, allow_redirects=False) as sent:
            assert sent.headers["Location"].startswith(f"{BACK}?code=")


async def test_bolts_own_flow(slack: SlackServer, tmp_path: Path) -> None:
    store, states = FileInstallationStore(base_dir=str(tmp_path)), FileOAuthStateStore(expiration_seconds=60)
    settings = AsyncOAuthSettings(
        client_id=slack.client_id,
        client_secret=slack.client_secret,
        scopes=["commands"],
        redirect_uri=BACK,
        authorization_url=slack.authorize_url,
        installation_store=store,
        state_store=states,
        state_validation_enabled=False,  # its cookie is for browsers
    )
    flow = AsyncOAuthFlow(client=AsyncWebClient(base_url=slack.api_url), settings=settings)
    request = AsyncBoltRequest(body="")
    back = (await slack.approve(await flow.build_authorize_url("state-2", request), "T2", "U7")).url
    answer = await flow.handle_callback(AsyncBoltRequest(body="", query=urlsplit(back).query))
    assert answer.status == 200
    found = store.find_installation(enterprise_id=None, team_id="T2")
    assert found is not None
    assert (found.bot_token, found.user_id) == (slack.workspaces["T2"].bot_token, "U7")
    slack.assert_clean()


async def test_more_scopes_are_added_to_the_same_token(slack: SlackServer) -> None:
    first = await access(slack, code=(await slack.approve(install_url(slack), "T2")).code, redirect_uri=BACK)
    more = await slack.approve(install_url(slack, scopes=["commands", "users:read"]), "T2")
    second = await access(slack, code=more.code, redirect_uri=BACK)
    assert second["access_token"] == first["access_token"]
    assert second["scope"] == "chat:write,commands,users:read"


async def test_an_organization_is_installed_once_for_all(slack: SlackServer) -> None:
    slack.add_workspace("T3", enterprise_id="E1", installed=False).add_channel("C3")
    redirect = await slack.approve(install_url(slack), "T3", org_wide=True)
    granted = await access(slack, code=redirect.code, redirect_uri=BACK)
    assert (granted["team"], granted["enterprise"]["id"]) == (None, "E1")
    assert granted["is_enterprise_install"]
    client = AsyncWebClient(granted["access_token"], slack.api_url, retry_handlers=[])
    assert (await client.auth_test())["enterprise_id"] == "E1"
    await client.chat_postMessage(channel="C3", text="x", unfurl_links=False, unfurl_media=False)
    with pytest.raises(AuthorizePageError, match="no organization"):
        await slack.approve(install_url(slack), "T2", org_wide=True)


async def installed(slack: SlackServer) -> Installation:
    slack.rotation = True
    code = (await slack.approve(install_url(slack), "T2")).code
    granted = await access(slack, code=code, redirect_uri=BACK)
    assert granted["expires_in"] == 43200
    return Installation(
        user_id="U1",
        team_id="T2",
        bot_token=granted["access_token"],
        bot_refresh_token=granted["refresh_token"],
        bot_token_expires_at=int(time.time()) + 60,
    )


async def test_tokens_rotate(slack: SlackServer, clock: Clock) -> None:
    before = await installed(slack)
    assert before.bot_token is not None
    client = AsyncWebClient(base_url=slack.api_url, retry_handlers=[])
    rotator = AsyncTokenRotator(client_id=slack.client_id, client_secret=slack.client_secret, client=client)
    after = await rotator.perform_token_rotation(installation=before)
    assert after is not None
    assert after.bot_token != before.bot_token
    assert await error_of(slack, "auth.test", before.bot_token) == "ok"  # both do until the older one expires
    assert await error_of(slack, "auth.test", after.bot_token) == "ok"
    assert slack.refreshes == slack.workspaces["T2"].refreshes == 1
    used = await access(slack, grant_type="refresh_token", refresh_token=before.bot_refresh_token)
    assert used["error"] == "invalid_refresh_token"
    clock.now += 43_200
    assert await error_of(slack, "auth.test", after.bot_token) == "token_expired"


async def test_an_expired_token_is_refreshed(slack: SlackServer) -> None:
    before = await installed(slack)
    slack.expire_tokens("T2")
    assert await error_of(slack, "auth.test", before.bot_token) == "token_expired"
    again = await access(slack, grant_type="refresh_token", refresh_token=before.bot_refresh_token)
    assert await error_of(slack, "auth.test", again["access_token"]) == "ok"
    slack.revoke("T2")
    assert await error_of(slack, "auth.test", again["access_token"]) == "token_revoked"
    last = await access(slack, grant_type="refresh_token", refresh_token=again["refresh_token"])
    assert last["error"] == "invalid_refresh_token"


@pytest.mark.parametrize("order", [("app_uninstalled", "tokens_revoked"), ("tokens_revoked", "app_uninstalled")])
async def test_removing_the_app_is_told_twice(order: tuple[str, str], slack: SlackServer) -> None:
    told = []
    app = bolt_app(slack)

    @app.use
    async def note(body: dict[str, Any], next: Any) -> None:
        told.append((body["team_id"], body["event"]["type"]))
        await next()

    @app.event("app_uninstalled")
    @app.event("tokens_revoked")
    async def heard() -> None:
        """Nothing is left to do."""

    async with served(app, slack):
        await slack.uninstall("T1", order, twice=True)
    assert told == [("T1", kind) for kind in order * 2]
    assert await error_of(slack, "auth.test") == "account_inactive"
    assert not slack.channel("C1").member
    again = await access(slack, code=(await slack.approve(install_url(slack), "T1")).code, redirect_uri=BACK)
    assert await error_of(slack, "auth.test", again["access_token"]) == "ok"
    assert slack.workspaces["T1"].scopes == {"commands", "chat:write"}
    assert await error_of(slack, "auth.test", "xoxb-1-stand-in") == "account_inactive"
