"""What happens in a workspace of the stand-in Slack is told to the app, as far as it was granted."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from standins.slack import OperationTimeoutError, SlackServer
from standins.slack_bolt_app import bolt_app, error_of, served

Told = list[dict[str, Any]]


def listening(slack: SlackServer) -> tuple[AsyncApp, Told]:
    """An app that keeps every event's body, with the number of the repeat in it."""
    app, told = bolt_app(slack), Told()

    @app.event(re.compile(""))
    async def note(body: dict[str, Any], req: Any) -> None:
        told.append(body | {"retried": req.headers.get("x-slack-retry-num")})

    return app, told


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(rate=None) as server:
        server.scopes.update({"channels:read", "groups:read"})
        yield server
        server.assert_clean()


@pytest.fixture(params=["http", "socket"])
async def told(request: pytest.FixtureRequest, slack: SlackServer) -> AsyncIterator[Told]:
    app, told = listening(slack)
    if request.param == "http":
        async with served(app, slack):
            yield told
        return
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    yield told
    await handler.close_async()  # type: ignore[no-untyped-call]


async def test_what_happens_to_a_channel(slack: SlackServer, told: Told) -> None:
    await slack.archive("C1")
    assert slack.channel("C1").archived
    await slack.unarchive("C1")
    await slack.rename("C1", "operations")
    await slack.kick("C1")
    assert not slack.channel("C1").member
    await slack.invite("C1")
    new = await slack.convert("C1")
    assert slack.channel(new).name == "operations"
    await slack.delete_channel(new)
    assert [body["event"]["type"] for body in told] == [
        "channel_archive",
        "channel_unarchive",
        "channel_rename",
        "channel_left",
        "member_joined_channel",
        "channel_id_changed",
        "channel_deleted",
    ]
    assert told[2]["event"]["channel"]["name"] == "operations"
    assert (told[5]["event"]["old_channel_id"], told[5]["event"]["new_channel_id"]) == ("C1", new)
    assert await error_of(slack, "chat.getPermalink", channel=new) == "invalid_arguments"  # takes no JSON
    slack.violations.clear()


async def test_of_a_private_channel_only_its_members_hear(slack: SlackServer, told: Told) -> None:
    slack.add_channel("G1", private=True)
    slack.add_channel("G2", private=True, member=False)
    for id in ("G1", "G2"):
        await slack.rename(id, "other")
    assert [(body["event"]["type"], body["event"]["channel"]["id"]) for body in told] == [("group_rename", "G1")]


async def test_without_the_scope_nothing_is_told(slack: SlackServer, told: Told) -> None:
    slack.scopes.difference_update({"channels:read", "groups:read"})
    await slack.archive("C1")
    await slack.share_links("C1", "https://status.example.com/x")
    assert told == []
    await slack.open_home("U7")
    assert told[0]["event"]["tab"] == "home"


async def test_an_event_may_come_again(slack: SlackServer, told: Told) -> None:
    slack.add_workspace("T2")
    id = await slack.event({"type": "app_mention"}, team="T2")
    assert await slack.event({"type": "app_mention"}, team="T2", event_id=id, retry=True) == id
    assert [(body["event_id"], body["team_id"]) for body in told] == [(id, "T2")] * 2
    if slack.request_url:
        assert [body["retried"] for body in told] == [None, ["1"]]


async def test_an_organizations_event_says_so(slack: SlackServer, told: Told) -> None:
    slack.add_workspace("T3", enterprise_id="E1", installed=False).add_channel("C3")
    slack.organizations["E1"].issue("xoxb-org")
    slack.organizations["E1"].scopes.add("channels:read")
    await slack.archive("C3", team="T3")
    [authorization] = told[0]["authorizations"]
    assert authorization["is_enterprise_install"]
    assert (told[0]["team_id"], authorization["enterprise_id"]) == ("T3", "E1")


async def test_a_late_acknowledgement_is_noticed() -> None:
    released = asyncio.Event()
    async with SlackServer(ack_limit=0.1) as slack:
        app = bolt_app(slack)

        @app.use
        async def wait(next: Any) -> None:
            await released.wait()
            await next()

        async with served(app, slack):
            with pytest.raises(OperationTimeoutError):
                await slack.event({"type": "app_home_opened"})
            released.set()


async def test_links_are_unfurled(slack: SlackServer, told: Told) -> None:
    slack.scopes.update({"links:read", "links:write"})
    link = "https://status.example.com/x"
    message = await slack.share_links("C1", link)
    assert told[0]["event"]["links"] == [{"url": link, "domain": "status.example.com"}]
    text = {"type": "mrkdwn", "text": "*All is well*", "verbatim": True}
    preview = {"blocks": [{"type": "section", "text": text}]}
    client = AsyncWebClient(slack.bot_token, slack.api_url, retry_handlers=[])
    await client.chat_unfurl(channel="C1", ts=message.ts, unfurls={link: preview})
    assert message.unfurls == {link: preview}
    unfurl_id = told[0]["event"]["unfurl_id"]
    await client.chat_unfurl(unfurl_id=unfurl_id, source="conversations_history", unfurls={link: preview})


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"unfurls": {}}, "missing_unfurls"),
        ({"unfurls": ["x"]}, "invalid_unfurls_format"),
        ({"unfurls": {"https://a.example": {"blocks": [{"type": "poster"}]}}}, "invalid_unfurls_format"),
        ({"unfurls": {"https://b.example": {"blocks": [{"type": "divider"}]}}}, "cannot_unfurl_url"),
        ({"channel": "C404"}, "cannot_find_channel"),
        ({"ts": "1.000001"}, "cannot_find_message"),
        ({"source": "composer"}, "invalid_source"),
    ],
)
async def test_what_is_no_unfurl(arguments: dict[str, Any], error: str) -> None:
    async with SlackServer(rate=None) as slack:
        slack.scopes.add("links:write")
        message = await slack.share_links("C1", "https://a.example")
        known = {"channel": "C1", "ts": message.ts, "unfurls": {"https://a.example": {"blocks": []}}}
        assert await error_of(slack, "chat.unfurl", **known | arguments) == error
