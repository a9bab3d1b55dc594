"""What is kept no longer goes, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from standins.pages import incident, snapshot
from standins.pages import update as post

from relay.purge import purge
from relay.transports.transport import DeliveryError
from storage import follows, providers
from storage.database import Database
from storage.tables import (
    Attempt,
    Delivery,
    Destination,
    Event,
    Follow,
    Incident,
    Notice,
    Provider,
    Subject,
    Thread,
    Workspace,
)

from .conftest import House


async def _workspace(house: House, team: str, channel: str, gone_for: timedelta | None) -> None:
    async with house.database.write() as session:
        workspace_id = await follows.workspace(session, f"slack:{team}")
        now = await providers.database_now(session)
        destination = await follows.add_destination(session, workspace_id, f"slack:{team}/{channel}", "slack", [])
        session.add(
            Follow(
                provider_id=house.provider_id, destination_id=destination.id, incidents=True, components=True,
                maintenance=True, component_ids=[], created_by="U1", created_at=now,
            )
        )  # fmt: skip
        session.add(Notice(destination_id=destination.id, kind="digest", since_at=now, plan={}))
        if gone_for is not None:
            gone = update(Workspace).where(Workspace.id == workspace_id)
            await session.execute(gone.values(uninstalled_at=now - gone_for))


async def _kept(database: Database) -> set[str]:
    async with database.read() as session:
        uris = select(Destination.uri).join(Follow, Follow.destination_id == Destination.id)
        noticed = select(Destination.uri).join(Notice, Notice.destination_id == Destination.id)
        kept = set(await session.scalars(uris))
        assert set(await session.scalars(noticed)) == kept
        return kept


async def test_a_workspace_that_was_left_long_ago_is_forgotten(house: House) -> None:
    await _workspace(house, "T1", "C1", timedelta(days=30, minutes=1))
    await _workspace(house, "T2", "C2", timedelta(days=29, hours=23))
    await _workspace(house, "T3", "C3", None)
    assert await purge(house.database) == ["slack:T1"]
    assert await _kept(house.database) == {"slack:T2/C2", "slack:T3/C3"}
    assert await purge(house.database) == []
    async with house.database.read() as session:
        assert (await session.get_one(Provider, house.provider_id)).due_at is not None


async def test_a_page_that_nobody_follows_any_more_is_left_alone(house: House) -> None:
    await _workspace(house, "T1", "C1", timedelta(days=31))
    await purge(house.database)
    async with house.database.read() as session:
        assert (await session.get_one(Provider, house.provider_id)).due_at is None
        assert (await session.scalars(select(Thread))).all() == []


async def _told(house: House, number: int) -> None:
    """So many incidents that were told, from beginning to end."""
    await house.follow()
    opened = post("u1", "investigating", 0)
    for posts in ([opened], [opened, post("u2", "resolved", 5)]):
        house.shelf.put(snapshot(*(incident(*posts, id_=f"i{n}", title=f"Trouble {n}") for n in range(number))))
        await house.poll()
        await house.delivered()


async def _age(house: House, days: float, *, but: str = "") -> None:
    """Everything was so many days ago, but for what is about one incident."""
    back = timedelta(days=days)
    async with house.database.write() as session:
        young = select(Subject.id).where(Subject.external_id == but)
        for seen in await session.scalars(select(Event).where(Event.subject_id.not_in(young))):
            seen.seen_at -= back
        threads = select(Thread.id).where(Thread.subject_id.not_in(young))
        for delivery in await session.scalars(select(Delivery).where(Delivery.thread_id.in_(threads))):
            delivery.finished_at -= back


async def _left(house: House) -> tuple[int, int, int, int]:
    """Deliveries, attempts, threads, events. (The newest thread and the newest event are always left.)"""
    async with house.database.read() as session:
        tables = (Delivery, Attempt, Thread, Event)
        numbers = [await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
        return numbers[0], numbers[1], numbers[2], numbers[3]


@pytest.mark.parametrize(
    ("days", "keep", "left"),
    [
        (29, 30, (10, 10, 5, 10)),
        (31, 30, (0, 0, 1, 10)),
        (89, 30, (0, 0, 1, 10)),
        (91, 30, (0, 0, 1, 1)),
        (91, 100, (10, 10, 5, 10)),
        (101, 100, (0, 0, 1, 1)),
        (2, 1, (0, 0, 1, 10)),
    ],
)
async def test_what_ended_long_ago_is_forgotten_in_batches(
    house: House, days: int, keep: int, left: tuple[int, int, int, int]
) -> None:
    await _told(house, 5)
    await _age(house, days)
    await purge(house.database, keep_days=keep, batch=2)
    assert await _left(house) == left
    async with house.database.read() as session:
        assert len((await session.scalars(select(Incident))).all()) == 5
        assert {one.last_sequence for one in await session.scalars(select(Subject))} == {2}


async def test_no_batch_is_larger_than_asked_and_each_has_a_transaction_of_its_own(house: House) -> None:
    await _told(house, 5)
    await _age(house, 100)
    removed: list[tuple[str, int]] = []
    commits = 0

    def execute(_: object, cursor: Any, statement: str, *__: Any) -> None:
        if statement.startswith("DELETE FROM"):
            removed.append((statement.split()[2], commits))

    def commit(_: object) -> None:
        nonlocal commits
        commits += 1

    engine = house.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", execute)
    event.listen(engine, "commit", commit)
    await purge(house.database, keep_days=30, batch=3)
    event.remove(engine, "before_cursor_execute", execute)
    event.remove(engine, "commit", commit)
    batches = [(table, number) for table, number in removed if table in ("deliveries", "threads", "events")]
    assert [table for table, _ in batches] == ["deliveries"] * 4 + ["threads"] * 2 + ["events"] * 3
    assert len({number for _, number in batches}) == len(batches)
    assert await _left(house) == (0, 0, 1, 1)


async def test_what_is_still_needed_is_kept(house: House) -> None:
    await _told(house, 3)
    opened = post("u1", "investigating", 0)
    house.shelf.put(snapshot(incident(opened, id_="open", title="Still down")))
    await house.poll()
    await house.delivered()
    house.mailbox.errors = [DeliveryError("not now", uncounted=True, retry_after=3600)]
    house.shelf.put(snapshot(incident(opened, id_="waits", title="Not told yet")))
    await house.poll()
    await house.delivered()
    await _age(house, 200, but="i1")
    await purge(house.database, keep_days=30)
    async with house.database.read() as session:
        threads = await session.scalars(
            select(Subject.external_id).join(Thread, Thread.subject_id == Subject.id).order_by(Subject.external_id)
        )
        assert list(threads) == ["i1", "open", "waits"]
        events = await session.scalars(
            select(Subject.external_id).join(Event, Event.subject_id == Subject.id).order_by(Subject.external_id)
        )
        assert set(events) == {"i1", "open", "waits"}
        kept = await session.scalars(
            select(Subject.external_id)
            .join(Thread, Thread.subject_id == Subject.id)
            .join(Delivery, Delivery.thread_id == Thread.id)
        )
        assert set(kept) == {"i1"}


async def test_what_is_held_back_has_not_ended(house: House) -> None:
    await _told(house, 2)
    async with house.database.write() as session:
        first = (Delivery.sequence == 1, Delivery.thread_id == 1)
        await session.execute(update(Delivery).where(*first).values(state="held"))
    await _age(house, 200)
    await purge(house.database, keep_days=30)
    async with house.database.read() as session:
        assert list(await session.scalars(select(Delivery.state))) == ["held"]
        assert len((await session.scalars(select(Thread))).all()) == 2


async def test_an_incident_that_is_reopened_after_its_thread_was_forgotten_goes_on_counting(house: House) -> None:
    await _told(house, 2)
    await _age(house, 200)
    await purge(house.database, keep_days=30)
    posts = (post("u1", "investigating", 0), post("u2", "resolved", 5), post("u3", "investigating", 9))
    for number in range(2):  # of one the thread was forgotten, of the other it is the newest that there is
        house.mailbox.told.clear()
        house.shelf.put(snapshot(incident(*posts, id_=f"i{number}", title=f"Trouble {number}")))
        await house.poll()
        assert await house.delivered() == ["incident.reopened"]
        assert house.mailbox.told[-1].event.sequence == 3
