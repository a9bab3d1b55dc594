"""A whole server with a provider for each case that its pages have to show well."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from aiohttp import web
from cryptography.fernet import Fernet
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession
from standins import past
from standins.push_house import key

from adapters import ADAPTERS, catalogue
from adapters.fetch import Fetcher
from bot.commands.services import Services
from bot.vault import Vault
from bot.web import data, listed, programs, push, server, signals
from bot.web.views import Facts
from relay.metrics import Metrics
from relay.poll import pace
from storage.database import Database
from storage.tables import Component, Incident, Maintenance, Observation, Provider, Span

NOW = datetime(2025, 7, 28, 15, 30, tzinfo=UTC)
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"' onload=x {{ 7*7 }} </title></style>]]> <!--"
LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 5
SLUGS = ("chargeover", "stormy", "many", "bare", "unread", "lost", "evil", "left")
HOUR = timedelta(hours=1)
STORY = (
    "We see **elevated error rates** on the API.\n\nPayments are not affected.",
    "Found: a bad deploy.\n\n- rolled back in eu-west\n- rolling back in us-east\n\nSee [the log](https://example.com/l).",
    "The roll-back is through; error rates fall.",
)


@dataclass
class Gallery:
    """`url` is where the server is."""

    services: Services
    url: str


async def _provider(session: AsyncSession, slug: str, name: str, **given: Any) -> int:
    row = {
        "slug": slug, "name": name, "url": f"https://status.{slug}.example", "category": "Payments",
        "adapter": "statuspage", "source": "user", "verification": "verified", "status": "operational",
        "status_since": NOW - 300 * HOUR, "memory": {}, "active": False, "failures": 0, "unreadable": False,
        "due_at": NOW, "first_read_at": NOW - 2000 * HOUR, "last_read_at": NOW - timedelta(seconds=12),
        "observed_since": NOW - 2000 * HOUR,
    }  # fmt: skip
    return int((await session.scalars(insert(Provider).returning(Provider.id), [row | given])).one())


async def _component(session: AsyncSession, provider_id: int, place: int, name: str, **given: Any) -> int:
    row = {
        "provider_id": provider_id, "external_id": f"c{place}", "position": place, "name": name,
        "status": "operational", "told_status": "operational", "first_seen_at": NOW - 2000 * HOUR,
    }  # fmt: skip
    return int((await session.scalars(insert(Component).returning(Component.id), [row | given])).one())


async def _spans(
    session: AsyncSession, provider_id: int, component_id: int | None, *, bad: dict[int, str], hours: float = 2
) -> None:
    """Operational, but so many days ago something else for some hours."""
    begin, rows = NOW - 2000 * HOUR, []
    for back, status in sorted(bad.items(), reverse=True):
        at = NOW.replace(hour=9, minute=0) - timedelta(days=back)
        until = None if back == 0 and hours > 24 else at + hours * HOUR
        rows += [("operational", begin, at), (status, at, until)]
        begin = until or NOW
    if rows == [] or rows[-1][2] is not None:
        rows.append(("operational", begin, None))
    await session.execute(
        insert(Span),
        [
            {"provider_id": provider_id, "component_id": component_id, "status": s, "from_at": a, "until_at": b}
            for s, a, b in rows
        ],
    )


def _case(provider_id: int, id_: str, title: str, **given: Any) -> dict[str, Any]:
    values = {
        "provider_id": provider_id, "external_id": id_, "title": title, "phase": "investigating", "url": None,
        "component_ids": ["c0"], "updates": [], "ever_component_ids": [], "revision": 0, "missing": 0,
        "removed": False, "first_seen_at": NOW - HOUR,
    }  # fmt: skip
    return values | given


def _update(id_: str, phase: str, at: datetime, body: str) -> dict[str, Any]:
    return {"id": id_, "phase": phase, "body": body, "posted_at": at.isoformat().replace("+00:00", "Z")}


async def _stormy(session: AsyncSession) -> None:
    """An active incident with a long story, and maintenance to come."""
    id_ = await _provider(
        session, "stormy", "Stormy Cloud", status="partial_outage", active=True, status_since=NOW - HOUR
    )
    names = ("API", "Dashboard", "Webhooks", "Object storage in a region with a rather long name", "Login")
    groups = ("Core", "Core", "Core", "Storage", "Accounts")
    bad = {
        0: "partial_outage",
        1: "degraded",
        9: "major_outage",
        10: "major_outage",
        30: "maintenance",
        44: "degraded",
    }
    await _spans(session, id_, None, bad=bad)
    troubled = {"status": "partial_outage", "changed_at": NOW - HOUR, "description": "What programs call"}
    for place, (name, group) in enumerate(zip(names, groups, strict=True)):
        one = await _component(
            session, id_, place, name, group=group, **(troubled if place == 0 else {}),
        )  # fmt: skip
        await _spans(session, id_, one, bad=bad if place == 0 else {9: "major_outage"} if place == 1 else {})
    updates = [
        _update("u1", "investigating", NOW - HOUR, STORY[0]),
        _update("u2", "identified", NOW - HOUR / 2, STORY[1]),
        _update("u3", "monitoring", NOW - HOUR / 6, STORY[2]),
    ]  # fmt: skip
    old = [
        _update("o1", "investigating", NOW - 220 * HOUR, "Down."),
        _update("o2", "resolved", NOW - 214 * HOUR, "Up."),
    ]
    await session.execute(
        insert(Incident),
        [
            _case(
                id_, "i1", "Elevated error rates on the API", impact="major", phase="monitoring", updates=updates,
                started_at=NOW - HOUR, resolved_at=None, until_at=NOW, posted_at=NOW - HOUR,
                url="https://status.stormy.example/i1",
            ),
            _case(
                id_, "i0", "Everything was down", impact="critical", phase="resolved", updates=old,
                started_at=NOW - 221 * HOUR, resolved_at=NOW - 214 * HOUR, until_at=NOW - 214 * HOUR,
                posted_at=NOW - 220 * HOUR, component_ids=["c0", "c1"], first_seen_at=NOW - 220 * HOUR,
            ),
        ],
    )  # fmt: skip
    work = _case(
        id_, "m1", "Database upgrade", phase="scheduled", starts_at=NOW + 40 * HOUR, ends_at=NOW + 42 * HOUR,
        updates=[_update("w1", "scheduled", NOW - 9 * HOUR, "Half an hour of read-only time.")],
    )  # fmt: skip
    await session.execute(insert(Maintenance), [work])


async def _evil(session: AsyncSession) -> None:
    """Every text that a page can hold is hostile."""
    id_ = await _provider(
        session, "evil", EVIL, url="javascript:alert(1)", category=EVIL, active=True, status="degraded"
    )
    for place, name in enumerate((EVIL, LONG)):
        one = await _component(
            session, id_, place, name, group=EVIL, description=EVIL, external_id=EVIL[:20] + str(place)
        )
        await _spans(session, id_, one, bad={2: "degraded"})
    updates = [
        _update(
            "u1",
            EVIL,
            NOW - HOUR,
            f"{EVIL}\n[x](javascript:alert(1)) [bank.com](https://evil.example)\n- {EVIL}\n{LONG}",
        )
    ]
    await session.execute(
        insert(Incident),
        [
            _case(id_, "i1", EVIL, impact="minor", updates=updates, started_at=NOW - HOUR, resolved_at=None,
                  until_at=NOW, posted_at=NOW, url="javascript:alert(1)"),
            _case(id_, "i2", LONG, impact="major", phase="resolved", updates=updates, started_at=NOW - 50 * HOUR,
                  resolved_at=NOW - 49 * HOUR, until_at=NOW - 49 * HOUR, posted_at=NOW - 50 * HOUR,
                  url='https://x/" onclick="alert(1)'),
        ],
    )  # fmt: skip
    work = _case(
        id_,
        "m1",
        EVIL,
        phase="scheduled",
        starts_at=NOW + HOUR,
        ends_at=None,
        url="data:text/html,x",
        updates=updates,
    )
    await session.execute(insert(Maintenance), [work])


async def _many(session: AsyncSession, provider_id: int) -> None:
    """Four hundred components, every third of them in trouble often."""
    rows = [
        {
            "provider_id": provider_id, "external_id": f"c{place}", "position": place,
            "name": f"Region {place // 20}, zone {place % 20}", "group": f"Region {place // 20}",
            "status": "operational", "told_status": "operational", "first_seen_at": NOW - 2000 * HOUR,
        }
        for place in range(400)
    ]  # fmt: skip
    made = insert(Component).returning(Component.id, sort_by_parameter_order=True)
    for place, one in enumerate(list(await session.scalars(made, rows))):
        bad = {day: ("degraded", "major_outage")[day % 2] for day in range(place % 7, 90, 5 + place % 11)}
        if place % 3 == 0:
            await _spans(session, provider_id, one, bad=bad)
        elif place < 100:
            await _spans(session, provider_id, one, bad={})


async def _fill(database: Database) -> None:
    id_ = await past.chargeover(database, NOW - timedelta(seconds=12))
    async with database.write() as session:
        await session.execute(
            update(Provider).where(Provider.id == id_).values(due_at=NOW, status_since=past.moment(18, 20, 14))
        )
        await _stormy(session)
        many = await _provider(session, "many", "Many Parts, Inc.", status="degraded")
        await _spans(session, many, None, bad={12: "degraded", 70: "major_outage"})
        await _many(session, many)
        await _provider(session, "bare", "Bare", category="AI")
        await _provider(
            session, "unread", "Never Read", first_read_at=None, last_read_at=None, observed_since=None,
            status="unknown", status_since=None, category=None,
        )  # fmt: skip
        lost = await _provider(
            session, "lost", "Lost Contact", failure="it answered 503", failures=9, failing_since=NOW - 5 * HOUR,
            last_read_at=NOW - 5 * HOUR, observed_since=None,
        )  # fmt: skip
        await session.execute(
            insert(Observation), [{"provider_id": lost, "from_at": NOW - 900 * HOUR, "until_at": NOW - 5 * HOUR}]
        )
        one = await _component(session, lost, 0, "Everything")
        await _spans(session, lost, one, bad={5: "major_outage"})
        await _spans(session, lost, None, bad={5: "major_outage"})
        await _evil(session)
        await _provider(session, "left", "Left Alone", due_at=None, last_read_at=NOW - 400 * HOUR, category="AI")


@asynccontextmanager
async def gallery(database: Database, *, port: int = 0) -> AsyncIterator[Gallery]:
    """Everything that pages show, on a clock that stands still."""
    fetcher = Fetcher(user_agent="test", allow_private_networks=True)
    services = Services(
        database=database,
        fetcher=fetcher,
        adapters=ADAPTERS,
        catalogue=catalogue.load(),
        vault=Vault([Fernet.generate_key().decode()]),
        pace=pace(60, 0),
        allow_private_networks=True,
        home="https://uptimus.example.com",
        transports=dict,
        wake=lambda: None,
        now=lambda: NOW,
    )
    await _fill(database)
    app = server.build(
        provider=partial(data.provider_view, services),
        directory=partial(listed.directory_view, services),
        metrics=Metrics(),
        problems=_none,
        push=push.routes(services, key),
        facts=Facts(services.home, signals=True, slack=True, slack_install="/slack/install", mail=True),
        routes=[*programs.routes(services), *signals.routes(services)],
        middlewares=programs.middlewares(services),
        now=services.now,
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield Gallery(services, f"http://localhost:{runner.addresses[0][1]}")
    await runner.cleanup()
    await fetcher.aclose()


async def _none() -> dict[str, str]:
    return {}
