"""SIGKILL at many moments: nothing is lost, order holds, one thread per incident, and nothing is sent twice but
what was in flight."""

import asyncio
import multiprocessing
import os
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sized
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from aiohttp import web
from crash.child import Life, live
from crash.story import long_story
from cryptography.fernet import Fernet
from sqlalchemy import select, update
from standins.discord import Channel, DiscordServer
from standins.mail import MailTown
from standins.receiver import Answer, Receiver
from standins.slack import SlackServer

from adapters import ADAPTERS, catalogue
from adapters.fetch import Fetcher
from bot.commands.follow import follow
from bot.commands.reply import Request
from bot.commands.services import Services
from bot.demo import DemoPage, play
from bot.vault import Vault
from relay.deliver import LEASE
from relay.poll import pace
from storage import follows, migrate, threads
from storage.claims import PARKED
from storage.database import Database, from_now
from storage.tables import Destination, Event, Follow, Provider, Subject, Thread

JUST_ANSWERED = 2.5
"""Seconds before a kill whose answers may not have been written down."""

forkserver = multiprocessing.get_context("forkserver")
forkserver.set_forkserver_preload(["crash.child"])


@pytest.fixture(autouse=True)
def preloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fork server looks for what it preloads on a path of its own (python/cpython#126631): without this every
    life spends its first seconds on imports, and is killed before it has done anything."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))


class Flapping(Receiver):
    """It fails one event in four, in one way or another, when it gets it for the first time; `taken` are the
    others, and when they came."""

    FAILURES = (Answer(500), Answer(503), Answer(429, {"Retry-After": "1"}), Answer(close=True))

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[tuple[str, float]] = []
        self.failed = 0
        self._known: set[str] = set()
        self._chance = random.Random(1)

    async def _reply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        id_ = request.headers["webhook-id"]
        is_new = id_ not in self._known
        self._known.add(id_)
        if is_new and self._chance.random() < 0.25:
            self.failed += 1
            return await super()._reply(request, self._chance.choice(self.FAILURES))
        self.taken.append((id_, time.time()))
        return await super()._reply(request, answer)


@dataclass
class Stage:
    """The world around the process: a page, receivers of webhooks, a Slack, a Discord, a database."""

    life: Life
    page: DemoPage
    receiver: Receiver
    flapping: Flapping
    slack: SlackServer
    discord: DiscordServer
    forum: Channel
    mail: MailTown
    database: Database
    kills: list[float] = field(default_factory=list)

    def start(self, die_at: int | None = None) -> BaseProcess:
        """Another life."""
        process = forkserver.Process(target=live, args=(replace(self.life, die_at=die_at),), daemon=True)
        process.start()
        return process

    async def dead(self, process: BaseProcess, within: float) -> None:
        """Waits until it is dead, and helps after that many seconds."""
        deadline = time.monotonic() + within
        while process.is_alive() and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
        if process.is_alive() and process.pid:
            os.kill(process.pid, signal.SIGKILL)
        while process.is_alive():
            await asyncio.sleep(0.005)
        self.kills.append(time.time())
        process.close()


@asynccontextmanager
async def stage(database_url: str, incidents: int) -> AsyncIterator[Stage]:
    key = Fernet.generate_key().decode()
    database, vault = Database(database_url), Vault([key])
    await migrate.upgrade(database)
    page, receiver, flapping = DemoPage(long_story(incidents)), Receiver(), Flapping()
    fetcher = Fetcher(user_agent="crash test", allow_private_networks=True)
    async with (
        SlackServer(rate=None) as slack,
        DiscordServer(pace=None) as discord,
        MailTown(tls="none", login=False) as mail,
        receiver,
        flapping,
    ):
        address = await page.start()
        services = Services(
            database=database,
            fetcher=fetcher,
            adapters=ADAPTERS,
            catalogue=catalogue.load(),
            vault=vault,
            pace=pace(0.05, 0),
            allow_private_networks=True,
            wake=lambda: None,
            now=lambda: datetime.now(UTC),
            home="http://127.0.0.1",
            transports=dict,
        )
        guild, forum = discord.guild, discord.add_channel(discord.guild, "incidents", "forum")
        channels = [f"discord:{guild.id}/{channel.id}" for channel in (discord.channel, forum)]
        for uri in (receiver.url, flapping.url, f"slack:{slack.team_id}/C1", *channels):
            await follow(services, Request(workspace="local", provider=address, to=uri))
        await _follow_by_mail(database)
        life = Life(
            database_url, key, slack.bot_token, slack.api_url, discord.token, discord.api_url, mail_url=mail.url
        )  # fmt: skip
        yield Stage(life, page, receiver, flapping, slack, discord, forum, mail, database)
        await page.aclose()
    await fetcher.aclose()
    await database.aclose()


async def _follow_by_mail(database: Database) -> None:
    """As if the reader had agreed."""
    async with database.write() as session:
        other = (await session.scalars(select(Follow).limit(1))).one()
        workspace_id = await follows.workspace(session, "local")
        at = await follows.add_destination(session, workspace_id, "mailto:ops@example.com", "email", [])
        wish = {"incidents": True, "components": True, "maintenance": True, "component_ids": []}
        session.add(
            Follow(
                provider_id=other.provider_id,
                destination_id=at.id,
                created_by="",
                created_at=other.created_at,
                **wish,
            )
        )


async def kill_many_times(on: Stage, kills: int, seed: int, *, beside: bool = False) -> None:
    """Lets the story play while the process is killed again and again, then lets it be told to its end. beside:
    there are two, and now and then both die."""
    chance = random.Random(seed)
    story = asyncio.create_task(play(on.page, speed=1e9))
    other = on.start() if beside else None
    while len(on.kills) < kills:
        if other is not None:
            await _let_go(on)
            if chance.random() < 0.4:
                await on.dead(other, within=0.0)
                other = on.start()
        moment = chance.choice(("statement", "statement", "request", "discord", "time"))
        if moment == "statement":
            process = on.start(die_at=chance.randint(1, 120))
            await on.dead(process, within=3.0)
            continue
        process = on.start()
        if moment == "request":  # in the middle of a send: it has arrived, nobody has noted it yet
            await _more(on.receiver.received, chance.randint(1, 3), within=2.0)
            await on.dead(process, within=0.0)
        elif moment == "discord":  # between two requests of one telling, too
            await _more(on.discord.calls, chance.randint(3, 30), within=2.0)
            await on.dead(process, within=0.0)
        else:
            await on.dead(process, within=chance.uniform(0.02, 0.4))
    assert not story.done(), "the story ended before the last kill: it is too short to prove anything"
    last = on.start()
    async with asyncio.timeout(300):
        await story
        while True:
            async with on.database.read() as session:
                if (await threads.waiting(session))[0] == 0:
                    break
            await _hasten(on)
            await asyncio.sleep(0.2)
    for one in (last, other):
        if one is not None:
            await on.dead(one, within=0.0)
            on.kills.pop()


async def _let_go(on: Stage) -> None:
    """The page that a dead process read is due: its lease is a minute. (Whoever still reads it has lost it.)"""
    async with on.database.write() as session:
        await session.execute(update(Provider).where(Provider.token.is_not(None)).values(due_at=from_now()))


async def _hasten(on: Stage) -> None:
    """What waits for its next try, or for the end of a pause, is due now. What somebody is writing is left for the
    next time: who waits for that with more in hand may be waited for."""
    flaps = select(Destination.id).where(Destination.uri == on.flapping.url)
    waits = (Thread.destination_id.in_(flaps), Thread.token.is_(None) | (Thread.token == PARKED))
    async with on.database.write() as session:
        free = select(Thread.id).where(*waits, Thread.due_at > from_now()).with_for_update(skip_locked=True)
        due = update(Thread).where(Thread.id.in_((await session.scalars(free)).all()))
        await session.execute(due.values(due_at=from_now(), token=None))
    async with on.database.write() as session:
        paused = update(Destination).where(Destination.id.in_(flaps), Destination.paused_until > from_now())
        await session.execute(paused.values(paused_until=from_now()))


async def _more(arrived: Sized, number: int, within: float) -> None:
    """Waits until so many more have arrived."""
    wanted, deadline = len(arrived) + number, time.monotonic() + within
    while len(arrived) < wanted and time.monotonic() < deadline:
        await asyncio.sleep(0.002)


async def events_of(on: Stage, *, in_chat: bool = False) -> dict[str, list[str]]:
    """Subject → ids of its events, in order. A chat gets no second message where the first told everything."""
    async with on.database.read() as session:
        rows = await session.execute(
            select(Subject.external_id, Event.uid, Event.context)
            .join(Subject, Subject.id == Event.subject_id)
            .order_by(Event.subject_id, Event.sequence)
        )
        told = defaultdict(list)
        for subject, uid, context in rows:
            if not (in_chat and context.get("told_whole")):
                told[subject].append(uid)
        return dict(told)


def assert_told(
    events: dict[str, list[str]], arrivals: dict[str, list[tuple[str, float]]], kills: list[float]
) -> int:
    """Everything arrived, in order; what arrived again had been in flight. The number of repeats."""
    repeats = 0
    for subject, expected in events.items():
        seen = [id_ for id_, _ in arrivals[subject]]
        assert list(dict.fromkeys(seen)) == expected, f"{subject}: lost or out of order"
        newest = -1
        for id_ in seen:
            place = expected.index(id_)
            assert place >= newest, f"{subject}: an older event after a newer one"
            newest = place
        last: dict[str, float] = {}
        for id_, arrived in arrivals[subject]:
            if id_ in last:
                repeats += 1
                assert any(
                    last[id_] - 0.2 <= kill <= arrived and kill - last[id_] <= JUST_ANSWERED + 0.5
                    for kill in kills
                ), f"{subject}: {id_} was sent twice and had not been in flight at a kill"
            last[id_] = arrived
    return repeats


async def names_of(on: Stage) -> dict[str, dict[str, list[str]]]:
    """Destination → subject → the names of its deliveries that a chat gets a message for, in order."""
    async with on.database.read() as session:
        rows = await session.execute(
            select(Destination.uri, Subject.external_id, Thread.id, Event.sequence, Event.context)
            .join(Thread, Thread.destination_id == Destination.id)
            .join(Subject, Subject.id == Thread.subject_id)
            .join(Event, Event.subject_id == Subject.id)
            .order_by(Thread.id, Event.sequence)
        )
        told: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for uri, subject, thread_id, sequence, context in rows:
            if not context.get("told_whole"):
                told[uri][subject].append(f"{thread_id}.{sequence}")
        return told


async def assert_told_once_in_discord(on: Stage) -> None:
    """Everything arrived, in order, in one thread for each incident; and nothing twice, not even what was in
    flight at a kill. (A forum's post carries no nonce: it is known by its place, the first.)"""
    names = await names_of(on)
    guild, channel = on.discord.guild, on.discord.channel
    in_channel = [message for message in channel.messages if not message.reference]
    told = [[one.nonce for one in (root, *(root.thread.messages if root.thread else ()))] for root in in_channel]
    assert sorted(told) == sorted(names[f"discord:{guild.id}/{channel.id}"].values())
    loud = [message.nonce for message in channel.messages if message.reference]
    assert loud
    assert len(loud) == len(set(loud))
    posts = [[message.nonce for message in post.messages[1:]] for post in on.forum.threads()]
    assert sorted(posts) == sorted(one[1:] for one in names[f"discord:{guild.id}/{on.forum.id}"].values())
    assert all(post.archived for post in (*channel.threads(), *on.forum.threads()))
    on.discord.assert_clean()


async def crash(
    database_url: str, kills: int, incidents: int, seed: int, *, beside: bool = False, lease: float = LEASE
) -> None:
    async with stage(database_url, incidents) as on:
        on.life = replace(on.life, lease=lease)
        await kill_many_times(on, kills, seed, beside=beside)
        events = await events_of(on)
        assert len(events) == incidents
        stories = {
            one.event["data"]["incident"]["id"]: one.event["data"]["incident"] for one in on.receiver.received
        }
        assert all(len(story["updates"]) == 4 for story in stories.values()), "every post of the page was told"
        assert {story["phase"] for story in stories.values()} == {"resolved"}
        webhook: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for received in on.receiver.received:
            webhook[received.event["data"]["incident"]["id"]].append(
                (received.id, received.arrived_at.timestamp())
            )
        repeats = assert_told(events, webhook, on.kills)
        by_event = {uid: subject for subject, told in events.items() for uid in told}
        taken: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for uid, arrived in on.flapping.taken:
            taken[by_event[uid]].append((uid, arrived))
        assert on.flapping.failed > incidents / 4
        repeats += assert_told(events, taken, on.kills)
        posts: dict[str, list[tuple[str, float]]] = defaultdict(list)
        sent = on.slack.called("chat.postMessage")
        for call, message in zip(sent, on.slack.channel("C1").messages, strict=True):
            uid = call["metadata"]["event_payload"]["event_id"]
            posts[by_event[uid]].append((uid, float(message.ts)))
        repeats += assert_told(await events_of(on, in_chat=True), posts, on.kills)
        assert repeats <= 5 * kills
        mails: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for mail in on.mail.mails:
            uid = mail.header("Message-ID")[1:].partition(".")[0]
            mails[by_event[uid]].append((uid, mail.arrived_at))
        repeats += assert_told(await events_of(on, in_chat=True), mails, on.kills)
        assert repeats <= 6 * kills
        on.slack.assert_clean()
        await assert_told_once_in_discord(on)


@pytest.mark.timeout(600)
async def test_nothing_is_lost_by_forty_kills(tmp_path: Path) -> None:
    await crash(f"sqlite:///{tmp_path}/uptimus.db", kills=40, incidents=60, seed=7)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10))
async def test_nothing_is_lost_by_four_hundred_kills(tmp_path: Path, seed: int) -> None:
    await crash(f"sqlite:///{tmp_path}/uptimus.db", kills=40, incidents=60, seed=100 + seed)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_nothing_is_lost_by_kills_on_postgresql(new_postgresql: str) -> None:
    """What a dead process held comes back when its lease ends: a minute at most."""
    await crash(new_postgresql, kills=20, incidents=12, seed=11)


@pytest.mark.timeout(600)
async def test_nothing_is_lost_where_two_processes_are_killed(new_postgresql: str) -> None:
    await crash(new_postgresql, kills=8, incidents=10, seed=21, beside=True, lease=6)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(25))
async def test_nothing_is_lost_by_a_thousand_kills_of_two(new_postgresql: str, seed: int) -> None:
    """Of forty each."""
    await crash(new_postgresql, kills=40, incidents=50, seed=200 + seed, beside=True, lease=6)
