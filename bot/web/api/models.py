"""What the API answers, as values: the JSON of `check --json`, with what uptimus itself knows beside it."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.schema import Component, Incident, Maintenance, Moment, Status, Update
from relay.events import EventProvider, EventType, Signal

Path = Annotated[str, Field(description="A path and its query, to be resolved against this server's address.")]
Next = Annotated[Path | None, Field(description="The next page; null: this was the last.")]
Share = Annotated[float | None, Field(ge=0, le=1, description="Between 0 and 1; null where nothing is known.")]


class Answer(BaseModel):
    """Frozen. Fields may be added to what is answered; none goes away or changes its meaning within version 1."""

    model_config = ConfigDict(frozen=True)


class ProviderEntry(Answer):
    """A provider at a glance."""

    slug: str
    name: str
    url: Annotated[str, Field(description="The official status page.")]
    adapter: Annotated[str, Field(description="What kind of page it is.")]
    category: str | None
    status: Annotated[Status, Field(description="What is known now: unknown while the page can't be read.")]
    status_since: Moment | None
    readable: bool
    failure: Annotated[str | None, Field(description="Why the page can't be read at present.")]
    last_read_at: Annotated[Moment | None, Field(description="When it was last read whole.")]


class ProviderList(Answer):
    """One page of providers."""

    providers: tuple[ProviderEntry, ...]
    next: Next


class Named(Answer):
    """Whose page it is."""

    slug: str
    name: str
    url: str
    adapter: str


class Links(Answer):
    """What else there is of a provider here."""

    page: str
    atom: str
    json_feed: str
    calendar: str
    badge: str
    statuspage: Annotated[str, Field(description="The same in the form of Atlassian Statuspage.")]


class ProviderPage(Answer):
    """What a provider's page says, as `uptimus check --json` prints it: of incidents and maintenances those that
    are not over."""

    provider: Named
    status: Status
    components: tuple[Component, ...]
    incidents: tuple[Incident, ...]
    maintenances: tuple[Maintenance, ...]
    read_at: Annotated[Moment | None, Field(description="When it was last read whole.")]
    category: str | None
    status_since: Moment | None
    readable: bool
    failure: str | None
    links: Links


class ComponentList(Answer):
    """One page of components, in the order of the status page."""

    components: tuple[Component, ...]
    next: Next


class IncidentList(Answer):
    """One page of incidents, newest first."""

    incidents: tuple[Incident, ...]
    next: Next


class MaintenanceList(Answer):
    """One page of maintenances, newest first."""

    maintenances: tuple[Maintenance, ...]
    next: Next


class Day(Answer):
    """The worst of a day. Maintenance by itself is no outage."""

    date: date
    state: Literal["operational", "degraded", "outage", "maintenance", "unknown"]


class KnownUptime(Answer):
    """Operational days over known days: a share never stands without its sample."""

    share: Share
    operational_days: int
    known_days: int
    days: int


class WeightedUptime(Answer):
    """Time that was operational over the time that was observed, partial outages weighted."""

    share: Share
    observed_share: Annotated[float, Field(ge=0, le=1, description="How much of the time was observed.")]


class HistoryAnswer(Answer):
    """The days up to today, oldest first, and both figures."""

    provider: str
    zone: str
    days: tuple[Day, ...]
    known_uptime: KnownUptime
    time_weighted_uptime: WeightedUptime


class Data(Answer):
    """What every event tells."""

    provider: EventProvider
    update: Annotated[Update | None, Field(description="The update that caused the event.")]
    previous: Annotated[dict[str, Any], Field(description="The former values of what changed.")]


class IncidentData(Data):
    """Of an event about an incident, with all its updates."""

    incident: Incident


class MaintenanceData(Data):
    """Of an event about a maintenance, with all its updates."""

    maintenance: Maintenance


class ComponentData(Data):
    """Of an event about a component."""

    component: Component


class ProviderData(Data):
    """Of an event about the provider itself, and of a test."""


class SignalData(Data):
    """Of what users report. The provider's page may know nothing of it."""

    signal: Signal


class EventBody(Answer):
    """The body of a webhook and an item of the list of events."""

    id: Annotated[str, Field(description="The same on every retry: what tells a repeat.")]
    type: EventType
    timestamp: Annotated[Moment, Field(description="When uptimus saw it.")]
    sequence: Annotated[int, Field(ge=1, description="Counts the events of one subject.")]
    schema_version: int
    data: IncidentData | MaintenanceData | ComponentData | SignalData | ProviderData


class EventList(Answer):
    """One page of events, in the order in which they were recorded."""

    events: tuple[EventBody, ...]
    more: Annotated[bool, Field(description="There is more already; if not, ask `next` again later.")]
    next: Path


class FollowEntry(Answer):
    """What a workspace wants to be told."""

    id: str
    provider: str
    destination: Annotated[str, Field(description="The id of a destination.")]
    streams: tuple[str, ...]
    component_ids: tuple[str, ...]
    min_impact: str | None
    shape: str
    loud: tuple[str, ...]
    mention: tuple[str, ...]
    mention_impact: str | None
    remind_minutes: int | None
    quiet: dict[str, Any] | None
    created_at: Moment


class FollowList(Answer):
    """One page of follows, the oldest first."""

    follows: tuple[FollowEntry, ...]
    next: Next


class DestinationEntry(Answer):
    """Where messages go. Secrets, keys and headers are never shown, nor what of an address may be one."""

    id: str
    address: Annotated[str, Field(description="As far as nothing in it is secret: of a webhook its host.")]
    transport: str
    format: str
    types: Annotated[tuple[str, ...], Field(description="The event types that are wanted; none: all.")]
    enabled: bool
    disabled_because: str | None
    confirmed: bool
    paused_until: Moment | None
    failing_since: Moment | None
    created_at: Moment


class DestinationList(Answer):
    """One page of destinations, the oldest first."""

    destinations: tuple[DestinationEntry, ...]
    next: Next


class DeliveryEntry(Answer):
    """One event told at one destination, or to be told."""

    delivery: Annotated[str, Field(description="Its name.")]
    state: Literal["pending", "delivered", "dead", "held"]
    destination: Annotated[str, Field(description="The id of a destination.")]
    provider: str
    type: str
    event_id: str
    seen_at: Moment
    finished_at: Moment | None
    next_try_at: Moment | None
    attempts: int
    reason: Annotated[str | None, Field(description="Why the last try failed.")]


class DeliveryList(Answer):
    """One page of deliveries, newest first."""

    deliveries: tuple[DeliveryEntry, ...]
    next: Next


class AttemptEntry(Answer):
    """One try at one delivery."""

    number: int
    at: Moment
    duration_ms: int
    outcome: str
    replay: bool
    status: Annotated[int | None, Field(description="What the receiver answered.")]
    answer: str
    reason: str | None
    retry_in: Annotated[int | None, Field(description="Seconds until the next try; null: there is none.")]


class DeliveryPage(DeliveryEntry):
    """A delivery with everything that was tried, the oldest first. `attempts` counts, `tries` tells."""

    tries: tuple[AttemptEntry, ...]


class Replayed(Answer):
    """What came of telling it again."""

    delivery: str
    delivered: bool
    reason: Annotated[str | None, Field(description="Why it was not.")]


class ProblemBody(Answer):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    parameter: Annotated[str | None, Field(description="Which one is wrong, where it is one.")] = None
