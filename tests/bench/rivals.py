"""The same drain by queues that others made on PostgreSQL: N webhooks posted by aiohttp, a hundred at once."""

import asyncio
import importlib.util
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from bench import drain, sink
from bench.apart import apart, new_database, postgresql
from bench.drain import IN_FLIGHT, Drained
from bench.parsing import Row

NUMBERS = {"pgqueuer": 10_000, "procrastinate": 2_000, "dbos": 1_000}
"""How many each is given: about as much as it does in the same time."""


async def rival_times() -> list[Row]:
    """(j) Each of them, and ours on PostgreSQL in the same run. None of them keeps order within an endpoint."""
    with sink.sink() as port, postgresql() as server:
        rounds = await apart(drain.both, await new_database(server), port, 1)
        ours = rounds[-1][0]
        found = [("(j) uptimus, PostgreSQL", _figure(ours), "keeps order")]
        for name in NUMBERS:
            if importlib.util.find_spec(name) is None:
                found.append((f"(j) {name}", "not installed", ""))
                continue
            theirs = await apart(rival, name, await new_database(server), port)
            found.append((f"(j) {name}", _figure(theirs), f"uptimus ×{ours.rate / theirs.rate:.1f}"))
    return found


def _figure(one: Drained) -> str:
    return f"{one.rate:,.0f} a second, {one.cpu:.2f} CPU s per 1,000"


def rival(name: str, url: str, port: int) -> Drained:
    """Puts the jobs into the queue, and measures how they are done."""
    logging.disable(logging.INFO)
    return {"pgqueuer": _pgqueuer, "procrastinate": _procrastinate, "dbos": _dbos}[name](url, port, NUMBERS[name])


def session() -> aiohttp.ClientSession:
    """The client that all of them post with; needs a running event loop."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=IN_FLIGHT, keepalive_timeout=60), cookie_jar=aiohttp.DummyCookieJar()
    )


async def post_one(client: aiohttp.ClientSession, port: int, place: int) -> None:
    """What a job does."""
    await drain.post(client, drain.signed(sink.endpoint(port, place % drain.ENDPOINTS), place))


async def timed(port: int, number: int, work: Callable[[], Awaitable[object]]) -> Drained:
    """From the first request to the last (setting out is not counted); CPU seconds from beginning to end."""
    sink.clear(port)
    cpu = time.process_time()
    running = asyncio.ensure_future(work())
    while (found := await asyncio.to_thread(sink.told, port))["requests"] < number:
        if running.done():
            running.result()
        await asyncio.sleep(drain.LOOK)
    cpu = time.process_time() - cpu
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return Drained((number - 1) / (found["last"] - found["first"]), cpu / number * 1000)


def _pgqueuer(url: str, port: int, number: int) -> Drained:
    """In batches of half of what may be under way, which is the most that it allows."""
    import asyncpg  # type: ignore[import-untyped]
    from pgqueuer import AsyncpgPoolDriver, Job, PgQueuer
    from pgqueuer.queries import Queries
    from pgqueuer.types import QueueExecutionMode

    async def run() -> Drained:
        async with asyncpg.create_pool(url) as pool, session() as client:
            queries = Queries(AsyncpgPoolDriver(pool))
            await queries.install()
            payloads: list[bytes | None] = [str(place).encode() for place in range(number)]
            await queries.enqueue(["post"] * number, payloads, [0] * number)
            worker = PgQueuer(AsyncpgPoolDriver(pool))

            @worker.entrypoint("post")
            async def post(job: Job) -> None:
                await post_one(client, port, int(job.payload or b""))

            return await timed(
                port,
                number,
                lambda: worker.run(
                    batch_size=IN_FLIGHT // 2, max_concurrent_tasks=IN_FLIGHT, mode=QueueExecutionMode.continuous
                ),
            )

    return asyncio.run(run())


def _procrastinate(url: str, port: int, number: int) -> Drained:
    from procrastinate import App, PsycopgConnector

    async def run() -> Drained:
        app = App(connector=PsycopgConnector(conninfo=url, min_size=4, max_size=20))
        async with app.open_async(), session() as client:
            await app.schema_manager.apply_schema_async()

            @app.task(name="post")
            async def post(place: int) -> None:
                await post_one(client, port, place)

            jobs: list[dict[str, Any]] = [{"place": place} for place in range(number)]
            await post.batch_defer_async(*jobs)
            return await timed(
                port,
                number,
                lambda: app.run_worker_async(concurrency=IN_FLIGHT, install_signal_handlers=False, wait=True),
            )

    return asyncio.run(run())


def _dbos(url: str, port: int, number: int) -> Drained:
    """A workflow of one step for each webhook, from a queue that is looked at often."""
    from dbos import DBOS, DBOSClient

    config: Any = {
        "name": "bench", "system_database_url": url, "run_admin_server": False, "log_level": "ERROR",
        "application_version": "1", "sys_db_pool_size": 20,
    }  # fmt: skip
    clients: list[aiohttp.ClientSession] = []

    async def run() -> Drained:
        DBOS(config=config)

        @DBOS.step(name="send")
        async def send(place: int) -> None:
            if not clients:  # workflows run in a loop of its own
                clients.append(session())
            await post_one(clients[0], port, place)

        @DBOS.workflow(name="post")
        async def post(place: int) -> None:
            await send(place)

        DBOS.launch()  # makes the tables; nothing is queued yet
        client = DBOSClient(system_database_url=url)
        for place in range(number):
            await client.enqueue_async({"workflow_name": "post", "queue_name": "hooks"}, place)

        async def work() -> None:
            await DBOS.register_queue_async("hooks", worker_concurrency=IN_FLIGHT, polling_interval_sec=0.05)
            await asyncio.Event().wait()

        found = await timed(port, number, work)
        DBOS.destroy()
        return found

    return asyncio.run(run())
