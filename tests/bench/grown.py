"""What the growth of the tables does to each hot query: the same questions to a small database and to a large one,
with the plans that PostgreSQL followed.

    PYTHONPATH=.:tests python -m bench.grown [SCALE …]      (1: as the document has it; 0.01: a hundredth)
"""

import asyncio
import json
import math
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bench import apart
from bench.parsing import Row
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from standins import claiming

from storage import deliveries, events, migrate, notices, providers, pruning, threads, vitals
from storage.claims import Hosts
from storage.database import Database
from storage.outcomes import Outcome
from storage.providers import Unchanged
from storage.threads import Streams

PROVIDERS, DESTINATIONS, INCIDENTS = 10_000, 100_000, 300_000
FOLLOWS, THREADS = 10, 5_000_000
"""Follows of each destination; threads that are over, each with a delivery and an attempt."""
BY_ALL = 1
"""The provider that every destination follows."""
ROUNDS, PATIENCE = 3, 15
LARGE = ("threads", "deliveries", "attempts", "events", "follows", "subjects", "destinations", "providers")


def rows(scale: float) -> list[str]:
    """What fills a database; references are true, though nobody checks them."""
    providers_, places = int(PROVIDERS * scale), int(DESTINATIONS * scale)
    subjects, told = int(INCIDENTS * scale), int(THREADS * scale)
    return [
        "SET session_replication_role = replica",
        "SET synchronous_commit = off",
        "INSERT INTO workspaces (id, key, created_at, editors, chosen) "
        f"SELECT n, 'slack:T' || n, now(), 'everyone', '[]' FROM generate_series(1, {places // 10}) n",
        "INSERT INTO destinations (id, workspace_id, uri, transport, host, secrets, former, options, unconfirmed, "
        "pauses, created_at) SELECT n, 1 + n % (SELECT count(*) FROM workspaces), "
        "CASE WHEN n % 10 < 3 THEN 'slack:T' || n % 5000 || '/C' || n "
        "ELSE 'https://h' || n || '.example.com/' END, "
        "CASE WHEN n % 10 < 3 THEN 'slack' ELSE 'webhook' END, "
        "CASE WHEN n % 10 < 3 THEN 'slack:T' || n % 5000 ELSE 'h' || n || '.example.com' END, "
        f"'[]', '[]', '{{}}', false, 0, now() FROM generate_series(1, {places}) n",
        "INSERT INTO providers (id, slug, name, url, adapter, source, verification, status, memory, active, "
        "failures, unreadable, due_at, first_read_at, last_read_at) "
        "SELECT n, 'p' || n, 'P ' || n, 'https://p' || n || '.example', 'statuspage', 'user', 'verified', "
        "'operational', '{}', n % 50 = 0, 0, false, "
        f"now() + (n % 30) * interval '1 second', now(), now() FROM generate_series(1, {providers_}) n",
        f"INSERT INTO follows (id, provider_id, destination_id, {_WISHES}) SELECT (n - 1) * {FOLLOWS} + k, "
        f"2 + (n * 7919 + k * 104729) % {providers_ - 1}, n, {_WISHED} "
        f"FROM generate_series(1, {places}) n, generate_series(1, {FOLLOWS}) k ON CONFLICT DO NOTHING",
        f"INSERT INTO follows (id, provider_id, destination_id, {_WISHES}) "
        f"SELECT {places * FOLLOWS} + n, {BY_ALL}, n, {_WISHED} FROM generate_series(1, {places}) n",
        "INSERT INTO subjects (id, provider_id, kind, external_id, last_sequence) "
        f"SELECT n, 1 + n % {providers_}, 'incident', 'i' || n, 4 FROM generate_series(1, {subjects}) n",
        "INSERT INTO events (id, uid, provider_id, subject_id, sequence, key, type, data, context, seen_at) "
        f"SELECT (n - 1) * 4 + k, 'evt_' || n || '_' || k, 1 + n % {providers_}, n, k, n || ':' || k, "
        "'incident.updated', jsonb_build_object('incident', repeat('story ', 100)), '{}', "
        f"now() - interval '80 days' * (1 - n / {subjects}.0) "
        f"FROM generate_series(1, {subjects}) n, generate_series(1, 4) k",
        "INSERT INTO threads (id, destination_id, subject_id, cursor, head, due_at, attempt, begun, muted, "
        f"only_dead, reference) SELECT n, 1 + n % {places}, 1 + (n / {places} * 9973 + n * 31) % {subjects}, "
        "4, 4, NULL, 0, true, false, false, '1700000000.000001' "
        f"FROM generate_series(1, {told}) n ON CONFLICT DO NOTHING",
        "INSERT INTO deliveries (thread_id, sequence, state, message, finished_at) "
        f"SELECT id, 4, 'delivered', NULL, now() - interval '29 days' * (1 - id / {told}.0) FROM threads",
        "INSERT INTO attempts (id, thread_id, sequence, number, at, duration_ms, outcome, replay, answer) "
        "SELECT id, id, 4, 1, now() - interval '1 day', 40, 'delivered', false, 'ok' FROM threads",
        *(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            for table in ("workspaces", *LARGE)
            if table != "deliveries"
        ),
        "VACUUM ANALYZE",
    ]  # fmt: skip


