"""The threads of a channel begin in the order of their events, however slowly it is told; on both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from replicas.outside import page, says, troubles
from standins import claiming

from relay.bulletin import Bulletin
from relay.deliver import LEASE, Deliverer
from relay.lanes import CLAIMS_PER_DESTINATION, Lanes
from relay.metrics import Metrics
from relay.transports.transport import Sent, Telling
from storage.database import Database

INCIDENTS = 3 * CLAIMS_PER_DESTINATION
"""Some wait in the process, and others still in the database."""
SECONDS = LEASE / 3 / 8
"""Of the deliverer's own clock, for each telling: most of what it holds can't wait so long for its turn."""


class SlowChat:
    """A chat that is told one message at a time, by a clock that goes only while it is told something."""

    is_chat, at_once = True, 1

    def __init__(self) -> None:
        self.now = 0.0
        self.answers = asyncio.Event()
        self.answers.set()
        self.told: list[str] = []

    async def turn(self, address: str) -> None: ...

    async def send(self, telling: Telling) -> Sent:
        """Takes its time."""
        self.now += SECONDS
        assert telling.event.data.incident is not None
        self.told.append(telling.event.data.incident.title)
        await self.answers.wait()
        return Sent(reference=f"root-{len(self.told)}")

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        """Never."""
        raise NotImplementedError

    async def aclose(self) -> None: ...


@asynccontextmanager
async def delivering(database: Database, chat: SlowChat) -> AsyncIterator[None]:
    deliverer = Deliverer(
        database, {"slack": chat}, metrics=Metrics(), open_secret=str, idle_wait=0.05, now=lambda: chat.now
    )
    deliverer.start()
    yield
    await deliverer.aclose()


async def until_told(chat: SlowChat, number: int) -> None:
    async with asyncio.timeout(60):
        while len(chat.told) < number:
            await asyncio.sleep(0.005)


async def test_who_can_wait_no_longer_is_not_overtaken(database: Database) -> None:
    chat = SlowChat()
    await page(database, "stormy", ["slack:T1/C1"], "slack")
    await says(database, "stormy", *troubles(INCIDENTS, 1))
    async with delivering(database, chat):
        await until_told(chat, INCIDENTS)
    assert chat.told == [f"Trouble {place}" for place in range(INCIDENTS)]


async def test_what_a_claim_brings_meanwhile_does_not_overtake_either(database: Database) -> None:
    await page(database, "stormy", ["slack:T1/C1"], "slack")
    await says(database, "stormy", *troubles(2, 1))
    async with database.write() as session:
        [late] = await claiming.claim_due(session, 1, LEASE, per_destination=1)
        [behind] = await claiming.claim_due(session, 1, LEASE, per_destination=1)
    lanes = Lanes(10)
    lanes.take(late)
    lanes.turn_back(late)
    assert lanes.busy() == [late.destination_id]
    lanes.give_back(late)
    lanes.take(behind)
    assert lanes.is_turned_back(behind)
    lanes.give_back(behind)
    assert lanes.busy() == []
    assert not lanes.is_turned_back(behind)


async def test_who_stops_gives_back_what_waits_and_the_next_one_goes_on_in_order(database: Database) -> None:
    chat = SlowChat()
    chat.answers.clear()
    await page(database, "stormy", ["slack:T1/C1"], "slack")
    await says(database, "stormy", *troubles(INCIDENTS, 1))
    async with delivering(database, chat):
        await until_told(chat, 1)
        asyncio.get_running_loop().call_soon(chat.answers.set)  # when it is being closed
    assert chat.told == ["Trouble 0"], "what was being sent"
    async with delivering(database, chat):
        await until_told(chat, INCIDENTS)
    assert chat.told == [f"Trouble {place}" for place in range(INCIDENTS)]
