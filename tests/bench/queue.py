"""Something to tell: endpoints, what they follow, and the events that wait for them."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bench import rows
from sqlalchemy import delete, insert, select, update
from standins.login_outage import STORY

from storage import follows, threads
from storage.database import Database, from_now
from storage.tables import Attempt, Delivery, Destination, Event, Follow, Provider, Subject, Thread

SECRET = "whsec_" + "A" * 43 + "="
BODY = json.dumps(STORY[0].public(), separators=(",", ":"), ensure_ascii=False).encode()
"""What a webhook is told of one of these events; only its id differs."""
SOME = 5_000
"""Rows that are written at once."""


async def add_provider(database: Database, name: str) -> int:
    """A page that nobody reads; its id."""
    async with database.write() as session:
        provider = Provider(
            slug=name, name=name, url=f"https://{name}.example.com", adapter="statuspage", source="user",
            verification="verified", status="operational", memory={}, active=False, failures=0, unreadable=False,
        )  # fmt: skip
        session.add(provider)
        await session.flush()
        return provider.id


async def add_endpoints(
    database: Database, provider_id: int, urls: Sequence[str], seal: Callable[[str], str]
) -> list[int]:
    """A webhook for each address, which follows the page; their ids. Each has a secret of its own, as it were:
    none is sealed alike."""
    now = datetime.now(UTC)
    async with database.write() as session:
        workspace_id = await follows.workspace(session, "local")
        for start in range(0, len(urls), SOME):
            found = [
                {"workspace_id": workspace_id, "uri": url, "transport": "webhook", "secrets": [seal(SECRET)],
                 "host": urlsplit(url).hostname, "created_at": now}
                for url in urls[start : start + SOME]
            ]  # fmt: skip
            await session.execute(insert(Destination), found)
        ids: dict[str, int] = dict((await session.execute(select(Destination.uri, Destination.id))).tuples().all())
        wanted = [ids[url] for url in urls]
        for start in range(0, len(wanted), SOME):
            some = [rows.follow(provider_id, id_, now) for id_ in wanted[start : start + SOME]]
            await session.execute(insert(Follow), some)
    return wanted


async def add_subjects(database: Database, provider_id: int, number: int, events: int = 1) -> list[int]:
    """Incidents of that page with so many events each; their ids. Nobody is told yet."""
    async with database.write() as session:
        named = [f"incident-{place}" for place in range(number)]
        for start in range(0, number, SOME):
            await session.execute(
                insert(Subject),
                [
                    {"provider_id": provider_id, "kind": "incident", "external_id": name, "last_sequence": events}
                    for name in named[start : start + SOME]
                ],
            )
        ids = list(
            await session.scalars(
                select(Subject.id).where(Subject.provider_id == provider_id).order_by(Subject.id)
            )
        )
        found = [_event(provider_id, id_, sequence) for id_ in ids for sequence in range(1, events + 1)]
        for start in range(0, len(found), SOME):
            await session.execute(insert(Event), found[start : start + SOME])
    return ids


def _event(provider_id: int, subject_id: int, sequence: int) -> dict[str, object]:
    told = STORY[0]
    return {
        "uid": f"evt_{provider_id}_{subject_id}_{sequence}", "provider_id": provider_id, "subject_id": subject_id,
        "sequence": sequence, "key": f"{subject_id}:{sequence}", "type": str(told.type), "update_id": None,
        "data": told.raw_data, "context": told.raw_context, "seen_at": datetime.now(UTC),
    }  # fmt: skip


async def publish(database: Database, provider_id: int, subjects: Sequence[int], last: int = 1) -> None:
    """Wakes the threads of all who follow, as a poll does that found news."""
    async with database.write() as session:
        for subject_id in subjects:
            await threads.publish(
                session, provider_id, subject_id, first=1, last=last, streams=threads.Streams(incidents=True)
            )


async def add_threads(database: Database, destination_id: int, subjects: Sequence[int], head: int = 1) -> None:
    """A thread for each subject at one destination, in which so many events wait since a minute ago."""
    async with database.write() as session:
        for start in range(0, len(subjects), SOME):
            found = [
                {"destination_id": destination_id, "subject_id": id_, "cursor": 0, "head": head, "attempt": 0,
                 "begun": False, "muted": False}
                for id_ in subjects[start : start + SOME]
            ]  # fmt: skip
            await session.execute(insert(Thread), found)
        await session.execute(
            update(Thread).where(Thread.destination_id == destination_id).values(due_at=from_now(-60))
        )


async def drop_threads(database: Database, destination_id: int) -> None:
    """Nothing waits for that destination any more, and it has never failed."""
    async with database.write() as session:
        await session.execute(delete(Thread).where(Thread.destination_id == destination_id))
        await session.execute(
            update(Destination)
            .where(Destination.id == destination_id)
            .values(paused_until=None, pauses=0, failing_since=None, disabled_at=None)
        )


async def untell(database: Database, *, but: Sequence[int] = ()) -> None:
    """Everything is to be told as if it never had been, but at these destinations."""
    async with database.write() as session:
        await session.execute(delete(Attempt))
        await session.execute(delete(Delivery))
        await session.execute(
            update(Thread)
            .where(Thread.destination_id.not_in(but))
            .values(cursor=0, due_at=from_now(), attempt=0, token=None, begun=False)
        )


async def forget(database: Database) -> None:
    """Nothing waits any more, and no destination has ever failed."""
    async with database.write() as session:
        await session.execute(delete(Thread))
        await session.execute(update(Destination).values(paused_until=None, pauses=0, failing_since=None))
