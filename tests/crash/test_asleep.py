"""A worker that is stopped in the middle of a send and wakes up when its lease has long ended: somebody else has
told the rest, and what it still has to say changes nothing; on both databases."""

import asyncio
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from crash.child import Life, live
from cryptography.fernet import Fernet
from sqlalchemy import select, update
from standins.receiver import Answer, Receiver

from bot.vault import Vault
from relay.deliver import Deliverer
from relay.events import EventData, EventProvider
from relay.metrics import Metrics
from relay.transports.webhook import WebhookTransport
from storage import follows
from storage.database import Database, from_now
from storage.tables import Attempt, Delivery, Destination, Event, Follow, Provider, Subject, Thread

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LEASE = 4.0


class Holding(Receiver):
    """It answers its first request when it is told to."""

    def __init__(self, first: Answer, go: asyncio.Event) -> None:
        super().__init__(SECRET)
        self.answers.append(first)
        self.go = go

    async def _reply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        await self.go.wait()
        return await super()._reply(request, answer)


async def one_thread(database: Database, vault: Vault, uri: str, events: int) -> None:
    """A webhook that follows a provider of which so many events are to be told."""
    now = datetime.now(UTC)
    about = EventProvider.model_validate(
        {"slug": "p", "name": "P", "url": "https://p.example.com", "status": "unknown"}
    )
    async with database.write() as session:
        provider = Provider(
            slug="p", name="P", url="https://p.example.com", adapter="x", source="user", verification="pending",
            status="unknown", memory={}, active=False, failures=0, unreadable=False,
        )  # fmt: skip
        session.add(provider)
        await session.flush()
        workspace_id = await follows.workspace(session, "local")
        at = await follows.add_destination(
            session, workspace_id, uri, "webhook", [vault.seal(SECRET)], host="127.0.0.1"
        )
        wish = {"incidents": True, "components": True, "maintenance": True, "component_ids": []}
        session.add(Follow(provider_id=provider.id, destination_id=at.id, created_by="", created_at=now, **wish))
        subject = Subject(provider_id=provider.id, kind="provider", external_id="", last_sequence=events)
        session.add(subject)
        await session.flush()
        session.add_all(
            Event(
                uid=f"evt_{number}", provider_id=provider.id, subject_id=subject.id, sequence=number,
                key=str(number), type="provider.readable", data=EventData(provider=about).public(), context={},
                seen_at=now,
            )
            for number in range(1, events + 1)
        )  # fmt: skip
        thread = Thread(
            destination_id=at.id, subject_id=subject.id, cursor=0, head=events - 1, attempt=0, begun=False
        )
        session.add(thread)
        await session.flush()
        await session.execute(update(Thread).values(due_at=from_now()))


@asynccontextmanager
async def worker(life: Life) -> AsyncIterator[int]:
    """A process of its own; its number."""
    process = multiprocessing.get_context("spawn").Process(target=live, args=(life,), daemon=True)
    process.start()
    assert process.pid is not None
    yield process.pid
    process.kill()
    while process.is_alive():
        await asyncio.sleep(0.01)
    process.close()


async def stop(pid: int, database: Database) -> None:
    """Stops it at a moment at which it does not hold an embedded database's only lock."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        while (await asyncio.to_thread(Path(f"/proc/{pid}/stat").read_text)).rpartition(")")[2].split()[0] != "T":
            await asyncio.sleep(0.005)
        if not database.is_sqlite or _is_free(str(database.url.database)):
            return
        os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(0.005)


def _is_free(path: str) -> bool:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
        return True


async def until_told(database: Database, cursor: int) -> None:
    while True:
        async with database.read() as session:
            if (await session.scalars(select(Thread.cursor))).one() == cursor:
                return
        await asyncio.sleep(0.01)


async def record(database: Database) -> list[object]:
    """The thread, its destination's health, every delivery and every attempt."""
    async with database.read() as session:
        thread = select(Thread.cursor, Thread.attempt, Thread.token, Thread.due_at, Thread.begun)
        health = select(
            Destination.disabled_at, Destination.paused_until, Destination.pauses, Destination.failing_since
        )
        deliveries = select(Delivery.sequence, Delivery.state, Delivery.finished_at).order_by(Delivery.sequence)
        attempts = select(Attempt.sequence, Attempt.number, Attempt.outcome, Attempt.at).order_by(Attempt.id)
        return [tuple(row) for one in (thread, health, deliveries, attempts) for row in await session.execute(one)]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("late", [204, 410])
async def test_a_worker_that_wakes_up_after_its_lease_changes_nothing(database: Database, late: int) -> None:
    key = Fernet.generate_key().decode()
    vault = Vault([key])
    url = database.url.render_as_string(hide_password=False)
    go = asyncio.Event()
    async with Holding(Answer(status=late), go) as receiver:
        await one_thread(database, vault, receiver.url, events=4)
        life = Life(url, key, "xoxb", "http://127.0.0.1:9/api/", "token", "http://127.0.0.1:9", lease=LEASE)
        async with worker(life) as pid:
            await receiver.until(1, within=60)
            await stop(pid, database)
            go.set()  # the answer waits in the worker's socket
            await lease_ended(database)
            ours = WebhookTransport(user_agent="test", allow_private_networks=True)
            other = Deliverer(
                database, {"webhook": ours}, metrics=Metrics(), open_secret=vault.open, idle_wait=0.05
            )
            other.start()
            await until_told(database, 3)
            await other.aclose()
            await ours.aclose()
            before = await record(database)
            os.kill(pid, signal.SIGCONT)
            await one_more(database)
            await until_told(database, 4)  # the worker itself told it: whatever it had to say before was said
            after = await record(database)
        assert [one.id for one in receiver.received] == ["evt_1", "evt_1", "evt_2", "evt_3", "evt_4"]
        assert not any(one.problem for one in receiver.received)
        assert [row for row in after if row in before] == before[1:]
        numbered = [(number, 1, "delivered") for number in range(1, 5)]
        async with database.read() as session:
            found = await session.execute(
                select(Attempt.sequence, Attempt.number, Attempt.outcome).order_by(Attempt.id)
            )
            assert [tuple(row) for row in found] == [(1, 2, "delivered"), *numbered[1:]]
            told = await session.execute(select(Delivery.sequence, Delivery.state).order_by(Delivery.sequence))
            assert [tuple(row) for row in told] == [(number, "delivered") for number in range(1, 5)]


async def lease_ended(database: Database) -> None:
    while True:
        async with database.read() as session:
            over = select(Thread.id).where(Thread.token.is_not(None), Thread.due_at <= from_now())
            if await session.scalar(over) is not None:
                return
        await asyncio.sleep(0.02)


async def one_more(database: Database) -> None:
    """The last event is to be told as well."""
    async with database.write() as session:
        await session.execute(update(Thread).values(head=4, due_at=from_now()))
