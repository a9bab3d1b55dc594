"""Installing into workspaces and organisations, through the real slack-bolt."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from standins.followed import became, followed, state
from standins.slack_town import Town

from bot.slack.install import QUOTA
from storage import workspaces
from storage.database import from_now
from storage.tables import Destination, SlackOauthState, Workspace


async def workspace(town: Town, key: str) -> Workspace:
    async with town.database.read() as session:
        found = await workspaces.by_key(session, key)
    assert found is not None
    return found


async def test_three_workspaces_install_it_and_each_is_answered(any_town: Town) -> None:
    for team, channel in (("T1", "C1"), ("T2", "CT2"), ("T5", "CT5")):
        page = await any_town.install(team)
        assert "uptimus is installed" in page
        [answer] = await any_town.slack.slash("/uptimus", "status", team=team, channel=channel)
        assert answer.text == f"You are at slack:{team}/{channel}."
    assert (await workspace(any_town, "slack:T2")).name == "T2"
    assert (await workspace(any_town, "slack:T5")).enterprise_id == "E1"


async def test_what_is_asked_of_slack(a_town: Town) -> None:
    place, _ = await a_town.begin()
    asked = parse_qs(urlsplit(place).query)
    assert place.startswith(a_town.slack.authorize_url)
    assert asked["scope"] == ["commands,chat:write,chat:write.public,channels:read,groups:read"]
    assert asked["redirect_uri"] == [f"{a_town.settings.public_url}/slack/oauth_redirect"]


async def test_an_organisation_installs_it_for_all_its_workspaces(any_town: Town) -> None:
    await any_town.install("T5", org_wide=True)
    for team in ("T5", "T6"):
        [answer] = await any_town.slack.slash("/uptimus", "status", team=team, channel=f"C{team}")
        assert answer.text == f"You are at slack:{team}/C{team}."
        # what is posted later, perhaps by another process, only knows the team
        clients = any_town.clients()
        assert (await (await clients(team)).auth_test())["ok"]
        await clients.aclose()


async def test_cancelling_is_no_mistake(a_town: Town) -> None:
    place, cookie = await a_town.begin()
    status, page = await a_town.come_back((await a_town.slack.deny(place)).url, cookie)
    assert (status, "You chose not to install uptimus" in page) == (200, True)
    assert await a_town.kept.all() == []


@pytest.mark.parametrize("what", ["no cookie", "another cookie", "no state", "another state", "used"])
async def test_a_state_that_is_not_ours_is_refused(what: str, a_town: Town) -> None:
    place, cookie = await a_town.begin()
    redirect = await a_town.slack.approve(place, "T1")
    url, name = redirect.url, cookie.partition("=")[0]
    if what == "used":
        await a_town.come_back(url, cookie)
    changes = {
        "no cookie": (url, ""),
        "another cookie": (url, f"{name}=bogus"),
        "no state": (url.partition("&state=")[0], cookie),
        "another state": (f"{url.partition('&state=')[0]}&state=bogus", f"{name}=bogus"),
        "used": (url, cookie),
    }
    status, page = await a_town.come_back(*changes[what])
    assert (status, "This install can&#39;t be finished" in page) == (400, True)
    assert len(await a_town.kept.all()) == (1 if what == "used" else 0)


@pytest.mark.parametrize("query", ["code=bogus", ""])
async def test_a_code_that_slack_does_not_take(query: str, a_town: Town) -> None:
    place, cookie = await a_town.begin()
    state_ = parse_qs(urlsplit(place).query)["state"][0]
    address = f"{a_town.settings.public_url}/slack/oauth_redirect?{query}&state={state_}"
    status, page = await a_town.come_back(address, cookie)
    assert (status, "Slack did not install uptimus" in page) == (400, True)


async def test_slack_away_is_said_on_a_page(a_town: Town) -> None:
    place, cookie = await a_town.begin()
    redirect = await a_town.slack.approve(place, "T1")
    a_town.slack.fail_next("oauth.v2.access", "503")
    status, page = await a_town.come_back(redirect.url, cookie)
    assert status >= 400
    assert "Nothing was installed" in page


async def test_hostile_words_in_the_address_are_not_shown(a_town: Town) -> None:
    address = f"{a_town.settings.public_url}/slack/oauth_redirect?error=<script>alert(1)</script>"
    status, page = await a_town.come_back(address)
    assert (status, "script" in page) == (400, False)


async def test_states_that_nobody_came_back_with_are_forgotten(a_town: Town) -> None:
    await a_town.begin()
    async with a_town.database.write() as session:
        row = (await session.scalars(select(SlackOauthState))).one()
        row.expire_at = row.expire_at.replace(year=2020)
    await a_town.begin()
    async with a_town.database.read() as session:
        assert len((await session.scalars(select(SlackOauthState))).all()) == 1


async def test_too_many_begun_by_one_client_are_refused_and_say_when_to_come_back(a_town: Town) -> None:
    for _ in range(QUOTA):
        await a_town.begin()
    async with a_town.browser.get(str(a_town.settings.slack_install_url), allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (429, "no-store")
        assert f"open this page again in {answer.headers['Retry-After']} s" in await answer.text()
        assert "Set-Cookie" not in answer.headers
    async with a_town.database.read() as session:
        assert len((await session.scalars(select(SlackOauthState))).all()) == QUOTA


async def test_a_workspace_without_it_is_told_where_to_get_it(any_town: Town) -> None:
    [answer] = await any_town.slack.slash("/uptimus", "status", team="T2", channel="CT2")
    assert answer.ephemeral
    assert "uptimus is not installed here any more" in answer.text
    assert f"{any_town.settings.public_url}/slack/install" in answer.text


@pytest.mark.parametrize("days", [1, 29, 31])
async def test_a_reinstall_brings_the_follows_back_for_thirty_days(days: int, a_town: Town) -> None:
    await a_town.install("T1")
    await followed(a_town.database, "slack:T1/C1")
    await a_town.slack.uninstall("T1")
    await became(a_town.database, "slack:T1/C1", "uptimus was removed from the workspace")
    async with a_town.database.write() as session:
        row = await workspaces.by_key(session, "slack:T1")
        assert row is not None
        row.uninstalled_at = (await session.execute(select(from_now(-days * 86400)))).scalar_one()
    page = await a_town.install("T1")
    if days > 30:
        async with a_town.database.read() as session:
            assert (await session.scalars(select(Destination))).all() == []
        return
    assert "What was followed there before is told again" in page
    assert await state(a_town.database, "slack:T1/C1") == (None, True)
    assert (await workspace(a_town, "slack:T1")).uninstalled_at is None


@pytest.mark.parametrize("left", [600, -60])
async def test_a_command_and_another_process_renew_a_token_once(left: float, any_town: Town) -> None:
    any_town.slack.rotation = True
    await any_town.install("T1")
    await any_town.expire("T1", left)
    other = any_town.clients()
    answers, client = await asyncio.gather(any_town.slack.slash("/uptimus", "status"), other("T1"))
    assert [answer.text for answer in answers] == ["You are at slack:T1/C1."]
    assert (await client.auth_test())["ok"]
    await any_town.slack.until(lambda: any_town.slack.refreshes > 0)
    again = any_town.clients()
    assert (await again("T1")).token == client.token
    assert any_town.slack.refreshes == 1
    for one in (other, again):
        await one.aclose()


async def test_a_repeated_press_of_an_old_button_is_acknowledged(any_town: Town) -> None:
    await any_town.install("T1")
    button = {"type": "button", "text": {"type": "plain_text", "text": "Old"}, "action_id": "of_long_ago"}
    blocks = [{"type": "actions", "elements": [button]}]
    clients = any_town.clients()
    client = await clients("T1")
    sent = await client.chat_postMessage(
        channel="C1", text="Old", blocks=blocks, unfurl_links=False, unfurl_media=False
    )
    await clients.aclose()
    message = any_town.slack.channel("C1").find(str(sent["ts"]))
    assert message is not None
    await any_town.slack.press(message, "of_long_ago")
