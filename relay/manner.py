"""How a follow wants to be told: in threads or not, how loud, who is mentioned, when to be quiet. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from adapters.schema import Impact
from relay.events import EventType, StoredEvent, SubjectKind
from storage import tables
from storage.wishes import Wishes

SEVERITY = {Impact.NONE: 0, Impact.MINOR: 1, Impact.MAJOR: 2, Impact.CRITICAL: 3}
WORST = max(SEVERITY.values())
GRAVE = SEVERITY[Impact.MAJOR]
"""A rise to this severity or beyond is loud."""
REMIND_MINUTES = 60


class Shape(StrEnum):
    """Where the updates of a subject go."""

    THREADS = "threads"
    """Below the first message; what is loud is shown in the channel, too."""
    BOTH = "threads and channel"
    """Below the first message, and each is shown in the channel, too."""
    CHANNEL = "channel only"
    """Each is a message of its own in the channel."""
    DIGEST = "digest only"
    """Nothing is told one by one: the destination's digest sums it up."""


class Loud(StrEnum):
    """What can be shown in the channel as well as in the thread."""

    RESOLVED = "resolved"
    RAISED = "raised"
    """The impact rose to major or critical."""
    REOPENED = "reopened"


@dataclass(frozen=True)
class Quiet:
    """Hours of the day in `zone` in which nothing is told, over midnight where `until` is the earlier; what is as
    grave as `least` or more is told all the same (None: nothing is)."""

    begins: time
    ends: time
    zone: str = "UTC"
    least: Impact | None = None


@dataclass(frozen=True)
class Manner:
    """What a follow chose. `mention`: who, as the platform names them. `remind_minutes`: None is no reminder."""

    shape: Shape = Shape.THREADS
    loud: frozenset[Loud] = frozenset(Loud)
    mention: tuple[str, ...] = ()
    mention_impact: Impact | None = None
    remind_minutes: int | None = REMIND_MINUTES
    quiet: Quiet | None = None


def of_follow(row: tables.Follow | Wishes) -> Manner:
    """As the database keeps it."""
    return Manner(
        shape=Shape(row.shape),
        loud=frozenset(Loud(word) for word in row.loud),
        mention=tuple(row.mention),
        mention_impact=Impact(row.mention_impact) if row.mention_impact else None,
        remind_minutes=row.remind_minutes,
        quiet=_quiet(row.quiet) if row.quiet else None,
    )


def _quiet(stored: Mapping[str, str | None]) -> Quiet:
    least = stored.get("except")
    return Quiet(
        begins=time.fromisoformat(str(stored["from"])),
        ends=time.fromisoformat(str(stored["until"])),
        zone=str(stored["zone"]),
        least=Impact(least) if least else None,
    )


def stored_quiet(quiet: Quiet) -> dict[str, str | None]:
    """As a follow's row holds it."""
    return {
        "from": quiet.begins.isoformat("minutes"),
        "until": quiet.ends.isoformat("minutes"),
        "zone": quiet.zone,
        "except": str(quiet.least) if quiet.least else None,
    }


def is_loud(manner: Manner, event: StoredEvent) -> bool:
    """Whether those who don't read the thread are to see it, too."""
    if manner.shape != Shape.THREADS:
        return manner.shape == Shape.BOTH
    return bool(_loudness(event) & manner.loud)


def _loudness(event: StoredEvent) -> frozenset[Loud]:
    if event.type == EventType.INCIDENT_RESOLVED:
        return frozenset({Loud.RESOLVED})
    found = {Loud.REOPENED} if event.type == EventType.INCIDENT_REOPENED else set()
    return frozenset(found | ({Loud.RAISED} if _raised_to(event) >= GRAVE else set()))


def _raised_to(event: StoredEvent) -> int:
    """The severity that the impact rose to with this event; -1 where it did not rise, or the page does not say."""
    incident, former = event.data.incident, event.data.previous.get("impact")
    if incident is None or former is None:
        return -1
    now, before = SEVERITY.get(incident.impact, -1), SEVERITY.get(Impact(former), -1)
    return now if now > before else -1


def severity(event: StoredEvent) -> int:
    """How grave an incident is. What a page does not say may be the worst."""
    incident = event.data.incident
    return SEVERITY.get(incident.impact, WORST) if incident is not None else -1


def mentioned(manner: Manner, event: StoredEvent, *, begun: bool) -> tuple[str, ...]:
    """Who is mentioned with this event: once when an incident is first told or opened again, and once more when
    it rises to the impact that was chosen."""
    if event.data.incident is None or event.subject.kind != SubjectKind.INCIDENT:
        return ()
    least = SEVERITY[manner.mention_impact] if manner.mention_impact else -1
    if event.type in (EventType.INCIDENT_RESOLVED, EventType.INCIDENT_POSTMORTEM, EventType.INCIDENT_REMOVED):
        return ()
    if severity(event) < least:
        return ()
    begins = not begun or event.type == EventType.INCIDENT_REOPENED
    former = event.data.previous.get("impact")
    # an impact that was not known was taken for the worst: they were mentioned then
    rose = former is not None and _raised_to(event) >= least > SEVERITY.get(Impact(former), WORST)
    return manner.mention if begins or rose else ()


def quiet_until(manner: Manner, event: StoredEvent, now: datetime) -> datetime | None:
    """When what happens now may be told; None: at once."""
    quiet = manner.quiet
    if quiet is None or (quiet.least is not None and severity(event) >= SEVERITY[quiet.least]):
        return None
    here = now.astimezone(ZoneInfo(quiet.zone))
    begins, ends = _today(here, quiet.begins), _today(here, quiet.ends)
    if begins <= ends:
        return ends.astimezone(UTC) if begins <= here < ends else None
    if here < ends:
        return ends.astimezone(UTC)
    # the wall clock's next day: the night of a changed clock is an hour longer or shorter
    return (ends + timedelta(days=1)).astimezone(UTC) if here >= begins else None


def _today(here: datetime, at: time) -> datetime:
    return here.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
