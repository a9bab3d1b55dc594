"""Which events a follow wants. Pure functions of the event and of what the follow chose."""

from dataclasses import dataclass

from adapters.schema import Impact, Status
from relay.events import EventType, StoredEvent, Stream
from relay.manner import SEVERITY

_COMPONENT_SEVERITY = {
    Status.DEGRADED: 1,
    Status.PARTIAL_OUTAGE: 2,
    Status.MAJOR_OUTAGE: 3,
}


@dataclass(frozen=True)
class Filters:
    """What a follow chose. No components: all. No least impact: any, `none` included."""

    streams: frozenset[Stream] = frozenset(Stream)
    component_ids: frozenset[str] = frozenset()
    min_impact: Impact | None = None
    remind_minutes: int | None = None
    one_by_one: bool = True
    """Otherwise a digest alone tells it."""
    types: tuple[str, ...] = ()
    """What the endpoint takes: event types (`incident.resolved`), or all of a kind (`incident.*`). Empty: all."""


def stream(type_: EventType) -> Stream | None:
    """The stream an event belongs to; None for events about the provider itself, which every follower gets."""
    kind = type_.partition(".")[0]
    return {
        "incident": Stream.INCIDENTS,
        "maintenance": Stream.MAINTENANCE,
        "component": Stream.COMPONENTS,
        "signal": Stream.SIGNALS,
    }.get(kind)


def wants(filters: Filters, event: StoredEvent, begun: bool) -> bool:
    """Whether the event is to be told.

    begun: something of this thread has been told already; then a sinking impact leaves nothing out any more, or
    the reader would never see the end.
    """
    if event.type == EventType.TEST:
        return True
    if not filters.one_by_one or not _is_taken(filters.types, event.type):
        return False
    belongs = stream(event.type)
    if belongs is None:
        return True
    lead = event.context.lead_minutes
    if lead is not None and lead != filters.remind_minutes:
        return False
    return (
        belongs in filters.streams
        and _concerns(filters.component_ids, event.context.component_ids)
        and (begun or filters.min_impact is None or _grave_enough(event, filters.min_impact))
    )


def _is_taken(types: tuple[str, ...], type_: EventType) -> bool:
    return not types or type_ in types or f"{type_.partition('.')[0]}.*" in types or "*" in types


def _concerns(wanted: frozenset[str], named: tuple[str, ...]) -> bool:
    # An incident that names no component may concern any of them.
    return not wanted or not named or not wanted.isdisjoint(named)


def _grave_enough(event: StoredEvent, least: Impact) -> bool:
    data = event.data
    if data.incident is not None:
        # What a page does not say may be the worst.
        return SEVERITY.get(data.incident.impact, 3) >= SEVERITY.get(least, 0)
    if data.component is not None:
        was = Status(data.previous.get("status", Status.UNKNOWN))
        severity = max(_COMPONENT_SEVERITY.get(status, 0) for status in (data.component.status, was))
        return severity >= SEVERITY.get(least, 0)
    return True
