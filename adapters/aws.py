"""AWS Health Dashboard: `/public/currentevents` is the list of events that the public page shows.

UTF-16 with a byte order mark, as a rule. The list is empty when all is well, and nothing else says so. An event is
known by its ARN. Its status is "0" (normal), "1" (informational), "2" (degradation) or "3" (disruption), a text on
the event and a number in its log, which stands oldest first and gives no phases: what is over says `[RESOLVED]`
or has the status 0, and of all the others nobody says how far they are. Events may stay open for months without a
word; they are told as the page tells them.
The services of an event (140 and more) are named as long as the event lasts, and there is no list of all services,
so there are no components. Dates are seconds since 1970, as text; those of services are milliseconds.
Sources: a recorded page; public readers of the document for the meaning of its codes. It has no documentation.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from adapters import fields
from adapters.adapter import Adapter, Knows
from adapters.address import origin
from adapters.compose import LONG_AGO, compose, oldest_first, worst_impact
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import Document, DocumentReader
from adapters.schema import OVER, Coverage, Impact, Incident, IncidentPhase, Snapshot, Update, rfc3339

NAME = "aws"
PROVIDER = "Amazon Web Services"
"""The document doesn't name it."""
EVENTS = "/public/currentevents"
PAGE = "/health/status"

IMPACT = {
    "0": Impact.NONE,
    "1": Impact.MINOR,
    "2": Impact.MAJOR,
    "3": Impact.CRITICAL,
}
"""Trouble begins as "informational" while it is looked into, so that is not nothing."""
RESOLVED = "[RESOLVED]"


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `events`. Raises AdapterError."""
    listed = fields.decode_list(documents["events"], "currentevents")
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=PROVIDER,
        incidents=[_incident(one, url) for one in fields.strict_records(listed, "an event")],
        coverage=Coverage(active_incidents=True, active_maintenances=True),
        calm=True,
    )


def _incident(record: Record, url: str) -> Incident:
    arn, updates, over = _arn(record), _updates(record), _is_over(record)
    last = updates[-1] if updates else None
    return Incident(
        id=arn,
        title=_title(record),
        impact=_worst_impact(record) if over else _impact(record),
        phase=IncidentPhase.RESOLVED if over else IncidentPhase.UNKNOWN,
        started_at=fields.epoch(record.get("date")) or (updates[0].posted_at if updates else None),
        resolved_at=last.posted_at if last and over and last.phase in OVER else None,
        url=f"{origin(url)}{PAGE}?eventID={quote(arn, safe=':/')}",
        updates=updates,
    )


def _arn(record: Record) -> str:
    arn = fields.key(record, "an event", "arn")
    if not arn.startswith("arn:"):
        raise AdapterError("there is an event without an ARN")
    return arn


def _title(record: Record) -> str:
    """`Increased Error Rates – Multiple services (UAE)`: a summary alone would not say what it is about."""
    summary = (fields.text(record, "summary") or "").replace(RESOLVED, "").strip()
    service = fields.text(record, "service_name") or fields.text(record, "service")
    region = fields.text(record, "region_name")
    place = f"{service} ({region})" if service and region else service or region
    title = " – ".join(part for part in (summary, place) if part)
    if not title:
        raise AdapterError("there is an event without a name")
    return title


def _is_over(record: Record) -> bool:
    """By its own status or summary, or by the summary of the last entry of its log."""
    log = _log(record)
    return _says_over(record) or (bool(log) and RESOLVED in (fields.text(log[-1], "summary") or ""))


def _says_over(record: Record) -> bool:
    return fields.code(record.get("status")) == "0" or RESOLVED in (fields.text(record, "summary") or "")


def _impact(record: Record) -> Impact:
    return fields.word("AWS status", fields.code(record.get("status")), IMPACT, Impact.UNKNOWN)


def _worst_impact(record: Record) -> Impact:
    """How bad it was while it lasted; the status of an event that is over is 0."""
    return worst_impact(_impact(one) for one in (record, *_log(record)))


def _updates(record: Record) -> tuple[Update, ...]:
    found = []
    for entry in _log(record):
        posted_at = fields.epoch(entry.get("timestamp"))
        if posted_at is not None:
            over = _says_over(entry)
            found.append(
                Update(
                    id=rfc3339(posted_at),
                    phase=IncidentPhase.RESOLVED if over else IncidentPhase.UNKNOWN,
                    body=fields.body(entry, "message") or fields.body(entry, "summary"),
                    posted_at=posted_at,
                )
            )
    return oldest_first(found)


def _log(record: Record) -> Sequence[Record]:
    """The entries in the order of their times."""
    entries = fields.strict_records(record.get("event_log"), "an entry of a log")
    return sorted(entries, key=lambda one: fields.epoch(one.get("timestamp")) or LONG_AGO)


ADAPTER = Adapter(
    name=NAME,
    title="AWS Health Dashboard",
    read=DocumentReader(lambda base: {"events": Document(f"{origin(base)}{EVENTS}")}, parse),
    parse=parse,
    knows=Knows(
        stable_ids="yes (ARNs); updates by their time",
        complete="yes",
        history="none: what ended vanishes",
        cheap="validators and the digest of one document",
    ),
    hosts=("health.aws.amazon.com",),
    paths=(EVENTS,),
    aliases=("aws-currentevents",),
)
