"""Gathers from the database what a digest or a summary tells of."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import Impact, Status
from relay import digest, manner, summary
from relay.bulletin import Bulletin
from relay.digest import Told, Wanted
from relay.summary import Missed
from relay.telling import stored_event
from storage import digests, histories, notices, providers, state
from storage.notices import Claimed, Held
from storage.tables import Follow, Provider


async def summary_of(session: AsyncSession, told: Sequence[Held], *, more: int) -> Bulletin | None:
    """What was held back, subject by subject; None where there is nothing to tell."""
    if not told:
        return None
    present = await notices.newest_events(session, list({one.subject_id for one in told}))
    missed = dict[int, Missed]()
    for one in told:
        event = stored_event(one.event, one.kind, one.external_id)
        newest = present.get(one.subject_id, one.event)
        before = missed.get(one.subject_id) or Missed(stored_event(newest, one.kind, one.external_id), ())
        missed[one.subject_id] = replace(before, held=(*before.held, event))
    manners = [manner.of_follow(one.follow) for one in told if one.follow is not None]
    quiet = [one.quiet for one in manners if one.quiet is not None]
    return summary.summary(list(missed.values()), quiet, more=more)


async def digest_of(session: AsyncSession, claimed: Claimed, now: datetime) -> Bulletin | None:
    """What became of everything followed at the destination since its last digest; None where nothing is."""
    since = claimed.since_at
    followed = await digests.followed_at(session, claimed.destination_id)
    told = await _told(session, followed, since, now + digest.plan_of(claimed.plan).period)
    days = digest.days_touched(claimed.plan, since, now)
    eventful = [one.url for one in told if one.eventful][: digest.MOST_ROWS]
    zone = ZoneInfo(digest.plan_of(claimed.plan).zone)
    figures = {
        provider.url: (await histories.last_days(session, provider, days, now, zone)).whole.uptime
        for _, provider in followed
        if provider.url in eventful
    }
    told = [replace(one, uptime=figures.get(one.url)) for one in told]
    return digest.digest(told, claimed.plan, since, now)


async def _told(
    session: AsyncSession, followed: Sequence[tuple[Follow, Provider]], since: datetime, until: datetime
) -> list[Told]:
    ids = [provider.id for _, provider in followed]
    incidents = [(row.provider_id, state.incident(row)) for row in await digests.incidents(session, ids, since)]
    troubled = await digests.troubled(session, ids, since)
    coming = [
        (row.provider_id, state.maintenance(row))
        for row in await providers.coming_maintenances(session, ids)
        if row.starts_at is not None and row.starts_at < until
    ]
    return [
        Told(
            name=provider.name,
            url=provider.url,
            status=Status(provider.status) if provider.failure is None else Status.UNKNOWN,
            failure=_failure(provider),
            incidents=tuple(case for id_, case in incidents if id_ == provider.id and wanted.incident(case)),
            troubled=provider.id in troubled and wanted.whole,
            coming=tuple(case for id_, case in coming if id_ == provider.id and wanted.planned(case)),
        )
        for follow, provider in followed
        for wanted in [_wanted(follow)]
    ]


def _failure(provider: Provider) -> str | None:
    """One read that failed is none yet."""
    if provider.last_read_at is None:
        return provider.failure or "it has not been read yet"
    return provider.failure or "no reason is known" if provider.unreadable else None


def _wanted(follow: Follow) -> Wanted:
    return Wanted(
        incidents=follow.incidents,
        maintenance=follow.maintenance,
        component_ids=frozenset(follow.component_ids),
        least=Impact(follow.min_impact) if follow.min_impact else None,
    )
