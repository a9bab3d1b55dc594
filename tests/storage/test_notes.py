"""What uptimus remembers of its own doings, and whom it still has to tell of trouble."""

from datetime import UTC, datetime

from sqlalchemy import update

from storage import follows, notes, threads, unheard
from storage.database import Database, from_now
from storage.tables import Note, Notice


async def test_a_note_is_put_anew_and_old_ones_are_forgotten(database: Database) -> None:
    async with database.write() as session:
        await notes.put(session, "commands", "a")
        await notes.put(session, "commands", "b")
        await notes.put(session, f"{notes.UNFOLLOWED}1", "x")
        await session.execute(update(Note).values(at=from_now(-31 * 86400)))
        await notes.put(session, f"{notes.UNFOLLOWED}2", "y")
        await notes.forget_old(session)
    async with database.read() as session:
        names = ("commands", f"{notes.UNFOLLOWED}1", f"{notes.UNFOLLOWED}2", "other")
        assert [await notes.get(session, name) for name in names] == ["b", None, "y", None]


async def test_whoever_was_not_reached_hears_of_it_once(database: Database) -> None:
    key, person, other = "discord:1", "100000000000000001", "100000000000000002"
    async with database.write() as session:
        at = await follows.add_destination(
            session, await follows.workspace(session, key), f"{key}/2", "discord", []
        )
        plan = {"told": [person, other], "unheard": [person]}
        since = datetime(2026, 1, 1, tzinfo=UTC)
        session.add(Notice(destination_id=at.id, kind="trouble", since_at=since, plan=plan))
        await session.flush()
        assert await unheard.of_person(session, key, person) == []  # it can be told after all
        await threads.disable(session, [at.id], "gone")
        assert await unheard.of_person(session, key, person) == [(at.id, f"{key}/2", "gone")]
        assert await unheard.of_person(session, key, other) == []
        assert await unheard.of_person(session, "discord:9", person) == []
        assert await unheard.heard(session, at.id, person)
        assert not await unheard.heard(session, at.id, person)
        assert await unheard.of_person(session, key, person) == []


async def test_who_may_change_what_until_somebody_chooses(database: Database) -> None:
    async with database.write() as session:
        for key, first in (("slack:T1", "everyone"), ("discord:1", "admins"), ("local", "everyone")):
            assert await follows.editors(session, key) == (first, [])
            await follows.workspace(session, key)
            assert await follows.editors(session, key) == (first, [])
