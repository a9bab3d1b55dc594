"""What comes of a try: its outcome, the row that is kept of it, and its line in the log."""

import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog

from relay import health
from relay.breaker import Breakers
from relay.events import StoredEvent
from relay.metrics import Metrics
from relay.retry import after_failure
from relay.telling import is_replay
from relay.transports.transport import DeliveryError, OurError, Sent
from storage.claims import Claim
from storage.outcomes import Outcome
from storage.pauses import Health

ANSWER_KEPT = 16384
REASON_KEPT = 500
_UNFIT = re.compile("[\x00\ud800-\udfff]")

log = structlog.get_logger("deliver")


class Tries:
    """Turns what a transport said into outcomes, and remembers what the tries before said of each destination."""

    def __init__(self, metrics: Metrics, now: Callable[[], float]) -> None:
        self._metrics, self._now = metrics, now
        self._breakers = Breakers()
        self._refused: dict[str, float] = {}
        """When nothing more could be sent to a destination or, by what its URI begins with, to a workspace."""

    def is_refused(self, claim: Claim, claimed_at: float) -> bool:
        """Nothing can be sent there any more, as another telling heard since this one was claimed."""
        if not self._refused:
            return False
        return any(self._refused.get(key, 0.0) > claimed_at for key in (claim.uri, _workspace(claim.uri)))

    def forget_refusals(self) -> None:
        """Nothing is held that was claimed before."""
        self._refused.clear()

    def held(self, claim: Claim, event: StoredEvent, until: datetime) -> Outcome:
        """It is quiet there until then."""
        self.note(claim, event, 0.0, "held", None, "quiet hours")
        return told(claim, state="held", finished_at=datetime.now(UTC), quiet_until=until)

    def delivered(
        self, claim: Claim, event: StoredEvent, sent: Sent, duration: float, joins_id: int | None
    ) -> Outcome:
        """It arrived, in the thread `joins_id` where that is not its own."""
        self.note(claim, event, duration, "delivered", sent.status)
        now = datetime.now(UTC)
        self._metrics.delivered(event.data.update.posted_at if event.data.update else None, now)
        if claim.paused:
            self._breakers.forget(claim.destination_id)
        self._breakers.note(claim.destination_id, failed=False, now=time.monotonic())
        return told(
            claim,
            state="delivered",
            reference=_fit(sent.reference),
            message=_fit(sent.message),
            joins_id=joins_id,
            attempt=_attempt(claim, now, duration, "delivered", sent.status, sent.answer, None, None),
            finished_at=now,
            health=health.after_success(claim),
        )

    def failed(
        self,
        claim: Claim,
        event: StoredEvent | None,
        error: DeliveryError,
        duration: float,
        *,
        is_chat: bool = False,
    ) -> Outcome:
        """It did not arrive, or nobody knows. (A chat says how long a message has to wait, not the place.)"""
        decision = after_failure(error, claim.attempt, random.uniform(0.8, 1.2))
        outcome = "refused" if decision.disable else "failed" if decision.counted else "postponed"
        self.note(claim, event, duration, outcome, error.status, error.reason, decision.delay)
        if not decision.counted:
            return given_back(claim, delay=decision.delay)
        now = datetime.now(UTC)
        attempt = _attempt(claim, now, duration, outcome, error.status, error.answer, error.reason, decision.delay)
        if decision.disable:
            self._refused[_workspace(claim.uri) if error.everywhere else claim.uri] = self._now()
            return waits(claim, None, attempt=attempt, refused=error.reason, everywhere=error.everywhere)
        its_health = self._health(claim, error, is_chat=is_chat)
        if decision.delay is None:
            return told(claim, state="dead", finished_at=now, attempt=attempt, health=its_health)
        return waits(claim, decision.delay, attempt=attempt, health=its_health)

    def _health(self, claim: Claim, error: DeliveryError, *, is_chat: bool) -> Health | None:
        if isinstance(error, OurError):
            return health.after_nothing(claim)
        asked = None if is_chat else error.retry_after
        is_bad = self._breakers.note(claim.destination_id, failed=True, now=time.monotonic())
        return health.after_failure(claim, asked=asked, is_bad=is_bad, now=claim.now)

    def note(
        self,
        claim: Claim,
        event: StoredEvent | None,
        duration: float,
        outcome: str,
        status: int | None,
        reason: str | None = None,
        again_in: float | None = None,
    ) -> None:
        """One line with everything that is known of the try, but for addresses and secrets."""
        self._metrics.attempt(claim.transport, outcome)
        log.info(
            "attempt",
            delivery=f"{claim.id}.{claim.sequence}",
            destination=claim.destination_id,
            transport=claim.transport,
            event_id=event.id if event is not None else claim.event_id,
            type=str(event.type) if event is not None else None,
            attempt=claim.attempt,
            replay=is_replay(claim),
            outcome=outcome,
            ms=round(duration * 1000),
            status=status,
            reason=reason,
            again_in=round(again_in, 1) if again_in is not None else None,
        )


def told(claim: Claim, **more: Any) -> Outcome:
    """Its thread goes on to what comes next: it was told, given up, or is not wanted."""
    return Outcome(claim.id, claim.token, claim.sequence, moved=True, **more)


def waits(claim: Claim, delay: float | None, **more: Any) -> Outcome:
    """It is due again in so many seconds."""
    return Outcome(claim.id, claim.token, claim.sequence, moved=False, delay=delay, **more)


def given_back(claim: Claim, *, delay: float | None = 0.0, place: datetime | None = None) -> Outcome:
    """Its turn did not come: that was no try."""
    return waits(claim, delay, uncounted=True, place=place, health=health.after_nothing(claim))


def _workspace(uri: str) -> str:
    """What the addresses of a chat's workspace begin with."""
    return uri.partition("/")[0]


def _attempt(
    claim: Claim,
    at: datetime,
    duration: float,
    outcome: str,
    status: int | None,
    answer: str,
    reason: str | None,
    again_in: float | None,
) -> dict[str, Any]:
    """A claim without a token is told by hand: nothing follows from how it went."""
    return {
        "number": claim.attempt,
        "at": at,
        "duration_ms": round(duration * 1000),
        "outcome": outcome,
        "replay": is_replay(claim),
        "retry_in": round(again_in) if again_in is not None and claim.token else None,
        "status": status,
        "answer": _fit(answer[:ANSWER_KEPT]),
        "reason": _fit(reason[:REASON_KEPT]) if reason else None,
    }


def _fit(text: str | None) -> str | None:
    """What others said, without what no database stores: an outcome that can't be written is told again."""
    return _UNFIT.sub("", text) if text else text
