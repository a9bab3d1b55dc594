"""SIGTERM while there is much to tell: it ends within ten seconds, what is under way arrives and is written down,
and whoever comes next tells the rest, and nothing twice; on both databases."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from faults.works import SECRET, grows, told
from replicas.outside import page
from sqlalchemy import func, select
from standins.receiver import Answer, Receiver
from standins.replica import environment, running

from bot.app import STOP_WITHIN
from bot.vault import Vault
from storage import migrate
from storage.database import Database
from storage.tables import Attempt, Thread

PLACES, INCIDENTS, UPDATES = 5, 25, 2
assert STOP_WITHIN < 10, "who has not ended by then ends with another code than 0"


@pytest.mark.timeout(300)
async def test_a_process_that_is_stopped_under_load_loses_and_repeats_nothing(
    database_url: str, tmp_path: Path
) -> None:
    await stopped(database_url, tmp_path, stops=2, updates=UPDATES)


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_a_process_that_is_stopped_again_and_again(database_url: str, tmp_path: Path) -> None:
    await stopped(database_url, tmp_path, stops=20, updates=20)


async def stopped(database_url: str, folder: Path, *, stops: int, updates: int) -> None:
    database, key = Database(database_url), Fernet.generate_key().decode()
    await migrate.upgrade(database)
    whole = PLACES * INCIDENTS * updates
    async with Receiver() as receiver:
        receiver.default = Answer(delay=0.1)
        uris = [f"{receiver.url}/{place}" for place in range(PLACES)]
        await page(database, "stormy", uris, "webhook", [Vault([key]).seal(SECRET)])
        await grows(database, incidents=INCIDENTS, updates=updates)
        for number in range(1, stops + 1):
            async with running(1, env=environment(database_url, key), folder=folder) as [process]:
                await receiver.until(whole * number // (stops + 2), within=60)
                assert await process.stop() == 0, process.said[-2000:]
            arrived = len(receiver.received)
            assert arrived < whole
            async with database.read() as session:
                assert await session.scalar(select(func.count()).select_from(Attempt)) == arrived
                assert await session.scalar(select(func.count()).where(Thread.token.is_not(None))) == 0
        async with running(1, env=environment(database_url, key), folder=folder) as [process]:
            await receiver.until(whole, within=60)
            assert await process.stop() == 0
    await database.aclose()
    assert list(told(receiver.received).values()) == [[*range(1, updates + 1)]] * (PLACES * INCIDENTS)


async def test_a_receiver_that_never_answers_keeps_nobody_from_stopping(database_url: str, tmp_path: Path) -> None:
    """What was under way is told once more: nobody knows whether it arrived."""
    database, key = Database(database_url), Fernet.generate_key().decode()
    await migrate.upgrade(database)
    async with Receiver() as receiver:
        receiver.default = Answer(hang=True)
        await page(database, "stormy", [receiver.url], "webhook", [Vault([key]).seal(SECRET)])
        await grows(database, incidents=1, updates=1)
        async with running(1, env=environment(database_url, key), folder=tmp_path) as [process]:
            await receiver.until(1)
            assert await process.stop() == 0, process.said[-2000:]
    await database.aclose()
