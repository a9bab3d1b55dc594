"""A process that delivers to Slack as `uptimus run --role deliver` does, in a time that goes faster: its pace is
scaled as the stand-in's limits are, and what a dead process held comes back soon."""

import asyncio
import json
import logging
import sys

from bot import logs
from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.transports.slack import SlackTransport
from relay.transports.slack_clients import OneToken
from relay.transports.slack_pace import PER_MINUTE, Pace
from storage.database import Database
from storage.wakeups import DELIVER, Wakeups


async def live(database_url: str, token: str, api_url: str, speed: float, lease: float) -> None:
    """Runs until the process dies."""
    logs.configure("json", level=logging.INFO)
    database = Database(database_url)
    per_minute = {method: calls * speed for method, calls in PER_MINUTE.items()}
    slack = SlackTransport(OneToken(token, api_url), Pace(1 / speed, per_minute=per_minute))
    deliverer = Deliverer(database, {"slack": slack}, metrics=Metrics(), open_secret=str, lease=lease)
    wakeups = Wakeups(database)
    wakeups.on(DELIVER, deliverer.wake)
    deliverer.start()
    wakeups.start()
    print('"event": "started"', file=sys.stderr, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(live(**json.loads(sys.argv[1])))
