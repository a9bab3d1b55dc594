"""related: the same company first, then the same kind, the known before others."""

from datetime import timedelta

from sqlalchemy import insert
from standins.rows import case, provider

from storage.tables import Incident

from .conftest import NOW, Chat


async def test_those_that_are_read_come_first_with_their_state(chat: Chat) -> None:
    await chat.say("follow PAGE")
    category = (await chat.say("related chargeover")).data["category"]
    other = next(
        one.slug
        for one in chat.services.catalogue.entries
        if one.category == category and one.slug != "chargeover"
    )
    reply = await chat.say(f"related {other}")
    assert reply.sections[-1].heading == category
    first = reply.sections[-1].rows[0]
    assert first.title == "ChargeOver"
    assert first.status is not None
    assert first.detail == "chargeover · operational"
    rows = [row for section in reply.sections for row in section.rows]
    assert len(rows) <= 15
    assert other not in [row.detail for row in rows]


async def test_the_same_company_comes_before_the_same_kind(chat: Chat) -> None:
    reply = await chat.say("related jira")
    assert reply.sections[0].heading == "The same company"
    assert "confluence" in [one["slug"] for one in reply.data["same_company"]]
    slugs = [one["slug"] for one in (*reply.data["same_company"], *reply.data["same_category"])]
    assert len(slugs) == len(set(slugs))


async def test_a_page_on_a_shared_host_is_nobodys_sibling(chat: Chat) -> None:
    shared = [one.slug for one in chat.services.catalogue.entries if one.url.endswith(".statuspage.io")]
    reply = await chat.say(f"related {shared[0]}")
    assert set(shared) & {one["slug"] for one in reply.data["same_company"]} == set()


async def test_one_that_nobody_knows(chat: Chat) -> None:
    assert "Did you mean chargeover?" in await chat.refused("related chargeoverr")
    assert "Usage: /uptimus related" in await chat.refused("related")


async def test_those_in_trouble_at_the_same_times(chat: Chat) -> None:
    mine, other = [await provider(chat.services.database, slug) for slug in ("mine", "other")]
    async with chat.services.database.write() as session:
        for id_ in (mine, other):
            for back in (2, 20):
                at = NOW - timedelta(days=back)
                values = case(id_, f"i{back}", impact="major", phase="resolved", started_at=at, until_at=at)
                await session.execute(insert(Incident), [values])
    reply = await chat.say("related mine")
    [section] = [one for one in reply.sections if one.heading == "In trouble at the same times"]
    assert [(row.title, row.detail) for row in section.rows] == [
        ("Other", "other · 2 times in the last year, of 2 incidents")
    ]
    assert [(one["slug"], one["times"]) for one in reply.data["in_trouble_together"]] == [("other", 2)]
    assert [one["slug"] for one in reply.data["same_platform"]] == ["other"]
