"""A poller and a deliverer on a real database, with pages and receivers that a test holds in its hand."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import select, update
from standins.pages import Shelf, snapshot

from adapters import ADAPTERS
from adapters.adapter import Adapter
from adapters.fetch import Fetcher
from relay import record
from relay.bulletin import Bulletin
from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.poll import Poller, pace
from relay.transports.transport import DeliveryError, Sent, Telling, Transport
from storage import follows, providers
from storage.claims import PARKED
from storage.database import Database, from_now
from storage.tables import Follow, Provider, Thread


class Mailbox:
    """A transport that keeps what it was told. `errors` are raised first, one a try; of an address that is `down`
    its error, each time."""

    def __init__(self) -> None:
        self.is_chat, self.at_once = False, 8
        self.told: list[Telling] = []
        self.announced: list[tuple[str, Bulletin]] = []
        self.tries = 0
        self.errors: list[DeliveryError] = []
        self.down: dict[str, DeliveryError] = {}
        self.refused: list[str] = []
        """The addresses of tries that failed so."""

    async def send(self, telling: Telling) -> Sent:
        """Keeps it."""
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        if telling.address in self.down:
            self.refused.append(telling.address)
            raise self.down[telling.address]
        self.told.append(telling)
        return Sent(reference=telling.reference or f"root-{len(self.told)}", message=f"message-{len(self.told)}")

    async def turn(self, address: str) -> None: ...

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        """Keeps it."""
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        self.announced.append((address, bulletin))
        return Sent(message=f"announced-{len(self.announced)}")

    async def aclose(self) -> None: ...

    @property
    def types(self) -> list[str]:
        """What was told, in order."""
        return [str(one.event.type) for one in self.told]


@dataclass
class House:
    """Everything between a page and a receiver."""

    database: Database
    shelf: Shelf
    mailbox: Mailbox
    poller: Poller
    deliverer: Deliverer
    metrics: Metrics
    provider_id: int = 0
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, uri: str = "mailbox:1", **filters: object) -> int:
        """A follow, made as the command makes it."""
        async with self.database.write() as session:
            workspace_id = await follows.workspace(session, "local")
            destination = await follows.destination(session, workspace_id, uri) or await follows.add_destination(
                session, workspace_id, uri, "email" if uri.startswith("mailto:") else "mailbox", []
            )
            row = Follow(
                provider_id=self.provider_id,
                destination_id=destination.id,
                created_by="",
                created_at=await providers.database_now(session),
                **({"incidents": True, "components": True, "maintenance": True, "component_ids": []} | filters),
            )
            session.add(row)
            await session.flush()
            await providers.begin_polling(session, self.provider_id)
            provider = await session.get_one(Provider, self.provider_id)
            await record.open_threads(session, provider, row.id)
            return row.id

    async def poll(self) -> None:
        """Reads the page once, now: what the poll before wrote down late doesn't put it off."""
        before = self._reads()
        while self._reads() == before:
            async with self.database.write() as session:
                due = update(Provider).where(Provider.due_at.is_not(None)).values(due_at=from_now(-1))
                polled = (await session.execute(due.returning(Provider.id))).all()
            await self.poller.tick()
            await self.poller.idle()
            if not polled:
                return

    def _reads(self) -> float:
        lines = self.metrics.exposition().decode().splitlines()
        counts = [one for one in lines if one.startswith("uptimus_polls_total{") and '"lost"' not in one]
        return sum(float(one.rpartition(" ")[2]) for one in counts)

    async def delivered(self) -> list[str]:
        """Waits until no thread has anything due now; what was told so far."""
        self.deliverer.wake()
        while await self.due():
            await asyncio.sleep(0.005)
        return self.mailbox.types

    async def due(self) -> int:
        """How many threads are claimed or due."""
        async with self.database.read() as session:
            rows = await session.scalars(
                select(Thread.id).where(
                    Thread.due_at.is_not(None),
                    (Thread.due_at <= from_now(1)) | (Thread.token.is_not(None) & (Thread.token != PARKED)),
                )
            )
            return len(rows.all())

    async def hasten(self) -> None:
        """What waits for its next try is due now."""
        async with self.database.write() as session:
            await session.execute(update(Thread).where(Thread.due_at.is_not(None)).values(due_at=from_now()))


@asynccontextmanager
async def running(
    database: Database,
    adapters: Mapping[str, Adapter],
    adapter: str,
    url: str,
    shelf: Shelf,
    *,
    email: Transport | None = None,
) -> AsyncIterator[House]:
    """A provider whose page was read once, and nobody who follows it yet. `email` tells `mailto:` addresses."""
    mailbox, metrics = Mailbox(), Metrics()
    fetcher = Fetcher(user_agent="test", allow_private_networks=True)
    deliverer = Deliverer(
        database,
        {"mailbox": mailbox} | ({"email": email} if email is not None else {}),
        metrics=metrics,
        open_secret=lambda sealed: sealed,
        idle_wait=0.05,
    )
    poller = Poller(
        database, fetcher, adapters, pace=pace(60, 0), metrics=metrics, recorded=deliverer.wake
    )  # fmt: skip
    house = House(database, shelf, mailbox, poller, deliverer, metrics)
    async with database.write() as session:
        provider = Provider(
            slug="chargeover", name="ChargeOver", url=url, adapter=adapter, source="user",
            verification="pending", status="unknown", memory={}, due_at=await providers.database_now(session),
            active=False, failures=0, unreadable=False,
        )  # fmt: skip
        session.add(provider)
        await session.flush()
        house.provider_id = provider.id
    poller.start()
    deliverer.start()
    await house.poll()
    yield house
    await poller.aclose()
    await deliverer.aclose()
    await fetcher.aclose()


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    """A house whose provider's page a test holds in its hand."""
    shelf = Shelf(snapshot())
    adapters = {"shelf": replace(ADAPTERS["statuspage"], read=shelf.read)}
    async with running(database, adapters, "shelf", "https://status.example.com", shelf) as house:
        yield house
