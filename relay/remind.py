"""Tells of maintenances what no page posts: that one begins soon, and that one goes on beyond its end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import Maintenance, rfc3339
from relay import record
from relay.cases import context_of, names_of, provider_of
from relay.events import Event, EventData, EventType, Subject, SubjectKind
from relay.metrics import Metrics
from storage import leases, maintenances, providers, state
from storage.database import Database
from storage.maintenances import COMING, UNDER_WAY, Coming, Overdue
from storage.state import Known, State
from storage.tables import Provider

LEASE = 60.0
GRACE = timedelta(minutes=10)
"""A maintenance whose end has passed by less than this is about to be closed, as most are."""
NEWS_AGE = timedelta(hours=24)
"""Beyond it the page has forgotten to close the maintenance."""

log = structlog.get_logger("remind")


@dataclass(frozen=True)
class Due:
    """What is to be told now: a reminder with its lead, or (None) that a maintenance goes on beyond its end."""

    provider_id: int
    external_id: str
    key: str
    lead_minutes: int | None = None


def reminders(coming: list[Coming], now: datetime) -> list[Due]:
    """Those whose moment has come, and has not passed unseen: who learns of a maintenance (or begins to follow)
    when it is nearer than that, is told so at that time."""
    return [
        Due(one.provider_id, one.external_id, _reminder_key(one.external_id, one.starts_at, one.lead_minutes),
            one.lead_minutes)
        for one in coming
        for moment in [one.starts_at - timedelta(minutes=one.lead_minutes)]
        if max(one.first_seen_at, one.followed_at) < moment <= now < one.starts_at
    ]  # fmt: skip


def overruns(overdue: list[Overdue], now: datetime) -> list[Due]:
    """Those that go on for a while beyond their end, as their pages said after it: not on what was known before a
    page fell silent, nor of what was over its time when the page was read first."""
    return [
        Due(one.provider_id, one.external_id, _overrun_key(one.external_id, one.ends_at))
        for one in overdue
        if one.first_read_at is not None
        and one.last_read_at is not None
        and one.first_read_at < one.ends_at <= min(one.last_read_at, now) - GRACE
        and now - one.ends_at <= NEWS_AGE
    ]


def told_of(due: Due, known: State) -> Event | None:
    """The event, from what is stored; None where that is another by now."""
    found = known.maintenances.get(due.external_id)
    if found is None or found.removed:
        return None
    if due.lead_minutes is None:
        return _overrun(due, known, found)
    return _reminder(due, known, found, due.lead_minutes)


def _reminder(due: Due, known: State, found: Known[Maintenance], lead: int) -> Event | None:
    case = found.case
    if (
        case.phase not in COMING
        or case.starts_at is None
        or due.key != _reminder_key(case.id, case.starts_at, lead)
    ):
        return None
    return _event(due, EventType.MAINTENANCE_REMINDER, known, found, lead_minutes=lead)


def _overrun(due: Due, known: State, found: Known[Maintenance]) -> Event | None:
    case = found.case
    if case.phase not in UNDER_WAY or case.ends_at is None or due.key != _overrun_key(case.id, case.ends_at):
        return None
    return _event(due, EventType.MAINTENANCE_UPDATED, known, found, overrun=True)


def _event(due: Due, type_: EventType, known: State, found: Known[Maintenance], **context: object) -> Event:
    return Event(
        type=type_,
        key=due.key,
        subject=Subject(SubjectKind.MAINTENANCE, found.case.id),
        data=EventData(provider=provider_of(known), maintenance=found.case),
        context=context_of(found, names_of(known, None)).model_copy(update=context),
    )


def _reminder_key(external_id: str, starts_at: datetime, lead: int) -> str:
    """A window that moves is reminded anew."""
    return f"maintenance:{external_id}:reminder:{rfc3339(starts_at)}:{lead}"


def _overrun_key(external_id: str, ends_at: datetime) -> str:
    return f"maintenance:{external_id}:overrun:{rfc3339(ends_at)}"


class Reminder:
    """Publishes what is due, each once, whoever else does the same. `recorded` is called when there is something
    new to tell."""

    def __init__(self, database: Database, *, metrics: Metrics, recorded: Callable[[], None]) -> None:
        self._database = database
        self._metrics = metrics
        self._recorded = recorded
        self._holder = token_hex(8)

    async def tick(self) -> list[Event]:
        """What was published. Meant to be called every few seconds, in every process: one of them at a time does
        the work, the others return at once."""
        async with self._database.write(relaxed=True) as session:
            if not await leases.take(session, "remind", self._holder, LEASE):
                return []
        async with self._database.read() as session:
            due = await _due(session)
        published = list[Event]()
        for provider_id in dict.fromkeys(one.provider_id for one in due):
            published += await self._publish(provider_id, [one for one in due if one.provider_id == provider_id])
        return published

    async def aclose(self) -> None:
        """Another process may do the work from now on."""
        async with self._database.write(relaxed=True) as session:
            await leases.release(session, "remind", self._holder)

    async def _publish(self, provider_id: int, due: list[Due]) -> list[Event]:
        try:
            async with self._database.write() as session:
                events = await _published(session, provider_id, due)
        except Exception:  # one provider's trouble is not the others': the next tick tries again
            log.exception("reminding failed", provider_id=provider_id)
            return []
        for event in events:
            self._metrics.event(str(event.type))
            log.info("reminded", provider=event.data.provider.slug, type=str(event.type), key=event.key)
        if events:
            self._recorded()
        return events


async def _due(session: AsyncSession) -> list[Due]:
    now = await providers.database_now(session)
    due = reminders(await maintenances.coming(session, now), now)
    due += overruns(await maintenances.overdue(session, now - NEWS_AGE, now - GRACE), now)
    known = await maintenances.known_keys(session, [(one.provider_id, one.key) for one in due])
    return [one for one in due if (one.provider_id, one.key) not in known]


async def _published(session: AsyncSession, provider_id: int, due: list[Due]) -> list[Event]:
    # The poll of the page locks the provider as well: what is told here is what it says at this moment.
    provider = await session.get(Provider, provider_id, with_for_update=True)
    if provider is None:
        return []
    known = await state.load(session, provider)
    events = [event for one in due if (event := told_of(one, known)) is not None]
    await record.publish(session, provider_id, events, await providers.database_now(session))
    return events
