"""Clocks that are set while uptimus runs: nothing is told twice, nothing waits until the clock has caught up, and
what is held stays held; with a process whose clock we have in our hand, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from faults.works import SECRET, grows
from replicas.outside import page
from sqlalchemy import select, update
from standins.own_clock import OwnClock
from standins.receiver import Answer, Receiver
from standins.replica import Replica, begun, environment, running

from bot.demo import LOGIN_OUTAGE, DemoPage, load
from bot.vault import Vault
from storage import clock, leases, migrate
from storage.database import Database, from_now
from storage.tables import Destination, Lease, Provider, Thread

HOUR = 3600


@pytest.fixture
async def shown() -> AsyncIterator[DemoPage]:
    demo = DemoPage(load(LOGIN_OUTAGE))
    yield demo
    await demo.aclose()


@pytest.mark.skipif(not OwnClock.can_be_made(), reason="there is no C compiler")
@pytest.mark.timeout(300)
async def test_a_clock_that_is_set_while_uptimus_runs(database_url: str, tmp_path: Path, shown: DemoPage) -> None:
    own = OwnClock(tmp_path)
    database = Database(database_url)
    await migrate.upgrade(database)
    await database.aclose()
    address = await shown.start()
    plain = environment(database_url, Fernet.generate_key().decode(), UPTIMUS_POLL_INTERVAL="1")
    async with Receiver() as receiver:
        follow = await begun(
            "-m",
            "bot",
            "follow",
            address,
            "--stream",
            "incidents",
            "--to",
            receiver.url,
            env=plain,
            folder=tmp_path,
        )
        assert await follow.ended() == 0, follow.said
        async with running(1, env=plain | own.environment, folder=tmp_path) as [process]:
            shown.show(1)
            await receiver.until(1)
            for number, ahead in enumerate((-HOUR, -HOUR, HOUR, 0), 2):
                await told_across_a_jump(own, ahead, shown, number, receiver)
            assert await process.stop() == 0
    types = [one.event["type"].partition(".")[2] for one in receiver.received]
    # (a read in the middle of the page's change tells it in two events)
    assert (types[0], {*types[1:-1]}, types[-1]) == ("opened", {"updated"}, "resolved"), process.said
    numbers = [one.event["sequence"] for one in receiver.received]
    assert numbers == sorted(set(numbers)), process.said
    phases = [one.event["data"]["incident"]["phase"] for one in receiver.received]
    assert list(dict.fromkeys(phases)) == ["investigating", "identified", "monitoring", "resolved"]
    assert said(process, "the clock was set") == (3 if database_url.startswith("sqlite") else 0)


async def told_across_a_jump(own: OwnClock, ahead: int, shown: DemoPage, number: int, receiver: Receiver) -> None:
    """The next update is on its way to the receiver while the clock is set."""
    receiver.answers.append(Answer(delay=1.5))
    shown.show(number)
    await receiver.until(number)
    own.set(ahead)
    await asyncio.sleep(2)


def said(process: Replica, words: str) -> int:
    return process.said.count(f'"{words}"')


class SetClock(clock.Clock):
    """One that was set."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.followed(-seconds)


@pytest.mark.parametrize("seconds", [-HOUR, HOUR])
async def test_what_waits_waits_as_long_as_before(tmp_path: Path, seconds: int) -> None:
    database = Database(f"sqlite:///{tmp_path}/uptimus.db")
    await migrate.upgrade(database)
    await page(database, "stormy", ["console:"], "console")
    await grows(database, incidents=1, updates=1)
    async with database.write() as session:
        await session.execute(update(Destination).values(paused_until=from_now(30)))
        await leases.take(session, "days", "me", 60)
    before = await waiting(database)
    database._clock = SetClock(seconds)
    async with database.write():
        pass
    after = await waiting(database)
    assert len(after) == 4
    for one, other in zip(before, after, strict=True):
        assert abs((other - one).total_seconds() - seconds) < 1
    async with database.write():
        pass
    assert await waiting(database) == after
    await database.aclose()


async def waiting(database: Database) -> list[datetime]:
    async with database.read() as session:
        columns = (Provider.due_at, Thread.due_at, Destination.paused_until, Lease.until_at)
        found = [(await session.scalars(select(column))).one() for column in columns]
    return [one for one in found if one is not None]


async def test_what_a_wrong_clock_wrote_down_is_mended_at_the_start(database: Database) -> None:
    await page(database, "stormy", ["console:"], "console")
    await grows(database, incidents=1, updates=1)
    async with database.write() as session:
        for table in (Provider, Thread):
            await session.execute(update(table).values(due_at=datetime(2099, 1, 1, tzinfo=UTC)))
        await leases.release_all(session)
        for column in (Provider.due_at, Thread.due_at):
            due = (await session.scalars(select(column))).one()
            assert due is not None
            assert due < datetime.now(UTC) + timedelta(minutes=1)


@pytest.mark.skipif(not OwnClock.can_be_made(), reason="there is no C compiler")
async def test_a_worker_whose_clock_is_weeks_ahead_gives_up_no_destination(
    new_postgresql: str, tmp_path: Path
) -> None:
    own = OwnClock(tmp_path)
    own.set(100 * 24 * HOUR)
    database = Database(new_postgresql)
    await migrate.upgrade(database)
    key = Fernet.generate_key().decode()
    async with Receiver() as receiver:
        receiver.default = Answer(500)
        await page(database, "stormy", [receiver.url], "webhook", [Vault([key]).seal(SECRET)])
        await grows(database, incidents=1, updates=1)
        async with database.write() as session:
            await session.execute(update(Destination).values(failing_since=from_now(-HOUR)))
        env = environment(new_postgresql, key) | own.environment
        async with running(1, "--role", "deliver", env=env, folder=tmp_path) as [process]:
            await receiver.until(1)
            await process.until('"outcome": "failed"')
            assert await process.stop() == 0
    async with database.read() as session:
        at = (await session.scalars(select(Destination))).one()
        due = (await session.scalars(select(Thread.due_at))).one()
    assert (at.disabled_at, due is not None) == (None, True)
    assert due is not None
    assert due < datetime.now(UTC) + timedelta(minutes=1)
    await database.aclose()