_WISHES = (
    "incidents, components, maintenance, signals, component_ids, shape, loud, mention, remind_minutes, "
    "created_by, created_at"
)
_WISHED = "true, true, true, false, '[]', 'threads', '[]', '[]', 60, '', now()"


@dataclass(frozen=True)
class Asked:
    """A question, how long its answer took, and how it was found."""

    what: str
    seconds: float
    buffers: int = 0
    scans: tuple[str, ...] = ()
    """Tables that were gone through from end to end."""


Question = Callable[[AsyncSession], Awaitable[Any]]


async def fill(database: Database, scale: float) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    await migrate.upgrade(database)
    connection = database.engine.execution_options(isolation_level="AUTOCOMMIT").connect()
    async with connection as opened:
        for statement in rows(scale):
            await opened.exec_driver_sql(statement)
    return time.monotonic() - began


def questions(scale: float) -> dict[str, tuple[Sequence[str], Question]]:
    """Each with what is done before it."""
    places, told = int(DESTINATIONS * scale), int(THREADS * scale)
    later = f"UPDATE threads SET due_at = now() - interval '1 second' WHERE id <= {places}"
    held = (
        "INSERT INTO leases SELECT 'slack:T' || n, 'another', now() + interval '1 hour' "
        "FROM generate_series(0, 4999) n"
    )

    async def claim(session: AsyncSession) -> Any:
        return await claiming.claim_due(session, 400, 60, per_destination=12, hosts=Hosts(24), failing=200)

    async def acknowledge(session: AsyncSession) -> Any:
        now = await providers.database_now(session)
        await session.execute(text("UPDATE threads SET token = 'x' WHERE id <= 50"))
        tried = {"number": 1, "at": now, "duration_ms": 1, "outcome": "delivered", "status": 200, "answer": "",
                 "reason": None, "replay": False, "retry_in": None}  # fmt: skip
        outcomes = [
            Outcome(id_, "x", 5, moved=True, state="delivered", attempt=tried, finished_at=now)
            for id_ in range(1, 51)
        ]
        return await claiming.acknowledge(session, outcomes)

    def publish(provider_id: int) -> Question:
        async def ask(session: AsyncSession) -> None:
            [subject] = await events.add(session, provider_id, [_event()], await providers.database_now(session))
            wanted = Streams(incidents=True)
            await threads.publish(
                session, provider_id, subject.subject_id, first=subject.first, last=subject.last, streams=wanted
            )

        return ask

    async def unchanged(session: AsyncSession) -> None:
        claimed = await providers.claim_due(session, 100, 60, 400)
        await providers.record_unchanged(session, [Unchanged(one.id, one.token, 30) for one in claimed])

    return {
        "claim threads: nothing is due": ((), claim),
        f"claim 400 threads of {places:,} that are due": ((later,), claim),
        "… 5,000 Slack workspaces being told elsewhere": ((later, held), claim),
        "acknowledge 50": ((), acknowledge),
        "publish to the followers of one page": ((), publish(2)),
        f"publish to {places:,} followers": ((), publish(BY_ALL)),
        "claim 100 pages and write them down": (("UPDATE providers SET due_at = now()",), unchanged),
        "claim notices": ((), lambda session: notices.claim_due(session, 20, 60)),
        "newest 20 deliveries of a workspace": ((), lambda session: deliveries.listed(session, 1, None, 20)),
        "look for threads to forget among 10,000": (
            (), lambda session: pruning.idle_threads(session, 30, range(told // 2, told // 2 + 10_000)),
        ),
        "forget 1,000 deliveries": (
            ("UPDATE deliveries SET finished_at = now() - interval '40 days' WHERE thread_id <= 1000",),
            lambda session: pruning.deliveries(session, 30, 1000),
        ),
        "what /metrics counts": ((), vitals.read),
    }  # fmt: skip


def _event() -> events.NewEvent:
    return events.NewEvent(
        type="incident.opened", key=f"grown:{time.monotonic_ns()}", subject_kind="incident",
        subject_id=f"grown-{time.monotonic_ns()}", update_id=None, data={}, context={},
    )  # fmt: skip


async def ask(database: Database, what: str, before: Sequence[str], question: Question) -> Asked:
    """Nothing of it stays."""
    async with database.engine.connect() as connection:
        for statement in before:
            await connection.exec_driver_sql(statement)
        await connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{PATIENCE}s'")
        try:
            seconds = [await _timed(connection, question) for _ in range(ROUNDS)]
            plans = await _plans(connection, question)
        except DBAPIError:
            return Asked(what, math.inf)
        finally:
            await connection.rollback()
    buffers = sum(plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0) for plan in plans)
    scans = sorted({table for plan in plans for table in _scanned(plan)})
    return Asked(what, statistics.median(seconds), buffers, tuple(scans))


async def _timed(connection: Any, question: Question) -> float:
    point = await connection.begin_nested()
    async with AsyncSession(connection, expire_on_commit=False) as session:
        began = time.perf_counter()
        await question(session)
        took = time.perf_counter() - began
    await point.rollback()
    return took


async def _plans(connection: Any, question: Question) -> list[dict[str, Any]]:
    """Of each of its statements, in a life that is forgotten again."""
    asked: list[tuple[str, Any]] = []

    def note(_: Connection, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
        if statement.lstrip().startswith(("SELECT", "UPDATE", "INSERT", "DELETE", "WITH")):
            asked.append((statement, parameters[0] if many else parameters))

    event.listen(connection.sync_connection, "before_cursor_execute", note)
    await _timed(connection, question)
    event.remove(connection.sync_connection, "before_cursor_execute", note)
    raw, found = (await connection.get_raw_connection()).driver_connection, []
    for statement, parameters in asked:
        await connection.exec_driver_sql("SAVEPOINT explained")
        [[plan]] = await raw.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *parameters)
        found.append((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
        await connection.exec_driver_sql("ROLLBACK TO explained")
    return found


def _scanned(plan: dict[str, Any]) -> set[str]:
    mine = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in LARGE else set()
    return mine.union(*(_scanned(part) for part in plan.get("Plans", ())))


async def grown(scales: Sequence[float]) -> list[Row]:
    """One row for each question: its time in each database."""
    found: dict[int, list[Asked]] = {}
    with apart.postgresql() as server:
        for scale in scales:
            url = make_url(await apart.new_database(server)).update_query_dict({"command_timeout": "7200"})
            database = Database(url.render_as_string(hide_password=False))
            took = await fill(database, scale)
            async with database.read() as session:
                size = await session.scalar(text("SELECT pg_size_pretty(pg_database_size(current_database()))"))
            print(f"scale {scale:g}: filled in {timedelta(seconds=round(took))}, {size}", flush=True)
            for place, (what, (before, question)) in enumerate(questions(scale).items()):
                one = await ask(database, what, before, question)
                found.setdefault(place, []).append(one)
                print(f"  {what}: {one.seconds * 1000:.1f} ms, {one.buffers:,} buffers, {one.scans}", flush=True)
            await database.aclose()
    return [
        (several[-1].what, " · ".join(f"{one.seconds * 1000:.1f} ms" for one in several), _found(several[-1]))
        for several in found.values()
    ]


def _found(one: Asked) -> str:
    return f"{one.buffers:,} buffers" + (f"; whole: {', '.join(one.scans)}" if one.scans else "")


async def main(scales: Sequence[float]) -> None:
    """A table for docs/scaling.md."""
    for row in await grown(scales):
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    asyncio.run(main([float(word) for word in sys.argv[1:]] or [0.01, 1.0]))
