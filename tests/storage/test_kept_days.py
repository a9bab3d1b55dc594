"""Days that are over are kept: what they say is what was known, it is told again when more is known, and it
outlives what it was told from."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, insert, select, update
from standins.rows import NOW, case, component, provider

from adapters import schema
from adapters.adapter import Reading
from adapters.schema import Coverage, Impact, IncidentPhase, Snapshot, Status, Update
from relay.poll import pace
from relay.record import record_snapshot
from storage import histories, kept_days, past_days, providers
from storage.database import Database
from storage.days import Source
from storage.histories import Histories
from storage.history import DayState
from storage.tables import Component, Incident, KeptDay, Maintenance, Observation, Provider, Span

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


async def asked(database: Database, provider_id: int, zone: object = UTC, days: int = 90) -> Histories:
    """The last days of the provider and of each of its components."""
    async with database.read() as session:
        found = await session.get_one(Provider, provider_id)
        ids = list(await session.scalars(select(Component.id).where(Component.provider_id == provider_id)))
        return await histories.last_days(session, found, days, NOW, zone, components=ids)  # type: ignore[arg-type]


def differences(one: Histories, other: Histories) -> list[object]:
    """Days that are not alike; each of whole and components."""
    pairs = [(one.whole, other.whole), *((one.components[id_], other.components[id_]) for id_ in one.components)]
    return [(a, b) for ours, theirs in pairs for a, b in zip(ours.days, theirs.days, strict=True) if a != b]


async def rows(database: Database, provider_id: int) -> list[tuple[int | None, date, str]]:
    """What is kept."""
    async with database.read() as session:
        found = await session.execute(
            select(KeptDay.component_id, KeptDay.day, KeptDay.state)
            .where(KeptDay.provider_id == provider_id)
            .order_by(KeptDay.day, KeptDay.id)
        )
        return [(row.component_id, row.day, row.state) for row in found]


async def eventful(database: Database, seed: int) -> int:
    """A provider with three components to whom much happened, never in the same way."""
    chance = random.Random(seed)

    def at(least: float = 0.0, most: float = 95.0) -> datetime:
        return NOW - timedelta(minutes=chance.randint(int(least * 1440), int(most * 1440)))

    id_ = await provider(database, slug=f"p{seed}")
    parts = [
        await component(database, id_, f"c{place}", first_seen_at=NOW - timedelta(days=float(since)))
        for place, since in enumerate((100, 60, 33))
    ]
    async with database.write() as session:
        for moments in (sorted(at(6) for _ in range(8)),):
            pairs = list(zip(moments[::2], moments[1::2], strict=True))
            await session.execute(
                insert(Observation),
                [{"provider_id": id_, "from_at": begins, "until_at": ends} for begins, ends in pairs],
            )
        for one, since in ((None, 100), *zip(parts, (100, 60, 33), strict=True)):
            moments = [NOW - timedelta(days=since), *sorted({at(0, since) for _ in range(6)})]
            for begins, ends in zip(moments, [*moments[1:], None], strict=True):
                status = chance.choice([*Status, Status.OPERATIONAL, Status.OPERATIONAL])
                await session.execute(
                    insert(Span).values(
                        provider_id=id_, component_id=one, status=str(status), from_at=begins, until_at=ends
                    )
                )
        for number in range(6):
            begins = at(0, 120)
            ends = begins + chance.choice([timedelta(), HOUR, 30 * HOUR])
            named = chance.sample(["c0", "c1", "gone"], 1)
            values = case(
                id_, f"i{number}", impact=str(chance.choice(list(Impact))), phase="resolved", started_at=begins,
                resolved_at=ends, until_at=ends, posted_at=begins, first_seen_at=begins + chance.choice([0, 3]) *
                HOUR, component_ids=named, removed=number == 5,
            )  # fmt: skip
            await session.execute(insert(Incident), [values])
            window = case(
                id_, f"m{number}", phase=chance.choice(["completed", "scheduled", "in_progress"]),
                starts_at=begins - 5 * HOUR, ends_at=ends, component_ids=named,
            )  # fmt: skip
            await session.execute(insert(Maintenance), [window])
    return id_


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_kept_is_what_was_known(database: Database, seed: int) -> None:
    id_ = await eventful(database, seed)
    known, in_berlin = await asked(database, id_), await asked(database, id_, BERLIN)
    assert {one.source for one in known.whole.days} >= {Source.OBSERVED, Source.UNKNOWN}
    assert await kept_days.close_days(database, NOW) == 1
    assert differences(await asked(database, id_), known) == []
    assert differences(await asked(database, id_, BERLIN), in_berlin) == []
    assert len([day for component_id, day, _ in await rows(database, id_) if component_id is None]) > 20


async def test_closing_twice_changes_nothing(database: Database) -> None:
    id_ = await eventful(database, 9)
    await kept_days.close_days(database, NOW)
    kept = await rows(database, id_)
    assert await kept_days.close_days(database, NOW) == 0
    async with database.write() as session:
        await session.execute(update(Provider).values(closed_until=None))
    assert await kept_days.close_days(database, NOW) == 1
    assert await rows(database, id_) == kept


async def test_it_catches_up(database: Database) -> None:
    """Closed day by day, or all at once."""
    id_ = await eventful(database, 10)
    for back in range(30, -1, -1):
        async with database.write() as session:
            await session.execute(update(Provider).values(last_read_at=NOW - back * DAY))
        await kept_days.close_days(database, NOW - back * DAY)
    step_by_step = await asked(database, id_)
    async with database.write() as session:
        await session.execute(delete(KeptDay))
        await session.execute(update(Provider).values(closed_until=None))
    assert differences(await asked(database, id_), step_by_step) == []


async def test_ninety_days_are_ninety_rows_and_a_calm_component_has_none(database: Database) -> None:
    id_ = await provider(database, observed_since=NOW - 100 * DAY)
    part = await component(database, id_, "c0")
    async with database.write() as session:
        for one in (None, part):
            span = {"provider_id": id_, "component_id": one, "status": "operational", "from_at": NOW - 100 * DAY}
            await session.execute(insert(Span), [span])
    await kept_days.close_days(database, NOW)
    kept = await rows(database, id_)
    assert len(kept) == 100
    assert {(component_id, state) for component_id, _, state in kept} == {(None, "operational")}
    found = (await asked(database, id_)).components[part]
    assert found.uptime.known == found.uptime.operational == 90
    assert found.uptime.seconds.observed == (89.5) * 86400
    assert found.uptime.seconds.observed_share == 1


async def test_a_day_is_over_when_a_later_one_has_been_read(database: Database) -> None:
    """A read at 00:00:30 observes the last half minute of the day before."""
    midnight = datetime(2026, 3, 15, tzinfo=UTC)
    last = midnight - timedelta(seconds=30)
    id_ = await provider(database, last_read_at=last)
    await kept_days.close_days(database, midnight + timedelta(seconds=10))
    async with database.read() as session:
        assert (await session.get_one(Provider, id_)).closed_until == date(2026, 3, 13)
    await kept_days.close_days(database, midnight + 5 * DAY)  # it is not being read any more
    async with database.read() as session:
        assert (await session.get_one(Provider, id_)).closed_until == date(2026, 3, 19)


async def test_pruning_keeps_what_the_days_were_like(database: Database) -> None:
    id_ = await eventful(database, 11)
    before = await asked(database, id_)
    assert await kept_days.prune(database, NOW, 30) == 0  # nothing is closed yet
    await kept_days.close_days(database, NOW)
    assert await kept_days.prune(database, NOW, 30) > 0
    assert await kept_days.prune(database, NOW, 30) == 0
    async with database.read() as session:
        oldest = await session.scalar(select(func.min(Span.until_at)))
        assert oldest is not None
        assert oldest >= datetime(2026, 2, 13, tzinfo=UTC)
    assert differences(await asked(database, id_), before) == []
    async with database.write() as session:  # an old incident is told of: its days are not told anew
        found = await session.get_one(Provider, id_)
        found.closed_until = date(2026, 1, 1)
    assert differences(await asked(database, id_), before) == []
    await kept_days.close_days(database, NOW)
    assert differences(await asked(database, id_), before) == []
    in_berlin = await asked(database, id_, BERLIN)  # in another zone, old days are those of UTC
    assert in_berlin.whole.days[:50] == before.whole.days[:50]


def _snapshot(now: datetime, *incidents: schema.Incident, components: tuple[str, ...] = ("c0",)) -> Reading:
    return Reading(
        Snapshot(
            provider=schema.Provider(name="ChargeOver", url="https://chargeover.example", adapter="statuspage"),
            page_id="page",
            status=Status.OPERATIONAL,
            components=tuple(schema.Component(id=one, name=one, status=Status.OPERATIONAL) for one in components),
            incidents=incidents,
            coverage=Coverage(active_incidents=True, past_incidents=True),
            read_at=now,
        ),
        {},
    )


def _backdated(now: datetime, back: float, impact: Impact = Impact.CRITICAL) -> schema.Incident:
    """Told now: an hour of outage so many days ago."""
    start = now - timedelta(days=back)
    return schema.Incident(
        id="late", title="Network outage", impact=impact, phase=IncidentPhase.RESOLVED, started_at=start,
        resolved_at=start + HOUR, component_ids=("c0",),
        updates=(Update(id="u", phase="resolved", body="It was the firewall.", posted_at=now),),
    )  # fmt: skip


async def read(database: Database, id_: int, *incidents: schema.Incident, **given: tuple[str, ...]) -> None:
    """The page is read, and says this."""
    async with database.write() as session:
        found = await session.get_one(Provider, id_)
        now = await providers.database_now(session)
        await record_snapshot(session, found, _snapshot(now, *incidents, **given), pace(60, 60))


async def test_what_is_told_later_changes_days_that_are_closed(database: Database) -> None:
    async with database.read() as session:
        now = await providers.database_now(session)
    id_ = await provider(database, first_read_at=None, last_read_at=None, observed_since=None, status_since=None)
    await read(database, id_)
    async with database.write() as session:  # as if it had been read for twenty days
        since = now - 20 * DAY
        await session.execute(update(Provider).values(first_read_at=since, observed_since=since))
        await session.execute(update(Span).values(from_at=since))
        await session.execute(update(Component).values(first_seen_at=since))

    async def days() -> dict[str, list[tuple[DayState, float]]]:
        async with database.read() as session:
            found = await session.get_one(Provider, id_)
            [part] = await session.scalars(select(Component.id).where(Component.provider_id == id_))
            both = await histories.last_days(session, found, 15, now, components=[part])
        return {
            name: [(one.state, one.seconds.major_outage) for one in told.days]
            for name, told in (("whole", both.whole), ("part", both.components[part]))
        }

    calm = [(DayState.OPERATIONAL, 0.0)] * 15
    await kept_days.close_days(database, now)
    assert await days() == {"whole": calm, "part": calm}
    await read(database, id_, _backdated(now, 7))
    told = await days()
    for name in ("whole", "part"):
        assert sum(lasted for _, lasted in told[name]) == 3600
        assert 1 <= sum(state is DayState.OUTAGE for state, _ in told[name]) <= 2
    await kept_days.close_days(database, now)
    assert await days() == told
    await read(database, id_, _backdated(now, 7, Impact.NONE))  # the page takes it back
    assert await days() == {"whole": calm, "part": calm}
    await kept_days.close_days(database, now)
    assert await days() == {"whole": calm, "part": calm}


async def test_days_that_the_page_tells_of_its_past_are_filled_in_later_too(database: Database) -> None:
    id_ = await provider(database, first_read_at=NOW - 5 * DAY)
    part = await component(database, id_, "c0", first_seen_at=NOW - 5 * DAY)
    await kept_days.close_days(database, NOW)
    async with database.write() as session:
        day = schema.PastDay(component_id="c0", day=date(2026, 3, 1), status=Status.PARTIAL_OUTAGE)
        await past_days.fill(session, id_, [day])
    for _ in range(2):
        found = await asked(database, id_)
        for told in (found.whole, found.components[part]):
            [outage] = [one for one in told.days if one.state is DayState.OUTAGE]
            assert (outage.day, outage.source) == (date(2026, 3, 1), Source.FILLED)
        await kept_days.close_days(database, NOW)


async def test_a_component_that_was_away_for_a_while_is_unknown_meanwhile(database: Database) -> None:
    async with database.read() as session:
        now = await providers.database_now(session)
    id_ = await provider(database, first_read_at=None, last_read_at=None, observed_since=None)
    await read(database, id_, components=("c0", "c1"))
    async with database.write() as session:
        since = now - 20 * DAY
        await session.execute(update(Provider).values(first_read_at=since, observed_since=since))
        await session.execute(update(Span).values(from_at=since))
        away = Component.external_id == "c1"
        await session.execute(update(Component).values(first_seen_at=since))
        await session.execute(update(Component).where(away).values(removed_at=now - 9 * DAY))
        gone = select(Component.id).where(away).scalar_subquery()
        await session.execute(update(Span).where(Span.component_id == gone).values(until_at=now - 9 * DAY))

    async def states() -> list[DayState]:
        async with database.read() as session:
            found = await session.get_one(Provider, id_)
            [part] = await session.scalars(select(Component.id).where(Component.external_id == "c1"))
            both = await histories.last_days(session, found, 15, now, components=[part])
        return [one.state for one in both.components[part].days]

    up, unknown = DayState.OPERATIONAL, DayState.UNKNOWN
    await kept_days.close_days(database, now)
    assert await states() == [up] * 6 + [unknown] * 9
    await read(database, id_, components=("c0", "c1"))
    assert await states() == [up] * 6 + [unknown] * 8 + [up]
    await kept_days.close_days(database, now)
    assert await states() == [up] * 6 + [unknown] * 8 + [up]
