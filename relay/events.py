"""What changed: the events that diff returns, the database keeps and transports tell."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from adapters.schema import Component, Incident, Maintenance, Moment, Status, Update, Value, rfc3339

SCHEMA_VERSION = 1
"""Of the public JSON of an event. It goes up when a field changes its meaning or goes away."""


class EventType(StrEnum):
    """One change between two snapshots."""

    INCIDENT_OPENED = "incident.opened"
    INCIDENT_UPDATED = "incident.updated"
    INCIDENT_EDITED = "incident.edited"
    INCIDENT_RESOLVED = "incident.resolved"
    INCIDENT_REOPENED = "incident.reopened"
    INCIDENT_POSTMORTEM = "incident.postmortem"
    INCIDENT_REMOVED = "incident.removed"
    MAINTENANCE_SCHEDULED = "maintenance.scheduled"
    MAINTENANCE_UPDATED = "maintenance.updated"
    MAINTENANCE_EDITED = "maintenance.edited"
    MAINTENANCE_REMINDER = "maintenance.reminder"
    MAINTENANCE_STARTED = "maintenance.started"
    MAINTENANCE_COMPLETED = "maintenance.completed"
    MAINTENANCE_CANCELED = "maintenance.canceled"
    COMPONENT_CHANGED = "component.changed"
    PROVIDER_UNREADABLE = "provider.unreadable"
    PROVIDER_READABLE = "provider.readable"
    SIGNAL_RAISED = "signal.raised"
    SIGNAL_CLEARED = "signal.cleared"
    TEST = "test"
    """Nothing happened: somebody wants to see a message arrive. Never stored."""


class SubjectKind(StrEnum):
    """What an event can be about."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"
    COMPONENT = "component"
    PROVIDER = "provider"
    SIGNAL = "signal"
    """What users report of a provider. Its page may know nothing of it."""


OWN_SUBJECTS = (SubjectKind.COMPONENT, SubjectKind.PROVIDER, SubjectKind.SIGNAL)
"""Of whose events each says how its subject stands. (Within an incident's thread a component's doesn't.)"""


class Stream(StrEnum):
    """What a follower can choose."""

    INCIDENTS = "incidents"
    COMPONENTS = "components"
    MAINTENANCE = "maintenance"
    SIGNALS = "signals"
    """What users report: only for those who ask for it by name."""


USUAL_STREAMS = (Stream.INCIDENTS, Stream.COMPONENTS, Stream.MAINTENANCE)
"""What a follow takes where nothing is said: all that a page says."""


@dataclass(frozen=True)
class Subject:
    """What an event is about. `id` is the provider's own, empty for the provider itself and for its signal."""

    kind: SubjectKind
    id: str = ""


SUBJECTS = ("incident", "maintenance", "component", "signal")
"""The fields of an event's data of which one is set at most."""


class EventProvider(Value):
    """The provider as it was when the event was seen."""

    slug: str
    name: str
    url: str
    status: Status


class SignalComponent(Value):
    """A component that some of those who report trouble named."""

    id: str
    name: str
    people: int


class SignalIncident(Value):
    """What the provider has told meanwhile."""

    id: str
    title: str
    url: str | None = None


class Signal(Value):
    """What users report of a provider, and its page may not confirm. People are counted once a day."""

    people: int
    """Who reported trouble within one window: when it was raised; of one that is cleared the most there were."""
    since: Moment
    """The first of those reports."""
    window_minutes: int
    regions: dict[str, int] = {}
    """People by time zone, where at least two told theirs."""
    components: tuple[SignalComponent, ...] = ()
    """Those that were named, the most named first."""
    confirmed: bool = False
    """The provider's own page tells of trouble by now."""
    incident: SignalIncident | None = None
    """The incident in which it does."""


class EventData(Value):
    """The public `data` of an event. One of incident, maintenance, component and signal is set, as the type says
    (none for an event about the provider itself)."""

    provider: EventProvider
    incident: Incident | None = None
    maintenance: Maintenance | None = None
    component: Component | None = None
    signal: Signal | None = None
    update: Update | None = None
    """The update that caused the event."""
    previous: dict[str, Any] = {}
    """The former values of what changed."""

    def public(self) -> dict[str, Any]:
        """As JSON: the subjects that are not there are left out, `update` is always there."""
        absent = {name for name in SUBJECTS if getattr(self, name) is None}
        return self.model_dump(mode="json", exclude=absent)


class Affected(Value):
    """A component by name, for messages: an incident's own JSON holds ids alone."""

    id: str
    name: str
    status: Status


class Context(Value):
    """What messages and filters need and the public JSON leaves out."""

    affected: tuple[Affected, ...] = ()
    """The components that the incident or maintenance names, with their present status."""
    component_ids: tuple[str, ...] = ()
    """Every component the subject has ever named: what a component filter looks at. Empty: it may concern any."""
    told_whole: bool = False
    """The event before this one already told everything (an incident that was first seen when it was over):
    chat adds no second message."""
    opens: bool = False
    """A conversation starts here, also where an older one about the same subject exists (a component that
    breaks again months later)."""
    reason: str | None = None
    """Why a page can't be read, in one line."""
    lead_minutes: int | None = None
    """Of a reminder: how long before the maintenance it is told; only to those who chose so."""
    overrun: bool = False
    """A maintenance is still under way though its end has passed."""


@dataclass(frozen=True)
class Event:
    """One change, not yet numbered. `key` is unique per provider: a second poll can't make it twice."""

    type: EventType
    key: str
    subject: Subject
    data: EventData
    context: Context = Context()


@dataclass(frozen=True)
class StoredEvent:
    """An event as the database keeps it: public id, place in its subject's order, and when it was seen."""

    id: str
    type: EventType
    sequence: int
    subject: Subject
    seen_at: datetime
    raw_data: dict[str, Any]
    """The public `data`, as stored."""
    raw_context: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def data(self) -> EventData:
        """The public `data`, typed."""
        return EventData.model_validate(self.raw_data)

    @cached_property
    def context(self) -> Context:
        """What the public JSON leaves out, typed."""
        return Context.model_validate(self.raw_context)

    def public(self) -> dict[str, Any]:
        """The body of a webhook and an item of the API."""
        return {
            "id": self.id,
            "type": self.type,
            "timestamp": rfc3339(self.seen_at),
            "sequence": self.sequence,
            "schema_version": SCHEMA_VERSION,
            "data": self.raw_data,
        }
