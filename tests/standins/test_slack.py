"""The stand-in is as strict as Slack: what it must refuse, it refuses."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from standins.slack import RESPONSE_LIFE, SlackServer
from standins.slack_rules import SPECS

QUIET = {"unfurl_links": False, "unfurl_media": False}


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[SlackServer]:
    async with SlackServer(now=clock) as server:
        yield server


async def call(slack: SlackServer, method: str, token: str | None = None, **arguments: Any) -> str:
    """The error that the call is answered with, or "ok"."""
    client = AsyncWebClient(slack.bot_token if token is None else token, slack.api_url, retry_handlers=[])
    try:
        await client.api_call(method, json=arguments)
    except SlackApiError as error:
        return str(error.response["error"])
    return "ok"


async def post(slack: SlackServer, **arguments: Any) -> str:
    return await call(slack, "chat.postMessage", **{"channel": "C1", "text": "x"} | QUIET | arguments)


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": value, "verbatim": True}} | more


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        ("", "auth.test", "not_authed"),
        ("xoxb-other", "auth.test", "invalid_auth"),
        ("xapp-1-stand-in", "auth.test", "not_allowed_token_type"),
        ("xoxb-1-stand-in", "apps.connections.open", "not_allowed_token_type"),
        ("xoxb-1-stand-in", "conversations.info", "missing_scope"),
        ("xoxb-1-stand-in", "chat.shout", "unknown_method"),
    ],
)
async def test_tokens(token: str, method: str, error: str, slack: SlackServer) -> None:
    assert await call(slack, method, token) == error


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"mood": "good"}, "invalid_arg_name"),
        ({"text": ""}, "no_text"),
        ({"channel": "C404"}, "channel_not_found"),
        ({"thread_ts": 1.5}, "invalid_arguments"),
        ({"thread_ts": "1000000000.000001"}, "thread_not_found"),
        ({"metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"blocks": [text("x")] * 51}, "invalid_blocks"),
        ({"blocks": [text("x" * 3001)]}, "invalid_blocks"),
        ({"blocks": [text("")]}, "invalid_blocks"),
        ({"blocks": [text("a", block_id="1"), text("b", block_id="1")]}, "invalid_blocks"),
        ({"blocks": [text("x" * 2800)] * 5}, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "poster"}]}, "invalid_blocks"),
        ({"blocks": ["poster"]}, "invalid_blocks"),
        ({"blocks": [{"type": "section", "text": "no object"}]}, "invalid_blocks"),
        ({"blocks": [{"type": "actions", "elements": [["x"]]}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}]}, "invalid_blocks"),
    ],
)
async def test_what_slack_refuses(arguments: dict[str, Any], error: str, slack: SlackServer) -> None:
    assert await post(slack, **arguments) == error
    assert slack.channel("C1").messages == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"text": "<!channel>"},
        {"text": "<!here|here> look"},
        {"text": "<@U1>"},
        {"text": "@channel"},
        {"text": "a & b"},
        {"text": "a < b"},
        {"text": "<javascript:alert(1)|x>"},
        {"text": "<!date^1^{nonsense}|x>"},
        {"text": "x" * 4001},
        {"text": "", "blocks": [text("x")]},
        {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "not verbatim"}}]},
        {"unfurl_links": True},
        {"parse": "full"},
        {"link_names": True},
        {"reply_broadcast": True},
    ],
)
async def test_what_slack_takes_and_nobody_should_send(arguments: dict[str, Any], slack: SlackServer) -> None:
    assert await post(slack, **arguments) == "ok"
    with pytest.raises(AssertionError):
        slack.assert_clean()


async def test_a_reply_is_no_parent(slack: SlackServer) -> None:
    await post(slack)
    root = slack.channel("C1").messages[0].ts
    assert await post(slack, thread_ts=root) == "ok"
    slack.assert_clean()
    assert await post(slack, thread_ts=slack.channel("C1").messages[1].ts) == "cannot_reply_to_message"


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ({"archived": True}, "is_archived"),
        ({"private": True, "member": False}, "channel_not_found"),
        ({"member": False}, "ok"),
        ({"refuses": "restricted_action"}, "restricted_action"),
    ],
)
async def test_channels(channel: dict[str, Any], error: str, slack: SlackServer) -> None:
    slack.add_channel("C9", **channel)
    assert await post(slack, channel="C9") == error


async def test_public_channels_want_a_scope_or_an_invitation(slack: SlackServer) -> None:
    slack.add_channel("C9", member=False)
    slack.scopes.discard("chat:write.public")
    assert await post(slack, channel="C9") == "not_in_channel"


async def test_only_own_messages_that_exist_are_changed(slack: SlackServer) -> None:
    assert await call(slack, "chat.update", channel="C1", ts="1.000001", text="x") == "message_not_found"
    await post(slack)
    message = slack.channel("C1").messages[0]
    message.user = "U1"
    assert await call(slack, "chat.update", channel="C1", ts=message.ts, text="x") == "cant_update_message"
    slack.channel("C1").archived = True
    assert await call(slack, "chat.update", channel="C1", ts=message.ts, text="x") == "is_inactive"


async def test_a_channel_takes_one_message_a_second(slack: SlackServer, clock: Clock) -> None:
    assert [await post(slack) for _ in range(6)] == ["ok"] * 5 + ["ratelimited"]
    clock.now += 1
    assert await post(slack) == "ok"
    assert await post(slack) == "ratelimited"


async def test_edits_are_limited_a_minute(slack: SlackServer, clock: Clock) -> None:
    await post(slack)
    ts = slack.channel("C1").messages[0].ts
    edits = [await call(slack, "chat.update", channel="C1", ts=ts, text="x") for _ in range(51)]
    assert edits == ["ok"] * 50 + ["ratelimited"]
    clock.now += 61
    assert await call(slack, "chat.update", channel="C1", ts=ts, text="x") == "ok"


@pytest.mark.skipif(not SPECS.exists(), reason="the reference of Slack's methods is not here")
async def test_an_error_that_a_method_never_answers_is_not_invented(slack: SlackServer) -> None:
    with pytest.raises(ValueError, match="never answers"):
        slack.fail_next("auth.test", "channel_not_found_at_all")


async def test_a_response_url_wears_out(slack: SlackServer, clock: Clock) -> None:
    async with aiohttp.ClientSession() as http:
        url = slack.make_response_url()
        uses = [await _respond(http, url) for _ in range(6)]
        assert uses == [200] * 5 + [404]
        late = slack.make_response_url()
        clock.now += RESPONSE_LIFE + 1
        assert await _respond(http, late) == 404


async def _respond(http: aiohttp.ClientSession, url: str) -> int:
    async with http.post(url, json={"text": "x"}) as answer:
        return answer.status


async def test_a_transcript_is_what_a_person_sees(slack: SlackServer) -> None:
    await post(slack, blocks=[text("*Bold* &amp; <https://x.io|a link>")])
    root = slack.channel("C1").messages[0].ts
    await post(slack, thread_ts=root, reply_broadcast=True, text="below")
    lines = slack.transcript("C1").splitlines()
    assert lines[0] == "# ops"
    assert lines[3] == "│ *Bold* & a link (https://x.io)"
    assert lines[5].endswith("(also sent to the channel)")
    assert lines[6] == "    │ below"
