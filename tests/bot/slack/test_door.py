"""The Slack door through the real slack-bolt, over HTTP and over Socket Mode, against the strict stand-in."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import web
from standins.followed import became, followed, state
from standins.slack import OperationTimeoutError, SlackServer
from structlog.testing import capture_logs

from adapters.schema import Status
from bot.commands.reply import CommandError, Picture, Reply, Request, Row, Section
from bot.settings import Settings
from bot.slack.door import SlackDoor
from bot.slack.ways import SlackDoorError
from storage import migrate, workspaces
from storage.database import Database


class Services:
    """What the commands of these tests work with: they remember what was asked."""

    def __init__(self, database: Database) -> None:
        self.database, self.wake = database, lambda: None
        self.asked: list[Request] = []
        self.gate = asyncio.Event()


async def follow(services: Services, request: Request) -> Reply:
    services.asked.append(request)
    return Reply(f"Following {request.provider} here.")


async def status(services: Services, request: Request) -> Reply:
    rows = (Row("Login & more", Status.MAJOR_OUTAGE, "since <noon>", datetime(2025, 7, 18, 19, tzinfo=UTC)),)
    return Reply("One thing is down.", (Section("ChargeOver", rows),))


async def uptime(services: Services, request: Request) -> Reply:
    picture = Picture("uptime.png", bytes, lambda: "Ninety days, all of them good.", "https://x.io/uptime.png")
    return Reply("ChargeOver: 100 %.", (Section("The last 90 days", note="90 operational"),), picture)


async def slow(services: Services, request: Request) -> Reply:
    await services.gate.wait()
    return Reply("Done.")


async def refuse(services: Services, request: Request) -> Reply:
    raise CommandError("ChargeOver isn't followed <here>")


async def broken(services: Services, request: Request) -> Reply:
    raise ValueError("secret detail")


COMMANDS: dict[str, Callable[[Any, Request], Awaitable[Reply]]] = {
    "follow": follow,
    "status": status,
    "slow": slow,
    "uptime": uptime,
    "refuse": refuse,
    "broken": broken,
    "help": status,
}


def settings(slack: SlackServer, **more: Any) -> Settings:
    known: dict[str, Any] = {"_env_file": None, "slack_bot_token": slack.bot_token, "slack_api_url": slack.api_url}
    return Settings(**known | {"slack_signing_secret": slack.signing_secret} | more)


@asynccontextmanager
async def served(door: SlackDoor, slack: SlackServer) -> AsyncIterator[SlackDoor]:
    """The door behind a real HTTP server."""
    app = web.Application()
    app.router.add_post("/slack/events", door.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await door.start()
    try:
        yield door
    finally:
        await door.aclose()
        await runner.cleanup()


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server
        server.assert_clean()


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    database = Database(f"sqlite:///{tmp_path}/uptimus.db")
    await migrate.upgrade(database)
    yield Services(database)
    await database.aclose()


@pytest.fixture(params=["http", "socket"])
async def door(request: pytest.FixtureRequest, slack: SlackServer, services: Services) -> AsyncIterator[SlackDoor]:
    if request.param == "http":
        async with served(SlackDoor(settings(slack), COMMANDS, services), slack) as door:
            yield door
        return
    door = SlackDoor(settings(slack, slack_app_token=slack.app_token), COMMANDS, services)
    await door.start()
    yield door
    await door.aclose()


async def test_a_command_is_answered_to_who_asked(door: SlackDoor, slack: SlackServer, services: Services) -> None:
    [answer] = await slack.slash("/uptimus", "follow “Charge Over” <#C2|general>", channel="C1", user="U7")
    assert (answer.text, answer.ephemeral) == ("Following Charge Over here.", True)
    [asked] = services.asked
    assert (asked.workspace, asked.here, asked.to, asked.actor) == ("slack:T1", "slack:T1/C1", "slack:T1/C2", "U7")
    assert slack.channel("C1").messages == []


@pytest.mark.parametrize("lost", [False, True])
async def test_a_picture_is_shown_where_slack_can_get_it(lost: bool, door: SlackDoor, slack: SlackServer) -> None:
    slack.loses_pictures = lost
    [answer] = await slack.slash("/uptimus", "uptime chargeover", channel="C1", user="U7")
    pictures = [block for block in answer.blocks if block["type"] == "image"]
    assert answer.text == "ChargeOver: 100 %."
    assert "90 operational" in str(answer.blocks)
    assert [(one["image_url"], one["alt_text"]) for one in pictures] == (
        [] if lost else [("https://x.io/uptime.png", "Ninety days, all of them good.")]
    )


async def test_it_is_acknowledged_before_any_work(door: SlackDoor, slack: SlackServer, services: Services) -> None:
    assert await slack.slash("/uptimus", "slow", answers=0) == []
    assert len(slack.acks) == 1
    services.gate.set()


async def test_it_answers_where_the_bot_is_not_a_member(door: SlackDoor, slack: SlackServer) -> None:
    slack.add_channel("G9", private=True, member=False)
    [answer] = await slack.slash("/uptimus", "status", channel="G9")
    assert "🔴 Login & more: major outage · since <noon> · Jul 18, 2025, 19:00 UTC" in answer.shown.replace(
        "*", ""
    )


async def test_a_refusal_is_said_in_its_own_words(door: SlackDoor, slack: SlackServer) -> None:
    [answer] = await slack.slash("/uptimus", "refuse")
    assert answer.shown == "⚠️ ChargeOver isn't followed <here>"


async def test_an_unknown_word_gets_a_hint(door: SlackDoor, slack: SlackServer) -> None:
    [answer] = await slack.slash("/uptimus", "folow chargeover")
    assert answer.shown == "⚠️ I don't know “folow”; did you mean follow? Try /uptimus help"


async def test_a_failure_is_said_with_an_id_that_the_log_knows(door: SlackDoor, slack: SlackServer) -> None:
    with capture_logs() as logs:
        [answer] = await slack.slash("/uptimus", "broken")
    [entry] = [entry for entry in logs if entry["event"] == "slack.failed"]
    assert answer.text == f"Something went wrong (id {entry['id']})"
    assert entry["exc_info"]


async def test_a_repeated_request_is_answered_once(
    door: SlackDoor, slack: SlackServer, services: Services
) -> None:
    await slack.slash("/uptimus", "follow a", trigger_id="1.2")
    assert await slack.slash("/uptimus", "follow a", trigger_id="1.2", answers=0, retry=True) == []
    await slack.slash("/uptimus", "follow b", trigger_id="1.3")
    assert [asked.provider for asked in services.asked] == ["a", "b"]


async def test_slack_is_not_asked_for_each_command(door: SlackDoor, slack: SlackServer) -> None:
    for _ in range(3):
        await slack.slash("/uptimus", "status")
    assert len(slack.called("auth.test")) == 1


async def test_answers_under_way_are_finished_on_closing(slack: SlackServer, services: Services) -> None:
    async with served(SlackDoor(settings(slack), COMMANDS, services), slack) as door:
        await slack.slash("/uptimus", "slow", answers=0)
        closing = asyncio.create_task(door.aclose())
        services.gate.set()
        await closing
    assert [len(command.answers) for command in slack._commands.values()] == [1]


async def test_the_socket_comes_again_when_slack_rotates_it(slack: SlackServer, services: Services) -> None:
    door = SlackDoor(settings(slack, slack_app_token=slack.app_token), COMMANDS, services)
    await door.start()
    await slack.connected()
    await slack.refresh_sockets()
    await slack.connected(connections=2)
    [answer] = await slack.slash("/uptimus", "follow x")
    assert answer.text == "Following x here."
    await door.aclose()


FORM = urlencode({"command": "/uptimus", "text": "follow x", "team_id": "T1", "channel_id": "C1", "user_id": "U1"})


@pytest.mark.parametrize("forged", [{"secret": "wrong"}, {"age": 400}, {"headers": {"X-Slack-Signature": ""}}])
async def test_a_forged_request_is_refused(forged: dict[str, Any], slack: SlackServer, services: Services) -> None:
    async with served(SlackDoor(settings(slack), COMMANDS, services), slack):
        assert (await slack.deliver(FORM, **forged))[0] == 401
    assert services.asked == []


@pytest.mark.parametrize("body", ['{"a"', "[1]", "null", "5", ""])
@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=nonsense", "text/plain"])
async def test_garbage_is_refused(body: str, kind: str, slack: SlackServer, services: Services) -> None:
    async with served(SlackDoor(settings(slack), COMMANDS, services), slack):
        assert (await slack.deliver(body, secret="wrong", content_type=kind))[0] in (400, 401)


async def test_an_event_that_we_have_no_use_for_is_acknowledged(slack: SlackServer, services: Services) -> None:
    event = {"type": "event_callback", "team_id": "T1", "event": {"type": "app_home_opened", "user": "U1"}}
    async with served(SlackDoor(settings(slack), COMMANDS, services), slack):
        assert (await slack.deliver(json.dumps(event), content_type="application/json"))[0] == 200


async def test_without_a_signing_secret_http_is_shut(slack: SlackServer, services: Services) -> None:
    door = SlackDoor(settings(slack, slack_signing_secret=None), COMMANDS, services)
    async with served(door, slack):
        assert (await slack.deliver(FORM, secret=""))[0] == 404
    assert services.asked == []


async def test_slacks_own_checks_are_answered(slack: SlackServer, services: Services) -> None:
    async with served(SlackDoor(settings(slack), COMMANDS, services), slack):
        assert (await slack.deliver("ssl_check=1&token=x"))[0] == 200
        challenge = '{"type": "url_verification", "challenge": "abc", "token": "x"}'
        status, body = await slack.deliver(challenge, content_type="application/json")
        assert (status, "abc" in body) == (200, True)


async def test_another_workspace_gets_nothing(slack: SlackServer, services: Services) -> None:
    async with served(SlackDoor(settings(slack), COMMANDS, services), slack):
        await slack.deliver(FORM.replace("team_id=T1", "team_id=T2"))
    assert services.asked == []


async def test_the_stand_in_notices_a_late_acknowledgement() -> None:
    released = asyncio.Event()

    async def late(request: web.Request) -> web.Response:
        await released.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", late)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with SlackServer(ack_limit=0.2) as slack:
        slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        with pytest.raises(OperationTimeoutError):
            await slack.slash("/uptimus", "status")
    released.set()
    await runner.cleanup()


async def test_the_one_workspace_is_left_and_comes_back(slack: SlackServer, services: Services) -> None:
    slack.workspaces["T1"].scopes.add("channels:read")
    await followed(services.database, "slack:T1/C1")
    async with served(SlackDoor(settings(slack), COMMANDS, services), slack):
        await slack.event({"type": "app_uninstalled"})  # an old one: the token is good
        slack.fail_next("auth.test", "ratelimited")
        await slack.event({"type": "app_uninstalled"})  # Slack doesn't say
        await slack.archive("C1")
        await became(services.database, "slack:T1/C1", "is archived")
        await slack.unarchive("C1")
        await became(services.database, "slack:T1/C1", None)
        async with services.database.read() as session:
            here = await workspaces.by_key(session, "slack:T1")
        assert here is not None
        assert here.uninstalled_at is None
        await slack.uninstall("T1", twice=True)
        await became(services.database, "slack:T1/C1", "install uptimus")
    slack.workspaces["T1"].issue("xoxb-new")
    async with served(SlackDoor(settings(slack, slack_bot_token="xoxb-new"), COMMANDS, services), slack):
        assert await state(services.database, "slack:T1/C1") == (None, True)


async def test_a_press_and_an_event_of_no_use_are_acknowledged(door: SlackDoor, slack: SlackServer) -> None:
    await slack.event({"type": "emoji_changed", "subtype": "add"})
    assert len(slack.acks) == 1


@pytest.mark.parametrize(
    ("arrange", "said"),
    [
        ({"slack_bot_token": "xoxb-wrong"}, "SLACK_BOT_TOKEN: Slack does not accept it (invalid_auth)"),
        ({"slack_app_token": "xapp-wrong"}, "SLACK_APP_TOKEN: Slack does not accept it (invalid_auth)"),
        ({"slack_api_url": "http://127.0.0.1:9/api/"}, "Slack could not be reached (ClientConnectorError)"),
    ],
)
async def test_a_wrong_token_is_said_in_one_line(
    arrange: dict[str, Any], said: str, slack: SlackServer, services: Services
) -> None:
    door = SlackDoor(settings(slack, **arrange), COMMANDS, services)
    with pytest.raises(SlackDoorError) as error:
        await door.start()
    assert str(error.value) == said
    await door.aclose()
