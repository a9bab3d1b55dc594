"""A workspace with one of everything, each of it recognizable; and what of it is the same as before."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, Table, false, select
from standins.rows import provider

from bot.commands.services import Services
from relay.endpoint import Endpoint, stored
from storage import api_tokens, audit, follows, notices, providers
from storage.tables import Attempt, Delivery, Destination, Event, Follow, Incident, Notice, Subject, Thread
from storage.tables import Table as Tables

WORDS = ("COWNERS", "UOWNERS", "owners-hook", "owners.mail", "owners-token", "owners-answer", "owners-header")
"""One of these stands in whatever is the owner's alone."""
OWNER = "slack:T1"
STORY = "Logins fail, as it was told"
"""What the owner's thread is about. (No secret, but a stranger's press must not open it.)"""


@dataclass(frozen=True)
class Owned:
    """Ids of what the owner has."""

    workspace_id: int
    channel: str
    hook: str
    mail: str
    follow_id: int
    thread_id: int
    delivery: str
    destination_id: int
    token: str


async def owner(services: Services, workspace: str = OWNER, channel: str = "COWNERS") -> Owned:
    """A follow in a channel, a webhook with headers and a secret, a mail address, a digest, a delivery that was
    given up, chosen editors, a token, a list of changes."""
    page = await provider(services.database, "chargeover", url="http://127.0.0.1:1/")
    uri, hook = f"{workspace}/{channel}", "https://hooks.example.com/owners-hook/zzqq"
    mail = "mailto:ops@owners.mail"
    async with services.database.write() as session:
        place = await follows.workspace(session, workspace)
        at = await follows.add_destination(session, place, uri, workspace.partition(":")[0], [])
        options, sealed = stored(Endpoint(headers={"X-Key": "owners-header"}), services.vault.seal)
        secret = services.vault.seal("whsec_b3duZXJzLXNlY3JldA==")
        web = await follows.add_destination(
            session, place, hook, "webhook", [secret], options=options, sealed=sealed, host="hooks.example.com"
        )
        await follows.add_destination(
            session, place, mail, "email", [], unconfirmed="its reader has not agreed yet"
        )
        now = await providers.database_now(session)
        wish = {"incidents": True, "components": True, "maintenance": True, "component_ids": []}
        made = [
            Follow(
                provider_id=page,
                destination_id=one.id,
                created_by="UOWNERS",
                created_at=now,
                mention=["UOWNERS"],
                **wish,
            )
            for one in (at, web)
        ]
        session.add_all(made)
        about = Subject(provider_id=page, kind="incident", external_id="i1", last_sequence=1)
        session.add(about)
        session.add(_incident(page))
        await session.flush()
        session.add(_event(page, about.id, now))
        threads = [
            Thread(
                destination_id=one.id, subject_id=about.id, cursor=1, head=1, due_at=None, attempt=0, begun=True
            )
            for one in (at, web)
        ]
        session.add_all(threads)
        await session.flush()
        session.add(Delivery(thread_id=threads[1].id, sequence=1, state="dead", finished_at=now))
        session.add(
            Attempt(
                thread_id=threads[1].id, sequence=1, number=1, at=now, duration_ms=1, outcome="failed", status=500,
                answer="owners-answer", reason="owners-answer",
            )
        )  # fmt: skip
        session.add(Notice(destination_id=at.id, kind=notices.DIGEST, due_at=now, since_at=now, plan=_DAILY))
        await follows.set_editors(session, place, "everyone", ["UOWNERS"])
        await audit.note(session, place, "UOWNERS", "followed", f"ChargeOver at {uri}")
        token = await api_tokens.make(session, place, "owners-token")
        assert token is not None
    delivery = f"{threads[1].id}.1"
    return Owned(place, channel, hook, mail, made[0].id, threads[0].id, delivery, web.id, token)


_DAILY = {"every": "day", "at": "09:00", "weekday": None, "zone": "UTC"}


def _incident(page: int) -> Incident:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Incident(
        provider_id=page, external_id="i1", title="Logins fail", phase="investigating", url=None, component_ids=[],
        updates=[], ever_component_ids=[], revision=0, missing=0, removed=False, first_seen_at=at, impact="major",
        started_at=at, until_at=at,
    )  # fmt: skip


def _event(page: int, subject_id: int, now: datetime) -> Event:
    incident: dict[str, Any] = {
        "id": "i1", "title": STORY, "impact": "major", "phase": "investigating",
        "started_at": "2026-01-01T00:00:00Z", "resolved_at": None, "url": None, "component_ids": [], "updates": [],
    }  # fmt: skip
    about = {"slug": "chargeover", "name": "Chargeover", "url": "http://127.0.0.1:1/", "status": "operational"}
    return Event(
        uid="evt_1", provider_id=page, subject_id=subject_id, sequence=1, key="k", type="incident.opened",
        update_id=None, data={"provider": about, "incident": incident, "update": None, "previous": {}},
        context={}, seen_at=now,
    )  # fmt: skip


async def belongings(services: Services, workspace_id: int) -> dict[str, list[str]]:
    """Every row that is the workspace's, by table."""
    found = {}
    async with services.database.read() as session:
        places = list(
            await session.scalars(select(Destination.id).where(Destination.workspace_id == workspace_id))
        )
        threads = list(await session.scalars(select(Thread.id).where(Thread.destination_id.in_(places))))
        for table in Tables.metadata.sorted_tables:
            rows = await session.execute(_mine(table, workspace_id, places, threads))
            if shown := sorted(str(tuple(row)) for row in rows):
                found[table.name] = shown
    return found


def _mine(table: Table, workspace_id: int, places: list[int], threads: list[int]) -> Select[Any]:
    columns = table.c
    if table.name == "workspaces":
        return select(table).where(columns.id == workspace_id)
    for name, ids in (("workspace_id", [workspace_id]), ("destination_id", places), ("thread_id", threads)):
        if name in columns:
            return select(table).where(columns[name].in_(ids))
    if table.name.startswith("slack_") and "team_id" in columns:
        return select(table).where(columns.team_id == "T1")
    return select(table).where(false())


def given_away(text: str) -> list[str]:
    """What of the owner's stands in it."""
    return [word for word in WORDS if word.lower() in text.lower()]
