"""What a transport is given, what it answers, and how it says that it could not send."""

from dataclasses import dataclass
from typing import Protocol

from relay.bulletin import Bulletin
from relay.endpoint import Endpoint
from relay.events import StoredEvent
from relay.manner import Shape


@dataclass(frozen=True)
class Kin:
    """Another subject that is told in the same thread: the same incident on a sibling page, or the same one once
    more on the same page. `event` is the last one of it that was told."""

    event: StoredEvent
    same_page: bool
    older: bool = True
    """It was told here before the telling's own subject; what names several providers names it first."""


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
    shape: Shape = Shape.THREADS
    loud: bool = False
    """Those who don't read the thread are to see it, too."""
    mention: tuple[str, ...] = ()
    """Who is to be mentioned, as the platform names them (`here` and `channel` too)."""
    muted: bool = False
    """Somebody silenced this thread: its first message is kept up to date, and nothing is added."""
    kin: tuple[Kin, ...] = ()
    """What else is told in this thread, the oldest first; the first message speaks for all of them."""
    thread_id: int | None = None
    follow_id: int | None = None
    """Ours, for buttons; None where there are none to press (a test message)."""
    destination_id: int | None = None
    """Ours, for links that end it; None where it is no destination's (a test message)."""
    endpoint: Endpoint = Endpoint()
    replay: bool = False
    """It was told, or given up, before."""
    delivery: str = ""
    """The delivery's name, the same at every try of it and another one when it is replayed; empty for a test."""


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

    permanent: no try can ever succeed, the destination is to be disabled. everywhere: nor can one at any other
    destination of the same workspace. retry_after: seconds that the receiver asked for. uncounted: it was not even
    tried (we ourselves hold back): not an attempt.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        everywhere: bool = False,
        retry_after: float | None = None,
        uncounted: bool = False,
        status: int | None = None,
        answer: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.everywhere = everywhere
        self.retry_after = retry_after
        self.uncounted = uncounted
        self.status = status
        self.answer = answer


class OurError(DeliveryError):
    """It failed for a reason of our own, which says nothing of the destination."""


class Transport(Protocol):
    """The code that speaks to one kind of destination."""

    is_chat: bool
    """People read it as it comes: quiet hours are kept, and the same trouble of several pages is one thread."""
    at_once: int
    """How many tellings to one destination a process may have under way at once: 1 keeps them in order among
    threads, too: a chat's workspace is told by one process at a time."""

    async def turn(self, address: str) -> None:
        """Waits until it is this destination's turn to be told something, at most 20 s; raises DeliveryError
        (uncounted) where that is farther away. No request is made."""
        ...

    async def send(self, telling: Telling) -> Sent:
        """Tells one event; raises DeliveryError. At most 20 s."""
        ...

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        """Tells something outside of any thread; raises DeliveryError."""
        ...

    async def aclose(self) -> None:
        """Gives back what the transport holds open."""
        ...
