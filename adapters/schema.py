"""What a status page says, in our own words: the bottom of the house.

Every value is frozen, every time is aware UTC, updates are oldest first, incidents newest first. What a page
does not tell is None or `unknown`, never guessed. The JSON of these models is public (`check --json`, the API,
the webhooks).
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer


def rfc3339(moment: datetime) -> str:
    """`2026-01-01T00:00:00Z`; fractions of a second only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_utc), PlainSerializer(rfc3339, str, when_used="json")]


class Status(StrEnum):
    """Of a component or a provider."""

    OPERATIONAL = "operational"
    DEGRADED = "degraded"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"


class Impact(StrEnum):
    """How bad an incident is."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


class IncidentPhase(StrEnum):
    """How far an incident is."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"
    UNKNOWN = "unknown"


class MaintenancePhase(StrEnum):
    """How far a maintenance is."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"


OVER = frozenset(
    {
        IncidentPhase.RESOLVED,
        IncidentPhase.POSTMORTEM,
        MaintenancePhase.COMPLETED,
        MaintenancePhase.CANCELED,
    }
)
"""The phases in which nothing is active any more. (An unknown phase is taken as active: it may be trouble.)"""


class Value(BaseModel):
    """Frozen; refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Update(Value):
    """One post of the provider's. `phase` is an IncidentPhase or a MaintenancePhase, as its owner is."""

    id: str
    phase: str
    body: str
    """Plain text or Markdown, never HTML."""
    posted_at: Moment


class Component(Value):
    """A part of a provider that its page reports on."""

    id: str
    name: str
    group: str | None = None
    description: str | None = None
    status: Status = Status.UNKNOWN
    changed_at: Moment | None = None


class Incident(Value):
    """Unplanned trouble."""

    id: str
    title: str
    impact: Impact = Impact.UNKNOWN
    phase: IncidentPhase = IncidentPhase.UNKNOWN
    started_at: Moment | None = None
    resolved_at: Moment | None = None
    url: str | None = None
    component_ids: tuple[str, ...] = ()
    updates: tuple[Update, ...] = ()


class Maintenance(Value):
    """Planned work. Never an incident."""

    id: str
    title: str
    phase: MaintenancePhase = MaintenancePhase.UNKNOWN
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    url: str | None = None
    component_ids: tuple[str, ...] = ()
    updates: tuple[Update, ...] = ()


class PastDay(Value):
    """What a page's own history says of one of its components on one day, in the page's zone."""

    component_id: str
    day: date
    status: Status
    """The worst of the day, as far as the page counts it."""


class Past(Value):
    """What a page tells of the time before it was read for the first time."""

    days: tuple[PastDay, ...] = ()
    incidents: tuple[Incident, ...] = ()
    """Incidents that are over and that a read of the page doesn't show."""


class Provider(Value):
    """Whose page was read. `slug` is ours and None for a page that nobody follows."""

    slug: str | None = None
    name: str
    url: str
    adapter: str


class Coverage(Value):
    """What one read can speak of, so that silence is never mistaken for news."""

    active_incidents: bool = False
    """The list holds every incident that is active now."""
    active_maintenances: bool = False
    """The list holds every maintenance that is announced or under way."""
    past_incidents: bool = False
    """The list also holds incidents that are over (as far back as the page keeps them)."""
    some_components: bool = False
    """The list of components may lack some that the page has: one that is missing is not removed."""
    some_updates: bool = False
    """What it lists may lack updates that it listed before: one that is missing is not taken back."""
    gone: frozenset[str] = frozenset()
    """Ids of incidents and maintenances that were looked up one by one and that the page knows no more."""


class Snapshot(Value):
    """What one read of a page says. `components` is None when the read says nothing about them."""

    provider: Provider
    page_id: str | None = None
    """The page's own identity, where it has one: another id at the same address is another page."""
    status: Status = Status.UNKNOWN
    components: tuple[Component, ...] | None = None
    incidents: tuple[Incident, ...] = ()
    maintenances: tuple[Maintenance, ...] = ()
    coverage: Coverage = Coverage()
    read_at: Moment

    def public(self) -> dict[str, Any]:
        """The JSON of `check --json`."""
        return self.model_dump(mode="json", exclude={"page_id", "coverage"}) | {
            "components": [component.model_dump(mode="json") for component in self.components or ()]
        }
