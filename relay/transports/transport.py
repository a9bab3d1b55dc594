"""What a transport is given, what it answers, and how it says that it could not send."""

from dataclasses import dataclass
from typing import Protocol

from relay.events import StoredEvent


@dataclass(frozen=True)
class Telling:
    """One event to be told in one thread. `address` is the destination's URI without its scheme
    (`TEAM/CHANNEL` for `slack:TEAM/CHANNEL`), whole where the scheme is part of it (`https://…`)."""

    event: StoredEvent
    address: str
    reference: str | None = None
    """The platform's reference of the thread's first message; None: this telling starts the thread."""
    carrier: str | None = None
    """For an edit: the reference of the message that carried the edited update, where one did."""
    last: bool = True
    """Nothing newer waits in this thread: the first message may be brought to the present state now."""
    attempt: int = 1
    """1 for the first try."""
    secrets: tuple[str, ...] = ()
    """What the destination's messages are signed with, the newest first."""


@dataclass(frozen=True)
class Sent:
    """A telling arrived. `reference` is the thread's first message from now on (None: the transport has no
    threads), `message` the one that carried this event. `status` and `answer` are what the receiver said."""

    reference: str | None = None
    message: str | None = None
    status: int | None = None
    answer: str = ""


class DeliveryError(Exception):
    """A telling did not arrive, or nobody knows whether it did.

    permanent: no try can ever succeed, the destination is to be disabled. retry_after: seconds that the
    receiver asked for. uncounted: it was not even tried (we ourselves hold back): not an attempt.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        uncounted: bool = False,
        status: int | None = None,
        answer: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after
        self.uncounted = uncounted
        self.status = status
        self.answer = answer


class Transport(Protocol):
    """The code that speaks to one kind of destination."""

    async def send(self, telling: Telling) -> Sent:
        """Tells one event; raises DeliveryError. At most 20 s."""
        ...

    async def aclose(self) -> None:
        """Gives back what the transport holds open."""
        ...
