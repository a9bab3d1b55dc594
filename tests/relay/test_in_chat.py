"""What a chat asks of the deliverer beyond order: quiet hours, muted threads, one thread for the same trouble, and
a workspace that is gone; on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from standins.pages import Shelf, incident, snapshot
from standins.pages import update as post

from adapters import ADAPTERS
from adapters.schema import Incident
from relay.transports.transport import DeliveryError
from storage import follows, providers
from storage.database import Database
from storage.tables import Delivery, Destination, Follow, Notice, Provider, Thread

from .conftest import House, running

OPENED = post("u1", "investigating", 0)
IDENTIFIED = post("u2", "identified", 10)
RESOLVED = post("u3", "resolved", 30)


@pytest.fixture
async def chat(database: Database) -> AsyncIterator[House]:
    """A house whose follower is a chat."""
    shelf = Shelf(snapshot())
    adapters = {"shelf": replace(ADAPTERS["statuspage"], read=shelf.read)}
    async with running(database, adapters, "shelf", "https://jira.status.example.com", shelf) as house:
        house.mailbox.is_chat, house.mailbox.at_once = True, 1
        yield house


def around_now(hours: int = 1, least: str | None = None) -> dict[str, str | None]:
    now = datetime.now(UTC)
    begins, ends = now - timedelta(hours=1), now + timedelta(hours=hours)
    return {"from": f"{begins:%H:%M}", "until": f"{ends:%H:%M}", "zone": "UTC", "except": least}


async def states(house: House) -> list[str]:
    async with house.database.read() as session:
        rows = await session.scalars(select(Delivery.state).order_by(Delivery.thread_id, Delivery.sequence))
        return list(rows)


async def shows(house: House, *incidents: Incident) -> None:
    house.shelf.put(snapshot(*incidents))
    await house.poll()
    await house.delivered()


async def test_in_quiet_hours_nothing_is_told_and_a_summary_is_due_when_they_end(chat: House) -> None:
    await chat.follow(quiet=around_now())
    await shows(chat, incident(OPENED, IDENTIFIED))
    assert chat.mailbox.told == []
    assert await states(chat) == ["held", "held"]
    async with chat.database.read() as session:
        notice = (await session.scalars(select(Notice))).one()
    assert notice.kind == "summary"
    assert notice.due_at is not None
    assert timedelta(minutes=58) < notice.due_at - datetime.now(UTC) <= timedelta(hours=1)


async def test_a_message_that_is_there_already_is_kept_true_in_quiet_hours(chat: House) -> None:
    follow_id = await chat.follow()
    await shows(chat, incident(OPENED))
    async with chat.database.write() as session:
        await session.execute(update(Follow).where(Follow.id == follow_id).values(quiet=around_now()))
    await shows(chat, incident(OPENED, IDENTIFIED))
    assert [(one.muted, one.reference) for one in chat.mailbox.told] == [(False, None), (True, "root-1")]
    assert await states(chat) == ["delivered", "held"]


async def test_what_is_grave_enough_is_told_in_quiet_hours(chat: House) -> None:
    await chat.follow(quiet=around_now(least="major"))
    await shows(
        chat,
        incident(OPENED, impact="major"),
        incident(post("v1", "investigating", 1), id_="inc2", impact="minor"),
    )
    assert [one.event.subject.id for one in chat.mailbox.told] == ["inc1"]


async def test_a_receiver_that_is_no_chat_knows_no_quiet_hours(chat: House) -> None:
    chat.mailbox.is_chat = False
    await chat.follow(quiet=around_now())
    await shows(chat, incident(OPENED))
    assert chat.mailbox.types == ["incident.opened"]


async def test_a_muted_thread_is_kept_up_to_date_silently(chat: House) -> None:
    await chat.follow()
    await shows(chat, incident(OPENED))
    async with chat.database.write() as session:
        await session.execute(update(Thread).values(muted=True))
    await shows(chat, incident(OPENED, IDENTIFIED))
    assert [one.muted for one in chat.mailbox.told] == [False, True]
    assert await states(chat) == ["delivered", "delivered"]


async def test_the_same_incident_again_is_told_in_the_first_ones_thread(chat: House) -> None:
    await chat.follow()
    first = incident(OPENED, RESOLVED)
    await shows(chat, incident(OPENED))
    await shows(chat, first)
    again = incident(post("v1", "investigating", 90, OPENED.body), id_="inc2")
    await shows(chat, again, first)
    opened = chat.mailbox.told[-1]
    assert (opened.event.subject.id, opened.reference) == ("inc2", "root-1")
    assert [(one.event.subject.id, one.event.type, one.same_page) for one in opened.kin] == [
        ("inc1", "incident.resolved", True)
    ]
    third = incident(post("w1", "investigating", 150, OPENED.body), id_="inc3")
    await shows(chat, third, again, first)
    assert [one.event.subject.id for one in chat.mailbox.told[-1].kin] == ["inc1", "inc2"]
    await shows(chat, third, again, incident(OPENED, RESOLVED, post("u4", "resolved", 160)))
    assert [one.event.subject.id for one in chat.mailbox.told[-1].kin] == ["inc2", "inc3"]


async def test_a_sibling_page_shares_the_thread(chat: House) -> None:
    sibling = Shelf(snapshot())
    await _add_sibling(chat, sibling, "https://confluence.status.example.com")
    main_id = chat.provider_id
    await chat.follow()
    async with chat.database.read() as session:
        chat.provider_id = (await session.scalars(select(Provider.id).where(Provider.slug == "sibling"))).one()
    await chat.follow()
    chat.provider_id = main_id
    sibling.put(snapshot(incident(post("s1", "investigating", 0), id_="other")))
    await shows(chat, incident(OPENED))
    while len(chat.mailbox.told) < 2:
        await shows(chat, incident(OPENED))
    first, second = chat.mailbox.told
    assert (first.reference, second.reference) == (None, "root-1")
    assert [one.same_page for one in second.kin] == [False]
    while len(chat.mailbox.told) < 3:
        await shows(chat, incident(OPENED, RESOLVED))
    [kin] = chat.mailbox.told[-1].kin
    assert kin.event.type == "incident.opened"
    async with chat.database.read() as session:
        roots = await session.scalars(select(Thread.joins_id))
        assert sorted(root is None for root in roots) == [False, True], "whichever was read first"


async def test_a_page_that_is_not_followed_any_more_says_nothing_in_the_thread_it_shared(chat: House) -> None:
    sibling = Shelf(snapshot(incident(post("s1", "investigating", 0), id_="other")))
    await _add_sibling(chat, sibling, "https://confluence.status.example.com")
    await chat.follow()
    await shows(chat, incident(OPENED))
    main_id = chat.provider_id
    async with chat.database.write() as session:
        chat.provider_id = (await session.scalars(select(Provider.id).where(Provider.slug == "sibling"))).one()
    await chat.follow()
    while len(chat.mailbox.told) < 2:
        await shows(chat, incident(OPENED))
    assert [one.reference for one in chat.mailbox.told] == [None, "root-1"]
    async with chat.database.write() as session:
        await follows.remove(
            session, (await session.scalars(select(Follow).where(Follow.provider_id == main_id))).one()
        )
    over = incident(post("s1", "investigating", 0), post("s2", "resolved", 30), id_="other")
    sibling.put(snapshot(over))
    while len(chat.mailbox.told) < 3:
        await chat.poll()
        await chat.delivered()
    resolved = chat.mailbox.told[-1]
    assert (resolved.event.type, resolved.reference, resolved.kin) == ("incident.resolved", "root-1", ())
    sibling.put(snapshot(incident(post("t1", "investigating", 0, "Else."), id_="third"), over))
    while len(chat.mailbox.told) < 4:
        await chat.poll()
        await chat.delivered()
    assert chat.mailbox.told[-1].reference is None


async def _add_sibling(house: House, shelf: Shelf, url: str) -> None:
    adapters = house.poller._adapters
    assert isinstance(adapters, dict)
    adapters["sibling"] = replace(ADAPTERS["statuspage"], read=shelf.read)
    async with house.database.write() as session:
        session.add(Provider(
            slug="sibling", name="Sibling", url=url, adapter="sibling", source="user", verification="pending",
            status="unknown", memory={}, due_at=await providers.database_now(session), active=False, failures=0,
            unreadable=False,
        ))  # fmt: skip
    await house.poll()


async def test_whoever_follows_is_told_when_nothing_can_be_sent_any_more(chat: House) -> None:
    await chat.follow()
    chat.mailbox.errors = [DeliveryError("the channel is archived", permanent=True)]
    await shows(chat, incident(OPENED))
    async with chat.database.read() as session:
        notice = (await session.scalars(select(Notice))).one()
        assert (notice.kind, notice.destination_id) == ("trouble", 1)


async def test_a_workspace_that_is_gone_is_left_alone_at_once(chat: House) -> None:
    for uri in ("mailbox:T1/C1", "mailbox:T1/C2"):
        await chat.follow(uri)
    chat.mailbox.errors = [DeliveryError("token revoked", permanent=True, everywhere=True)]
    await shows(chat, incident(OPENED))
    await chat.follow("mailbox:T10/C3")
    await chat.delivered()
    async with chat.database.read() as session:
        disabled = await session.scalars(select(Destination.uri).where(Destination.disabled_at.is_not(None)))
        assert sorted(disabled) == ["mailbox:T1/C1", "mailbox:T1/C2"]
        assert (await session.scalars(select(Notice))).all() == []
    assert chat.mailbox.told[-1].address == "T10/C3"
