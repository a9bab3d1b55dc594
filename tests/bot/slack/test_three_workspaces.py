"""Three workspaces install uptimus, follow many pages and are told of an outage on all of them at once: while
Slack asks to slow down, tokens expire, one workspace takes its token back and another archives a channel.

Everything runs as `uptimus run` does, over HTTP, at Slack's real limits and in real time.
"""

import asyncio
import io
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography.fernet import Fernet
from rich.console import Console
from standins.followed import became
from standins.slack import Channel, Message, SlackServer
from standins.slack_town import Town

from bot import app
from bot.demo import Scenario, documents
from bot.demo.scenario import Page, Part, Post, Step
from bot.parts import opened, services
from bot.settings import Settings
from bot.slack.install import INSTALL_AGAIN
from storage import migrate, threads
from storage.database import Database

PHASES = ("investigating", "identified", "identified", "monitoring", "resolved")
BEGAN = datetime(2026, 3, 1, 9, tzinfo=UTC)
FOLLOWERS = {"T1": "U01", "T2": "U02", "T3": "U07"}
"""Who follows in each workspace."""
ARCHIVED = "C300"
"""One of the third workspace's channels."""


class Pages:
    """Any number of status pages behind one server, each at an address of its own (127.0.0.11, 127.0.0.12 …)."""

    def __init__(self, number: int) -> None:
        self._scenarios = {f"127.0.0.{11 + place}": _scenario(place) for place in range(number)}
        self._documents: dict[tuple[str, str], bytes] = {}
        self._runner = web.AppRunner(self._site(), access_log=None, shutdown_timeout=1)
        self.show(0)

    def show(self, step: int) -> None:
        """All pages say this from now on."""
        self._documents = {
            (host, path): json.dumps(document).encode()
            for host, scenario in self._scenarios.items()
            for path, document in documents(scenario, step).items()
        }

    async def start(self) -> list[str]:
        """Serves; the pages' addresses."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "0.0.0.0", 0).start()  # the whole of 127.0.0.0/8
        return [f"http://{host}:{self._runner.addresses[0][1]}" for host in self._scenarios]

    async def aclose(self) -> None:
        await self._runner.cleanup()

    def _site(self) -> web.Application:
        site = web.Application()
        site.router.add_get("/{path:.*}", self._answer)
        return site

    async def _answer(self, request: web.Request) -> web.Response:
        body = self._documents.get((request.url.host or "", request.path))
        return (
            web.Response(status=404) if body is None else web.Response(body=body, content_type="application/json")
        )


def _scenario(place: int) -> Scenario:
    name = _name(place)
    steps = [
        Step(
            at=BEGAN + timedelta(minutes=10 * number),
            subject=f"incident{place:04}",
            title=f"{name} is slow",
            impact="major",
            names=(),
            update=Post(id=f"update{place:03}{number:03}", phase=phase, body=_said(place, number)),
        )
        for number, phase in enumerate(PHASES)
    ]
    page = Page(id=f"page{place:08}", name=name, url="https://status.example.com")
    return Scenario(page=page, components=(Part(id=f"component{place:03}", name="App"),), steps=tuple(steps))


def _name(place: int) -> str:
    return f"Service {place:02}"


def _said(place: int, number: int) -> str:
    return f"{_name(place)} says number {number}."


@dataclass
class Outage:
    """What a test works with. `channels`: into how many of them each workspace shares out the pages."""

    town: Town
    pages: Pages
    addresses: list[str]
    channels: dict[str, int]

    @property
    def number(self) -> int:
        """How many pages there are."""
        return len(self.addresses)

    @property
    def slack(self) -> SlackServer:
        return self.town.slack

    def channel(self, team: str, place: int) -> Channel:
        """Where a workspace follows a page."""
        return self.slack.channel(_channel_id(team, place % self.channels[team]), team)

    async def follow_everything(self) -> None:
        """In one workspace after the other, as fast as answers come."""
        for team, user in FOLLOWERS.items():
            answers = [
                self.slack.slash(
                    "/uptimus",
                    f"follow <{address}>",
                    team=team,
                    channel=self.channel(team, place).id,
                    user=user,
                )
                for place, address in enumerate(self.addresses)
            ]
            for place, [answer] in enumerate(await asyncio.gather(*answers)):
                assert _name(place) in answer.shown

    def thread(self, team: str, place: int) -> tuple[Message, list[str]] | None:
        """A page's card in a workspace, and which of its updates were told below it, as they stand there."""
        channel = self.channel(team, place)
        roots = [message for message in channel.roots if f"{_name(place)} is slow" in message.shown]
        if not roots:
            return None
        [root] = roots
        return root, [reply.shown.rsplit("\n", 1)[-1] for reply in channel.replies(root)]

    def told(self, team: str, number: int, *, but: str = "") -> bool:
        """Whether every thread of a workspace has so many updates; those in one channel left aside."""
        return all(
            (thread := self.thread(team, place)) is not None and len(thread[1]) >= number
            for place in range(self.number)
            if self.channel(team, place).id != but
        )

    def begun(self, team: str, number: int) -> bool:
        """Whether any thread of a workspace has so many updates."""
        threads = [self.thread(team, place) for place in range(self.number)]
        return any(thread is not None and len(thread[1]) >= number for thread in threads)

    def check_complete(self, team: str, *, but: str = "") -> None:
        """Each card says how it stands now, and below it is each update, once and in order; nothing else is
        anywhere."""
        for place in range(self.number):
            channel = self.channel(team, place)
            if channel.id == but:
                continue
            thread = self.thread(team, place)
            assert thread is not None
            root, told = thread
            assert "Resolved after 40 min" in root.shown
            assert told == [_said(place, number) for number in range(1, len(PHASES))]
            pages_here = [page for page in range(self.number) if self.channel(team, page) is channel]
            assert len(channel.messages) == len(pages_here) * len(PHASES)

    async def nothing_waits(self, within: float = 60) -> None:
        """Until everything that can be told has been."""
        async with asyncio.timeout(within):
            while True:
                async with self.town.database.read() as session:
                    if (await threads.waiting(session))[0] == 0:
                        return
                await asyncio.sleep(0.05)


