"""When an incident was, and when its page said so. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from adapters.schema import OVER, Incident

SLACK = timedelta(minutes=5)
"""What is seen first so long after the time that it bears was posted at that time: the page is read in turns."""


def posted(case: Incident) -> datetime | None:
    """Of its first update, as the page dates it."""
    return min((update.posted_at for update in case.updates), default=None)


def ended(case: Incident) -> datetime | None:
    """Until when it counts in the history; None where its start is unknown: it doesn't count.

    Left open or sloppily closed, it ends when the page last said anything of it: one that was forgotten open
    doesn't darken every day since (the provider's own status, where it was read, does). One whose end was not told
    ends where it started.
    """
    if case.started_at is None:
        return None
    if end_untold(case):
        return case.started_at
    said = [update.posted_at for update in case.updates]
    resolved = [update.posted_at for update in case.updates if update.phase == "resolved"]
    return max(case.started_at, case.resolved_at or (resolved or said or [case.started_at])[-1])


def end_untold(case: Incident) -> bool:
    """It was told only when it was over, and its end is but the moment of that post: nobody said how long it
    lasted."""
    first = posted(case)
    if first is None or case.started_at is None or first <= case.started_at:
        return False
    if not all(update.phase in OVER for update in case.updates):
        return False
    return case.resolved_at is None or abs(case.resolved_at - first) <= timedelta(minutes=1)


def appeared(
    posted_at: datetime | None, first_seen_at: datetime, observations: Sequence[tuple[datetime, datetime]]
) -> datetime:
    """When its page first told of it. A page can date a post back: where it was being read all the time from the
    date that the first post bears until the post was there, the latter counts."""
    if posted_at is None:
        return first_seen_at
    late = first_seen_at - posted_at > SLACK
    if late and any(begins <= posted_at and first_seen_at <= ends + SLACK for begins, ends in observations):
        return first_seen_at
    return posted_at
