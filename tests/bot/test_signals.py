"""What is kept of who reports something, and what they mean."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from bot import persons
from bot.limits import RateLimit
from bot.signals import Limits, meant, region
from bot.vault import Vault
from storage import notes, signals
from storage.database import Database
from storage.tables import Component, Note

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ANN, BOB = ("slack:T1", "U1"), ("slack:T1", "U2")


def component(id_: str, name: str) -> Component:
    return Component(external_id=id_, name=name)


LISTED = [
    component("app", "Main Application"),
    component("api", "API"),
    component("login", "Login & Sign-up"),
    component("eu", "Payments (Europe)"),
    component("us", "Payments (US)"),
]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Main Application", "app"),
        ("main  application", "app"),
        ("app", "app"),
        ("api", "api"),
        ("the API times out", "api"),
        ("login", "login"),
        ("login & sign up", "login"),
        ("main aplication", "app"),
        ("payments europe", "eu"),
        ("payments", None),
        ("", None),
        ("everything", None),
        ("capital", None),
        ("\0", None),
        ("x" * 5000, None),
    ],
)
def test_what_somebody_means(words: str, found: str | None) -> None:
    component = meant(words, LISTED)
    assert (component.external_id if component is not None else None) == found


@pytest.mark.parametrize(
    ("zone", "kept"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("UTC", None),
        ("Etc/GMT+3", None),
        ("I live in Main Street 5", None),
        ("../../etc/passwd", None),
        ("", None),
        (None, None),
    ],
)
def test_of_a_zone_only_its_name_is_kept(zone: str | None, kept: str | None) -> None:
    assert region(zone) == kept


def vault() -> Vault:
    return Vault([Fernet.generate_key().decode()])


async def hashed(database: Database, safe: Vault, who: tuple[str, ...], at: datetime, provider: int = 1) -> str:
    async with database.write() as session:
        return (await persons.hashed(session, safe, provider, who, at)).today


async def test_a_person_has_one_hash_a_day_and_provider(database: Database) -> None:
    safe = vault()
    first = await hashed(database, safe, ANN, NOON)
    assert first == await hashed(database, safe, ANN, NOON + timedelta(hours=11))
    others = [
        await hashed(database, safe, BOB, NOON),
        await hashed(database, safe, ANN, NOON, provider=2),
        await hashed(database, safe, ANN, NOON + timedelta(days=1)),
        await hashed(database, safe, ("slack:T1U", "1"), NOON),
    ]
    assert len({first, *others}) == 5


async def test_the_days_key_is_of_chance_and_sealed(database: Database) -> None:
    safe = vault()
    await hashed(database, safe, ANN, NOON)
    async with database.write() as session:
        [sealed] = await session.scalars(select(Note.value).where(Note.name == signals.key_name(NOON.date())))
        key = safe.open(sealed)
        await notes.forget(session, signals.key_name(NOON.date()))
    assert len(key) == 64
    assert key not in sealed
    lost = await hashed(database, safe, ANN, NOON)
    async with database.read() as session:
        again = await notes.get(session, signals.key_name(NOON.date()))
    assert again is not None
    assert safe.open(again) != key
    assert lost != await hashed(database, vault(), ANN, NOON), "a vault that can't open it makes another"


async def test_yesterdays_hash_is_known_in_the_first_minutes_of_a_day(database: Database) -> None:
    safe, midnight = vault(), datetime(2026, 3, 5, tzinfo=UTC)
    before = await hashed(database, safe, ANN, midnight - timedelta(minutes=5))
    async with database.write() as session:
        early = await persons.hashed(session, safe, 1, ANN, midnight + timedelta(minutes=5))
        later = await persons.hashed(session, safe, 1, ANN, midnight + timedelta(minutes=21))
    assert (early.yesterday, later.yesterday) == (before, None)


def test_one_address_counts_for_a_few_people_and_a_page_for_many() -> None:
    limits = Limits(of_all=RateLimit(8, 60))
    assert [limits.wait("a", "x") > 0 for _ in range(4)] == [False, False, False, True]
    assert [limits.wait("a", "y") > 0 for _ in range(4)] == [False, False, False, True]
    assert [limits.wait(f"client {n}", "x") > 0 for n in range(6)] == [False] * 5 + [True]
