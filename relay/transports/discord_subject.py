"""A telling in Discord: its first message, its thread's name, its nonce, and whether its subject is over. Pure."""

import hashlib
from dataclasses import dataclass

from adapters.schema import OVER, MaintenancePhase, Status
from relay.events import OWN_SUBJECTS, EventType, StoredEvent, SubjectKind
from relay.messages import Card
from relay.states import subject_title
from relay.transports.discord_bulletin import Message
from relay.transports.discord_embeds import buttons, card_message
from relay.transports.discord_text import THREAD_NAME, label
from relay.transports.transport import Telling

EDITS = (EventType.INCIDENT_EDITED, EventType.MAINTENANCE_EDITED)
_ENDS = (
    EventType.INCIDENT_REMOVED, EventType.MAINTENANCE_CANCELED, EventType.PROVIDER_READABLE,
    EventType.SIGNAL_CLEARED,
)  # fmt: skip


@dataclass(frozen=True)
class Root:
    """A subject's first message. `thread`: that of its updates, where there is one. `told`: how many updates it
    retells, when it began late."""

    message: str
    thread: str | None = None
    told: int = 1

    @classmethod
    def read(cls, reference: str) -> "Root":
        """From the reference that it is kept as."""
        place, _, told = reference.partition("+")
        message, _, thread = place.partition("/")
        return cls(message, thread or None, int(told) if told.isdecimal() else 1)

    def __str__(self) -> str:
        place = f"{self.message}/{self.thread}" if self.thread else self.message
        return place if self.told <= 1 else f"{place}+{self.told}"


def first_message(telling: Telling, shown: Card, mention: tuple[str, ...] = ()) -> Message:
    """The card with what can be pressed below it."""
    provider = telling.event.data.provider.name
    rows = buttons(telling.thread_id, telling.follow_id, telling.muted, provider=provider, url=shown.url)
    return card_message(shown, mention=mention, rows=rows)


def headline(telling: Telling) -> str:
    """What it is about."""
    return f"{telling.event.data.provider.name}: {subject_title(telling.event)}"


def thread_name(telling: Telling) -> str:
    """Of a thread. It never changes: Discord takes two new names in ten minutes."""
    return label(headline(telling), THREAD_NAME)


def nonce(telling: Telling) -> str:
    """The delivery's name; one letter is left for what goes out beside it."""
    name = telling.delivery or digest(telling.event.id)
    return name if len(name) < 25 else digest(name)


def is_over(telling: Telling) -> bool:
    """Nothing is to come in this thread, as far as anybody knows."""
    return all(_ended(event) for event in (telling.event, *(kin.event for kin in telling.kin)))


def _ended(event: StoredEvent) -> bool:
    data = event.data
    if event.type in _ENDS:
        return True
    if data.incident is not None:
        return data.incident.phase in OVER
    if data.maintenance is not None:
        return data.maintenance.phase in OVER or data.maintenance.phase == MaintenancePhase.CANCELED
    own = event.subject.kind == SubjectKind.COMPONENT and data.component is not None
    return own and data.component is not None and data.component.status == Status.OPERATIONAL


def has_state(event: StoredEvent) -> bool:
    """Whether it says how the thread's subject stands; a component's change in an incident's thread doesn't."""
    own_subject = event.subject.kind in OWN_SUBJECTS
    return own_subject or event.data.incident is not None or event.data.maintenance is not None


def adds_nothing(telling: Telling) -> bool:
    """Only what is there already is changed."""
    return telling.muted or telling.event.type in EDITS or telling.event.context.told_whole


def digest(text: str) -> str:
    """A nonce for what has no name."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]