def _channel_id(team: str, number: int) -> str:
    return f"C{team[1:]}{number:02}"


@asynccontextmanager
async def outage(url: str, port: int, number: int, channels: dict[str, int]) -> AsyncIterator[Outage]:
    """uptimus runs, is installed in three workspaces and has nothing to tell yet."""
    async with AsyncExitStack() as closing:
        slack = await closing.enter_async_context(SlackServer())
        _furnish(slack, channels)
        slack.request_url = f"http://127.0.0.1:{port}/slack/events"
        pages = Pages(number)
        addresses = await pages.start()
        closing.push_async_callback(pages.aclose)
        settings = await _settings(url, slack, port)
        database = await closing.enter_async_context(opened(settings))
        parts = await closing.enter_async_context(services(settings, database))
        browser = await closing.enter_async_context(aiohttp.ClientSession())
        stop = asyncio.Event()
        process = asyncio.create_task(app.run_parts(settings, parts, ("all",), stop, Console(file=io.StringIO())))
        await _up(browser, port)
        town = Town(slack, settings, parts, browser, asyncio.Event())
        for team, user in FOLLOWERS.items():
            assert "uptimus is installed" in await town.install(team, user)
        yield Outage(town, pages, addresses, channels)
        stop.set()
        await process
        slack.assert_clean()


def _furnish(slack: SlackServer, channels: dict[str, int]) -> None:
    slack.rotation = True
    slack.workspaces.clear()
    for team, number in channels.items():
        slack.add_workspace(team, installed=False)
        slack.add_user(FOLLOWERS[team], team=team)
        for place in range(number):
            slack.add_channel(_channel_id(team, place), team=team)


async def _settings(url: str, slack: SlackServer, port: int) -> Settings:
    database = Database(url)
    await migrate.upgrade(database)
    await database.aclose()
    return Settings(
        _env_file=None,
        database_url=url,
        secret_key=Fernet.generate_key().decode(),
        poll_interval=1,
        component_hold=0,
        allow_private_networks=True,
        host="127.0.0.1",
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        slack_client_id=slack.client_id,
        slack_client_secret=slack.client_secret,
        slack_signing_secret=slack.signing_secret,
        slack_api_url=slack.api_url,
    )


