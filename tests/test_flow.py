"""The whole flow: a page plays the login outage; Slack, a webhook and the terminal are told, through real HTTP, on
SQLite and on PostgreSQL. Everything is started as `uptimus run` starts it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from cryptography.fernet import Fernet
from rich.console import Console
from standardwebhooks import Webhook
from standins.receiver import Receiver
from standins.slack import SlackServer

from bot import app
from bot.commands.follow import follow
from bot.commands.reply import Request
from bot.commands.services import Services
from bot.demo import LOGIN_OUTAGE, DemoPage, load, play
from bot.parts import opened, services
from bot.settings import Settings
from storage import migrate, threads
from storage.database import Database

TYPES = [
    "incident.opened",
    "incident.updated",
    "incident.updated",
    "incident.updated",
    "incident.resolved",
    "incident.postmortem",
]


@asynccontextmanager
async def running(settings: Settings, console: Console) -> AsyncIterator[Services]:
    """`uptimus run`, but for the signals."""
    stop = asyncio.Event()
    async with opened(settings) as database, services(settings, database) as parts:
        process = asyncio.create_task(app.run_parts(settings, parts, ("all",), stop, console))
        yield parts
        stop.set()
        await process


async def _settings(database_url: str, slack: SlackServer, port: int) -> Settings:
    database = Database(database_url)
    await migrate.upgrade(database)
    await database.aclose()
    return Settings(
        database_url=database_url,
        secret_key=Fernet.generate_key().decode(),
        poll_interval=1,
        component_hold=0,
        allow_private_networks=True,
        host="127.0.0.1",
        port=port,
        slack_bot_token=slack.bot_token,
        slack_app_token=slack.app_token,
        slack_api_url=slack.api_url,
    )


async def _told(parts: Services) -> None:
    while True:
        async with parts.database.read() as session:
            if (await threads.waiting(session))[0] == 0:
                return
        await asyncio.sleep(0.05)


async def test_a_page_becomes_a_thread_a_webhook_and_a_tree(database_url: str, unused_port: int) -> None:
    out, page = io.StringIO(), DemoPage(load(LOGIN_OUTAGE))
    address = await page.start()
    async with SlackServer(rate=None) as slack, Receiver() as receiver:
        settings = await _settings(database_url, slack, unused_port)
        async with running(settings, Console(file=out, width=100, highlight=False)) as parts:
            await slack.connected()
            [answer] = await slack.slash("/uptimus", f"follow {address}", channel="C1", user="U1")
            assert answer.ephemeral
            assert "ChargeOver" in answer.shown
            made = await follow(parts, Request(workspace="local", provider=address, to=receiver.url))
            await follow(parts, Request(workspace="local", provider="chargeover"))
            async with asyncio.timeout(60):
                await play(page, speed=1e9)
                await _told(parts)
            [answer] = await slack.slash("/uptimus", "status", channel="C1", user="U1")
            assert "operational" in answer.shown
            async with aiohttp.ClientSession(f"http://127.0.0.1:{unused_port}") as browser:
                assert "Login outage" in await (await browser.get("/status/chargeover")).text()
                assert (await browser.get("/readyz")).status == 200
                metrics = await (await browser.get("/metrics")).text()
                assert 'uptimus_attempts_total{outcome="delivered",transport="webhook"}' in metrics
        slack.assert_clean()
        _check_slack(slack)
        _check_webhook(receiver, str(made.data["secret"]))
        _check_console(out.getvalue())
    await page.aclose()


def _check_slack(slack: SlackServer) -> None:
    channel = slack.channel("C1")
    [root] = channel.roots
    assert "Login outage" in root.shown
    assert "Resolved after 1 h 14 min" in root.shown
    replies = channel.replies(root)
    said = [reply.shown for reply in replies]
    order = [next(place for place, text in enumerate(said) if word in text) for word in (
        "whole team", "Identified", "Monitoring", "Resolved", "Postmortem",
    )]  # fmt: skip
    assert order == sorted(order)
    assert ["Resolved" in reply.shown for reply in replies if reply.broadcast] == [True]


def _check_webhook(receiver: Receiver, secret: str) -> None:
    for received in receiver.received:
        Webhook(secret).verify(received.body, dict(received.headers))
    events = [json.loads(received.body) for received in receiver.received]
    incident = [event for event in events if event["type"].startswith("incident.")]
    assert [event["type"] for event in incident] == TYPES
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert incident[-2]["data"]["previous"] == {"phase": "monitoring"}
    assert incident[-1]["data"]["incident"]["id"] == "wqrzsb2dhryr"
    assert len(incident[-1]["data"]["incident"]["updates"]) == 6
    assert len({received.id for received in receiver.received}) == len(events)


def _check_console(text: str) -> None:
    lines = text.splitlines()
    [head] = [
        place for place, line in enumerate(lines) if "ChargeOver: Login outage" in line and "Investigating" in line
    ]
    for word in ("Identified", "Monitoring", "Resolved after 1 h 14 min", "Postmortem"):
        place = next(place for place, line in enumerate(lines) if word in line)
        assert place > head
        head = place
