"""Two processes under load are exchanged one after the other: nothing is lost, and nothing is told twice."""

import asyncio
import time
from collections import defaultdict
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from replicas.outside import page, says, troubles
from standins.receiver import Answer, Received, Receiver
from standins.replica import Replica, begun, environment, running

from bot.vault import Vault
from storage import migrate
from storage.database import Database

SECRET = "whsec_" + "A" * 43 + "="
PLACES, INCIDENTS = 5, 6


def told(received: list[Received]) -> dict[tuple[str, str], list[int]]:
    """Of each incident at each place: the numbers of its events, as they arrived."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in received:
        found[one.path, one.event["data"]["incident"]["id"]].append(one.event["sequence"])
    return found


@pytest.mark.timeout(180)
async def test_processes_are_exchanged_under_load(new_postgresql: str, tmp_path: Path) -> None:
    database, key = Database(new_postgresql), Fernet.generate_key().decode()
    await migrate.upgrade(database)
    env, enough = environment(new_postgresql, key), asyncio.Event()
    async with Receiver() as receiver, running(2, "--role", "deliver", env=env, folder=tmp_path) as processes:
        receiver.default = Answer(delay=0.05)
        places = [f"{receiver.url}/{place}" for place in range(PLACES)]
        await page(database, "stormy", places, "webhook", [Vault([key]).seal(SECRET)])
        load = asyncio.create_task(pour(database, enough))
        for place in (0, 1):
            await receiver.until(len(receiver.received) + 2 * INCIDENTS, within=60)
            code, took = await exchanged(processes, place, env, tmp_path)
            assert (code, took < 30) == (0, True)
        enough.set()
        updates = await load
        await receiver.until(PLACES * INCIDENTS * updates, within=60)
        codes = [await one.stop() for one in processes[2:]]
    await database.aclose()
    assert codes == [0, 0]
    assert list(told(receiver.received).values()) == [list(range(1, updates + 1))] * (PLACES * INCIDENTS)


async def pour(database: Database, enough: asyncio.Event) -> int:
    """Every incident gets one more update, again and again; how many there were."""
    number = 0
    while not enough.is_set():
        number += 1
        await says(database, "stormy", *troubles(INCIDENTS, number))
        await asyncio.sleep(0.5)
    return number


async def exchanged(processes: list[Replica], place: int, env: dict[str, str], folder: Path) -> tuple[int, float]:
    """One stops while another starts. What the first one ended with, and how long that took."""
    fresh = await begun("-m", "bot", "run", "--role", "deliver", env=env, folder=folder)
    processes.append(fresh)
    began = time.monotonic()
    code = await processes[place].stop()
    took = time.monotonic() - began
    await fresh.until('"event": "started"')
    return code, took
