"""Several workspaces in one stand-in Slack: whose channels a token sees, and what is counted for whom."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from standins.slack import SlackServer, Workspace
from standins.slack_bolt_app import error_of

QUIET: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(now=lambda: 1_000_000.0) as server:
        yield server


@pytest.fixture
def second(slack: SlackServer) -> Workspace:
    workspace = slack.add_workspace("T2", name="Second")
    workspace.add_channel("C21", "alerts")
    return workspace


async def post(slack: SlackServer, channel: str, token: str, **more: Any) -> str:
    return await error_of(slack, "chat.postMessage", token, channel=channel, text="x", **QUIET, **more)


async def test_a_token_sees_the_channels_of_its_workspace_alone(slack: SlackServer, second: Workspace) -> None:
    assert await post(slack, "C21", second.bot_token) == "ok"
    assert await post(slack, "C1", second.bot_token) == "channel_not_found"
    assert await post(slack, "C21", slack.bot_token) == "channel_not_found"
    assert [message.text for message in slack.channel("C21", team="T2").messages] == ["x"]
    assert slack.transcript("C21", team="T2").startswith("# alerts")
    assert len(slack.called("chat.postMessage")) == 3
    assert len(slack.called("chat.postMessage", team="T2")) == 2
    assert (slack.calls[0].team, slack.calls[0].error) == ("T2", "")


async def test_limits_and_failures_are_those_of_one_workspace(slack: SlackServer, second: Workspace) -> None:
    second.add_channel("C1", "also C1")
    assert [await post(slack, "C1", second.bot_token) for _ in range(6)] == ["ok"] * 5 + ["ratelimited"]
    assert await post(slack, "C1", slack.bot_token) == "ok"
    slack.fail_next("auth.test", "internal_error", team="T2")
    assert await error_of(slack, "auth.test") == "ok"
    assert await error_of(slack, "auth.test", second.bot_token) == "internal_error"


async def test_scopes_and_dead_tokens_are_those_of_one_workspace(slack: SlackServer, second: Workspace) -> None:
    second.scopes.discard("chat:write")
    assert await post(slack, "C21", second.bot_token) == "missing_scope"
    second.token_error = "token_revoked"
    assert await error_of(slack, "auth.test", second.bot_token) == "token_revoked"
    assert await error_of(slack, "auth.test") == "ok"


async def test_people(slack: SlackServer, second: Workspace) -> None:
    second.add_user("U7", owner=True, tz="Asia/Tokyo", tz_offset=32400)
    client = AsyncWebClient(second.bot_token, slack.api_url, retry_handlers=[])
    assert await error_of(slack, "users.info", second.bot_token) == "missing_scope"
    second.scopes.add("users:read")
    person = (await client.users_info(user="U7"))["user"]
    assert (person["is_owner"], person["is_admin"], person["tz"]) == (True, True, "Asia/Tokyo")
    assert not (await client.users_info(user="U2"))["user"]["is_admin"]
    assert await error_of(slack, "users.info", second.bot_token, user="U7") == "invalid_arguments"  # takes no JSON
    with pytest.raises(Exception, match="user_not_found"):
        await client.users_info(user="U9")


async def test_channels_show_what_was_granted(slack: SlackServer, second: Workspace) -> None:
    second.add_channel("G1", "secret", private=True)
    client = AsyncWebClient(second.bot_token, slack.api_url, retry_handlers=[])
    second.scopes.add("channels:read")
    room = (await client.conversations_info(channel="C21", include_num_members=True))["channel"]
    assert (room["name"], room["is_member"], room["num_members"]) == ("alerts", True, 3)
    with pytest.raises(Exception, match="missing_scope"):
        await client.conversations_info(channel="G1")
    second.scopes.add("groups:read")
    assert (await client.conversations_info(channel="G1"))["channel"]["is_private"]
    slack.channel("G1", "T2").member = False
    with pytest.raises(Exception, match="channel_not_found"):
        await client.conversations_info(channel="G1")


async def test_direct_messages(slack: SlackServer, second: Workspace) -> None:
    assert await post(slack, "U1", second.bot_token) == "ok"
    [message] = second.direct["U1"]
    assert slack.workspaces["T1"].direct["U1"] == []
    assert await error_of(
        slack, "chat.update", second.bot_token, channel=message.channel, ts=message.ts, text="y"
    ) == ("ok")
    assert message.text == "y"
    second.messages_tab = False
    assert await post(slack, "U1", second.bot_token) == "messages_tab_disabled"
    assert await post(slack, "U404", second.bot_token) == "channel_not_found"


async def test_only_a_member_of_the_channel_sees_an_ephemeral_message(slack: SlackServer) -> None:
    assert await error_of(slack, "chat.postEphemeral", channel="C1", user="U9", text="x") == "user_not_in_channel"
    assert await error_of(slack, "chat.postEphemeral", channel="C1", user="U2", text="x") == "ok"
    [answer] = slack.workspaces["T1"].ephemeral["U2"]
    assert answer.shown == "x"
    assert slack.channel("C1").messages == []


async def test_permalinks(slack: SlackServer) -> None:
    client = AsyncWebClient(slack.bot_token, slack.api_url, retry_handlers=[])
    root = await client.chat_postMessage(channel="C1", text="x", **QUIET)
    reply = await client.chat_postMessage(channel="C1", text="x", thread_ts=root["ts"], **QUIET)
    link = (await client.chat_getPermalink(channel="C1", message_ts=reply["ts"]))["permalink"]
    assert link == (
        f"https://example.slack.com/archives/C1/p{reply['ts'].replace('.', '')}?thread_ts={root['ts']}&cid=C1"
    )
    with pytest.raises(Exception, match="message_not_found"):
        await client.chat_getPermalink(channel="C1", message_ts="1.000001")


async def test_an_organizations_token_speaks_for_all_its_workspaces(slack: SlackServer) -> None:
    one = slack.add_workspace("T3", enterprise_id="E1", installed=False)
    two = slack.add_workspace("T4", enterprise_id="E1", installed=False)
    one.add_channel("C3")
    two.add_channel("C4")
    organization = slack.organizations["E1"]
    organization.issue("xoxb-org")
    assert await post(slack, "C3", "xoxb-org") == await post(slack, "C4", "xoxb-org") == "ok"
    assert await post(slack, "C1", "xoxb-org") == "team_not_found"
    assert [call.team for call in slack.calls] == ["T3", "T4", "E1"]
