"""What is followed on the command line beside a running process is told at once: it is woken, it need not look."""

import asyncio
import sys
from pathlib import Path

from cryptography.fernet import Fernet
from standins.receiver import Receiver
from standins.replica import environment

from bot.demo import LOGIN_OUTAGE, DemoPage, load
from bot.vault import Vault
from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.transports.webhook import WebhookTransport
from storage import migrate
from storage.database import Database
from storage.wakeups import DELIVER, Wakeups

NEVER = 600.0
"""Seconds between two looks of its own."""


async def test_a_follow_is_told_at_once(new_postgresql: str, tmp_path: Path) -> None:
    key, database = Fernet.generate_key().decode(), Database(new_postgresql)
    vault = Vault([key])
    await migrate.upgrade(database)
    database.seal_addresses(vault)
    webhook = WebhookTransport(user_agent="test", allow_private_networks=True)
    deliverer = Deliverer(
        database, {"webhook": webhook}, metrics=Metrics(), open_secret=vault.open, idle_wait=NEVER
    )
    wakeups, looked = Wakeups(database), asyncio.Event()
    wakeups.on(DELIVER, deliverer.wake)
    wakeups.on(DELIVER, looked.set)
    wakeups.start()
    deliverer.start()
    page = DemoPage(load(LOGIN_OUTAGE))
    address = await page.start()
    page.show(1)
    async with Receiver() as receiver:
        await asyncio.wait_for(looked.wait(), 60)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "follow", address, "--to", receiver.url,
            env=environment(new_postgresql, key), cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await asyncio.wait_for(process.wait(), 60) == 0
        [told] = await receiver.until(1)
        assert told.event["type"] == "incident.opened"
    await deliverer.aclose()
    await wakeups.aclose()
    await webhook.aclose()
    await page.aclose()
    await database.aclose()
