"""What is left of notifications that fail when their sender is killed: ours, and Prometheus Alertmanager's."""

import asyncio
import json
import multiprocessing
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from bench import queue, sink
from bench.drain import delivering
from bench.parsing import Row
from bench.slack import unused_port
from cryptography.fernet import Fernet

from bot.vault import Vault
from storage import migrate
from storage.database import Database

NOTIFICATIONS = 500
PATIENCE = 60.0
"""Seconds that a sender gets once it runs again and its receiver is healthy."""
BINARIES = ("prometheus-alertmanager", "alertmanager")
CONFIG = """
route:
  receiver: hook
  group_by: ["..."]
  group_wait: 1s
  group_interval: 5s
receivers:
  - name: hook
    webhook_configs:
      - url: http://127.0.0.1:{port}/hook/alertmanager
"""


async def crash_counts() -> list[Row]:
    """(m) 500 notifications fail, the sender is killed, and runs again beside a healthy receiver."""
    with sink.sink() as port:
        what = f"(m) of {NOTIFICATIONS} failing notifications, told after kill -9"
        mine = await asyncio.to_thread(_of_ours, port)
        found = next(filter(None, map(shutil.which, BINARIES)), None)
        if found is None:
            return [(what, f"{mine}", "Alertmanager is not installed")]
        theirs = await asyncio.to_thread(_of_alertmanager, found, port)
    return [(what, f"{mine}", f"Alertmanager {theirs}")]


def _until_killed(url: str, key: str) -> None:
    async def run() -> None:
        async with delivering(Database(url), Vault([key]), 200) as deliverer:
            deliverer.start()
            await asyncio.Event().wait()

    from bench.__main__ import quiet_logs

    quiet_logs()
    asyncio.run(run())


@contextmanager
def _killed_after(url: str, key: str) -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=_until_killed, args=(url, key), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join(10)


def _of_ours(port: int) -> int:
    with tempfile.TemporaryDirectory(prefix="uptimus-bench-") as folder:
        url, key = f"sqlite:///{folder}/bench.db", Fernet.generate_key().decode()
        asyncio.run(_queued(url, key, port))
        sink.clear(port, fails=True)
        with _killed_after(url, key):
            _wait(port, "refused")
        sink.clear(port)
        with _killed_after(url, key):
            return _wait(port, "paths")


async def _queued(url: str, key: str, port: int) -> None:
    """An event that each of the endpoints is to be told."""
    database = Database(url)
    await migrate.upgrade(database)
    provider_id = await queue.add_provider(database, "bench")
    urls = [sink.endpoint(port, place) for place in range(NOTIFICATIONS)]
    await queue.add_endpoints(database, provider_id, urls, Vault([key]).seal)
    await queue.publish(database, provider_id, await queue.add_subjects(database, provider_id, 1))
    await database.aclose()


def _wait(port: int, what: str) -> int:
    """Until there are as many as there are notifications, or the patience is over; how many there are."""
    until = time.monotonic() + PATIENCE
    while (found := int(sink.told(port)[what])) < NOTIFICATIONS and time.monotonic() < until:
        time.sleep(0.1)
    return found


def _of_alertmanager(binary: str, port: int) -> int:
    with tempfile.TemporaryDirectory(prefix="uptimus-bench-") as folder:
        (Path(folder) / "config.yml").write_text(CONFIG.format(port=port))
        sink.clear(port, fails=True)
        with _alertmanager(binary, folder) as address:
            _alert(address)
            _wait(port, "refused")
        sink.clear(port)
        with _alertmanager(binary, folder):
            return _wait(port, "requests")


@contextmanager
def _alertmanager(binary: str, folder: str) -> Iterator[str]:
    """Its address. Killed at the end."""
    address = f"127.0.0.1:{unused_port()}"
    process = subprocess.Popen(
        [binary, f"--config.file={folder}/config.yml", f"--storage.path={folder}/data",
         f"--web.listen-address={address}", "--cluster.listen-address="],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_ready(f"http://{address}/-/ready")
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait(10)


def _wait_ready(url: str) -> None:
    for _ in range(100):
        try:
            with urlopen(url):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("Alertmanager does not start")


def _alert(address: str) -> None:
    """As many groups of one alert each."""
    alerts = [{"labels": {"alertname": "Down", "instance": f"i{place}"}} for place in range(NOTIFICATIONS)]
    request = Request(
        f"{address}/api/v2/alerts", json.dumps(alerts).encode(), {"Content-Type": "application/json"}
    )
    with urlopen(request) as answer:
        assert answer.status == 200
