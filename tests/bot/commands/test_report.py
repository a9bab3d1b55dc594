"""report, in a channel: somebody has trouble, too; and with a month the report on that."""

import pytest
from sqlalchemy import select, text

from bot.commands.reply import Row
from storage import signals
from storage.tables import RaisedSignal, Signal

from .conftest import Chat


@pytest.fixture
async def followed(chat: Chat) -> Chat:
    await chat.say("follow PAGE")
    return chat


async def _kept(chat: Chat) -> list[tuple[str | None, str | None, str]]:
    async with chat.services.database.read() as session:
        rows = await session.scalars(select(Signal).order_by(Signal.id))
        return [(row.component, row.region, row.source) for row in rows]


async def test_people_are_counted_once_a_day(followed: Chat) -> None:
    said = await followed.say("report chargeover")
    assert said.text == "Thank you: your trouble with ChargeOver is counted."
    assert said.data["counted"]
    again = await followed.say("report chargeover")
    assert again.text == "You have reported trouble with ChargeOver today; everybody is counted once a day."
    await followed.say("report chargeover", actor="U2", team="T2")
    assert await _kept(followed) == [(None, None, "slack")] * 2


async def test_a_component_is_kept_and_the_words_are_not(followed: Chat) -> None:
    said = await followed.say("report chargeover the main application eats my cat --zone Europe/Berlin")
    assert said.text == "Thank you: your trouble with ChargeOver (Main Application) is counted."
    said = await followed.say("report chargeover my cat", actor="U2")
    assert "No component of ChargeOver is called so" in said.sections[0].note
    [named, nameless] = await _kept(followed)
    assert (named[0] is not None, named[1], nameless) == (True, "Europe/Berlin", (None, None, "slack"))


async def test_nothing_leads_back_to_a_person(followed: Chat) -> None:
    await followed.say("report chargeover my cat", actor="UWHISTLEBLOWER")
    async with followed.services.database.read() as session:
        for table in ("signals", "signal_counts", "notes", "audit", "subjects"):
            for row in await session.execute(text(f"SELECT * FROM {table}")):
                assert "WHISTLEBLOWER" not in str(tuple(row))
                assert "my cat" not in str(tuple(row))


async def test_what_is_known_is_told(followed: Chat) -> None:
    said = await followed.say("report chargeover")
    [row] = said.sections[0].rows
    assert isinstance(row, Row)
    assert row.status is not None
    async with followed.services.database.write() as session:
        provider_id = (await session.scalars(select(Signal.provider_id))).one()
        at = signals.quarter(followed.services.now())
        session.add(
            RaisedSignal(provider_id=provider_id, since_at=at, raised_at=at, above_at=at, needed=5, peak=9)
        )
    said = await followed.say("report chargeover", actor="U2")
    assert (
        "Users report trouble with ChargeOver, not confirmed by ChargeOver (up to 9 people in 15 minutes)."
        in said.sections[0].note
    )


async def test_who_reports_everything_is_stopped(followed: Chat) -> None:
    for _ in range(3):
        await followed.say("report chargeover")
    assert "try again later" in await followed.refused("report chargeover")


async def test_with_a_month_it_is_the_report_on_that(followed: Chat) -> None:
    said = await followed.say("report chargeover --month 2026-02")
    assert said.text.startswith("ChargeOver: February 2026")
    assert await _kept(followed) == []
    assert "is no month" in await followed.refused("report chargeover --month yesterday")


async def test_mistakes_have_an_answer(followed: Chat) -> None:
    assert "Which provider do you have trouble with?" in await followed.refused("report")
    assert "Usage: /uptimus report" in await followed.refused("report")
    assert "No provider is called 'nonsense'" in await followed.refused("report nonsense")
    assert "Nobody follows" in await followed.refused("report github")


async def test_signals_are_followed_when_they_are_named(followed: Chat) -> None:
    assert (await followed.say("follow PAGE")).data["follow"]["streams"] == [
        "incidents", "components", "maintenance",
    ]  # fmt: skip
    said = await followed.say("follow PAGE --stream all,signals")
    assert said.data["follow"]["streams"][-1] == "signals"
    assert "all streams, and what users report" in said.text
    said = await followed.say("follow PAGE --stream all")
    assert said.data["follow"]["streams"][-1] == "maintenance"
