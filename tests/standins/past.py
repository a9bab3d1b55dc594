"""ChargeOver as it was: a provider with its seven components, its incidents, and what was read of its page."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from storage.database import Database
from storage.tables import Component, Incident, Maintenance, Provider, Span

NAMES = (
    "Main Application", "Public Website", "Search", "Email Sending", "Payment Processing", "Developer Docs",
    "Integrations",
)  # fmt: skip
READ_SINCE = datetime(2025, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def moment(day: int, hour: int, minute: int = 0) -> datetime:
    """Of July 2025, in UTC."""
    return datetime(2025, 7, day, hour, minute, tzinfo=UTC)


FIREWALL: dict[str, Any] = {
    "external_id": "bc4vlzlx8vfm", "title": "ChargeOver inaccessible / network outage", "impact": "critical",
    "phase": "postmortem", "started_at": moment(5, 20, 27), "resolved_at": moment(5, 21, 57),
    "until_at": moment(5, 21, 57), "posted_at": moment(8, 15, 22), "first_seen_at": moment(8, 15, 23),
    "component_ids": ["c0", "c4"], "url": "https://stspg.example/bc4vlzlx8vfm",
    "updates": [
        {"id": "u1", "phase": "resolved", "body": "A firewall stopped.", "posted_at": "2025-07-08T15:22:00Z"},
        {"id": "u2", "phase": "postmortem", "body": "What we learned.", "posted_at": "2025-07-28T15:04:00Z"},
    ],
}  # fmt: skip
LOGIN: dict[str, Any] = {
    "external_id": "wqrzsb2dhryr", "title": "Login outage", "impact": "major", "phase": "resolved",
    "started_at": moment(18, 19), "resolved_at": moment(18, 20, 14), "until_at": moment(18, 20, 14),
    "posted_at": moment(18, 19, 11), "first_seen_at": moment(18, 19, 12), "component_ids": ["c0"],
    "url": "https://stspg.example/wqrzsb2dhryr",
    "updates": [
        {"id": "u3", "phase": "investigating", "body": "Nobody can log in.", "posted_at": "2025-07-18T19:11:00Z"},
        {"id": "u4", "phase": "resolved", "body": "They can again.", "posted_at": "2025-07-18T20:14:00Z"},
    ],
}  # fmt: skip
_CASE: dict[str, Any] = {"ever_component_ids": [], "revision": 0, "missing": 0, "removed": False}


async def chargeover(database: Database, now: datetime, *incidents: dict[str, Any]) -> int:
    """Read without a gap since the beginning of July 2025; the incidents are those of that month unless told
    otherwise. The provider's id."""
    async with database.write() as session:
        row = {
            "slug": "chargeover", "name": "ChargeOver", "url": "https://status.chargeover.com",
            "category": "Payments", "adapter": "statuspage", "source": "catalogue", "verification": "verified",
            "status": "operational", "memory": {}, "active": False, "failures": 0, "unreadable": False,
            "first_read_at": READ_SINCE, "last_read_at": now, "observed_since": READ_SINCE,
        }  # fmt: skip
        id_ = int((await session.scalars(insert(Provider).returning(Provider.id), [row])).one())
        parts = [
            {
                "provider_id": id_, "external_id": f"c{place}", "position": place, "name": name,
                "status": "operational", "told_status": "operational", "first_seen_at": READ_SINCE,
            }
            for place, name in enumerate(NAMES)
        ]  # fmt: skip
        ids = list(
            await session.scalars(insert(Component).returning(Component.id, sort_by_parameter_order=True), parts)
        )
        begin, end = LOGIN["posted_at"], LOGIN["until_at"]
        for one in (None, *ids):
            login = one in (None, ids[0])
            changes = [
                ("operational", READ_SINCE, begin),
                ("partial_outage", begin, end),
                ("operational", end, None),
            ]
            await session.execute(
                insert(Span),
                [
                    {
                        "provider_id": id_,
                        "component_id": one,
                        "status": status,
                        "from_at": since,
                        "until_at": until,
                    }
                    for status, since, until in (changes if login else [("operational", READ_SINCE, None)])
                ],
            )
        for case in incidents or (FIREWALL, LOGIN):
            await session.execute(insert(Incident), [_CASE | case | {"provider_id": id_}])
        work = {
            "external_id": "m1", "title": "Moving to new racks", "phase": "completed", "component_ids": ["c2"],
            "starts_at": moment(22, 2), "ends_at": moment(22, 4), "updates": [], "first_seen_at": moment(15, 9),
        }  # fmt: skip
        await session.execute(insert(Maintenance), [_CASE | work | {"provider_id": id_}])
    return id_
