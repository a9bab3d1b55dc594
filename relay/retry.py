"""What a failed try leads to. Pure."""

from dataclasses import dataclass

from relay.transports.transport import DeliveryError

RETRIES = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Seconds before each further try, ±20 %; after the last one the event is dead and its thread goes on."""
LONGEST_WAIT = 86400.0


@dataclass(frozen=True)
class Decision:
    """What a failed try leads to: again in `delay` seconds, or (None) given up."""

    delay: float | None
    counted: bool = True
    disable: bool = False


def after_failure(error: DeliveryError, attempt: int, jitter: float) -> Decision:
    """Decides; `attempt` is 1 for the first try, `jitter` lies between 0.8 and 1.2."""
    wait = min(error.retry_after or 0.0, LONGEST_WAIT)
    if error.permanent:
        return Decision(delay=None, disable=True)
    if error.uncounted:
        return Decision(delay=max(wait, 0.1), counted=False)
    if attempt > len(RETRIES):
        return Decision(delay=None)
    return Decision(delay=max(RETRIES[attempt - 1] * jitter, wait))
