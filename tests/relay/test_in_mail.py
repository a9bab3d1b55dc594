"""A whole incident told by mail, from a page that changes to what arrives in a mailbox, on both databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from standins.mail import Mail, MailTown
from standins.pages import Shelf, incident, snapshot
from standins.pages import update as post

from adapters import ADAPTERS
from adapters.schema import Status
from storage import deliveries
from storage.database import Database
from storage.tables import Delivery, Destination, Thread

from .conftest import House, running

TO = "mailto:ops@example.com"
OPENED = post("u1", "investigating", 0)
IDENTIFIED = post("u2", "identified", 10)
EDITED = post("u2", "identified", 10, "said better")
RESOLVED = post("u3", "resolved", 30)


@dataclass
class MailHouse:
    """A house, and where its mails arrive."""

    house: House
    town: MailTown

    async def says(self, *pages: object, **given: object) -> list[Mail]:
        """The page changes; all mails that there are once that is told."""
        self.house.shelf.put(snapshot(*pages, **given))  # type: ignore[arg-type]
        await self.house.poll()
        await self.house.delivered()
        return self.town.mails


@asynccontextmanager
async def mail_house(database: Database) -> AsyncIterator[MailHouse]:
    shelf = Shelf(snapshot())
    adapters = {"shelf": replace(ADAPTERS["statuspage"], read=shelf.read)}
    async with MailTown() as town:
        transport = town.transport()
        async with running(
            database, adapters, "shelf", "https://status.example.com", shelf, email=transport
        ) as house:
            yield MailHouse(house, town)
        await transport.aclose()


@pytest.fixture
async def mailed(database: Database) -> AsyncIterator[MailHouse]:
    async with mail_house(database) as made:
        yield made


async def test_an_incident_is_one_thread_of_one_subject(mailed: MailHouse) -> None:
    await mailed.house.follow(TO)
    await mailed.says(incident(OPENED))
    await mailed.says(incident(OPENED, IDENTIFIED))
    await mailed.says(incident(OPENED, EDITED, title="Logins and searches fail"))
    mails = await mailed.says(incident(OPENED, EDITED, RESOLVED, title="Logins and searches fail"))
    first, *rest = mails
    assert {one.header("Subject") for one in mails} == {"[ChargeOver] Logins fail"}
    assert {one.header("References") for one in rest} == {first.header("Message-ID")}
    kinds = [one.header("X-Uptimus-Event") for one in mails]
    assert kinds[0] == "incident.opened"
    assert kinds[-1] == "incident.resolved"
    assert "incident.edited" not in kinds
    assert "text of u1" in first.part("plain")
    assert "text of u2" in rest[0].part("plain")
    assert "ChargeOver: Logins and searches fail" in mails[-1].part("plain")
    async with mailed.house.database.read() as session:
        [thread] = (await session.scalars(select(Thread))).all()
        assert thread.cursor == thread.head
        assert thread.reference == f"{first.header('Message-ID')} [ChargeOver] Logins fail"
        assert {one.state for one in await session.scalars(select(Delivery))} == {"delivered"}
        [destination] = (await session.scalars(select(Destination))).all()
        assert first.header("List-Unsubscribe").endswith(f"-{destination.id}>")


async def test_two_incidents_are_two_threads(mailed: MailHouse) -> None:
    await mailed.house.follow(TO)
    other = incident(post("o1", "investigating", 1), id_="inc2", title="Search is slow")
    mails = await mailed.says(incident(OPENED), other)
    assert [one.message["References"] for one in mails] == [None, None]
    assert {one.header("Subject") for one in mails} == {"[ChargeOver] Logins fail", "[ChargeOver] Search is slow"}


async def test_an_incident_goes_on_in_the_thread_of_its_component(mailed: MailHouse) -> None:
    await mailed.house.follow(TO)
    await mailed.says(app=Status.MAJOR_OUTAGE)
    mails = await mailed.says(incident(OPENED), app=Status.MAJOR_OUTAGE)
    assert [one.header("X-Uptimus-Event") for one in mails] == ["component.changed", "incident.opened"]
    assert mails[1].header("References") == mails[0].header("Message-ID")
    assert {one.header("Subject") for one in mails} == {"[ChargeOver] Main Application"}
    assert "Logins fail" in mails[1].part("plain")


async def test_in_quiet_hours_no_mail_is_sent(mailed: MailHouse) -> None:
    now = datetime.now(UTC)
    quiet = {
        "from": f"{now - timedelta(hours=1):%H:%M}", "until": f"{now + timedelta(hours=2):%H:%M}", "zone": "UTC",
        "except": None,
    }  # fmt: skip
    await mailed.house.follow(TO, quiet=quiet)
    assert await mailed.says(incident(OPENED)) == []
    async with mailed.house.database.read() as session:
        assert [one.state for one in await session.scalars(select(Delivery))] == ["held"]


async def test_no_such_user_disables_the_address_and_a_busy_server_does_not(mailed: MailHouse) -> None:
    await mailed.house.follow(TO)
    mailed.town.fail_next("RCPT", "451 4.7.1 greylisted")
    assert await mailed.says(incident(OPENED)) == []
    async with mailed.house.database.read() as session:
        [waiting] = await deliveries.listed(session, 1, "pending", 10)
        assert waiting.reason == "the mail server refuses this address (451 4.7.1 greylisted)"
    mailed.town.fail_next("RCPT", "550 5.1.1 no such user")
    await mailed.house.hasten()
    await mailed.house.delivered()
    async with mailed.house.database.read() as session:
        [destination] = (await session.scalars(select(Destination))).all()
        assert destination.disabled_because == "the mail server refuses this address (550 5.1.1 no such user)"
    assert mailed.town.mails == []
