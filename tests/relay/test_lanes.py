"""Who may be told at once: nobody who is slow, or fails, holds up the others; on both databases."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import insert, select, update
from standins import claiming

from relay.bulletin import Bulletin
from relay.deliver import Deliverer
from relay.events import EventData, EventProvider
from relay.lanes import AT_ONCE_PER_HOST, CLAIMS_PER_HOST
from relay.metrics import Metrics
from relay.transports.transport import Sent, Telling
from storage import claims, follows, providers
from storage.claims import Hosts
from storage.database import Database, from_now
from storage.tables import Destination, Event, Follow, Provider, Subject, Thread


class Slow:
    """A transport whose receivers on some hosts do not answer until they are let go."""

    def __init__(self, at_once: int, hanging: str) -> None:
        self.is_chat, self.at_once = False, at_once
        self.go = asyncio.Event()
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.told: list[str] = []
        self._hanging = hanging

    async def send(self, telling: Telling) -> Sent:
        """Hangs, or not."""
        host = telling.address.partition("/")[0]
        for key in (host, telling.address, "all"):
            self.under_way[key] += 1
            self.most[key] = max(self.most[key], self.under_way[key])
        try:
            if host.startswith(self._hanging):
                await self.go.wait()
            else:
                await asyncio.sleep(0)
        finally:
            for key in (host, telling.address, "all"):
                self.under_way[key] -= 1
        self.told.append(host)
        return Sent()

    async def turn(self, address: str) -> None: ...

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        """Never."""
        raise NotImplementedError

    async def aclose(self) -> None: ...


async def town(database: Database, places: dict[str, int], *, subjects: int = 1) -> None:
    """So many destinations on each host, each of which has so many events to be told."""
    now = datetime.now(UTC)
    about = EventProvider.model_validate(
        {"slug": "p", "name": "P", "url": "https://p.example.com", "status": "unknown"}
    )
    data = EventData(provider=about).public()
    async with database.write() as session:
        provider = Provider(
            slug="p", name="P", url="https://p.example.com", adapter="x", source="user", verification="pending",
            status="unknown", memory={}, active=False, failures=0, unreadable=False,
        )  # fmt: skip
        session.add(provider)
        workspace_id = await follows.workspace(session, "local")
        await session.flush()
        rows = [
            {"workspace_id": workspace_id, "uri": f"slow:{host}/{number}", "transport": "slow", "host": host,
             "secrets": [], "created_at": now}
            for host, many in places.items()
            for number in range(many)
        ]  # fmt: skip
        await session.execute(insert(Destination), rows)
        every = list(await session.scalars(select(Destination.id).order_by(Destination.id)))
        wish = {"provider_id": provider.id, "incidents": True, "components": True, "maintenance": True,
                "component_ids": [], "created_by": "", "created_at": now}  # fmt: skip
        await session.execute(insert(Follow), [wish | {"destination_id": id_} for id_ in every])
        for number in range(subjects):
            subject = Subject(provider_id=provider.id, kind="provider", external_id=f"{number}", last_sequence=1)
            session.add(subject)
            await session.flush()
            session.add(
                Event(
                    uid=f"evt_{number}", provider_id=provider.id, subject_id=subject.id, sequence=1,
                    key=str(number), type="provider.readable", data=data, context={}, seen_at=now,
                )
            )  # fmt: skip
            due = await providers.database_now(session)
            thread = {
                "subject_id": subject.id,
                "cursor": 0,
                "head": 1,
                "due_at": due,
                "attempt": 0,
                "begun": False,
            }
            await session.execute(insert(Thread), [thread | {"destination_id": id_} for id_ in every])


@asynccontextmanager
async def delivering(database: Database, transport: Slow, in_flight: int = 200) -> AsyncIterator[None]:
    deliverer = Deliverer(
        database, {"slow": transport}, metrics=Metrics(), open_secret=str, in_flight=in_flight, idle_wait=0.05
    )
    deliverer.start()
    yield
    transport.go.set()
    await deliverer.aclose()


async def until_told(transport: Slow, number: int) -> None:
    async with asyncio.timeout(60):
        while len(transport.told) < number:
            await asyncio.sleep(0.005)


async def test_a_host_that_hangs_holds_up_no_other_however_many_endpoints_it_has(database: Database) -> None:
    await town(database, {"hanging.example": 1000, "quick.example": 300})
    transport = Slow(at_once=4, hanging="hanging")
    async with delivering(database, transport):
        await until_told(transport, 300)
        assert set(transport.told) == {"quick.example"}
        assert transport.most["hanging.example"] == AT_ONCE_PER_HOST
        assert transport.most["quick.example"] <= AT_ONCE_PER_HOST


async def test_an_endpoint_has_its_own_limit(database: Database) -> None:
    await town(database, {"quick.example": 1}, subjects=40)
    transport = Slow(at_once=4, hanging="hanging")
    async with delivering(database, transport):
        await until_told(transport, 40)
    assert transport.most["quick.example/0"] <= 4


async def test_what_fails_takes_half_of_the_slots_at_most(database: Database) -> None:
    await town(database, {f"hanging{number}.example": 1 for number in range(60)} | {"quick.example": 50})
    async with database.write() as session:
        failing = Destination.host.startswith("hanging")
        await session.execute(update(Destination).where(failing).values(failing_since=from_now(-60)))
    transport = Slow(at_once=4, hanging="hanging")
    async with delivering(database, transport, in_flight=20):
        await until_told(transport, 50)
        assert set(transport.told) == {"quick.example"}
        assert sum(count for host, count in transport.under_way.items() if host.endswith(".example")) == 10


async def test_what_may_be_taken_of_one_host(database: Database) -> None:
    await town(database, {"a": 50, "b": 50})

    async def take(hosts: Hosts) -> Counter[str | None]:
        async with database.write() as session:
            taken = await claiming.claim_due(session, 200, 60, per_destination=5, hosts=hosts)
            await session.execute(update(Thread).values(due_at=from_now(-1), token=None))
            return Counter(one.host for one in taken)

    assert await take(Hosts(CLAIMS_PER_HOST)) == {"a": 24, "b": 24}
    assert await take(Hosts(CLAIMS_PER_HOST, busy=["a"])) == {"b": 24}
    assert await take(Hosts(CLAIMS_PER_HOST, quick=["a"])) == {"a": 50, "b": 24}
    assert await take(Hosts(CLAIMS_PER_HOST, busy=["a", "b"])) == {}


async def test_what_may_be_taken_of_those_that_fail(database: Database) -> None:
    await town(database, {"a": 50, "b": 50})
    async with database.write() as session:
        await session.execute(
            update(Destination).where(Destination.host == "a").values(failing_since=from_now(-60))
        )

    async def take(failing: int | None) -> Counter[str | None]:
        async with database.write() as session:
            taken = await claiming.claim_due(session, 200, 60, per_destination=5, failing=failing)
            await session.execute(update(Thread).values(due_at=from_now(-1), token=None))
            return Counter(one.host for one in taken)

    assert await take(None) == {"a": 50, "b": 50}
    assert await take(10) == {"a": 10, "b": 50}
    assert await take(0) == {"b": 50}


async def test_of_a_paused_destination_nothing_is_taken_and_then_one(database: Database) -> None:
    await town(database, {"a": 1, "b": 1}, subjects=5)

    async def pause(seconds: float) -> None:
        async with database.write() as session:
            await session.execute(
                update(Destination).where(Destination.host == "a").values(paused_until=from_now(seconds), pauses=1)
            )

    async def take() -> tuple[int, int]:
        async with database.write() as session:
            due = await claiming.claim_due(session, 200, 60, per_destination=9)
            probes = await claiming.claim_probes(session, 200, 60)
            assert all(one.paused and one.host == "a" for one in probes)
            assert not any(one.paused for one in due)
            return len(due), len(probes)

    await pause(60)
    assert await take() == (5, 0)
    await pause(-1)
    assert await take() == (0, 1)
    assert await take() == (0, 0)  # one is under way


async def test_several_workers_have_one_try_together(database: Database) -> None:
    await town(database, {"a": 3}, subjects=5)
    async with database.write() as session:
        await session.execute(update(Destination).values(paused_until=from_now(-1), pauses=1))

    async def probe() -> list[claims.Claim]:
        async with database.write() as session:
            return await claiming.claim_probes(session, 200, 60)

    taken = [one for found in await asyncio.gather(*(probe() for _ in range(5))) for one in found]
    assert sorted(one.destination_id for one in taken) == [1, 2, 3]
