"""What is known of a provider and its components since a moment: rows, each found by an index, as Evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import bindparam, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import Impact, Status
from storage import cases
from storage.days import Evidence, Trouble
from storage.history import BEGUN
from storage.seconds import Interval
from storage.tables import Component, Incident, Maintenance, Observation, PastDay, Provider, Span

SpanOf = tuple[Status, datetime, datetime | None]


@dataclass
class _Gathered:
    spans: list[SpanOf] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    works: list[Interval] = field(default_factory=list)
    past: list[tuple[date, Status]] = field(default_factory=list)

    def evidence(self, observations: tuple[Interval, ...]) -> Evidence:
        return Evidence(
            observations,
            tuple(self.spans),
            tuple(self.troubles),
            tuple(self.works),
            tuple(dict.fromkeys(self.past)),
        )


async def gather(
    session: AsyncSession, provider: Provider, since: datetime, now: datetime, ids: Mapping[str, int]
) -> tuple[Evidence, dict[int, Evidence]]:
    """Of the provider as a whole, and of those of its components of which anything is known, by id. `ids`: of all
    its components, by the page's own; empty: of none."""
    seen = await observations(session, provider, since)
    whole, parts = _Gathered(), dict[int, _Gathered]()
    components = bool(ids)
    for component_id, span in await _spans(session, provider.id, since, components=components):
        (whole if component_id is None else parts.setdefault(component_id, _Gathered())).spans.append(span)
    for named, trouble in await _troubles(session, provider.id, since, seen):
        whole.troubles.append(trouble)
        for id_ in {ids[one] for one in named if one in ids}:
            parts.setdefault(id_, _Gathered()).troubles.append(trouble)
    for named, work in await _works(session, provider.id, since, now):
        whole.works.append(work)
        for id_ in {ids[one] for one in named if one in ids}:
            parts.setdefault(id_, _Gathered()).works.append(work)
    for component_id, day in await _past_days(session, provider, since):
        whole.past.append(day)
        if components:
            parts.setdefault(component_id, _Gathered()).past.append(day)
    return whole.evidence(seen), {id_: part.evidence(seen) for id_, part in parts.items()}


_OBSERVATIONS = (
    select(Observation.from_at, Observation.until_at)
    .where(Observation.provider_id == bindparam("provider_id"), Observation.until_at >= bindparam("since"))
    .order_by(Observation.until_at)
)


async def observations(session: AsyncSession, provider: Provider, since: datetime) -> tuple[Interval, ...]:
    rows = await session.execute(_OBSERVATIONS, {"provider_id": provider.id, "since": since})
    found = [(row.from_at, row.until_at) for row in rows]
    if provider.observed_since is not None and provider.last_read_at is not None:
        found.append((provider.observed_since, provider.last_read_at))
    return tuple(found)


_EVERY_SPAN = select(Span.component_id, Span.status, Span.from_at, Span.until_at).where(
    Span.provider_id == bindparam("provider_id")
)
# two questions in one, so that each has its index
_SPANS, _OWN_SPANS = (
    union_all(*(chosen.where(when) for when in (Span.until_at.is_(None), Span.until_at >= bindparam("since"))))
    for chosen in (_EVERY_SPAN, _EVERY_SPAN.where(Span.component_id.is_(None)))
)


async def _spans(
    session: AsyncSession, provider_id: int, since: datetime, *, components: bool
) -> list[tuple[int | None, SpanOf]]:
    chosen = _SPANS if components else _OWN_SPANS
    rows = await session.execute(chosen, {"provider_id": provider_id, "since": since})
    return [(row.component_id, (Status(row.status), row.from_at, row.until_at)) for row in rows]


_TROUBLES = select(
    Incident.impact, Incident.started_at, Incident.until_at, Incident.posted_at, Incident.first_seen_at,
    Incident.component_ids,
).where(
    Incident.provider_id == bindparam("provider_id"), Incident.until_at >= bindparam("since"), ~Incident.removed
)  # fmt: skip


async def _troubles(
    session: AsyncSession, provider_id: int, since: datetime, observations: Sequence[Interval]
) -> list[tuple[list[str], Trouble]]:
    rows = await session.execute(_TROUBLES, {"provider_id": provider_id, "since": since})
    return [
        (
            row.component_ids,
            Trouble(
                Impact(row.impact),
                row.started_at,
                row.until_at,
                cases.appeared(row.posted_at, row.first_seen_at, observations),
            ),
        )
        for row in rows
        if row.started_at is not None
    ]


_WORKS = select(Maintenance.starts_at, Maintenance.ends_at, Maintenance.component_ids).where(
    Maintenance.provider_id == bindparam("provider_id"),
    Maintenance.starts_at <= bindparam("now"),
    Maintenance.phase.in_([str(phase) for phase in BEGUN]),
    ~Maintenance.removed,
    or_(Maintenance.ends_at.is_(None), Maintenance.ends_at >= bindparam("since")),
)


async def _works(
    session: AsyncSession, provider_id: int, since: datetime, now: datetime
) -> list[tuple[list[str], Interval]]:
    rows = await session.execute(_WORKS, {"provider_id": provider_id, "since": since, "now": now})
    return [(row.component_ids, (row.starts_at, max(min(row.ends_at or now, now), row.starts_at))) for row in rows]


async def _past_days(
    session: AsyncSession, provider: Provider, since: datetime
) -> list[tuple[int, tuple[date, Status]]]:
    """Of the days before the page was first read."""
    if provider.first_read_at is None or provider.first_read_at <= since:
        return []
    rows = await session.execute(
        select(PastDay.component_id, PastDay.day, PastDay.status)
        .join(Component, Component.id == PastDay.component_id)
        .where(
            Component.provider_id == provider.id,
            PastDay.day >= since.date(),
            PastDay.day < provider.first_read_at.date(),
        )
    )
    return [(row.component_id, (row.day, Status(row.status))) for row in rows]