async def _up(browser: aiohttp.ClientSession, port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(aiohttp.ClientConnectionError):
                async with browser.get(f"http://127.0.0.1:{port}/healthz") as answer:
                    assert answer.status == 200
                    return
            await asyncio.sleep(0.02)


async def begins(on: Outage) -> None:
    """The outage is on all pages, and every channel knows. Then all tokens have expired, and Slack asks the first
    workspace to slow down, whatever the method."""
    on.pages.show(1)
    await on.slack.until(lambda: all(on.told(team, 0) for team in FOLLOWERS), 60)
    for team in FOLLOWERS:
        await on.town.expire(team)
    for method in ("chat.postMessage", "chat.update"):
        on.slack.fail_next(method, "ratelimited", "T1", retry_after=2)
    on.pages.show(2)


async def goes_wrong(on: Outage) -> None:
    """In the middle of it one workspace takes its token back, another archives a channel."""
    await on.slack.until(lambda: on.begun("T2", 1) and on.begun("T3", 1), 60)
    on.slack.revoke("T2")
    await on.slack.archive(ARCHIVED, "T3", user="U2")
    await became(on.town.database, f"slack:T2/{_channel_id('T2', 0)}", INSTALL_AGAIN)


async def goes_on(on: Outage) -> None:
    """In the first workspace and in the third. In the second nothing is tried any more."""
    on.pages.show(3)
    await on.slack.until(lambda: on.begun("T1", 2) and on.begun("T3", 2), 60)
    [answer] = await on.slack.slash("/uptimus", "status", team="T1", channel=_channel_id("T1", 0))
    assert f"All {on.number} providers operational" in answer.shown
    on.pages.show(5)
    await on.slack.until(lambda: on.begun("T1", 4) and on.begun("T3", 4), 60)
    refused = [call for call in on.slack.calls if call.error == "token_revoked"]
    # in each channel the one that was under way, and once more where the token was renewed meanwhile
    assert 1 <= len(refused) <= 2 * on.channels["T2"]
    theirs = [call for call in on.slack.calls if call.team == "T2"]
    assert theirs[-len(refused) :] == refused


async def ends(on: Outage) -> None:
    """The second workspace installs uptimus again: nothing that it missed is lost."""
    assert "What was followed there before is told again" in await on.town.install("T2", "U02")
    await on.slack.until(lambda: on.told("T1", 4) and on.told("T2", 4) and on.told("T3", 4, but=ARCHIVED), 120)
    await on.nothing_waits()
    for team in FOLLOWERS:
        on.check_complete(team, but=ARCHIVED)
    assert [workspace.refreshes for workspace in on.slack.workspaces.values()] == [1, 1, 1]


def check_errors(slack: SlackServer) -> None:
    """Slack had to say nothing but what this test arranged."""
    heard = Counter((call.team or "", call.error) for call in slack.calls if call.error)
    assert heard["T1", "ratelimited"] == 2
    assert heard["T3", "is_archived"] <= 1
    expected = {(team, "token_expired") for team in FOLLOWERS} | {("T1", "ratelimited"), ("T2", "token_revoked")}
    expected |= {("T3", "is_archived"), ("T3", "is_inactive"), ("", "invalid_refresh_token")}
    assert heard.keys() <= expected


async def check_people(slack: SlackServer) -> None:
    """Who followed in the archived channel was told once, and nobody else anything."""
    await slack.until(lambda: slack.workspaces["T3"].direct["U07"])
    [told] = slack.workspaces["T3"].direct["U07"]
    assert "the channel is archived" in told.shown
    assert _name(0) in told.shown
    direct = [person for workspace in slack.workspaces.values() for person in workspace.direct.values()]
    assert sum(map(len, direct)) == 1


async def lives(on: Outage) -> None:
    """All of it."""
    await on.follow_everything()
    await begins(on)
    await goes_wrong(on)
    await goes_on(on)
    await ends(on)
    check_errors(on.slack)
    await check_people(on.slack)


@pytest.mark.timeout(300)
async def test_an_outage_in_three_workspaces(tmp_path: Path, unused_port: int) -> None:
    async with outage(f"sqlite:///{tmp_path}/three.db", unused_port, 6, {"T1": 4, "T2": 3, "T3": 3}) as on:
        await lives(on)


@pytest.mark.soak
async def test_an_outage_of_twenty_pages_in_three_workspaces(database_url: str, unused_port: int) -> None:
    async with outage(database_url, unused_port, 20, {"T1": 7, "T2": 5, "T3": 6}) as on:
        await lives(on)
