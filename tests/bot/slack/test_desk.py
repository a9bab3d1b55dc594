"""What handlers of Slack's requests work with: who asks, from where, and what becomes of what goes wrong."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from standins.slack import SlackServer
from standins.slack_workspace import User
from structlog.testing import capture_logs

from bot.commands.reply import CommandError, Reply, Request
from bot.slack.desk import Desk, Refusal

BODIES: list[tuple[str, dict[str, Any], tuple[str, str, str]]] = [
    (
        "a command",
        {"team_id": "T1", "channel_id": "C1", "user_id": "U1"},
        ("slack:T1", "slack:T1/C1", "U1"),
    ),
    (
        "a button",
        {"team": {"id": "T1"}, "channel": {"id": "C1"}, "user": {"id": "U1", "team_id": "T1"}},
        ("slack:T1", "slack:T1/C1", "U1"),
    ),
    (
        "a button of an answer that only one person sees",
        {"team": {"id": "T1"}, "container": {"channel_id": "C1"}, "user": {"id": "U1"}},
        ("slack:T1", "slack:T1/C1", "U1"),
    ),
    (
        "a dialog",
        {"team": {"id": "T1"}, "user": {"id": "U1"}, "view": {"id": "V1"}},
        ("slack:T1", "slack:T1/U1", "U1"),
    ),
    (
        "a dialog in a shared channel",
        {"team": {"id": "T2"}, "user": {"id": "U1", "team_id": "T2"}, "view": {"app_installed_team_id": "T1"}},
        ("slack:T1", "slack:T1/U1", "U1"),
    ),
    (
        "a shortcut through an organisation",
        {"team": None, "enterprise": {"id": "E1"}, "user": {"id": "U1", "team_id": "T5"}},
        ("slack:T5", "slack:T5/U1", "U1"),
    ),
]


async def well(services: Any, request: Request) -> Reply:
    return Reply(f"Well, {request.actor}.")


async def refused(services: Any, request: Request) -> Reply:
    raise CommandError("No.")


async def broken(services: Any, request: Request) -> Reply:
    raise ValueError("secret detail")


COMMANDS = {"well": well, "refused": refused, "broken": broken}


@pytest.mark.parametrize(("what", "body", "expected"), BODIES, ids=[what for what, _, _ in BODIES])
def test_who_asks_and_from_where(what: str, body: dict[str, Any], expected: tuple[str, str, str]) -> None:
    request = Desk(None, COMMANDS).request(body)
    assert (request.workspace, request.here, request.actor) == expected


def test_what_is_given_goes_before() -> None:
    request = Desk(None, COMMANDS).request(BODIES[0][1], here="slack:T1/C9", provider="x")
    assert (request.here, request.provider, request.actor) == ("slack:T1/C9", "x", "U1")


async def test_every_outcome_has_words() -> None:
    desk = Desk(None, COMMANDS)
    request = desk.request(BODIES[0][1])
    assert await desk.answer("well", request) == Reply("Well, U1.")
    assert await desk.answer("refused", request) == Refusal("No.")
    with capture_logs() as logs:
        said = await desk.answer("broken", request)
    assert said == Refusal(f"Something went wrong (id {logs[0]['id']})")
    assert (logs[0]["event"], logs[0]["what"]) == ("slack.failed", "broken")


def test_what_comes_again_is_known() -> None:
    desk = Desk(None, COMMANDS)
    assert [desk.first_time(id) for id in ("1", "1", "2", None, None)] == [True, False, True, True, True]


@pytest.mark.parametrize(
    ("user", "scopes", "expected"),
    [
        ("U1", {"users:read"}, True),
        ("U2", {"users:read"}, False),
        ("U1", set(), None),
        ("U9", {"users:read"}, None),
        ("U3", {"users:read"}, False),
    ],
)
async def test_who_is_an_admin(user: str, scopes: set[str], expected: bool | None) -> None:
    async with SlackServer() as slack:
        slack.workspaces["T1"].scopes |= scopes
        slack.workspaces["T1"].users["U3"] = User("U3", owner=True, home="T9")

        async def clients(team: str) -> AsyncWebClient:
            return AsyncWebClient(slack.bot_token, slack.api_url)

        request = Desk(None, COMMANDS, clients=clients).request({"team_id": "T1", "user_id": user})
        assert request.is_admin is not None
        assert await request.is_admin() is expected


async def test_without_a_client_nobody_knows_who_is_an_admin() -> None:
    request = Desk(None, COMMANDS).request(BODIES[0][1])
    assert request.is_admin is not None
    assert await request.is_admin() is None
