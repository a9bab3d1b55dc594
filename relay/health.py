"""What a try says of its destination: that it works again, fails, needs a rest, or is to be given up. Pure."""

from datetime import datetime, timedelta

from relay import breaker
from relay.retry import LONGEST_WAIT
from storage.claims import Claim
from storage.pauses import Health

WARN_AT = 4
"""The failed try of one delivery at which its owner is warned."""
GIVE_UP = timedelta(hours=120)
"""Without any success."""
GAVE_UP = "no delivery succeeded for 5 days"
FORGIVEN = 2 * GIVE_UP
"""A failure that long ago says nothing of today: in the meantime nothing was sent, or it would be disabled."""


def after_success(claim: Claim) -> Health | None:
    """None: nobody thought otherwise, and there is nothing to be written."""
    if not claim.paused and claim.failing_since is None:
        return None
    return Health(claim.destination_id, probe=claim.paused, pauses=claim.pauses, works=True)


def after_failure(claim: Claim, *, asked: float | None, is_bad: bool, now: datetime) -> Health:
    """asked: seconds that the receiver wants to be left alone for. is_bad: it failed too often lately."""
    since, is_probe = claim.failing_since, claim.paused and claim.token != ""
    begins = since is None or now - since > FORGIVEN
    pause = min(asked, LONGEST_WAIT) if asked else None
    if is_probe:
        pause = max(breaker.pause(claim.pauses), pause or 0.0)
    elif is_bad:
        pause = max(breaker.pause(0), pause or 0.0)
    return Health(
        claim.destination_id,
        probe=is_probe,
        pauses=claim.pauses,
        fails=begins,
        pause=pause,
        warn=claim.attempt >= WARN_AT,
        gave_up=GAVE_UP if since is not None and not begins and now - since >= GIVE_UP else None,
    )


def after_nothing(claim: Claim) -> Health | None:
    """It was no try: a paused destination still waits for one."""
    is_probe = claim.paused and claim.token != ""
    return Health(claim.destination_id, probe=True, pauses=claim.pauses) if is_probe else None
